import HeedFormats
import HeedPatterns

/// A rule that cuts the normalized text into words: the `pre_tokenizer` of a tokenizer.json.
indirect enum PreTokenizer: Sendable, Equatable {
    /// Replaces spaces by a visible character, may put one in front, and starts a word at each of them.
    case metaspace(Metaspace)
    /// Cuts at punctuation.
    case punctuation(SplitBehavior)
    /// Makes each digit, or each run of digits, a word.
    case digits(individual: Bool)
    /// Cuts at white space, which is removed.
    case whitespaceSplit
    /// Makes words of runs of `\w` and of runs of other signs, without white space.
    case whitespace
    /// BERT's rule: white space is removed, each punctuation mark is a word.
    case bert
    /// Cuts by a pattern.
    case split(pattern: TextPattern, behavior: SplitBehavior, inverted: Bool)
    /// Cuts where the script changes.
    case unicodeScripts
    /// Cuts at a character, which is removed.
    case delimiter(Unicode.Scalar)
    /// Cuts every so many characters.
    case fixedLength(Int)
    /// Cuts by GPT-2's pattern, and makes a visible character of each byte.
    case byteLevel(addsSpace: Bool, splits: Bool, trimsOffsets: Bool)
    /// Several rules in turn.
    case sequence([PreTokenizer])

    /// The rules without nesting.
    var flattened: [PreTokenizer] {
        if case .sequence(let rules) = self { rules.flatMap(\.flattened) } else { [self] }
    }

    /// Each punctuation mark is a word.
    static let punctuation = PreTokenizer.punctuation(.isolated)

    /// What the rule does to words.
    ///
    /// - Parameter keepsBytes: whether the last step leaves the bytes as they are, of which a byte-level
    ///   model is to be told.
    /// - Parameter budget: what the patterns' searches of the whole text may still take.
    /// - Throws: `PatternError` where a pattern takes too many steps.
    func apply(
        to text: inout SplitText, keepsBytes: Bool, within budget: inout SearchBudget
    ) throws {
        let kinds = CharacterKinds.shared
        switch self {
        case .metaspace(let rule): rule.apply(to: &text)
        case .punctuation(let behavior):
            text.split(behavior) { kinds[$0].contains(.punctuation) }
        case .digits(let individual):
            text.split(individual ? .isolated : .contiguous) { kinds[$0].contains(.number) }
        case .whitespaceSplit: text.split(.removed) { kinds[$0].contains(.whitespace) }
        case .whitespace: text.cut(Self.cutWords)
        case .bert:
            text.split(.removed) { kinds[$0].contains(.whitespace) }
            text.split(.isolated) { kinds[$0].contains(.punctuation) }
        case .split(let pattern, let behavior, let inverted):
            if let scanner = pattern.scanner, !inverted, behavior == .isolated {
                text.cut { scanner.appendWords(in: $0, $1, to: &$2) }
            } else {
                try text.split(behavior, inverted: inverted) {
                    try pattern.appendMatches(in: $0, $1, to: &$2, within: &budget)
                }
            }
        case .unicodeScripts: text.cut(Self.cutScripts)
        case .delimiter(let scalar): text.split(.removed) { $0 == scalar.value }
        case .fixedLength(let length):
            text.cut { bytes, word, words in
                var start = word.lowerBound
                while start < word.upperBound {
                    var end = start
                    for _ in 0..<length where end < word.upperBound {
                        end = min(word.upperBound, end + UTF8Bytes.length(bytes[end]))
                    }
                    words.append(start..<end)
                    start = end
                }
            }
        case .byteLevel(let addsSpace, let splits, _):
            if addsSpace { text.addSpaces() }
            if splits { text.cut { SplitScanner.gpt2.appendWords(in: $0, $1, to: &$2) } }
            if !keepsBytes { text.rewriteWords { $0.makeBytesVisible() } }
        case .sequence(let rules):
            for (index, rule) in rules.enumerated() {
                try rule.apply(
                    to: &text, keepsBytes: keepsBytes && index == rules.count - 1, within: &budget)
            }
        }
    }

    /// Whether the last step is `byteLevel`, whose visible characters a model may do without.
    var endsWithBytes: Bool {
        if case .byteLevel = flattened.last { true } else { false }
    }

    private static func cutWords(
        _ bytes: [UInt8], _ word: Range<Int>, _ words: inout [Range<Int>]
    ) {
        let table = SplitClass.table
        var (start, last): (Int, UInt8) = (word.lowerBound, SplitClass.whitespace)
        var position = word.lowerBound
        while position < word.upperBound {
            let scalar = UTF8Bytes.scalar(in: bytes, at: position)
            let bits = table[scalar.value] & (SplitClass.word | SplitClass.whitespace)
            if bits != last {
                if last != SplitClass.whitespace { words.append(start..<position) }
                start = position
                last = bits
            }
            position = scalar.next
        }
        if last != SplitClass.whitespace, start < word.upperBound {
            words.append(start..<word.upperBound)
        }
    }

    /// Cuts before each character of another script than the last one that had a script; what stands before
    /// the first one is dropped, as in the `tokenizers` library.
    private static func cutScripts(
        _ bytes: [UInt8], _ word: Range<Int>, _ words: inout [Range<Int>]
    ) {
        let table = ScriptTable.table
        var start: Int?
        var last: UInt8 = 0
        var position = word.lowerBound
        while position < word.upperBound {
            let scalar = UTF8Bytes.scalar(in: bytes, at: position)
            let script = table[scalar.value]
            if script != 0, script != last {
                if let start { words.append(start..<position) }
                start = position
                last = script
            }
            position = scalar.next
        }
        if let start { words.append(start..<word.upperBound) }
    }
}

/// Spaces as visible characters: the rule that sentencepiece's models need.
struct Metaspace: Sendable, Equatable {
    /// Where a mark is put in front.
    enum PrependScheme: String, Sendable, CaseIterable {
        case always
        case never
        case first
    }

    let replacement: Unicode.Scalar
    var prependScheme = PrependScheme.never
    var splits = true

    func apply(to text: inout SplitText) {
        let mark = Array(String(replacement).utf8)
        let scheme = prependScheme
        if text.text.bytes.contains(0x20) || scheme != .never {
            // Only the part of a text that begins where the text does is first.
            text.rewriteWords { part in
                part.replace([0x20], with: mark)
                guard scheme != .never, !part.bytes.hasBytes(mark, at: 0) else { return }
                if scheme == .always || part.start == 0 { part.prepend(mark) }
            }
        }
        guard splits else { return }
        text.split(.mergedWithNext) { $0.appendOccurrences(of: mark, in: $1, to: &$2) }
    }
}
