import ArgumentParser
import HeedFormats
import HeedModels
import HeedPatterns
import HeedTasks
import HeedText

/// What becomes of a special token that a text spells out.
enum SpecialTokenUse: String, EnumerableFlag {
    case parseSpecial
    case specialAsText
}

/// `heed tokenize`: text to pieces or ids, and back.
struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Cut text into the pieces that a model reads, and put them together again.",
        discussion: """
            Works on TEXT, or on the lines of --input or of standard input; an empty line gives an \
            empty line. Pieces are shown without the marks that a model adds, such as the end of the \
            sentence; --ids and --json have them. A tokenizer of words that were cut before shows \
            pieces inside a word with @@, as subword-nmt does. An object of --json holds text, ids, \
            pieces and offsets, which count Unicode scalars; --full adds type_ids, special_tokens_mask, \
            attention_mask and overflow, what the file's truncation cuts off.

            --model takes special tokens that a text spells out as the verbs do that run the model: as \
            text where it translates, as those tokens where it continues text, if its \
            tokenizer_config.json does not say otherwise. \
            --file opens a tokenizer.json, a folder that holds one, vocab.json with merges.txt, BERT's \
            vocab.txt, a .model of sentencepiece, ranks of tiktoken, and merges of subword-nmt. Ids and \
            offsets are those of the program that the file is from.

            EXAMPLES
              heed tokenize 'Ein Hund läuft.'
              heed tokenize --model run --ids < text.txt > ids.txt
              heed tokenize --model run --decode < ids.txt
              heed tokenize --file tokenizer.json --json 'Hello <|endoftext|>'
              heed tokenize --file vocab.txt --json-input --json --full < pairs
            """
    )

    @Option(help: "The folder of the model. (default: the one that comes with Heed)")
    var model: String?

    @Option(help: "A file or folder of a tokenizer, of any known form, instead of a model's.")
    var file: String?

    @Flag(
        help: "Use the tokenizer of what the model writes, where it is not that of what it reads.")
    var target = false

    @Option(help: "A file with a text on each line. (default: -, standard input)")
    var input: String?

    @Flag(help: "Print ids instead of pieces.")
    var ids = false

    @Flag(help: "Read ids, and print the text.")
    var decode = false

    @Flag(
        help:
            "What spells out a special token in a text is that token, or text. (default: as the file says)"
    )
    var special: SpecialTokenUse?

    @Flag(
        name: .customLong("no-added"),
        help: "Leave out what is added to a text, such as its end mark.")
    var leavesOutAdded = false

    @Flag(help: "Decode special tokens, too.")
    var keepSpecial = false

    @Flag(
        help: """
            Each line of the input is a string of JSON, so that a text may hold line breaks, or an array of two: \
            a pair of texts.
            """)
    var jsonInput = false

    @Flag(help: "Print an object a line.")
    var json = false

    @Flag(help: "Say everything about the tokens; with --json.")
    var full = false

    @Argument(help: ArgumentHelp("What to cut.", valueName: "text"))
    var texts: [String] = []

    func validate() throws {
        if ids, decode { throw ValidationError("give --ids or --decode, not both") }
        if model != nil, file != nil { throw ValidationError("give --model or --file, not both") }
        if keepSpecial, !decode { throw ValidationError("--keep-special goes with --decode") }
        if full, !json { throw ValidationError("--full goes with --json") }
        if target, file != nil { throw ValidationError("--target goes without --file") }
        if !texts.isEmpty, input != nil {
            throw ValidationError("give texts or --input, not both")
        }
    }

    func run() throws {
        var tokenizer = try file.map { try Tokenizer(path: $0) } ?? modelTokenizer()
        if let special { tokenizer.parsesSpecialTokens = special == .parseSpecial }
        var chunks = try LineChunks(texts: texts, input: input, splitting: false)
        var number = 0
        while let lines = try chunks.next() {
            var output = ""
            for line in lines {
                number += 1
                let place = "\(nameForMessage(chunks.name)): line \(number)"
                do {
                    output +=
                        try
                        (decode
                        ? decoded(line, tokenizer, place)
                        : encoded(texts(of: line, place), tokenizer)) + "\n"
                } catch let error as PatternError {
                    throw Failure(.badData, "\(place): \(error)")
                }
            }
            try StandardStreams.write(output)
        }
    }

    /// The text of a line, and the second one of a pair.
    private func texts(of line: String, _ place: String) throws -> (text: String, pair: String?) {
        guard jsonInput else { return (line, nil) }
        let value = try? JSONParser().parse(line)
        if let text = value?.stringValue { return (text, nil) }
        guard let pair = value?.arrayValue, pair.count == 2, let text = pair[0].stringValue,
            let second = pair[1].stringValue
        else { throw Failure(.badData, "\(place): is no string of JSON, nor two of them") }
        return (text, second)
    }

    /// The tokenizer with which the verbs that run the model read texts.
    private func modelTokenizer() throws -> Tokenizer {
        let folder = try modelFolder(model)
        // Tokenizers of models that are not run here are of use, too.
        let type = try ModelInspection.type(ofModelIn: folder)
        if case .transformer? = type {
            let tokenizers = try TranslationTokenizers(folder: folder)
            return target ? tokenizers.target : tokenizers.source
        }
        guard !target else {
            throw Failure(
                .usage,
                "--target: \(nameForMessage(folder)) does not translate: it has one tokenizer")
        }
        if case .language(let type)? = type {
            return try Tokenizer(folder: folder, of: type)
        }
        return try Tokenizer(folder: folder)
    }

    private func encoded(
        _ texts: (text: String, pair: String?), _ tokenizer: Tokenizer
    ) throws -> String {
        let (text, pair) = texts
        let adding = !leavesOutAdded
        if json {
            let encoding = try tokenizer.encode(
                text, pair: pair, addingSpecialTokens: adding, keepingOverflow: full)
            let written = pair.map { JSONValue.array([.string(text), .string($0)]) }
            return JSONWriter(.spaced).string(
                .object(try object(encoding, tokenizer, ["text": written ?? .string(text)])))
        }
        if text.isEmpty, pair == nil { return "" }
        if ids {
            let ids =
                try pair == nil
                ? tokenizer.encodeIDs(text, addingSpecialTokens: adding)
                : tokenizer.encode(text, pair: pair, addingSpecialTokens: adding).ids
            return ids.map(String.init).joined(separator: " ")
        }
        let plain = try [text, pair].compactMap { $0 }.flatMap {
            try tokenizer.encodeIDs($0, addingSpecialTokens: false)
        }
        return try tokenizer.displayPieces(of: plain).joined(separator: " ")
    }

    /// What is known of the tokens.
    private func object(
        _ encoding: Encoding, _ tokenizer: Tokenizer, _ beginning: JSONObject = [:]
    ) throws -> JSONObject {
        var object = beginning
        object.insert(.array(encoding.ids.map { .int(Int($0)) }), forName: "ids")
        object.insert(
            .array(try tokenizer.displayPieces(of: encoding.ids).map(JSONValue.string)),
            forName: "pieces")
        object.insert(
            .array(encoding.scalarOffsets.map { [.int($0.lowerBound), .int($0.upperBound)] }),
            forName: "offsets")
        guard full else { return object }
        let masks = [
            ("type_ids", encoding.typeIDs.map { Int($0) }),
            ("special_tokens_mask", encoding.specialMask.map { $0 ? 1 : 0 }),
            ("attention_mask", encoding.attentionMask.map { $0 ? 1 : 0 }),
        ]
        for (name, values) in masks {
            object.insert(.array(values.map(JSONValue.int)), forName: name)
        }
        let overflow = try encoding.overflow.map {
            JSONValue.object(try self.object($0, tokenizer))
        }
        object.insert(.array(overflow), forName: "overflow")
        return object
    }

    private func decoded(_ line: String, _ tokenizer: Tokenizer, _ place: String) throws -> String {
        let words = line.split { $0 == " " || $0 == "," || $0 == "\t" || $0 == "[" || $0 == "]" }
        let ids = try words.map { word in
            guard let id = Int32(word), id >= 0 else {
                throw Failure(.badData, "\(place): \(quotedForMessage(String(word))) is no id")
            }
            return id
        }
        let text: String
        do {
            text = try tokenizer.decode(ids, skippingSpecialTokens: !keepSpecial)
        } catch let error as TokenizerError {
            throw Failure(.badData, "\(place): \(error)")
        }
        guard json else { return oneLine(text) }
        return JSONWriter(.spaced).string([
            "ids": .array(ids.map { .int(Int($0)) }), "text": .string(text),
        ])
    }
}
