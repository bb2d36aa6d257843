import HeedFormats

/// The pieces of a model and their ids, both ways; names are compared byte by byte.
struct Vocabulary: Sendable {
    /// Ids beyond are refused: a table of all ids must stay small.
    static let maximumID = 1 << 24

    /// The first id that is too large for so many pieces: holes are allowed, but not so many that a
    /// small file asks for a large table.
    static func idBound(count: Int) -> Int { 65_536 + 4 * count }

    private var table = ByteStringTable()
    /// The id of each piece, in the order of the table.
    private var ids: [Int32] = []
    /// The number in the table of each id, or −1 for an id without a piece.
    private var numbers: [Int32] = []

    /// The number of pieces.
    var count: Int { ids.count }

    /// One more than the largest id.
    var idLimit: Int { numbers.count }

    /// Makes an empty vocabulary.
    init() {}

    /// Reads the `vocab` of a model.
    init(json reader: JSONObjectReader) throws {
        table = ByteStringTable(capacity: reader.object.count)
        ids.reserveCapacity(reader.object.count)
        for entry in reader.object {
            guard let id = entry.value.intValue, (0..<Self.maximumID).contains(id) else {
                throw reader.error(entry.name, "must be an id between 0 and \(Self.maximumID - 1)")
            }
            guard id < Self.idBound(count: reader.object.count) else {
                throw reader.error(entry.name, "is far beyond the number of pieces")
            }
            guard insert(entry.name, id: Int32(id)) else {
                throw reader.error(entry.name, "is the id of another piece as well")
            }
        }
    }

    /// Adds a piece; says whether both the piece and the id were new.
    @discardableResult
    mutating func insert(_ piece: String, id: Int32) -> Bool {
        guard id >= 0, !containsID(id) else { return false }
        let inserted = table.insert(piece)
        guard inserted.isNew else { return false }
        ids.append(id)
        while numbers.count <= Int(id) { numbers.append(-1) }
        numbers[Int(id)] = Int32(inserted.number)
        return true
    }

    /// Adds a piece with the next id, or returns the id that it has.
    mutating func append(_ piece: String) -> Int32 {
        if let known = id(of: piece) { return known }
        let id = Int32(idLimit)
        insert(piece, id: id)
        return id
    }

    private func containsID(_ id: Int32) -> Bool {
        id >= 0 && Int(id) < numbers.count && numbers[Int(id)] >= 0
    }

    /// The id of a piece.
    func id(of piece: String) -> Int32? { table.number(of: piece).map { ids[$0] } }

    /// The id of the piece with these bytes.
    func id(of bytes: [UInt8], _ range: Range<Int>) -> Int32? {
        table.number(of: bytes, range).map { ids[$0] }
    }

    /// The bytes of a piece in UTF-8.
    func bytes(of id: Int32) -> ArraySlice<UInt8>? {
        containsID(id) ? table[Int(numbers[Int(id)])] : nil
    }

    /// A piece.
    func piece(of id: Int32) -> String? {
        bytes(of: id).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The pieces by id, as a model has them.
    var json: JSONValue {
        var object = JSONObject()
        for id in 0..<Int32(idLimit) {
            if let piece = piece(of: id) { object.insert(.int(Int(id)), forName: piece) }
        }
        return .object(object)
    }
}
