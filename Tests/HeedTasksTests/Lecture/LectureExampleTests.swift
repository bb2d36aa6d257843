import Foundation
import HeedNN
import HeedTasks
import HeedTensor
import HeedTestSupport
import Testing

/// What the pictures of `heed explain` show, held by numbers.
@Suite("The examples of the lecture")
struct LectureExampleTests {
    @Test("the worked example's picture has the weights that it should have")
    func workedExample() {
        #expect(
            WorkedExample.products == [
                [10, 1, -12, 5], [1, 26, 7, -2], [-12, 7, 17, -7], [5, -2, -7, 14],
            ])
        let scaled = WorkedExample.weights(scale: nil)
        let plain = WorkedExample.weights(scale: 1)
        #expect(distance(scaled[0], [0.9422, 0.0052, 0.0000, 0.0525]) <= 5e-5)
        #expect(distance(plain[0], [0.9932, 0.0001, 0.0000, 0.0067]) <= 5e-5)
        let additive = WorkedExample.additiveWeights
        #expect(distance(additive[0], [0.2280, 0.6166, 0.0685, 0.0869]) <= 5e-5)
        for row in scaled + plain + additive { #expect(abs(row.reduce(0, +) - 1) <= 1e-6) }
    }

    @Test("values of another width than keys give outputs of their width: weights times values")
    func valueSize() {
        let parts = ValueSizeExample.parts
        let expected = parts.weights.map { weights in
            (0..<5).map { column in
                zip(weights, parts.values).reduce(0.0) { $0 + $1.0 * $1.1[column] }
            }
        }
        #expect(parts.outputs.count == 4)
        #expect(distance(parts.outputs.flatMap(\.self), expected.flatMap(\.self)) <= 1e-5)
    }

    @Test("unscaled, entropy and gradient vanish with the width; scaled, they stay")
    func saturation() {
        let widths = [4, 64, 1024, 4096]
        let plain = widths.map { SaturationExample.measure(width: $0, isScaled: false) }
        let scaled = widths.map { SaturationExample.measure(width: $0, isScaled: true) }
        for (left, right) in zip(plain, plain.dropFirst()) {
            #expect(right.entropy < left.entropy && right.gradientNorm < left.gradientNorm)
        }
        #expect(plain[3].entropy < 0.1 && plain[3].largest > 0.97)
        #expect(plain[3].gradientNorm < 0.2 * plain[0].gradientNorm)
        for one in scaled {
            // Neither one key alone nor all keys alike, which would be log 16 = 2.77.
            #expect(one.entropy > 2.25 && one.entropy < 2.55)
            #expect(abs(one.gradientNorm / scaled[0].gradientNorm - 1) < 0.6)
        }
    }

    @Test(
        "a query shares its attention among the keys that its mask lets it see, and reads no other")
    func masks() {
        let seen = MaskExample.cases.map { one in
            MaskExample.weights(one).map { row in row.map { $0.isNaN ? "." : "x" }.joined() }
        }
        let causal = (0..<8).map { String(repeating: "x", count: $0 + 1).padded(8) }
        #expect(seen[0] == [String](repeating: "xxxxxxxx", count: 8))
        #expect(seen[1] == causal)
        #expect(seen[2] == ["xxxxxx..", "xxxxxxx.", "xxxxxxxx"])
        #expect(
            seen[3] == [
                "x.......", "xx......", "xxx.....", ".xxx....", "..xxx...", "...xxx..", "....xxx.",
                ".....xxx",
            ])
        #expect(seen[4] == ["xxx.....", "xxx....."] + causal.dropFirst(2))
        #expect(seen[5] == [String](repeating: "xxxxx...", count: 8))
        #expect(
            seen[6] == [String](repeating: "xxx.....", count: 3)
                + [String](repeating: "...xxx..", count: 3)
                + [String](repeating: "......xx", count: 2))
        #expect(seen[7] == [String](repeating: "........", count: 3))
        for one in MaskExample.cases.dropLast() {
            for row in MaskExample.weights(one) {
                let weights = row.filter { !$0.isNaN }
                for weight in weights { #expect(abs(weight * Double(weights.count) - 1) <= 1e-6) }
            }
        }
    }

    @Test("products of sinusoids and of turned vectors depend on the distance alone, in both forms")
    func positions() {
        let forms = [true, false].map {
            PositionExample.products(PositionExample.sinusoids(isInterleaved: $0))
        }
        #expect(distance(forms[0].flatMap(\.self), forms[1].flatMap(\.self)) <= 1e-4)
        for products in forms + [PositionExample.rotaryProducts] {
            for start in 1..<32 {
                let here = Array(products[start][start..<start + 32])
                #expect(distance(here, Array(products[0][0..<32])) <= 2e-4)
            }
            #expect(products[0][0] > products[0][4] && products[0][4] > products[0][20])
        }
        let learned = PositionExample.products(PositionExample.learnedTable)
        let differences = (0..<31).map { abs(learned[$0][$0 + 1] - learned[0][1]) }
        #expect(differences.max() ?? 0 > 0.1)
    }

    @Test("norm and feed-forward act on each token alone, masks hide what is later, windows add up")
    func dependence() {
        let reach: [(Int, Int) -> Bool] = [
            { $0 == $1 }, { $0 == $1 }, { _, _ in true }, { $1 <= $0 }, { $1 <= $0 },
            { $1 <= $0 && $1 > $0 - 5 },
        ]
        #expect(DependenceExample.cases.count == reach.count)
        for (one, reaches) in zip(DependenceExample.cases, reach) {
            for (output, changes) in one.changes.enumerated() {
                for (input, change) in changes.enumerated() {
                    let place = "\(one.name): output \(output), input \(input)"
                    #expect((change != 0) == reaches(output, input), "\(place)")
                }
            }
        }
    }

    @Test(
        "without positions an encoder's outputs follow its inputs' order; with positions they do not"
    )
    func equivariance() {
        #expect(EquivarianceExample.difference(.none) <= 1e-5)
        for kind in [PositionKind.interleavedSinusoids, .concatenatedSinusoids, .learned, .rotary] {
            #expect(EquivarianceExample.difference(kind) > 1e-2, "\(kind)")
        }
    }

    @Test("with f = 0 a layer is the identity, and its distance from it grows with f")
    func residual() {
        #expect(ResidualExample.distance(share: 0) == 0)
        let distances = [0.1, 0.5, 1].map { ResidualExample.distance(share: $0) }
        #expect(distances[0] > 0 && distances[1] > distances[0] && distances[2] > distances[1])
        let with = [1, 24].map { ResidualExample.gradientNorm(depth: $0, hasResidual: true) }
        let without = [1, 24].map { ResidualExample.gradientNorm(depth: $0, hasResidual: false) }
        #expect(with[1] > 0.5 * with[0])
        #expect(without[1] < 0.01 * without[0])
    }

    @Test(
        "the last layer's gradient falls with the depth through pre-norm, and not through post-norm"
    )
    func normalisation() {
        let depths = NormalisationExample.depths
        let post = depths.map { NormalisationExample.stack(.post, depth: $0) }
        let pre = depths.map { NormalisationExample.stack(.pre, depth: $0) }
        let first = [post, pre].map { $0[0].gradients[0] }
        for (index, depth) in depths.enumerated() {
            #expect(post[index].gradients.count == depth && pre[index].gradients.count == depth)
            #expect([post, pre].allSatisfy { $0[index].sizes.count == depth + 1 })
            #expect(abs((post[index].gradients.last ?? 0) / first[0] - 1) < 0.35)
        }
        // Between 4 and 24 layers: √6 in the limit of deep stacks.
        let fall = (pre[2].gradients.last ?? 0) / (pre[5].gradients.last ?? 0)
        #expect(fall > 1.6 && fall < 3)
        for size in post[5].sizes.dropFirst() { #expect(abs(size - 1) < 1e-2) }
        for (lower, upper) in zip(pre[5].sizes, pre[5].sizes.dropFirst()) { #expect(upper > lower) }
        #expect(NormalisationExample.change(.layer, shift: 3) < 1e-4)
        #expect(NormalisationExample.change(.rms, shift: 3) > 1)
        for kind in [Norm.Kind.layer, .rms] {
            #expect(NormalisationExample.change(kind, factor: 100) < 1e-3)
        }
    }

    @Test("the tape's derivatives of the activations are their slopes")
    func activations() {
        for (name, function) in ActivationExample.functions {
            let (places, values, slopes) = ActivationExample.curve(function, from: -4, to: 4)
            for index in 1..<places.count - 1 where abs(places[index]) > 0.06 {
                let slope =
                    (values[index + 1] - values[index - 1])
                    / (places[index + 1] - places[index - 1])
                #expect(abs(slope - slopes[index]) < 2e-3, "\(name) at \(places[index])")
            }
        }
        let gated = ActivationExample.gated([-1, 0, 2])
        let silu = [-1.0, 0, 2].map { $0 / (1 + exp(-$0)) }
        let expected = [-1.0, 0, 2].flatMap { factor in silu.map { $0 * factor } }
        #expect(distance(gated.flatMap(\.self), expected) <= 1e-6)
    }

    @Test("dropout keeps the mean: zeros in its share of places, the rest scaled up")
    func dropout() {
        let values = DropoutExample.ones(0.3, update: 1, tokens: 100, columns: 64).floats
        let kept = Set(values.filter { $0 != 0 })
        #expect(kept.count == 1 && abs(Double(kept.first ?? 0) - 1 / 0.7) < 1e-4)
        let share = Double(values.count { $0 == 0 }) / Double(values.count)
        #expect(abs(share - 0.3) < 0.02)
        #expect(values != DropoutExample.ones(0.3, update: 2, tokens: 100, columns: 64).floats)
        let mean = DropoutExample.runningMeans(0.5, updates: 1000).last ?? 0
        #expect(abs(mean - 1) < 0.15)
    }

    @Test("with label smoothing the loss has its minimum where p = 1 − ε + ε/V")
    func labelSmoothing() {
        let logits = (0...2500).map { Double($0) / 100 - 5 }
        for smoothing in LabelSmoothingExample.smoothings {
            let (losses, slopes) = LabelSmoothingExample.curve(smoothing: smoothing, logits)
            let least = losses.indices.min { losses[$0] < losses[$1] } ?? 0
            if smoothing == 0 {
                #expect(slopes.allSatisfy { $0 <= 0 } && logits[least] > 10)
                continue
            }
            let share = 1 - smoothing + smoothing / 10
            let best = log(share / ((1 - share) / 9))
            #expect(abs(logits[least] - best) < 0.05)
            let turns = slopes.indices.dropFirst().filter { slopes[$0] > 0 && slopes[$0 - 1] <= 0 }
            #expect(turns.count == 1 && abs(logits[turns.first ?? 0] - best) < 0.05)
        }
    }

    @Test("the paper's learning rate rises for 4000 updates, and falls with the square root")
    func schedules() {
        let paper = ScheduleExample.rates(ScheduleExample.schedules[0].schedule, step: 1)
        for point in paper {
            let expected = pow(512, -0.5) * min(pow(point.x, -0.5), point.x * pow(4000, -1.5))
            #expect(abs(point.y - expected) <= 1e-12)
        }
        #expect(paper.max { $0.y < $1.y }?.x == 4000)
        let rates = ScheduleExample.schedules.map { ScheduleExample.rates($0.schedule, step: 1) }
        #expect(rates[2].last?.y ?? 1 < 1e-12)
        #expect(Set(rates[3].map(\.y)) == [0.0005])
    }
}

extension String {
    /// The text with dots behind it.
    fileprivate func padded(_ count: Int) -> String {
        self + String(repeating: ".", count: max(0, count - self.count))
    }
}
