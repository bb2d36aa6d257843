import HeedFormats
import HeedModels
import HeedNN
import HeedTasks
import HeedTestSupport
import HeedTraining
import Testing

@Suite("A translation training")
struct TranslationTrainingTests {
    @Test("makes as many positions as its sentences need, and at least those that are asked for")
    func positions() throws {
        for (count, asked, expected) in [(2, 1024, 1024), (800, 1024, 1601), (2, 100, 100)] {
            let folder = try TemporaryFolder()
            var training = SmallModels.training(output: folder.path)
            training.configuration.positions = .learned
            training.configuration.maximumPositions = asked
            training.maximumLength = 4000
            training.maximumUpdates = 1
            let long = Array(repeating: "x1", count: count).joined(separator: " ")
            let text = try ParallelText(
                sources: SmallModels.sources + [long], targets: SmallModels.targets + ["one"],
                name: "test")
            try training.run(train: SmallModels.text(), valid: text)
            let configuration = try TransformerConfiguration(folder: folder.path)
            #expect(configuration.maximumPositions >= expected)
            #expect(count > 2 || configuration.maximumPositions == expected)
        }
    }

    @Test("does not begin in a folder that holds another, and leaves it as it was")
    func occupied() throws {
        let folder = try TemporaryFolder()
        try SmallModels.training(output: folder.path)
            .run(train: SmallModels.text(), valid: SmallModels.text())
        let before = try Folder.names(in: folder.path)
        #expect(throws: TrainingError.self) {
            try SmallModels.training(output: folder.path)
                .run(train: SmallModels.text(), valid: SmallModels.text())
        }
        #expect(try Folder.names(in: folder.path) == before)
    }

    @Test("with a cosine is not resumed with another limit, which would change its rates")
    func cosine() throws {
        let folder = try TemporaryFolder()
        var training = SmallModels.training(output: folder.path)
        training.schedule = .cosine
        try training.run(train: SmallModels.text(), valid: SmallModels.text())
        training.maximumUpdates = 6
        let error = #expect(throws: TrainingError.self) {
            try training.run(
                train: SmallModels.text(), valid: SmallModels.text(), resuming: true)
        }
        #expect(error?.description.contains("schedule") == true)
    }
}
