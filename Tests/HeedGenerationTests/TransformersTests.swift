import Foundation
import HeedGeneration
import Testing

/// What `Tools/make_search_fixture.py` wrote.
private struct SearchFixture: Decodable {
    struct Found: Decodable {
        let tokens: [Int32]
        let complete: Bool
        let score: Double?
    }

    /// `early_stopping`: true, false or "never".
    struct EarlyStopping: Decodable {
        let rule: StoppingRule

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let isEarly = try? value.decode(Bool.self) {
                rule = isEarly ? .whenBeamFull : .heuristic
            } else {
                rule = .whenBest
                #expect(try value.decode(String.self) == "never")
            }
        }
    }

    struct Decoding: Decodable {
        let num_beams: Int
        let length_penalty: Double?
        let early_stopping: EarlyStopping?
        let max_length: Int
        let min_length: Int?
        let forced_eos_token_id: Int32?
        let hypotheses: [[Found]]
    }

    let scale: Float
    let vocabulary: Int
    let start: Int32
    let end: Int32
    let tables: [[String: [Int32]]]
    let decodings: [Decoding]

    static func read() throws -> SearchFixture {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/beam_search.json")
        return try JSONDecoder().decode(SearchFixture.self, from: Data(contentsOf: file))
    }

    func options(_ decoding: Decoding) -> BeamSearchOptions {
        var options = BeamSearchOptions(startToken: start, endToken: end)
        options.beamWidth = decoding.num_beams
        options.hypothesisCount = decoding.num_beams
        options.lengthPenalty = decoding.length_penalty ?? 1
        options.stopping = decoding.early_stopping?.rule ?? .heuristic
        options.maximumLength = decoding.max_length - 1
        options.minimumLength = decoding.min_length ?? 0
        options.forcesEnd = decoding.forced_eos_token_id != nil
        options.forbiddenTokens = [start]
        return options
    }

    /// The logits of a prefix; one that `transformers` did not look at is an error.
    func logits(_ history: ToyDecoder.History) -> [Float] {
        let key = history.tokens.dropFirst().map(String.init).joined(separator: " ")
        guard let values = tables[history.sentence][key] else {
            Issue.record("sentence \(history.sentence): nobody looked at \"\(key)\"")
            return [Float](repeating: 0, count: vocabulary)
        }
        return values.map { Float($0) / scale }
    }
}

@Suite("Beam search and transformers")
struct TransformersTests {
    @Test("find the same hypotheses with the same scores")
    func sameHypotheses() throws {
        let fixture = try SearchFixture.read()
        #expect(fixture.decodings.count == 17)
        for (index, decoding) in fixture.decodings.enumerated() {
            let options = fixture.options(decoding)
            let decoder = ToyDecoder(
                vocabularySize: fixture.vocabulary, slotCount: 3 * options.beamWidth,
                logits: fixture.logits)
            let found = try BeamSearch(options).search(
                Array(fixture.tables.indices), with: decoder)
            for (found, expected) in zip(found, decoding.hypotheses) {
                #expect(found.map(\.tokens) == expected.map(\.tokens), "decoding \(index)")
                #expect(found.map(\.isComplete) == expected.map(\.complete), "decoding \(index)")
                for (hypothesis, expected) in zip(found, expected) {
                    guard let score = expected.score else { continue }
                    #expect(abs(hypothesis.score - score) <= 2e-6 * max(1, abs(score)))
                }
            }
        }
    }
}

@Suite("Options of beam search")
struct BeamSearchOptionsTests {
    @Test("survive being written and read, and have defaults when they are missing")
    func codable() throws {
        var options = BeamSearchOptions(startToken: 7, endToken: 2)
        let short = Data(#"{"startToken": 7, "endToken": 2}"#.utf8)
        #expect(try JSONDecoder().decode(BeamSearchOptions.self, from: short) == options)
        options.beamWidth = 3
        options.lengthPenalty = -0.25
        options.stopping = .whenBest
        options.hypothesisCount = 2
        options.maximumLength = 31
        options.minimumLength = 4
        options.forcesEnd = true
        options.forbiddenTokens = [1, 9]
        let data = try JSONEncoder().encode(options)
        #expect(try JSONDecoder().decode(BeamSearchOptions.self, from: data) == options)
        let incomplete = Data(#"{"startToken": 7}"#.utf8)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(BeamSearchOptions.self, from: incomplete)
        }
    }
}
