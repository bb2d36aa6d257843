import HeedFormats
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Attention beside PyTorch")
struct AttentionFixtureTests {
    static let core = [
        "scaled_small", "scaled", "scaled_cross", "scaled_wide", "unscaled", "unscaled_odd",
        "causal", "causal_offset", "window", "look_back", "look_back_offset",
        "look_back_short", "prefix", "dense", "grouped", "grouped_one",
        "value_size", "value_size_wide", "bias", "bias_causal", "rotary_halves",
        "rotary_interleaved",
    ]

    @Test("outputs, weights and gradients are PyTorch's", arguments: core)
    func attention(name: String) throws {
        let call = try CoreAttention(name)
        try call.check(mask: try call.mask())
    }

    @Test("a dense mask does what the mask that it spells out does", arguments: core)
    func denseMask(name: String) throws {
        let call = try CoreAttention(name)
        try call.check(mask: .dense(call.denseMask()))
    }
}

/// The queries, keys and values of a fixture, and what to do with them.
private struct CoreAttention {
    let fixture: Fixture
    let heads: AttentionHeads
    let queryPacking: SequencePacking
    let keyPacking: SequencePacking
    let names: [String]

    init(_ name: String) throws {
        fixture = try Fixture("attention_\(name)")
        heads = AttentionHeads(
            count: try fixture.int("heads"), keyValueCount: try fixture.int("key_value_heads"),
            keySize: try fixture.tensor("q").shape[2], valueSize: try fixture.tensor("v").shape[2],
            scale: try fixture.double("scale"))
        queryPacking = SequencePacking(lengths: try fixture.ints("q_lengths"))
        keyPacking = SequencePacking(lengths: try fixture.ints("k_lengths"))
        names = ["q", "k", "v"] + (fixture.has("bias") ? ["bias"] : [])
    }

    /// The mask in its own form; a window that reaches to later keys has none.
    func mask() throws -> AttentionMask {
        let every = { (value: Int) in [Int](repeating: value, count: queryPacking.count) }
        switch try fixture.text("mask") {
        case "causal": return .causal(offsets: every(try fixture.int("offset")))
        case "look_back":
            return .window(try fixture.int("size"), offsets: every(try fixture.int("offset")))
        case "prefix": return .prefix(every(try fixture.int("prefix")))
        case "window", "dense": return .dense(try denseMask())
        default: return .full
        }
    }

    /// The mask, key by key.
    func denseMask() throws -> Tensor {
        if fixture.has("mask") {
            let mask = try fixture.tensor("mask")
            return Context().reshaped(mask, [1, 1, mask.shape[0], mask.shape[1]])
        }
        let kind = try fixture.text("mask")
        let rows = queryPacking.lengths.max() ?? 0
        let columns = keyPacking.lengths.max() ?? 0
        var mask: [UInt8] = []
        for i in 0..<rows {
            for j in 0..<columns {
                let sees: Bool
                switch kind {
                case "causal": sees = j <= i + (try fixture.int("offset"))
                case "look_back":
                    let last = i + (try fixture.int("offset"))
                    sees = try j <= last && j > last - fixture.int("size")
                case "prefix": sees = try j <= i || j < fixture.int("prefix")
                case "window":
                    let (left, right) = (try fixture.int("left"), try fixture.int("right"))
                    sees = j >= i - left && j <= i + right
                default: sees = true
                }
                mask.append(sees ? 1 : 0)
            }
        }
        return Tensor(mask, shape: [1, 1, rows, columns])
    }

    func check(mask: AttentionMask) throws {
        let tape = Tape()
        let recorder = AttentionRecorder()
        let context = Context(tape: tape, attentionObserver: recorder)
        let inputs = try names.map { tape.variable(try fixture.tensor($0)) }
        let output = try run(inputs, mask, context)
        let expected = try fixture.tensor("output")
        #expect(distance(output, context.reshaped(expected, output.shape)) <= 1e-5)
        let weights = recorder.entries.sorted {
            ($0.sequence, $0.head) < ($1.sequence, $1.head)
        }
        #expect(
            distance(weights.flatMap(\.weights.doubles), try fixture.tensor("weights").doubles)
                <= 1e-5)
        let upstream = context.reshaped(try fixture.tensor("output.gradient"), output.shape)
        let gradients = tape.backward(output, upstream: upstream)
        try expectGradients(of: inputs, gradients, names, fixture)
    }

    private func run(
        _ inputs: [Tensor], _ mask: AttentionMask, _ context: Context
    ) throws -> Tensor {
        var columns = inputs.prefix(3).map { tensor in
            context.reshaped(tensor, [tensor.shape[0], tensor.shape[1] * tensor.shape[2]])
        }
        if let form = fixture.setting("rotary") {
            let table = RotaryTable(
                count: 64, rotarySize: heads.keySize, base: try fixture.double("rotary_base"),
                isInterleaved: form == "interleaved")
            for (role, packing) in [(0, queryPacking), (1, keyPacking)] {
                columns[role] = context.rotary(
                    columns[role], table, headSize: heads.keySize, positions: packing.positions)
            }
        }
        return context.attention(
            "a", queries: Columns(columns[0]), keys: Columns(columns[1]),
            values: Columns(columns[2]), heads: heads, queryPacking: queryPacking,
            keyRanges: keyPacking.ranges, mask: mask, bias: inputs.count > 3 ? inputs[3] : nil)
    }
}

/// Compares the gradients of variables with `NAME.gradient`, to 1e-4 of the largest element of each.
func expectGradients(
    of inputs: [Tensor], _ gradients: Gradients, _ names: [String], _ fixture: Fixture,
    absolute: Double = 0
) throws {
    let wanted = try names.map { try fixture.tensor("\($0).gradient") }
    let largest = wanted.map { magnitude($0) }.max() ?? 0
    for (index, name) in names.enumerated() {
        let found = try #require(gradients[inputs[index]], "\(name)")
        let allowed = 1e-4 * magnitude(wanted[index]) + 1e-7 * largest + absolute
        #expect(distance(found, wanted[index]) <= allowed, "\(name)")
    }
}
