import Foundation

/// The arrays of an `.npz` file, read without the code that writes them, and as strictly as a test needs.
public struct NumPyReader {
    /// An array as it stands in the file.
    public struct Array {
        /// The type, such as `<f4`.
        public let type: String
        /// The sizes.
        public let shape: [Int]
        let bytes: [UInt8]

        private func words(_ size: Int) -> [UInt64] {
            stride(from: 0, to: bytes.count, by: size).map { start in
                (0..<size).reversed().reduce(0) { $0 << 8 | UInt64(bytes[start + $1]) }
            }
        }

        /// The elements of `<f4`.
        public var floats: [Float] {
            words(4).map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
        }

        /// The elements of `<i8`.
        public var integers: [Int] { words(8).map { Int(bitPattern: UInt($0)) } }

        /// The elements of `<U`, as NumPy gives them: without U+0000 at the end.
        public var texts: [String] {
            guard let width = Int(type.dropFirst(2)), width > 0 else { return [] }
            let scalars = words(4).map { Unicode.Scalar(UInt32(truncatingIfNeeded: $0)) }
            return stride(from: 0, to: scalars.count, by: width).map { start in
                var text = scalars[start..<start + width]
                while text.last == "\0" { text.removeLast() }
                var view = String.UnicodeScalarView()
                view.append(contentsOf: text.map { $0 ?? "\u{FFFD}" })
                return String(view)
            }
        }
    }

    /// What a file is that numpy would not read.
    public struct Damaged: Error {
        /// What contradicts what.
        public let problem: String
    }

    /// The names in the order of the file.
    public private(set) var names: [String] = []
    private var arrays: [String: Array] = [:]

    /// The array of a name.
    public subscript(name: String) -> Array? { arrays[name] }

    /// Reads a file; throws `Damaged` where the list at its end, headers and checksums contradict one another.
    public init(path: String) throws {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        let zip = ZipFile(bytes: bytes)
        for entry in try zip.entries() {
            guard entry.name.hasSuffix(".npy") else { throw Damaged(problem: entry.name) }
            let name = String(entry.name.dropLast(4))
            arrays[name] = try Self.array(entry.contents)
            names.append(name)
        }
        guard arrays.count == names.count else { throw Damaged(problem: "a name occurs twice") }
    }

    private static func array(_ bytes: [UInt8]) throws -> Array {
        guard bytes.prefix(8).elementsEqual([0x93] + Swift.Array("NUMPY".utf8) + [2, 0]) else {
            throw Damaged(problem: "no array of version 2.0")
        }
        let end = 12 + Int(ZipFile(bytes: bytes).number(at: 8, size: 4))
        let header = String(decoding: bytes[12..<end], as: UTF8.self)
        let form =
            #/\{'descr': '(.+)', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n/#
        guard end % 64 == 0, let match = header.wholeMatch(of: form) else {
            throw Damaged(problem: header)
        }
        let shape = match.output.2.split(separator: ",").compactMap {
            Int($0.trimmingCharacters(in: .whitespaces))
        }
        let type = String(match.output.1)
        let size =
            type.hasPrefix("<U") ? 4 * (Int(type.dropFirst(2)) ?? 0) : type == "<i8" ? 8 : 4
        let contents = Swift.Array(bytes[end...])
        guard contents.count == shape.reduce(size, *) else { throw Damaged(problem: header) }
        return Array(type: type, shape: shape, bytes: contents)
    }
}

/// A zip archive of stored files.
private struct ZipFile {
    let bytes: [UInt8]

    func number(at offset: Int, size: Int) -> UInt64 {
        (0..<size).reversed().reduce(0) { $0 << 8 | UInt64(bytes[offset + $1]) }
    }

    private func require(_ isTrue: Bool, _ problem: String) throws {
        if !isTrue { throw NumPyReader.Damaged(problem: problem) }
    }

    /// The files that the list at the end names, each compared with its own header.
    func entries() throws -> [(name: String, contents: [UInt8])] {
        let end = bytes.count - 22
        try require(end >= 0 && number(at: end, size: 4) == 0x0605_4B50, "no end")
        var (count, start) = (number(at: end + 10, size: 2), number(at: end + 16, size: 4))
        if end >= 20, number(at: end - 20, size: 4) == 0x0706_4B50 {
            let record = Int(number(at: end - 12, size: 8))
            try require(number(at: record, size: 4) == 0x0606_4B50, "no end of ZIP64")
            (count, start) = (number(at: record + 32, size: 8), number(at: record + 48, size: 8))
        }
        var place = Int(start)
        return try (0..<count).map { _ in
            try require(number(at: place, size: 4) == 0x0201_4B50, "no entry")
            let sizes = [28, 30, 32].map { Int(number(at: place + $0, size: 2)) }
            let name = bytes[place + 46..<place + 46 + sizes[0]]
            var (size, offset) = (number(at: place + 24, size: 4), number(at: place + 42, size: 4))
            var extra = place + 46 + sizes[0] + 4
            for (value, width) in [(size, 16), (offset, 8)] where value == 0xFFFF_FFFF {
                if width == 16 {
                    size = number(at: extra, size: 8)
                } else {
                    offset = number(at: extra, size: 8)
                }
                extra += width
            }
            let contents = try contents(
                at: Int(offset), size: Int(size), name: Array(name),
                checksum: number(at: place + 16, size: 4))
            place += 46 + sizes.reduce(0, +)
            return (String(decoding: name, as: UTF8.self), contents)
        }
    }

    private func contents(
        at offset: Int, size: Int, name: [UInt8], checksum: UInt64
    ) throws -> [UInt8] {
        try require(number(at: offset, size: 4) == 0x0403_4B50, "no header")
        try require(number(at: offset + 8, size: 2) == 0, "not stored")
        try require(number(at: offset + 14, size: 4) == checksum, "another checksum")
        let (nameSize, extra) = (
            Int(number(at: offset + 26, size: 2)), Int(number(at: offset + 28, size: 2))
        )
        try require(bytes[offset + 30..<offset + 30 + nameSize].elementsEqual(name), "another name")
        let start = offset + 30 + nameSize + extra
        let listed = number(at: offset + 22, size: 4)
        try require(
            listed == 0xFFFF_FFFF
                ? number(at: start - 8, size: 8) == UInt64(size) : listed == UInt64(size), "a size")
        let contents = Array(bytes[start..<start + size])
        try require(UInt64(Self.checksum(of: contents)) == checksum, "a checksum")
        return contents
    }

    /// CRC-32 bit by bit.
    private static func checksum(of bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(0xFFFF_FFFF) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in
                crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0)
            }
        }
    }
}
