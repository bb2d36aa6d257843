import HeedTensor

extension TrainingSetting {
    /// The settings that trainings of all kinds share.
    static var shared: [TrainingSetting] { lengths + rates + optimizers + others }

    /// How much is learned at a time, and how long.
    private static var lengths: [TrainingSetting] {
        [
            .int(
                "accumulation", \.optimization.accumulation, in: 1...(1 << 20),
                "Batches whose gradients are added up for one update."),
            .int(
                "max-updates", \.optimization.maximumUpdates, in: 1...(1 << 32), mayChange: true,
                "Training stops after this many updates."),
            .int(
                "max-epochs", \.optimization.maximumEpochs, in: 1...(1 << 32), mayChange: true,
                "Training stops after this many epochs."),
            .int(
                "patience", \.optimization.patience, in: 0...(1 << 32), mayChange: true,
                "Training stops after this many epochs without a better validation loss; 0 for never."
            ),
            .int(
                "average", \.optimization.average, in: 0...1000,
                "The model is the average of this many last epochs; 0 takes the best one."),
        ]
    }

    /// The learning rate.
    private static var rates: [TrainingSetting] {
        [
            .number(
                "learning-rate", \.optimization.learningRate, in: 0...1000,
                "The peak of the learning rate."
            ),
            .int(
                "warmup", \.optimization.warmup, in: 0...(1 << 32),
                "Updates until the peak is reached."),
            .choice(
                "schedule", \.optimization.schedule, of: ScheduleKind.self,
                "The learning rate after the warm-up."),
            .number(
                "minimum-rate", \.optimization.minimumRate, in: 0...1000,
                "The learning rate at the end of a cosine."),
        ]
    }

    /// How gradients change weights.
    private static var optimizers: [TrainingSetting] {
        [
            .choice(
                "optimizer", \.optimization.optimizer, of: OptimizerKind.self,
                "The optimizer."),
            .number(
                "weight-decay", \.optimization.weightDecay, in: 0...1,
                "The optimizer's decay of weights."),
            .flag(
                "decay-vectors", \.optimization.decaysVectors,
                "Whether biases and norms decay, too, beside matrices."),
            .number(
                "beta1", \.optimization.beta1, in: 0...0.999_999,
                "The decay of Adam's first moments."),
            .number(
                "beta2", \.optimization.beta2, in: 0...0.999_999,
                "The decay of Adam's second moments."),
            .number(
                "clip-norm", \.optimization.clipNorm, in: 0...1e9,
                "Gradients are scaled down to this norm; 0 for never."),
        ]
    }

    /// The rest.
    private static var others: [TrainingSetting] {
        [
            .number(
                "label-smoothing", \.optimization.labelSmoothing, in: 0...0.99, "Label smoothing."),
            .choice(
                "precision", \.optimization.precision,
                [("float32", .float32), ("bfloat16", .bfloat16)], "The arithmetic."),
            TrainingSetting(
                name: "seed", summary: "The seed of everything random.", values: "a whole number",
                mayChange: false, get: { "\($0.optimization.seed)" }
            ) { recipe, text in
                guard let value = UInt64(text) else { return false }
                recipe.optimization.seed = value
                return true
            },
            .int(
                "checkpoint-every", \.optimization.checkpointInterval, in: 1...(1 << 32),
                mayChange: true,
                "Updates between checkpoints inside an epoch."),
        ]
    }
}
