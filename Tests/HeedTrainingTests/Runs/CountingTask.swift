import HeedFormats
import HeedNN
import HeedTensor
import HeedTestSupport
import HeedTraining

/// One number, whose gradient is always 1, so that each update takes the learning rate from it: the weights tell how
/// many updates were made, and validation losses can be given for each of them.
final class CountingTask: TrainingTask {
    /// The number.
    final class Number: Module {
        let weight = Parameter("weight", Tensor([Float(0)], shape: [1, 1]))

        func visitMembers(_ visitor: MemberVisitor) { visitor.parameter("weight", weight) }
    }

    static let rate = 0.25
    static let updatesInEpoch = 5

    let number: Number
    /// The validation loss after so many updates; 9 where there is none.
    let losses: [Int: Float]
    /// What the loss of an update is multiplied by.
    var factor: Float = 1

    init(losses: [Int: Float] = [:], number: Number = Number()) {
        self.losses = losses
        self.number = number
    }

    static func options(updates: Int, average: Int, epochs: Int = 100) -> TrainingOptions {
        var options = TrainingOptions(
            schedule: .constant(rate), maximumUpdates: updates, maximumEpochs: epochs,
            precision: .float32, seed: 1)
        options.average = average
        options.checkpointInterval = 3
        return options
    }

    /// The updates that weights have seen.
    static func updates(of weight: Float) -> Int { Int((Double(-weight) / rate).rounded()) }

    static func updates(inFolder folder: String) throws -> Double {
        let file = try SafetensorsFile(path: "\(folder)/model.safetensors")
        return Double(-(try Tensor(reading: "weight", from: file).floats[0])) / rate
    }

    var model: any Module { number }
    var validationShards: [[Int]] { [[0]] }

    func updates(epoch: Int) -> [[[Int]]] {
        (0..<Self.updatesInEpoch).map { [[2 * $0], [2 * $0 + 1]] }
    }

    func tokenCount(of shard: [Int]) -> Int { shard.count }
    func validationTokenCount(of shard: [Int]) -> Int { shard.count }

    func run(shard: [Int], firstSequence: Int, scale: Double, _ context: Context) -> ShardResult {
        let x = Tensor([factor], shape: [1, 1])
        let loss = context.affine(
            context.sum(context.linear(x, number.weight, bias: nil)), scale: scale)
        return ShardResult(loss: loss, negativeLogLikelihood: loss.detached)
    }

    func validate(shard: [Int], scale: Double, _ context: Context) -> ShardResult {
        let loss = losses[Self.updates(of: number.weight.value.floats[0])] ?? 9
        let scalar = Context().reshaped(Tensor([loss]), [])
        return ShardResult(loss: scalar, negativeLogLikelihood: scalar)
    }

    func scores(epoch: Int, _ context: Context) throws -> [String: Double] { [:] }

    func write(toFolder folder: String, values: ((Parameter) -> Tensor)?) throws {
        try ModelFiles.save(number, to: "\(folder)/model.safetensors", values: values)
    }
}

/// Calls `body` with the path of a folder that does not exist yet and is removed afterwards.
func withRunFolder(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { try body($0 + "/run") }
}
