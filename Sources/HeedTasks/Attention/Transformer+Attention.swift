import HeedModels
import HeedNN
import HeedTensor

extension Transformer {
    /// The attentions of a kind, by layer.
    func attentions(_ kind: AttentionKind) -> [MultiHeadAttention] {
        switch kind {
        case .encoder: encoder.layers.map(\.attention)
        case .decoder: decoder.layers.map(\.selfAttention)
        case .cross: decoder.layers.map(\.crossAttention)
        }
    }

    /// Takes what these heads contribute out of the model; throws `AttentionRangeError`, and then nothing has changed.
    package func removeContributions(of heads: [AttentionHead]) throws {
        for head in heads {
            let layers = attentions(head.kind)
            guard layers.indices.contains(head.layer),
                (0..<layers[head.layer].heads.count).contains(head.head)
            else {
                throw AttentionRangeError(
                    asked: "head \(head)", available: Self.describe(head.kind, layers))
            }
        }
        for head in heads {
            attentions(head.kind)[head.layer].removeContribution(ofHead: head.head)
        }
    }

    /// Throws `AttentionRangeError` if a layer or a head of the selection is in none of its kinds.
    func check(_ selection: AttentionSelection) throws {
        let kinds = AttentionKind.allCases.filter(selection.kinds.contains)
        let available = kinds.map { Self.describe($0, attentions($0)) }.joined(separator: "; ")
        for layer in selection.layers ?? []
        where !kinds.contains(where: { attentions($0).indices.contains(layer) }) {
            throw AttentionRangeError(asked: "layer \(layer)", available: available)
        }
        for head in selection.heads ?? []
        where !kinds.contains(where: { kind in
            attentions(kind).contains { (0..<$0.heads.count).contains(head) }
        }) {
            throw AttentionRangeError(asked: "head \(head)", available: available)
        }
    }

    private static func describe(_ kind: AttentionKind, _ layers: [MultiHeadAttention]) -> String {
        guard let heads = layers.first?.heads.count else { return "\(kind.rawValue) has no layers" }
        return "\(kind.rawValue) has layers 0 to \(layers.count - 1) with heads 0 to \(heads - 1)"
    }
}

/// Records the attention weights that a selection asks for, of one text at a time, and puts them together.
struct AttentionCapture {
    private let selection: AttentionSelection
    private let recorder: AttentionRecorder
    private let kinds: [(kind: AttentionKind, layers: [(number: Int, name: String, heads: Int)])]

    /// A capture for a model whose attentions of each kind are these.
    init(
        _ selection: AttentionSelection, _ attentions: (AttentionKind) -> [MultiHeadAttention]
    ) {
        self.selection = selection
        kinds = AttentionKind.allCases.filter(selection.kinds.contains).map { kind in
            let layers = attentions(kind).enumerated().map {
                (number: $0, name: $1.name, heads: $1.heads.count)
            }
            return (
                kind, layers.filter { selection.layers?.contains($0.number) ?? true }
            )
        }
        let names = Set(kinds.flatMap { $0.layers.map(\.name) })
        recorder = AttentionRecorder(heads: selection.heads.map { Array(Set($0)).sorted() }) {
            names.contains($0)
        }
    }

    /// Who watches while the model runs.
    var observer: any AttentionObserver { recorder }

    /// What has been recorded, by kind; a kind of which nothing is wanted is left out.
    func parts(
        _ tokens: (AttentionKind) -> (rows: [String], columns: [String])
    ) -> [AttentionMap.Part] {
        kinds.compactMap { kind, layers in
            guard let count = layers.first?.heads else { return nil }
            let heads = (0..<count).filter { selection.heads?.contains($0) ?? true }
            guard !heads.isEmpty else { return nil }
            let (rows, columns) = tokens(kind)
            var weights: [Float] = []
            weights.reserveCapacity(layers.count * heads.count * rows.count * columns.count)
            for layer in layers {
                let recorded = recorder.weights(of: layer.name)
                for head in heads { weights += recorded[head]?.floats ?? [] }
            }
            return AttentionMap.Part(
                kind, rows: rows, columns: columns, layers: layers.map(\.number), heads: heads,
                weights: weights)
        }
    }
}
