import Foundation
package import HeedFormats
public import HeedModels
import HeedTensor
import HeedText
public import HeedTraining

/// A translation training with the files that it reads, which a run keeps as `training.json` and is resumed from.
public struct TranslationRecipe: Sendable {
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

    /// Sets a value by name; throws `TranslationSettingError`.
    public mutating func set(_ name: String, _ value: String) throws {
        try TranslationSetting.named(name).apply(value, to: &self)
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
        let settings = try JSONObjectReader(
            json.value("settings"), file: json.file, path: "settings")
        // Runs of earlier versions lack settings that came later, which then have their defaults.
        for setting in TranslationSetting.all where setting.name != "layers" {
            guard settings.object[setting.name] != nil else { continue }
            guard let text = try settings.value(setting.name).settingText else {
                throw settings.error(setting.name, "must be \(setting.values)")
            }
            do {
                try setting.apply(text, to: &self)
            } catch is TranslationSettingError {
                throw settings.error(setting.name, "must be \(setting.values)")
            }
        }
    }

    /// The recipe as `training.json`.
    package var json: JSONValue {
        var files = JSONObject()
        for role in TextRole.allCases {
            files.insert(.string(self.files[role] ?? ""), forName: role.rawValue)
        }
        var settings = JSONObject()
        for setting in TranslationSetting.all where setting.name != "layers" {
            settings.insert(
                JSONValue(settingText: setting.value(in: self)), forName: setting.name)
        }
        return [
            "format": 1, "task": "translation", "preset": .string(preset.rawValue),
            "files": .object(files), "tokenizer": tokenizerFile.map(JSONValue.string) ?? nil,
            "target_tokenizer": targetTokenizerFile.map(JSONValue.string) ?? nil,
            "settings": .object(settings),
        ]
    }

    /// Names of what differs from another recipe of the same run and may not: paths, preset and settings.
    public func fixedDifferences(from other: TranslationRecipe) -> [String] {
        var names = TextRole.allCases.filter { files[$0] != other.files[$0] }.map(\.rawValue)
        if preset != other.preset { names.append("preset") }
        if tokenizerFile != other.tokenizerFile { names.append("tokenizer") }
        if targetTokenizerFile != other.targetTokenizerFile { names.append("target-tokenizer") }
        for setting in TranslationSetting.all where setting.name != "layers" {
            // The cosine ends at the last update, which therefore shapes every rate.
            let isFixed =
                !setting.mayChange
                || (setting.name == "max-updates" && training.schedule == .cosine)
            if isFixed, setting.value(in: self) != setting.value(in: other) {
                names.append(setting.name)
            }
        }
        return names
    }

    /// Throws `TranslationSettingError` for settings that contradict each other or say nothing.
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
            throw TranslationSettingError(problem.1)
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

extension JSONValue {
    /// The text of a setting as the kind of value that it looks like.
    fileprivate init(settingText text: String) {
        if let value = Int(text) {
            self = .int(value)
        } else if UInt64(text) != nil {
            // A seed beyond the largest integer of JSON's readers, which would be rounded as a number.
            self = .string(text)
        } else if let value = Double(text), value.isFinite {
            self = .double(value)
        } else if let value = Bool(text) {
            self = .bool(value)
        } else {
            self = .string(text)
        }
    }

    /// The value as the text of a setting.
    fileprivate var settingText: String? {
        switch self {
        case .string(let text): text
        case .bool(let value): "\(value)"
        case .number(let number): number.text
        case .null, .array, .object: nil
        }
    }
}
