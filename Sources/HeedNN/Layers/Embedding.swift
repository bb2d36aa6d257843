public import HeedTensor

/// A table of vectors, one for each token; the output projection may share it (Vaswani et al. 2017, §3.4).
public final class Embedding: Module {
    /// The table [V, D].
    public let weight: Parameter

    /// The number of tokens V.
    public var vocabularySize: Int { weight.shape[0] }
    /// The width D.
    public var width: Int { weight.shape[1] }

    /// A table with the given vectors.
    public init(weight: Tensor) {
        self.weight = Parameter("weight", weight)
    }

    /// Vectors as the builder draws them; that of the padding token is zero.
    public convenience init(
        _ vocabularySize: Int, _ width: Int, padding: Int? = nil, builder: ModelBuilder
    ) {
        var values = builder.table([vocabularySize, width])
        if let padding, builder.drawsValues {
            var floats = values.floats
            for column in 0..<width { floats[padding * width + column] = 0 }
            values = Tensor(floats, shape: values.shape)
        }
        self.init(weight: values)
    }

    /// Shows the table.
    public func visitMembers(_ visitor: MemberVisitor) {
        visitor.parameter("weight", weight)
    }
}
