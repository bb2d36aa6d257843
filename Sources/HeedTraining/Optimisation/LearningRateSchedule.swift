import HeedTensor

/// The learning rate of each update, a function of the update's number alone.
public enum LearningRateSchedule: Sendable, Hashable {
    /// Always the same.
    case constant(Double)
    /// Linear from `start` to `peak` over `warmup` updates, then peak · √(warmup / update): the shape of
    /// Vaswani et al. 2017, §5.3, with a peak of its own.
    case inverseSquareRoot(peak: Double, warmup: Int, start: Double = 1e-7)
    /// Linear from 0 to `peak` over `warmup` updates, then half a cosine down to `end` at update `total`.
    case cosine(peak: Double, warmup: Int, total: Int, end: Double = 0)

    /// The peak of an inverse-square-root schedule that equals D^−½ · min(step^−½, step · warmup^−1.5).
    public static func paperPeak(width: Int, warmup: Int) -> Double {
        1 / (Double(width) * Double(warmup)).squareRoot()
    }

    /// The rate of update `update`, the first being 1.
    public func rate(update: Int) -> Double {
        switch self {
        case .constant(let rate):
            return rate
        case .inverseSquareRoot(let peak, let warmup, let start):
            if update < warmup {
                return start + (peak - start) * Double(update) / Double(warmup)
            }
            return peak * (Double(max(warmup, 1)) / Double(max(update, 1))).squareRoot()
        case .cosine(let peak, let warmup, let total, let end):
            if update < warmup { return peak * Double(update) / Double(warmup) }
            let share = Double(update - warmup) / Double(max(total - warmup, 1))
            let height = 0.5 + 0.5 * HeedTensor.cosine(Double.pi * min(share, 1))
            return end + (peak - end) * height
        }
    }
}
