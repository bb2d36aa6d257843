/// What the split patterns of tokenizers ask of a character, in Unicode 16.0, which is that of the patterns of `tokenizers` and
/// tiktoken. `docs/tokenizers.md` lists where they have other versions.
enum SplitClass {
    static let letter: UInt8 = 1
    static let number: UInt8 = 2
    static let whitespace: UInt8 = 4
    /// Lu, Lt, Lm, Lo or M.
    static let upper: UInt8 = 8
    /// Ll, Lm, Lo or M.
    static let lower: UInt8 = 16
    static let mark: UInt8 = 32
    /// `\w`, for the library's own patterns.
    static let word: UInt8 = 64

    /// White space in every version of Unicode.
    static let whitespaceTable = "9-D 20 85 A0 1680 2000-200A 2028-2029 202F 205F 3000"

    static let table: ScalarTable = {
        var table = ScalarTable()
        table.add(letter | upper, in: CategoryData.categoryLu)
        table.add(letter | lower, in: CategoryData.categoryLl)
        table.add(letter | upper, in: CategoryData.categoryLt)
        table.add(letter | upper | lower, in: CategoryData.categoryLm)
        table.add(letter | upper | lower, in: CategoryData.categoryLo)
        for marks in [CategoryData.categoryMn, CategoryData.categoryMc, CategoryData.categoryMe] {
            table.add(mark | upper | lower, in: marks)
        }
        for numbers in [CategoryData.categoryNd, CategoryData.categoryNl, CategoryData.categoryNo] {
            table.add(number, in: numbers)
        }
        table.add(whitespace, in: whitespaceTable)
        table.add(word, in: WordData.word)
        return table
    }()
}

/// What normalizers remove.
enum RemovalClass {
    /// Controls in BERT's cleaning, U+0000 and U+FFFD among them.
    static let control: UInt8 = 1
    static let nonspacing: UInt8 = 2
    static let combining: UInt8 = 4
    /// What Nmt removes.
    static let nmt: UInt8 = 8

    static let table: ScalarTable = {
        var table = ScalarTable()
        table.add(control, in: WordData.controls)
        table.add(nonspacing, in: WordData.nonspacing)
        table.add(combining, in: WordData.combining)
        table.add(nmt, in: "1-8 B E-1F 7F 8F 9F")
        return table
    }()
}

/// Small letters.
struct LowercaseTable: Sendable {
    static let shared = LowercaseTable()

    private var changes = ScalarTable()
    private var targets: [UInt32: [UInt32]] = [:]

    private init() {
        for (scalar, target) in HexReader.mappings(of: CaseData.lowercase) {
            changes.add(1, at: scalar)
            targets[scalar] = target
        }
    }

    /// What a scalar becomes, or nil if it stays.
    func target(of scalar: UInt32) -> [UInt32]? {
        changes[scalar] == 0 ? nil : targets[scalar]
    }
}

/// Scripts as `UnicodeScripts` tells them apart; 0 joins all of them.
enum ScriptTable {
    static let table: ScalarTable = {
        var table = ScalarTable()
        var reader = HexReader(ScriptData.scripts)
        while let first = reader.next() {
            var last = first.value
            if first.mark == HexMark.range, let end = reader.next() { last = end.value }
            guard let number = reader.next() else { break }
            for scalar in first.value...max(first.value, last) {
                table.add(UInt8(truncatingIfNeeded: number.value), at: scalar)
            }
        }
        return table
    }()
}
