import HeedFormats
import HeedTasks
import HeedTraining

/// Makes the recipe of a training from what a command line says.
struct RecipeSource<Recipe: TrainingRecipe> {
    /// The run.
    let output: String
    /// The preset of the command line.
    let preset: Recipe.Preset?
    /// What --config, --set and options ask for, in the order in which they override each other.
    let assignments: [SettingAssignment]
    /// Puts the files that the command line names into a recipe, all of them if it is new.
    let setFiles: (_ recipe: inout Recipe, _ isNew: Bool) throws -> Void

    /// The recipe of a new run, or that of the one in `output`.
    func recipe(resuming: Bool) throws -> Recipe { try resuming ? resumed() : fresh() }

    /// The recipe of a new run.
    private func fresh() throws -> Recipe {
        _ = try creatingOutput { try NewFolder(path: output) }
        var recipe = Recipe(preset: try chosenPreset() ?? Recipe.usualPreset, output: output)
        try setFiles(&recipe, true)
        try apply(assignments, to: &recipe)
        try recipe.validate(given: Set(assignments.map(\.name)))
        return recipe
    }

    /// The recipe of the run in `output`, with other limits where they are given.
    private func resumed() throws -> Recipe {
        guard try Folder.kind(of: output) != nil else {
            throw Failure(.missingInput, "\(nameForMessage(output)): there is no run to resume")
        }
        let saved = try Recipe(run: output)
        let preset = try chosenPreset()
        var recipe = saved
        try setFiles(&recipe, false)
        try apply(assignments, to: &recipe)
        var changed = recipe.fixedDifferences(from: saved)
        if let preset, preset != saved.preset { changed.append("preset") }
        guard changed.isEmpty else {
            throw Failure(
                .usage,
                """
                \(output) was begun with another \(changed.joined(separator: ", ")); resume it \
                without, or begin a new run
                """)
        }
        return recipe
    }

    /// Sets values: first those from which others are derived, so that no value that was asked for is derived anew.
    private func apply(_ assignments: [SettingAssignment], to recipe: inout Recipe) throws {
        let leading = Recipe.leadingSettings
        for name in leading {
            for assignment in assignments where assignment.name == name {
                try assignment.apply(to: &recipe)
            }
        }
        for assignment in assignments where !leading.contains(assignment.name) {
            try assignment.apply(to: &recipe)
        }
    }

    private func chosenPreset() throws -> Recipe.Preset? {
        if let preset { return preset }
        guard let assignment = assignments.last(where: { $0.name == "preset" }) else {
            return nil
        }
        guard let preset = Recipe.Preset(rawValue: assignment.value) else {
            let known = Recipe.Preset.allCases.map(\.rawValue).joined(separator: "|")
            throw assignment.failure("preset = \(assignment.value): must be \(known)")
        }
        return preset
    }

    /// The list of settings for a help text, with the values of a preset.
    static func settingList(_ preset: Recipe.Preset) -> String {
        let recipe = Recipe(preset: preset, output: "")
        return Recipe.settings.map {
            let words = wrapped("\($0.summary) (\($0.values))", indent: 6)
            return "  \($0.name)=\($0.value(in: recipe))\n\(words)"
        }.joined(separator: "\n")
    }
}

extension TrainingRecipe {
    /// Trains, and shows on standard error how that goes; the first Ctrl-C saves and stops.
    func train(resuming: Bool, output: String) throws {
        let report = TrainingReport()
        let end = try run(
            resuming: resuming, shouldStop: { Interruption.isRequested },
            handle: { event in
                switch event {
                case .training(.started): Interruption.save(true)
                case .training(.finished): Interruption.save(false)
                default: break
                }
                report.show(event)
            })
        if end == .interrupted { throw Failure(.interrupted, "interrupted; \(output) is saved") }
        if let score = report.finalScore { try StandardStreams.print(score) }
    }
}
