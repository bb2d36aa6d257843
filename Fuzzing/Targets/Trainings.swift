import HeedFormats
import HeedModels
import HeedTasks
import HeedTraining

extension FuzzTarget {
    /// What a training reads besides texts.
    static let trainings = [
        FuzzTarget(name: "state", seeds: stateSeeds, body: readState),
        FuzzTarget(name: "recipe", seeds: recipeSeeds, body: readRecipe),
        FuzzTarget(name: "settings", seeds: settingSeeds, body: readSettings),
        FuzzTarget(name: "history", seeds: historySeeds, body: readHistory),
    ]

    // MARK: state.json

    private static func stateSeeds() -> [[UInt8]] {
        [
            """
            {"format": 1, "epoch": 2, "batch": 3, "updates": 15, "epoch_loss_bits": "4033e2d1", "epoch_tokens": 7,
            "best_loss_bits": "7ff0000000000000", "best_epoch": 1, "epochs_since_best": 0, "metrics_bytes": 10,
            "metrics_crc32c": "12ab", "fingerprint": "a: b\\nc: d"}
            """.bytes
        ]
    }

    private static func readState(_ bytes: [UInt8]) throws {
        let state = try TrainingState(JSONObjectReader(parsing: bytes, file: "state.json"))
        let again = require("a state that was written is refused") {
            try TrainingState(JSONObjectReader(state.json, file: "again"))
        }
        require(again.json == state.json, "a state that was written is another one")
    }

    // MARK: training.json

    private static let recipeFolder = ScratchFolder("recipe")

    private static func recipeSeeds() -> [[UInt8]] {
        [JSONWriter(.pretty).bytes(TranslationRecipe(preset: .tiny, output: "run").json)]
    }

    private static func readRecipe(_ bytes: [UInt8]) throws {
        recipeFolder.write(bytes, TranslationRecipe.fileName)
        let recipe = try TranslationRecipe(run: recipeFolder.path)
        recipeFolder.write(JSONWriter().bytes(recipe.json), TranslationRecipe.fileName)
        let again = require("a recipe that was written is refused") {
            try TranslationRecipe(run: recipeFolder.path)
        }
        require(again.fixedDifferences(from: recipe).isEmpty, "a recipe changed by writing it")
    }

    // MARK: metrics.jsonl and events

    private static let historyFolder: ScratchFolder = {
        let folder = ScratchFolder("history")
        require("a folder in memory is needed") { try Folder.create(folder.path("events")) }
        return folder
    }()

    private static func historySeeds() -> [[UInt8]] {
        let lines = [
            #"{"epoch": 1, "update": 56, "train_loss": 8.5, "valid_loss": null, "best": true}"#,
            #"{"epoch": 2, "update": 112, "train_loss": 7.5, "valid_bleu": 3e-5, "seconds": 41.5}"#,
        ]
        // An event: time, step, and a summary of one value.
        let event: [UInt8] =
            [
                0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x10, 60, 0x2A, 19, 0x0A, 17, 0x0A, 10,
            ] + "train/loss".bytes + [0x15, 0, 0, 0, 0x3F]
        return [
            lines.map { $0 + "\n" }.joined().bytes + [0xFF] + event, lines[0].bytes,
        ]
    }

    /// Lines up to the byte 0xFF, and then one event, in the frame that no fuzzer would find.
    private static func readHistory(_ bytes: [UInt8]) throws {
        let parts = bytes.split(
            separator: 0xFF, maxSplits: 1, omittingEmptySubsequences: false)
        historyFolder.write(Array(parts[0]), "metrics.jsonl")
        let event = parts.count > 1 ? TFRecord.frame(Array(parts[1])) : []
        historyFolder.write(event, "events/events.out.tfevents.1")
        let history = try RunHistory(path: historyFolder.path)
        // Drawing takes a hundred times as long as reading: one history in sixteen is drawn, and by one axis.
        let choice = Int(CRC32C.checksum(of: bytes) % 32)
        guard choice < RunPlot.Horizontal.allCases.count else { return }
        let horizontal = RunPlot.Horizontal.allCases[choice]
        let page = RunPlot([history, history], by: horizontal).page.html()
        for text in page.utf8.split(separator: UInt8(ascii: "\"")) {
            require(
                !text.starts(with: "nan".utf8) && !text.starts(with: "inf".utf8),
                "a place that is none")
        }
    }

    // MARK: Settings in YAML

    private static let settingsFolder = ScratchFolder("settings")

    private static func settingSeeds() -> [[UInt8]] {
        [
            "width: 64\nlearning-rate: 1e-3 # slow\nschedule: cosine\n", "{a: 'b', \"c\": d}",
            "? a\n: b\n", "--- !!map\na: |\n  b\n...\n", "a: &x 1\nb: [1, {c: 2}]\n",
        ].map(\.bytes)
    }

    private static func readSettings(_ bytes: [UInt8]) throws {
        settingsFolder.write(bytes, "settings.yaml")
        var recipe = TranslationRecipe(preset: .tiny, output: "run")
        for setting in try SettingsFile.assignments(path: settingsFolder.path("settings.yaml")) {
            try recipe.set(setting.name, setting.value)
        }
    }
}

// What the file of settings, which is the program's own, finds there.

struct SettingAssignment {
    let name: String
    let value: String
    let place: String?
}

enum ExitStatus { case badData }

struct Failure: Error {
    let code: ExitStatus
    let message: String

    init(_ code: ExitStatus, _ message: String) {
        self.code = code
        self.message = message
    }
}
