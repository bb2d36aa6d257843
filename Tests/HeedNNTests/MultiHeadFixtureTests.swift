import HeedFormats
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Multi-head and additive attention beside PyTorch")
struct MultiHeadFixtureTests {
    @Test(
        "outputs, weights and all gradients are PyTorch's",
        arguments: ["self", "causal", "cross", "grouped", "value_size", "rotary"])
    func multiHead(name: String) throws {
        let fixture = try Fixture("attention_multi_head_\(name)")
        let heads = AttentionHeads(
            count: try fixture.int("heads"), keyValueCount: try fixture.int("key_value_heads"),
            keySize: try fixture.int("key_size"), valueSize: try fixture.int("value_size"))
        let isCross = fixture.has("context")
        let attention = MultiHeadAttention(
            "a", isCross ? .memory : .itself, width: try fixture.tensor("x").shape[1],
            heads: heads, memoryWidth: isCross ? try fixture.tensor("context").shape[1] : nil,
            hasBias: try fixture.text("bias") == "true",
            rotary: fixture.setting("rotary") == nil
                ? nil : RotaryForm(size: heads.keySize),
            builder: ModelBuilder(seed: 1))
        try attention.assign { try fixture.tensor($0) }
        let mask: AttentionMask = try fixture.text("mask") == "causal" ? .causal() : .full
        let packing = SequencePacking(lengths: try fixture.ints("q_lengths"))
        let memory = SequencePacking(lengths: try fixture.ints("k_lengths"))
        let run = FixtureRun(fixture, attention)
        try run.check(inputs: isCross ? ["x", "context"] : ["x"], weights: ["a": "weights"]) {
            inputs, context in
            if isCross {
                let projected = attention.project(inputs[1], ranges: memory.ranges, context)
                return attention(inputs[0], packing: packing, memory: projected, context)
            }
            return attention(inputs[0], packing: packing, mask: mask, context)
        }
    }

    @Test("additive attention is PyTorch's", arguments: ["additive", "additive_odd"])
    func additive(name: String) throws {
        let fixture = try Fixture("attention_\(name)")
        let attention = AdditiveAttention(
            queryWidth: try fixture.tensor("q").shape[1],
            keyWidth: try fixture.tensor("k").shape[1],
            inner: try fixture.int("width"), builder: ModelBuilder(seed: 1))
        let nameInFile = { (name: String) in
            name == "vector.weight" ? "score.weight" : name
        }
        try attention.assign { try fixture.tensor(nameInFile($0)) }
        let queries = SequencePacking(lengths: try fixture.ints("q_lengths")).rows
        let keys = SequencePacking(lengths: try fixture.ints("k_lengths")).rows
        var weights: [Double] = []
        try FixtureRun(fixture, attention, nameInFile).check(inputs: ["q", "k", "v"]) {
            inputs, context in
            let outputs = zip(queries, keys).map { rows, columns in
                let result = attention(
                    queries: context.sliced(inputs[0], axis: 0, rows),
                    keys: context.sliced(inputs[1], axis: 0, columns),
                    values: context.sliced(inputs[2], axis: 0, columns), context)
                weights += result.weights.doubles
                return result.output
            }
            return context.concatenated(outputs)
        }
        #expect(distance(weights, try fixture.tensor("weights").doubles) <= 1e-5)
    }
}

/// A module of a fixture: its output, attention weights and gradients beside PyTorch's.
struct FixtureRun {
    private let fixture: Fixture
    private let module: any Module
    private let nameInFile: (String) -> String

    init(
        _ fixture: Fixture, _ module: any Module,
        _ nameInFile: @escaping (String) -> String = { $0 }
    ) {
        self.fixture = fixture
        self.module = module
        self.nameInFile = nameInFile
    }

    /// - Parameter weights: the tensor that holds the weights of each attention.
    func check(
        inputs names: [String], weights: [String: String] = [:],
        _ body: ([Tensor], Context) throws -> Tensor
    ) throws {
        let arena = GradientArena(module.parameters)
        defer { arena.detach() }
        let tape = Tape()
        let recorder = AttentionRecorder()
        let inputs = try names.map { tape.variable(try fixture.tensor($0)) }
        let output = try body(
            inputs, Context(tape: tape, isTraining: true, attentionObserver: recorder))
        #expect(distance(output, try fixture.tensor("output")) <= 1e-5)
        for (attention, tensor) in weights {
            let found = recorder.entries.filter { $0.attention == attention }.sorted {
                ($0.sequence, $0.head) < ($1.sequence, $1.head)
            }
            let expected = try fixture.tensor(tensor).doubles
            #expect(distance(found.flatMap(\.weights.doubles), expected) <= 1e-5, "\(attention)")
        }
        let gradients = tape.backward(output, upstream: try fixture.tensor("output.gradient"))
        try expectGradients(of: inputs, gradients, names, fixture)
        #expect(module.collectedGradients.count == module.bindings.count)
        // Where vectors are short, more rounding errors are left of what cancels; in a single layer no gradient is as
        // large as a model's largest.
        let hasShortVectors = [.generic, .avx2].contains(InstructionSet.current)
        let wrong = try wrongGradients(of: module, noise: hasShortVectors ? 1.25e-7 : 1e-7) {
            try fixture.tensor("\(nameInFile($0)).gradient")
        }
        #expect(wrong == [])
    }
}
