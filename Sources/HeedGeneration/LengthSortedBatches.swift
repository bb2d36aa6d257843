/// Sentences of similar length together, as many as a number of tokens allows; the longest come first.
public struct LengthSortedBatches: Sendable {
    /// The sentences' numbers, batch by batch; equal lengths keep their order.
    public let batches: [[Int]]

    /// Sorts sentences into batches.
    ///
    /// - Parameters:
    ///   - lengths: tokens of each sentence; 0 counts as 1.
    ///   - tokens: the most tokens of a batch; a longer sentence is a batch of its own.
    ///   - sentences: the most sentences of a batch, at least 1.
    public init(lengths: [Int], tokens: Int, sentences: Int = .max) {
        let order = lengths.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }
        var batches: [[Int]] = []
        var room = 0
        for index in order {
            let length = max(lengths[index], 1)
            if let last = batches.last, room >= length, last.count < sentences {
                batches[batches.count - 1].append(index)
            } else {
                batches.append([index])
                room = max(tokens, length)
            }
            room -= length
        }
        self.batches = batches
    }

    /// All sentences in the order of the batches.
    public var order: [Int] { batches.flatMap { $0 } }
}
