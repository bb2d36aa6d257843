import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Products with weights where a file holds them")
struct StreamedProductTests {
    /// Weights as random bfloat16, once read in three pieces and once as a value.
    private static func weights(
        _ rows: Int, _ columns: Int
    ) -> (streamed: Parameter, plain: Parameter) {
        let context = Context()
        let values = context.converted(
            .randomNormal([rows, columns], seed: 3, site: 1), to: .bfloat16)
        let cuts = [0, rows / 3, rows / 2, rows]
        let parts = zip(cuts, cuts.dropFirst()).filter { $0 < $1 }.map {
            context.sliced(values, axis: 0, $0..<$1)
        }
        let streamed = Parameter("streamed", Tensor.zeros([rows, columns]))
        streamed.take(parts: parts)
        return (streamed, Parameter("plain", values))
    }

    @Test(
        "are those of packed weights, and rows do not depend on each other",
        arguments: ChildProcess.instructionSets.map(\.name))
    func products(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            for (rows, inner, outputs) in [
                (1, 40, 7), (3, 64, 130), (70, 33, 257), (300, 48, 20), (70, 1100, 200),
            ] {
                let (streamed, plain) = StreamedProductTests.weights(outputs, inner)
                #expect(streamed.elementType == .bfloat16 && streamed.shape == plain.shape)
                let bias = Parameter("bias", .randomNormal([outputs], seed: 3, site: 2))
                for type in [ElementType.float32, .bfloat16] {
                    let x = Context().converted(
                        .randomNormal([rows, inner], seed: 3, site: 3), to: type)
                    for isDecoding in [false, true] {
                        var context = Context()
                        context.isDecoding = isDecoding
                        let found = context.linear(x, streamed, bias: bias, output: .float32)
                        let wanted = Context().linear(
                            Context().converted(x, to: .float64), plain, bias: bias,
                            output: .float64)
                        #expect(
                            differences(
                                "\(rows)×\(inner)×\(outputs)", found, wanted,
                                Tolerance(relative: 1e-5, absolute: 2e-7 * Double(inner + 64)))
                                == [])
                        for row in [0, rows / 2, rows - 1] {
                            let alone = context.linear(
                                x.rowsView(row..<row + 1), streamed, bias: bias, output: .float32)
                            #expect(sameBits(alone, found.rowsView(row..<row + 1)), "\(row)")
                        }
                    }
                }
            }
        }
    }

    @Test("a new value takes the place of the pieces")
    func replaced() {
        let (streamed, plain) = Self.weights(9, 4)
        #expect(sameBits(streamed.value, plain.value))
        streamed.value = Tensor.constant(2, [9, 4])
        #expect(streamed.elementType == .float32)
        let y = Context().linear(Tensor.constant(1, [1, 4]), streamed)
        #expect(y.floats == [Float](repeating: 8, count: 9))
    }
}
