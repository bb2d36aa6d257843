/// Recognises other formats by their first bytes, so that their users are told what to do.
enum ForeignFormat {
    private static let convert =
        "load it where you trust its source and save it again with the safetensors library"

    private static let formats: [(start: [UInt8], name: String, advice: String)] = [
        ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive (PyTorch, Keras or NumPy)", convert),
        ([0x50, 0x4B, 0x05, 0x06], "an empty ZIP archive", convert),
        ([0x80, 0x02], "a Python pickle, which could run any program", convert),
        ([0x80, 0x03], "a Python pickle, which could run any program", convert),
        ([0x80, 0x04], "a Python pickle, which could run any program", convert),
        ([0x80, 0x05], "a Python pickle, which could run any program", convert),
        ([0x1F, 0x8B], "a gzip archive", "unpack it first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive", "unpack it first"),
        ([0x42, 0x5A, 0x68], "a bzip2 archive", "unpack it first"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", "unpack it first"),
        (Array("Rar!".utf8), "a RAR archive", "unpack it first"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "an xz archive", "unpack it first"),
        ([0x89, 0x48, 0x44, 0x46], "an HDF5 file", convert),
        (Array("GGUF".utf8), "a GGUF file", "use the safetensors files of the same model"),
        ([0x93] + Array("NUMPY".utf8), "a NumPy array", convert),
        (
            Array("version https://git-lfs".utf8), "a pointer of Git LFS",
            "fetch the file itself with `git lfs pull`"
        ),
        (Array("<!DOCTYPE".utf8), "a page of HTML", "download the file itself"),
        (Array("<html".utf8), "a page of HTML", "download the file itself"),
    ]

    /// Throws `SafetensorsError` where a source starts as a known other format.
    static func refuse(_ source: some ByteSource, file: String) throws {
        let start = try source.bytes(in: 0..<min(source.count, 512))
        var found = formats.first { start.starts(with: $0.start) }
        if start.count >= 262, start[257..<262].elementsEqual("ustar".utf8) {
            found = ([], "a tar archive", "unpack it first")
        }
        if found == nil, isTextPickle(start, isWhole: start.count == source.count) {
            found = ([], "a Python pickle, which could run any program", convert)
        }
        guard let found else { return }
        throw SafetensorsError(
            file: file, tensor: nil, problem: .foreignFormat(found.name, advice: found.advice))
    }

    /// Whether a short file could be a pickle of the first two protocols, which have no mark of their own: an opcode that
    /// begins an object, and the one that ends all.
    private static func isTextPickle(_ bytes: [UInt8], isWhole: Bool) -> Bool {
        guard isWhole, let first = bytes.first, bytes.last == UInt8(ascii: ".") else {
            return false
        }
        return Array("(])}c".utf8).contains(first)
    }

    /// Whether a file of a model folder holds weights in a format that is not read.
    static func isWeights(fileName: String) -> Bool {
        let endings = [
            ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".h5", ".msgpack", ".gguf", ".ggml",
            ".onnx", ".npz", ".npy", ".tar", ".tgz", ".gz", ".zip", ".bin.index.json", ".nemo",
            ".ot", ".joblib", ".dill", ".pb", ".tflite", ".keras", ".7z", ".rar", ".xz", ".bz2",
            ".zst", ".mar", ".pt2",
        ]
        let name = fileName.lowercased()
        return endings.contains { name.hasSuffix($0) }
    }
}
