/// Reads the JSON of a header straight into entries, without a tree of values: a hostile header of
/// 100 MB would make one many times its size.
struct SafetensorsHeaderParser {
    private(set) var entries = NameDictionary<TensorEntry>()
    private(set) var metadata: NameDictionary<String>?

    private var scanner: JSONScanner
    private let file: String
    private let dataOffset: Int
    private static let maximumRank = 32

    init(_ bytes: [UInt8], file: String, dataOffset: Int) throws {
        self.file = file
        self.dataOffset = dataOffset
        do {
            scanner = try JSONScanner(bytes, maximumDepth: 64)
        } catch let error as JSONError {
            throw SafetensorsError(file: file, tensor: nil, problem: .invalidUTF8(error))
        }
    }

    /// Reads the whole header.
    mutating func parse() throws {
        do {
            var scanner = self.scanner
            try scanner.members { scanner, name, _ in
                if name.hasSameBytes(as: "__metadata__") {
                    guard metadata == nil else { throw fail(.duplicateKey(name)) }
                    metadata = try readMetadata(&scanner)
                } else {
                    let entry = try readEntry(&scanner, name: name)
                    guard entries.insert(entry, forName: name) else {
                        throw fail(.duplicateKey(name))
                    }
                }
            }
            try scanner.finish()
        } catch let error as JSONError {
            if case .duplicateKey(let name) = error.problem { throw fail(.duplicateKey(name)) }
            throw fail(.invalidJSON(error))
        }
    }

    private func fail(_ problem: SafetensorsError.Problem, tensor: String? = nil)
        -> SafetensorsError
    {
        SafetensorsError(file: file, tensor: tensor, problem: problem)
    }

    /// The error for a value of the wrong kind; throws `JSONError` where it is none of JSON, such as NaN.
    private func wrongKind(
        _ scanner: inout JSONScanner, _ problem: SafetensorsError.Problem, tensor: String? = nil
    ) throws -> SafetensorsError {
        try scanner.skipValue()
        return fail(problem, tensor: tensor)
    }

    private func readMetadata(_ scanner: inout JSONScanner) throws -> NameDictionary<String> {
        guard try scanner.peek() == UInt8(ascii: "{") else {
            throw try wrongKind(&scanner, .invalidMetadata("must be an object of strings"))
        }
        var result = NameDictionary<String>()
        try scanner.members { scanner, name, _ in
            guard try scanner.peek() == UInt8(ascii: "\"") else {
                throw try wrongKind(
                    &scanner, .invalidMetadata("must hold a string as \(quotedForMessage(name))"))
            }
            guard result.insert(try scanner.string(), forName: name) else {
                throw fail(.duplicateKey(name))
            }
        }
        return result
    }

    /// The fields of a description as they are read.
    private struct Fields {
        var type: ElementType?
        var shape: [Int]?
        var offsets: [Int]?
        var unknown: NameDictionary<Void>?
    }

    private func readEntry(_ scanner: inout JSONScanner, name: String) throws -> TensorEntry {
        guard try scanner.peek() == UInt8(ascii: "{") else {
            throw try wrongKind(
                &scanner, .invalidTensorInfo("must be described by an object"), tensor: name)
        }
        var fields = Fields()
        try scanner.members { scanner, key, _ in
            let isNew: Bool
            switch key {
            case "dtype":
                isNew = fields.type == nil
                fields.type = try readType(&scanner, name: name)
            case "shape":
                isNew = fields.shape == nil
                fields.shape = try readIntegers(
                    &scanner, "shape", name: name, beyond: .shapeOverflow)
            case "data_offsets":
                isNew = fields.offsets == nil
                fields.offsets = try readIntegers(
                    &scanner, "data_offsets", name: name, beyond: .dataOutOfFile(available: 0))
            default:
                var unknown = fields.unknown ?? NameDictionary<Void>()
                fields.unknown = nil
                isNew = unknown.insert((), forName: key)
                fields.unknown = unknown
                try scanner.skipValue()
            }
            guard isNew else { throw fail(.duplicateKey(key), tensor: name) }
        }
        return try check(fields, name: name)
    }

    private func readType(_ scanner: inout JSONScanner, name: String) throws -> ElementType {
        guard try scanner.peek() == UInt8(ascii: "\"") else {
            throw try wrongKind(
                &scanner, .invalidTensorInfo("dtype must be a string"), tensor: name)
        }
        let text = try scanner.string()
        guard let type = ElementType(rawValue: text) else {
            throw fail(.unknownDtype(text), tensor: name)
        }
        return type
    }

    /// Integers without sign, fraction and exponent.
    private func readIntegers(
        _ scanner: inout JSONScanner, _ field: String, name: String,
        beyond: SafetensorsError.Problem
    ) throws -> [Int] {
        let wrong = SafetensorsError.Problem.invalidTensorInfo(
            "\(field) must hold integers of at least 0")
        guard try scanner.peek() == UInt8(ascii: "[") else {
            throw try wrongKind(
                &scanner, .invalidTensorInfo("\(field) must be an array"), tensor: name)
        }
        var integers: [Int] = []
        try scanner.elements { scanner in
            switch try scanner.peek() {
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
            default: throw try wrongKind(&scanner, wrong, tensor: name)
            }
            let text = try scanner.number().text
            guard text.utf8.allSatisfy({ $0 &- 0x30 < 10 }) else {
                throw fail(wrong, tensor: name)
            }
            guard let integer = Int(text) else { throw fail(beyond, tensor: name) }
            guard integers.count < Self.maximumRank else { throw fail(.rankTooLarge, tensor: name) }
            integers.append(integer)
        }
        return integers
    }

    private func check(_ fields: Fields, name: String) throws -> TensorEntry {
        func missing(_ field: String) -> SafetensorsError {
            fail(.invalidTensorInfo("\(field) is missing"), tensor: name)
        }
        guard let type = fields.type else { throw missing("dtype") }
        guard let shape = fields.shape else { throw missing("shape") }
        guard let offsets = fields.offsets else { throw missing("data_offsets") }
        guard offsets.count == 2 else {
            throw fail(.invalidTensorInfo("data_offsets must be two integers"), tensor: name)
        }
        let (start, end) = (offsets[0], offsets[1])
        guard start <= end else {
            throw fail(.invalidOffset(start: start, end: end, expectedStart: 0), tensor: name)
        }
        guard end <= Int.max - dataOffset else {
            throw fail(.dataOutOfFile(available: 0), tensor: name)
        }
        switch type.byteCount(ofShape: shape) {
        case .success(let needed):
            guard needed == end - start else {
                throw fail(.sizeMismatch(needed: needed, found: end - start), tensor: name)
            }
        case .failure(.overflow): throw fail(.shapeOverflow, tensor: name)
        case .failure(.misaligned): throw fail(.misaligned, tensor: name)
        }
        return TensorEntry(
            name: name, type: type, shape: shape, byteRange: start + dataOffset..<end + dataOffset)
    }
}
