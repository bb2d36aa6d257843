import HeedModels
import HeedNN
import HeedTasks
import HeedTensor
import HeedTestSupport
import HeedTraining
import Testing

@Suite("The shards in which a language model learns")
struct LanguageModelShardTests {
    @Test(
        "take the memory for activations that the configuration says",
        arguments: ["float32", "bfloat16"])
    func activations(name: String) async {
        await #expect(processExitsWith: .success) { [name] in
            let precision = try #require(Precision(rawValue: name))
            var configurations = [
                LanguageModelConfiguration.gpt2(
                    vocabulary: 50, width: 128, layers: 2, heads: 2, positions: 512),
                .llama(
                    vocabulary: 50, width: 128, layers: 2, heads: 4, keyValueHeads: 2, inner: 384,
                    positions: 512),
            ]
            var qwen = configurations[1]
            qwen.type = .qwen3
            configurations.append(qwen)
            for small in configurations {
                var large = small
                large.layers = 6
                let kept = try [small, large].map { configuration in
                    let model = try LanguageModel(
                        configuration, builder: ModelBuilder(seed: 1, initialization: .gpt2))
                    let arena = GradientArena(model.parameters)
                    defer { arena.detach() }
                    let tape = Tape()
                    var context = Context(tape: tape, isTraining: true, precision: precision)
                    context.keepsPackedWeights = false
                    let before = BufferPool.report.liveBytes
                    let ids = Tensor((0..<512).map { Int32($0 % 50) })
                    let states = model(ids, packing: SequencePacking(lengths: [512]), context)
                    return withExtendedLifetime(states) {
                        BufferPool.report.liveBytes - before
                    }
                }
                let found = Double(kept[1] - kept[0]) / 512
                let wanted = Double(
                    large.activationBytes(in: precision) - small.activationBytes(in: precision))
                #expect(abs(found / wanted - 1) < 0.05, "\(found) bytes a token beside \(wanted)")
            }
        }
    }

    @Test("hold fewer tokens where activations would take more than a tenth of the model's memory")
    func tokens() {
        let gpt2 = LanguageModelConfiguration.gpt2(
            vocabulary: 50_257, width: 768, layers: 12, heads: 12, positions: 1024)
        let small = LanguageModelConfiguration.gpt2(
            vocabulary: 65, width: 128, layers: 4, heads: 4, positions: 64)
        let tokens = { (configuration: LanguageModelConfiguration, precision, count) in
            configuration.shardTokens(atMost: 4096, in: precision, parameterCount: count)
        }
        let large = tokens(gpt2, .bfloat16, 124_000_000)
        #expect(large * gpt2.activationBytes(in: .bfloat16) <= 124_000_000 * 16 / 10 + (4 << 20))
        #expect((512..<1024).contains(large))
        // A tenth of much is more than what small models may take.
        var wide = gpt2
        (wide.width, wide.inner, wide.layers) = (1600, 6400, 48)
        let held = tokens(wide, .bfloat16, 1_500_000_000) * wide.activationBytes(in: .bfloat16)
        #expect(held > 2_200_000_000 && held <= 2_400_000_000, "\(held)")
        #expect(tokens(gpt2, .float32, 124_000_000) < large)
        #expect(tokens(small, .bfloat16, 800_000) == 4096)
        #expect(tokens(small, .float32, 800_000) == 2048)
        // One token at least, whatever a token takes.
        #expect(gpt2.shardTokens(atMost: 0, in: .float32, parameterCount: 0) == 1)
    }

    @Test("gradients are halved in bfloat16 alone, for many weights and few shards")
    func halvedGradients() {
        let halves = { (weights: Int, precision: Precision, shards: Int) in
            Trainer.halvesGradients(weights: weights, precision: precision, shards: shards)
        }
        #expect(halves(124_000_000, .bfloat16, 2))
        #expect(!halves(124_000_000, .float32, 1))
        #expect(!halves(124_000_000, .bfloat16, 3))
        #expect(!halves(60_000_000, .bfloat16, 1))
    }
}
