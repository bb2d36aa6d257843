package import HeedFormats
import HeedModels
import HeedNN
import HeedTensor
import HeedText
public import HeedTraining

/// A language model's training with the files that it reads, which a run keeps as `training.json` and is resumed from.
public struct LanguageModelRecipe: TrainingRecipe {
    /// The kinds of tokenizer that can be learned.
    public enum TokenizerType: String, Sendable, CaseIterable {
        /// Single characters.
        case characters
        /// Byte-pair encoding.
        case bytePairs = "bpe"
    }

    /// The texts to learn from.
    public var trainFiles: [String] = []
    /// The texts that epochs are judged by.
    public var validFiles: [String] = []
    /// A tokenizer that is given; one is learned from the training text when nil.
    public var tokenizerFile: String?
    /// What is learned where none is given.
    public var tokenizerType = TokenizerType.bytePairs
    /// Pieces of the byte pairs that are learned.
    public var vocabulary = 4000
    /// The sizes that everything began with.
    public let preset: LanguageModelPreset
    /// How training goes.
    public var training: LanguageModelTraining

    /// The file of a run that holds its recipe.
    public static let fileName = "training.json"

    /// A recipe with a preset's sizes and the settings that go with them.
    public init(preset: LanguageModelPreset, output: String) {
        self.preset = preset
        training = LanguageModelTraining(preset: preset, output: output)
        if preset == .nanoGPT || preset == .nanoGPTSmall { tokenizerType = .characters }
    }

    /// All settings: sizes and choices of the model first, then those of training.
    public static var settings: [TrainingSetting<LanguageModelRecipe>] {
        LanguageModelSettings.all
    }

    /// The family has inner units for the width, and heads are those of keys and values, if nothing else is said.
    public static var leadingSettings: [String] { ["width", "family", "heads"] }

    /// The preset that is taken where none is named.
    public static let usualPreset = LanguageModelPreset.llama

    /// How training goes.
    public var optimization: OptimizationSettings {
        get { training.optimization }
        set { training.optimization = newValue }
    }

    // MARK: In the run

    /// Reads the recipe of the run in a folder.
    ///
    /// Throws errors that name the file and the field.
    public init(run output: String) throws {
        let json = try JSONObjectReader(path: RelativePath.join(output, Self.fileName))
        guard try json.int("format") == 1 else { throw json.error("format", "must be 1") }
        guard try json.string("task") == "language-model" else {
            throw json.error("task", "is not a language model's training")
        }
        guard let preset = LanguageModelPreset(rawValue: try json.string("preset")) else {
            throw json.error("preset", "is unknown")
        }
        self.init(preset: preset, output: output)
        tokenizerFile = try json.optionalString("tokenizer")
        let files = try json.object("files")
        trainFiles = try files.strings("train")
        validFiles = try files.strings("valid")
        for (field, names) in [("train", trainFiles), ("valid", validFiles)] where names.isEmpty {
            throw files.error(field, "must name a file")
        }
        try readSettings(json)
    }

    /// The recipe as `training.json`.
    package var json: JSONValue {
        [
            "format": 1, "task": "language-model", "preset": .string(preset.rawValue),
            "files": [
                "train": .array(trainFiles.map(JSONValue.string)),
                "valid": .array(validFiles.map(JSONValue.string)),
            ], "tokenizer": tokenizerFile.map(JSONValue.string) ?? nil,
            "settings": settingsJSON,
        ]
    }

    /// Names of what differs from another recipe of the same run and may not: paths, preset and settings.
    public func fixedDifferences(from other: LanguageModelRecipe) -> [String] {
        var names: [String] = []
        if trainFiles != other.trainFiles { names.append("train") }
        if validFiles != other.validFiles { names.append("valid") }
        if preset != other.preset { names.append("preset") }
        if tokenizerFile != other.tokenizerFile { names.append("tokenizer") }
        return names + fixedSettings(differingFrom: other)
    }

    /// Throws `TrainingSettingError` for settings that contradict each other or say nothing.
    public func validate(given: Set<String> = []) throws {
        let configuration = training.configuration
        let problems: [(Bool, String)] = [
            (
                tokenizerFile != nil && !given.isDisjoint(with: ["tokenizer-type", "vocabulary"]),
                "tokenizer-type and vocabulary: go without a tokenizer that is given"
            ),
            (
                tokenizerType == .characters && given.contains("vocabulary"),
                "vocabulary: goes with tokenizer-type = bpe, not with characters"
            ),
            (
                configuration.width % configuration.heads != 0,
                "heads = \(configuration.heads): must divide width = \(configuration.width)"
            ),
            (
                configuration.type == .gpt2
                    && configuration.keyValueHeads != configuration.heads,
                "key-value-heads = \(configuration.keyValueHeads): gpt2 has as many as heads"
            ),
            (
                configuration.heads % configuration.keyValueHeads != 0,
                """
                key-value-heads = \(configuration.keyValueHeads): must divide heads = \
                \(configuration.heads)
                """
            ),
            (
                configuration.type == .llama
                    && configuration.width / configuration.heads % 2 != 0,
                """
                heads = \(configuration.heads): must give each head an even part of width = \
                \(configuration.width), for llama turns elements in pairs
                """
            ),
        ]
        if let problem = problems.first(where: { $0.0 }) {
            throw TrainingSettingError(problem.1)
        }
    }

    // MARK: Training

    /// Reads the files, trains, and writes the run.
    ///
    /// Throws errors that name the file and what is wrong with it.
    @discardableResult
    public func run(
        resuming: Bool = false, shouldStop: @escaping () -> Bool = { false },
        handle: @escaping (TrainingTaskEvent) -> Void = { _ in }
    ) throws -> TrainingEnd {
        try validate()
        var training = training
        training.recipe = JSONWriter(.pretty).string(json) + "\n"
        if let tokenizerFile {
            var tokenizer = try Tokenizer(file: tokenizerFile)
            tokenizer.removeLengthRules()
            training.tokenizer = .given(tokenizer)
        } else {
            training.tokenizer =
                tokenizerType == .characters ? .characters : .learned(vocabulary: vocabulary)
        }
        training.textNames = (Self.names(trainFiles), Self.names(validFiles))
        return try training.run(
            train: try trainFiles.map(Self.text), valid: try validFiles.map(Self.text),
            resuming: resuming, shouldStop: shouldStop, handle: handle)
    }

    private static func names(_ paths: [String]) -> String {
        let first = paths.first.map(nameForMessage) ?? ""
        return paths.count > 1 ? "\(first) and \(paths.count - 1) more" : first
    }

    private static func text(_ path: String) throws -> String {
        try TextFile.string(path: path, limit: 1 << 32)
    }
}
