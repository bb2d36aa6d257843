import HeedModels
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Members of models")
struct VisitTests {
    @Test("a model visits every parameter that it stores", arguments: ModelCase.all)
    func visits(model: ModelCase) throws {
        let transformer = try Transformer(model.configuration, builder: ModelBuilder(seed: 1))
        #expect(unvisitedParameters(of: transformer) == [])
        #expect(repeatedNames(of: transformer) == [])
        #expect(Set(transformer.parameters.map(\.name)).count == transformer.parameters.count)
    }

    @Test("a parameter counts once, however many names it has")
    func count() throws {
        let tied = try Transformer(ModelCase("tied").configuration, builder: ModelBuilder(seed: 1))
        // Encoder layer: 4 (16·16 + 16) + 2·16·24 + 24 + 16 + 4·16; a decoder layer has another attention and norm.
        let attention = 4 * (16 * 16 + 16)
        let rest = 2 * 16 * 24 + 24 + 16
        let encoder = 2 * (attention + rest + 4 * 16)
        let decoder = 2 * (2 * attention + rest + 6 * 16)
        #expect(tied.parameterCount == 19 * 16 + encoder + decoder + 19)
        let untied = try Transformer(
            ModelCase("untied") { $0.tiesOutput = false }.configuration,
            builder: ModelBuilder(seed: 1))
        #expect(untied.parameterCount == tied.parameterCount + 2 * 19 * 16)
    }
}
