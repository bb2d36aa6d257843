import CHeedKernels
import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

/// Philox 4x32-10 (Salmon et al. 2011), from its definition.
private func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
    var (words, key) = (counter, key)
    for round in 0..<10 {
        if round > 0 { key = [key[0] &+ 0x9E37_79B9, key[1] &+ 0xBB67_AE85] }
        let first = UInt64(words[0]) * 0xD251_1F53
        let second = UInt64(words[2]) * 0xCD9E_8D57
        words = [
            UInt32(second >> 32) ^ words[1] ^ key[0], UInt32(truncatingIfNeeded: second),
            UInt32(first >> 32) ^ words[3] ^ key[1], UInt32(truncatingIfNeeded: first),
        ]
    }
    return words
}

/// Whether dropout drops an element, from the rule of the kernels' header.
private struct DropRule {
    let random: RandomState
    let dropout: Dropout
    let columns: Int

    var threshold: UInt32 { UInt32((dropout.probability * 65_536).rounded()) }

    var scale: Float { Float(65_536 / (65_536 - Double(threshold))) }

    func drops(sequence: UInt32, row: Int, column: Int) -> Bool {
        let groups = (columns + 127) / 128
        let (group, element) = (column / 128, column % 128)
        let (i, u) = (element % 16, element / 16)
        let counter = [
            random.update, sequence, dropout.site, UInt32(row * groups * 16 + 16 * group + i),
        ]
        let key = [UInt32(truncatingIfNeeded: random.seed), UInt32(random.seed >> 32)]
        let word = philox(counter, key)[u / 2]
        return (u % 2 == 0 ? word & 0xFFFF : word >> 16) < threshold
    }
}

@Suite("Random numbers")
struct RandomTests {
    static let instructionSets = ChildProcess.instructionSets.map(\.name)

    @Test("Philox gives the published numbers, in C and in the tests' own form")
    func vectors() {
        let vectors: [(counter: [UInt32], key: [UInt32], result: [UInt32])] = [
            ([0, 0, 0, 0], [0, 0], [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
            (
                [.max, .max, .max, .max], [.max, .max],
                [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]
            ),
            (
                [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0],
                [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
            ),
        ]
        for vector in vectors {
            var words = [UInt32](repeating: 0, count: 4)
            unsafe heed_philox4x32_10(vector.counter, vector.key, &words)
            #expect(words == vector.result)
            #expect(philox(vector.counter, vector.key) == vector.result)
        }
    }

    private static func masks(_ precision: Precision) -> String {
        let lengths = [3, 0, 40, 7]
        let ids: [UInt32] = [5, 0, 1 << 31, 77]
        let packing = SequencePacking(lengths: lengths, sequenceIDs: ids)
        var results: [Tensor] = []
        for columns in [1, 15, 128, 129, 300] {
            for probability in [0.1, 0.5, 0.9] {
                let dropout = Dropout(probability, site: 0xABCD_EF01)
                let random = RandomState(seed: 0x0123_4567_89AB_CDEF, update: 41)
                let context = Context(isTraining: true, precision: precision, random: random)
                let ones = Tensor.constant(1, [50, columns], precision.activationType)
                let y = context.dropout(ones, dropout, packing: packing)
                let rule = DropRule(random: random, dropout: dropout, columns: columns)
                let kept = Tensor([rule.scale]).inType(precision.activationType).doubles[0]
                let wanted = zip(lengths, ids).flatMap { length, id in
                    (0..<length * columns).map { index in
                        rule.drops(sequence: id, row: index / columns, column: index % columns)
                            ? 0 : kept
                    }
                }
                #expect(y.doubles == wanted, "\(precision) \(columns) \(probability)")
                results.append(y)
            }
        }
        return digest(results)
    }

    @Test("the kernels' masks are those of the rule, bit for bit", arguments: instructionSets)
    func masksFollowTheRule(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            for precision in Precision.allCases { _ = RandomTests.masks(precision) }
        }
    }

    @Test("dropout keeps the share that it should, and the mean")
    func statistics() {
        let ones = Tensor.constant(1, [1000, 1000])
        for probability in [0.1, 0.3, 0.5, 0.9] {
            let context = Context(isTraining: true, random: RandomState(seed: 99, update: 1))
            let y = context.dropout(ones, Dropout(probability, site: 3)).floats
            let dropped = Double(y.count { $0 == 0 })
            let expected = Double(UInt32((probability * 65_536).rounded())) / 65_536
            let deviation = (expected * (1 - expected) * 1e6).squareRoot()
            #expect(abs(dropped - expected * 1e6) <= 5 * deviation)
            let mean = y.reduce(0.0) { $0 + Double($1) } / 1e6
            #expect(abs(mean - 1) <= 5 * deviation / (1 - expected) / 1e6)
        }
    }

    @Test("another seed, update, site, sequence or position gives another mask")
    func differentPlaces() {
        let ones = Tensor.constant(1, [4, 256])
        func mask(
            seed: UInt64 = 1, update: UInt32 = 2, site: UInt32 = 3, sequence: UInt32 = 4,
            position: Int = 5
        ) -> [Float] {
            let context = Context(
                isTraining: true, random: RandomState(seed: seed, update: update))
            let packing = SequencePacking(
                lengths: [4], sequenceIDs: [sequence], firstPositions: [position])
            return context.dropout(ones, Dropout(0.5, site: site), packing: packing).floats
        }
        let masks = [
            mask(), mask(seed: 2), mask(seed: 1 << 32 + 1), mask(update: 3), mask(site: 4),
            mask(sequence: 5), mask(position: 6),
        ]
        #expect(Set(masks).count == masks.count)
        #expect(mask() == mask())
        // A later position is a later row of the same mask.
        #expect(Array(mask(position: 5)[256...]) == Array(mask(position: 6)[..<768]))
    }

    @Test("a sequence has the same mask wherever it is packed")
    func packing() {
        let ones = Tensor.constant(1, [9, 40])
        let context = Context(isTraining: true, random: RandomState(seed: 1))
        func rows(_ lengths: [Int], _ ids: [UInt32], _ range: Range<Int>) -> [Float] {
            let packing = SequencePacking(lengths: lengths, sequenceIDs: ids)
            let y = context.dropout(ones, Dropout(0.5, site: 1), packing: packing)
            return Array(y.floats[range.lowerBound * 40..<range.upperBound * 40])
        }
        #expect(rows([4, 5], [7, 8], 4..<9) == rows([5, 4], [8, 7], 0..<5))
        #expect(rows([4, 5], [7, 8], 0..<4) == rows([5, 4], [8, 7], 5..<9))
    }

    @Test("nothing is dropped outside training, and the tensor is the same")
    func inference() {
        let x = Tensor.seeded([3, 4], seed: 1)
        #expect(Context().dropout(x, Dropout(0.5, site: 1)).sharesMemory(with: x))
    }

    private static func initialisation() -> String {
        digest([
            .randomUniform([1001], low: -0.3, high: 0.7, seed: 0xDEAD_BEEF_0123, site: 9),
            .randomNormal([1001], deviation: 0.02, seed: 0xDEAD_BEEF_0123, site: 9),
        ])
    }

    @Test("initial weights are the same bits on every instruction set", arguments: instructionSets)
    func initialBits(isa: String) async {
        let here: String = Self.initialisation()
        await #expect(processExitsWith: .success) { [isa, here = here as String] in
            try #require(ChildProcess.begin(isa: isa))
            #expect(RandomTests.initialisation() == here)
        }
    }

    @Test("uniform and normal numbers have the moments that they should")
    func moments() {
        let count = 200_000
        let uniform = Tensor.randomUniform([count], low: -1, high: 3, seed: 5, site: 1).floats
        #expect(uniform.allSatisfy { $0 >= -1 && $0 <= 3 })
        let normal = Tensor.randomNormal([count], deviation: 2, seed: 5, site: 1).floats
        for (numbers, mean, variance) in [(uniform, 1.0, 16.0 / 12), (normal, 0.0, 4.0)] {
            let average = numbers.reduce(0.0) { $0 + Double($1) } / Double(count)
            let spread = numbers.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
            #expect(abs(average - mean) <= 5 * (variance / Double(count)).squareRoot())
            #expect(abs(spread / Double(count) - variance) <= 0.03 * variance)
        }
    }
}
