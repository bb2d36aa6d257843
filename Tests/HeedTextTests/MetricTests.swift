import HeedFormats
import HeedText
import Testing

@Suite("BLEU, chrF and perplexity")
struct MetricTests {
    private func strings(_ value: JSONValue?) -> [String] {
        (value?.arrayValue ?? []).compactMap(\.stringValue)
    }

    @Test("scores and lines equal those of sacreBLEU")
    func sacreBLEU() throws {
        let cases = try #require(try fixture("metrics.json").arrayValue)
        #expect(cases.count == 60)
        for (index, json) in cases.enumerated() {
            let reader = try JSONObjectReader(json, file: "metrics.json", path: "[\(index)]")
            let hypotheses = strings(json["hyp"])
            let references = (json["refs"]?.arrayValue ?? []).map { strings($0) }
            let lowercased = try reader.bool("lc")
            let value: Double
            let line: String
            if try reader.string("metric") == "bleu" {
                let tokenization = BLEU.Tokenization(rawValue: try reader.string("tok"))
                let score = try BLEU(
                    tokenization: try #require(tokenization), isLowercased: lowercased,
                    usesEffectiveOrder: try reader.bool("eff")
                ).score(hypotheses: hypotheses, references: references)
                (value, line) = (score.value, score.description)
            } else {
                let score = try CHRF(
                    wordOrder: try reader.int("nw"), isLowercased: lowercased,
                    includesWhitespace: try reader.bool("ws")
                ).score(hypotheses: hypotheses, references: references)
                (value, line) = (score.value, score.description)
            }
            let expected = try reader.double("score")
            #expect(abs(value - expected) <= 1e-9, "case \(index)")
            let published = try reader.string("line")
            #expect(line.replacing("version:\(metricVersion)", with: "version:V") == published)
        }
    }

    @Test("a perfect hypothesis scores 100, one without a match 0")
    func extremes() throws {
        let text = ["The cat sat on the mat."]
        #expect(abs(try BLEU().score(hypotheses: text, references: [text]).value - 100) < 1e-9)
        #expect(abs(try CHRF().score(hypotheses: text, references: [text]).value - 100) < 1e-9)
        #expect(try BLEU().score(sentence: "x y", references: ["a b"]).value == 0)
        #expect(try CHRF().score(sentence: "", references: ["a b"]).value == 0)
    }

    @Test("signatures name every choice")
    func signatures() {
        #expect(
            BLEU().signature(referenceCount: 1)
                == "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:heed-0.1.0")
        #expect(
            BLEU(tokenization: .none, isLowercased: true, usesEffectiveOrder: true)
                .signature(referenceCount: 2)
                == "nrefs:2|case:lc|eff:yes|tok:none|smooth:exp|version:heed-0.1.0")
        #expect(
            CHRF(wordOrder: 2).signature(referenceCount: 1)
                == "nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:heed-0.1.0")
    }

    @Test("corpora that do not fit are refused by name")
    func mismatches() {
        #expect(throws: MetricError.self) { try BLEU().score(hypotheses: [], references: [[]]) }
        #expect(throws: MetricError.self) { try CHRF().score(hypotheses: ["a"], references: []) }
        let error = #expect(throws: MetricError.self) {
            try BLEU().score(hypotheses: ["a", "b"], references: [["a", "b"], ["a"]])
        }
        #expect(error?.description == "reference 2 has 1 sentences, but there are 2 hypotheses")
    }

    @Test("words are compared by code points, not by canonical equivalence")
    func codePoints() throws {
        let score = try BLEU(tokenization: .none).score(
            hypotheses: ["\u{E9}"], references: [["e\u{301}"]])
        #expect(score.matches[0] == 0)
    }

    @Test("perplexity is e to the mean loss of a token")
    func perplexities() throws {
        #expect(perplexity(negativeLogLikelihood: 0, tokenCount: 3) == 1)
        let value = try #require(perplexity(negativeLogLikelihood: 3, tokenCount: 2))
        #expect(abs(value - 4.4816890703380645) < 1e-12)
        #expect(perplexity(negativeLogLikelihood: 1, tokenCount: 0) == nil)
    }
}
