import HeedTraining
import Testing

@Suite("Learning rates")
struct LearningRateScheduleTests {
    @Test(
        "follow the paper's formula when they have its peak", arguments: [1, 7, 4000, 4001, 90_000])
    func paper(update: Int) {
        let schedule = LearningRateSchedule.inverseSquareRoot(
            peak: LearningRateSchedule.paperPeak(width: 512, warmup: 4000), warmup: 4000, start: 0)
        let (step, warmup) = (Double(update), 4000.0)
        let formula =
            1 / 512.0.squareRoot()
            * min(1 / step.squareRoot(), step / (warmup * warmup.squareRoot()))
        #expect(abs(schedule.rate(update: update) - formula) <= 1e-12 * formula)
    }

    @Test("rise in a line from their start, and fall with the root of the update")
    func inverseSquareRoot() {
        let schedule = LearningRateSchedule.inverseSquareRoot(peak: 0.005, warmup: 2000)
        let expected = [1: 1e-7 + 0.005 / 2000 - 1e-7 / 2000, 2000: 0.005, 8000: 0.0025]
        for (update, rate) in expected {
            #expect(abs(schedule.rate(update: update) - rate) <= 1e-12, "\(update)")
        }
        let cold = LearningRateSchedule.inverseSquareRoot(peak: 0.1, warmup: 0)
        #expect(cold.rate(update: 1) == 0.1 && cold.rate(update: 4) == 0.05)
    }

    @Test("follow half a cosine down to their end, and stay there")
    func cosine() {
        let schedule = LearningRateSchedule.cosine(peak: 1, warmup: 10, total: 110, end: 0.2)
        let expected = [
            5: 0.5, 10: 1, 60: 0.6, 110: 0.2, 500: 0.2,
            35: 0.2 + 0.8 * (0.5 + 0.5 * 0.5.squareRoot()),
        ]
        for (update, rate) in expected {
            #expect(abs(schedule.rate(update: update) - rate) <= 1e-12, "\(update)")
        }
    }
}
