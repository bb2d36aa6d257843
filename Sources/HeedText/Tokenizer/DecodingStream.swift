/// Turns ids into text one by one, as a model makes them, without ever cutting a character.
///
/// ```swift
/// var stream = DecodingStream(tokenizer)
/// for id in ids { if let text = try stream.add(id) { print(text, terminator: "") } }
/// ```
/// What it returns, joined, is what `decode` returns for all ids, but for an unfinished character at the end, and
/// for bytes that an invalid one behind them makes invalid, too, when they have been returned already.
public struct DecodingStream: Sendable {
    private let tokenizer: Tokenizer
    private let skipsSpecialTokens: Bool
    /// The ids that those to come are decoded with, then those whose text waits.
    private var ids: [Int32] = []
    /// How many of the ids do not wait.
    private var given = 0
    /// Whether the text begins before the first of the ids.
    private var isCut: Bool
    /// Their text.
    private var prefix: [UInt8] = []

    /// Ids of a prompt with which those that follow are decoded.
    private static let context = 8
    /// No more ids wait than this, unless every cut between them would change the text.
    private static let longestWait = 12
    /// A character is not finished by up to three bytes, each of which may be an id.
    private static let unfinishedBytes = 3

    /// Makes a stream of the text behind a prompt.
    ///
    /// - Parameters:
    ///   - tokenizer: the tokenizer of the ids.
    ///   - prompt: ids that are not returned; a character that they begin is returned as a whole.
    ///   - skippingSpecialTokens: whether special tokens are left out.
    public init(
        _ tokenizer: Tokenizer, after prompt: [Int32] = [], skippingSpecialTokens: Bool = true
    ) {
        self.tokenizer = tokenizer
        skipsSpecialTokens = skippingSpecialTokens
        ids = Array(prompt.suffix(Self.context))
        isCut = ids.count < prompt.count
        given = ids.count
        // An id without a piece in the prompt is no reason to refuse what follows.
        if let text = try? decoded(ids[...]) {
            prefix = text.droppingUnfinished()
        } else {
            ids = []
            given = 0
        }
    }

    /// Takes an id, and returns what text became certain, or nil if none did.
    ///
    /// - Throws: what `decode` throws; the id is left out then.
    public mutating func add(_ id: Int32) throws -> String? {
        if skipsSpecialTokens, tokenizer.added.isSkipped(id) { return nil }
        ids.append(id)
        do {
            let text = try decoded(ids[...])
            guard text != prefix else { return nil }
            guard text.isUnfinished else { return try advance(text, to: ids.count) }
            guard ids.count - given > Self.longestWait, let cut = try certainEnd(text) else {
                return nil
            }
            return try advance(decoded(ids[..<cut]), to: cut)
        } catch {
            ids.removeLast()
            throw error
        }
    }

    /// What is left when no id follows: the remains of a character that was not finished.
    ///
    /// - Throws: what `decode` throws.
    public mutating func finish() throws -> String? {
        defer { (ids, given, isCut, prefix) = ([], 0, false, []) }
        guard given < ids.count else { return nil }
        let rest = try added(decoded(ids[...]), to: ids.count)
        return rest.isEmpty ? nil : rest
    }

    private func decoded(_ ids: ArraySlice<Int32>) throws -> [UInt8] {
        try tokenizer.decodedBytes(
            Array(ids), skipsSpecialTokens, continues: isCut || ids.startIndex > 0)
    }

    /// Gives the ids up to an end, whose text is known, away; those given last stay as the context of what follows.
    private mutating func advance(_ text: [UInt8], to end: Int) throws -> String {
        let new = try added(text, to: end)
        // The context must not begin inside of a character.
        var start = given
        prefix = try decoded(ids[start..<end])
        while prefix.beginsUnfinished, start > 0, given - start < Self.context {
            start -= 1
            prefix = try decoded(ids[start..<end])
        }
        ids.removeFirst(start)
        isCut = isCut || start > 0
        given = end - start
        return new
    }

    /// What a text has beyond the prefix.
    private func added(_ text: [UInt8], to end: Int) throws -> String {
        guard text.starts(with: prefix) else {
            // What came before looks different now; it cannot be taken back.
            return String(decoding: try decoded(ids[given..<end]), as: UTF8.self)
        }
        return String(decoding: text[prefix.count...], as: UTF8.self)
    }

    /// An end before which ids that are no text stay what they are, whatever follows.
    private func certainEnd(_ text: [UInt8]) throws -> Int? {
        let last = ids.count - Self.unfinishedBytes
        for end in stride(from: last, to: max(given, last - Self.context), by: -1)
        where try decoded(ids[..<end]) + decoded(ids[end...]) == text {
            return end
        }
        return nil
    }
}

extension [UInt8] {
    /// What stands in a text for bytes that are none.
    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    /// Whether a text ends with the mark of an unfinished character.
    fileprivate var isUnfinished: Bool { suffix(3).elementsEqual(Self.replacement) }

    /// Whether a text begins with one.
    fileprivate var beginsUnfinished: Bool { starts(with: Self.replacement) }

    /// The text without such marks at the end.
    fileprivate func droppingUnfinished() -> [UInt8] {
        var rest = self[...]
        while rest.suffix(3).elementsEqual(Self.replacement) { rest.removeLast(3) }
        return Array(rest)
    }
}
