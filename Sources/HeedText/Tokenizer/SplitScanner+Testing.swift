import HeedPatterns

/// The patterns that are scanned by hand, for tests that compare scanners and engine.
package let knownSplitPatterns: [String] = SplitScanner.known.map(\.pattern)

/// The words into which a pattern cuts a text, by a scanner or by the pattern engine.
package func splitWords(
    _ bytes: [UInt8], pattern: String, scanning: Bool
) throws -> [Range<Int>] {
    var words: [Range<Int>] = []
    var budget = SearchBudget()
    try TextPattern(regex: pattern, scanning: scanning).appendMatches(
        in: bytes, bytes.indices, to: &words, within: &budget)
    return words
}
