/// Hypotheses and references that cannot be compared.
public struct MetricError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, with the counts that do not agree.
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    /// Refuses a corpus without sentences or references, and references of another length.
    static func check(hypotheses: Int, references: [Int]) throws {
        guard hypotheses > 0 else { throw MetricError("there is no hypothesis to score") }
        guard !references.isEmpty else {
            throw MetricError("there is no reference to score against")
        }
        for (index, count) in references.enumerated() where count != hypotheses {
            throw MetricError(
                "reference \(index + 1) has \(count) sentences, but there are \(hypotheses) hypotheses"
            )
        }
    }
}

/// The metrics' own version, shown at the end of every signature.
///
/// It changes when a score or a tokenization changes, and only then.
public let metricVersion = "heed-0.1.0"
