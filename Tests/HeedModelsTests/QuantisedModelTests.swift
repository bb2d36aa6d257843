import HeedFormats
import HeedModels
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Models with 8-bit weights")
struct QuantisedModelTests {
    private static let lengths = [9, 2, 14]
    private static let ids = (0..<25).map { Int32($0 * 7 % 12) }

    private func logits(_ model: Transformer, _ precision: Precision) -> Tensor {
        let context = Context(precision: precision)
        let packing = SequencePacking(lengths: Self.lengths)
        let states = model(
            source: Tensor(Self.ids), sourcePacking: packing, target: Tensor(Self.ids),
            targetPacking: packing, context)
        return model.logits(states, context)
    }

    @Test("logits stay near those of float32", arguments: ModelCase.all)
    func near(model: ModelCase) throws {
        let transformer = try Transformer(model.configuration, builder: ModelBuilder(seed: 3))
        let expected = logits(transformer, .float32).floats
        let found = logits(transformer, .int8).floats
        let size = (expected.reduce(0) { $0 + $1 * $1 } / Float(expected.count)).squareRoot()
        let errors = zip(expected, found).map { ($0 - $1) * ($0 - $1) }
        let error = (errors.reduce(0, +) / Float(errors.count)).squareRoot()
        #expect(found.count == expected.count)
        #expect(error > 0 && error <= 0.04 * size, "\(error / size) of the logits' size")
    }

    @Test("a sequence gives the same bits alone and in a batch, for any number of threads")
    func aloneAndInABatch() async {
        await #expect(processExitsWith: .success) {
            try #require(ChildProcess.begin())
            let model = try Transformer(
                ModelCase("plain").configuration, builder: ModelBuilder(seed: 3))
            let context = Context(precision: .int8)
            let packing = SequencePacking(lengths: QuantisedModelTests.lengths)
            let results = ChildProcess.withThreads {
                digest([model.encoder(Tensor(QuantisedModelTests.ids), packing: packing, context)])
            }
            #expect(Set(results).count == 1)
            let batch = model.encoder(Tensor(QuantisedModelTests.ids), packing: packing, context)
            for rows in packing.rows {
                let alone = model.encoder(
                    Tensor(Array(QuantisedModelTests.ids[rows])),
                    packing: SequencePacking(lengths: [rows.count]), context)
                #expect(sameBits(alone, context.sliced(batch, axis: 0, rows)), "\(rows)")
            }
        }
    }
}
