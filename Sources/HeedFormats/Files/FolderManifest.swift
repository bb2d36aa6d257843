/// The list of files that a folder consists of, with their sizes and checksums.
///
/// It is written last, as `manifest.json` inside the folder: a folder whose manifest verifies is whole.
public struct FolderManifest: Sendable, Equatable {
    /// The name of the file that holds the manifest.
    public static let fileName = "manifest.json"

    /// What one file must be.
    public struct File: Sendable, Equatable {
        /// The number of bytes.
        public let size: Int
        /// The CRC-32C of the bytes.
        public let checksum: UInt32
    }

    /// The files by their paths inside the folder.
    public let files: NameDictionary<File>

    /// Reads all files of a folder, flushing each, and lists them.
    init(describing folder: String) throws {
        var files = NameDictionary<File>()
        for name in try Folder.files(in: folder) where name != Self.fileName {
            let path = RelativePath.join(folder, name)
            let file = try InputFile(path: path)
            try System.flush(file.descriptor, path: path)
            files[name] = File(size: file.count, checksum: try Self.checksum(of: file))
        }
        self.files = files
    }

    /// Reads the manifest of a folder; throws `FileError`, `JSONError` or `FolderDamage`.
    public init(folder: String) throws {
        let path = RelativePath.join(folder, Self.fileName)
        let bytes = try InputFile.bytes(path: path, limit: 16 << 20)
        let reader = try JSONObjectReader(parsing: bytes, file: path)
        _ = try reader.int("version", in: 1...1)
        var files = NameDictionary<File>()
        let list = try reader.object("files")
        for name in list.object.names {
            guard RelativePath.isContained(name) else {
                throw list.error(name, "is no path inside the folder")
            }
            let file = try list.object(name)
            guard let checksum = UInt32(try file.string("crc32c"), radix: 16) else {
                throw file.error("crc32c", "must be eight hexadecimal digits")
            }
            files[name] = File(size: try file.int("size", in: 0...Int.max), checksum: checksum)
        }
        self.files = files
        // The text is a function of the list, so that no changed byte of it goes unnoticed.
        guard bytes == text else {
            throw FolderDamage(folder: folder, problems: ["\(Self.fileName) was changed"])
        }
    }

    /// Checks every file of a folder against its manifest.
    ///
    /// Throws `FolderDamage`, which lists all files that are missing or differ. Files that the manifest
    /// does not list are ignored.
    @discardableResult
    public static func verify(folder: String) throws -> FolderManifest {
        let manifest = try FolderManifest(folder: folder)
        var problems: [String] = []
        for (name, expected) in manifest.files.map({ ($0.name, $0.value) }) {
            do {
                let file = try InputFile(path: RelativePath.join(folder, name))
                if file.count != expected.size {
                    problems.append(
                        "\(nameForMessage(name)) has \(file.count) bytes instead of \(expected.size)"
                    )
                } else if try checksum(of: file) != expected.checksum {
                    problems.append("\(nameForMessage(name)) has another checksum")
                }
            } catch {
                problems.append("\(error)")
            }
        }
        if !problems.isEmpty { throw FolderDamage(folder: folder, problems: problems) }
        return manifest
    }

    /// The bytes of `manifest.json`.
    var text: [UInt8] {
        var list = JSONObject()
        for file in files {
            let digits = String(file.value.checksum, radix: 16)
            let checksum = String(repeating: "0", count: 8 - digits.count) + digits
            list[file.name] = ["size": .int(file.value.size), "crc32c": .string(checksum)]
        }
        return JSONWriter(.pretty).bytes(["version": 1, "files": .object(list)]) + [0x0A]
    }

    private static func checksum(of file: InputFile) throws -> UInt32 {
        var crc = CRC32C()
        let chunk = 1 << 20
        for start in stride(from: 0, to: file.count, by: chunk) {
            try unsafe file.withBytes(in: start..<min(start + chunk, file.count)) {
                unsafe crc.update($0)
            }
        }
        return crc.value
    }
}

/// A folder whose files are not those of its manifest.
public struct FolderDamage: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path of the folder.
    public let folder: String
    /// Everything that is wrong, a line for each.
    public let problems: [String]

    /// The whole message in one line.
    public var description: String {
        let shown = problems.prefix(10).joined(separator: "; ")
        let rest = problems.count > 10 ? "; and \(problems.count - 10) more" : ""
        return "\(nameForMessage(folder)): damaged: \(shown)\(rest)"
    }
}
