import Dispatch
import HeedFormats
import Synchronization

/// Work on many texts by several threads, in pieces that depend on the texts alone.
enum ParallelTexts {
    /// Texts of a piece have so many bytes together, or it is one text.
    private static let pieceBytes = 1 << 15

    /// The results of `body` for consecutive pieces of the texts, one after another.
    ///
    /// - Throws: the error of the first piece that has one.
    static func map<Result: Sendable>(
        _ texts: [String], threads: Int, _ body: @Sendable ([String]) throws -> [Result]
    ) throws -> [Result] {
        let pieces = threads > 1 ? pieces(of: texts) : []
        guard pieces.count > 1 else { return try body(texts) }
        let results = Lock(
            [Swift.Result<[Result], any Error>?](repeating: nil, count: pieces.count))
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: min(threads, pieces.count)) { _ in
            while true {
                let number = next.add(1, ordering: .relaxed).oldValue
                guard number < pieces.count else { return }
                let result = Swift.Result { try body(Array(texts[pieces[number]])) }
                results.withLock { $0[number] = result }
            }
        }
        return try results.withLock { results in
            var all: [Result] = []
            all.reserveCapacity(texts.count)
            for result in results {
                if let result { all.append(contentsOf: try result.get()) }
            }
            return all
        }
    }

    private static func pieces(of texts: [String]) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var (start, bytes) = (0, 0)
        for (index, text) in texts.enumerated() {
            bytes += text.utf8.count
            guard bytes >= pieceBytes else { continue }
            pieces.append(start..<index + 1)
            (start, bytes) = (index + 1, 0)
        }
        if start < texts.count { pieces.append(start..<texts.count) }
        return pieces
    }
}
