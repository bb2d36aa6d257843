public import HeedTensor
import HeedTraining

/// The schedules that can be chosen by name.
public enum ScheduleKind: String, Sendable, CaseIterable {
    /// Warm-up, then ∝ 1/√update.
    case inverseSquareRoot = "inverse-sqrt"
    /// Warm-up, then half a cosine down to the minimum rate at the last update.
    case cosine
    /// Always the same.
    case constant
}

/// The optimisers that can be chosen by name.
public enum OptimizerKind: String, Sendable, CaseIterable {
    /// Adam; decay is added to the gradients.
    case adam
    /// AdamW; decay acts on the weights.
    case adamW = "adamw"
}

/// How a training goes, whatever it trains: what all kinds of training share.
public struct OptimizationSettings: Sendable {
    /// Batches whose gradients are added up for one update.
    public var accumulation = 1
    /// Training stops after this many updates.
    public var maximumUpdates = 20_000
    /// Training stops after this many epochs.
    public var maximumEpochs = 100
    /// Training stops after this many epochs without a better validation loss.
    public var patience = 10
    /// The final model is the average of this many last epochs.
    public var average = 5
    /// The peak of the learning rate.
    public var learningRate = 0.002
    /// The rate at the end of a cosine.
    public var minimumRate = 0.0
    /// Updates of the warm-up.
    public var warmup = 1000
    /// The schedule.
    public var schedule = ScheduleKind.inverseSquareRoot
    /// The optimiser.
    public var optimizer = OptimizerKind.adam
    /// Its decay of weights.
    public var weightDecay = 0.0
    /// Whether biases and the parameters of norms decay, too, beside matrices.
    public var decaysVectors = true
    /// The decay of its first moments.
    public var beta1 = 0.9
    /// The decay of its second moments.
    public var beta2 = 0.98
    /// Gradients are clipped at this norm; 0 for never.
    public var clipNorm = 1.0
    /// Label smoothing ε.
    public var labelSmoothing = 0.1
    /// The arithmetic.
    public var precision = Precision.fastest
    /// The seed of everything random.
    public var seed: UInt64 = 1
    /// Updates between checkpoints inside an epoch.
    public var checkpointInterval = 1000

    /// The settings of translation trainings.
    public init() {}

    /// What the trainer is told.
    var trainingOptions: TrainingOptions {
        let rate: LearningRateSchedule
        switch schedule {
        case .inverseSquareRoot: rate = .inverseSquareRoot(peak: learningRate, warmup: warmup)
        case .cosine:
            rate = .cosine(
                peak: learningRate, warmup: warmup, total: maximumUpdates, end: minimumRate)
        case .constant: rate = .constant(learningRate)
        }
        var options = TrainingOptions(
            schedule: rate, maximumUpdates: maximumUpdates, maximumEpochs: maximumEpochs,
            precision: precision, seed: seed)
        options.adam.beta1 = beta1
        options.adam.beta2 = beta2
        options.adam.weightDecay = weightDecay
        options.adam.isDecoupled = optimizer == .adamW
        options.adam.decaysVectors = decaysVectors
        options.clipNorm = clipNorm
        options.patience = patience
        options.average = average
        options.checkpointInterval = checkpointInterval
        return options
    }

    /// What must be the same for a resumption to end with the same bits: threads and limits may change.
    var fingerprint: [(String, String)] {
        // The cosine ends at the last update, which therefore shapes every rate.
        var rates = schedule.rawValue
        if schedule == .cosine {
            rates += " of \(maximumUpdates) updates"
            if minimumRate != 0 { rates += " down to \(minimumRate)" }
        }
        return [
            ("schedule", rates), ("learning rate", "\(learningRate)"), ("warm-up", "\(warmup)"),
            ("optimizer", optimizer.rawValue),
            ("weight decay", decaysVectors ? "\(weightDecay)" : "\(weightDecay) of matrices"),
            ("betas", "\(beta1) \(beta2)"), ("clip norm", "\(clipNorm)"),
            ("label smoothing", "\(labelSmoothing)"), ("precision", precision.rawValue),
            ("seed", "\(seed)"),
        ]
    }

    /// Throws where the arithmetic has no gradients.
    func checkPrecision() throws {
        guard precision.hasGradients else {
            throw TrainingError(
                "precision \(precision.rawValue): is for inference, not for training")
        }
    }
}
