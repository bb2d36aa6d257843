import HeedFormats
public import HeedGeneration
import HeedNN
public import HeedTensor

/// A language model that continues texts token by token, as a search or a sampler asks it to.
///
/// Each text has a slot of the layers' caches. What is computed for a slot does not depend on the other ones.
public final class LanguageModelDecoder: TextDecoder {
    private let model: LanguageModel
    private let prompts: [[Int32]]
    private let context: Context
    private let caches: [KeyValueCache]
    /// The tokens in each slot.
    private var tokens: [[Int32]]
    /// Tokens that run through the model at a time.
    private static let chunkTokens = 512

    /// A decoder with empty slots.
    ///
    /// - Parameters:
    ///   - model: the model, whose weights stay as they are.
    ///   - prompts: the texts that `start` begins with, none of them empty.
    ///   - slots: texts that can be held at a time.
    ///   - capacity: tokens of a text at most, its prompt included.
    ///   - context: the precision; no gradient is recorded.
    public init(
        _ model: LanguageModel, prompts: [[Int32]] = [], slots: Int, capacity: Int,
        _ context: Context
    ) {
        self.model = model
        self.prompts = prompts
        self.context = context.withoutGradient
        caches = model.layers.map {
            $0.makeCache(slots: slots, capacity: capacity, context)
        }
        tokens = [[Int32]](repeating: [], count: slots)
    }

    /// The tokens of the vocabulary.
    public var vocabularySize: Int { model.configuration.vocabulary }

    /// The texts that can be held at a time.
    public var slotCount: Int { tokens.count }

    /// Reads prompts but for their last tokens, which are the first to be fed.
    public func start(sentences: [Int], slots: [Int]) {
        _ = states(
            of: sentences.map { Array(prompts[$0].dropLast()) }, slots: slots, following: 1)
    }

    /// Feeds tokens to each slot; returns the logits after the last of each, float32 [slots, V].
    public func append(_ tokens: [[Int32]], slots: [Int]) -> Tensor {
        let states = states(of: tokens, slots: slots)
        var context = context
        // The last rows of prompts are few, too.
        context.isDecoding = true
        context.profiler?.begin("projection")
        defer { context.profiler?.end() }
        return context.converted(model.logits(states, context), to: .float32)
    }

    /// Feeds a token to each slot; returns the logits of the next ones, float32 [slots, V].
    public func advance(_ tokens: [Int32], slots: [Int]) -> Tensor {
        append(tokens.map { [$0] }, slots: slots)
    }

    /// Feeds a token to each slot; returns the most probable next ones.
    public func advance(
        _ tokens: [Int32], slots: [Int], candidates count: Int, excluding excluded: [Int32]
    ) throws -> TokenCandidates {
        let states = states(of: tokens.map { [$0] }, slots: slots)
        var context = context
        context.isDecoding = true
        return try model.mostProbableTokens(
            states, count: count, excluding: excluded, context)
    }

    /// The vectors of the last token of each slot that gets any, [slots, D].
    ///
    /// - Parameter following: tokens that belong to what is read, and come after it.
    private func states(of new: [[Int32]], slots: [Int], following: Int = 0) -> Tensor {
        context.profiler?.begin("decoding step")
        defer { context.profiler?.end() }
        let pending = zip(new, slots).map { added, slot in beginAgain(slot, adding: added) }
        // A slot's kernels must not depend on the others': one more token is a step, anything else is reading.
        let isStep = zip(slots, pending).map { !tokens[$0].isEmpty && $1.count == 1 }
        for (slot, added) in zip(slots, pending) { tokens[slot] += added }
        guard isStep.contains(true), isStep.contains(false) else {
            return states(
                of: pending, slots: slots, isStep: isStep.first ?? false, following: following)
        }
        var rows = [Tensor?](repeating: nil, count: slots.count)
        for kind in [false, true] {
            let chosen = slots.indices.filter { isStep[$0] == kind }
            let found = states(
                of: chosen.map { pending[$0] }, slots: chosen.map { slots[$0] }, isStep: kind,
                following: following)
            for (row, index) in chosen.enumerated() {
                rows[index] = found.rowsView(row..<row + 1)
            }
        }
        return context.concatenated(rows.compactMap(\.self))
    }

    /// The same for slots that all make a step, or all read.
    private func states(
        of pending: [[Int32]], slots: [Int], isStep: Bool, following: Int
    ) -> Tensor {
        var context = context
        context.isDecoding = isStep
        var parts: [Tensor] = []
        var queue = ReadingQueue(lengths: pending.map(\.count), chunk: Self.chunkTokens)
        while let pieces = queue.next() {
            let read = pieces.map { slots[$0.index] }
            let ends = pieces.map { tokens[slots[$0.index]].count + following }
            let packing = SequencePacking(
                lengths: pieces.map(\.range.count),
                firstPositions: read.map { caches.first?.lengths[$0] ?? 0 }, totalLengths: ends)
            let finished = zip(pieces, packing.rows).compactMap { piece, rows in
                piece.range.upperBound == pending[piece.index].count ? rows.upperBound - 1 : nil
            }
            let ids = Tensor(pieces.flatMap { pending[$0.index][$0.range] })
            let states = model(
                ids, packing: packing, caches: caches, slots: read, rows: finished, context)
            if !finished.isEmpty { parts.append(states) }
        }
        guard let first = parts.first else { return .zeros([0, model.configuration.width]) }
        return parts.count == 1 ? first : context.concatenated(parts)
    }

    /// What must be fed so that the slot holds its tokens and these: all of them where the length that they reach turns
    /// every position otherwise.
    private func beginAgain(_ slot: Int, adding added: [Int32]) -> [Int32] {
        // As transformers has it, where only this type reads its text again.
        guard model.configuration.type == .phi3,
            case .longRoPE(_, _, let limit, _) = model.configuration.rotary?.scaling,
            !tokens[slot].isEmpty, tokens[slot].count <= limit,
            tokens[slot].count + added.count > limit
        else { return added }
        let all = tokens[slot] + added
        release(slot: slot)
        return all
    }

    /// Makes a slot the same text as another.
    public func copy(slot source: Int, to target: Int) {
        guard source != target else { return }
        context.profiler?.begin("cache")
        defer { context.profiler?.end() }
        tokens[target] = tokens[source]
        for cache in caches { cache.copy(slot: source, to: target) }
    }

    /// Empties a slot.
    public func release(slot: Int) {
        tokens[slot] = []
        for cache in caches { cache.clear(slot: slot) }
    }
}

/// Cuts texts into pieces of which so many tokens are read at a time.
private struct ReadingQueue {
    /// A part of a text.
    struct Piece {
        let index: Int
        let range: Range<Int>
    }

    private let lengths: [Int]
    private let chunk: Int
    private var index = 0
    private var position = 0

    init(lengths: [Int], chunk: Int) {
        self.lengths = lengths
        self.chunk = chunk
    }

    /// The next pieces, of different texts; nil after the last.
    mutating func next() -> [Piece]? {
        var pieces: [Piece] = []
        var room = chunk
        while index < lengths.count, room > 0 {
            let end = min(position + room, lengths[index])
            if end > position { pieces.append(Piece(index: index, range: position..<end)) }
            room -= end - position
            position = end
            if position == lengths[index] { (index, position) = (index + 1, 0) }
        }
        return pieces.isEmpty ? nil : pieces
    }
}
