/// The most probable tokens of each row of logits, most probable first.
public struct TokenCandidates: Sendable, Equatable {
    /// A token that may come next.
    public struct Candidate: Sendable, Equatable {
        /// The token's number in the vocabulary.
        public let token: Int32
        /// The natural logarithm of its probability under the softmax of the whole row.
        public let logProbability: Float

        /// A token and the logarithm of its probability.
        public init(token: Int32, logProbability: Float) {
            self.token = token
            self.logProbability = logProbability
        }
    }

    private let candidates: [Candidate]
    /// The first candidate of each row, and one index more.
    private let starts: [Int]

    /// Rows of candidates, each sorted by its owner.
    public init(_ rows: [[Candidate]]) {
        candidates = rows.flatMap { $0 }
        starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    /// Rows of candidates that lie one after another.
    init(_ candidates: [Candidate], starts: [Int]) {
        self.candidates = candidates
        self.starts = starts
    }

    /// The number of rows.
    public var rowCount: Int { starts.count - 1 }

    /// The candidates of a row, most probable first.
    public subscript(row: Int) -> ArraySlice<Candidate> {
        candidates[starts[row]..<starts[row + 1]]
    }
}

/// A row of logits that is no distribution: it holds NaN or +∞, or nothing above −∞.
public struct NonFiniteLogits: Error, Equatable, CustomStringConvertible {
    /// The row.
    public let row: Int
    /// The first column that is NaN or +∞; nil when all of the row is −∞.
    public let column: Int?
    /// What stands there.
    public let value: Float

    /// The error of this place.
    public init(row: Int, column: Int?, value: Float) {
        self.row = row
        self.column = column
        self.value = value
    }

    /// The place and the value.
    public var description: String {
        guard let column else { return "logits: every value of row \(row) is -inf" }
        // Swift tells the sign of what is no number.
        return "logits: row \(row), column \(column) is \(value.isNaN ? "nan" : "\(value)")"
    }
}
