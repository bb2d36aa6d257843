import HeedFormats
import HeedModels
import HeedNN
import HeedTasks
import HeedText
import HeedTraining
import Testing

@Suite("Settings of a recipe")
struct RecipeSettingsTests {
    private func problem(_ settings: [String: String], _ change: (inout TranslationRecipe) -> Void)
        throws -> String?
    {
        var recipe = TranslationRecipe(preset: .tiny, output: "run")
        for (name, value) in settings { try recipe.set(name, value) }
        change(&recipe)
        do {
            try recipe.validate(given: Set(settings.keys))
            return nil
        } catch let error as TrainingSettingError { return error.description }
    }

    @Test(
        "names settings that contradict each other",
        arguments: [
            (["tokenizer-type": "word"], "needs pretokenized"),
            (["tokenizer-type": "word", "pretokenized": "true", "merges": "9"], "merges"),
            (["minimum-count": "3"], "minimum-count"),
            (["batch-pairs": "128", "batch-tokens": "4096"], "batch-pairs and batch-tokens"),
        ])
    func contradictions(settings: [String: String], words: String) throws {
        #expect(try problem(settings) { _ in }?.contains(words) == true)
    }

    @Test("names tokenizers that are missing or superfluous")
    func tokenizers() throws {
        let separate = ["vocabularies": "separate"]
        #expect(try problem(separate) { $0.tokenizerFile = "a" }?.contains("target") == true)
        #expect(try problem([:]) { $0.targetTokenizerFile = "a" }?.contains("separate") == true)
        #expect(try problem(separate) { $0.targetTokenizerFile = "a" } != nil)
        #expect(try problem(["merges": "4"]) { $0.tokenizerFile = "a" }?.contains("given") == true)
        #expect(
            try problem(separate) {
                $0.tokenizerFile = "a"
                $0.targetTokenizerFile = "b"
            } == nil)
    }

    @Test("takes words, a vocabulary for each side, and batches of pairs together")
    func quick() throws {
        let settings = [
            "tokenizer-type": "word", "pretokenized": "true", "minimum-count": "2",
            "vocabularies": "separate", "batch-pairs": "128", "tie-output": "false",
            "initialization": "xavier-uniform",
        ]
        #expect(try problem(settings) { _ in } == nil)
        #expect(try problem(["batch-pairs": "none", "batch-tokens": "9"]) { _ in } == nil)
    }
}
