public import HeedTensor

/// What a model offers to a search: sequences that grow by one token at a time, each in a slot of its caches.
///
/// Slots are numbered from 0. A slot is empty, or holds a sequence: what it depends on (the sentence to translate, a
/// prompt) and the tokens fed so far.
public protocol IncrementalDecoder: AnyObject {
    /// The number of tokens that a row of logits has.
    var vocabularySize: Int { get }

    /// The number of sequences that can be held at a time.
    var slotCount: Int { get }

    /// Begins sequences without tokens in empty slots, which stay empty when an error is thrown.
    ///
    /// - Parameters:
    ///   - sentences: the caller's numbers of what they depend on; a model encodes them here, together.
    ///   - slots: as many empty slots.
    func start(sentences: [Int], slots: [Int]) throws

    /// Feeds one token to each of these different slots.
    ///
    /// - Returns: logits of the next token, float32 [slots, vocabulary], row i for `slots[i]`. A row must not
    ///   depend on the other rows.
    func advance(_ tokens: [Int32], slots: [Int]) throws -> Tensor

    /// Feeds one token to each of these different slots.
    ///
    /// - Returns: for each slot the `count` most probable next tokens, as `Tensor.mostProbableTokens` finds them among
    ///   the logits that the other form of this function returns; models find them faster than so.
    /// - Throws: `NonFiniteLogits`, and what the other form throws.
    func advance(
        _ tokens: [Int32], slots: [Int], candidates count: Int, excluding excluded: [Int32]
    ) throws -> TokenCandidates

    /// Makes `target`, whatever it holds, the same sequence as `source`.
    func copy(slot source: Int, to target: Int)

    /// Empties a slot.
    func release(slot: Int)
}

extension IncrementalDecoder {
    /// Finds the candidates among logits.
    public func advance(
        _ tokens: [Int32], slots: [Int], candidates count: Int, excluding excluded: [Int32]
    ) throws -> TokenCandidates {
        let logits = try advance(tokens, slots: slots)
        require(
            logits.shape == [slots.count, vocabularySize], "IncrementalDecoder",
            "logits of \(slots.count) slots", [logits.shape])
        return try logits.mostProbableTokens(count, excluding: excluded)
    }
}

/// A decoder whose sequences can grow by many tokens at a time, such as prompts.
public protocol TextDecoder: IncrementalDecoder {
    /// Feeds tokens, at least one each, to these different slots.
    ///
    /// - Returns: logits of the next token after the last of each, float32 [slots, vocabulary]. A row must not depend on
    ///   the other rows, nor on how many tokens come at a time.
    func append(_ tokens: [[Int32]], slots: [Int]) throws -> Tensor
}
