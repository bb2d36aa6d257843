package import HeedText

/// Turns tokens that come one by one into text, of which each part is given as soon as nothing that follows can change it.
package struct TextStream {
    private let tokenizer: Tokenizer
    private var tokens: [Int32]
    /// Tokens from here on are decoded again with each new one: what a piece looks like depends on its neighbours.
    private var first: Int
    /// Tokens up to here have been given as text.
    private var given: Int
    private var stops: StopScanner

    /// Tokens before those that are new, with which they are decoded.
    private static let context = 8

    /// A stream of what follows a prompt.
    package init(_ tokenizer: Tokenizer, prompt: [Int32], stops: [String]) {
        self.tokenizer = tokenizer
        tokens = prompt
        given = prompt.count
        first = max(0, prompt.count - Self.context)
        self.stops = StopScanner(stops)
    }

    /// Whether a text to stop at has come.
    package var isStopped: Bool { stops.isStopped }

    /// Adds a token; returns the text that is certain now.
    package mutating func add(_ token: Int32) -> String {
        tokens.append(token)
        guard let added = newText(isLast: false) else { return "" }
        return stops.add(added)
    }

    /// The rest of the text, when no token follows.
    package mutating func finish() -> String {
        let added = newText(isLast: true) ?? ""
        return stops.add(added) + stops.finish()
    }

    /// The text of the tokens that were not given yet; nil while bytes of a character are missing.
    private mutating func newText(isLast: Bool) -> String? {
        guard given < tokens.count else { return nil }
        let before = text(first..<given)
        let all = text(first..<tokens.count)
        guard isLast || !all.unicodeScalars.reversed().starts(with: ["\u{FFFD}"]) else {
            return nil
        }
        let added =
            all.utf8.starts(with: before.utf8)
            ? String(decoding: Array(all.utf8.dropFirst(before.utf8.count)), as: UTF8.self) : all
        first = max(first, given - Self.context)
        given = tokens.count
        return added
    }

    private func text(_ range: Range<Int>) -> String {
        let known = tokens[range].filter { tokenizer.piece(of: $0) != nil }
        return (try? tokenizer.decode(Array(known))) ?? ""
    }
}

/// Lets text through up to the first of some texts; what may be its beginning waits.
package struct StopScanner {
    private let stops: [[UInt8]]
    private var waiting: [UInt8] = []
    /// Whether one of them has come.
    package private(set) var isStopped = false

    package init(_ stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }
    }

    /// Adds text; returns what is let through.
    package mutating func add(_ text: String) -> String {
        guard !isStopped else { return "" }
        waiting += text.utf8
        let places = stops.compactMap { waiting.firstIndex(of: $0) }
        if let end = places.min() {
            isStopped = true
            defer { waiting = [] }
            return String(decoding: waiting[..<end], as: UTF8.self)
        }
        let kept = stops.map { waiting.suffixLength(beginning: $0) }.max() ?? 0
        // A stop that begins inside a character would cut it.
        let text = String(decoding: waiting.dropLast(kept), as: UTF8.self)
        waiting = Array(waiting.suffix(kept))
        return text
    }

    /// What still waits, when nothing follows.
    package mutating func finish() -> String {
        defer { waiting = [] }
        return isStopped ? "" : String(decoding: waiting, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Where these bytes stand first.
    fileprivate func firstIndex(of part: [UInt8]) -> Int? {
        guard part.count <= count, !part.isEmpty else { return nil }
        return (0...count - part.count).first { self[$0...].starts(with: part) }
    }

    /// How many bytes at the end are the beginning of a longer text.
    fileprivate func suffixLength(beginning text: [UInt8]) -> Int {
        let longest = Swift.min(count, text.count - 1)
        guard longest > 0 else { return 0 }
        return stride(from: longest, to: 0, by: -1).first { text.starts(with: suffix($0)) } ?? 0
    }
}
