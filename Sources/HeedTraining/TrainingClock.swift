import Glibc
import HeedTensor

/// eˣ.
func exponential(_ x: Double) -> Double { exp(x) }

/// Measures how fast training goes.
struct TrainingClock {
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var last: ContinuousClock.Instant
    private var tokens = 0
    private var loss = 0.0
    private var updates = 0

    init() {
        start = clock.now
        last = start
    }

    /// Seconds since training began in this process.
    var seconds: Double { (clock.now - start).seconds }

    mutating func add(_ update: Trainer.Update) {
        tokens += update.tokens
        loss += update.loss
        updates += 1
    }

    /// The progress since the last call.
    mutating func progress(
        update: Int, epoch: Int, last lastUpdate: Trainer.Update, updatesLeft: Int
    ) -> TrainingProgress {
        let now = clock.now
        let elapsed = max((now - last).seconds, 1e-9)
        let progress = TrainingProgress(
            update: update, epoch: epoch, loss: loss / Double(max(tokens, 1)),
            learningRate: lastUpdate.learningRate, gradientNorm: lastUpdate.gradientNorm,
            tokensPerSecond: Double(tokens) / elapsed,
            secondsLeft: elapsed / Double(max(updates, 1)) * Double(max(updatesLeft, 0)))
        last = now
        (tokens, loss, updates) = (0, 0, 0)
        return progress
    }
}
