import HeedFormats
public import HeedTraining

/// A training with the files that it reads, which a run keeps as `training.json` and is resumed from.
public protocol TrainingRecipe: Sendable {
    /// The presets that it can begin with.
    associatedtype Preset: RawRepresentable<String> & CaseIterable & Equatable & Sendable

    /// All its settings, by name.
    static var settings: [TrainingSetting<Self>] { get }
    /// The preset that is taken where none is named.
    static var usualPreset: Preset { get }
    /// Settings that only set others, and are not kept.
    static var shorthands: Set<String> { get }
    /// Settings from which others get values: they are set before all others, in this order.
    static var leadingSettings: [String] { get }

    /// The sizes that everything began with.
    var preset: Preset { get }
    /// How training goes.
    var optimization: OptimizationSettings { get set }

    /// A recipe with a preset's sizes and the settings that go with them.
    init(preset: Preset, output: String)

    /// Reads the recipe of the run in a folder.
    ///
    /// Throws errors that name the file and the field.
    init(run output: String) throws

    /// Names of what differs from another recipe of the same run and may not: paths, preset and settings.
    func fixedDifferences(from other: Self) -> [String]

    /// Throws `TrainingSettingError` for settings that contradict each other or say nothing.
    ///
    /// - Parameter given: the names of settings that were set, and did not keep their defaults.
    func validate(given: Set<String>) throws

    /// Reads the files, trains, and writes the run.
    ///
    /// Throws errors that name the file and what is wrong with it.
    /// - Parameters:
    ///   - resuming: whether to go on from the newest checkpoint.
    ///   - shouldStop: asked between updates; true saves and stops.
    ///   - handle: is told what happens.
    @discardableResult
    func run(
        resuming: Bool, shouldStop: @escaping () -> Bool,
        handle: @escaping (TrainingTaskEvent) -> Void
    ) throws -> TrainingEnd
}

extension TrainingRecipe {
    /// Settings that only set others: none.
    public static var shorthands: Set<String> { [] }

    /// Settings from which others get values: none.
    public static var leadingSettings: [String] { [] }

    /// Sets a value by name; throws `TrainingSettingError`.
    public mutating func set(_ name: String, _ value: String) throws {
        try TrainingSetting<Self>.named(name).apply(value, to: &self)
    }

    /// The settings that a run keeps.
    private static var kept: [TrainingSetting<Self>] {
        settings.filter { !shorthands.contains($0.name) }
    }

    /// The settings as an object.
    var settingsJSON: JSONValue {
        var object = JSONObject()
        for setting in Self.kept {
            object.insert(JSONValue(settingText: setting.value(in: self)), forName: setting.name)
        }
        return .object(object)
    }

    /// Takes the settings of an object; those that are missing keep their values.
    ///
    /// Throws `JSONFieldError`.
    mutating func readSettings(_ json: JSONObjectReader) throws {
        let settings = try json.object("settings")
        // Runs of earlier versions lack settings that came later, which then have their defaults.
        for setting in Self.kept where settings.object[setting.name] != nil {
            guard let text = try settings.value(setting.name).settingText else {
                throw settings.error(setting.name, "must be \(setting.values)")
            }
            do {
                try setting.apply(text, to: &self)
            } catch is TrainingSettingError {
                throw settings.error(setting.name, "must be \(setting.values)")
            }
        }
    }

    /// Names of settings that differ from those of another recipe and may not.
    func fixedSettings(differingFrom other: Self) -> [String] {
        Self.kept.filter { setting in
            // The cosine ends at the last update, which therefore shapes every rate.
            let isFixed =
                !setting.mayChange
                || (setting.name == "max-updates" && optimization.schedule == .cosine)
            return isFixed && setting.value(in: self) != setting.value(in: other)
        }.map(\.name)
    }
}

/// What happens before, in and after a training.
public enum TrainingTaskEvent: Sendable {
    /// Text was read and encoded, in words.
    case prepared(String)
    /// What the trainer tells.
    case training(TrainingEvent)
    /// A score of the final model, in words.
    case score(String)
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
