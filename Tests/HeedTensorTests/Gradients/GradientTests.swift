import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Gradients in float64 against central differences")
struct GradientTests {
    private func check(_ made: OperatorCase) -> GradientCheck {
        let parameters = made.parameters(made.parameters, .float64)
        return GradientCheck(
            made.inputs, parameters: parameters, context: OperatorCase.context(.float64)
        ) { context, inputs in
            made.body(context, inputs, parameters)
        }
    }

    @Test(
        "the gradients of an operator are right, and the same bits in a second run",
        arguments: OperatorCatalogue.names)
    func gradients(name: String) throws {
        for made in try #require(OperatorCatalogue.family(name)).small() {
            let found = check(made).failures()
            #expect(found == [], "\(name) \(made.name)")
        }
    }

    @Test(
        "an error of 0.1 % in any gradient would be noticed", arguments: OperatorCatalogue.names)
    func planted(name: String) throws {
        for made in try #require(OperatorCatalogue.family(name)).small() {
            let blind = check(made).blindSpots
            #expect(blind == [], "\(name) \(made.name)")
        }
    }

    @Test("every operator has at least 8 shapes, and all together 500 checks")
    func count() {
        var checks = 0
        for family in OperatorCatalogue.families {
            let cases = family.small()
            #expect(cases.count >= 8, "\(family.name)")
            checks += cases.reduce(0) { $0 + $1.inputs.count + $1.parameters.count }
        }
        #expect(checks >= 500)
    }
}
