import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Products of 8-bit integers")
struct QuantisedProductTests {
    private static var context: Context { Context(precision: .int8) }
    private static let types = [ElementType.float32, .bfloat16]

    /// The largest of each row's magnitudes, divided by 127.
    private static func scales(_ x: [Double], columns: Int) -> [Double] {
        stride(from: 0, to: x.count, by: columns).map { start in
            x[start..<start + columns].reduce(0) { max($0, abs($1)) } / 127
        }
    }

    private static func expectNear(
        _ y: Tensor, _ x: Tensor, _ weight: Parameter, _ bias: Parameter, relu: Bool
    ) {
        let (inner, columns) = (x.shape[1], weight.shape[0])
        let (a, b) = (x.doubles, weight.value.doubles)
        let (aScales, bScales) = (
            scales(a, columns: inner), scales(b, columns: inner)
        )
        let (found, added) = (y.doubles, bias.value.doubles)
        for row in 0..<x.shape[0] {
            for column in 0..<columns {
                var (sum, allowed) = (added[column], 0.0)
                for k in 0..<inner {
                    let (left, right) = (a[row * inner + k], b[column * inner + k])
                    sum += left * right
                    allowed += (abs(left) * bScales[column] + abs(right) * aScales[row]) / 2
                }
                allowed += Double(inner) * aScales[row] * bScales[column] / 4
                let rounding = y.elementType == .bfloat16 ? 0x1p-8 : 0x1p-22
                allowed = 1.001 * allowed + rounding * abs(sum) + 1e-6
                let wanted = relu ? max(sum, 0) : sum
                let difference = abs(found[row * columns + column] - wanted)
                #expect(difference <= allowed, "\(x.elementType) \(row), \(column)")
            }
        }
    }

    @Test(
        "a linear layer is no further from the exact product than rounding to integers allows",
        arguments: SameBitsTests.instructionSets)
    func near(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            let shapes = [(1, 5, 3), (3, 64, 17), (40, 130, 100), (300, 70, 33)]
            for (rows, inner, columns) in shapes {
                let weight = Parameter("w", Tensor.seeded([columns, inner], seed: 1))
                let bias = Parameter("b", Tensor.seeded([columns], seed: 2))
                for type in QuantisedProductTests.types {
                    let x = Tensor.seeded([rows, inner], seed: 3, type)
                    for (relu, output) in [(false, type), (true, .float32)] {
                        let y = QuantisedProductTests.context.linear(
                            x, weight, bias: bias, relu: relu, output: output)
                        #expect(y.elementType == output)
                        QuantisedProductTests.expectNear(y, x, weight, bias, relu: relu)
                    }
                }
            }
        }
    }

    @Test(
        "the same bits for any number of threads, and for a row alone and in a batch",
        arguments: SameBitsTests.instructionSets)
    func sameBits(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            for (inner, columns) in [(64, 96), (257, 130), (512, 1100)] {
                for type in QuantisedProductTests.types {
                    let weight = Parameter("w", Tensor.seeded([columns, inner], seed: 1))
                    let x = Tensor.seeded([600, inner], seed: 3, type)
                    let context = QuantisedProductTests.context
                    let results = ChildProcess.withThreads { digest([context.linear(x, weight)]) }
                    #expect(Set(results).count == 1, "\(isa) \(type) \(inner)→\(columns)")
                    let whole = context.linear(x, weight)
                    for rows in SameBitsTests.rows where rows <= 600 {
                        let range = (600 - rows) / 2..<(600 - rows) / 2 + rows
                        let part = context.linear(context.sliced(x, axis: 0, range), weight)
                        let wanted = context.sliced(whole, axis: 0, range)
                        #expect(
                            part.bitPattern == wanted.bitPattern,
                            "\(isa) \(inner)→\(columns) \(range)")
                    }
                }
            }
        }
    }

    @Test("a row that is not finite becomes NaN, and no other; a row of zeros becomes the bias")
    func specialRows() {
        let weight = Parameter("w", Tensor.seeded([20, 70], seed: 1))
        let bias = Parameter("b", Tensor.seeded([20], seed: 2))
        for type in Self.types {
            var values = Tensor.seeded([4, 70], seed: 3).floats
            values[69] = .nan
            values[70] = -.infinity
            for index in 140..<210 { values[index] = 0 }
            let x = Self.context.reshaped(Tensor(values), [4, 70]).converted(to: type)
            let y = Self.context.linear(x, weight, bias: bias, relu: true, output: .float32).floats
            #expect(y[..<40].allSatisfy { $0.isNaN })
            #expect(Array(y[40..<60]) == bias.value.floats.map { max($0, 0) })
            #expect(y[60...].allSatisfy { $0.isFinite })
        }
    }

    @Test("weights are quantised anew when they change")
    func versions() {
        let weight = Parameter("w", Tensor.constant(1, [3, 4], .float32))
        let x = Tensor.constant(1, [2, 4], .float32)
        #expect(Self.context.linear(x, weight).floats.allSatisfy { abs($0 - 4) < 1e-5 })
        weight.value = Tensor.constant(2, [3, 4], .float32)
        #expect(Self.context.linear(x, weight).floats.allSatisfy { abs($0 - 8) < 1e-5 })
    }

    @Test("nothing to multiply is legal, and sums that are too long are taken in float")
    func edges() {
        let none = Parameter("w", Tensor.zeros([3, 0]))
        #expect(Self.context.linear(Tensor.zeros([2, 0]), none).floats == [0, 0, 0, 0, 0, 0])
        let weight = Parameter("w", Tensor.constant(1, [1, 4], .float32))
        #expect(Self.context.linear(Tensor.zeros([0, 4]), weight).count == 0)
        let long = Parameter("w", Tensor.constant(1, [1, 70_000], .float32))
        let x = Tensor.constant(1, [1, 70_000], .float32)
        #expect(Self.context.linear(x, long).floats == [70_000])
    }

    @Test("gradients of int8 are refused by name")
    func gradients() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let weight = Parameter("encoder.weight", Tensor.seeded([3, 4], seed: 1))
            let arena = GradientArena([weight])
            defer { arena.detach() }
            let context = Context(tape: Tape(), precision: .int8)
            _ = context.linear(Tensor.seeded([2, 4], seed: 2), weight)
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("linear: int8 has no gradients: encoder.weight"))
    }
}
