import HeedFormats

/// The contents of a `.model` of sentencepiece (its `ModelProto`).
struct SentencePieceFile {
    /// What a piece is for.
    enum Kind: Int {
        case normal = 1
        case unknown = 2
        case control = 3
        case userDefined = 4
        case unused = 5
        case byte = 6
    }

    private enum Algorithm: UInt64 {
        case unigram = 1
        case bytePairs = 2
    }

    private var pieces: [(text: String, score: Float, kind: Kind)] = []
    private var algorithm = Algorithm.unigram
    private var hasByteFallback = false
    private var normalizer = SentencePieceNormalizer()
    /// What the unknown piece looks like in a text.
    private var unknownText = " \u{2047} "
    private var roles: (unknown: Int64, beginning: Int64, end: Int64, padding: Int64) = (
        0, 1, 2, -1
    )

    /// - Throws: `SentencePieceError`.
    init(_ bytes: [UInt8]) throws(SentencePieceError) {
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            guard case .bytes(let range) = field.value else { continue }
            switch field.number {
            case 1: try readPiece(bytes, range)
            case 2: try readTrainer(bytes, range)
            case 3: try readNormalizer(bytes, range)
            default: break
            }
        }
        guard !pieces.isEmpty else { throw .wrong("it has no pieces") }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) throws(SentencePieceError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .wrong("a piece is not UTF-8")
        }
        return text
    }

    private mutating func readPiece(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(SentencePieceError) {
        var reader = ProtobufReader(bytes, range)
        var piece = (text: "", score: Float(0), kind: Kind.normal)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): piece.text = try Self.text(bytes[range])
            case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .varint(let value)):
                guard let kind = Kind(rawValue: Int(truncatingIfNeeded: value)) else {
                    throw .wrong("piece \(pieces.count) is of an unknown kind")
                }
                piece.kind = kind
            default: break
            }
        }
        guard piece.score.isFinite else {
            throw .wrong("the score of piece \(pieces.count) is no number")
        }
        guard pieces.count < Vocabulary.maximumID else { throw .wrong("it has too many pieces") }
        pieces.append(piece)
    }

    private mutating func readTrainer(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(SentencePieceError) {
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            if field.number == 44, case .bytes(let range) = field.value {
                unknownText = try Self.text(bytes[range])
            }
            guard case .varint(let value) = field.value else { continue }
            let id = Int64(truncatingIfNeeded: value)
            switch field.number {
            case 3:
                guard let known = Algorithm(rawValue: value) else {
                    throw .wrong("its type is neither unigram nor bpe")
                }
                algorithm = known
            case 24: normalizer.putsSpaceBehind = value != 0
            case 35: hasByteFallback = value != 0
            case 40: roles.unknown = id
            case 41: roles.beginning = id
            case 42: roles.end = id
            case 43: roles.padding = id
            default: break
            }
        }
    }

    private mutating func readNormalizer(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(SentencePieceError) {
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (2, .bytes(let range)) where !range.isEmpty:
                guard let table = PrecompiledCharacters(blob: Array(bytes[range])),
                    table.growth < 256
                else { throw .wrong("its table of characters is damaged") }
                normalizer.table = table
            case (3, .varint(let value)): normalizer.addsSpace = value != 0
            case (4, .varint(let value)): normalizer.removesExtraSpaces = value != 0
            case (5, .varint(let value)): normalizer.escapesSpaces = value != 0
            default: break
            }
        }
    }

    // MARK: The tokenizer

    /// The tokenizer that encodes as sentencepiece does.
    ///
    /// - Throws: `SentencePieceError`.
    func tokenizer() throws -> Tokenizer {
        var vocabulary = Vocabulary()
        for (id, piece) in pieces.enumerated() where !vocabulary.insert(piece.text, id: Int32(id)) {
            throw SentencePieceError.wrong("piece \(id) stands twice")
        }
        let ids = { (kinds: Set<Kind>) in
            Set(pieces.indices.filter { kinds.contains(pieces[$0].kind) }.map(Int32.init))
        }
        guard let unknown = ids([.unknown]).min() else {
            throw SentencePieceError.wrong("it has no unknown piece")
        }
        let hidden = ids([.unknown, .control, .byte])
        let userDefined = ids([.userDefined])
        let scores = pieces.map { Double($0.score) }
        let model: TokenModel
        switch algorithm {
        case .unigram:
            model = .unigram(
                UnigramModel(
                    vocabulary: vocabulary, scores: scores, unknownID: unknown,
                    hasByteFallback: hasByteFallback, arithmetic: .single, userDefined: userDefined,
                    hidden: hidden.union(ids([.unused])),
                    unscored: hidden.union(userDefined).union(ids([.unused]))))
        case .bytePairs:
            model = .scoredPairs(
                ScoredPairModel(
                    vocabulary: vocabulary, scores: scores, unknownID: unknown,
                    hasByteFallback: hasByteFallback, userDefined: userDefined,
                    hidden: hidden, unused: ids([.unused])))
        }
        let userPieces = userDefined.sorted().map { pieces[Int($0)].text }
        var tokenizer = try Tokenizer(
            normalizer: .sentencePiece(
                SentencePieceNormalizer(normalizer, userDefined: userPieces)),
            preTokenizer: nil, model: model, postProcessor: nil, decoder: decoder(unknown),
            addedTokens: ids([.control]).sorted().map {
                AddedToken(id: $0, content: pieces[Int($0)].text)
            },
            specialTokens: SpecialTokens(
                endOfSequence: role(roles.end), unknown: unknown, padding: role(roles.padding),
                beginningOfSequence: role(roles.beginning)))
        // To sentencepiece, what spells out a control in a text is text.
        tokenizer.parsesSpecialTokens = false
        return tokenizer
    }

    private func role(_ id: Int64) -> Int32? {
        id >= 0 && id < pieces.count ? Int32(id) : nil
    }

    private func decoder(_ unknown: Int32) -> TokenDecoder {
        .sentencePiece(
            SentencePieceDecoder(
                unknown: (pieces[Int(unknown)].text, unknownText),
                leadingSpaces: normalizer.removesExtraSpaces
                    ? .all : normalizer.addsSpace ? .first : .kept))
    }
}
