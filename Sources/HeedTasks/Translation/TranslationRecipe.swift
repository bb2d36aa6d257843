import Foundation
package import HeedFormats
public import HeedModels
import HeedNN
import HeedTensor
import HeedText
public import HeedTraining

/// A translation training with the files that it reads, which a run keeps as `training.json` and is resumed from.
public struct TranslationRecipe: TrainingRecipe {
    /// The texts of a training, one sentence a line.
    public enum TextRole: String, Sendable, CaseIterable {
        /// The sources to learn from.
        case trainSource = "train-source"
        /// Their translations.
        case trainTarget = "train-target"
        /// The sources of the validation text.
        case validSource = "valid-source"
        /// Their translations.
        case validTarget = "valid-target"
    }

    /// Where each text is.
    public var files: [TextRole: String] = [:]
    /// A tokenizer that is given; one is learned from the training text when nil.
    public var tokenizerFile: String?
    /// The target's tokenizer beside it, where vocabularies are separate.
    public var targetTokenizerFile: String?
    /// What is learned where none is given.
    public var tokenizerType = TranslationTraining.TokenizerType.bytePairs
    /// Merges of the byte pairs that are learned.
    public var mergeCount: Int
    /// How often a word must occur to be learned.
    public var minimumCount = 2
    /// Whether words stand between white space already.
    public var isPretokenized = false
    /// The sizes that everything began with.
    public let preset: TransformerPreset
    /// How training goes.
    public var training: TranslationTraining

    /// The file of a run that holds its recipe.
    public static let fileName = "training.json"

    /// A recipe with a preset's sizes and the settings that go with them.
    public init(preset: TransformerPreset, output: String) {
        self.preset = preset
        training = TranslationTraining(preset: preset, output: output)
        mergeCount = [.base: 16_000, .big: 32_000][preset] ?? 8000
    }

    /// All settings: sizes and choices of the model first, then those of training.
    public static var settings: [TranslationSetting] { TranslationSettings.all }
    /// The preset that is taken where none is named.
    public static let usualPreset = TransformerPreset.small
    /// Settings that only set others.
    public static let shorthands: Set<String> = ["layers"]

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
        guard try json.int("format") == 1 else {
            throw json.error("format", "is not one that this version reads")
        }
        guard let preset = TransformerPreset(rawValue: try json.string("preset")) else {
            throw json.error("preset", "is unknown")
        }
        self.init(preset: preset, output: output)
        tokenizerFile = try json.optionalString("tokenizer")
        targetTokenizerFile = try json.optionalString("target_tokenizer")
        let files = try JSONObjectReader(json.value("files"), file: json.file, path: "files")
        for role in TextRole.allCases { self.files[role] = try files.string(role.rawValue) }
        try readSettings(json)
    }

    /// The recipe as `training.json`.
    package var json: JSONValue {
        var files = JSONObject()
        for role in TextRole.allCases {
            files.insert(.string(self.files[role] ?? ""), forName: role.rawValue)
        }
        return [
            "format": 1, "task": "translation", "preset": .string(preset.rawValue),
            "files": .object(files), "tokenizer": tokenizerFile.map(JSONValue.string) ?? nil,
            "target_tokenizer": targetTokenizerFile.map(JSONValue.string) ?? nil,
            "settings": settingsJSON,
        ]
    }

    /// Names of what differs from another recipe of the same run and may not: paths, preset and settings.
    public func fixedDifferences(from other: TranslationRecipe) -> [String] {
        var names = TextRole.allCases.filter { files[$0] != other.files[$0] }.map(\.rawValue)
        if preset != other.preset { names.append("preset") }
        if tokenizerFile != other.tokenizerFile { names.append("tokenizer") }
        if targetTokenizerFile != other.targetTokenizerFile { names.append("target-tokenizer") }
        names += fixedSettings(differingFrom: other)
        return names
    }

    /// Throws `TrainingSettingError` for settings that contradict each other or say nothing.
    ///
    /// - Parameter given: the names of settings that were set, and did not keep their defaults.
    public func validate(given: Set<String> = []) throws {
        let isSeparate = training.vocabularies == .separate
        let isGiven = tokenizerFile != nil
        let problems: [(Bool, String)] = [
            (
                !isGiven && tokenizerType == .words && !isPretokenized,
                "tokenizer-type = word: needs pretokenized = true: words stand between white space"
            ),
            (
                tokenizerType == .words && given.contains("merges"),
                "merges: go with tokenizer-type = bpe, not with whole words"
            ),
            (
                tokenizerType == .bytePairs && given.contains("minimum-count"),
                "minimum-count: goes with tokenizer-type = word, not with byte pairs"
            ),
            (
                isGiven && !given.isDisjoint(with: ["tokenizer-type", "merges", "minimum-count"]),
                "tokenizer-type, merges and minimum-count: go without a tokenizer that is given"
            ),
            (
                isGiven && isSeparate && targetTokenizerFile == nil,
                "vocabularies = separate: needs a target tokenizer beside the tokenizer"
            ),
            (
                targetTokenizerFile != nil && !(isGiven && isSeparate),
                "a target tokenizer: needs vocabularies = separate and a tokenizer for the source"
            ),
            (
                training.batchPairs != nil && given.contains("batch-tokens"),
                "batch-pairs and batch-tokens: give one of them, not both"
            ),
        ]
        if let problem = problems.first(where: { $0.0 }) {
            throw TrainingSettingError(problem.1)
        }
        try validateHeads()
    }

    /// What the model would refuse under the names of `config.json`.
    private func validateHeads() throws {
        let model = training.configuration
        let heads = model.encoderHeads
        if model.headSize == nil, model.width % heads != 0 {
            throw TrainingSettingError("heads = \(heads): must divide width = \(model.width)")
        }
        if let count = model.keyValueHeads, heads % count != 0 {
            throw TrainingSettingError("key-value-heads = \(count): must divide heads = \(heads)")
        }
        let size = model.headSize ?? model.width / heads
        if model.positions == .rotary, size % 2 != 0 {
            throw TrainingSettingError("head-size = \(size): must be even for rotary positions")
        }
    }

    // MARK: Training

    /// Reads the files, trains, and writes the run.
    ///
    /// Throws errors that name the file and what is wrong with it.
    /// - Parameters:
    ///   - resuming: whether to go on from the newest checkpoint.
    ///   - shouldStop: asked between updates; true saves and stops.
    ///   - handle: is told what happens.
    @discardableResult
    public func run(
        resuming: Bool = false, shouldStop: @escaping () -> Bool = { false },
        handle: @escaping (TranslationTraining.Event) -> Void = { _ in }
    ) throws -> TrainingEnd {
        try validate()
        var training = training
        training.tokenizer = try tokenizerSource()
        training.recipe = JSONWriter(.pretty).string(json) + "\n"
        let text = { (source: TextRole, target: TextRole) in
            try ParallelText(
                sourcePath: files[source] ?? "", targetPath: files[target] ?? "")
        }
        return try training.run(
            train: text(.trainSource, .trainTarget), valid: text(.validSource, .validTarget),
            resuming: resuming, shouldStop: shouldStop, handle: handle)
    }

    private func tokenizerSource() throws -> TranslationTraining.TokenizerSource {
        let style: BytePairTrainer.Style = isPretokenized ? .pretokenized : .rawText
        if let tokenizerFile {
            return .given(
                try Tokenizer(file: tokenizerFile),
                target: try targetTokenizerFile.map { try Tokenizer(file: $0) }, style: style)
        }
        return switch tokenizerType {
        case .bytePairs: .learned(merges: mergeCount, style: style)
        case .words: .words(minimumCount: minimumCount)
        }
    }
}
