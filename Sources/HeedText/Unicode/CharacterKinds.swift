/// Properties of characters that pre-tokenizers ask for, as the `tokenizers` library answers:
/// punctuation by Unicode 8.0 with all ASCII symbols, numbers by Unicode 17.0, white space by any
/// version. Unassigned characters have none of them.
struct CharacterKinds: Sendable {
    /// Properties of one character.
    struct Kind: OptionSet {
        let rawValue: UInt8

        static let punctuation = Kind(rawValue: 1)
        static let number = Kind(rawValue: 2)
        static let whitespace = Kind(rawValue: 4)
    }

    /// The tables, built at first use.
    static let shared = CharacterKinds()

    /// All characters beyond have no property.
    private static let limit = 0x20000
    private var kinds = [UInt8](repeating: 0, count: Self.limit)

    private init() {
        add(.punctuation, in: CharacterData.punctuation)
        add(.number, in: CharacterData.numbers)
        add(
            .whitespace,
            in: "9-D 20 85 A0 1680 2000-200A 2028-2029 202F 205F 3000")
    }

    private mutating func add(_ kind: Kind, in table: String) {
        var reader = HexReader(table)
        while let first = reader.next() {
            var last = first.value
            if first.mark == HexMark.range, let end = reader.next() { last = end.value }
            for value in first.value...max(first.value, last) where value < Self.limit {
                kinds[Int(value)] |= kind.rawValue
            }
        }
    }

    /// The properties of a character, given by its scalar value.
    subscript(scalar: UInt32) -> Kind {
        scalar < Self.limit ? Kind(rawValue: kinds[Int(scalar)]) : []
    }
}
