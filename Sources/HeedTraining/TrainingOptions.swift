public import HeedTensor

/// How a model is trained.
public struct TrainingOptions: Sendable {
    /// The learning rate of each update.
    public var schedule: LearningRateSchedule
    /// Adam's settings; its rate is that of the schedule.
    public var adam = AdamStep(learningRate: 0)
    /// Gradients are scaled down to this norm; 0 for never.
    public var clipNorm = 0.0
    /// Training stops after this many updates.
    public var maximumUpdates: Int
    /// Training stops after this many epochs.
    public var maximumEpochs: Int
    /// Training stops after this many epochs without a better validation loss; 0 for never.
    public var patience = 0
    /// The final model is the average of this many last epochs; 0 takes the best one.
    public var average = 0
    /// Updates between two checkpoints inside an epoch.
    public var checkpointInterval = 1000
    /// Updates between two progress events.
    public var progressInterval = 10
    /// The arithmetic.
    public var precision: Precision
    /// The seed of weights, order and dropout.
    public var seed: UInt64

    /// Options with this schedule and these limits.
    public init(
        schedule: LearningRateSchedule, maximumUpdates: Int, maximumEpochs: Int,
        precision: Precision, seed: UInt64
    ) {
        self.schedule = schedule
        self.maximumUpdates = maximumUpdates
        self.maximumEpochs = maximumEpochs
        self.precision = precision
        self.seed = seed
    }
}

/// What happens while a model is trained.
public enum TrainingEvent: Sendable {
    /// Training began, or goes on after this many updates.
    case started(afterUpdates: Int)
    /// Something that was skipped or repaired, in words.
    case notice(String)
    /// Some updates were made.
    case progress(TrainingProgress)
    /// An epoch ended.
    case epoch(EpochReport)
    /// The last epochs were averaged.
    case average(AverageReport)
    /// A checkpoint was written to this folder.
    case saved(String)
    /// Training ended.
    case finished(TrainingEnd)
}

/// Where training stands.
public struct TrainingProgress: Sendable {
    /// Updates so far.
    public var update: Int
    /// The epoch, from 1.
    public var epoch: Int
    /// The mean training loss per token since the last progress.
    public var loss: Double
    /// The learning rate.
    public var learningRate: Double
    /// The norm of the gradients before clipping.
    public var gradientNorm: Double
    /// Target tokens a second.
    public var tokensPerSecond: Double
    /// Seconds until the limits are reached, if nothing ends training before.
    public var secondsLeft: Double
}

/// What an epoch gave.
public struct EpochReport: Sendable {
    /// The epoch, from 1.
    public var epoch: Int
    /// Updates so far.
    public var update: Int
    /// The mean training loss per token.
    public var trainingLoss: Double
    /// The mean label-smoothed validation loss per token, by which epochs are compared.
    public var validationLoss: Double
    /// e to the mean negative log-likelihood of the validation tokens.
    public var validationPerplexity: Double
    /// Other measurements, such as BLEU.
    public var scores: [String: Double]
    /// Whether the validation loss is the best so far.
    public var isBest: Bool
    /// Seconds of training so far, in this process.
    public var seconds: Double
}

/// What the average of the last epochs gave.
public struct AverageReport: Sendable {
    /// The epochs whose weights were averaged.
    public var epochs: [Int]
    /// Updates so far.
    public var update: Int
    /// The mean label-smoothed validation loss per token.
    public var validationLoss: Double
    /// e to the mean negative log-likelihood of the validation tokens.
    public var validationPerplexity: Double

    /// What was averaged, in words.
    public var words: String {
        epochs.count == 1 ? "the last epoch" : "the average of the last \(epochs.count) epochs"
    }
}

/// Why training ended.
public enum TrainingEnd: String, Sendable {
    /// The limit of updates was reached.
    case maximumUpdates = "maximum updates"
    /// The limit of epochs was reached.
    case maximumEpochs = "maximum epochs"
    /// The validation loss did not get better any more.
    case patience
    /// It was told to stop, and saved.
    case interrupted
}

/// Training that cannot go on.
public struct TrainingError: Error, Sendable, CustomStringConvertible {
    /// The whole message in one line.
    public let description: String

    /// An error with this message.
    public init(_ description: String) {
        self.description = description
    }
}
