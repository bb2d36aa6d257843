import HeedGeneration
package import HeedText

/// Turns tokens that come one by one into text, of which each part is given as soon as nothing that follows can change it.
package struct TextStream: HypothesisWatcher {
    private let tokenizer: Tokenizer
    private var decoding: DecodingStream
    private var stops: StopScanner

    /// A stream of what follows a prompt.
    package init(_ tokenizer: Tokenizer, prompt: [Int32], stops: [String]) {
        self.tokenizer = tokenizer
        // A model may know more ids than its tokenizer has pieces.
        decoding = DecodingStream(
            tokenizer, after: prompt.filter { tokenizer.piece(of: $0) != nil })
        self.stops = StopScanner(stops)
    }

    /// Whether a text to stop at has come.
    package var isStopped: Bool { stops.isStopped }

    /// Adds a token; returns the text that is certain now.
    package mutating func add(_ token: Int32) -> String {
        guard tokenizer.piece(of: token) != nil, let added = try? decoding.add(token) else {
            return ""
        }
        return stops.add(added)
    }

    /// Adds a token; returns whether a text to stop at has come.
    package mutating func ends(with token: Int32) -> Bool {
        _ = add(token)
        return isStopped
    }

    /// The rest of the text, when no token follows.
    package mutating func finish() -> String {
        let added = (try? decoding.finish()) ?? ""
        return stops.add(added) + stops.finish()
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
