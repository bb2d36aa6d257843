import ArgumentParser
import Foundation
import HeedModels
import HeedTasks

/// The options of a translation training that are settings, too.
struct TranslationSettingOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("A setting by its name; may be repeated.", valueName: "key=value"))
    var sets: [String] = []

    @Option(help: "A YAML file of settings, 'name: value' a line.")
    var config: String?

    @Option(help: .setting("tokenizer-type"))
    var tokenizerType: TranslationTraining.TokenizerType?

    @Option(help: .setting("merges"))
    var merges: Int?

    @Option(help: .setting("minimum-count"))
    var minimumCount: Int?

    @Option(help: .setting("vocabularies"))
    var vocabularies: TranslationTraining.Vocabularies?

    @Flag(help: "Words stand between white space already (and BLEU is over them).")
    var pretokenized = false

    @Option(help: .setting("batch-tokens"))
    var batchTokens: Int?

    @Option(help: .setting("batch-pairs"))
    var batchPairs: Int?

    @Option(help: .setting("shard-tokens"))
    var shardTokens: Int?

    @Option(help: .setting("accumulation"))
    var accumulation: Int?

    @Option(help: .setting("max-updates"))
    var maxUpdates: Int?

    @Option(help: .setting("max-epochs"))
    var maxEpochs: Int?

    @Option(help: .setting("patience"))
    var patience: Int?

    @Option(help: .setting("average"))
    var average: Int?

    @Option(help: .setting("learning-rate"))
    var learningRate: Double?

    @Option(help: .setting("warmup"))
    var warmup: Int?

    @Option(help: .setting("schedule"))
    var schedule: TranslationTraining.ScheduleKind?

    @Option(help: .setting("optimizer"))
    var optimizer: TranslationTraining.Optimizer?

    @Option(help: .setting("weight-decay"))
    var weightDecay: Double?

    @Option(help: .setting("beta1"))
    var beta1: Double?

    @Option(help: .setting("beta2"))
    var beta2: Double?

    @Option(help: .setting("clip-norm"))
    var clipNorm: Double?

    @Option(help: .setting("dropout"))
    var dropout: Double?

    @Option(help: .setting("label-smoothing"))
    var labelSmoothing: Double?

    @Option(help: .setting("precision"))
    var precision: TrainingPrecision?

    @Option(help: .setting("seed"))
    var seed: UInt64?

    @Option(help: .setting("max-length"))
    var maxLength: Int?

    @Option(help: .setting("checkpoint-every"))
    var checkpointEvery: Int?

    @Option(help: .setting("bleu-every"))
    var bleuEvery: Int?

    /// What --set asks for.
    func assignments() throws -> [SettingAssignment] {
        try sets.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw Failure(.usage, "--set \(text): is not key=value") }
            return SettingAssignment(name: String(parts[0]), value: String(parts[1]))
        }
    }

    /// What the options ask for.
    var options: [SettingAssignment] {
        let given: [(String, (any CustomStringConvertible)?)] = [
            ("tokenizer-type", tokenizerType?.rawValue), ("merges", merges),
            ("minimum-count", minimumCount), ("vocabularies", vocabularies?.rawValue),
            ("pretokenized", pretokenized ? true : nil), ("batch-tokens", batchTokens),
            ("batch-pairs", batchPairs), ("shard-tokens", shardTokens),
            ("accumulation", accumulation), ("max-updates", maxUpdates),
            ("max-epochs", maxEpochs), ("patience", patience), ("average", average),
            ("learning-rate", learningRate), ("warmup", warmup), ("schedule", schedule?.rawValue),
            ("optimizer", optimizer?.rawValue), ("weight-decay", weightDecay), ("beta1", beta1),
            ("beta2", beta2), ("clip-norm", clipNorm), ("dropout", dropout),
            ("label-smoothing", labelSmoothing), ("precision", precision?.rawValue),
            ("seed", seed), ("max-length", maxLength), ("checkpoint-every", checkpointEvery),
            ("bleu-every", bleuEvery),
        ]
        return given.compactMap { name, value in
            value.map { SettingAssignment(name: name, value: "\($0)") }
        }
    }
}

/// A setting and the value that it shall have.
struct SettingAssignment {
    let name: String
    let value: String

    /// Sets the value; the preset is dealt with before all others.
    func apply(to recipe: inout TranslationRecipe) throws {
        if name != "preset" { try recipe.set(name, value) }
    }
}

extension ArgumentHelp {
    /// The help of an option that is a setting, with its defaults.
    static func setting(_ name: String) -> ArgumentHelp {
        guard let setting = TranslationSetting.all.first(where: { $0.name == name }) else {
            return ArgumentHelp("")
        }
        var defaults: [(presets: [String], value: String)] = []
        for preset in TransformerPreset.allCases {
            let value = short(setting.value(in: TranslationRecipe(preset: preset, output: "")))
            if let index = defaults.firstIndex(where: { $0.value == value }) {
                defaults[index].presets.append(preset.rawValue)
            } else {
                defaults.append(([preset.rawValue], value))
            }
        }
        let words =
            defaults.count == 1
            ? defaults[0].value
            : defaults.map { "\($0.presets.joined(separator: ", ")): \($0.value)" }
                .joined(separator: "; ")
        return ArgumentHelp("\(setting.summary) (default: \(words))")
    }

    /// A number with many digits as people write it.
    private static func short(_ value: String) -> String {
        guard value.count > 10, let number = Double(value) else { return value }
        return String(format: "%.4g", number)
    }
}
