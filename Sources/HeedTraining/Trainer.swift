public import HeedNN
public import HeedTensor

/// The sums over one shard of a batch.
public struct ShardResult {
    /// The loss: a scalar on the context's tape, the sum of the tokens' losses times the scale.
    public var loss: Tensor
    /// Σ of the tokens' negative log-likelihoods.
    public var negativeLogLikelihood: Tensor

    /// The result of a shard.
    public init(loss: Tensor, negativeLogLikelihood: Tensor) {
        self.loss = loss
        self.negativeLogLikelihood = negativeLogLikelihood
    }
}

/// What is trained, and on what: the trainer knows nothing of models and data but this.
public protocol TrainingTask: AnyObject {
    /// The model.
    var model: any Module { get }
    /// The updates of an epoch; each is a list of shards, each a list of examples.
    func updates(epoch: Int) -> [[[Int]]]
    /// The number of tokens whose loss a shard counts.
    func tokenCount(of shard: [Int]) -> Int
    /// Runs the model over the examples of a shard.
    ///
    /// - Parameters:
    ///   - shard: the examples.
    ///   - firstSequence: the shard's first sequence has this number in the global batch.
    ///   - scale: multiplies the sum of the tokens' losses.
    ///   - context: where it computes.
    func run(shard: [Int], firstSequence: Int, scale: Double, _ context: Context) -> ShardResult
    /// The validation data in shards, in a fixed order.
    var validationShards: [[Int]] { get }
    /// As `tokenCount(of:)` and `run`, for the validation data.
    func validationTokenCount(of shard: [Int]) -> Int
    /// Runs the model over validation examples.
    func validate(shard: [Int], scale: Double, _ context: Context) -> ShardResult
    /// Other measurements after an epoch, such as BLEU; empty for none.
    func scores(epoch: Int, _ context: Context) throws -> [String: Double]
    /// Writes the model with these values of its parameters into a folder that exists.
    func write(toFolder folder: String, values: ((Parameter) -> Tensor)?) throws
}

/// One update at a time: gradients of all shards, their norm, the optimiser.
public final class Trainer {
    /// What one update gave.
    public struct Update {
        /// Σ of the tokens' losses.
        public let loss: Double
        /// The tokens.
        public let tokens: Int
        /// The norm of the gradients before clipping.
        public let gradientNorm: Double
        /// The learning rate.
        public let learningRate: Double
    }

    /// An update of no more shards packs weights anew for each: it takes a percent more time, and the memory of both layouts
    /// less.
    private static let fewShards = 2
    private static let leastWeightsForHalving = 1 << 26

    let task: any TrainingTask
    let options: TrainingOptions
    let arena: GradientArena
    let moments: AdamMoments
    /// Who measures where the time of updates goes; nil measures nothing.
    public var profiler: Profiler?

    /// A trainer of the task's model; its parameters collect their gradients from now on.
    public init(_ task: some TrainingTask, _ options: TrainingOptions) {
        precondition(options.precision.hasGradients, "a trainer needs an arithmetic with gradients")
        self.task = task
        self.options = options
        // What drawing or reading the weights left behind fits nothing that an update needs.
        BufferPool.empty()
        let halves = Self.halvesGradients(
            weights: task.model.parameters.filter(\.isTrainable).reduce(0) { $0 + $1.shape.count },
            precision: options.precision,
            shards: task.updates(epoch: 1).map(\.count).max() ?? 1)
        arena = GradientArena(task.model.parameters, matricesInBFloat16: halves)
        moments = AdamMoments(arena)
    }

    /// Whether gradients of matrices are stored in bfloat16: where they come from bfloat16, would take a quarter of a gigabyte
    /// or more, and are stored once for each of few shards: rounding then adds little to what they have lost already.
    ///
    /// - Parameters:
    ///   - weights: how many are trained.
    ///   - precision: the arithmetic of activations.
    ///   - shards: the shards of an update.
    package static func halvesGradients(
        weights: Int, precision: Precision, shards: @autoclosure () -> Int
    ) -> Bool {
        precision == .bfloat16 && weights >= leastWeightsForHalving && shards() <= fewShards
    }

    // The arena and its parameters hold each other: without this, neither they nor the model would ever go.
    deinit { arena.detach() }

    /// Updates made so far.
    public var updates: Int { moments.steps }

    /// Adds the gradients of these shards to the arena; `firstSequence` is the number in the global batch of their first
    /// sequence, `tokens` the tokens of the whole batch. Returns the sum of the tokens' losses.
    public func accumulate(_ shards: [[Int]], firstSequence: Int = 0, tokens: Int) -> Double {
        var loss = 0.0
        var sequence = firstSequence
        for shard in shards {
            let tape = Tape()
            var context = Context(
                tape: tape, isTraining: true, precision: options.precision,
                random: RandomState(seed: options.seed, update: UInt32(updates + 1)),
                profiler: profiler)
            context.keepsPackedWeights = shards.count > Self.fewShards
            let result = task.run(
                shard: shard, firstSequence: sequence, scale: 1 / Double(max(tokens, 1)), context)
            loss += result.loss.scalar * Double(tokens)
            profiler?.begin("sums of gradients", .backward)
            tape.backward(result.loss)
            profiler?.end()
            sequence += shard.count
        }
        return loss
    }

    /// Makes the update that the arena's gradients ask for, and clears them.
    ///
    /// Throws `TrainingError` before anything is written when a gradient is not finite.
    public func apply(loss: Double, tokens: Int) throws -> Update {
        profiler?.begin("optimizer")
        defer { profiler?.end() }
        let norm = arena.norm()
        guard loss.isFinite, norm.isFinite else {
            let names = arena.nonFiniteParameters().prefix(3).joined(separator: ", ")
            throw TrainingError(
                "update \(updates + 1): the loss is \(loss) and the gradients' norm \(norm)"
                    + (names.isEmpty ? "" : "; not finite: \(names)")
                    + ". Try a smaller learning rate or clipping.")
        }
        var step = options.adam
        step.learningRate = options.schedule.rate(update: updates + 1)
        if options.clipNorm > 0 {
            // PyTorch's form of clipping: the norm is never quite reached.
            step.gradientScale = min(1, options.clipNorm / (norm + 1e-6))
        }
        moments.update(step, clearing: true)
        return Update(
            loss: loss, tokens: tokens, gradientNorm: norm, learningRate: step.learningRate)
    }

    /// One update over a global batch.
    public func update(_ shards: [[Int]]) throws -> Update {
        let tokens = shards.reduce(0) { $0 + task.tokenCount(of: $1) }
        guard tokens > 0 else {
            throw TrainingError("update \(updates + 1): the batch has no token to learn from")
        }
        let loss = accumulate(shards, tokens: tokens)
        return try apply(loss: loss, tokens: tokens)
    }

    /// The validation data's mean smoothed loss and mean negative log-likelihood per token.
    public func validate() -> (loss: Double, negativeLogLikelihood: Double) {
        let context = Context(precision: options.precision)
        var (loss, likelihood, tokens) = (0.0, 0.0, 0)
        for shard in task.validationShards {
            let result = task.validate(shard: shard, scale: 1, context)
            loss += result.loss.scalar
            likelihood += result.negativeLogLikelihood.scalar
            tokens += task.validationTokenCount(of: shard)
        }
        return (loss / Double(max(tokens, 1)), likelihood / Double(max(tokens, 1)))
    }
}
