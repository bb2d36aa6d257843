// Trains a small Transformer to repeat eight symbols, update by update, and asks it for sequences that it has not seen.

import HeedGeneration
import HeedModels
import HeedNN
import HeedTensor

/// 64 sequences of eight symbols from 3 to 12, each with the end mark 0.
func sequences(seed: UInt64) -> [[Int32]] {
    let symbols = Tensor.randomUniform([512], low: 3, high: 13, seed: seed, site: 0).floats
    return (0..<64).map { symbols[$0 * 8..<($0 + 1) * 8].map { Int32($0) } + [0] }
}

let sizes = TransformerConfiguration(vocabulary: 13, width: 64, layers: 2, inner: 128, heads: 4)
let model = try Transformer(sizes, builder: ModelBuilder(seed: 1))
let arena = GradientArena(model.parameters)
let moments = AdamMoments(arena)
for update in 1...300 {
    let batch = sequences(seed: UInt64(update))
    let packing = SequencePacking(lengths: batch.map(\.count))
    let tokens = Tensor(batch.flatMap { $0 })
    let shifted = Tensor(batch.flatMap { [2] + $0.dropLast() })  // 2 is the start mark
    let (tape, random) = (Tape(), RandomState(seed: 1, update: UInt32(update)))
    let context = Context(tape: tape, isTraining: true, random: random)
    let states = model(
        source: tokens, sourcePacking: packing, target: shifted, targetPacking: packing, context)
    let scale = 1 / Double(tokens.count)
    let loss = model.loss(states, targets: tokens, smoothing: 0, scale: scale, context).loss
    tape.backward(loss)
    moments.update(AdamStep(learningRate: 0.003 * min(Double(update) / 100, 1)))
    arena.clear()
    if update % 100 == 0 { print("update \(update): loss \(loss.scalar)") }
}

let unseen = sequences(seed: 1000)
let decoder = TransformerDecoder(model, sources: unseen, beamWidth: 1, maximumLength: 9, Context())
let copies = try BeamSearch(.greedy(startToken: 2, endToken: 0))
    .search(Array(unseen.indices), with: decoder)
let right = zip(unseen, copies).count { $0.dropLast() == $1[0].tokens[...] }
print("\(right) of 64 are right")
