import HeedGeneration
import HeedTensor
import Testing

/// A decoder whose logits are a function of the sentence and of the tokens so far, and which checks how its slots are
/// used.
final class ToyDecoder: IncrementalDecoder {
    struct History: Hashable {
        var sentence: Int
        /// With the start token.
        var tokens: [Int32] = []
    }

    let vocabularySize: Int
    let slotCount: Int
    private let logits: (History) -> [Float]
    private(set) var slots: [History?]
    /// How many slots each step fed.
    private(set) var steps: [Int] = []
    private(set) var copyCount = 0

    init(vocabularySize: Int, slotCount: Int, logits: @escaping (History) -> [Float]) {
        self.vocabularySize = vocabularySize
        self.slotCount = slotCount
        self.logits = logits
        slots = [History?](repeating: nil, count: slotCount)
    }

    func start(sentences: [Int], slots targets: [Int]) {
        #expect(sentences.count == targets.count)
        for (sentence, slot) in zip(sentences, targets) {
            #expect(slots[slot] == nil, "slot \(slot) was not empty")
            slots[slot] = History(sentence: sentence)
        }
    }

    func advance(_ tokens: [Int32], slots targets: [Int]) -> Tensor {
        #expect(Set(targets).count == targets.count, "a slot was fed twice")
        #expect(tokens.count == targets.count)
        steps.append(targets.count)
        var rows: [Float] = []
        for (token, slot) in zip(tokens, targets) {
            #expect(slots[slot] != nil, "slot \(slot) was empty")
            slots[slot]?.tokens.append(token)
            rows += slots[slot].map(logits) ?? []
        }
        let histories = targets.compactMap { slots[$0] }
        #expect(Set(histories).count == histories.count, "two slots hold the same hypothesis")
        return Tensor(rows, shape: [targets.count, vocabularySize])
    }

    func copy(slot source: Int, to target: Int) {
        #expect(slots[source] != nil, "slot \(source) was copied empty")
        slots[target] = slots[source]
        copyCount += 1
    }

    func release(slot: Int) {
        #expect(slots[slot] != nil, "slot \(slot) was released empty")
        slots[slot] = nil
    }

    var isEmpty: Bool { slots.allSatisfy { $0 == nil } }
}

/// Logits that look random and depend on nothing but the sentence, the tokens and the seed.
struct ToyLogits {
    var seed: UInt64
    var vocabularySize: Int
    /// The number of different values; few make many ties.
    var levels: UInt64 = 1 << 20

    func callAsFunction(_ history: ToyDecoder.History) -> [Float] {
        var state = seed &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(history.sentence &+ 1)
        for token in history.tokens {
            state = mixed(state ^ UInt64(UInt32(bitPattern: token) &+ 1))
        }
        return (0..<vocabularySize).map { token in
            let level = mixed(state &+ UInt64(token) &* 0xD134_2543_DE82_EF95) % levels
            return Float(level) / Float(levels) * 4
        }
    }

    private func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
