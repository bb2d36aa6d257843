import HeedFormats
import HeedModels
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

/// Whether rows of products have the same bits however many there are.
private let hasEqualRows = InstructionSet.current.rawValue >= InstructionSet.avx512.rawValue

/// Bits where the instruction set promises them, else 1e-5.
func expectEqual(_ found: Tensor, _ expected: Tensor, _ comment: String) {
    if hasEqualRows {
        #expect(sameBits(found, expected), "\(comment): \(distance(found, expected))")
    } else {
        #expect(distance(found, expected) <= 1e-5, "\(comment)")
    }
}

@Suite("Decoding token by token, and batches")
struct DecodingTests {
    private static let sources: [[Int32]] = [
        [3, 8, 1, 9, 4, 12, 6, 0], [5, 0], [7, 7, 2, 11, 0], [10, 3, 6, 4, 4, 9, 8, 1, 3, 0],
    ]
    private static let targets: [[Int32]] = [
        [2, 5, 9, 1, 3], [2, 4, 11, 8, 6, 7, 1, 1, 9, 10, 12], [2], [2, 3, 3],
    ]

    @Test("a decoder with caches gives what it gives without", arguments: ModelCase.all)
    func cached(model: ModelCase) throws {
        let transformer = try Transformer(model.configuration, builder: ModelBuilder(seed: 3))
        let context = Context()
        let whole = logits(transformer, Self.sources, Self.targets)
        let sourcePacking = SequencePacking(lengths: Self.sources.map(\.count))
        let memory = transformer.encoder(
            Tensor(Self.sources.flatMap(\.self)), packing: sourcePacking, context)
        let layers = transformer.decoder.layers
        // More slots than sequences, used in another order.
        let slots = [4, 0, 3, 1]
        let caches = layers.map { $0.makeCache(slots: 5, capacity: 11, context) }
        var found = Self.targets.map { _ in [Tensor]() }
        for step in 0..<11 {
            let active = Self.targets.indices.filter { Self.targets[$0].count > step }
            let packing = SequencePacking(
                lengths: active.map { _ in 1 }, firstPositions: active.map { _ in step })
            let states = transformer.decoder(
                Tensor(active.map { Self.targets[$0][step] }), packing: packing,
                memories: layers.map {
                    $0.project(memory, ranges: sourcePacking.ranges.selecting(active), context)
                }, caches: caches, slots: active.map { slots[$0] }, context)
            let logits = transformer.logits(states, context)
            for (row, sequence) in active.enumerated() {
                found[sequence].append(logits.rowsView(row..<row + 1))
            }
        }
        for (index, rows) in found.enumerated() {
            expectEqual(context.concatenated(rows), whole[index], "sequence \(index)")
        }
    }

    @Test("tokens fed in pieces give what they give at once")
    func pieces() throws {
        let transformer = try Transformer(
            ModelCase("plain").configuration, builder: ModelBuilder(seed: 3))
        let context = Context()
        let target = Self.targets[1]
        let whole = logits(transformer, [Self.sources[0]], [target])[0]
        let packing = SequencePacking(lengths: [Self.sources[0].count])
        let memory = transformer.encoder(Tensor(Self.sources[0]), packing: packing, context)
        let layers = transformer.decoder.layers
        let caches = layers.map { $0.makeCache(slots: 1, capacity: 11, context) }
        var rows: [Tensor] = []
        for range in [0..<4, 4..<5, 5..<11] {
            let states = transformer.decoder(
                Tensor(Array(target[range])),
                packing: SequencePacking(
                    lengths: [range.count], firstPositions: [range.lowerBound]),
                memories: layers.map { $0.project(memory, ranges: packing.ranges, context) },
                caches: caches, slots: [0], context)
            rows.append(transformer.logits(states, context))
        }
        expectEqual(context.concatenated(rows), whole, "pieces")
    }

    @Test("the decoder that a search drives gives the model's logits")
    func incremental() throws {
        let transformer = try Transformer(
            ModelCase("plain").configuration, builder: ModelBuilder(seed: 3))
        let whole = logits(transformer, Self.sources, Self.targets)
        let decoder = TransformerDecoder(
            transformer, sources: Self.sources, beamWidth: 2, maximumLength: 12, Context())
        #expect(decoder.slotCount == 8 && decoder.vocabularySize == 19)
        // Sentence 3 comes later, in a slot that sentence 1 has left.
        decoder.start(sentences: [1, 0], slots: [6, 2])
        var step = 0
        for token in Self.targets[1].prefix(3) {
            let found = decoder.advance([token, Self.targets[0][step]], slots: [6, 2])
            expectEqual(found.rowsView(0..<1), whole[1].rowsView(step..<step + 1), "1")
            expectEqual(found.rowsView(1..<2), whole[0].rowsView(step..<step + 1), "0")
            step += 1
        }
        decoder.copy(slot: 2, to: 3)
        decoder.release(slot: 6)
        decoder.release(slot: 2)
        decoder.start(sentences: [3], slots: [6])
        let found = decoder.advance([Self.targets[0][3], Self.targets[3][0]], slots: [3, 6])
        expectEqual(found.rowsView(0..<1), whole[0].rowsView(3..<4), "a copied slot")
        expectEqual(found.rowsView(1..<2), whole[3].rowsView(0..<1), "a slot used again")
    }

    @Test("slots that grow, and are copied to and fro, hold their sequences", arguments: [1, 7])
    func copies(seed: UInt64) throws {
        let transformer = try Transformer(
            ModelCase("plain").configuration, builder: ModelBuilder(seed: 3))
        // More tokens than slots have room for at the start.
        let length = 70
        let decoder = TransformerDecoder(
            transformer, sources: [Self.sources[0]], beamWidth: 4, maximumLength: length,
            Context())
        var random = seed
        func next(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % bound
        }
        decoder.start(sentences: [0], slots: [0])
        for slot in 1..<4 { decoder.copy(slot: 0, to: slot) }
        var sequences = [[Int32]](repeating: [], count: 4)
        var last = Tensor.zeros([0])
        for _ in 0..<length {
            if next(3) > 0 {
                let (source, target) = (next(4), next(4))
                decoder.copy(slot: source, to: target)
                sequences[target] = sequences[source]
            }
            for slot in 0..<4 { sequences[slot].append(Int32(3 + next(14))) }
            last = decoder.advance(sequences.compactMap(\.last), slots: [0, 1, 2, 3])
        }
        for (slot, sequence) in sequences.enumerated() {
            let whole = logits(transformer, [Self.sources[0]], [sequence])[0]
            expectEqual(
                last.rowsView(slot..<slot + 1), whole.rowsView(length - 1..<length), "\(slot)")
        }
    }

    @Test("a sequence in a batch gives what it gives alone", arguments: ModelCase.all)
    func alone(model: ModelCase) throws {
        let transformer = try Transformer(model.configuration, builder: ModelBuilder(seed: 3))
        let batch = logits(transformer, Self.sources, Self.targets)
        for index in Self.sources.indices {
            let alone = logits(transformer, [Self.sources[index]], [Self.targets[index]])
            expectEqual(alone[0], batch[index], "sequence \(index)")
        }
    }

    private func logits(
        _ model: Transformer, _ sources: [[Int32]], _ targets: [[Int32]]
    ) -> [Tensor] {
        let packing = SequencePacking(lengths: targets.map(\.count))
        let states = model(
            source: Tensor(sources.flatMap(\.self)),
            sourcePacking: SequencePacking(lengths: sources.map(\.count)),
            target: Tensor(targets.flatMap(\.self)), targetPacking: packing, Context())
        let logits = model.logits(states, Context())
        return packing.rows.map { logits.rowsView($0) }
    }
}
