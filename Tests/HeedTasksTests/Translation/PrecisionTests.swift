import HeedFormats
import HeedTasks
import HeedTensor
import HeedTestSupport
import HeedTraining
import Testing

@Suite("bfloat16")
struct PrecisionTests {
    @Test(
        "trains as well as float32: losses on the validation text differ by no more than 0.02",
        arguments: [1, 2, 3] as [UInt64])
    func losses(seed: UInt64) throws {
        let pairs = try SyntheticPairs(task: .reverse, count: 400, seed: seed)
        let text = { (pairs: [TextPair]) in
            try ParallelText(
                sources: pairs.map(\.source), targets: pairs.map(\.target), name: "test")
        }
        let losses = try [Precision.float32, .bfloat16].map { (precision: Precision) -> Double in
            let folder = try TemporaryFolder()
            var training = SmallModels.training(output: folder.path)
            training.precision = precision
            training.seed = seed
            training.maximumUpdates = 150
            training.batchTokens = 1024
            training.warmup = 40
            training.patience = 0
            var last = Double.nan
            try training.run(
                train: text(pairs.training), valid: text(pairs.validation),
                handle: { event in
                    if case .training(.epoch(let report)) = event { last = report.validationLoss }
                })
            return last
        }
        #expect(losses[0] < 4, "\(losses)")
        #expect(abs(losses[0] - losses[1]) <= 0.02, "\(losses)")
    }
}
