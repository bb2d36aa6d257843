package import HeedModels
package import HeedNN
import HeedTensor

/// A model whose attentions can be looked at.
package protocol AttentiveModel {
    /// The attentions of a kind, by layer; none of a kind that the model does not have.
    func attentions(_ kind: AttentionKind) -> [MultiHeadAttention]
}

extension Transformer: AttentiveModel {
    /// The attentions of a kind, by layer.
    package func attentions(_ kind: AttentionKind) -> [MultiHeadAttention] {
        switch kind {
        case .encoder: encoder.layers.map(\.attention)
        case .decoder: decoder.layers.map(\.selfAttention)
        case .cross: decoder.layers.map(\.crossAttention)
        }
    }
}

extension LanguageModel: AttentiveModel {
    /// The masked self-attentions, by layer; a language model has no others.
    package func attentions(_ kind: AttentionKind) -> [MultiHeadAttention] {
        kind == .decoder ? layers.map(\.attention) : []
    }
}

extension AttentiveModel {
    /// The heads whose contributions have been taken out.
    var removedHeads: [AttentionHead] {
        AttentionKind.allCases.flatMap { kind in
            attentions(kind).enumerated().flatMap { layer, attention in
                attention.removedHeads.sorted().map { AttentionHead(kind, layer: layer, head: $0) }
            }
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

    /// Throws `AttentionRangeError` if the model does not have a kind that the selection names, or a layer or a head in none
    /// of its kinds.
    func check(_ selection: AttentionSelection) throws {
        let asked = AttentionKind.allCases.filter(selection.kinds.contains)
        let kinds = asked.filter { !attentions($0).isEmpty }
        func describe(_ kinds: [AttentionKind]) -> String {
            kinds.map { Self.describe($0, attentions($0)) }.joined(separator: "; ")
        }
        if let absent = asked.first(where: { !kinds.contains($0) }), selection.kinds != .all {
            throw AttentionRangeError(
                asked: "kind \(absent.rawValue)",
                available: describe(
                    AttentionKind.allCases.filter { !attentions($0).isEmpty }))
        }
        let available = describe(kinds)
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
