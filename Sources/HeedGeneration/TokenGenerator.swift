import HeedTensor

/// A text that was continued.
public struct GeneratedTokens: Sendable, Equatable {
    /// Why nothing follows.
    public enum Ending: String, Sendable {
        /// An end mark came, which is not among the tokens.
        case endToken = "end"
        /// Whoever saw the tokens come had enough, such as of a text to stop at.
        case stopped = "stop"
        /// The most tokens that were allowed are there.
        case maximumLength = "length"
    }

    /// The tokens, without the prompt and the end mark.
    public internal(set) var tokens: [GeneratedToken] = []
    /// Why nothing follows.
    public internal(set) var ending = Ending.maximumLength
}

/// Continues texts, several at a time: a text that is done leaves the batch at once and another one takes its place.
///
/// What is generated for a text does not depend on its neighbours.
public struct TokenGenerator {
    /// A text in a slot.
    private struct Seat {
        let index: Int
        let slot: Int
        var seen: Set<Int32>
        /// The tokens to feed next: the prompt, then one by one.
        var pending: [Int32]
    }

    /// What is to be continued.
    public struct Prompt: Sendable, Equatable {
        /// The tokens, at least one.
        public var tokens: [Int32]
        /// Tokens that may follow, where that is fewer than the options allow.
        public var limit: Int
        /// Which of several continuations of the same prompt: each has random numbers of its own.
        public var sample: UInt32

        /// A prompt of these tokens.
        public init(_ tokens: [Int32], limit: Int = .max, sample: UInt32 = 0) {
            self.tokens = tokens
            self.limit = limit
            self.sample = sample
        }
    }

    private let prompts: [Prompt]
    private let options: GenerationOptions
    private let sampler: TokenSampler
    private let decoder: any TextDecoder
    private var seats: [Seat] = []
    private var waiting = 0
    /// What there is of each prompt's continuation.
    public private(set) var results: [GeneratedTokens]

    /// A generator of continuations with a decoder whose slots are empty.
    ///
    /// - Throws: `InvalidSearchOption`.
    public init(
        _ prompts: [Prompt], _ options: GenerationOptions, with decoder: any TextDecoder
    ) throws {
        try options.validate(vocabularySize: decoder.vocabularySize)
        require(
            prompts.allSatisfy { !$0.tokens.isEmpty } && (decoder.slotCount > 0 || prompts.isEmpty),
            "TokenGenerator", "a prompt has no token, or there is no slot")
        self.prompts = prompts
        self.options = options
        self.decoder = decoder
        sampler = TokenSampler(options)
        results = prompts.map { _ in GeneratedTokens() }
    }

    /// Whether there is something to do.
    public var hasWork: Bool { !seats.isEmpty || waiting < prompts.count }

    /// Adds a token to each text in the batch.
    ///
    /// - Parameters:
    ///   - continues: is told the number of a prompt and its new token; false ends that text.
    ///   - ended: is told the number of a prompt whose text has ended.
    /// - Throws: `SearchFailure`, whose sentence is the number of a prompt, and what the decoder throws.
    public mutating func step(
        _ continues: (_ prompt: Int, _ token: GeneratedToken) throws -> Bool = { _, _ in true },
        ended: (_ prompt: Int) throws -> Void = { _ in }
    ) throws {
        admit()
        let logits = try decoder.append(seats.map(\.pending), slots: seats.map(\.slot))
        var staying: [Seat] = []
        for (row, seat) in seats.enumerated() {
            var seat = seat
            let found = try choose(logits.rowsView(row..<row + 1), seat)
            if try add(found, to: seat.index, continues) {
                seat.seen.insert(found.token)
                seat.pending = [found.token]
                staying.append(seat)
            } else {
                decoder.release(slot: seat.slot)
                try ended(seat.index)
            }
        }
        seats = staying
    }

    /// Continues all texts.
    ///
    /// - Parameters:
    ///   - shouldStop: asked before every token; by default whether the task was cancelled.
    ///   - continues: told of every token of a prompt; false ends that text.
    /// - Returns: the continuation of each prompt.
    /// - Throws: `SearchFailure`, `CancellationError`, and what the decoder throws; its slots are empty then, too.
    public mutating func run(
        shouldStop: () -> Bool = { Task.isCancelled },
        _ continues: (_ prompt: Int, _ token: GeneratedToken) throws -> Bool = { _, _ in true }
    ) throws -> [GeneratedTokens] {
        do {
            while hasWork {
                if shouldStop() { throw CancellationError() }
                try step(continues)
            }
        } catch {
            for seat in seats { decoder.release(slot: seat.slot) }
            seats = []
            throw error
        }
        return results
    }

    private mutating func admit() {
        let taken = Set(seats.map(\.slot))
        for slot in 0..<decoder.slotCount where !taken.contains(slot) {
            guard waiting < prompts.count else { return }
            let prompt = prompts[waiting].tokens
            seats.append(
                Seat(index: waiting, slot: slot, seen: Set(prompt), pending: prompt))
            waiting += 1
        }
    }

    private func choose(_ logits: Tensor, _ seat: Seat) throws -> GeneratedToken {
        let index = results[seat.index].tokens.count
        do {
            return try sampler.choose(
                logits, seen: seat.seen, index: index, sample: prompts[seat.index].sample)
        } catch let error as NonFiniteLogits {
            throw SearchFailure(
                sentence: seat.index, position: index, reason: error.description)
        }
    }

    /// Adds a token to a text; returns whether more may follow.
    private mutating func add(
        _ found: GeneratedToken, to index: Int,
        _ continues: (_ prompt: Int, _ token: GeneratedToken) throws -> Bool
    ) throws -> Bool {
        if sampler.ends(found.token) {
            results[index].ending = .endToken
            return false
        }
        results[index].tokens.append(found)
        guard try continues(index, found) else {
            results[index].ending = .stopped
            return false
        }
        return results[index].tokens.count < min(options.maximumLength, prompts[index].limit)
    }
}
