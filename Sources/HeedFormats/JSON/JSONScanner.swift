/// Walks over the bytes of a JSON text, value by value, under limits.
///
/// `JSONParser` builds values with it; readers of large headers use it directly, so that no tree of
/// values exists. The bytes must be valid UTF-8, which `init` checks.
package struct JSONScanner {
    /// The whole text.
    package let bytes: [UInt8]
    /// The offset of the next byte.
    package private(set) var position = 0
    private var depth = 0
    private let maximumDepth: Int
    private var valueCount = 0
    private let maximumValues: Int

    package init(_ bytes: [UInt8], maximumDepth: Int, maximumValues: Int = .max) throws {
        if let offset = firstInvalidUTF8(in: bytes) {
            throw JSONError(.invalidUTF8, offset: offset, in: bytes)
        }
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.maximumValues = maximumValues
    }

    /// An error at an offset, or at the next byte.
    package func error(_ problem: JSONError.Problem, at offset: Int? = nil) -> JSONError {
        JSONError(problem, offset: offset ?? position, in: bytes)
    }

    /// The next byte that is not white space, without consuming it.
    @inline(__always)
    package mutating func peek() throws -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            if byte != 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09 { return byte }
            position += 1
        }
        throw error(.unexpectedEnd)
    }

    /// Checks that only white space is left.
    package mutating func finish() throws {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
                throw error(.trailingData)
            }
            position += 1
        }
    }

    private mutating func expect(_ byte: UInt8, _ words: String) throws {
        let found = try peek()
        guard found == byte else { throw error(.unexpectedByte(found, expected: words)) }
        position += 1
    }

    // MARK: Containers

    /// Reads an object: `body` gets each name, with the offset where it stands, and reads its value.
    @inline(__always)
    package mutating func members(
        _ body: (inout JSONScanner, String, _ offset: Int) throws -> Void
    ) throws {
        try enter(0x7B, "an object")
        if try peek() == 0x7D {
            leave()
            return
        }
        while true {
            _ = try peek()
            let offset = position
            let name = try string(expected: "a name in quotation marks")
            try expect(0x3A, "':'")
            try body(&self, name, offset)
            if try hasNext(closing: 0x7D, "',' or '}'") == false { return }
        }
    }

    /// Reads an array: `body` reads one element.
    @inline(__always)
    package mutating func elements(_ body: (inout JSONScanner) throws -> Void) throws {
        try enter(0x5B, "an array")
        if try peek() == 0x5D {
            leave()
            return
        }
        while true {
            try body(&self)
            if try hasNext(closing: 0x5D, "',' or ']'") == false { return }
        }
    }

    private mutating func enter(_ byte: UInt8, _ words: String) throws {
        let found = try peek()
        guard found == byte else { throw error(.unexpectedByte(found, expected: words)) }
        guard depth < maximumDepth else { throw error(.tooDeep(limit: maximumDepth)) }
        position += 1
        depth += 1
    }

    private mutating func leave() {
        position += 1
        depth -= 1
    }

    private mutating func hasNext(closing: UInt8, _ words: String) throws -> Bool {
        let byte = try peek()
        if byte == closing {
            leave()
            return false
        }
        guard byte == 0x2C else { throw error(.unexpectedByte(byte, expected: words)) }
        position += 1
        return true
    }

    // MARK: Values

    /// Reads any value.
    package mutating func value() throws -> JSONValue {
        let first = try peek()
        guard valueCount < maximumValues else { throw error(.tooManyValues(limit: maximumValues)) }
        valueCount += 1
        switch first {
        case 0x7B:
            var object = JSONObject()
            try members { scanner, name, offset in
                let value = try scanner.value()
                guard object.insert(value, forName: name) else {
                    throw scanner.error(.duplicateKey(name), at: offset)
                }
            }
            return .object(object)
        case 0x5B:
            var array: [JSONValue] = []
            try elements { array.append(try $0.value()) }
            return .array(array)
        case 0x22:
            return .string(try string())
        case 0x2D, 0x30...0x39:
            return .number(try number())
        default:
            return try literal()
        }
    }

    /// Reads any value and drops it, but refuses whatever `value()` refuses.
    package mutating func skipValue() throws {
        switch try peek() {
        case 0x7B:
            var names = NameDictionary<Void>()
            try members { scanner, name, offset in
                guard names.insert((), forName: name) else {
                    throw scanner.error(.duplicateKey(name), at: offset)
                }
                try scanner.skipValue()
            }
        case 0x5B:
            try elements { try $0.skipValue() }
        case 0x22:
            _ = try string()
        case 0x2D, 0x30...0x39:
            _ = try number()
        default:
            _ = try literal()
        }
    }

    private mutating func literal() throws -> JSONValue {
        let start = position
        for (word, value) in [
            ("true", JSONValue.bool(true)), ("false", .bool(false)), ("null", .null),
        ]
        where bytes[start...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw error(.unexpectedByte(bytes[start], expected: "a value"))
    }
}

// MARK: - Numbers

extension JSONScanner {
    /// More digits than any format writes, and few enough to convert at once.
    private static let maximumNumberLength = 4096

    /// Reads a number by the grammar of RFC 8259, section 6.
    package mutating func number() throws -> JSONNumber {
        _ = try peek()
        let start = position
        var isInteger = true
        if bytes[position] == 0x2D { position += 1 }
        let integerStart = position
        let integerDigits = digits()
        guard integerDigits > 0, integerDigits == 1 || bytes[integerStart] != 0x30 else {
            throw error(.invalidNumber, at: start)
        }
        if position < bytes.count, bytes[position] == 0x2E {
            isInteger = false
            position += 1
            guard digits() > 0 else { throw error(.invalidNumber, at: start) }
        }
        if position < bytes.count, bytes[position] | 0x20 == 0x65 {
            isInteger = false
            position += 1
            if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D {
                position += 1
            }
            guard digits() > 0 else { throw error(.invalidNumber, at: start) }
        }
        guard position - start <= Self.maximumNumberLength else {
            throw error(.numberOutOfRange, at: start)
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        // Fewer than 300 digits without an exponent are below the largest double in any case.
        if !isInteger || position - start > 300 {
            guard let value = Double(text), value.isFinite else {
                throw error(.numberOutOfRange, at: start)
            }
        }
        return JSONNumber(validText: text)
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, bytes[position] &- 0x30 < 10 { position += 1 }
        return position - start
    }
}

// MARK: - Strings

extension JSONScanner {
    /// Reads a string, its escapes resolved.
    package mutating func string(expected: String = "a string") throws -> String {
        try expect(0x22, expected)
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 0x22 {
                position += 1
                return String(decoding: bytes[start..<position - 1], as: UTF8.self)
            }
            if byte == 0x5C { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw error(.controlCharacter(byte)) }
            position += 1
        }
        throw error(.unexpectedEnd)
    }

    private mutating func escapedString(from start: Int) throws -> String {
        var result = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case 0x22:
                position += 1
                return String(decoding: result, as: UTF8.self)
            case 0x5C:
                try appendEscape(to: &result)
            case 0..<0x20:
                throw error(.controlCharacter(byte))
            default:
                result.append(byte)
                position += 1
            }
        }
        throw error(.unexpectedEnd)
    }

    private mutating func appendEscape(to result: inout [UInt8]) throws {
        let start = position
        guard position + 1 < bytes.count else {
            throw error(.unexpectedEnd, at: bytes.count)
        }
        let letter = bytes[position + 1]
        position += 2
        switch letter {
        case 0x22, 0x5C, 0x2F: result.append(letter)
        case 0x62: result.append(0x08)
        case 0x66: result.append(0x0C)
        case 0x6E: result.append(0x0A)
        case 0x72: result.append(0x0D)
        case 0x74: result.append(0x09)
        case 0x75:
            guard let scalar = Unicode.Scalar(try codePoint(from: start)) else {
                throw error(.loneSurrogate, at: start)
            }
            result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw error(.invalidEscape, at: start)
        }
    }

    /// The code point of one `\uXXXX`, or of two that are the halves of a pair.
    private mutating func codePoint(from start: Int) throws -> UInt32 {
        let first = try fourHexadecimalDigits(from: start)
        guard 0xD800...0xDBFF ~= first else { return first }
        guard position + 1 < bytes.count, bytes[position] == 0x5C, bytes[position + 1] == 0x75
        else { throw error(.loneSurrogate, at: start) }
        position += 2
        let second = try fourHexadecimalDigits(from: start)
        guard 0xDC00...0xDFFF ~= second else { throw error(.loneSurrogate, at: start) }
        return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
    }

    private mutating func fourHexadecimalDigits(from start: Int) throws -> UInt32 {
        guard position + 4 <= bytes.count else { throw error(.unexpectedEnd, at: bytes.count) }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
            default: throw error(.invalidEscape, at: start)
            }
        }
        position += 4
        return value
    }
}
