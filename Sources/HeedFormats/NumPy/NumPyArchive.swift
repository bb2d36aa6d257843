/// Writes arrays into an `.npz` file, as `numpy.savez` does, one after another; it appears complete or not at all.
///
/// `numpy.load` opens it: a zip archive of stored `.npy` files of version 2.0 (NEP 1), little-endian, in C order.
public final class NumPyArchive {
    private let zip: ZipWriter

    /// Creates the file; throws `FileError`.
    public init(path: String) throws { zip = try ZipWriter(path: path) }

    package init(path: String, limit: UInt64, countLimit: UInt64) throws {
        zip = try ZipWriter(path: path, limit: limit, countLimit: countLimit)
    }

    /// Adds an array of float32, `<f4`; traps where the elements do not fill the shape. Throws `FileError`.
    public func add(_ name: String, _ values: [Float], shape: [Int]) throws {
        try add(name, "<f4", values.map(\.bitPattern), shape: shape)
    }

    /// Adds a vector of integers, `<i8`; throws `FileError`.
    public func add(_ name: String, _ values: [Int]) throws {
        try add(name, "<i8", values.map(Int64.init), shape: [values.count])
    }

    /// Adds a vector of texts, `<U` with the length of the longest in Unicode scalars; throws `FileError`.
    ///
    /// NumPy fills shorter texts with U+0000, and therefore reads none at the end of a text.
    public func add(_ name: String, _ texts: [String]) throws {
        try add(name, texts, shape: [texts.count])
    }

    /// Adds a text, an array `<U` without axes; throws `FileError`.
    public func add(_ name: String, _ text: String) throws {
        try add(name, [text], shape: [])
    }

    /// Makes the file appear under its name; throws `FileError`.
    public func commit() throws { try zip.commit() }

    private func add(_ name: String, _ texts: [String], shape: [Int]) throws {
        let scalars = texts.map { $0.unicodeScalars.map(\.value) }
        let width = max(1, scalars.map(\.count).max() ?? 1)
        var units: [UInt32] = []
        units.reserveCapacity(width * texts.count)
        for text in scalars {
            units += text
            units += repeatElement(0, count: width - text.count)
        }
        let bytes = Self.header("<U\(width)", shape) + Self.littleEndian(units)
        try zip.add(name + ".npy", bytes)
    }

    private func add(
        _ name: String, _ type: String, _ values: [some FixedWidthInteger], shape: [Int]
    ) throws {
        precondition(shape.reduce(1, *) == values.count, "The elements do not fill the shape")
        try zip.add(name + ".npy", Self.header(type, shape) + Self.littleEndian(values))
    }

    private static func littleEndian(_ values: [some FixedWidthInteger]) -> [UInt8] {
        unsafe values.map(\.littleEndian).withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// Magic, version, and a description in Python's words, filled with spaces to a multiple of 64 bytes.
    private static func header(_ type: String, _ shape: [Int]) -> [UInt8] {
        let sizes = shape.map { "\($0)," }.joined(separator: " ")
        var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }"
        let prefix = 12
        text += String(repeating: " ", count: 63 - (prefix + text.utf8.count) % 64) + "\n"
        let size = UInt32(text.utf8.count)
        return [0x93] + Array("NUMPY".utf8) + [2, 0] + littleEndian([size]) + Array(text.utf8)
    }
}
