import HeedGeneration
import HeedTensor
import Testing

/// A toy whose texts may grow by many tokens at a time.
private final class ToyText: TextDecoder {
    let vocabularySize = 11
    let slotCount: Int
    private let logits: ([Int32]) -> [Float]
    private(set) var slots: [[Int32]]
    private(set) var batches: [Int] = []

    init(slots: Int, logits: @escaping ([Int32]) -> [Float]) {
        slotCount = slots
        self.slots = [[Int32]](repeating: [], count: slots)
        self.logits = logits
    }

    func append(_ tokens: [[Int32]], slots targets: [Int]) -> Tensor {
        #expect(Set(targets).count == targets.count && tokens.allSatisfy { !$0.isEmpty })
        batches.append(targets.count)
        for (added, slot) in zip(tokens, targets) { slots[slot] += added }
        return Tensor(
            targets.flatMap { logits(slots[$0]) }, shape: [targets.count, vocabularySize])
    }

    func start(sentences: [Int], slots: [Int]) {}
    func advance(_ tokens: [Int32], slots: [Int]) -> Tensor {
        append(tokens.map { [$0] }, slots: slots)
    }
    func copy(slot source: Int, to target: Int) { slots[target] = slots[source] }
    func release(slot: Int) { slots[slot] = [] }

    var isEmpty: Bool { slots.allSatisfy(\.isEmpty) }
}

@Suite("Continuing texts")
struct TokenGeneratorTests {
    private static let prompts: [[Int32]] = [[1], [2, 3, 4], [5, 5], [9, 8, 7, 6], [1, 2]]

    /// Logits that look random.
    private static func logits(_ text: [Int32]) -> [Float] {
        var state = text.reduce(UInt64(7)) {
            ($0 ^ UInt64($1)) &* 0x9E37_79B9_7F4A_7C15 &+ 0xD134
        }
        return (0..<11).map { _ in
            state = (state ^ (state >> 29)) &* 0xBF58_476D_1CE4_E5B9
            return Float(state >> 40) / Float(1 << 22)
        }
    }

    private func run(
        _ prompts: [[Int32]], slots: Int, _ options: GenerationOptions
    ) throws -> [GeneratedTokens] {
        let decoder = ToyText(slots: slots, logits: Self.logits)
        var generator = try TokenGenerator(
            prompts.map { TokenGenerator.Prompt($0) }, options, with: decoder)
        let found = try generator.run()
        #expect(decoder.isEmpty)
        return found
    }

    @Test(
        "what follows a text does not depend on its neighbours or on the slots",
        arguments: [0.0, 1.3])
    func alone(temperature: Double) throws {
        var options = GenerationOptions()
        options.maximumLength = 20
        options.endTokens = [0]
        options.sampling = SamplingOptions(temperature: temperature, seed: 5)
        let together = try run(Self.prompts, slots: 2, options)
        #expect(try run(Self.prompts, slots: 5, options) == together)
        for (prompt, found) in zip(Self.prompts, together) {
            #expect(try run([prompt], slots: 1, options) == [found])
        }
        #expect(Set(together.map(\.tokens.count)).count > 1)
    }

    @Test("a text that is done makes room at once")
    func room() throws {
        let decoder = ToyText(slots: 2) { text in
            // A text ends when it has as many tokens as its first one says.
            (0..<11).map { Float($0 == 10 ? (text.count >= Int(text[0]) ? 1 : -1) : 0) }
        }
        var options = GenerationOptions()
        options.endTokens = [10]
        var generator = try TokenGenerator(
            [[6], [2], [3], [2]].map { TokenGenerator.Prompt($0) }, options, with: decoder)
        let found = try generator.run()
        #expect(found.map(\.tokens.count) == [5, 1, 2, 1])
        #expect(found.allSatisfy { $0.ending == .endToken })
        #expect(decoder.batches == [2, 2, 2, 2, 2, 2, 1])
    }

    @Test("limits, end marks and whoever watches end a text, and say so")
    func endings() throws {
        var options = GenerationOptions()
        options.maximumLength = 6
        let decoder = ToyText(slots: 3, logits: Self.logits)
        var generator = try TokenGenerator(
            [
                TokenGenerator.Prompt([1]), TokenGenerator.Prompt([2], limit: 2),
                TokenGenerator.Prompt([3]),
            ], options, with: decoder)
        let found = try generator.run(shouldStop: { false }) { prompt, _ in
            prompt != 2 || decoder.slots[2].count < 4
        }
        #expect(found.map(\.tokens.count) == [6, 2, 4])
        #expect(found.map(\.ending) == [.maximumLength, .maximumLength, .stopped])
    }

    @Test("stopping empties every slot")
    func cancellation() throws {
        let decoder = ToyText(slots: 2, logits: Self.logits)
        var generator = try TokenGenerator(
            Self.prompts.map { TokenGenerator.Prompt($0) }, GenerationOptions(), with: decoder)
        var steps = 0
        #expect(throws: CancellationError.self) {
            _ = try generator.run(shouldStop: {
                steps += 1
                return steps > 3
            })
        }
        #expect(decoder.isEmpty && decoder.batches.count == 3)
    }

    @Test("an error names the text and the token")
    func failure() throws {
        let decoder = ToyText(slots: 2) { text in
            text.count > 4 ? [Float](repeating: .nan, count: 11) : Self.logits(text)
        }
        var generator = try TokenGenerator(
            [[1], [2, 3, 4]].map { TokenGenerator.Prompt($0) }, GenerationOptions(), with: decoder)
        let error = #expect(throws: SearchFailure.self) { _ = try generator.run() }
        #expect(error?.sentence == 1 && error?.position == 2)
        #expect(decoder.isEmpty)
    }
}
