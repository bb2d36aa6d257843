import HeedTensor
import HeedTestSupport
import Testing

@Suite("Fast paths of every instruction set against float64")
struct FastPathTests {
    static let instructionSets = ChildProcess.instructionSets.map(\.name)

    @Test(
        "outputs and gradients of every operator, and an error of 0.1 % in a gradient",
        arguments: instructionSets)
    func operators(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            for precision in [Precision.float32, .bfloat16] {
                for family in OperatorCatalogue.families {
                    FastPathTests.check(family, precision)
                }
            }
        }
    }

    private static func check(_ family: OperatorFamily, _ precision: Precision) {
        let place = "\(family.name) in \(precision), \(InstructionSet.current)"
        var noticed = Set<String>()
        var gradients = Set<String>()
        for made in family.large() {
            let path = FastPath(made, precision)
            let failures = path.failures
            #expect(failures == [], "\(place): \(made.name): \(failures)")
            let found = path.noticed
            noticed.formUnion(found.yes)
            gradients.formUnion(found.yes.union(found.no))
        }
        #expect(
            noticed == gradients,
            "0.1 % goes unnoticed in \(gradients.subtracting(noticed)): \(place)")
        for made in family.small() where precision == .float32 || made.comparesNarrow {
            let failures = FastPath(made, precision).failures
            #expect(failures == [], "\(place): \(made.name): \(failures)")
        }
    }
}
