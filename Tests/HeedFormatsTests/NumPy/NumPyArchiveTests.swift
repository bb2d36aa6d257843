import HeedFormats
import HeedTestSupport
import Testing

@Suite("An .npz file")
struct NumPyArchiveTests {
    @Test("holds what was put in, in its order, and no name twice")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let path = folder.path(of: "a.npz")
        let archive = try NumPyArchive(path: path)
        let floats: [Float] = [0, -0.0, 1.5, .nan, .infinity, .leastNonzeroMagnitude]
        try archive.add("floats", floats, shape: [1, 3, 2])
        try archive.add("1/integers", [Int.min, -1, 0, Int.max])
        let texts = ["", "a", "▁Haus", "👩‍👩‍👧", "\u{2028}</script>", "x\u{0}y"]
        try archive.add("texts", texts)
        try archive.add("none", [String]())
        try archive.add("empty", [Float](), shape: [3, 0, 2])
        try archive.add("text", "Grüße")
        try archive.commit()

        let reader = try NumPyReader(path: path)
        #expect(reader.names == ["floats", "1/integers", "texts", "none", "empty", "text"])
        #expect(reader["floats"]?.shape == [1, 3, 2] && reader["floats"]?.type == "<f4")
        #expect(reader["floats"]?.floats.map(\.bitPattern) == floats.map(\.bitPattern))
        #expect(reader["1/integers"]?.integers == [Int.min, -1, 0, Int.max])
        #expect(reader["texts"]?.texts == texts && reader["texts"]?.shape == [6])
        #expect(reader["none"]?.shape == [0] && reader["empty"]?.shape == [3, 0, 2])
        #expect(reader["text"]?.texts == ["Grüße"] && reader["text"]?.shape == [])
    }

    @Test(
        "is the same with the records for large files, sizes and counts", arguments: [0, 64, 300])
    func large(limit: UInt64) throws {
        let folder = try TemporaryFolder()
        let path = folder.path(of: "a.npz")
        let archive = try NumPyArchive(path: path, limit: limit, countLimit: 2)
        for number in 0..<5 {
            try archive.add("\(number)", [Int](repeating: number, count: 20 * number))
        }
        try archive.commit()
        let reader = try NumPyReader(path: path)
        #expect(reader.names == (0..<5).map(String.init))
        for number in 0..<5 {
            #expect(
                reader["\(number)"]?.integers == [Int](repeating: number, count: 20 * number))
        }
    }

    @Test("is the same file for the same contents, and none before it is whole")
    func whole() throws {
        let folder = try TemporaryFolder()
        let files = try ["a", "b"].map { name in
            let archive = try NumPyArchive(path: folder.path(of: name))
            try archive.add("x", [1, 2, 3])
            #expect(try Folder.kind(of: folder.path(of: name)) == nil)
            try archive.commit()
            return try InputFile.bytes(path: folder.path(of: name), limit: 1 << 20)
        }
        #expect(files[0] == files[1] && files[0].count > 100)
    }
}
