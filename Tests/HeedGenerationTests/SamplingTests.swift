import HeedGeneration
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Choosing tokens")
struct SamplingTests {
    /// Logits whose softmax is 0.4, 0.3, 0.2, 0.1 in another order.
    private static let logits = Tensor(
        [0.2, 0.4, 0.1, 0.3].map { Float(logarithm($0)) }, shape: [1, 4])

    private func kept(_ options: SamplingOptions) -> [Int] {
        let weights: [Float] = [0.2, 0.4, 0.1, 0.3]
        let scores = weights.map { Float(logarithm(Double($0) / 0.4)) }
        return SamplingFilter(scores: scores, weights: weights).kept(options)
    }

    private func choose(
        _ options: GenerationOptions, seen: Set<Int32> = [], index: Int = 0, sample: UInt32 = 0,
        _ logits: Tensor = logits
    ) throws -> GeneratedToken {
        try TokenSampler(options).choose(logits, seen: seen, index: index, sample: sample)
    }

    @Test("top-k keeps so many, and what equals the last of them")
    func topK() {
        #expect(kept(SamplingOptions(topK: 1)) == [1])
        #expect(kept(SamplingOptions(topK: 2)) == [1, 3])
        #expect(kept(SamplingOptions(topK: 9)) == [0, 1, 2, 3])
        let tied = SamplingFilter(scores: [0, -1, -1, -2], weights: [0.5, 0.2, 0.2, 0.1])
        #expect(tied.kept(SamplingOptions(topK: 2)) == [0, 1, 2])
    }

    @Test("top-p keeps the most probable until they reach the share")
    func topP() {
        #expect(kept(SamplingOptions(topP: 0.01)) == [1])
        #expect(kept(SamplingOptions(topP: 0.39)) == [1])
        #expect(kept(SamplingOptions(topP: 0.41)) == [1, 3])
        #expect(kept(SamplingOptions(topP: 0.69)) == [1, 3])
        #expect(kept(SamplingOptions(topP: 0.89)) == [0, 1, 3])
        #expect(kept(SamplingOptions(topP: 1)) == [0, 1, 2, 3])
    }

    @Test("min-p keeps what is likely enough beside the most probable")
    func minP() {
        #expect(kept(SamplingOptions(minP: 0.2)) == [0, 1, 2, 3])
        #expect(kept(SamplingOptions(minP: 0.3)) == [0, 1, 3])
        #expect(kept(SamplingOptions(minP: 0.6)) == [1, 3])
        #expect(kept(SamplingOptions(minP: 1)) == [1])
    }

    @Test("each filter judges what those before it left")
    func order() {
        // Of the two that top-k leaves, the larger has 4/7.
        #expect(kept(SamplingOptions(topK: 2, topP: 0.5)) == [1])
        #expect(kept(SamplingOptions(topK: 2, topP: 0.6)) == [1, 3])
        #expect(kept(SamplingOptions(topP: 0.89, minP: 0.6)) == [1, 3])
    }

    @Test("greedy choice takes the largest logit, the lower token of equal ones")
    func greedy() throws {
        #expect(try choose(GenerationOptions()).token == 1)
        let tied = Tensor([1, 3, 3, 2] as [Float], shape: [1, 4])
        #expect(try choose(GenerationOptions(), tied).token == 1)
    }

    @Test("biases come first, then the penalty, then what must not come")
    func changes() throws {
        var options = GenerationOptions()
        let logits = Tensor([2, 1.5, -1, -3] as [Float], shape: [1, 4])
        options.sampling.repetitionPenalty = 1.5
        #expect(try choose(options, seen: [0], logits).token == 1)
        #expect(try choose(options, seen: [0, 1], logits).token == 0)
        // A bias makes the second the largest; the penalty acts on the sum: 4 / 1.5 > 2.
        options.sampling.logitBias = [1: 2.5]
        #expect(try choose(options, seen: [1], logits).token == 1)
        options.sampling.repetitionPenalty = 2.1
        #expect(try choose(options, seen: [1], logits).token == 0)
        // Negative logits are multiplied.
        options.sampling.logitBias = [0: -10, 1: -10]
        options.sampling.repetitionPenalty = 4
        #expect(try choose(options, seen: [2], logits).token == 3)
        options.forbiddenTokens = [3]
        #expect(try choose(options, seen: [2], logits).token == 2)
    }

    @Test("an end mark does not come before the least length")
    func minimumLength() throws {
        var options = GenerationOptions()
        options.endTokens = [1]
        options.minimumLength = 2
        #expect(try choose(options, index: 0).token == 3)
        #expect(try choose(options, index: 1).token == 3)
        #expect(try choose(options, index: 2).token == 1)
    }

    @Test("what is drawn comes as often as it is probable")
    func frequencies() throws {
        let cases: [(SamplingOptions, [Double])] = [
            (SamplingOptions(temperature: 1, seed: 7), [0.2, 0.4, 0.1, 0.3]),
            (SamplingOptions(temperature: 1, topK: 2, seed: 7), [0, 4.0 / 7, 0, 3.0 / 7]),
            (
                SamplingOptions(temperature: 0.5, seed: 7),
                [4.0 / 30, 16.0 / 30, 1.0 / 30, 9.0 / 30]
            ),
        ]
        for (options, expected) in cases {
            var generation = GenerationOptions()
            generation.sampling = options
            var counts = [0, 0, 0, 0]
            let draws = 8000
            for index in 0..<draws {
                counts[Int(try choose(generation, index: index).token)] += 1
            }
            for (count, share) in zip(counts, expected) {
                let deviation = (share * (1 - share) / Double(draws)).squareRoot()
                let found = Double(count) / Double(draws)
                #expect(abs(found - share) <= 4.5 * deviation, "\(counts) of \(options)")
            }
        }
    }

    @Test("the same seed draws the same, another seed or sample others")
    func seeds() throws {
        func draws(_ seed: UInt64, sample: UInt32 = 0) throws -> [Int32] {
            var options = GenerationOptions()
            options.sampling = SamplingOptions(temperature: 1, seed: seed)
            return try (0..<64).map {
                try choose(options, index: $0, sample: sample).token
            }
        }
        #expect(try draws(1) == draws(1))
        #expect(try draws(1) != draws(2))
        #expect(try draws(1) != draws(1, sample: 1))
        #expect(try draws(1 << 40) != draws(1))
    }

    @Test("a tiny temperature and huge logits stay finite")
    func extremes() throws {
        var options = GenerationOptions()
        options.sampling = SamplingOptions(temperature: 1e-6, topP: 0.9, minP: 0.1, seed: 1)
        let logits = Tensor([-1e30, 3e38, -.infinity, 2e38] as [Float], shape: [1, 4])
        #expect(try choose(options, logits).token == 1)
    }

    @Test("probabilities are those of the model, whatever the options change")
    func logProbabilities() throws {
        var options = GenerationOptions()
        options.logProbabilities = 2
        options.sampling.logitBias = [2: 100]
        let found = try choose(options)
        #expect(found.token == 2)
        #expect(abs(Double(found.logProbability ?? 0) - logarithm(0.1)) < 1e-6)
        #expect(found.alternatives.map(\.token) == [1, 3])
        #expect(abs(Double(found.alternatives[0].logProbability) - logarithm(0.4)) < 1e-6)
    }

    @Test("logits that are no distribution are an error that names them")
    func nonFinite() {
        for (values, column) in [([1, .nan, 2, 3], 1), ([1, 2, 3, .infinity], 3)]
            as [([Float], Int)]
        {
            let error = #expect(throws: NonFiniteLogits.self) {
                try choose(GenerationOptions(), Tensor(values, shape: [1, 4]))
            }
            #expect(error?.column == column)
        }
        var options = GenerationOptions()
        options.forbiddenTokens = [0, 1, 2, 3]
        #expect(throws: NonFiniteLogits.self) { try choose(options) }
    }

    @Test("options that no choice can follow are refused by name")
    func validation() {
        let cases: [(SamplingOptions, String)] = [
            (SamplingOptions(temperature: -1), "temperature"),
            (SamplingOptions(temperature: .nan), "temperature"),
            (SamplingOptions(topK: 0), "topK"), (SamplingOptions(topP: 0), "topP"),
            (SamplingOptions(topP: 1.5), "topP"), (SamplingOptions(minP: -0.1), "minP"),
            (SamplingOptions(repetitionPenalty: 0), "repetitionPenalty"),
            (SamplingOptions(logitBias: [9: 1]), "logitBias"),
            (SamplingOptions(logitBias: [1: .nan]), "logitBias"),
        ]
        for (options, name) in cases {
            let error = #expect(throws: InvalidSearchOption.self) {
                try options.validate(vocabularySize: 9)
            }
            #expect(error?.option == name)
        }
    }
}
