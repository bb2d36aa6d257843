import Foundation
import HeedFormats
import HeedTestSupport
import Testing

/// A place of a command line that takes an input, and what each kind of bad input there ends with.
struct InputPlace: Sendable, CustomTestStringConvertible {
    let name: String
    /// The command line, with INPUT where the bad file goes and GOOD, DATA, MODEL, LANGUAGE, TINY and OUTPUT for others.
    let arguments: [String]
    /// The code for an empty file.
    let empty: Int32
    /// The code for text that is not UTF-8.
    var latin: Int32 = 65
    /// The code for one line of a megabyte.
    let long: Int32
    /// The code for a file of two lines, where others have three; nil where there are no others.
    var short: Int32?
    /// Whether the input may be a pipe.
    var isStream: Bool {
        [
            "translate", "attend", "generate", "tokenize", "split", "score --hypothesis",
            "score --reference",
        ].contains(name)
    }
    /// Whether the input is a model's folder, so that a folder as such is nothing bad.
    var isModel = false

    init(
        _ name: String, _ arguments: String, empty: Int32, long: Int32, short: Int32? = nil,
        isModel: Bool = false
    ) {
        self.name = name
        self.arguments = arguments.split(separator: " ").map(String.init)
        self.empty = empty
        self.long = long
        self.short = short
        self.isModel = isModel
    }

    var testDescription: String { name }

    static let all: [InputPlace] = [
        .init(
            "translate", "translate --model MODEL --input INPUT --output OUTPUT", empty: 0, long: 65
        ),
        .init(
            "attend", "attend --model MODEL --input INPUT --output OUTPUT.jsonl", empty: 0, long: 65
        ),
        .init(
            "generate", "generate --model LANGUAGE --max-length 2 --input INPUT --output OUTPUT",
            empty: 0,
            long: 65),
        .init("tokenize", "tokenize --model MODEL --input INPUT", empty: 0, long: 0),
        .init("tokenize --file", "tokenize --file INPUT a", empty: 65, long: 65),
        .init("split", "split --input INPUT --output OUTPUT", empty: 65, long: 65),
        .init(
            "score --hypothesis", "score --hypothesis INPUT --reference GOOD", empty: 65, long: 65,
            short: 65),
        .init(
            "score --reference", "score --hypothesis GOOD --reference GOOD INPUT", empty: 65,
            long: 65, short: 65),
        .init("forward", "forward --model TINY --input INPUT --output OUTPUT", empty: 65, long: 65),
        .init("inspect", "inspect INPUT", empty: 65, long: 65),
        .init(
            "train --train-source",
            "train translation --output OUTPUT --train-source INPUT --train-target GOOD "
                + "--valid-source GOOD --valid-target GOOD", empty: 65, long: 65, short: 65),
        .init(
            "train --valid-target",
            "train translation --output OUTPUT --train-source GOOD --train-target GOOD "
                + "--valid-source GOOD --valid-target INPUT", empty: 65, long: 65, short: 65),
        .init(
            "train --config",
            "train translation --output OUTPUT --train-source GOOD --train-target GOOD "
                + "--valid-source GOOD --valid-target GOOD --max-updates 1 --config INPUT",
            empty: 0, long: 65),
        .init(
            "train --tokenizer",
            "train translation --output OUTPUT --train-source GOOD --train-target GOOD "
                + "--valid-source GOOD --valid-target GOOD --tokenizer INPUT", empty: 65, long: 65),
        .init(
            "train --target-tokenizer",
            "train translation --output OUTPUT --train-source GOOD --train-target GOOD "
                + "--valid-source GOOD --valid-target GOOD --tokenizer MODEL/tokenizer.json "
                + "--set vocabularies=separate --target-tokenizer INPUT", empty: 65, long: 65),
        .init(
            "train language-model --train",
            "train language-model --output OUTPUT --train INPUT --valid GOOD --max-updates 1 "
                + "--block-length 2", empty: 65, long: 0),
        .init(
            "train language-model --valid",
            "train language-model --output OUTPUT --train GOOD --valid INPUT --max-updates 1 "
                + "--block-length 2", empty: 65, long: 0),
        .init(
            "train tokenizer", "train tokenizer --vocabulary 300 --input INPUT --output OUTPUT",
            empty: 65, long: 0),
        .init(
            "bench tokenize --input", "bench tokenize --repeat 1 --input INPUT", empty: 65, long: 0),
        .init("bench tokenize --file", "bench tokenize --file INPUT", empty: 65, long: 65),
        .init(
            "bench train-translation --lengths", "bench train-translation --lengths INPUT",
            empty: 65, long: 65),
        .init("plot", "plot INPUT --output OUTPUT.svg", empty: 66, long: 66, isModel: true),
        .init(
            "explain", "explain neighbours --model INPUT --output OUTPUT.svg", empty: 66, long: 66,
            isModel: true),
        .init(
            "translate --model", "translate --model INPUT --output OUTPUT a", empty: 66, long: 66,
            isModel: true),
        .init(
            "attend --model", "attend --model INPUT --source a --output OUTPUT.json", empty: 66,
            long: 66, isModel: true),
        .init(
            "generate --model", "generate --model INPUT --prompt a --output OUTPUT", empty: 66,
            long: 66, isModel: true),
        .init("tokenize --model", "tokenize --model INPUT a", empty: 66, long: 66, isModel: true),
        .init(
            "forward --model",
            "forward --model INPUT --input TINY/inputs.safetensors --output OUTPUT",
            empty: 66, long: 66, isModel: true),
        .init(
            "export", "export --model INPUT --output OUTPUT", empty: 66, long: 66, isModel: true),
        .init(
            "train --resume", "train translation --resume --output INPUT", empty: 66, long: 66,
            isModel: true),
    ]
}

@Suite("Every verb on every kind of bad input")
struct BadInputTests {
    /// Runs a command line on an input; the output's folder must hold nothing afterwards unless all went well.
    private func check(
        _ place: InputPlace, _ kind: String, _ input: String, _ status: Int32,
        prefix: [String] = [], naming words: String? = nil
    ) throws {
        let folder = try TemporaryFolder()
        let values = [
            "INPUT": input, "GOOD": try folder.file("good", "a b\nc d\ne f\n"),
            "MODEL": try SmallRun.shared.get().model, "TINY": "\(Repository.models)/marian_tiny",
            "LANGUAGE": try SmallLanguageRun.shared.get().model,
            "OUTPUT": folder.path(of: "output"),
        ]
        let arguments = place.arguments.map { word in
            values.reduce(word) { $0.replacing($1.key, with: $1.value) }
        }
        let program = try Program.url()
        let result =
            prefix.isEmpty
            ? try Program.run(arguments)
            : try Program.run(
                ["-c", "exec \"$@\"", "sh"] + prefix + [program.path] + arguments,
                program: URL(filePath: "/bin/sh"))
        guard status != 0 else {
            #expect(result.status == 0, "\(place.name), \(kind): \(result.errors)")
            return
        }
        let named = words ?? (place.isModel ? nameForMessage(input) : "")
        #expect(
            result.isFailure(status) && (named.isEmpty || result.errors.contains(named)),
            "\(place.name), \(kind): \(result)")
        #expect(result.errors.utf8.count < 600, "\(place.name), \(kind)")
        #expect(try folder.names() == ["good"], "\(place.name), \(kind)")
    }

    @Test("ends with one line and its code, and leaves nothing", arguments: InputPlace.all)
    func kinds(place: InputPlace) throws {
        let folder = try TemporaryFolder()
        let missing = folder.path(of: "missing")
        try check(place, "missing", missing, 66, naming: missing)
        try check(place, "below a file", try folder.file("file", "a") + "/b", 66)
        try check(place, "no name", "", 66)
        if !place.isModel { try check(place, "a folder", folder.path, 66, naming: folder.path) }
        let empty = try folder.file("empty", "")
        try check(place, "empty", empty, place.empty, naming: empty)
        let latin = try folder.file("latin", bytes: Array("a b\nc ".utf8) + [0xFC, 0x0A])
        try check(place, "latin", latin, place.isModel ? 66 : place.latin, naming: latin)
        let long = try folder.file("long", String(repeating: "ab ", count: 350_000) + "\n")
        try check(place, "a long line", long, place.long)
        if let short = place.short {
            try check(place, "short", try folder.file("short", "a b\nc d\n"), short, naming: "2")
        }
    }

    @Test("says 74 where reading fails midway", arguments: InputPlace.all.filter(\.isStream))
    func failingReads(place: InputPlace) throws {
        // Opens, and then refuses to be read, whoever asks.
        try check(place, "no reading", "/proc/self/mem", 74, naming: "/proc/self/mem")
    }

    @Test(
        "refuses arguments that are not UTF-8, and does not read or write what they are repaired to"
    )
    func arguments() throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("o\u{FFFD}", "precious")
        let model = try SmallRun.shared.get().model
        let commands = [
            "translate --model '\(model)' \"$(printf 'a\\377')\"",
            "translate --model '\(model)' a --output \"$(printf 'o\\376')\"",
            "tokenize --model '\(model)' --input \"$(printf 'o\\376')\"",
            "data copy --count 10 --output \"$(printf 'd\\377')\"",
        ]
        for command in commands {
            let result = try Program.run(
                ["-c", "exec \"$0\" \(command)", try Program.url().path],
                program: URL(filePath: "/bin/sh"), directory: folder.url)
            #expect(result.isFailure(64, naming: "is not UTF-8"), "\(command): \(result)")
            #expect(try folder.names() == ["o\u{FFFD}"], "\(command)")
            #expect(try folder.bytes("o\u{FFFD}") == Array("precious".utf8), "\(command)")
        }
    }

    @Test("says 66 where nobody may read", .enabled(if: Unprivileged.isPossible))
    func unreadable() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("secret", "a b\n")
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file)
        for place in InputPlace.all {
            // A model that cannot be read is a folder that cannot be listed, or with a file that cannot be opened.
            try check(
                place, "unreadable", file, 66, prefix: Unprivileged.prefix,
                naming: place.isModel ? "" : "secret: cannot open: Permission denied")
        }
    }
}

/// What runs a program as a user who may not read and write everything.
enum Unprivileged {
    /// Nothing, or for the superuser a program that lays its rights down.
    static let prefix: [String] =
        geteuid() != 0
        ? [] : ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--securebits=+noroot"]

    /// Whether that works here.
    static let isPossible: Bool =
        (try? {
            let folder = try TemporaryFolder()
            let file = try folder.file("secret", "a")
            try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file)
            let result = try Program.run(
                ["-c", "exec \"$@\"", "sh"] + prefix + ["cat", file],
                program: URL(filePath: "/bin/sh"))
            return result.status == 1 && result.errors.contains("denied")
        }()) ?? false
}
