import Glibc
import HeedFormats
import HeedModels
import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Model folders of transformers")
struct ModelFolderTests {
    /// The folders in Tests/Fixtures, and in the folder that HEED_MODEL_FOLDERS names, if it is set.
    static let folders: [String] = {
        let tiny = ["marian_tiny", "marian_separate_tiny", "pegasus_tiny"].map {
            Fixture.path("models/\($0)")
        }
        guard let more = unsafe getenv("HEED_MODEL_FOLDERS") else { return tiny }
        let path = unsafe String(cString: more)
        let names = (try? Folder.names(in: path)) ?? []
        return tiny + names.sorted().map { RelativePath.join(path, $0) }
    }()

    @Test("logits, hidden states and attentions are those of transformers", arguments: folders)
    func forward(folder: String) throws {
        let model = try Transformer(folder: folder)
        let batch = try FolderBatch(folder)
        let found = batch.run(model)
        let file = try SafetensorsFile(path: RelativePath.join(folder, "expected.safetensors"))
        #expect(found.count == file.names.count)
        for (name, sequences) in found {
            let expected = try Tensor(reading: name, from: file)
            for (index, tensor) in sequences.enumerated() {
                let wanted = batch.unpadded(expected, name, sequence: index)
                #expect(distance(tensor, wanted) <= 1e-4, "\(name), sequence \(index)")
            }
        }
    }

    @Test("a folder that is written again holds the same model", arguments: folders)
    func roundTrip(folder: String) throws {
        let model = try Transformer(folder: folder)
        try withTemporaryFolder { path in
            try model.write(toFolder: path)
            let again = try Transformer(folder: path)
            #expect(again.configuration == model.configuration)
            for (one, other) in zip(model.parameters, again.parameters) {
                #expect(one.name == other.name && sameBits(one.value, other.value))
            }
            let batch = try FolderBatch(folder)
            let (before, after) = (batch.run(model), batch.run(again))
            for (name, sequences) in before {
                let others = try #require(after[name])
                for (one, other) in zip(sequences, others) {
                    #expect(sameBits(one, other), "\(name)")
                }
            }
        }
    }
}

/// The inputs of a model folder, packed.
private struct FolderBatch {
    private let sources: [[Int32]]
    private let targets: [[Int32]]

    init(_ folder: String) throws {
        let file = try SafetensorsFile(path: RelativePath.join(folder, "inputs.safetensors"))
        let rows = { (ids: String, mask: String) throws -> [[Int32]] in
            let values = try Tensor(reading: ids, from: file)
            let kept = try Tensor(reading: mask, from: file).scalars(as: Int64.self)
            let width = values.shape[1]
            let scalars = values.scalars(as: Int64.self)
            return (0..<values.shape[0]).map { row in
                (row * width..<(row + 1) * width).filter { kept[$0] != 0 }.map {
                    Int32(scalars[$0])
                }
            }
        }
        sources = try rows("input_ids", "attention_mask")
        targets = try rows("decoder_input_ids", "decoder_attention_mask")
    }

    /// Everything that `expected.safetensors` holds, sequence by sequence.
    func run(_ model: Transformer) -> [String: [Tensor]] {
        let recorder = AttentionRecorder()
        let context = Context(attentionObserver: recorder)
        let packing = SequencePacking(lengths: sources.map(\.count))
        let targetPacking = SequencePacking(lengths: targets.map(\.count))
        var found: [String: [Tensor]] = [:]
        let observe = { (name: String, packing: SequencePacking, states: Tensor) in
            let index = found.keys.count { $0.hasPrefix(name) }
            found["\(name).\(index)"] = packing.rows.map { states.rowsView($0) }
        }
        let memory = model.encoder(Tensor(sources.flatMap(\.self)), packing: packing, context) {
            observe("encoder_hidden_states", packing, $0)
        }
        let states = model.decoder(
            Tensor(targets.flatMap(\.self)), packing: targetPacking, memory: memory,
            memoryRanges: packing.ranges, context
        ) {
            observe("decoder_hidden_states", targetPacking, $0)
        }
        let logits = model.logits(states, context)
        found["logits"] = targetPacking.rows.map { logits.rowsView($0) }
        for entry in recorder.entries where entry.head == 0 {
            let heads = recorder.weights(of: entry.attention, sequence: entry.sequence)
            let stacked = context.concatenated(
                heads.sorted { $0.key < $1.key }.map {
                    context.reshaped($0.value, [1, $0.value.shape[0], $0.value.shape[1]])
                })
            found[nameInFile(entry.attention), default: []].append(stacked)
        }
        return found
    }

    /// decoder.1.cross → cross_attentions.1, and so on.
    private func nameInFile(_ attention: String) -> String {
        let parts = attention.split(separator: ".")
        return (parts[2] == "cross" ? "cross" : "\(parts[0])") + "_attentions.\(parts[1])"
    }

    /// One sequence of a padded tensor [B, T, D] or [B, H, queries, keys].
    func unpadded(_ tensor: Tensor, _ name: String, sequence: Int) -> Tensor {
        let context = Context()
        var part = context.sliced(tensor, axis: 0, sequence..<sequence + 1)
        part = context.reshaped(part, Shape(Array(tensor.shape.sizes.dropFirst())))
        let (source, target) = (sources[sequence].count, targets[sequence].count)
        let rows = name.hasPrefix("encoder") ? source : target
        guard name.contains("attentions") else { return context.sliced(part, axis: 0, 0..<rows) }
        let columns = name.hasPrefix("decoder") ? target : source
        return context.sliced(
            context.sliced(part, axis: 1, 0..<rows), axis: 2, 0..<columns)
    }
}
