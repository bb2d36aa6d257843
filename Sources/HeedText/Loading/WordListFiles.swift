import HeedFormats

/// The forms in which a vocabulary is a list of words: BERT's `vocab.txt`, and the two files of GPT-2.
enum WordListFiles {
    // MARK: vocab.txt

    /// BERT's tokenizer of a list with a piece on each line.
    ///
    /// Whether letters become small is not in the file: they do unless a piece without a mark of its own has a
    /// large letter.
    ///
    /// - Throws: `TextError` or `TokenizerFileError`, which name the line.
    static func wordPieces(_ bytes: [UInt8], file: String) throws -> Tokenizer {
        let text = try TextFile.string(bytes, file: file)
        var vocabulary = Vocabulary()
        var hasLarge = false
        var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        let pieces = lines.map { $0.last == 0x0D ? $0.dropLast() : $0 }
        guard pieces.contains(where: { $0.elementsEqual("[UNK]".utf8) }) else {
            throw TokenizerFileError(
                file: file, line: nil,
                problem: """
                    is no tokenizer of a form that is known; a vocab.txt would have a line [UNK]
                    """)
        }
        for (id, line) in pieces.enumerated() {
            let piece = String(decoding: line, as: UTF8.self)
            guard id < Vocabulary.maximumID, vocabulary.insert(piece, id: Int32(id)) else {
                throw TokenizerFileError(
                    file: file, line: id + 1, problem: "holds a piece that stands twice")
            }
            if !hasLarge, !piece.hasPrefix("[") {
                hasLarge = piece.utf8.contains { $0 &- 0x41 < 26 }
            }
        }
        let names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        var processor: PostProcessor?
        if let beginning = vocabulary.id(of: "[CLS]"), let separator = vocabulary.id(of: "[SEP]") {
            processor = .template(bertTemplate(beginning, separator))
        }
        return try Tokenizer(
            normalizer: .bert(BertNormalizer(lowercases: !hasLarge)), preTokenizer: .bert,
            model: .wordPieces(WordPieceModel(vocabulary: vocabulary)), postProcessor: processor,
            decoder: .wordPiece(prefix: "##", cleansUp: true),
            addedTokens: names.compactMap { name in
                vocabulary.id(of: name).map { AddedToken(id: $0, content: name) }
            },
            specialTokens: SpecialTokens(
                endOfSequence: vocabulary.id(of: "[SEP]"), unknown: vocabulary.id(of: "[UNK]"),
                padding: vocabulary.id(of: "[PAD]"),
                beginningOfSequence: vocabulary.id(of: "[CLS]")))
    }

    /// `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`.
    static func bertTemplate(_ beginning: Int32, _ separator: Int32) -> TemplateProcessor {
        let start = TemplateProcessor.Part.special("[CLS]", typeID: 0)
        let end = TemplateProcessor.Part.special("[SEP]", typeID: 0)
        let first = TemplateProcessor.Part.sequence("A", typeID: 0)
        return TemplateProcessor(
            single: [start, first, end],
            pair: [
                start, first, end, .sequence("B", typeID: 1), .special("[SEP]", typeID: 1),
            ],
            specials: [
                .init(name: "[CLS]", ids: [beginning], tokens: ["[CLS]"]),
                .init(name: "[SEP]", ids: [separator], tokens: ["[SEP]"]),
            ])
    }

    // MARK: vocab.json and merges.txt

    /// GPT-2's tokenizer of its two files.
    ///
    /// - Throws: `JSONError`, `JSONFieldError`, or `TokenizerFileError` which names the line.
    static func bytePairs(vocabulary path: String, merges mergesPath: String) throws -> Tokenizer {
        let reader = try JSONObjectReader(
            parsing: InputFile.bytes(path: path, limit: Tokenizer.maximumFileBytes), file: path)
        let vocabulary = try Vocabulary(json: reader)
        let bytes = try InputFile.bytes(path: mergesPath, limit: Tokenizer.maximumFileBytes)
        let merges = try merges(bytes, file: mergesPath) { vocabulary.id(of: $0, $1) }
        let model: BytePairModel
        do {
            model = try BytePairModel(
                vocabulary: vocabulary, merges: merges, unknownPiece: nil, wordSuffix: nil,
                hasByteFallback: false)
        } catch {
            throw TokenizerFileError(
                file: mergesPath, line: nil, problem: "has merges whose pieces are not in \(path)")
        }
        let end = vocabulary.id(of: "<|endoftext|>")
        return try Tokenizer(
            normalizer: nil,
            preTokenizer: .byteLevel(addsSpace: false, splits: true, trimsOffsets: true),
            model: .bytePairs(model),
            postProcessor: .byteLevel(trimsOffsets: false, addsSpace: false, splits: true),
            decoder: .byteLevel,
            addedTokens: end.map { [AddedToken(id: $0, content: "<|endoftext|>")] } ?? [],
            specialTokens: SpecialTokens(endOfSequence: end, beginningOfSequence: end))
    }

    /// The merges of a list: a line `#version` may come first, then two pieces on each line.
    static func merges(
        _ bytes: [UInt8], file: String, id: ([UInt8], Range<Int>) -> Int32?
    ) throws -> [BytePairModel.Merge] {
        var merges: [BytePairModel.Merge] = []
        var start = 0
        var number = 0
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != 0x0A { end += 1 }
            number += 1
            var line = start..<end
            start = end + 1
            if line.count > 0, bytes[line.upperBound - 1] == 0x0D {
                line = line.lowerBound..<line.upperBound - 1
            }
            if line.isEmpty || (number == 1 && bytes[line].starts(with: "#version".utf8)) {
                continue
            }
            guard let space = bytes[line].firstIndex(of: 0x20),
                let left = id(bytes, line.lowerBound..<space),
                let right = id(bytes, space + 1..<line.upperBound)
            else {
                throw TokenizerFileError(
                    file: file, line: number, problem: "is no merge of two pieces of the vocabulary"
                )
            }
            merges.append(.init(left: left, right: right))
        }
        return merges
    }

    // MARK: subword-nmt

    /// Whether a file is a list of merges as `subword-nmt` writes it.
    static func isMergeList(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "#version: 0.".utf8) }

    /// The tokenizer of such a list: words that were cut at white space, of which the last piece carries `</w>`.
    ///
    /// The list holds no ids: Heed's special tokens come first, then symbols in the order of the list.
    static func subwordNMT(_ bytes: [UInt8], file: String) throws -> Tokenizer {
        var vocabulary = Vocabulary()
        for piece in TokenizerStyles.reservedPieces(.pretokenized) { _ = vocabulary.append(piece) }
        let pairs = try merges(bytes, file: file) { bytes, range in
            guard !range.isEmpty, String(validating: bytes[range], as: UTF8.self) != nil else {
                return nil
            }
            return vocabulary.append(String(decoding: bytes[range], as: UTF8.self))
        }
        for pair in pairs {
            let joined =
                (vocabulary.piece(of: pair.left) ?? "") + (vocabulary.piece(of: pair.right) ?? "")
            _ = vocabulary.append(joined)
        }
        // Of a pair that stands twice the first one counts to subword-nmt.
        var seen = Set<UInt64>()
        let first = pairs.filter {
            seen.insert(
                UInt64(UInt32(bitPattern: $0.left)) << 32 | UInt64(UInt32(bitPattern: $0.right))
            ).inserted
        }
        return try TokenizerStyles.tokenizer(.pretokenized, vocabulary: vocabulary, merges: first)
    }
}
