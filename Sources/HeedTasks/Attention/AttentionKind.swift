/// What asks, and what it attends to.
public enum AttentionKind: String, Sendable, CaseIterable {
    /// The encoder's self-attention.
    case encoder
    /// The masked self-attention of a decoder, which a language model alone has, too.
    case decoder
    /// A decoder's attention to the encoder.
    case cross
}

/// Kinds of attention.
public struct AttentionKinds: OptionSet, Sendable {
    /// The kinds as bits.
    public let rawValue: Int

    /// Kinds from their bits.
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// These kinds.
    public init(_ kinds: some Sequence<AttentionKind>) {
        self.init(
            kinds.map { kind -> AttentionKinds in
                switch kind {
                case .encoder: .encoder
                case .decoder: .decoder
                case .cross: .cross
                }
            })
    }

    /// The encoder's self-attention.
    public static let encoder = AttentionKinds(rawValue: 1)
    /// The decoder's masked self-attention.
    public static let decoder = AttentionKinds(rawValue: 2)
    /// The decoder's attention to the encoder.
    public static let cross = AttentionKinds(rawValue: 4)
    /// All of them.
    public static let all: AttentionKinds = [.encoder, .decoder, .cross]

    /// Whether this kind is among them.
    func contains(_ kind: AttentionKind) -> Bool { contains(AttentionKinds([kind])) }
}

/// One head of a model, such as `cross.2.3`: kind, layer and head, both counted from 0 as in the names of tensors.
public struct AttentionHead: Sendable, Hashable, CustomStringConvertible {
    /// The kind of attention.
    public let kind: AttentionKind
    /// The layer, from 0.
    public let layer: Int
    /// The head, from 0.
    public let head: Int

    /// A head by its place.
    public init(_ kind: AttentionKind, layer: Int, head: Int) {
        self.kind = kind
        self.layer = layer
        self.head = head
    }

    /// A head by its name, such as `cross.2.3`; nil for any other text.
    public init?(_ name: String) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let kind = AttentionKind(rawValue: String(parts[0])),
            let layer = Self.number(parts[1]), let head = Self.number(parts[2])
        else { return nil }
        self.init(kind, layer: layer, head: head)
    }

    /// The head's name.
    public var description: String { "\(kind.rawValue).\(layer).\(head)" }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }
}

/// A layer or a head was asked for that the model does not have.
public struct AttentionRangeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was asked for, such as `layer 7` or `head cross.2.9`.
    public let asked: String
    /// What there is.
    public let available: String

    /// The whole message in one line.
    public var description: String { "there is no \(asked): \(available)" }
}

/// Which attention weights are wanted.
public struct AttentionSelection: Sendable {
    /// The kinds.
    public var kinds: AttentionKinds
    /// The layers, from 0; all when nil.
    public var layers: [Int]?
    /// The heads, from 0; all when nil.
    public var heads: [Int]?

    /// These kinds, layers and heads; everything by default.
    public init(_ kinds: AttentionKinds = .all, layers: [Int]? = nil, heads: [Int]? = nil) {
        self.kinds = kinds
        self.layers = layers
        self.heads = heads
    }
}
