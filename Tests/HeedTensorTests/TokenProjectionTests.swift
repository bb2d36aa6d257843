import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

@Suite("The most probable tokens after vectors")
struct TokenProjectionTests {
    /// Candidates found without logits, and those of logits; both should be the same to the last bit.
    private static func candidates(
        rows: Int, vocabulary: Int, _ precision: Precision, hasBias: Bool
    ) throws -> (found: TokenCandidates, expected: TokenCandidates) {
        let context = Context(precision: precision)
        let weight = Parameter(
            "projection", Tensor.randomNormal([vocabulary, 40], seed: 3, site: 1))
        let bias = hasBias ? Parameter("bias", .randomNormal([vocabulary], seed: 3, site: 2)) : nil
        let states = Tensor.randomNormal([rows, 40], seed: 3, site: 3)
        let x = context.converted(states, to: precision == .bfloat16 ? .bfloat16 : .float32)
        let logits = context.linear(x, weight, bias: bias, output: .float32)
        let excluded: [Int32] = [1, 5, Int32(vocabulary) - 1]
        return (
            try context.mostProbableTokens(x, weight, bias: bias, count: 9, excluding: excluded),
            try logits.mostProbableTokens(9, excluding: excluded)
        )
    }

    @Test(
        "are those of the logits, on every instruction set and for any number of threads",
        arguments: ChildProcess.instructionSets.map(\.name))
    func logits(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            for (rows, vocabulary) in [
                (1, 7), (5, 512), (63, 513), (64, 1300), (70, 1024), (130, 2311),
            ] {
                for precision in [Precision.float32, .bfloat16] {
                    let results = ChildProcess.withThreads { () -> TokenCandidates? in
                        let pair = try? TokenProjectionTests.candidates(
                            rows: rows, vocabulary: vocabulary, precision, hasBias: rows > 5)
                        #expect(pair != nil && pair?.found == pair?.expected)
                        return pair?.found
                    }
                    #expect(results.allSatisfy { $0 == results[0] })
                }
            }
        }
    }

    @Test("are an error, by row and column, where a logit is NaN")
    func notFinite() throws {
        var bias = [Float](repeating: 0, count: 1500)
        bias[1203] = .nan
        let weight = Parameter("projection", Tensor.randomNormal([1500, 8], seed: 1, site: 1))
        let states = Tensor.randomNormal([3, 8], seed: 1, site: 2)
        let error = #expect(throws: NonFiniteLogits.self) {
            try Context().mostProbableTokens(
                states, weight, bias: Parameter("bias", Tensor(bias)), count: 4)
        }
        #expect(error?.row == 0 && error?.column == 1203 && error?.value.isNaN == true)
    }

    @Test("many of them come in falling order")
    func many() throws {
        let values = Tensor.randomNormal([2, 5000], seed: 8, site: 1)
        let found = try values.mostProbableTokens(3000)
        for row in 0..<2 {
            let logits = values.rowsView(row..<row + 1).floats
            let expected = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
            #expect(found[row].map(\.token) == expected.prefix(3000).map { Int32($0) })
        }
    }
}
