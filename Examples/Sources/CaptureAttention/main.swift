// What a model attends to: of a translation, word by word; and of any model, head by head, while it runs.

import Foundation
import HeedModels
import HeedNN
import HeedTasks
import HeedTensor

// 1. A translator hands out the weights of its best hypothesis.
let folder = try CommandLine.arguments.dropFirst().first ?? DefaultModel.folder()
let translator = try await Translator(folder: URL(filePath: folder))
let translation = try await translator.translate(
    ["Wo ist der Bahnhof?"], recording: .cross)[0]
print(translation.text)
if let attention = translation.attention, let drawing = AttentionDrawing(attention) {
    for (word, row) in zip(drawing.targetWords, drawing.weights) {
        guard let most = row.indices.max(by: { row[$0] < row[$1] }) else { continue }
        print("\(word) ← \(drawing.sourceWords[most])")
    }
}

// 2. A recorder sees every attention of a model that runs in its context, by layer and head, before dropout.
let model = try Transformer(
    TransformerConfiguration(vocabulary: 50, width: 32, layers: 2, inner: 64, heads: 4),
    builder: ModelBuilder(seed: 1))
let recorder = AttentionRecorder(heads: [0, 3]) { name in name.hasPrefix("encoder.") }
let context = Context(attentionObserver: recorder)
let sentences: [[Int32]] = [[7, 8, 9, 0], [10, 0]]
let output = model.encoder(
    Tensor(sentences.flatMap { $0 }), packing: SequencePacking(lengths: sentences.map(\.count)),
    context)
for entry in recorder.entries where entry.sequence == 0 {
    let sums = Context().sum(entry.weights, axis: 1).floats
    let isDistribution = sums.allSatisfy { abs($0 - 1) < 1e-5 }
    print("\(entry.attention), head \(entry.head): \(entry.weights.shape)", terminator: ", ")
    print("rows sum to 1: \(isDistribution)")
}

// 3. Whoever asks changes nothing: the output has the same bits without a recorder.
let unobserved = model.encoder(
    Tensor(sentences.flatMap { $0 }), packing: SequencePacking(lengths: sentences.map(\.count)),
    Context())
print("the same bits: \(output.floats == unobserved.floats)")
