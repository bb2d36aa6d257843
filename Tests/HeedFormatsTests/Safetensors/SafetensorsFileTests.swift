import Glibc
import HeedFormats
import HeedTestSupport
import Testing

@Suite("Safetensors files")
struct SafetensorsFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    static let valid = SafetensorsHeaderTests.valid

    @Test("tensors are read by copy and by map, wherever they stand", arguments: [false, true])
    func reading(mapped: Bool) throws {
        let path = try folder.file("model.safetensors", bytes: Self.valid)
        let file = try SafetensorsFile(path: path, mapped: mapped)
        #expect(file.names == ["a", "b"])
        #expect(file.entry(named: "b")?.shape == [2])
        #expect(file.entry(named: "b")?.type == .float16)
        #expect(file.entry(named: "a")?.elementCount == 1)
        #expect(file.metadata == ["k": "é"])
        #expect(try file.bytes(of: "a") == [0, 1, 2, 3])
        #expect(try file.bytes(of: "b") == [4, 5, 6, 7])
        let copied = try unsafe file.withBytes(of: "b") { unsafe Array($0) }
        #expect(copied == [4, 5, 6, 7])
        #expect(try file.floats(of: "a").map(\.bitPattern) == [0x0302_0100])
        #expect(throws: MissingTensorError.self) { try file.bytes(of: "c") }
    }

    @Test("pipes, folders, devices and missing files are refused at once")
    func specialFiles() throws {
        let pipe = try folder.makePipe("pipe")
        for path in [pipe, folder.path, "/dev/zero", "/dev/null"] {
            let error = try #require(throws: FileError.self) { try SafetensorsFile(path: path) }
            #expect(label(error) == "notARegularFile", "\(error)")
        }
        let missing = try #require(throws: FileError.self) {
            try SafetensorsFile(path: folder.path(of: "absent"))
        }
        #expect(missing.isMissing)
        for path in ["", "a\u{0}b"] {
            let error = try #require(throws: FileError.self) { try SafetensorsFile(path: path) }
            #expect(error.problem == .invalidPath)
        }
    }

    private func label(_ error: FileError) -> String {
        String("\(error.problem)".prefix { $0 != "(" })
    }

    @Test("a sparse terabyte is refused without reading it")
    func sparse() throws {
        let start = safetensorsBytes(
            header: #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#)
        for bytes in [start, []] {
            let path = try folder.file("sparse", bytes: bytes)
            try folder.resize("sparse", to: 1 << 40)
            for mapped in [false, true] {
                #expect(throws: SafetensorsError.self) {
                    try SafetensorsFile(path: path, mapped: mapped)
                }
            }
        }
    }

    @Test("a file that shrinks while open is an error, not a signal", arguments: [false, true])
    func shrinking(mapped: Bool) throws {
        let path = try folder.file("model.safetensors", bytes: Self.valid)
        let file = try SafetensorsFile(path: path, mapped: mapped)
        try folder.resize("model.safetensors", to: Self.valid.count - 1)
        #expect(try file.bytes(of: "a") == [0, 1, 2, 3])
        #expect(throws: FileError.self) { try file.bytes(of: "b") }
        #expect(throws: FileError.self) { try unsafe file.withBytes(of: "b") { $0.count } }
        try folder.resize("model.safetensors", to: 0)
        #expect(throws: FileError.self) { try file.bytes(of: "a") }
        #expect(throws: FileError.self) { try unsafe file.withBytes(of: "a") { $0.count } }
    }

    @Test("a million tensors are written and read")
    func million() throws {
        let path = folder.path(of: "million")
        let tensors = (0..<1_000_000).map {
            TensorDescription("layers.\($0).weight", .uint8, [1, 1])
        }
        let writer = try SafetensorsWriter(path: path, tensors: tensors)
        for (position, entry) in writer.entries.enumerated() {
            try writer.write([UInt8(truncatingIfNeeded: position)], to: entry.name)
        }
        try writer.commit()
        let file = try SafetensorsFile(path: path)
        #expect(file.entries.count == 1_000_000)
        #expect(file.entries == writer.entries)
        let last = try #require(file.entries.last)
        #expect(try file.bytes(of: last.name) == [UInt8(truncatingIfNeeded: 999_999)])
    }
}
