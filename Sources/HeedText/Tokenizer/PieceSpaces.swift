/// How many spaces the pieces of a model begin and end with: white space, and the visible character for a space.
struct PieceSpaces: Sendable {
    /// Spaces at the two ends of a text.
    struct Count: Sendable {
        var leading: Int32 = 0
        var trailing: Int32 = 0
    }

    /// By id; none for an id without a piece.
    private let counts: [Count]
    /// The unknown piece of a unigram model, which is the text that it stands for.
    private let unknownID: Int32?

    init(_ model: TokenModel) {
        unknownID = if case .unigram(let model) = model { model.unknownID } else { nil }
        let vocabulary = model.vocabulary
        counts = (0..<Int32(vocabulary.idLimit)).map { id in
            guard let piece = vocabulary.bytes(of: id), let first = piece.first,
                let last = piece.last, Self.mayBeSpace(first) || Self.mayBeSpace(last)
            else { return Count() }
            return Self.count(in: Array(piece))
        }
    }

    /// Whether a space may begin or end with a byte: spaces are controls, the blank and characters of several bytes.
    private static func mayBeSpace(_ byte: UInt8) -> Bool { byte <= 0x20 || byte >= 0x80 }

    /// The spaces of a token that stands for `text`.
    func count(of id: Int32, for text: @autoclosure () -> [UInt8]) -> Count {
        if id == unknownID { return Self.count(in: text()) }
        return counts.indices.contains(Int(id)) ? counts[Int(id)] : Count()
    }

    /// The spaces at the ends of a text, or of a piece.
    static func count(in piece: [UInt8]) -> Count {
        let table = SplitClass.table
        func isSpace(_ scalar: UInt32) -> Bool {
            scalar == ByteAlphabet.characters[0x20] || table[scalar] & SplitClass.whitespace != 0
        }
        var count = Count()
        var position = 0
        while position < piece.count {
            let scalar = UTF8Bytes.scalar(in: piece, at: position)
            guard isSpace(scalar.value) else { break }
            count.leading += 1
            position = scalar.next
        }
        var end = piece.count
        while end > 0 {
            let start = UTF8Bytes.start(in: piece, before: end)
            guard isSpace(UTF8Bytes.scalar(in: piece, at: start).value) else { break }
            count.trailing += 1
            end = start
        }
        return count
    }
}
