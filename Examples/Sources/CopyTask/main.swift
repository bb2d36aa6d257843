// Trains a small Transformer to repeat eight symbols, update by update, and asks it for sequences that it has not seen.

import HeedGeneration
import HeedModels
import HeedNN
import HeedTensor
import HeedTraining

let (end, start, length, count) = (Int32(0), Int32(2), 8, 64)

func sequences(seed: UInt64) -> [[Int32]] {
    let symbols = Tensor.randomUniform([count * length], low: 3, high: 13, seed: seed, site: 0)
        .floats.map { Int32($0) }
    return (0..<count).map { symbols[$0 * length..<($0 + 1) * length] + [end] }
}

let model = try Transformer(
    TransformerConfiguration(vocabulary: 13, width: 64, layers: 2, inner: 128, heads: 4),
    builder: ModelBuilder(seed: 1))
let arena = GradientArena(model.parameters)
let moments = AdamMoments(arena)
let schedule = LearningRateSchedule.inverseSquareRoot(peak: 0.003, warmup: 100)
for update in 1...300 {
    let batch = sequences(seed: UInt64(update))
    let packing = SequencePacking(lengths: batch.map(\.count))
    let tokens = Tensor(batch.flatMap { $0 })
    let shifted = Tensor(batch.flatMap { [start] + $0.dropLast() })
    let tape = Tape()
    let context = Context(
        tape: tape, isTraining: true, random: RandomState(seed: 1, update: UInt32(update)))
    let states = model(
        source: tokens, sourcePacking: packing, target: shifted, targetPacking: packing, context)
    let loss = model.loss(
        states, targets: tokens, smoothing: 0, scale: 1 / Double(tokens.count), context
    ).loss
    tape.backward(loss)
    moments.update(AdamStep(learningRate: schedule.rate(update: update)))
    arena.clear()
    if update % 100 == 0 { print("update \(update): loss \(loss.scalar)") }
}

let unseen = sequences(seed: 1000)
let decoder = TransformerDecoder(
    model, sources: unseen, beamWidth: 1, maximumLength: length + 1, Context())
let copies = try BeamSearch(.greedy(startToken: start, endToken: end))
    .search(Array(unseen.indices), with: decoder)
let right = zip(unseen, copies).count { $0.dropLast() == $1[0].tokens[...] }
print("\(right) of \(count) are right")
