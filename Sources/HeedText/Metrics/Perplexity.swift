#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Perplexity: e raised to the mean negative log-likelihood of a token.
///
/// - Parameters:
///   - negativeLogLikelihood: the sum of −log p over the tokens, in nats, without label smoothing.
///   - tokenCount: how many tokens were predicted, end marks included.
/// - Returns: the perplexity, or `nil` if there are no tokens; infinity if the sum is too large.
public func perplexity(negativeLogLikelihood: Double, tokenCount: Int) -> Double? {
    guard tokenCount > 0 else { return nil }
    return exp(negativeLogLikelihood / Double(tokenCount))
}
