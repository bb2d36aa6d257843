import Foundation
import HeedFormats
import HeedPatterns
import HeedTestSupport
import HeedText
import Testing

@Suite("Tokenizer files that are wrong")
struct HostileTokenizerTests {
    private func object(_ changes: (inout JSONObject) throws -> Void) throws -> [UInt8] {
        let json = try JSONParser().parse(sampleTokenizer(.rawText, merges: 4).serialized())
        var object = try #require(json.objectValue)
        try changes(&object)
        return JSONWriter().bytes(.object(object))
    }

    private func field(refusing bytes: [UInt8]) -> String? {
        do {
            _ = try Tokenizer(parsing: bytes, file: "t.json")
            return nil
        } catch let error as JSONFieldError {
            #expect(error.file == "t.json")
            return error.field
        } catch {
            return "another error: \(error)"
        }
    }

    @Test(
        "components that are not supported are named",
        arguments: [
            ("normalizer", "{\"type\": \"Uppercase\"}", "normalizer.type"),
            ("normalizer", "{\"type\": 3}", "normalizer.type"),
            ("normalizer", "[]", "normalizer"),
            (
                "normalizer", "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"NFX\"}]}",
                "normalizer.normalizers[0].type"
            ),
            (
                "normalizer",
                "{\"type\": \"Replace\", \"pattern\": {\"String\": \"\"}, \"content\": \"x\"}",
                "normalizer.pattern.String"
            ),
            (
                "normalizer",
                "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"(a*\"}, \"content\": \"\"}",
                "normalizer.pattern.Regex"
            ),
            ("pre_tokenizer", "{\"type\": \"Levels\"}", "pre_tokenizer.type"),
            ("pre_tokenizer", "{\"type\": \"FixedLength\", \"length\": 0}", "pre_tokenizer.length"),
            (
                "normalizer",
                "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"////\"}",
                "normalizer.precompiled_charsmap"
            ),
            (
                "pre_tokenizer",
                "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"\"}, \"behavior\": \"Removed\", \"invert\": false}",
                "pre_tokenizer.pattern.Regex"
            ),
            (
                "pre_tokenizer", "{\"type\": \"Punctuation\", \"behavior\": \"Doubled\"}",
                "pre_tokenizer.behavior"
            ),
            (
                "pre_tokenizer",
                "{\"type\": \"Metaspace\", \"replacement\": \"ab\", \"prepend_scheme\": \"never\"}",
                "pre_tokenizer.replacement"
            ),
            ("decoder", "{\"type\": \"Words\"}", "decoder.type"),
            (
                "decoder", "{\"type\": \"Strip\", \"content\": \" \", \"start\": -1, \"stop\": 0}",
                "decoder.start"
            ),
            ("decoder", "{\"type\": \"BPEDecoder\", \"suffix\": \"\"}", "decoder.suffix"),
            ("post_processor", "{\"type\": \"BertProcessing\"}", "post_processor.cls"),
            (
                "post_processor",
                "{\"type\": \"BertProcessing\", \"cls\": [\"a\", 0], \"sep\": [\"b\", 99999]}",
                "post_processor.sep"
            ),
            ("truncation", "{\"max_length\": -3}", "truncation.max_length"),
            ("padding", "{}", "padding.strategy"),
            ("padding", "{\"strategy\": {\"Fixed\": 99999999}}", "padding.strategy.Fixed"),
            (
                "added_tokens", "[{\"id\": 0, \"content\": \"\", \"special\": false}]",
                "added_tokens[0].content"
            ),
            (
                "added_tokens", "[{\"id\": 1, \"content\": \"</s>\", \"special\": true}]",
                "added_tokens[0].id"
            ),
            (
                "added_tokens", "[{\"id\": 9999999, \"content\": \"new\", \"special\": true}]",
                "added_tokens[0].id"
            ),
            ("model", "{\"type\": \"Unigram\"}", "model.vocab"),
            ("model", "{\"type\": \"Unigram\", \"vocab\": [[\"a\", null]]}", "model.vocab[0]"),
            (
                "model", "{\"type\": \"Unigram\", \"vocab\": [[\"a\", 0], [\"a\", 0]]}",
                "model.vocab[1]"
            ),
            (
                "model", "{\"type\": \"Unigram\", \"vocab\": [[\"a\", 0]], \"unk_id\": 1}",
                "model.unk_id"
            ),
            ("model", "{\"type\": \"Trees\"}", "model.type"),
            ("model", "null", "model"),
        ])
    func components(name: String, json: String, expected: String) throws {
        let value = try JSONParser().parse(json)
        #expect(field(refusing: try object { $0.updateValue(value, forName: name) }) == expected)
    }

    @Test(
        "broken templates are named",
        arguments: [
            (
                "[{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, {\"SpecialToken\": {\"id\": \"x\", \"type_id\": 0}}]",
                "post_processor.single[1].SpecialToken.id"
            ),
            ("[]", "post_processor.single"),
            ("[{\"Sequence\": {\"id\": \"B\", \"type_id\": 0}}]", "post_processor.single"),
            ("[{}]", "post_processor.single[0].SpecialToken"),
            (
                "[{\"Sequence\": {\"id\": \"A\", \"type_id\": -1}}]",
                "post_processor.single[0].Sequence.type_id"
            ),
        ])
    func templates(single: String, expected: String) throws {
        let text = """
            {"type": "TemplateProcessing", "single": \(single), "pair": [], "special_tokens": {}}
            """
        let value = try JSONParser().parse(text)
        let bytes = try object { $0.updateValue(value, forName: "post_processor") }
        #expect(field(refusing: bytes) == expected)
    }

    @Test("special ids without a piece are named")
    func templateIDs() throws {
        let text = """
            {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}],
             "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
             "special_tokens": {"e": {"id": "e", "ids": [99999], "tokens": ["e"]}}}
            """
        let value = try JSONParser().parse(text)
        let bytes = try object { $0.updateValue(value, forName: "post_processor") }
        #expect(field(refusing: bytes) == "post_processor.special_tokens.e")
    }

    private func model(_ vocabulary: String, _ merges: String, _ more: String = "") -> [UInt8] {
        "{\"model\": {\"type\": \"BPE\"\(more), \"vocab\": \(vocabulary), \"merges\": \(merges)}}"
            .bytes
    }

    @Test("broken vocabularies and merges are named")
    func models() {
        #expect(field(refusing: model("{\"a\": 0, \"b\": 0}", "[]")) == "model.vocab.b")
        #expect(field(refusing: model("{\"a\": -1}", "[]")) == "model.vocab.a")
        #expect(field(refusing: model("{\"a\": 1.5}", "[]")) == "model.vocab.a")
        #expect(field(refusing: model("{\"a\": 4294967296}", "[]")) == "model.vocab.a")
        #expect(field(refusing: model("{\"a\": 16000000}", "[]")) == "model.vocab.a")
        #expect(field(refusing: model("{\"a\": 0}", "[[\"a\", \"a\"]]")) == "model.merges[0]")
        #expect(field(refusing: model("{\"a\": 0}", "[[\"a\", \"b\"]]")) == "model.merges[0]")
        #expect(field(refusing: model("{\"a\": 0}", "[\"a\"]")) == "model.merges[0]")
        #expect(field(refusing: model("{\"a\": 0}", "[\"a b c\"]")) == "model.merges[0]")
        #expect(field(refusing: model("{\"a\": 0}", "[[\"a\"]]")) == "model.merges[0]")
        #expect(field(refusing: model("{\"a\": 0}", "[7]")) == "model.merges[0]")
        let unknown = ", \"unk_token\": \"?\""
        #expect(field(refusing: model("{\"a\": 0}", "[]", unknown)) == "model.unk_token")
        let dropout = ", \"dropout\": 0.5"
        #expect(field(refusing: model("{\"a\": 0}", "[]", dropout)) == "model.dropout")
        #expect(field(refusing: model("{\"a\": 0, \"aa\": 1}", "[\"a a\"]")) == nil)
    }

    @Test("a merge that is a string is two pieces with one space between")
    func mergesOfStrings() throws {
        let pieces = [
            "", "a", "b", "é", " ", " a", "a ", " b", "b ", "b c", "a b", "aé", "aéb", "ab", "c",
        ]
        let entries = pieces.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
        for merge in [" a", "a ", "a  b", " ", "  ", "", "a b c", " a b", "a b ", "ab"] {
            do {
                _ = try Tokenizer(
                    parsing: model("{\(entries)}", "[\"\(merge)\"]"), file: "tokenizer.json")
                Issue.record("\(merge.debugDescription)")
            } catch let error as JSONFieldError {
                #expect(error.field == "model.merges[0]" && error.problem == "must be two pieces")
            }
        }
        for merges in [#"["a é", "aé b"]"#, #"[["a", "é"], ["aé", "b"]]"#] {
            let tokenizer = try Tokenizer(
                parsing: model("{\(entries)}", merges), file: "tokenizer.json")
            #expect(try tokenizer.encode("aéb").pieces == ["aéb"])
            #expect(try tokenizer.encode("éab").pieces == ["é", "a", "b"])
        }
    }

    @Test("sentencepiece's own steps come first, so that offsets stay inside of the text")
    func sentencePieceBehindOthers() throws {
        let own = #"{"type": "HeedSentencePiece", "adds_space": false, "escapes_spaces": false}"#
        let prepend = #"{"type": "Prepend", "prepend": "xxxxxxxx"}"#
        func normalizer(_ steps: String...) throws -> [UInt8] {
            let text = #"{"type": "Sequence", "normalizers": [\#(steps.joined(separator: ","))]}"#
            let value = try JSONParser().parse(text)
            return try object { $0.updateValue(value, forName: "normalizer") }
        }
        #expect(field(refusing: try normalizer(prepend, own)) == "normalizer.normalizers")
        let nested = #"{"type": "Sequence", "normalizers": [\#(own)]}"#
        #expect(field(refusing: try normalizer(prepend, nested)) == "normalizer.normalizers")
        let tokenizer = try Tokenizer(parsing: normalizer(own, prepend), file: "tokenizer.json")
        let encoding = try tokenizer.encode("a b é")
        #expect(encoding.byteOffsets.allSatisfy { (0...6).contains($0.upperBound) })
        #expect(encoding.scalarOffsets.allSatisfy { (0...5).contains($0.upperBound) })
    }

    @Test("padding of much that was cut off is refused")
    func paddedOverflow() throws {
        func tokenizer(padding: Int) throws -> Tokenizer {
            let truncation = #"{"max_length": 1, "strategy": "LongestFirst", "stride": 0}"#
            let fill = #"{"strategy": {"Fixed": \#(padding)}, "pad_id": 0, "pad_token": "a"}"#
            return try Tokenizer(
                parsing: object {
                    $0.removeValue(forName: "post_processor")
                    $0.updateValue(try JSONParser().parse(truncation), forName: "truncation")
                    $0.updateValue(try JSONParser().parse(fill), forName: "padding")
                }, file: "tokenizer.json")
        }
        let text = String(repeating: "a b ", count: 20)
        let short = try tokenizer(padding: 8).encode(text, keepingOverflow: true)
        #expect(short.overflow.count > 16 && short.overflow.allSatisfy { $0.count == 8 })
        let much = try tokenizer(padding: 1 << 20)
        #expect(throws: TokenizerError.self) { try much.encode(text, keepingOverflow: true) }
        #expect(try much.encode(text).count == 1 << 20)
    }

    @Test("files that are no JSON of this kind are errors")
    func notJSON() throws {
        let whole = try sampleTokenizer(.rawText, merges: 2).serialized()
        for length in stride(from: 0, to: whole.count, by: 97) {
            #expect(throws: JSONError.self) {
                try Tokenizer(parsing: Array(whole[..<length]), file: "t.json")
            }
        }
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        #expect(throws: JSONError.self) { try Tokenizer(parsing: deep, file: "t.json") }
        let twice = "{\"model\": {}, \"model\": {}}".bytes
        #expect(throws: JSONError.self) { try Tokenizer(parsing: twice, file: "t.json") }
        #expect(throws: JSONFieldError.self) { try Tokenizer(parsing: "[]".bytes, file: "t.json") }
        try withTemporaryFolder { folder in
            #expect(throws: TokenizerFileError.self) { try Tokenizer(folder: folder) }
            #expect(throws: FileError.self) { try Tokenizer(folder: folder + "/no") }
            #expect(throws: FileError.self) { try Tokenizer(file: folder) }
        }
    }

    @Test("steps that multiply the length of a text are refused")
    func growth() throws {
        let step = """
            {"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaa"}
            """
        let steps = Array(repeating: step, count: 20).joined(separator: ",")
        let normalizer = "{\"type\": \"Sequence\", \"normalizers\": [\(steps)]}"
        let decoder = "{\"type\": \"Sequence\", \"decoders\": [\(steps)]}"
        for (name, text) in [("normalizer", normalizer), ("decoder", decoder)] {
            let value = try JSONParser().parse(text)
            #expect(field(refusing: try object { $0.updateValue(value, forName: name) }) == name)
        }
    }

    private static let costlyRegex = #""pattern": {"Regex": "(a|aa)+$"}"#
    private static let costlySplit =
        #"{"type": "Split", \#(costlyRegex), "behavior": "Isolated", "invert": false}"#
    private static let costlyReplacement = #"{"type": "Replace", \#(costlyRegex), "content": ""}"#
    /// One search in it takes a small part of the steps that a text may take.
    private static let costlyWord = String(repeating: "a", count: 24) + "b"

    private static func sequence(_ name: String, _ first: String, _ step: String, _ count: Int)
        -> String
    {
        let steps = [first] + Array(repeating: step, count: count)
        return #"{"type": "Sequence", "\#(name)": [\#(steps.joined(separator: ","))]}"#
    }

    @Test(
        "all words, parts and steps of a text share the steps that it may take",
        arguments: [
            // The steps, their number, how often the word stands in the text, and what stands between.
            (#"{"type": "WhitespaceSplit"}"#, 1, 200, " "),
            (#"{"type": "WhitespaceSplit"}"#, 1, 200, "</s>"),
            (#"{"type": "CharDelimiterSplit", "delimiter": "|"}"#, 1, 200, " "),
            (#"{"type": "CharDelimiterSplit", "delimiter": "|"}"#, 1, 200, "|"),
            (#"{"type": "CharDelimiterSplit", "delimiter": "|"}"#, 1, 200, "</s>"),
            // So few that a budget of its own for each step would suffice.
            (#"{"type": "WhitespaceSplit"}"#, 12, 4, " "),
        ])
    func sharedSteps(first: String, count: Int, words: Int, separator: String) throws {
        let tokenizer = try Tokenizer(
            parsing: object {
                let text = Self.sequence("pretokenizers", first, Self.costlySplit, count)
                $0.updateValue(try JSONParser().parse(text), forName: "pre_tokenizer")
            }, file: "t.json")
        #expect(try tokenizer.encodeIDs([Self.costlyWord])[0].count > 0)
        let text = Array(repeating: Self.costlyWord, count: words).joined(separator: separator)
        #expect(throws: PatternError.self) { try tokenizer.encodeIDs([text]) }
    }

    @Test("steps of normalizers and decoders share them, too, and added tokens those of loading")
    func sharedStepsElsewhere() throws {
        func parsed(_ part: String, _ text: String, tokens: Int = 0) throws -> Tokenizer {
            try Tokenizer(
                parsing: object {
                    $0.updateValue(try JSONParser().parse(text), forName: part)
                    let added = (0..<tokens).map { number -> JSONValue in
                        [
                            "id": .int(1000 + number),
                            "content": .string(Self.costlyWord + "\(number)"),
                            "normalized": true, "special": false, "single_word": false,
                            "lstrip": false, "rstrip": false,
                        ]
                    }
                    if tokens > 0 { $0.updateValue(.array(added), forName: "added_tokens") }
                }, file: "t.json")
        }
        func steps(_ name: String, _ first: String, _ count: Int) -> String {
            Self.sequence(name, first, Self.costlyReplacement, count)
        }
        let text = Array(repeating: Self.costlyWord, count: 4).joined(separator: " ")
        let one = try parsed("normalizer", steps("normalizers", #"{"type": "NFC"}"#, 1))
        let ids = try one.encodeIDs([text])[0]
        let normalizing = try parsed("normalizer", steps("normalizers", #"{"type": "NFC"}"#, 60))
        #expect(throws: PatternError.self) { try normalizing.encodeIDs([text]) }
        let decoding = try parsed("decoder", steps("decoders", #"{"type": "Fuse"}"#, 60))
        #expect(throws: PatternError.self) { try decoding.decode(ids) }
        _ = try parsed("normalizer", Self.costlyReplacement, tokens: 1)
        let error = #expect(throws: JSONFieldError.self) {
            try parsed("normalizer", Self.costlyReplacement, tokens: 300)
        }
        #expect(error?.field == "added_tokens")
    }

    @Test("parts whose cost multiplies that of a text are refused")
    func cost() throws {
        let long = String(repeating: "a", count: 257)
        let replace =
            "{\"type\": \"Replace\", \"pattern\": {\"String\": \"\(long)\"}, \"content\": \"b\"}"
        let step = "{\"type\": \"NFC\"}"
        let steps = Array(repeating: step, count: 65).joined(separator: ",")
        let nested = (0..<4).reduce(step) { inner, _ in
            "{\"type\": \"Sequence\", \"normalizers\": [\(inner)]}"
        }
        let token = "{\"SpecialToken\": {\"id\": \"</s>\", \"type_id\": 0}}"
        let tokens = Array(repeating: token, count: 1025).joined(separator: ",")
        let sequence = { (id: String) -> String in
            "{\"Sequence\": {\"id\": \"\(id)\", \"type_id\": 0}}"
        }
        let template = { (name: String, ids: String) -> String in
            """
            {"type": "TemplateProcessing", "single": [\(sequence("A")),\(name == "single" ? tokens : token)],
             "pair": [\(sequence("A")),\(sequence("B")),\(name == "pair" ? tokens : token)],
             "special_tokens": {"</s>": {"id": "</s>", "ids": [\(ids)], "tokens": [\(ids.isEmpty ? "" : "\"</s>\"")]}}}
            """
        }
        for (part, text, expected) in [
            ("normalizer", replace, "normalizer.pattern.String"),
            ("decoder", replace, "decoder.pattern.String"),
            ("decoder", "{\"type\": \"BPEDecoder\", \"suffix\": \"\(long)\"}", "decoder.suffix"),
            (
                "normalizer", "{\"type\": \"Sequence\", \"normalizers\": [\(steps)]}",
                "normalizer.normalizers"
            ),
            (
                "normalizer", nested,
                "normalizer.normalizers[0].normalizers[0].normalizers"
            ),
            ("post_processor", template("single", "0"), "post_processor.single"),
            ("post_processor", template("single", ""), "post_processor.single"),
            ("post_processor", template("pair", "0"), "post_processor.pair"),
        ] {
            let value = try JSONParser().parse(text)
            let bytes = try object { $0.updateValue(value, forName: part) }
            #expect(field(refusing: bytes) == expected)
        }
        let suffix = ", \"end_of_word_suffix\": \"\(long)\""
        #expect(
            field(refusing: model("{\"a\": 0}", "[]", suffix)) == "model.end_of_word_suffix")
    }

    @Test("errors hold no control characters of the file")
    func controlCharacters() throws {
        let bytes = model("{\"a\\u001b[31m\\n\": -1}", "[]")
        let error = try #require(throws: JSONFieldError.self) {
            try Tokenizer(parsing: bytes, file: "t\u{7}.json")
        }
        #expect("\(error)".unicodeScalars.allSatisfy { $0.value >= 0x20 })
        let split: JSONValue = [
            "type": "Split", "pattern": ["Regex": "\\p{\u{1B}[31m}"], "behavior": "Isolated",
            "invert": false,
        ]
        let pattern = try object { $0["pre_tokenizer"] = split }
        let refusal = try #require(throws: JSONFieldError.self) {
            try Tokenizer(parsing: pattern, file: "t.json")
        }
        #expect("\(refusal)".unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    /// The ids of a text in which sentencepiece's table replaces a key, if there is one, by x.
    private func ids(_ text: String, replacing key: [UInt8] = [], but userDefined: [JSONValue] = [])
        throws -> [Int32]
    {
        // The children of a node at depth n stand behind 256 (n + 1), and the value where those of the last one
        // would stand.
        var units = [UInt32](repeating: 0, count: 256 * (key.count + 2))
        units[0] = 256 << 10
        for (depth, byte) in key.enumerated() {
            let place = 256 * (depth + 1) ^ Int(byte)
            let next = UInt32(place ^ 256 * (depth + 2)) << 10
            units[place] = UInt32(byte) | next | (depth == key.count - 1 ? 0x100 : 0)
        }
        let trie = ([UInt32(units.count * 4)] + units).flatMap { unit in
            (0..<4).map { UInt8(truncatingIfNeeded: unit >> (8 * $0)) }
        }
        let table = Data(trie + Array("x\0".utf8)).base64EncodedString()
        let tokenizer = try Tokenizer(
            parsing: object {
                $0["normalizer"] = [
                    "type": "HeedSentencePiece",
                    "table": ["type": "Precompiled", "precompiled_charsmap": .string(table)],
                    "user_defined": .array(userDefined),
                ]
                $0["pre_tokenizer"] = [
                    "type": "Split", "pattern": ["Regex": "[^y]+"], "behavior": "Isolated",
                    "invert": false,
                ]
            }, file: "t.json")
        return try tokenizer.encodeIDs([text])[0]
    }

    @Test("half a character is no key of a table that replaces characters")
    func halfCharacters() throws {
        #expect(try ids("aé😀é", replacing: [0xC3]) == ids("aé😀é"))
        #expect(try ids("aé😀é", replacing: Array("é".utf8)) == ids("ax😀x"))
        #expect(try !ids("aé😀é").isEmpty)
    }

    @Test(
        "keys of one or two characters of ASCII, or one and another, are replaced wherever they stand",
        arguments: [
            ("b", "ab b éb bé", "ax x éx xé"), ("ab", "aab ab b éab abé", "ax x b éx xé"),
            ("a\u{301}", "aa\u{301} a éa\u{301}a", "ax a éxa"), ("\t", "a\tb\t", "axbx"),
        ])
    func replacedASCII(key: String, text: String, replaced: String) throws {
        #expect(try ids(text, replacing: Array(key.utf8)) == ids(replaced))
        #expect(try ids(text) != ids(replaced))
    }

    @Test("what a user defined is not replaced, and what stands beside it is")
    func userDefined() throws {
        #expect(try ids("acdd d", replacing: Array("d".utf8), but: ["cd"]) == ids("acdx x"))
        #expect(try ids("acdé", replacing: Array("dé".utf8), but: ["cd"]) == ids("acdé"))
        #expect(try ids("adé", replacing: Array("dé".utf8), but: ["cd"]) == ids("ax"))
        // The first character alone is no key, but it begins what the user defined.
        #expect(try ids("accé", replacing: Array("cé".utf8), but: ["cc"]) == ids("accé"))
    }

    @Test("random changes of a file are read or refused, never fatal")
    func mutations() throws {
        let whole = try sampleTokenizer(.rawText, merges: 2).serialized()
        // What is interesting stands outside of the list of 256 bytes.
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[position] = UInt8.random(in: 0x20...0x7E, using: &generator)
            }
            if let tokenizer = try? Tokenizer(parsing: bytes, file: "t.json") {
                let encoding = try tokenizer.encode("a Hund 12 \u{2581} ☃")
                _ = try? tokenizer.decode(encoding.ids)
            }
        }
    }
}
