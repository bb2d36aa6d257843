import HeedFormats

extension Tokenizer {
    /// Files beyond are refused.
    static let maximumFileBytes = 128 << 20

    /// Opens a tokenizer of any form that is known, and finds out which one it is.
    ///
    /// A folder is opened as `init(folder:addsBeginning:)` does. A file may be any of those that a folder may hold, or the
    /// list of merges of `subword-nmt`; of two files that belong together either one is given.
    ///
    /// - Throws: `FileError`, `TextError`, `JSONError`, `JSONFieldError`, or `TokenizerFileError`.
    public init(path: String) throws {
        if try Folder.kind(of: path) == .folder {
            try self.init(folder: path)
        } else {
            try self.init(anyFile: path)
        }
    }

    /// Reads the tokenizer of a model folder, of any form.
    ///
    /// A folder may hold `tokenizer.json`, `vocab.json` (or `encoder.json`) and `merges.txt` (or `vocab.bpe`), a
    /// `.model` of sentencepiece, `vocab.txt`, or ranks of tiktoken, and is looked through in this order. What
    /// `tokenizer_config.json` says counts, too, if there is one: see `TokenizerSettings`.
    ///
    /// - Parameters:
    ///   - folder: the model folder.
    ///   - addsBeginning: whether the folder is of a kind whose texts begin with the beginning token where a `.model`
    ///     of sentencepiece stands alone, as Llama's do.
    /// - Throws: `FileError`, `TextError`, `JSONError`, `JSONFieldError` which names the field, or `TokenizerFileError`.
    public init(folder: String, addsBeginning: Bool = false) throws {
        let whole = RelativePath.join(folder, Self.fileName)
        let isWhole = try Folder.kind(of: whole) != nil
        if isWhole { try self.init(file: whole) } else { try self.init(listsIn: folder) }
        try TokenizerSettings(folder: folder, addsBeginning: addsBeginning)
            .apply(to: &self, isWhole: isWhole)
    }

    private init(listsIn folder: String) throws {
        func find(_ names: [String]) throws -> String? {
            try names.map { RelativePath.join(folder, $0) }.first { try Folder.kind(of: $0) != nil }
        }
        if let vocabulary = try find(Self.vocabularyNames),
            let merges = try find(Self.mergesNames)
        {
            self = try WordListFiles.bytePairs(vocabulary: vocabulary, merges: merges)
        } else if let file = try find([
            "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model", "vocab.txt",
        ]) {
            try self.init(anyFile: file)
        } else {
            let names = try Folder.names(in: folder).sorted()
            guard
                let name = names.first(where: {
                    $0.hasSuffix(".model") || $0.hasSuffix(".tiktoken")
                })
            else {
                throw TokenizerFileError(
                    file: folder, line: nil,
                    problem: """
                        holds no tokenizer: neither tokenizer.json nor vocab.json and merges.txt, \
                        vocab.txt, a .model or a .tiktoken
                        """, isMissing: true)
            }
            try self.init(anyFile: RelativePath.join(folder, name))
        }
    }

    private static let vocabularyNames = ["vocab.json", "encoder.json"]
    private static let mergesNames = ["merges.txt", "vocab.bpe"]

    private init(anyFile path: String) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let name = String(parts.last ?? "")
        let folder = parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
        func sibling(_ names: [String]) throws -> String? {
            try names.map { (folder.isEmpty ? "" : folder) + "/" + $0 }
                .first { try Folder.kind(of: $0) != nil }
        }
        if name == Self.fileName {
            try self.init(folder: folder.isEmpty ? "/" : folder)
            return
        }
        if Self.vocabularyNames.contains(name), let merges = try sibling(Self.mergesNames) {
            self = try WordListFiles.bytePairs(vocabulary: path, merges: merges)
            return
        }
        if Self.mergesNames.contains(name), let vocabulary = try sibling(Self.vocabularyNames) {
            self = try WordListFiles.bytePairs(vocabulary: vocabulary, merges: path)
            return
        }
        let bytes = try InputFile.bytes(path: path, limit: Self.maximumFileBytes)
        try self.init(contents: bytes, file: path)
    }

    /// Reads the bytes of one file of any form that is known: tokenizer.json, a `.model` of sentencepiece, ranks of
    /// tiktoken, BERT's `vocab.txt`, or the list of merges of `subword-nmt`.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - file: the name for messages.
    /// - Throws: `TextError`, `JSONError`, `JSONFieldError`, or `TokenizerFileError`.
    public init(contents bytes: [UInt8], file: String) throws {
        let first = bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        // A model of sentencepiece begins with the tag of its first piece, which is a line feed.
        if bytes.first == 0x0A, first != UInt8(ascii: "{") {
            do {
                self = try SentencePieceFile(bytes).tokenizer()
            } catch let error as SentencePieceError {
                throw TokenizerFileError(file: file, line: nil, problem: error.description)
            }
        } else if first == UInt8(ascii: "{") {
            try self.init(parsing: bytes, file: file)
        } else if WordListFiles.isMergeList(bytes) {
            self = try WordListFiles.subwordNMT(bytes, file: file)
        } else if TiktokenFile.isOne(bytes) {
            self = try TiktokenFile.tokenizer(bytes, file: file)
        } else {
            self = try WordListFiles.wordPieces(bytes, file: file)
        }
    }
}
