import HeedFormats

/// A setting of a training that has a name: what a command line and configuration files set, what a run keeps, and what must
/// not change when the run is resumed.
public struct TrainingSetting<Recipe: TrainingRecipe>: Sendable {
    /// The name, such as `learning-rate`.
    public let name: String
    /// What it does, in words.
    public let summary: String
    /// The values that it takes, in words, such as `relu|gelu`.
    public let values: String
    /// Whether it may have another value when a run is resumed.
    public let mayChange: Bool

    let get: @Sendable (Recipe) -> String
    let set: @Sendable (inout Recipe, String) -> Bool

    /// The setting of this name.
    ///
    /// Throws `TrainingSettingError` that lists the known ones.
    public static func named(_ name: String) throws -> TrainingSetting<Recipe> {
        let settings = Recipe.settings
        if let setting = settings.first(where: { $0.name == name }) { return setting }
        let known = settings.map(\.name).joined(separator: ", ")
        throw TrainingSettingError(
            "there is no setting '\(nameForMessage(name))'; known are \(known)")
    }

    /// The value in a recipe, as `apply` takes it.
    public func value(in recipe: Recipe) -> String { get(recipe) }

    /// Sets the value in a recipe.
    ///
    /// Throws `TrainingSettingError` for a value that the setting does not take.
    public func apply(_ value: String, to recipe: inout Recipe) throws {
        guard set(&recipe, value) else {
            throw TrainingSettingError("\(name) = \(nameForMessage(value)): must be \(values)")
        }
    }
}

/// A setting that does not exist, or a value that it does not take.
public struct TrainingSettingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The whole message in one line.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

// MARK: - Kinds of settings

extension TrainingSetting {
    typealias Path<Value> = WritableKeyPath<Recipe, Value> & Sendable

    /// A whole number at one or more places.
    static func int(
        _ name: String, _ paths: any Path<Int>..., in range: ClosedRange<Int>,
        mayChange: Bool = false,
        _ summary: String
    ) -> TrainingSetting<Recipe> {
        TrainingSetting<Recipe>(
            name: name, summary: summary,
            values: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            mayChange: mayChange, get: { "\($0[keyPath: paths[0]])" }
        ) { recipe, text in
            guard let value = Int(text), range.contains(value) else { return false }
            for path in paths { recipe[keyPath: path] = value }
            return true
        }
    }

    /// A whole number, or `none`.
    static func optionalInt(
        _ name: String, _ path: any Path<Int?>, in range: ClosedRange<Int>, _ summary: String
    ) -> TrainingSetting<Recipe> {
        TrainingSetting<Recipe>(
            name: name, summary: summary,
            values: "a whole number from \(range.lowerBound) to \(range.upperBound), or none",
            mayChange: false, get: { $0[keyPath: path].map { "\($0)" } ?? "none" }
        ) { recipe, text in
            let value = Int(text)
            guard text == "none" || value.map(range.contains) == true else { return false }
            recipe[keyPath: path] = value
            return true
        }
    }

    /// A number.
    static func number(
        _ name: String, _ path: any Path<Double>, in range: ClosedRange<Double>, _ summary: String
    ) -> TrainingSetting<Recipe> {
        TrainingSetting<Recipe>(
            name: name, summary: summary,
            values: "a number from \(range.lowerBound) to \(range.upperBound)", mayChange: false,
            get: { "\($0[keyPath: path])" }
        ) { recipe, text in
            guard let value = Double(text), range.contains(value) else { return false }
            recipe[keyPath: path] = value
            return true
        }
    }

    /// Yes or no.
    static func flag(
        _ name: String, _ path: any Path<Bool>, _ summary: String
    ) -> TrainingSetting<Recipe> {
        TrainingSetting<Recipe>(
            name: name, summary: summary, values: "true or false", mayChange: false,
            get: { "\($0[keyPath: path])" }
        ) { recipe, text in
            guard let value = Bool(text) else { return false }
            recipe[keyPath: path] = value
            return true
        }
    }

    /// One of several names.
    static func choice<Value: Equatable & Sendable>(
        _ name: String, _ path: any Path<Value>, _ choices: [(name: String, value: Value)],
        _ summary: String
    ) -> TrainingSetting<Recipe> {
        TrainingSetting<Recipe>(
            name: name, summary: summary,
            values: choices.map(\.name).joined(separator: "|"), mayChange: false,
            get: { recipe in
                choices.first { $0.value == recipe[keyPath: path] }?.name ?? "unknown"
            }
        ) { recipe, text in
            guard let choice = choices.first(where: { $0.name == text }) else { return false }
            recipe[keyPath: path] = choice.value
            return true
        }
    }

    /// One of the cases of an enumeration.
    static func choice<Value: CaseIterable & RawRepresentable<String> & Equatable & Sendable>(
        _ name: String, _ path: any Path<Value>, of type: Value.Type, _ summary: String
    ) -> TrainingSetting<Recipe> {
        choice(name, path, Value.allCases.map { (name: $0.rawValue, value: $0) }, summary)
    }
}
