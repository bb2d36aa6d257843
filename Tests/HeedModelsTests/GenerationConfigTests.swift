import HeedFormats
import HeedModels
import HeedNN
import HeedTestSupport
import Testing

@Suite("What folders say about decoding")
struct GenerationConfigTests {
    /// The configuration of a folder with these texts; nil leaves the second file out.
    private func read(
        _ configuration: JSONValue, _ generation: JSONValue?
    ) throws -> TransformerConfiguration {
        var found: TransformerConfiguration?
        try withTemporaryFolder { folder in
            for (name, json) in [
                ("config.json", configuration), ("generation_config.json", generation),
            ] {
                if let json {
                    try AtomicFile.write(JSONWriter().string(json), to: "\(folder)/\(name)")
                }
            }
            found = try TransformerConfiguration(folder: folder)
        }
        return try #require(found)
    }

    private func configuration(_ fields: [(String, JSONValue)] = []) -> JSONValue {
        var object = JSONObject()
        let sizes: [(String, JSONValue)] = [
            ("model_type", "marian"), ("vocab_size", 20), ("d_model", 16), ("encoder_layers", 1),
            ("decoder_layers", 1), ("encoder_ffn_dim", 24), ("decoder_ffn_dim", 24),
            ("encoder_attention_heads", 4), ("decoder_attention_heads", 4),
            ("pad_token_id", 19), ("eos_token_id", 0),
        ]
        // The first of a name counts.
        for (name, value) in fields + sizes { object.insert(value, forName: name) }
        return .object(object)
    }

    @Test("counts more in generation_config.json than in config.json")
    func precedence() throws {
        let found = try read(
            configuration([
                ("forced_eos_token_id", 0), ("decoder_start_token_id", 3),
                ("bad_words_ids", [[4]]),
            ]),
            [
                "eos_token_id": [7], "decoder_start_token_id": 5,
                "bad_words_ids": [[9], [2, 3], [7], [8], [9], [19]],
            ])
        #expect(found.endToken == 7 && found.startToken == 5 && found.paddingToken == 19)
        #expect(found.forcedEndToken == nil)
        #expect(found.forbiddenTokens == [8, 9])
        #expect(found.neverGenerated == [8, 9, 19])
    }

    @Test("stands in config.json where there is no other file, and has defaults")
    func single() throws {
        let found = try read(
            configuration([("forced_eos_token_id", 0), ("bad_words_ids", [[19], [4]])]), nil)
        #expect(found.forcedEndToken == 0 && found.forbiddenTokens == [4])
        #expect(found.startToken == 19)
        #expect(try read(configuration(), nil).forcedEndToken == nil)
    }

    @Test("is written as it was read")
    func roundTrip() throws {
        var written = ModelCase("plain").configuration
        written.forbiddenTokens = [3, 11]
        written.forcedEndToken = written.endToken
        try withTemporaryFolder { folder in
            try Transformer(written, builder: ModelBuilder(seed: 1)).write(toFolder: folder)
            #expect(try Transformer(folder: folder).configuration == written)
        }
    }

    @Test("padding that ends sentences, too, may come")
    func paddingIsEnd() throws {
        let found = try read(configuration(), ["pad_token_id": 0])
        #expect(found.neverGenerated.isEmpty)
        #expect(found.generationJSON["bad_words_ids"]?.isNull == true)
    }

    static let broken: [(JSONValue, String)] = [
        (["eos_token_id": [0, 1]], "eos_token_id"), (["eos_token_id": []], "eos_token_id"),
        (["eos_token_id": 20], "eos_token_id"), (["pad_token_id": "a"], "pad_token_id"),
        (["decoder_start_token_id": -1], "decoder_start_token_id"),
        (["forced_eos_token_id": 3], "forced_eos_token_id"),
        (["bad_words_ids": [[20]]], "bad_words_ids"), (["bad_words_ids": 4], "bad_words_ids"),
        (["bad_words_ids": [4]], "bad_words_ids[0]"),
        (["bad_words_ids": [[4], ["b"]]], "bad_words_ids[1]"),
    ]

    @Test("is refused by file and field where it cannot work", arguments: broken)
    func refused(generation: JSONValue, field: String) throws {
        let error = #expect(throws: JSONFieldError.self) {
            try read(configuration(), generation)
        }
        #expect(error?.file.hasSuffix("/generation_config.json") == true)
        #expect(error?.field == field, "\(String(describing: error))")
        #expect(throws: JSONError.self) {
            try withTemporaryFolder { folder in
                try AtomicFile.write(
                    JSONWriter().string(configuration()), to: "\(folder)/config.json")
                try AtomicFile.write("{", to: "\(folder)/generation_config.json")
                _ = try TransformerConfiguration(folder: folder)
            }
        }
    }

    @Test("a target vocabulary has the source's size unless it is told")
    func targetVocabulary() throws {
        let found = try read(configuration([("share_encoder_decoder_embeddings", false)]), nil)
        #expect(!found.sharesEmbeddings && found.targetVocabulary == 20)
        let pegasus = configuration([
            ("model_type", "pegasus"), ("share_encoder_decoder_embeddings", false),
        ])
        #expect(try read(pegasus, nil).sharesEmbeddings)
    }
}
