import Foundation
import HeedFormats
import HeedText
import Testing

/// Reads a JSON file of `Tests/Fixtures`.
func fixture(_ name: String, file: String = #filePath) throws -> JSONValue {
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
    let path = folder.appendingPathComponent("Fixtures/\(name)").path
    return try JSONParser().parse(InputFile.bytes(path: path, limit: 1 << 24), file: name)
}

/// A small generator with a known sequence (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension String {
    /// The text as bytes, for comparisons that tell canonically equal texts apart.
    var bytes: [UInt8] { Array(utf8) }
}

/// Sentences of two languages, the same at every call.
func sampleLines(count: Int = 400, seed: UInt64 = 3) -> [String] {
    let words = [
        "ein", "Hund", "läuft", "über", "die", "Straße", "dogs", "dogs,", "running", "runner",
        "the", "then", "other", "well-known", "2016", "3.5", "(früh)", "don't", "é", "日本",
    ]
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
        let length = Int.random(in: 0...9, using: &generator)
        return (0..<length).map { _ in words[Int.random(in: 0..<words.count, using: &generator)] }
            .joined(separator: " ")
    }
}

func sampleTokenizer(_ style: BytePairTrainer.Style, merges: Int = 60) throws -> Tokenizer {
    var trainer = BytePairTrainer(style: style, mergeCount: merges)
    trainer.add(sampleLines())
    return try trainer.train()
}
