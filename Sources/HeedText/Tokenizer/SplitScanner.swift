import HeedFormats

/// The split patterns that most byte-level tokenizers share, scanned by hand in one pass.
///
/// Each of them matches every character, so that a text is nothing but its matches. The classes of
/// characters are those of Unicode 16.0 (`SplitClass`). Tests compare the scanners with the pattern
/// engine.
struct SplitScanner: Sendable, Equatable {
    private enum Family: Sendable {
        /// GPT-2: contractions in small letters, a space before letters, numbers or other characters.
        case gpt2
        /// GPT-4 and what follows it: any character before letters, few digits at a time, lines.
        case cl100k
        /// GPT-4o: letters change from large to small inside a word.
        case o200k
    }

    private let family: Family
    /// How many digits stand together.
    private var digits = 3
    /// Whether white space at the end of a text stays together even if it holds line breaks.
    private var keepsTrailingSpace = false

    private init(_ family: Family, digits: Int = 3, keepsTrailingSpace: Bool = false) {
        self.family = family
        self.digits = digits
        self.keepsTrailingSpace = keepsTrailingSpace
    }

    /// The pattern of GPT-2, which the pre-tokenizer `ByteLevel` implies.
    static let gpt2 = SplitScanner(.gpt2)

    /// The scanner of a pattern, or nil if there is none.
    init?(pattern: String) {
        guard let known = Self.known.first(where: { $0.pattern.hasSameBytes(as: pattern) }) else {
            return nil
        }
        self = known.scanner
    }

    /// The patterns that are scanned by hand, in the syntax of oniguruma: tiktoken's say `$` for `\\z`, and
    /// `{1,3}+` for what is `{1,3}` here.
    static let known: [(pattern: String, scanner: SplitScanner)] = [
        // GPT-2, RoBERTa, GPT-NeoX, Phi; in the `tokenizers` library and in tiktoken.
        (
            #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, gpt2
        ),
        (
            #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, gpt2
        ),
        (
            #"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++\z|\s+(?!\S)|\s"#,
            gpt2
        ),
        // Llama 3, and GPT-4 as it was first written.
        (
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            SplitScanner(.cl100k)
        ),
        // GPT-4.
        (
            #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++\z|\s*[\r\n]|\s+(?!\S)|\s"#,
            SplitScanner(.cl100k, keepsTrailingSpace: true)
        ),
        // Qwen 2, 2.5 and 3.
        (
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            SplitScanner(.cl100k, digits: 1)
        ),
        // GPT-4o.
        (
            #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            SplitScanner(.o200k)
        ),
    ]

    /// Appends the matches of a range, which cover it.
    func appendWords(in bytes: [UInt8], _ range: Range<Int>, to words: inout [Range<Int>]) {
        let cursor = SplitCursor(bytes: bytes, end: range.upperBound)
        var position = range.lowerBound
        while position < range.upperBound {
            let next: Int
            switch family {
            case .gpt2: next = cursor.gpt2(position)
            case .cl100k: next = cursor.cl100k(position, digits, keepsTrailingSpace)
            case .o200k: next = cursor.o200k(position)
            }
            let end = min(max(next, position + 1), range.upperBound)
            words.append(position..<end)
            position = end
        }
    }
}

/// A text in which a scanner looks ahead.
private struct SplitCursor {
    private let bytes: [UInt8]
    private let end: Int
    private let table = SplitClass.table
    /// The classes of ASCII.
    private static let asciiClasses = (0..<128).map { SplitClass.table[$0] }
    private let ascii = Self.asciiClasses

    init(bytes: [UInt8], end: Int) {
        self.bytes = bytes
        self.end = end
    }

    /// The class of the character at a position and where it ends; no class at the end of the text.
    @inline(__always)
    private func look(_ position: Int) -> (bits: UInt8, next: Int) {
        guard position < end else { return (0, position) }
        let byte = bytes[position]
        if byte < 0x80 { return (ascii[Int(byte)], position + 1) }
        let scalar = UTF8Bytes.scalar(in: bytes, at: position)
        return (table[scalar.value], min(scalar.next, end))
    }

    /// The end of a run of characters with one of these classes.
    @inline(__always)
    private func run(_ position: Int, _ bits: UInt8) -> Int {
        var position = position
        while position < end {
            let found = look(position)
            if found.bits & bits == 0 { break }
            position = found.next
        }
        return position
    }

    /// The end of a run of characters that are neither letters nor numbers nor white space.
    @inline(__always)
    private func otherRun(_ position: Int) -> Int {
        let bits = SplitClass.letter | SplitClass.number | SplitClass.whitespace
        var position = position
        while position < end {
            let found = look(position)
            if found.bits & bits != 0 { break }
            position = found.next
        }
        return position
    }

    @inline(__always)
    private func byte(_ position: Int) -> UInt8 { position < end ? bytes[position] : 0 }

    /// The end of the contraction at an apostrophe, or nil.
    private func contraction(_ position: Int, ignoringCase: Bool) -> Int? {
        guard byte(position) == UInt8(ascii: "'") else { return nil }
        func letter(_ position: Int) -> UInt8 {
            let byte = byte(position)
            return ignoringCase && byte &- 0x41 < 26 ? byte | 0x20 : byte
        }
        let (first, second) = (letter(position + 1), letter(position + 2))
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return position + 2
        case UInt8(ascii: "r") where second == UInt8(ascii: "e"),
            UInt8(ascii: "v") where second == UInt8(ascii: "e"),
            UInt8(ascii: "l") where second == UInt8(ascii: "l"):
            return position + 3
        // U+017F is a small s.
        case 0xC5 where ignoringCase && second == 0xBF && position + 2 < end: return position + 3
        default: return nil
        }
    }

    /// The end of white space that begins at a position: `\s+(?!\S)|\s+`.
    private func space(_ position: Int) -> Int {
        var last = position
        var next = look(position).next
        while next < end {
            let found = look(next)
            if found.bits & SplitClass.whitespace == 0 { return last > position ? last : next }
            last = next
            next = found.next
        }
        return next
    }

    /// The end of lines that begin at white space, `\s*[\r\n]+`, or nil if there is no line break.
    private func lines(_ position: Int, _ keepsTrailingSpace: Bool) -> Int? {
        var next = position
        var lastBreak: Int?
        while next < end {
            let found = look(next)
            if found.bits & SplitClass.whitespace == 0 { return lastBreak }
            if bytes[next] == 0x0A || bytes[next] == 0x0D { lastBreak = found.next }
            next = found.next
        }
        return keepsTrailingSpace ? next : lastBreak
    }

    func gpt2(_ position: Int) -> Int {
        if let end = contraction(position, ignoringCase: false) { return end }
        var first = position
        var found = look(position)
        if bytes[position] == 0x20 {
            let following = look(found.next)
            if found.next < end, following.bits & SplitClass.whitespace == 0 {
                first = found.next
                found = following
            }
        }
        if found.bits & SplitClass.letter != 0 { return run(found.next, SplitClass.letter) }
        if found.bits & SplitClass.number != 0 { return run(found.next, SplitClass.number) }
        if found.bits & SplitClass.whitespace != 0 { return space(first) }
        return otherRun(found.next)
    }

    func cl100k(_ position: Int, _ digits: Int, _ keepsTrailingSpace: Bool) -> Int {
        if let end = contraction(position, ignoringCase: true) { return end }
        let found = look(position)
        if found.bits & SplitClass.letter != 0 { return run(found.next, SplitClass.letter) }
        if found.bits & SplitClass.number != 0 { return numbers(found.next, digits - 1) }
        if bytes[position] != 0x0A, bytes[position] != 0x0D,
            look(found.next).bits & SplitClass.letter != 0
        {
            return run(found.next, SplitClass.letter)
        }
        return other(position, found, keepsTrailingSpace, slash: false)
    }

    /// Behind a digit, so many more.
    private func numbers(_ position: Int, _ count: Int) -> Int {
        var position = position
        for _ in 0..<count {
            let found = look(position)
            guard found.bits & SplitClass.number != 0 else { break }
            position = found.next
        }
        return position
    }

    /// What is neither word nor number: signs with line breaks behind them, or white space.
    private func other(
        _ position: Int, _ found: (bits: UInt8, next: Int), _ keepsTrailingSpace: Bool, slash: Bool
    ) -> Int {
        let known = SplitClass.letter | SplitClass.number | SplitClass.whitespace
        var start = position
        if bytes[position] == 0x20, found.next < end, look(found.next).bits & known == 0 {
            start = found.next
        }
        if start > position || found.bits & known == 0 {
            var next = otherRun(start)
            while next < end,
                bytes[next] == 0x0A || bytes[next] == 0x0D || (slash && bytes[next] == 0x2F)
            {
                next += 1
            }
            return next
        }
        return lines(position, keepsTrailingSpace) ?? space(position)
    }

    func o200k(_ position: Int) -> Int {
        let found = look(position)
        let isPrefix =
            found.bits & (SplitClass.letter | SplitClass.number) == 0
            && bytes[position] != 0x0A && bytes[position] != 0x0D
        // The first alternative with and without a sign before it, then the second one likewise.
        if let end = (isPrefix ? mixed(found.next) : nil) ?? mixed(position) {
            return contraction(end, ignoringCase: true) ?? end
        }
        for start in isPrefix ? [found.next, position] : [position] {
            let end = run(start, SplitClass.upper)
            if end > start { return contraction(end, ignoringCase: true) ?? end }
        }
        if found.bits & SplitClass.number != 0 { return numbers(found.next, 2) }
        return other(position, found, false, slash: true)
    }

    /// The end of large letters with at least one small letter behind them, or nil; letters without case and
    /// marks are both.
    private func mixed(_ start: Int) -> Int? {
        var position = start
        var lastBoth: Int?
        while position < end {
            let found = look(position)
            if found.bits & SplitClass.upper == 0 {
                if found.bits & SplitClass.lower != 0 { return run(found.next, SplitClass.lower) }
                break
            }
            if found.bits & SplitClass.lower != 0 { lastBoth = found.next }
            position = found.next
        }
        return lastBoth
    }
}
