import HeedFormats
import Testing

/// The verdict on a file in memory: "ok", or the name of the problem.
func verdict(_ bytes: [UInt8]) -> String {
    do {
        _ = try SafetensorsFile(MemoryBytes(bytes), name: "test")
        return "ok"
    } catch let error as SafetensorsError {
        return label(error.problem)
    } catch {
        return "another error: \(error)"
    }
}

func label(_ problem: SafetensorsError.Problem) -> String {
    String("\(problem)".prefix { $0 != "(" })
}

@Suite("Headers of safetensors files")
struct SafetensorsHeaderTests {
    @Test("files at the edges of the format get the right verdict", arguments: safetensorsCases)
    func cases(file: SafetensorsCase) {
        let found = verdict(file.bytes)
        switch file.verdict {
        case .ok: #expect(found == "ok")
        case .refused(let problems): #expect(problems.contains(found), "\(found)")
        }
    }

    /// A header with one tensor of one byte, described by some fields.
    static func one(_ fields: String, name: String = "a", data: Int = 1) -> [UInt8] {
        safetensorsBytes(
            header: "{\"\(name)\":{\(fields)}}", data: [UInt8](repeating: 0, count: data))
    }

    static let plain = #""dtype":"U8","shape":[1],"data_offsets":[0,1]"#

    @Test(
        "more edges get the right verdict",
        arguments: [
            ("ok", one(plain)),
            ("ok", one(plain, name: "")),
            ("ok", one(plain, name: "\\u0000a")),
            ("ok", one(plain, name: "/etc/passwd")),
            ("ok", one(#""data_offsets":[0,1],"dtype":"U8","shape":[]"#)),
            ("ok", one(plain + #","x":{"a":[1,{"b":null}],"c":"d"},"y":true"#)),
            ("ok", one(#""dtype":"F4","shape":[4],"data_offsets":[0,2]"#, data: 2)),
            ("ok", one(#""dtype":"U8","shape":[\#(ones(32))],"data_offsets":[0,1]"#)),
            (
                "ok",
                one(#""dtype":"U8","shape":[0,4611686018427387904],"data_offsets":[0,0]"#, data: 0)
            ),
            ("rankTooLarge", one(#""dtype":"U8","shape":[\#(ones(33))],"data_offsets":[0,1]"#)),
            ("rankTooLarge", one(#""dtype":"U8","shape":[\#(ones(99999))],"data_offsets":[0,1]"#)),
            (
                "shapeOverflow",
                one(
                    #""dtype":"U8","shape":[0,4611686018427387904,8],"data_offsets":[0,0]"#, data: 0
                )
            ),
            (
                "shapeOverflow",
                one(#""dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,1]"#)
            ),
            (
                "dataOutOfFile",
                one(#""dtype":"U8","shape":[1],"data_offsets":[0,99999999999999999999]"#)
            ),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":[-0],"data_offsets":[0,0]"#, data: 0)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":[1.0],"data_offsets":[0,1]"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":[true],"data_offsets":[0,1]"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":["1"],"data_offsets":[0,1]"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":[[1]],"data_offsets":[0,1]"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":null,"data_offsets":[0,1]"#)),
            ("invalidTensorInfo", one(#""dtype":1,"shape":[1],"data_offsets":[0,1]"#)),
            ("invalidTensorInfo", one(#""shape":[1],"data_offsets":[0,1]"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":[1]"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":[1],"data_offsets":[0,1,1]"#)),
            ("invalidTensorInfo", one("")),
            ("invalidJSON", one(#""dtype":"U8","shape":[01],"data_offsets":[0,1]"#)),
            ("unknownDtype", one(#""dtype":"u8","shape":[1],"data_offsets":[0,1]"#)),
            ("unknownDtype", one(#""dtype":"U8 ","shape":[1],"data_offsets":[0,1]"#)),
            ("duplicateKey", one(plain + #","shape":[1]"#)),
            ("duplicateKey", one(plain + #","x":1,"x":1"#)),
            ("duplicateKey", one(plain + #","x":{"y":1,"y":1}"#)),
            ("invalidJSON", one(plain + #","x":"# + String(repeating: "[", count: 100_000))),
            ("invalidJSON", one(plain, name: "\\ud800")),
            ("invalidJSON", one(plain, name: "\\q")),
            ("invalidTensorInfo", one(#""dtype":null,"shape":[1],"data_offsets":[0,1]"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":{},"data_offsets":[0,1]"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":[1],"data_offsets":[0.0,1]"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":[1],"data_offsets":[0,1e0]"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":[1],"data_offsets":[null,1]"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":[1],"data_offsets":{"0":0,"1":1}"#)),
            ("invalidTensorInfo", one(#""dtype":"U8","shape":[1],"data_offsets":[]"#)),
            ("invalidJSON", one(#""dtype":"U8","shape":[+1],"data_offsets":[0,1]"#)),
            ("invalidJSON", one(#""dtype":"U8","shape":[1.],"data_offsets":[0,1]"#)),
            ("invalidJSON", one(#""dtype":"U8","shape":[0x1],"data_offsets":[0,1]"#)),
            ("invalidJSON", one(#""dtype":"U8","shape":[1 1],"data_offsets":[0,1]"#)),
            ("invalidJSON", one(#""dtype":"U8","shape":[Infinity],"data_offsets":[0,1]"#)),
            ("invalidJSON", one(plain + #","x":1e999"#)),
            ("invalidJSON", one(plain + #","x":tru"#)),
            ("invalidJSON", one(plain, name: "\\u12")),
            ("invalidJSON", one(plain, name: "a\u{0}")),
            ("misaligned", one(#""dtype":"F6_E2M3","shape":[3],"data_offsets":[0,2]"#, data: 2)),
            ("misaligned", one(#""dtype":"F4","shape":[],"data_offsets":[0,1]"#)),
            (
                "shapeOverflow",
                one(#""dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,1]"#)
            ),
            (
                "shapeOverflow",
                one(#""dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]"#, data: 0)
            ),
            (
                "shapeOverflow",
                one(#""dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,1]"#)
            ),
            (
                "dataOutOfFile",
                one(
                    #""dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]"#
                )
            ),
            ("invalidOffset", one(#""dtype":"U8","shape":[0],"data_offsets":[1,1]"#)),
            ("sizeMismatch", one(#""dtype":"U8","shape":[2],"data_offsets":[0,1]"#)),
            ("sizeMismatch", one(#""dtype":"U8","shape":[0],"data_offsets":[0,1]"#)),
            ("invalidOffset", one(#""dtype":"U8","shape":[1],"data_offsets":[1,2]"#, data: 2)),
            ("trailingData", one(plain, data: 2)),
            ("dataOutOfFile", one(plain, data: 0)),
        ])
    func moreCases(expected: String, bytes: [UInt8]) {
        #expect(verdict(bytes) == expected)
    }

    static func ones(_ count: Int) -> String {
        [String](repeating: "1", count: count).joined(separator: ",")
    }

    @Test(
        "headers as a whole get the right verdict",
        arguments: [
            ("ok", "{} \n\t\r"), ("invalidJSON", ""), ("invalidJSON", "   "),
            ("invalidJSON", "\u{FEFF}{}"), ("invalidJSON", "{}\u{0}"), ("invalidJSON", "\u{0}{}"),
            ("invalidJSON", "[]"), ("invalidJSON", "{}{}"), ("invalidJSON", "null"),
            ("invalidJSON", "{} {}"), ("invalidJSON", "{},"), ("invalidJSON", "{}]"),
            ("invalidJSON", "\u{A0}{}"), ("invalidJSON", "\u{C}{}"), ("invalidJSON", "{}\u{FEFF}"),
            ("invalidJSON", "true"), ("invalidJSON", "1"), ("invalidJSON", "{null:1}"),
            ("invalidJSON", #"{"a"}"#), ("invalidJSON", #"{"a":}"#), ("invalidJSON", "{,}"),
            ("invalidJSON", #"{"a":nul}"#), ("invalidJSON", #"{"a":[1,}"#),
            ("invalidJSON", #"{"a":"}"#),
            ("invalidJSON", #"{"__metadata__":}"#), ("invalidJSON", #"{"__metadata__":{"a":nan}}"#),
            ("invalidJSON", #"{"a":{"dtype":}}"#), ("invalidJSON", #"{"a":{"shape":u8}}"#),
            ("invalidJSON", #"{"a":{"shape":[[}}"#),
            ("invalidTensorInfo", #"{"a":1}"#), ("invalidTensorInfo", #"{"a":"U8"}"#),
            ("invalidTensorInfo", #"{"a":true}"#), ("invalidTensorInfo", #"{"a":{}}"#),
            ("invalidMetadata", #"{"__metadata__":{"a":null}}"#),
            ("invalidMetadata", #"{"__metadata__":{"a":{"b":"c"}}}"#),
            ("invalidTensorInfo", #"{"__metadata":{"a":"b"}}"#),
            ("invalidTensorInfo", #"{"__METADATA__":{"a":"b"}}"#),
            ("ok", #"{"__metadata__":{}}"#), ("invalidMetadata", #"{"__metadata__":null}"#),
            ("invalidMetadata", #"{"__metadata__":"x"}"#),
            ("invalidMetadata", #"{"__metadata__":{"a":["b"]}}"#),
            ("duplicateKey", #"{"__metadata__":{"a":"b","a":"b"}}"#),
            ("duplicateKey", #"{"__metadata__":{},"\u005f_metadata__":{}}"#),
        ])
    func wholeHeaders(expected: String, header: String) {
        #expect(verdict(safetensorsBytes(header: header)) == expected)
    }

    @Test("names are told apart by their bytes after escapes are resolved")
    func escapedNames() {
        let tensor = { (name: String) -> String in
            #""\#(name)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
        }
        for (a, b, expected) in [
            ("a", "\\u0061", "duplicateKey"), ("", "", "duplicateKey"),
            ("/", "\\/", "duplicateKey"),
            ("a", "a ", "ok"), ("a", "A", "ok"), ("\\u0000", "\\u0001", "ok"),
            ("a", "a\\u0000", "ok"),
        ] {
            let header = "{\(tensor(a)),\(tensor(b))}"
            #expect(verdict(safetensorsBytes(header: header)) == expected, "\(a) and \(b)")
        }
    }

    @Test(
        "tensors that overlap, or lie in one another, are refused",
        arguments: [
            ("0,2", "1,3"), ("0,4", "1,3"), ("0,2", "0,4"), ("0,2", "3,4"), ("1,2", "2,4"),
        ])
    func overlaps(first: String, second: String) {
        let tensor = { (name: String, range: String) -> String in
            let ends = range.split(separator: ",").compactMap { Int($0) }
            return
                "\"\(name)\":{\"dtype\":\"U8\",\"shape\":[\(ends[1] - ends[0])],\"data_offsets\":[\(range)]}"
        }
        for parts in [[("a", first), ("b", second)], [("b", second), ("a", first)]] {
            let header = "{" + parts.map { tensor($0.0, $0.1) }.joined(separator: ",") + "}"
            let bytes = safetensorsBytes(header: header, data: [1, 2, 3, 4])
            #expect(verdict(bytes) == "invalidOffset")
        }
    }

    @Test("the longest header is read, and one byte more is not")
    func longestHeader() {
        for (length, expected) in [(100_000_000, "ok"), (100_000_001, "headerTooLarge")] {
            let start = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
            let file = Array("{}".utf8) + [UInt8](repeating: 0x20, count: length - 2)
            #expect(verdict(start + file) == expected)
        }
    }

    @Test("names that are canonically equal but differ in bytes are two tensors")
    func canonicalEquivalents() throws {
        let header =
            "{\"\u{E9}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            + "\"e\u{301}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}"
        let bytes = safetensorsBytes(header: header, data: [7, 8])
        let file = try SafetensorsFile(MemoryBytes(bytes), name: "test")
        #expect(try file.bytes(of: "\u{E9}") == [7])
        #expect(try file.bytes(of: "e\u{301}") == [8])
    }

    @Test("every type of element has its size", arguments: ElementType.allCases)
    func types(type: ElementType) {
        func file(_ count: Int) -> [UInt8] {
            Self.one(
                #""dtype":"\#(type.name)","shape":[8],"data_offsets":[0,\#(count)]"#, data: count)
        }
        #expect(verdict(file(type.bitWidth)) == "ok")
        #expect(verdict(file(type.bitWidth + 1)) == "sizeMismatch")
    }

    static let valid = safetensorsBytes(
        header: #"{"__metadata__":{"k":"é"},"b":{"dtype":"F16","shape":[2],"data_offsets":[4,8]},"#
            + #""a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  "#, data: Array(0..<8))

    @Test("every prefix of a valid file is refused, and so is one byte more")
    func prefixes() {
        #expect(verdict(Self.valid) == "ok")
        for count in 0..<Self.valid.count {
            #expect(verdict(Array(Self.valid.prefix(count))) != "ok")
        }
        #expect(verdict(Self.valid + [0]) == "trailingData")
    }

    @Test("a file with any bytes changed is read or refused, and every tensor read is inside it")
    func mutations() throws {
        var generator = SystemRandomNumberGenerator()
        for round in 0..<30_000 {
            var bytes = Self.valid
            if round < bytes.count * 8 {
                bytes[round / 8] ^= 1 << UInt8(round % 8)
            } else {
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let index = Int.random(in: 0..<bytes.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                    case 1: bytes.remove(at: index)
                    default:
                        bytes.insert(Array("0129-\"{}[],:".utf8).randomElement() ?? 0, at: index)
                    }
                }
            }
            do {
                let file = try SafetensorsFile(MemoryBytes(bytes), name: "test")
                for name in file.names { _ = try file.bytes(of: name) }
            } catch is SafetensorsError {
                continue
            }
        }
    }

    @Test("an error names the file, the tensor and what is wrong")
    func message() throws {
        let bytes = Self.one(#""dtype":"U8","shape":[2],"data_offsets":[0,1]"#, name: "w\\u001b")
        let error = #expect(throws: SafetensorsError.self) {
            try SafetensorsFile(MemoryBytes(bytes), name: "model.safetensors")
        }
        #expect(
            error.map { "\($0)" }
                == #"model.safetensors: tensor "w\u{1b}": shape and type need 2 bytes, "#
                + "but data_offsets span 1")
    }

    @Test("other formats are refused by name, with advice")
    func foreignFormats() throws {
        let starts: [([UInt8], String)] = [
            ([0x50, 0x4B, 0x03, 0x04, 0x14, 0, 8, 8, 0], "ZIP"),
            ([0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9], "pickle"),
            ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0], "gzip"),
            (Array("GGUF".utf8) + [3, 0, 0, 0, 1], "GGUF"),
            (Array("version https://git-lfs.github.com/spec/v1\n".utf8), "Git LFS"),
            ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0], "HDF5"),
            ([0x80, 0x04, 0x4E, 0x2E], "pickle"),
            (Array("(dp0\n.".utf8), "pickle"),
            (Array("cos\nsystem\n(S'true'\ntR.".utf8), "pickle"),
            ([0x50, 0x4B, 0x05, 0x06] + [UInt8](repeating: 0, count: 18), "ZIP"),
            ([0x42, 0x5A, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53], "bzip2"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0, 4, 0xE6], "xz"),
            ([0x28, 0xB5, 0x2F, 0xFD, 4, 0, 1, 0, 0], "zstd"),
            ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4, 0], "7z"),
            (Array("Rar!\u{1A}\u{7}\u{1}".utf8), "RAR"),
            ([0x93] + Array("NUMPY\u{1}".utf8), "NumPy"),
            (Array("<!DOCTYPE html><title>404".utf8), "HTML"),
            (
                Array("archive/data.pkl".utf8) + [UInt8](repeating: 0, count: 241)
                    + Array("ustar\u{0}00".utf8) + [UInt8](repeating: 0, count: 300), "tar"
            ),
        ]
        for (bytes, word) in starts {
            let error = try #require(throws: SafetensorsError.self) {
                try SafetensorsFile(MemoryBytes(bytes), name: "f")
            }
            #expect(label(error.problem) == "foreignFormat")
            #expect("\(error)".contains(word))
        }
    }
}
