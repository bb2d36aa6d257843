/// What a model attended to in one text: the weights of its heads, and the tokens that they connect.
///
/// It knows no kind of model: a translation has up to three parts, a language model one.
///
/// ```swift
/// let map = try await translator.attention(of: "Ein Hund läuft.")
/// try map.html().write(to: url, atomically: true, encoding: .utf8)
/// ```
public struct AttentionMap: Sendable, Equatable {
    /// The weights of one kind of attention.
    public struct Part: Sendable, Equatable {
        /// Which attention.
        public let kind: AttentionKind
        /// The tokens that ask. A decoder's are named by what they predict.
        public let rows: [String]
        /// The tokens that are attended to. A decoder's are those that it has read.
        public let columns: [String]
        /// The numbers of the layers, from 0.
        public let layers: [Int]
        /// The numbers of the heads in each of these layers, from 0.
        public let heads: [Int]
        /// [layers, heads, rows, columns], row-major, before dropout; each row sums to 1.
        public let weights: [Float]

        /// A part with these weights; traps where they do not fill the axes.
        public init(
            _ kind: AttentionKind, rows: [String], columns: [String], layers: [Int], heads: [Int],
            weights: [Float]
        ) {
            precondition(
                weights.count == layers.count * heads.count * rows.count * columns.count,
                "The weights do not fill [layers, heads, rows, columns]")
            self.kind = kind
            self.rows = rows
            self.columns = columns
            self.layers = layers
            self.heads = heads
            self.weights = weights
        }

        /// The weights of one head, [rows][columns]; nil where it was not recorded.
        public func matrix(layer: Int, head: Int) -> [[Float]]? {
            guard let layer = layers.firstIndex(of: layer), let head = heads.firstIndex(of: head)
            else { return nil }
            return matrix(at: layer * heads.count + head)
        }

        /// The weights of the head at a place in [layers, heads].
        func matrix(at index: Int) -> [[Float]] {
            let start = index * rows.count * columns.count
            return rows.indices.map { row in
                let first = start + row * columns.count
                return Array(weights[first..<first + columns.count])
            }
        }
    }

    /// The text that an encoder read; nil for a model without one.
    public let source: String?
    /// The text that a decoder read or wrote.
    public let target: String
    /// The weights by kind, those of an encoder first; none for an empty text.
    public let parts: [Part]
    /// The heads whose contributions had been taken out of the model.
    public let removedHeads: [AttentionHead]

    /// A map of a text.
    ///
    /// - Parameters:
    ///   - source: the text that an encoder read; nil for a model without one.
    ///   - target: the text that a decoder read or wrote.
    ///   - parts: the weights by kind.
    ///   - removedHeads: the heads whose contributions had been taken out of the model.
    public init(
        source: String?, target: String, parts: [Part], removedHeads: [AttentionHead] = []
    ) {
        self.source = source
        self.target = target
        self.parts = parts
        self.removedHeads = removedHeads
    }

    /// The weights of one kind; nil where they were not recorded.
    public func part(_ kind: AttentionKind) -> Part? { parts.first { $0.kind == kind } }

    /// The mean over the recorded heads of the last layer's attention to the encoder, [target][source].
    public var meanCross: [[Float]] {
        guard let part = part(.cross), !part.layers.isEmpty, !part.heads.isEmpty else { return [] }
        let first = (part.layers.count - 1) * part.heads.count
        let heads = (first..<first + part.heads.count).map(part.matrix)
        return part.rows.indices.map { row in
            part.columns.indices.map { column in
                heads.reduce(0) { $0 + $1[row][column] } / Float(heads.count)
            }
        }
    }
}
