import ArgumentParser
import Foundation
import HeedTasks

/// The options of trainings of every kind that are settings, too.
struct TrainingSettingOptions<Recipe: TrainingRecipe>: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("A setting by its name; may be repeated.", valueName: "key=value"))
    var sets: [String] = []

    @Option(help: "A YAML file of settings, 'name: value' a line.")
    var config: String?

    @Option(parsing: .unconditional, help: .setting("batch-tokens", of: Recipe.self))
    var batchTokens: Int?

    @Option(parsing: .unconditional, help: .setting("shard-tokens", of: Recipe.self))
    var shardTokens: Int?

    @Option(parsing: .unconditional, help: .setting("accumulation", of: Recipe.self))
    var accumulation: Int?

    @Option(parsing: .unconditional, help: .setting("max-updates", of: Recipe.self))
    var maxUpdates: Int?

    @Option(parsing: .unconditional, help: .setting("max-epochs", of: Recipe.self))
    var maxEpochs: Int?

    @Option(parsing: .unconditional, help: .setting("patience", of: Recipe.self))
    var patience: Int?

    @Option(parsing: .unconditional, help: .setting("average", of: Recipe.self))
    var average: Int?

    @Option(parsing: .unconditional, help: .setting("learning-rate", of: Recipe.self))
    var learningRate: Double?

    @Option(parsing: .unconditional, help: .setting("minimum-rate", of: Recipe.self))
    var minimumRate: Double?

    @Option(parsing: .unconditional, help: .setting("warmup", of: Recipe.self))
    var warmup: Int?

    @Option(parsing: .unconditional, help: .setting("schedule", of: Recipe.self))
    var schedule: ScheduleKind?

    @Option(parsing: .unconditional, help: .setting("optimizer", of: Recipe.self))
    var optimizer: OptimizerKind?

    @Option(parsing: .unconditional, help: .setting("weight-decay", of: Recipe.self))
    var weightDecay: Double?

    @Option(parsing: .unconditional, help: .setting("beta1", of: Recipe.self))
    var beta1: Double?

    @Option(parsing: .unconditional, help: .setting("beta2", of: Recipe.self))
    var beta2: Double?

    @Option(parsing: .unconditional, help: .setting("clip-norm", of: Recipe.self))
    var clipNorm: Double?

    @Option(parsing: .unconditional, help: .setting("dropout", of: Recipe.self))
    var dropout: Double?

    @Option(parsing: .unconditional, help: .setting("label-smoothing", of: Recipe.self))
    var labelSmoothing: Double?

    @Option(parsing: .unconditional, help: .setting("precision", of: Recipe.self))
    var precision: TrainingPrecision?

    @Option(parsing: .unconditional, help: .setting("seed", of: Recipe.self))
    var seed: UInt64?

    @Option(parsing: .unconditional, help: .setting("checkpoint-every", of: Recipe.self))
    var checkpointEvery: Int?

    /// What --config and --set ask for, in the order in which they override each other.
    func assignments() throws -> [SettingAssignment] {
        try (config.map(SettingsFile.assignments) ?? [])
            + sets.map { text in
                let parts = text.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else {
                    throw Failure(.usage, "--set \(text): is not key=value")
                }
                return SettingAssignment(name: String(parts[0]), value: String(parts[1]))
            }
    }

    /// What the options ask for.
    var options: [SettingAssignment] {
        .given([
            ("batch-tokens", batchTokens), ("shard-tokens", shardTokens),
            ("accumulation", accumulation), ("max-updates", maxUpdates),
            ("max-epochs", maxEpochs), ("patience", patience), ("average", average),
            ("learning-rate", learningRate), ("minimum-rate", minimumRate), ("warmup", warmup),
            ("schedule", schedule?.rawValue), ("optimizer", optimizer?.rawValue),
            ("weight-decay", weightDecay), ("beta1", beta1), ("beta2", beta2),
            ("clip-norm", clipNorm), ("dropout", dropout), ("label-smoothing", labelSmoothing),
            ("precision", precision?.rawValue), ("seed", seed),
            ("checkpoint-every", checkpointEvery),
        ])
    }
}

/// A setting and the value that it shall have.
struct SettingAssignment {
    let name: String
    let value: String
    /// The file and the line that ask for it, as messages name them; nil for the command line.
    var place: String?

    /// Sets the value; the preset is dealt with before all others.
    func apply(to recipe: inout some TrainingRecipe) throws {
        guard name != "preset" else { return }
        do {
            try recipe.set(name, value)
        } catch {
            throw failure("\(error)")
        }
    }

    /// What is wrong with it, as a mistake of the file or of the command line.
    func failure(_ problem: String) -> Failure {
        place.map { Failure(.badData, "\($0): \(problem)") } ?? Failure(.usage, problem)
    }
}

extension [SettingAssignment] {
    /// The assignments of options that have a value.
    static func given(
        _ options: [(String, (any CustomStringConvertible)?)]
    ) -> [SettingAssignment] {
        options.compactMap { name, value in
            value.map { SettingAssignment(name: name, value: "\($0)") }
        }
    }
}

extension ArgumentHelp {
    /// The help of an option that is a setting, with its defaults.
    static func setting<Recipe: TrainingRecipe>(
        _ name: String, of recipe: Recipe.Type
    ) -> ArgumentHelp {
        guard let setting = Recipe.settings.first(where: { $0.name == name }) else {
            return ArgumentHelp("")
        }
        var defaults: [(presets: [String], value: String)] = []
        for preset in Recipe.Preset.allCases {
            let value = short(setting.value(in: Recipe(preset: preset, output: "")))
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
