/// The rules of a pre-tokenizer compiled into one pass over the text.
///
/// Every rule that is supported decides from single characters where to cut, so that all of them
/// together are one kind for each character.
struct WordSplitter: Sendable {
    /// What a character does to the words around it.
    private enum Kind: UInt8 {
        /// Continues the word.
        case plain
        /// Begins a word.
        case begins
        /// Is a word.
        case isolated
        /// Continues a word of characters like it.
        case grouped
        /// Ends the word and belongs to none.
        case removed
    }

    private var metaspace: Unicode.Scalar?
    private var isolatesPunctuation = false
    private var digits: Kind = .plain
    private var removesWhitespace = false
    private var asciiKinds = [Kind](repeating: .plain, count: 128)

    init(_ rule: PreTokenizer?) {
        for rule in rule?.flattened ?? [] {
            switch rule {
            case .metaspace(let replacement): metaspace = replacement
            case .punctuation: isolatesPunctuation = true
            case .digits(let individual):
                digits = individual || digits == .isolated ? .isolated : .grouped
            case .whitespaceSplit: removesWhitespace = true
            case .sequence: break
            }
        }
        for value in 0..<UInt32(128) { asciiKinds[Int(value)] = kind(of: value) }
    }

    private func kind(of scalar: UInt32) -> Kind {
        let kinds = CharacterKinds.shared[scalar]
        if removesWhitespace, kinds.contains(.whitespace) { return .removed }
        if isolatesPunctuation, kinds.contains(.punctuation) { return .isolated }
        if digits != .plain, kinds.contains(.number) { return digits }
        return scalar == metaspace?.value ? .begins : .plain
    }

    /// Puts the visible character into the place of spaces, where the rules say so.
    func prepare(_ text: inout NormalizedText) {
        guard let metaspace else { return }
        text.replace([0x20], with: Array(String(metaspace).utf8))
    }

    /// Calls `body` with the range of each word of a prepared text; no word is empty.
    func forEachWord(in bytes: [UInt8], _ body: (Range<Int>) -> Void) {
        var start = 0
        var previous = Kind.plain
        var position = 0
        while position < bytes.count {
            let kind: Kind
            let next: Int
            if bytes[position] < 0x80 {
                kind = asciiKinds[Int(bytes[position])]
                next = position + 1
            } else {
                let scalar = UTF8Bytes.scalar(in: bytes, at: position)
                kind = self.kind(of: scalar.value)
                next = scalar.next
            }
            let cuts =
                switch (previous, kind) {
                case (.isolated, _), (_, .isolated), (_, .begins), (_, .removed), (.removed, _):
                    true
                case (.grouped, .grouped): false
                case (.grouped, _), (_, .grouped): true
                default: false
                }
            if cuts {
                if previous != .removed, start < position { body(start..<position) }
                start = position
            }
            previous = kind
            position = next
        }
        if previous != .removed, start < bytes.count { body(start..<bytes.count) }
    }
}

/// What happens to a text before the model sees it: the normalizer, then the pre-tokenizer.
struct WordCutter: Sendable {
    private let normalizer: Normalizer?
    private let splitter: WordSplitter

    init(normalizer: Normalizer?, preTokenizer: PreTokenizer?) {
        self.normalizer = normalizer
        splitter = WordSplitter(preTokenizer)
    }

    /// Normalizes the text and calls `body` with each word, as bytes and a range of them.
    func forEachWord(of text: inout NormalizedText, _ body: ([UInt8], Range<Int>) -> Void) {
        normalizer?.apply(to: &text)
        splitter.prepare(&text)
        let bytes = text.bytes
        splitter.forEachWord(in: bytes) { body(bytes, $0) }
    }
}
