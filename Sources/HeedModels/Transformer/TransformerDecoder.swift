import HeedFormats
public import HeedGeneration
import HeedNN
public import HeedTensor

/// A Transformer that translates a batch of sentences token by token, as a search asks it to.
///
/// Each sentence's memory is projected once for every decoder layer; each hypothesis has a slot of the layers' caches.
public final class TransformerDecoder: IncrementalDecoder {
    private let model: Transformer
    private let sources: [[Int32]]
    private let context: Context
    private let caches: [KeyValueCache]
    private let memoryCaches: [KeyValueCache]
    /// The place of each slot's sentence in the caches of memories; nil for an empty slot.
    private var places: [Int?]
    private var freePlaces: [Int]

    /// A decoder for these sentences, int32 ids that end with the end mark.
    ///
    /// - Parameters:
    ///   - model: what decodes.
    ///   - sources: the sentences.
    ///   - beamWidth: slots of each sentence.
    ///   - maximumLength: tokens of a hypothesis at most.
    ///   - context: where it computes.
    public init(
        _ model: Transformer, sources: [[Int32]], beamWidth: Int, maximumLength: Int,
        _ context: Context
    ) {
        self.model = model
        self.sources = sources
        self.context = context.withoutGradient
        let slots = sources.count * beamWidth
        let longest = sources.map(\.count).max() ?? 0
        caches = model.decoder.layers.map {
            $0.makeCache(slots: slots, capacity: maximumLength, context)
        }
        memoryCaches = model.decoder.layers.map {
            $0.makeMemoryCache(slots: sources.count, capacity: longest, context)
        }
        places = [Int?](repeating: nil, count: slots)
        freePlaces = Array(sources.indices.reversed())
    }

    /// The tokens of the target vocabulary.
    public var vocabularySize: Int { model.configuration.targetVocabulary }

    /// The hypotheses that can be held at a time.
    public var slotCount: Int { places.count }

    /// Encodes sentences together, each for one slot.
    public func start(sentences: [Int], slots: [Int]) {
        guard !sentences.isEmpty else { return }
        context.profiler?.begin("encoding")
        defer { context.profiler?.end() }
        let taken = sentences.compactMap { _ in freePlaces.popLast() }
        let packing = SequencePacking(lengths: sentences.map { sources[$0].count })
        let memory = model.encoder(
            Tensor(sentences.flatMap { sources[$0] }), packing: packing, context)
        for (layer, cache) in zip(model.decoder.layers, memoryCaches) {
            for place in taken { cache.clear(slot: place) }
            layer.project(memory, ranges: packing.ranges, context).append(
                to: cache, packing: packing, slots: taken)
        }
        for (slot, place) in zip(slots, taken) { places[slot] = place }
    }

    /// Feeds a token to each slot; returns the logits of the next ones, float32 [slots, V].
    public func advance(_ tokens: [Int32], slots: [Int]) -> Tensor {
        let states = states(tokens, slots: slots)
        return context.converted(model.logits(states, context), to: .float32)
    }

    /// Feeds a token to each slot; returns the most probable next ones.
    public func advance(
        _ tokens: [Int32], slots: [Int], candidates count: Int, excluding excluded: [Int32]
    ) throws -> TokenCandidates {
        try model.mostProbableTokens(
            states(tokens, slots: slots), count: count, excluding: excluded, context)
    }

    /// The decoder's vectors for a token in each slot.
    private func states(_ tokens: [Int32], slots: [Int]) -> Tensor {
        context.profiler?.begin("decoding step")
        defer { context.profiler?.end() }
        let packing = SequencePacking(
            lengths: tokens.map { _ in 1 },
            firstPositions: slots.map { caches.first?.lengths[$0] ?? 0 })
        return model.decoder(
            Tensor(tokens), packing: packing, memories: memories(of: slots), caches: caches,
            slots: slots, context)
    }

    /// The memories that hypotheses in these slots ask; neighbours of one sentence ask together.
    private func memories(of slots: [Int]) -> [ProjectedMemory] {
        var held: [Int] = []
        var askers: [Int] = []
        for place in slots.compactMap({ places[$0] }) {
            if held.last == place {
                askers[askers.count - 1] += 1
            } else {
                held.append(place)
                askers.append(1)
            }
        }
        guard let ranges = memoryCaches.first?.ranges(of: held) else { return [] }
        let packing = SequencePacking(lengths: askers)
        return memoryCaches.map {
            ProjectedMemory($0, ranges: ranges, queryPacking: packing)
        }
    }

    /// Makes a slot the same hypothesis as another.
    public func copy(slot source: Int, to target: Int) {
        guard source != target else { return }
        context.profiler?.begin("cache")
        defer { context.profiler?.end() }
        let previous = places[target]
        places[target] = places[source]
        free(previous)
        for cache in caches { cache.copy(slot: source, to: target) }
    }

    /// Empties a slot.
    public func release(slot: Int) {
        let place = places[slot]
        places[slot] = nil
        free(place)
        for cache in caches { cache.clear(slot: slot) }
    }

    /// Frees a sentence's place when no slot holds one of its hypotheses any more.
    private func free(_ place: Int?) {
        guard let place, !places.contains(place), !freePlaces.contains(place) else { return }
        freePlaces.append(place)
    }
}
