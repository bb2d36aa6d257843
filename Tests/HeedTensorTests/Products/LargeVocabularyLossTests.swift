import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

@Suite("The loss of a projection to a large vocabulary")
struct LargeVocabularyLossTests {
    /// Sizes from which on the table is read panel by panel, with rows for two chunks and a vocabulary that no panel divides.
    private static let (rows, vocabulary, width) = (530, 65_573, 128)

    /// Those that multiply bfloat16.
    private static let instructionSets = ChildProcess.instructionSets.map(\.name).filter {
        ["avx512bf16", "amx"].contains($0)
    }

    /// The loss, then the gradients of the rows and of the table.
    private static func pass(
        _ precision: ElementType, rows: Int = rows, halves: Bool = false, atOnce: Bool = false
    ) -> [Tensor] {
        var context = Context()
        context.startsBackwardAtLoss = atOnce
        // Numbers that bfloat16 holds exactly.
        let rounded = { (tensor: Tensor) in
            context.converted(context.converted(tensor, to: .bfloat16), to: .float32)
        }
        let table = Parameter(
            "table", rounded(.randomNormal([vocabulary, width], deviation: 0.1, seed: 1, site: 1)))
        let x = context.converted(
            rounded(.randomNormal([rows, width], seed: 1, site: 2)), to: precision)
        // A third of the targets lies where the last, smaller panel does: what is lost there shows.
        let targets = Tensor(
            (0..<rows).map { row in
                let target = row % 3 == 0 ? vocabulary - 1 - row % 37 : row * 331 % vocabulary
                return Int32(row % 7 == 3 ? -1 : target)
            })
        let run = GradientRun(
            [x], [table], context, seed: 1, upstream: [Tensor([Float(1)], shape: [])],
            matricesInBFloat16: halves
        ) { context, inputs in
            [
                context.projectionLoss(
                    inputs[0], weight: table, targets: targets, smoothing: 0.1,
                    scale: 1 / Double(rows)
                ).loss
            ]
        }
        return run.outputs + run.gradients
    }

    @Test("is that of float32", arguments: instructionSets)
    func values(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            let (found, wanted) = (
                LargeVocabularyLossTests.pass(.bfloat16), LargeVocabularyLossTests.pass(.float32)
            )
            for (found, wanted) in zip(found, wanted) {
                let (found, wanted) = (found.widened, wanted.widened)
                let largest = wanted.map(\.magnitude).max() ?? 0
                let worst = zip(found, wanted).map { ($0 - $1).magnitude }.max() ?? .infinity
                #expect(worst <= 0.01 * largest && largest > 0, "\(worst) of \(largest)")
            }
        }
    }

    @Test(
        "has the same gradients where they are stored in bfloat16, and as the loss is computed",
        arguments: instructionSets)
    func halved(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            // One chunk, and two. Digests: a difference of so many elements would never be told.
            for rows in [400, LargeVocabularyLossTests.rows] {
                let wanted = LargeVocabularyLossTests.pass(.bfloat16, rows: rows)
                // Rounded once, whatever the number of chunks.
                let table = wanted[2].inType(.bfloat16).inType(.float32)
                let rounded = digest([wanted[0], wanted[1], table])
                #expect(rounded != digest(wanted))
                for atOnce in [false, true] {
                    let halved = LargeVocabularyLossTests.pass(
                        .bfloat16, rows: rows, halves: true, atOnce: atOnce)
                    #expect(digest(halved) == rounded, "\(rows) rows, \(atOnce)")
                    let whole = LargeVocabularyLossTests.pass(
                        .bfloat16, rows: rows, atOnce: atOnce)
                    #expect(digest(whole) == digest(wanted), "\(rows) rows, \(atOnce)")
                }
            }
        }
    }

    @Test("has the same bits for any number of threads", arguments: instructionSets)
    func threads(isa: String) async {
        await #expect(processExitsWith: .success) { [isa] in
            try #require(ChildProcess.begin(isa: isa))
            let results = ChildProcess.withThreads {
                digest(LargeVocabularyLossTests.pass(.bfloat16))
            }
            #expect(Set(results).count == 1, "\(isa): \(results)")
        }
    }
}

extension Tensor {
    /// The elements as float32.
    fileprivate var widened: [Float] { Context().converted(self, to: .float32).floats }
}
