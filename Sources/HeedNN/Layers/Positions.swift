package import HeedFormats
public import HeedTensor
import Synchronization

/// How a model knows where a token stands.
public enum PositionKind: String, Sendable, CaseIterable, Codable {
    /// sin and cos in alternating columns (Vaswani et al. 2017, §3.5).
    case interleavedSinusoids = "sinusoidal-interleaved"
    /// Sines in the first half of the width, cosines in the second.
    case concatenatedSinusoids = "sinusoidal-concatenated"
    /// A trained vector for each position (Gehring et al. 2017).
    case learned
    /// Queries and keys are turned by an angle that grows with the position (Su et al. 2021).
    case rotary
    /// None: the model sees a set.
    case none

    /// Whether positions are sines and cosines that are added to the embeddings.
    package var isSinusoidal: Bool {
        self == .interleavedSinusoids || self == .concatenatedSinusoids
    }
}

/// Sinusoidal positions: a function of position and width without parameters.
public enum Sinusoids {
    /// PE [count, width] with PE(pos, i-th sine) = sin(pos / 10000^(2 i / width)) and the cosines likewise.
    ///
    /// With an odd width there is one more sine than cosines. The two forms are equal up to a permutation of columns.
    public static func table(
        count: Int, width: Int, isInterleaved: Bool, _ precision: Precision = .float32
    ) -> Tensor {
        let sines = (width + 1) / 2
        var values = [Double](repeating: 0, count: count * width)
        for pair in 0..<sines {
            let frequency = power(10_000, -2 * Double(pair) / Double(width))
            let sineColumn = isInterleaved ? 2 * pair : pair
            let cosineColumn = isInterleaved ? 2 * pair + 1 : sines + pair
            for position in 0..<count {
                let angle = Double(position) * frequency
                values[position * width + sineColumn] = sine(angle)
                if cosineColumn < width {
                    values[position * width + cosineColumn] = cosine(angle)
                }
            }
        }
        let table = Tensor(values, shape: [count, width])
        return table.converted(to: precision == .float64 ? .float64 : .float32)
    }
}

/// Turns ids into the first vectors of a model: scaled embeddings with positions and dropout.
public final class TokenEmbedding: Module {
    /// The table, which others may share.
    public let tokens: Embedding
    /// The kind of positions.
    public let kind: PositionKind
    private let learned: Parameter?
    private let scale: Double
    private let dropout: Dropout?
    /// Locked, since jobs on several threads may compute with one model.
    private let sinusoids = Lock<[Precision: Tensor]>([:])
    /// Constant positions from a file, where they are not those of the formula.
    private var given: Parameter?
    private let maximumLength: Int

    /// An embedding with positions below `maximumLength`.
    ///
    /// - Parameters:
    ///   - tokens: the table.
    ///   - positions: their kind.
    ///   - maximumLength: the number of learned positions.
    ///   - scale: what the token's vector is multiplied by: √D in the Transformer.
    ///   - dropout: the share of the sum's elements that are dropped.
    ///   - builder: draws learned positions.
    public init(
        _ tokens: Embedding, positions: PositionKind, maximumLength: Int, scale: Double,
        dropout: Double, builder: ModelBuilder
    ) {
        self.tokens = tokens
        self.kind = positions
        self.scale = scale
        self.maximumLength = maximumLength
        learned =
            positions == .learned
            ? Parameter("weight", builder.table([maximumLength, tokens.width])) : nil
        self.dropout = builder.dropout(dropout)
    }

    /// The vectors of a packed batch of ids, int32 [tokens] → [tokens, D], in the given type.
    package func callAsFunction(
        _ ids: Tensor, packing: SequencePacking, output: ElementType, _ context: Context
    ) -> Tensor {
        guard let learned else {
            return context.embedding(
                ids, tokens.weight, scale: scale, positions: table(packing, context.precision),
                packing: packing, dropout: dropout, output: output)
        }
        let vectors = context.embedding(
            ids, tokens.weight, scale: scale, packing: packing, output: output)
        let places = context.embedding(
            packing.positions, learned, packing: packing, output: output)
        let sum = context.add(vectors, places)
        return dropout.map { context.dropout(sum, $0, packing: packing) } ?? sum
    }

    /// The number of positions that the model can hold: nil when sinusoids or angles go on as far as they are asked to.
    public var positionLimit: Int? { (learned ?? given)?.shape[0] }

    /// Takes constant positions [P, D] from a file in place of computed sinusoids, unless they are the same; they are
    /// written again with the model.
    public func usePositions(_ table: Tensor) {
        let computed = Sinusoids.table(
            count: table.shape[0], width: tokens.width,
            isInterleaved: kind == .interleavedSinusoids)
        let differs = zip(table.floats, computed.floats).contains { !(abs($0 - $1) <= 1e-5) }
        given =
            differs
            ? Parameter(Self.positionsName, Context().converted(table, to: .float32)) : nil
        given?.isTrainable = false
    }

    /// The first computed positions, float32 [count, D]; nil where the model has others.
    package func computedPositions(count: Int) -> Tensor? {
        guard kind.isSinusoidal, given == nil else { return nil }
        return Sinusoids.table(
            count: count, width: tokens.width, isInterleaved: kind == .interleavedSinusoids)
    }

    /// Positions that reach as far as the batch does.
    private func table(_ packing: SequencePacking, _ precision: Precision) -> Tensor? {
        guard kind.isSinusoidal else { return nil }
        if let given {
            return Context().converted(
                given.value, to: precision == .float64 ? .float64 : .float32)
        }
        let needed = packing.longestEnd
        let (width, isInterleaved) = (tokens.width, kind == .interleavedSinusoids)
        return sinusoids.withLock { sinusoids in
            let known = sinusoids[precision]
            if let known, known.shape[0] >= needed { return known }
            var count = max(256, known?.shape[0] ?? 0)
            while count < needed { count *= 2 }
            let table = Sinusoids.table(
                count: count, width: width, isInterleaved: isInterleaved, precision)
            sinusoids[precision] = table
            return table
        }
    }

    /// The name of positions in files.
    package static let positionsName = "embed_positions.weight"

    /// The learned positions [P, D], if it has any.
    package var learnedPositions: Parameter? { learned }

    /// Shows positions that are learned or come from a file; the table of tokens is shown by its owner.
    public func visitMembers(_ visitor: MemberVisitor) {
        visitor.parameter(Self.positionsName, learned ?? given)
    }
}
