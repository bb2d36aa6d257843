import HeedFormats
import Testing

@Suite("JSON texts")
struct JSONParserTests {
    @Test("every kind of value is read")
    func everyKind() throws {
        let value = try JSONParser().parse(
            " {\"a\": [null, true, false, -0, 12, 1.5e-3, \"x\"], \"b\": {}, \"\": []}\r\n\t")
        let expected: JSONValue = [
            "a": [nil, true, false, 0, 12, 0.0015, "x"], "b": [:], "": [],
        ]
        #expect(value == expected)
        #expect(value.objectValue?.names == ["a", "b", ""])
    }

    @Test(
        "valid texts at the edges of the grammar are accepted",
        arguments: [
            "0", "-0", "0.0", "1e5", "1E+5", "1e-5", "123456789012345678901234567890", "[]", "{}",
            "\"\"", "\"\u{7F}\"", "\"\\u0000\"", "\"\\uD83E\\uDDA2\"", "\"🦢\"", "\"\u{10FFFF}\"",
            "[[[]]]", "1.7976931348623157e308", "1e-9999", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        ])
    func accepted(text: String) throws {
        _ = try JSONParser().parse(text)
    }

    @Test(
        "texts against the grammar are refused",
        arguments: [
            "", " ", "{", "[", "\"", "\"\\", "\"\\u12", "tru", "truex", "nul", "NaN", "Infinity",
            "-Infinity", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "1_0", "[1,]", "[,]",
            "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\" 1}", "{1:2}",
            "[1", "{\"a\":1", "[}", "{]", "1 2", "{} x", "{}\u{0}", "\u{0}{}", "\u{FEFF}{}",
            "// c\n1",
            "\"\n\"", "\"\t\"", "\"\u{1F}\"", "\"\\x41\"", "\"\\u00g0\"", "\"\\U0041\"", "\u{A0}1",
        ])
    func refused(text: String) {
        #expect(throws: JSONError.self) { try JSONParser().parse(text) }
    }

    @Test(
        "the error says what is wrong and where",
        arguments: [
            ("[1,\n2,\n x]", JSONError.Problem.unexpectedByte(0x78, expected: "a value"), 8, 3),
            ("{\"a\":1,\n\"a\":2}", .duplicateKey("a"), 8, 2),
            ("{\"a\":1,\"\\u0061\":2}", .duplicateKey("a"), 7, 1),
            ("[1e400]", .numberOutOfRange, 1, 1),
            ("-1e309", .numberOutOfRange, 0, 1),
            ("[\"\\ud800\"]", .loneSurrogate, 2, 1),
            ("[\"\\udc00\"]", .loneSurrogate, 2, 1),
            ("[\"\\ud800\\u0041\"]", .loneSurrogate, 2, 1),
            ("[\"\\ud800x\"]", .loneSurrogate, 2, 1),
            ("\"a\u{1}\"", .controlCharacter(1), 2, 1),
            ("{} \n}", .trailingData, 4, 2),
            ("[1, 007]", .invalidNumber, 4, 1),
            ("\"\\q\"", .invalidEscape, 1, 1),
            ("[", .unexpectedEnd, 1, 1),
        ])
    func errors(text: String, problem: JSONError.Problem, offset: Int, line: Int) throws {
        let error = try #require(throws: JSONError.self) { try JSONParser().parse(text) }
        #expect(error.problem == problem)
        #expect(error.offset == offset)
        #expect(error.line == line)
    }

    @Test(
        "bytes that are not UTF-8 are refused wherever they stand",
        arguments: [
            [0xC0, 0xAF], [0xC1, 0x81], [0x80], [0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0xA6],
        ] as [[UInt8]])
    func invalidUTF8(sequence: [UInt8]) throws {
        for padding in 0..<17 {
            let before = [UInt8]("\"".utf8) + [UInt8](repeating: 0x61, count: padding)
            for after in [[UInt8]("\"".utf8), [UInt8]("xxxxxxxxxxxx\"".utf8)] {
                let error = try #require(throws: JSONError.self) {
                    try JSONParser().parse(before + sequence + after)
                }
                #expect(error.problem == .invalidUTF8)
                #expect(error.offset == before.count)
            }
        }
    }

    @Test("every code point is read as itself, plain and escaped")
    func everyCodePoint() throws {
        for value in stride(from: UInt32(0x20), through: 0x10FFFF, by: 7) {
            guard let scalar = Unicode.Scalar(value), scalar != "\"", scalar != "\\" else {
                continue
            }
            let escaped = String(Character(scalar)).utf16.map {
                let digits = String($0, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
            let text = "[\"\(Character(scalar))\",\"\(escaped)\"]"
            let strings = try JSONParser().parse(text).arrayValue?.compactMap(\.stringValue)
            #expect(strings?.map { Array($0.unicodeScalars) } == [[scalar], [scalar]])
        }
    }

    @Test("every prefix of a text is refused")
    func prefixes() throws {
        let text = Array("{\"a\": [1.5e3, \"\\u00e9é🦢\", null], \"b\": {\"c\": false}}".utf8)
        _ = try JSONParser().parse(text)
        for count in 0..<text.count {
            #expect(throws: JSONError.self) { try JSONParser().parse(Array(text.prefix(count))) }
        }
    }

    @Test("nesting is limited, whatever the depth of the text", arguments: ["[", "{\"a\":"])
    func depth(opening: String) throws {
        let closing = opening == "[" ? "]" : "}"
        func nested(_ depth: Int) -> String {
            let inside = opening == "[" ? "" : "0"
            return String(repeating: opening, count: depth) + inside
                + String(repeating: closing, count: depth)
        }
        _ = try JSONParser().parse(nested(64))
        for depth in [65, 1000, 100_000] {
            let error = try #require(throws: JSONError.self) {
                try JSONParser().parse(nested(depth))
            }
            #expect(error.problem == .tooDeep(limit: 64))
        }
    }

    @Test("the depth counts what is open, not what was")
    func depthOfSiblings() throws {
        let text = "[" + String(repeating: "[[]],", count: 1000) + "[]]"
        #expect(try JSONParser(maximumDepth: 3).parse(text).arrayValue?.count == 1001)
        #expect(throws: JSONError.self) { try JSONParser(maximumDepth: 2).parse(text) }
    }

    @Test("the size is limited")
    func size() throws {
        let parser = JSONParser(maximumBytes: 4)
        _ = try parser.parse("[12]")
        let error = try #require(throws: JSONError.self) { try parser.parse("[123]") }
        #expect(error.problem == .tooLarge(bytes: 5, limit: 4))
    }

    @Test("the number of values is limited, so that a text cannot fill the memory")
    func values() throws {
        let parser = JSONParser(maximumValues: 4)
        _ = try parser.parse("[1,[],{\"a\":2}]".replacing("[],", with: ""))
        let error = try #require(throws: JSONError.self) { try parser.parse("[1,[],{\"a\":2}]") }
        #expect(error.problem == .tooManyValues(limit: 4))
        let element: [UInt8] = [0x30, 0x2C]
        let many: [UInt8] = [0x5B] + Array(repeatElement(element, count: 9_000_000).joined())
        #expect(throws: JSONError.self) { try JSONParser().parse(many) }
    }

    @Test("names that look alike but differ in bytes are two names")
    func canonicalEquivalents() throws {
        let value = try JSONParser().parse("{\"\u{E9}\": 1, \"e\u{301}\": 2}")
        #expect(value["\u{E9}"] == 1)
        #expect(value["e\u{301}"] == 2)
        #expect(JSONValue.string("\u{E9}") != JSONValue.string("e\u{301}"))
    }

    @Test("a million names are read, and one that stands twice among them is found")
    func manyNames() throws {
        let body = (0..<1_000_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let object = try #require(try JSONParser().parse("{\(body)}").objectValue)
        #expect(object.count == 1_000_000)
        #expect(object["k999999"] == 999_999)
        #expect(object["k1000000"] == nil)
        let error = try #require(throws: JSONError.self) {
            try JSONParser().parse("{\(body),\"k5000\":0}")
        }
        #expect(error.problem == .duplicateKey("k5000"))
    }

    @Test("numbers keep their text, and integers beyond Int are told apart")
    func numbers() throws {
        func number(_ text: String) throws -> JSONValue { try JSONParser().parse(text) }
        #expect(try number("9223372036854775807").intValue == .max)
        #expect(try number("-9223372036854775808").intValue == .min)
        #expect(try number("9223372036854775808").intValue == nil)
        #expect(try number("1.0").intValue == nil)
        #expect(try number("1e2").intValue == nil)
        #expect(try number("1e2").doubleValue == 100)
        #expect(try number("-0").doubleValue?.sign == .minus)
        #expect(try number("0.1").doubleValue == 0.1)
        #expect(try number("5e-324").doubleValue == Double.leastNonzeroMagnitude)
        #expect(throws: JSONError.self) { try number(String(repeating: "9", count: 310)) }
        #expect(throws: JSONError.self) { try number(String(repeating: "9", count: 1_000_000)) }
        guard case .number(let kept) = try number("1.10") else { throw JSONTestFailure() }
        #expect(kept.text == "1.10")
    }
}

struct JSONTestFailure: Error {}
