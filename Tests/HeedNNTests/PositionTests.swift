import HeedFormats
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Positions")
struct PositionTests {
    @Test("sinusoids of both forms are those of PyTorch", arguments: [8, 10, 64, 65])
    func sinusoids(width: Int) throws {
        let fixture = try Fixture("sinusoids")
        for (form, isInterleaved) in [("interleaved", true), ("concatenated", false)] {
            let expected = try fixture.tensor("\(form).\(width)")
            let table = Sinusoids.table(count: 50, width: width, isInterleaved: isInterleaved)
            #expect(distance(table, expected) <= 1e-7, "\(form)")
        }
    }

    @Test("sinusoids of far positions are those of PyTorch")
    func farSinusoids() throws {
        let expected = try Fixture("sinusoids").tensor("concatenated.16.far")
        let table = Sinusoids.table(count: 1024, width: 16, isInterleaved: false)
        #expect(distance(table.rowsView(1000..<1024), expected) <= 1e-7)
    }

    @Test("the two forms of sinusoids are equal up to a permutation", arguments: [1, 2, 8, 65])
    func permutation(width: Int) {
        let interleaved = Sinusoids.table(count: 40, width: width, isInterleaved: true).floats
        let concatenated = Sinusoids.table(count: 40, width: width, isInterleaved: false).floats
        let order =
            Array(stride(from: 0, to: width, by: 2)) + Array(stride(from: 1, to: width, by: 2))
        for position in 0..<40 {
            let row = position * width
            #expect(order.map { interleaved[row + $0] } == Array(concatenated[row..<row + width]))
        }
    }

    @Test("a relative shift is a rotation: scores under rotary positions depend on distances alone")
    func rotaryDistances() {
        let context = Context()
        let q = Tensor.randomNormal([1, 16], seed: 1, site: 1)
        let k = Tensor.randomNormal([1, 16], seed: 1, site: 2)
        for isInterleaved in [false, true] {
            let table = RotaryTable(count: 2000, rotarySize: 16, isInterleaved: isInterleaved)
            let score = { (queryPosition: Int32, keyPosition: Int32) in
                let turnedQuery = context.rotary(
                    q, table, headSize: 16, positions: Tensor([queryPosition]))
                let turnedKey = context.rotary(
                    k, table, headSize: 16, positions: Tensor([keyPosition]))
                return context.sum(context.multiply(turnedQuery, turnedKey)).scalar
            }
            for shift in [Int32(1), 100, 1900] {
                #expect(abs(score(7, 2) - score(7 + shift, 2 + shift)) <= 1e-3)
            }
            #expect(abs(score(7, 2) - score(7, 3)) > 1e-2)
        }
    }

    @Test("embeddings are scaled, and positions added after that")
    func embedding() {
        let table = Embedding(10, 8, builder: ModelBuilder(seed: 3))
        let embedding = TokenEmbedding(
            table, positions: .interleavedSinusoids, maximumLength: 16, scale: 3, dropout: 0,
            builder: ModelBuilder(seed: 4))
        let encoder = Encoder(
            embedding, depth: 0,
            LayerOptions(width: 8, heads: AttentionHeads(count: 1, keySize: 8), inner: 8),
            builder: ModelBuilder(seed: 5))
        let packing = SequencePacking(lengths: [2, 1])
        let found = encoder(Tensor([Int32(4), 9, 9]), packing: packing, Context()).floats
        let vectors = table.weight.value.floats
        let places = Sinusoids.table(count: 2, width: 8, isInterleaved: true).floats
        var expected: [Float] = []
        for (id, position) in [(4, 0), (9, 1), (9, 0)] {
            for column in 0..<8 {
                expected.append(3 * vectors[id * 8 + column] + places[position * 8 + column])
            }
        }
        #expect(distance(found.map(Double.init), expected.map(Double.init)) <= 1e-6)
    }
}
