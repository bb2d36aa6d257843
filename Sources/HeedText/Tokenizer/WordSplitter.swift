import HeedPatterns

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

    /// The rules of a pre-tokenizer, or nil if there are others among them.
    init?(_ rule: PreTokenizer?) {
        for (index, rule) in (rule?.flattened ?? []).enumerated() {
            switch rule {
            case .metaspace(let rule)
            where rule.prependScheme == .never && rule.splits && index == 0:
                metaspace = rule.replacement
            case .punctuation(.isolated): isolatesPunctuation = true
            case .digits(let individual):
                digits = individual || digits == .isolated ? .isolated : .grouped
            case .whitespaceSplit: removesWhitespace = true
            case .bert where index == 0:
                removesWhitespace = true
                isolatesPunctuation = true
            default: return nil
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

    /// Appends the range of each word of a prepared text; no word is empty.
    func appendWords(of bytes: [UInt8], to words: inout [Range<Int>]) {
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
                if previous != .removed, start < position { words.append(start..<position) }
                start = position
            }
            previous = kind
            position = next
        }
        if previous != .removed, start < bytes.count { words.append(start..<bytes.count) }
    }
}

/// What cuts a normalized text into words: the rules in one pass where that is possible, else one after another.
struct WordCutter: Sendable {
    private let rule: PreTokenizer?
    private let splitter: WordSplitter?
    private let keepsBytes: Bool

    /// - Parameter keepsBytes: whether the last step leaves bytes as they are, of which the model knows.
    init(_ rule: PreTokenizer?, keepsBytes: Bool = false) {
        self.rule = rule
        self.keepsBytes = keepsBytes
        splitter = WordSplitter(rule)
    }

    /// Cuts a normalized text, which some rules rewrite, into words.
    ///
    /// - Parameter budget: what the patterns' searches of the whole text may still take.
    /// - Throws: `PatternError` where a pattern takes too many steps.
    func cut(
        _ text: inout NormalizedText, into words: inout [Range<Int>],
        within budget: inout SearchBudget
    ) throws {
        words.removeAll(keepingCapacity: true)
        if let splitter {
            splitter.prepare(&text)
            splitter.appendWords(of: text.bytes, to: &words)
            return
        }
        var split = SplitText(text, room: words)
        try rule?.apply(to: &split, keepsBytes: keepsBytes, within: &budget)
        text = split.text
        words = split.words
    }
}
