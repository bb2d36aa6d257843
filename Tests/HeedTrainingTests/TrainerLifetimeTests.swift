import HeedNN
import HeedTensor
import HeedTraining
import Testing

@Suite("How long a trainer keeps its model")
struct TrainerLifetimeTests {
    @Test("a model goes with its trainer")
    func release() {
        weak var parameter: Parameter?
        do {
            let task = OneParameterTask()
            parameter = task.weight
            let trainer = Trainer(
                task,
                TrainingOptions(
                    schedule: .constant(0.1), maximumUpdates: 1, maximumEpochs: 1,
                    precision: .float32, seed: 1))
            #expect(trainer.updates == 0 && task.weight.gradient != nil)
        }
        #expect(parameter == nil)
    }
}

/// A model of one number, and no data.
private final class OneParameterTask: TrainingTask, Module {
    let weight = Parameter("weight", Tensor.zeros([1]))
    var model: any Module { self }
    let validationShards: [[Int]] = []

    func visitMembers(_ visitor: MemberVisitor) { visitor.parameter("weight", weight) }
    func updates(epoch: Int) -> [[[Int]]] { [] }
    func tokenCount(of shard: [Int]) -> Int { 0 }
    func validationTokenCount(of shard: [Int]) -> Int { 0 }
    func scores(epoch: Int, _ context: Context) throws -> [String: Double] { [:] }
    func write(toFolder folder: String, values: ((Parameter) -> Tensor)?) throws {}

    func run(
        shard: [Int], firstSequence: Int, scale: Double, _ context: Context
    ) -> ShardResult {
        let loss = context.value(of: weight)
        return ShardResult(loss: loss, negativeLogLikelihood: loss)
    }

    func validate(shard: [Int], scale: Double, _ context: Context) -> ShardResult {
        run(shard: shard, firstSequence: 0, scale: scale, context)
    }
}
