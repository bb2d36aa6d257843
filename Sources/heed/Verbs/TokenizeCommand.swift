import ArgumentParser
import HeedFormats
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
            pieces and offsets, which count Unicode scalars.

            --file opens a tokenizer.json, a folder that holds one, vocab.json with merges.txt, BERT's \
            vocab.txt, a .model of sentencepiece, ranks of tiktoken, and merges of subword-nmt. Ids and \
            offsets are those of the program that the file is from.

            EXAMPLES
              heed tokenize 'Ein Hund läuft.'
              heed tokenize --model run --ids < text.txt > ids.txt
              heed tokenize --model run --decode < ids.txt
              heed tokenize --file tokenizer.json --json 'Hello <|endoftext|>'
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

    @Flag(help: "Each line of the input is a string of JSON, so that a text may hold line breaks.")
    var jsonInput = false

    @Flag(help: "Print an object a line.")
    var json = false

    @Argument(help: ArgumentHelp("What to cut.", valueName: "text"))
    var texts: [String] = []

    func validate() throws {
        if ids, decode { throw ValidationError("give --ids or --decode, not both") }
        if model != nil, file != nil { throw ValidationError("give --model or --file, not both") }
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
                output +=
                    try
                    (decode
                    ? decoded(line, tokenizer, place)
                    : encoded(jsonInput ? text(of: line, place) : line, tokenizer)) + "\n"
            }
            try StandardStreams.write(output)
        }
    }

    /// The text of a line that is a string of JSON.
    private func text(of line: String, _ place: String) throws -> String {
        guard let text = try? JSONParser().parse(line).stringValue else {
            throw Failure(.badData, "\(place): is no string of JSON")
        }
        return text
    }

    private func modelTokenizer() throws -> Tokenizer {
        let tokenizers = try TranslationTokenizers(folder: modelFolder(model))
        return target ? tokenizers.target : tokenizers.source
    }

    private func encoded(_ line: String, _ tokenizer: Tokenizer) throws -> String {
        if json {
            let encoding = try tokenizer.encode(line, addingSpecialTokens: !leavesOutAdded)
            let offsets = encoding.scalarOffsets
            return JSONWriter(.spaced).string([
                "text": .string(line),
                "ids": .array(encoding.ids.map { .int(Int($0)) }),
                "pieces": .array(
                    try tokenizer.displayPieces(of: encoding.ids).map(JSONValue.string)),
                "offsets": .array(offsets.map { [.int($0.lowerBound), .int($0.upperBound)] }),
            ])
        }
        if line.isEmpty { return "" }
        if ids {
            return try tokenizer.encodeIDs(line, addingSpecialTokens: !leavesOutAdded)
                .map(String.init).joined(separator: " ")
        }
        let plain = try tokenizer.encodeIDs(line, addingSpecialTokens: false)
        return try tokenizer.displayPieces(of: plain).joined(separator: " ")
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
            text = try tokenizer.decode(ids)
        } catch let error as TokenizerError {
            throw Failure(.badData, "\(place): \(error)")
        }
        guard json else { return oneLine(text) }
        return JSONWriter(.spaced).string([
            "ids": .array(ids.map { .int(Int($0)) }), "text": .string(text),
        ])
    }
}
