// Reads weights from files and writes them: those of a whole model, and those of layers of one's own.

import Foundation
import HeedFormats
import HeedModels
import HeedNN
import HeedTensor

let scratch = FileManager.default.temporaryDirectory
    .appending(path: "heed-weights-\(UUID().uuidString)").path
try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: scratch) }

// 1. A model is a folder in the Hugging Face layout: config.json and model.safetensors.
let model = try Transformer(
    TransformerPreset.tiny.configuration(vocabulary: 1000), builder: ModelBuilder(seed: 1))
try model.write(toFolder: scratch)
let again = try Transformer(folder: scratch)
let isSame = zip(model.parameters, again.parameters).allSatisfy {
    $0.value.floats == $1.value.floats
}
print("\(again.parameterCount) parameters, read as written: \(isSame)")

// 2. Its tensors have the names that transformers gives them; any of them can be read alone.
let file = try SafetensorsFile(path: scratch + "/model.safetensors")
let name = "model.encoder.layers.0.self_attn.q_proj.weight"
print("\(name): \(try Tensor(reading: name, from: file).shape)")

// 3. bfloat16 takes half of the space.
try FileManager.default.createDirectory(
    atPath: scratch + "/half", withIntermediateDirectories: true)
try model.write(toFolder: scratch + "/half", as: .bfloat16)
let half = try SafetensorsFile(path: scratch + "/half/model.safetensors")
let types = try [file, half].map { "\(try $0.requiredEntry(named: name).type)" }
print("\(name): \(types.joined(separator: ", "))")

// 4. Layers of one's own are saved by the names that they visit. What does not fit is told whole, before anything is read.
let layer = Linear(4, 3, builder: ModelBuilder(seed: 2))
try ModelFiles.save(layer, to: scratch + "/layer.safetensors")
try ModelFiles.load(
    Linear(4, 3, builder: ModelBuilder(seed: 3)),
    from: SafetensorsFile(path: scratch + "/layer.safetensors"))
do {
    let other = Linear(5, 3, hasBias: false, builder: ModelBuilder(seed: 4))
    try ModelFiles.load(other, from: SafetensorsFile(path: scratch + "/layer.safetensors"))
} catch let mismatch as TensorMismatch {
    print("unexpected: \(mismatch.unexpected)")
    print("\(mismatch)".replacing(scratch + "/", with: ""))
}
