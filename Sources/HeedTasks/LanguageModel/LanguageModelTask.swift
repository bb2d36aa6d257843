package import HeedModels
import HeedNN
package import HeedTensor
import HeedText
import HeedTraining

/// The task of learning to continue text, as the trainer sees it: an example is a window, named by its first token.
final class LanguageModelTask: TrainingTask {
    let languageModel: LanguageModel
    private let tokenizer: Tokenizer
    private let training: [Int32]
    private let validation: [Int32]
    private let blockLength: Int
    private let plan: WindowPlan
    private let smoothing: Double
    let validationShards: [[Int]]

    /// - Parameters:
    ///   - training: the text to learn from, more tokens than a block has.
    ///   - validation: the text that epochs are judged by, at least two tokens.
    init(
        _ languageModel: LanguageModel, tokenizer: Tokenizer, training: [Int32],
        validation: [Int32], blockLength: Int, plan: WindowPlan, smoothing: Double
    ) {
        self.languageModel = languageModel
        self.tokenizer = tokenizer
        self.training = training
        self.validation = validation
        self.blockLength = blockLength
        self.plan = plan
        self.smoothing = smoothing
        validationShards = WindowPlan.covering(
            tokenCount: validation.count, length: blockLength)
    }

    var model: any Module { languageModel }

    func updates(epoch: Int) -> [[[Int]]] { plan.updates(epoch: epoch) }

    func tokenCount(of shard: [Int]) -> Int { shard.count * blockLength }

    func validationTokenCount(of shard: [Int]) -> Int {
        shard.reduce(0) { $0 + window($1, of: validation).count }
    }

    func run(shard: [Int], firstSequence: Int, scale: Double, _ context: Context) -> ShardResult {
        run(training, shard, firstSequence, scale, context)
    }

    func validate(shard: [Int], scale: Double, _ context: Context) -> ShardResult {
        run(validation, shard, 0, scale, context)
    }

    /// The tokens of a window that have a next one.
    private func window(_ start: Int, of tokens: [Int32]) -> Range<Int> {
        start..<min(start + blockLength, tokens.count - 1)
    }

    private func run(
        _ tokens: [Int32], _ shard: [Int], _ firstSequence: Int, _ scale: Double,
        _ context: Context
    ) -> ShardResult {
        let windows = shard.map { window($0, of: tokens) }
        return languageModel.loss(
            inputs: windows.map { Array(tokens[$0]) },
            targets: windows.flatMap { tokens[$0.lowerBound + 1..<$0.upperBound + 1] },
            firstSequence: firstSequence, smoothing: smoothing, scale: scale, context)
    }

    func scores(epoch: Int, _ context: Context) throws -> [String: Double] { [:] }

    func write(toFolder folder: String, values: ((Parameter) -> Tensor)?) throws {
        try languageModel.write(toFolder: folder, values: values)
        try tokenizer.write(
            to: folder, maximumLength: languageModel.configuration.maximumPositions)
    }
}

extension LanguageModel {
    /// Runs the model over windows of ids, whose next tokens are given one after another; `firstSequence` is the number in
    /// the global batch of the first window, `scale` multiplies the sum of the tokens' losses.
    func loss(
        inputs: [[Int32]], targets: [Int32], firstSequence: Int, smoothing: Double,
        scale: Double, _ context: Context
    ) -> ShardResult {
        var context = context
        context.startsBackwardAtLoss = true
        let packed = PackedIDs(
            inputs, sequenceIDs: inputs.indices.map { UInt32(firstSequence + $0) })
        let states = self(packed.ids, packing: packed.packing, context)
        let loss = loss(
            states, targets: Tensor(targets), smoothing: smoothing, scale: scale, context)
        return ShardResult(
            loss: loss.loss, negativeLogLikelihood: loss.negativeLogLikelihood)
    }
}

extension LanguageModelConfiguration {
    /// Tokens of a shard: `most` of them (half as many in float32), or as many as need a tenth of the memory that weights,
    /// gradients and moments need. Those of small models may need more than that.
    ///
    /// - Parameters:
    ///   - most: the tokens that are asked for.
    ///   - precision: the arithmetic of activations.
    ///   - parameterCount: the weights of the model.
    package func shardTokens(
        atMost most: Int, in precision: Precision, parameterCount: Int
    ) -> Int {
        // Weights, gradients and two moments of float32.
        let state = parameterCount * 16
        let leastRoom = 192 << 20
        let room = max(leastRoom, state / 10)
        let held = room / max(activationBytes(in: precision), 1)
        return max(1, min(BatchPlan.shardTokens(most, in: precision), held))
    }
}
