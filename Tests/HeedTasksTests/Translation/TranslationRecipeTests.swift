import HeedFormats
import HeedModels
import HeedTasks
import HeedTestSupport
import Testing

@Suite("The recipe of a run")
struct TranslationRecipeTests {
    /// The recipe as a run keeps it, after the settings were set.
    private func kept(_ settings: [(String, String)]) throws -> (TranslationRecipe, JSONValue) {
        var recipe = TranslationRecipe(preset: .tiny, output: "run")
        for role in TranslationRecipe.TextRole.allCases { recipe.files[role] = role.rawValue }
        for (name, value) in settings { try recipe.set(name, value) }
        return (recipe, recipe.json)
    }

    private func read(_ json: JSONValue, _ folder: TemporaryFolder) throws -> TranslationRecipe {
        try Folder.create(folder.path)
        try AtomicFile.write(
            JSONWriter(.pretty).string(json), to: "\(folder.path)/\(TranslationRecipe.fileName)")
        return try TranslationRecipe(run: folder.path)
    }

    @Test(
        "is read as it was written, whatever its settings",
        arguments: [
            ("seed", "18446744073709551615"), ("seed", "9223372036854775808"), ("seed", "0"),
            ("learning-rate", "1e-07"), ("learning-rate", "0.1"), ("schedule", "cosine"),
            ("pretokenized", "true"), ("weight-decay", "0.30000000000000004"),
        ])
    func roundTrip(name: String, value: String) throws {
        let folder = try TemporaryFolder()
        let (recipe, json) = try kept([(name, value)])
        let found = try read(json, folder)
        #expect(found.fixedDifferences(from: recipe) == [])
        #expect(found.json == json)
    }

    @Test("is refused by field where it was changed to what cannot be")
    func hostile() throws {
        let folder = try TemporaryFolder()
        let (_, json) = try kept([])
        guard case .object(let whole) = json, case .object(let settings)? = json["settings"]
        else { return }
        for (name, value) in [
            ("width", 0), ("width", -4), ("width", .int(.max)), ("width", 1.5), ("width", [4]),
            ("width", nil), ("learning-rate", "nan"), ("learning-rate", -1), ("seed", -1),
            ("seed", "18446744073709551616"), ("schedule", "none"), ("precision", "float8"),
        ] as [(String, JSONValue)] {
            var (object, changed) = (whole, settings)
            changed.updateValue(value, forName: name)
            object.updateValue(.object(changed), forName: "settings")
            let error = #expect(throws: JSONFieldError.self, "\(name) = \(value)") {
                try read(.object(object), folder)
            }
            #expect(error?.field == "settings.\(name)")
        }
    }
}
