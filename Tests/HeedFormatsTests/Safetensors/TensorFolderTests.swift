import HeedFormats
import HeedTestSupport
import Testing

@Suite("Folders of weights")
struct TensorFolderTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func writeShard(_ name: String, _ tensors: [String: UInt8]) throws {
        let writer = try SafetensorsWriter(
            path: folder.path(of: name), tensors: tensors.keys.map { .init($0, .uint8, [2]) })
        for (tensor, value) in tensors { try writer.write([value, value], to: tensor) }
        try writer.commit()
    }

    private func writeIndex(_ map: JSONValue) throws {
        let index: JSONValue = ["metadata": ["total_size": 6], "weight_map": map]
        try AtomicFile.write(
            JSONWriter(.pretty).string(index), to: folder.path(of: TensorFolder.indexName))
    }

    private func problem() throws -> TensorFolderError.Problem {
        try #require(throws: TensorFolderError.self) { try TensorFolder(path: folder.path) }.problem
    }

    @Test("one file is opened")
    func single() throws {
        try writeShard(TensorFolder.fileName, ["a": 1, "b": 2])
        let weights = try TensorFolder(path: folder.path)
        #expect(Set(weights.names) == ["a", "b"])
        #expect(try weights.bytes(of: "b") == [2, 2])
        #expect(throws: MissingTensorError.self) { try weights.bytes(of: "c") }
        let opened = try TensorFolder.open(path: folder.path(of: TensorFolder.fileName))
        #expect(try opened.bytes(of: "a") == [1, 1])
    }

    @Test("shards are opened, in folders below too", arguments: [false, true])
    func shards(mapped: Bool) throws {
        try Folder.create(folder.path(of: "sub"))
        try writeShard("m-1.safetensors", ["a": 1, "b": 2])
        try writeShard("sub/m-2.safetensors", ["c": 3])
        try writeIndex([
            "a": "m-1.safetensors", "c": "sub/m-2.safetensors", "b": "m-1.safetensors",
        ])
        let weights = try TensorFolder(path: folder.path, mapped: mapped)
        #expect(Set(weights.names) == ["a", "b", "c"])
        #expect(try weights.bytes(of: "a") == [1, 1])
        #expect(try weights.bytes(of: "c") == [3, 3])
        #expect(weights.shard(of: "c")?.path.hasSuffix("sub/m-2.safetensors") == true)
    }

    @Test(
        "names of the index cannot leave the folder",
        arguments: [
            "../x.safetensors", "/etc/passwd", "sub/../../x", "a\u{0}b", "", ".", "..", "./m",
            "a//b",
        ])
    func containment(name: String) throws {
        try writeIndex(["a": .string(name)])
        #expect(try problem() == .shardOutsideFolder(name))
    }

    @Test("symbolic links cannot leave the folder, but may stay inside it")
    func links() throws {
        let other = try TemporaryFolder()
        try writeShard("real.safetensors", ["a": 1])
        try other.file("outside.safetensors", bytes: folder.bytes("real.safetensors"))
        try folder.link("inside", to: "real.safetensors")
        try folder.link("outside", to: other.path(of: "outside.safetensors"))
        try folder.link("up", to: other.path)
        try writeIndex(["a": "inside"])
        #expect(try TensorFolder(path: folder.path).bytes(of: "a") == [1, 1])
        for name in ["outside", "up/outside.safetensors"] {
            try writeIndex(["a": .string(name)])
            #expect(try problem() == .shardOutsideFolder(name))
        }
    }

    @Test("a folder whose name starts like the model's is outside")
    func neighbour() throws {
        try Folder.create(folder.path(of: "model"))
        try Folder.create(folder.path(of: "model-2"))
        try folder.file("model-2/x", bytes: [])
        try folder.link("model/link", to: folder.path(of: "model-2/x"))
        try AtomicFile.write(
            #"{"weight_map":{"a":"link"}}"#, to: folder.path(of: "model/" + TensorFolder.indexName))
        let error = try #require(throws: TensorFolderError.self) {
            try TensorFolder(path: folder.path(of: "model"))
        }
        #expect(error.problem == .shardOutsideFolder("link"))
    }

    @Test("missing shards, missing tensors and tensors in two shards have their errors")
    func incomplete() throws {
        try writeShard("m-1", ["a": 1, "b": 2])
        try writeShard("m-2", ["c": 3])
        try writeIndex(["a": "m-1", "c": "m-3", "d": "m-4"])
        #expect(try problem() == .missingShards(["m-3", "m-4"]))
        try writeIndex(["a": "m-1", "c": "m-2", "x": "m-2", "y": "m-2"])
        #expect(try problem() == .missingTensors(["x", "y"], shard: "m-2"))
        try writeShard("m-2", ["c": 3, "a": 4])
        try writeIndex(["a": "m-1", "b": "m-1", "c": "m-2"])
        #expect(try problem() == .tensorInTwoShards("a", "m-1", "m-2"))
    }

    @Test("an index of the wrong form is refused, with the field")
    func wrongIndex() throws {
        try writeIndex(["a": 1])
        let error = try #require(throws: JSONFieldError.self) {
            try TensorFolder(path: folder.path)
        }
        #expect(error.field == "weight_map.a")
        try AtomicFile.write("{}", to: folder.path(of: TensorFolder.indexName))
        #expect(throws: JSONFieldError.self) { try TensorFolder(path: folder.path) }
        try AtomicFile.write(
            #"{"weight_map":{"a":"x","a":"y"}}"#, to: folder.path(of: TensorFolder.indexName))
        #expect(throws: JSONError.self) { try TensorFolder(path: folder.path) }
    }

    @Test("pickles are refused with advice, and so is a folder without weights")
    func noWeights() throws {
        #expect(try problem() == .noWeights(others: []))
        try folder.file("pytorch_model.bin", bytes: [0x80, 2])
        try folder.file("config.json", bytes: [])
        #expect(try problem() == .noWeights(others: ["pytorch_model.bin"]))
        let error = try #require(throws: TensorFolderError.self) {
            try TensorFolder(path: folder.path)
        }
        #expect("\(error)".contains("safetensors library"))
    }

    @Test(
        "weights of every other format are named in the advice",
        arguments: [
            "pytorch_model-00001-of-00002.bin", "model.PT", "model.pth", "model.ckpt",
            "tf_model.h5", "flax_model.msgpack", "rust_model.ot", "model.gguf", "model.onnx",
            "model.npz", "model.tar.gz", "model.zip", "model.7z", "weights.pkl", "model.joblib",
        ])
    func otherWeights(name: String) throws {
        try folder.file(name, bytes: [0x80, 4, 0x2E])
        #expect(try problem() == .noWeights(others: [name]))
    }

    @Test("pipes, folders and devices in place of its files are refused at once")
    func specialFiles() throws {
        for name in [TensorFolder.fileName, TensorFolder.indexName] {
            _ = try folder.makePipe(name)
            #expect(throws: FileError.self) { try TensorFolder(path: folder.path) }
            try Folder.remove(folder.path(of: name))
            try folder.link(name, to: "/dev/zero")
            #expect(throws: FileError.self) { try TensorFolder(path: folder.path) }
            try Folder.remove(folder.path(of: name))
            try Folder.create(folder.path(of: name))
            #expect(throws: FileError.self) { try TensorFolder(path: folder.path) }
            try Folder.remove(folder.path(of: name))
            try folder.link(name, to: name)
            #expect(throws: (any Error).self) { try TensorFolder(path: folder.path) }
            try Folder.remove(folder.path(of: name))
        }
        _ = try folder.makePipe("shard")
        try writeIndex(["a": "shard"])
        #expect(throws: FileError.self) { try TensorFolder(path: folder.path) }
    }

    @Test("a path that is no folder is refused")
    func noFolder() throws {
        try folder.file("file", bytes: [])
        #expect(throws: FileError.self) { try TensorFolder(path: folder.path(of: "file")) }
        let missing = try #require(throws: FileError.self) {
            try TensorFolder(path: folder.path(of: "absent"))
        }
        #expect(missing.isMissing)
    }

    @Test("all differences from what a model needs are reported at once")
    func mismatch() throws {
        try writeShard(TensorFolder.fileName, ["a": 1, "b": 2, "extra": 3, "known": 4])
        let weights = try TensorFolder(path: folder.path)
        #expect(
            TensorMismatch(
                needed: [("a", [2]), ("b", [2])], in: weights, ignoring: ["extra", "known"]
            ).isEmpty)
        var mismatch = TensorMismatch(
            needed: [("a", [2]), ("b", [1, 2]), ("c", [3])], in: weights, ignoring: ["known"])
        mismatch.addType(of: "a", expected: "floats", found: .uint8)
        #expect(mismatch.missing == ["c"])
        #expect(mismatch.unexpected == ["extra"])
        #expect(mismatch.misshapen.map(\.name) == ["b"])
        #expect(throws: TensorMismatch.self) { try mismatch.check() }
        #expect(
            "\(mismatch)" == folder.path + #": missing tensors: "c"; unexpected tensors: "extra"; "#
                + #"tensors of another shape: "b" is [2] instead of [1, 2]; "#
                + #"tensors of another type: "a" is U8 instead of floats"#)
    }
}
