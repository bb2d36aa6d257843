import HeedFormats
import HeedTestSupport
import Testing

@Suite("Writing safetensors files")
struct SafetensorsWriterTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    static let tensors = [
        TensorDescription("b", .float32, [3]), TensorDescription("a", .int64, [1, 2]),
        TensorDescription("c", .uint8, [1]), TensorDescription("d", .float16, [0, 2]),
        TensorDescription("e", .float32, []),
    ]

    /// What the reference implementation writes for these tensors.
    static let expected = safetensorsBytes(
        header: #"{"__metadata__":{"format":"pt"},"#
            + #""a":{"dtype":"I64","shape":[1,2],"data_offsets":[0,16]},"#
            + #""b":{"dtype":"F32","shape":[3],"data_offsets":[16,28]},"#
            + #""e":{"dtype":"F32","shape":[],"data_offsets":[28,32]},"#
            + #""d":{"dtype":"F16","shape":[0,2],"data_offsets":[32,32]},"#
            + #""c":{"dtype":"U8","shape":[1],"data_offsets":[32,33]}}"#
            + String(repeating: " ", count: 4),
        data: bytesOfHex(
            "0100000000000000020000000000000000000000"
                + "0000803f000000400000e04001"))

    private func writer(_ name: String) throws -> SafetensorsWriter {
        try SafetensorsWriter(
            path: folder.path(of: name), tensors: Self.tensors, metadata: ["format": "pt"])
    }

    @Test("the bytes are those of the reference implementation")
    func referenceBytes() throws {
        let writer = try writer("f")
        #expect(writer.entries.map(\.name) == ["a", "b", "e", "d", "c"])
        try writer.write([1, 2] as [Int64], to: "a")
        try writer.write([0, 1, 2] as [Float], to: "b")
        try writer.write([7] as [Float], to: "e")
        try writer.write([1] as [UInt8], to: "c")
        try writer.commit()
        #expect(try folder.bytes("f") == Self.expected)
    }

    @Test("tensors may come in any order and in pieces")
    func anyOrder() throws {
        let writer = try writer("f")
        try writer.write([1] as [UInt8], to: "c")
        try writer.write([0] as [Float], to: "b")
        try writer.write([1] as [Int64], to: "a")
        try writer.write([7] as [Float], to: "e")
        try writer.write([1, 2] as [Float], to: "b")
        try writer.write([2] as [Int64], to: "a")
        try writer.write([] as [UInt16], to: "d")
        try writer.commit()
        #expect(try folder.bytes("f") == Self.expected)
    }

    @Test("tensors larger than the buffer are written whole")
    func large() throws {
        let values = (0..<200_000).map { Float($0) }
        let tensors = [
            TensorDescription("x", .float32, [400, 500]), TensorDescription("y", .uint8, [3]),
        ]
        let writer = try SafetensorsWriter(path: folder.path(of: "f"), tensors: tensors)
        try writer.write(Array(values[..<70_000]), to: "x")
        try writer.write([1, 2, 3] as [UInt8], to: "y")
        try writer.write(Array(values[70_000...]), to: "x")
        try writer.commit()
        let file = try SafetensorsFile(path: folder.path(of: "f"))
        #expect(try file.floats(of: "x") == values)
        #expect(try file.bytes(of: "y") == [1, 2, 3])
        #expect(file.entries.allSatisfy { $0.byteRange.lowerBound % 8 == 0 })
    }

    @Test("nothing appears without a commit, and no temporary file stays")
    func noCommit() throws {
        do {
            let writer = try writer("f")
            try writer.write([1] as [UInt8], to: "c")
        }
        #expect(try Folder.names(in: folder.path) == [])
    }

    @Test("names that cannot stand in a file, and shapes beyond all bounds, are refused")
    func refused() throws {
        func problem(_ tensors: [TensorDescription]) throws -> String {
            let error = try #require(throws: SafetensorsError.self) {
                try SafetensorsWriter(path: folder.path(of: "f"), tensors: tensors)
            }
            return label(error.problem)
        }
        #expect(try problem([.init("a", .bool, []), .init("a", .bool, [])]) == "duplicateKey")
        #expect(try problem([.init("__metadata__", .bool, [])]) == "duplicateKey")
        #expect(try problem([.init("a", .float32, [1 << 40, 1 << 40])]) == "shapeOverflow")
        #expect(try problem([.init("a", .float4, [3])]) == "misaligned")
        #expect(try problem([.init("a", .bool, [Int](repeating: 1, count: 33))]) == "rankTooLarge")
        #expect(try Folder.names(in: folder.path) == [])
    }

    @Test("a file of no tensors is valid")
    func empty() throws {
        try SafetensorsWriter(path: folder.path(of: "f"), tensors: []).commit()
        #expect(try SafetensorsFile(path: folder.path(of: "f")).entries.isEmpty)
    }

    @Test("a tensor that was not written whole stops the program")
    func incomplete() async {
        await #expect(processExitsWith: .failure) {
            let folder = try TemporaryFolder()
            let writer = try SafetensorsWriter(
                path: folder.path(of: "f"), tensors: [TensorDescription("a", .float32, [2])])
            try writer.write([1] as [Float], to: "a")
            try writer.commit()
        }
    }
}
