import HeedGeneration
import Testing

@Suite("Batches of sentences of similar length")
struct LengthSortedBatchesTests {
    @Test("hold each sentence once, longest first, within the number of tokens")
    func tokens() {
        let lengths = [3, 9, 0, 4, 9, 25, 1, 4]
        let sorted = LengthSortedBatches(lengths: lengths, tokens: 13)
        #expect(sorted.batches == [[5], [1], [4, 3], [7, 0, 6, 2]])
        #expect(sorted.order == [5, 1, 4, 3, 7, 0, 6, 2])
    }

    @Test("hold no more sentences than they may")
    func sentences() {
        let sorted = LengthSortedBatches(lengths: [1, 1, 1, 1, 1], tokens: 100, sentences: 2)
        #expect(sorted.batches == [[0, 1], [2, 3], [4]])
        #expect(LengthSortedBatches(lengths: [], tokens: 10).batches.isEmpty)
    }
}
