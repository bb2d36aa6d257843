import HeedFormats
import HeedTensor

extension FuzzTarget {
    /// The formats that everything else is made of.
    static let formats = [
        FuzzTarget(name: "safetensors", seeds: tensorSeeds, body: readTensors),
        FuzzTarget(name: "json", seeds: jsonSeeds, body: readJSON),
        FuzzTarget(name: "manifest", seeds: manifestSeeds, body: readManifest),
        FuzzTarget(name: "index", seeds: indexSeeds, body: readIndex),
    ]

    // MARK: Safetensors

    static func tensorFile(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
        let count = header.utf8.count
        return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + header.bytes + data
    }

    private static func tensorSeeds() -> [[UInt8]] {
        let all = ElementType.allCases.map { type in
            tensorFile(
                #"{"a":{"dtype":"\#(type.name)","shape":[8],"data_offsets":[0,\#(type.bitWidth)]}}"#,
                [UInt8](repeating: 0x3F, count: type.bitWidth))
        }
        return all + [
            tensorFile("{}"), tensorFile(" {\"__metadata__\":{\"a\":\"\\u00e9\"}} "),
            tensorFile(
                #"{"b":{"dtype":"U8","shape":[2,1],"data_offsets":[4,6]},"#
                    + #""a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"x":[null,{"y":-1e5}]}}"#,
                [1, 2, 3, 4, 5, 6]),
            [0x80, 0x04, 0x95, 0, 0, 0, 0, 0, 0], "PK\u{3}\u{4}aaaaaaaa".bytes,
        ]
    }

    private static func readTensors(_ bytes: [UInt8]) throws {
        let file = try SafetensorsFile(MemoryBytes(bytes), name: "input")
        var end = file.header.dataOffset
        for entry in file.entries {
            require(entry.byteRange.lowerBound == end, "tensors leave a hole or overlap")
            end = entry.byteRange.upperBound
            require(file.entry(named: entry.name) == entry, "a tensor is not found by its name")
            let data = require("bytes of a checked tensor") { try file.bytes(of: entry.name) }
            require(data.elementsEqual(bytes[entry.byteRange]), "other bytes than the file's")
            if entry.type.isFloat {
                let floats = require("floats") { try file.floats(of: entry.name) }
                require(floats.count == entry.elementCount, "another number of elements")
            }
            _ = try Tensor(reading: entry.name, from: file)
        }
        require(end == bytes.count, "bytes after the last tensor")
    }

    // MARK: JSON

    private static func jsonSeeds() -> [[UInt8]] {
        [
            #"{"a":[1,-0.5e+3,true,false,null,"x\n\u00e9\ud83e\udda2é"],"b":{"":{}},"c":[[]]}"#,
            "[]", "1e-400", "\"\\\\\\/\\b\\f\\r\\t\"", "[123456789012345678901234567890]",
        ].map(\.bytes)
    }

    private static func readJSON(_ bytes: [UInt8]) throws {
        let value = try JSONParser().parse(bytes)
        for layout in [JSONWriter.Layout.compact, .spaced, .pretty] {
            let written = JSONWriter(layout).bytes(value)
            let again = require("written JSON is not read again") {
                try JSONParser().parse(written)
            }
            require(again == value, "JSON that was written is another value")
        }
    }

    // MARK: Manifests

    private static let manifestFolder = ScratchFolder("manifest")

    private static func manifestSeeds() throws -> [[UInt8]] {
        let folder = manifestFolder.path("seed")
        try Folder.remove(folder)
        let target = try AtomicFolder(path: folder)
        try target.write([1, 2, 3], to: "a")
        try target.write([], to: "b")
        try target.commit()
        let bytes = try InputFile.bytes(path: "\(folder)/manifest.json", limit: 1 << 20)
        try Folder.remove(folder)
        return [bytes]
    }

    private static func readManifest(_ bytes: [UInt8]) throws {
        let folder = manifestFolder
        folder.write([1, 2, 3], "a")
        folder.write([], "b")
        folder.write(bytes, FolderManifest.fileName)
        for file in try FolderManifest.verify(folder: folder.path).files {
            require(RelativePath.isContained(file.name), "a file outside the folder")
        }
    }

    // MARK: The index of shards

    private static let indexFolder = ScratchFolder("index")

    private static func indexSeeds() -> [[UInt8]] {
        [
            #"{"metadata":{"total_size":3},"weight_map":{"a":"1","b":"2","c":"2"}}"#,
            #"{"weight_map":{"a":"../1","b":"/etc/passwd","c":"1/../2"}}"#,
        ].map(\.bytes)
    }

    private static func readIndex(_ bytes: [UInt8]) throws {
        let folder = indexFolder
        folder.write(
            tensorFile(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, [1]), "1")
        folder.write(
            tensorFile(
                #"{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
                    + #""c":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, [2, 3]), "2")
        folder.write(bytes, TensorFolder.indexName)
        let weights = try TensorFolder(path: folder.path)
        for shard in weights.shards {
            require(shard.path.hasPrefix(folder.path + "/"), "a shard outside the folder")
        }
        for name in weights.names { _ = require("bytes") { try weights.bytes(of: name) } }
    }
}
