import HeedGeneration
import Testing

@Suite("A search that cannot be done")
struct SearchErrorTests {
    private func failure(_ change: (inout BeamSearchOptions) -> Void) -> InvalidSearchOption? {
        var options = BeamSearchOptions(startToken: 0, endToken: 1)
        change(&options)
        do {
            try options.validate(vocabularySize: 4)
            return nil
        } catch {
            return error as? InvalidSearchOption
        }
    }

    @Test("is refused with the option's name and value")
    func options() throws {
        #expect(failure { _ in } == nil)
        #expect(failure { $0.beamWidth = 0 }?.option == "beamWidth")
        #expect(failure { $0.beamWidth = 4097 }?.option == "beamWidth")
        #expect(failure { $0.lengthPenalty = .nan }?.option == "lengthPenalty")
        #expect(failure { $0.lengthPenalty = .infinity }?.option == "lengthPenalty")
        #expect(failure { $0.hypothesisCount = 6 }?.option == "hypothesisCount")
        #expect(failure { $0.hypothesisCount = 0 }?.option == "hypothesisCount")
        #expect(failure { $0.maximumLength = 0 }?.option == "maximumLength")
        #expect(failure { $0.minimumLength = 257 }?.option == "minimumLength")
        #expect(failure { $0.startToken = 4 }?.option == "startToken")
        #expect(failure { $0.endToken = -1 }?.option == "endToken")
        #expect(failure { $0.forbiddenTokens = [2, 9] }?.value == "9")
        #expect(failure { $0.forbiddenTokens = [1] }?.rule == "must not hold the end mark")
        #expect(
            failure { $0.beamWidth = -3 }?.description
                == "beamWidth is -3: it must be from 1 to 4096")
    }

    @Test("is refused when the decoder has fewer slots than the beam is wide")
    func slots() throws {
        let decoder = ToyDecoder(vocabularySize: 4, slotCount: 3) { _ in [0, 0, 0, 0] }
        let search = try BeamSearch(BeamSearchOptions(startToken: 0, endToken: 1))
        #expect(throws: InvalidSearchOption.self) { try search.search([0], with: decoder) }
    }

    @Test(
        "names the sentence and the position of logits that are no distribution",
        arguments: [Float.nan, -Float.nan, .infinity])
    func notFinite(value: Float) throws {
        let decoder = ToyDecoder(vocabularySize: 4, slotCount: 10) { history in
            [0, -5, 1, history.sentence == 8 && history.tokens.count == 3 ? value : 0.5]
        }
        let search = try BeamSearch(BeamSearchOptions(startToken: 0, endToken: 1))
        let error = try #require(throws: SearchFailure.self) {
            try search.search([6, 8], with: decoder)
        }
        #expect(error.sentence == 8)
        #expect(error.position == 2)
        #expect(error.reason.contains("column 3 is"))
        #expect(decoder.isEmpty)
    }

    @Test("says so when no allowed token has a probability")
    func nothingAllowed() throws {
        let decoder = ToyDecoder(vocabularySize: 4, slotCount: 5) { _ in
            [0, -.infinity, -.infinity, -.infinity]
        }
        var options = BeamSearchOptions(startToken: 0, endToken: 1)
        options.forbiddenTokens = [0]
        let search = try BeamSearch(options)
        let error = try #require(throws: SearchFailure.self) {
            try search.search([3], with: decoder)
        }
        #expect(error.sentence == 3)
        #expect(error.position == 0)
        #expect(decoder.isEmpty)
    }
}
