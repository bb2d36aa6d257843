import HeedTensor

/// Greedy and beam search over many sentences at a time.
///
/// Each sentence has as many slots of the decoder as the beam is wide. A sentence that is done leaves the batch at once
/// and another one takes its place; what is found for a sentence, to the last bit of the score, does not depend on
/// its neighbours. Candidates, scores and stopping are those of the beam search of `transformers`: of the best 2 · beam
/// extensions, end marks among the first `beam` complete a hypothesis, and the best others go on. Ties are
/// broken in favour of what ended earlier, then of the better predecessor, then of the lower token.
public struct BeamSearch: Sendable {
    /// How it decodes.
    public let options: BeamSearchOptions

    /// A search with these options.
    ///
    /// - Throws: `InvalidSearchOption`.
    public init(_ options: BeamSearchOptions) throws {
        try options.validate()
        self.options = options
    }

    /// Decodes sentences.
    ///
    /// - Parameters:
    ///   - sentences: the numbers by which the decoder knows them, in the order in which they enter the batch.
    ///   - limits: a maximum length for each of them, at least 1, where that of the options is too large.
    ///   - startTokens: a token for each of them to be fed first, such as a prompt's last, in place of that of the options.
    ///   - watchers: for each sentence who may end a hypothesis of it, as an end mark does, at any token.
    ///   - decoder: the model; its slots are empty before and after, also when an error is thrown.
    ///   - shouldStop: asked before every step; by default whether the task was cancelled.
    /// - Returns: for each of `sentences` its hypotheses, best first: at least one, at most `hypothesisCount`.
    /// - Throws: `InvalidSearchOption`, `SearchFailure`, `CancellationError`, and what the decoder throws.
    public func search(
        _ sentences: [Int], limits: [Int]? = nil, startTokens: [Int32]? = nil,
        watchers: [any HypothesisWatcher]? = nil, with decoder: any IncrementalDecoder,
        shouldStop: () -> Bool = { Task.isCancelled }
    ) throws -> [[Hypothesis]] {
        try options.validate(vocabularySize: decoder.vocabularySize)
        let places = decoder.slotCount / options.beamWidth
        guard places > 0 || sentences.isEmpty else {
            throw InvalidSearchOption(
                option: "beamWidth", value: "\(options.beamWidth)",
                rule: "must not exceed the decoder's \(decoder.slotCount) slots")
        }
        require(
            limits == nil || limits?.count == sentences.count, "BeamSearch",
            "\(limits?.count ?? 0) limits for \(sentences.count) sentences")
        require(
            watchers == nil || watchers?.count == sentences.count, "BeamSearch",
            "\(watchers?.count ?? 0) watchers for \(sentences.count) sentences")
        let starts = startTokens ?? sentences.map { _ in options.startToken }
        require(
            starts.count == sentences.count
                && starts.allSatisfy { 0..<Int32(clamping: decoder.vocabularySize) ~= $0 },
            "BeamSearch", "start tokens \(starts) for \(sentences.count) sentences")
        var batch = SearchBatch(
            options: options, sentences: sentences, starts: starts,
            limits: (limits ?? sentences.map { _ in options.maximumLength }).map {
                max(1, min($0, options.maximumLength))
            }, watchers: watchers, places: places, decoder: decoder)
        do {
            while batch.hasWork {
                if shouldStop() { throw CancellationError() }
                try batch.step()
            }
        } catch {
            batch.releaseAll()
            throw error
        }
        return batch.results
    }
}

/// A search that cannot go on: the model gave no distribution, or no token a probability.
public struct SearchFailure: Error, CustomStringConvertible {
    /// The sentence, by the caller's number.
    public let sentence: Int
    /// The position of the token that was looked for, from 0.
    public let position: Int
    /// What is wrong there.
    public let reason: String

    /// Sentence, position and reason in one line.
    public var description: String { "sentence \(sentence), token \(position): \(reason)" }

    /// The same of a sentence that has another number in a larger set.
    package func renumbered(_ number: Int) -> SearchFailure {
        SearchFailure(sentence: number, position: position, reason: reason)
    }
}

/// The sentences that are being decoded, those that wait, and the results.
private struct SearchBatch {
    /// A sentence in its place.
    struct Seat {
        let index: Int
        let place: Int
        var beam: SentenceBeam
    }

    let options: BeamSearchOptions
    let sentences: [Int]
    let starts: [Int32]
    let limits: [Int]
    let watchers: [any HypothesisWatcher]?
    let places: Int
    let decoder: any IncrementalDecoder
    private var seats: [Seat] = []
    private var waiting = 0
    private(set) var results: [[Hypothesis]]

    init(
        options: BeamSearchOptions, sentences: [Int], starts: [Int32], limits: [Int],
        watchers: [any HypothesisWatcher]?, places: Int, decoder: any IncrementalDecoder
    ) {
        self.options = options
        self.sentences = sentences
        self.starts = starts
        self.limits = limits
        self.watchers = watchers
        self.places = places
        self.decoder = decoder
        results = sentences.map { _ in [] }
    }

    var hasWork: Bool { !seats.isEmpty || waiting < sentences.count }

    mutating func step() throws {
        try admit()
        let open = seats.flatMap(\.beam.open)
        let candidates = try candidates(after: open)
        var row = 0
        for index in seats.indices {
            let count = seats[index].beam.open.count
            let changes = seats[index].beam.step(candidates, firstRow: row)
            row += count
            for copy in changes.copies { decoder.copy(slot: copy.source, to: copy.target) }
            for slot in changes.released { decoder.release(slot: slot) }
        }
        try dismiss()
    }

    /// Lets waiting sentences in once a quarter of the places is free: a model encodes them together.
    private mutating func admit() throws {
        let taken = Set(seats.map(\.place))
        let free = (0..<places).filter { !taken.contains($0) }
        let count = min(free.count, sentences.count - waiting)
        guard count > 0, seats.isEmpty || free.count * 4 >= places else { return }
        let width = options.beamWidth
        let entering = waiting..<waiting + count
        try decoder.start(
            sentences: Array(sentences[entering]), slots: free.prefix(count).map { $0 * width })
        for (index, place) in zip(entering, free) {
            let beam = SentenceBeam(
                options, startToken: starts[index], maximumLength: limits[index],
                watcher: watchers?[index], slots: place * width..<(place + 1) * width)
            seats.append(Seat(index: index, place: place, beam: beam))
        }
        waiting += count
    }

    private func candidates(after open: [SentenceBeam.Open]) throws -> TokenCandidates {
        do {
            return try decoder.advance(
                open.map(\.token), slots: open.map(\.slot),
                candidates: SentenceBeam.candidateCount(options),
                excluding: options.forbiddenTokens)
        } catch let error as NonFiniteLogits {
            var row = error.row
            for seat in seats {
                if row < seat.beam.open.count {
                    throw SearchFailure(
                        sentence: sentences[seat.index], position: seat.beam.length,
                        reason: error.description)
                }
                row -= seat.beam.open.count
            }
            throw error
        }
    }

    /// Takes the results of sentences that are done out of the batch.
    private mutating func dismiss() throws {
        for seat in seats where seat.beam.isDone {
            results[seat.index] = seat.beam.hypotheses()
            if results[seat.index].isEmpty {
                throw SearchFailure(
                    sentence: sentences[seat.index], position: seat.beam.length - 1,
                    reason: "no token that is allowed has a probability above 0")
            }
        }
        seats.removeAll { $0.beam.isDone }
    }

    /// Empties the slots of all sentences.
    func releaseAll() {
        for slot in seats.flatMap(\.beam.open).map(\.slot) { decoder.release(slot: slot) }
    }
}
