import HeedNN
import HeedTensor

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
