import HeedFormats
import HeedModels
import HeedNN
import HeedTasks
import HeedTensor

extension FuzzTarget {
    /// The files of a model's folder.
    static let models = [
        FuzzTarget(name: "config", seeds: configurationSeeds, body: readConfiguration),
        FuzzTarget(name: "folder", seeds: folderSeeds, body: readFolder),
        FuzzTarget(name: "forward", seeds: batchSeeds, body: readBatch),
    ]

    // MARK: config.json

    private static let sizes = """
        "vocab_size": 12, "d_model": 8, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 8,
        "decoder_ffn_dim": 8, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
        "pad_token_id": 2, "eos_token_id": 0, "decoder_start_token_id": 2
        """
    private static let configuration =
        "{\"model_type\": \"heed-transformer\", \"dtype\": \"float32\", \(sizes)}"

    private static func configurationSeeds() throws -> [[UInt8]] {
        var seeds = ["marian", "pegasus"].map { "{\"model_type\": \"\($0)\", \(sizes)}".bytes }
        for positions in ["rotary", "learned"] {
            seeds.append(
                "{\"model_type\": \"heed-transformer\", \"positions\": \"\(positions)\", \"norm\": \"rms\", \"norm_placement\": \"pre\", \"gated_feed_forward\": true, \"num_key_value_heads\": 1, \"head_dim\": 4, \"value_head_dim\": 2, \"layer_norm_eps\": 1e-6, \(sizes)}"
                    .bytes)
        }
        let read = try TransformerConfiguration(
            JSONObjectReader(parsing: configuration.bytes, file: "seed"))
        return seeds + [JSONWriter(.pretty).bytes(read.json)]
    }

    private static func readConfiguration(_ bytes: [UInt8]) throws {
        let reader = try JSONObjectReader(parsing: bytes, file: "config.json")
        let configuration = try TransformerConfiguration(reader)
        let again = require("a configuration that was written is refused") {
            try TransformerConfiguration(JSONObjectReader(configuration.json, file: "again"))
        }
        require(again == configuration, "a configuration that was written is another one")
    }

    // MARK: Folders

    private static let folderNames = [
        "config.json", "generation_config.json", "tokenizer_config.json", TensorFolder.indexName,
    ]
    private static let modelFolder: ScratchFolder = {
        let folder = ScratchFolder("folder")
        require("a small model") {
            let reader = try JSONObjectReader(parsing: configuration.bytes, file: "seed")
            let model = try Transformer(
                TransformerConfiguration(reader), builder: ModelBuilder(seed: 1))
            try model.write(toFolder: folder.path)
            // The weights are found through the index alone.
            try Folder.rename(folder.path(TensorFolder.fileName), to: folder.path("weights"))
        }
        return folder
    }()

    private static func folderSeeds() throws -> [[UInt8]] {
        let names = try SafetensorsFile(path: modelFolder.path("weights")).names
        let map = names.map { "\"\($0)\":\"weights\"" }.joined(separator: ",")
        let parts = [
            configuration, "{\"eos_token_id\": [0], \"bad_words_ids\": [[3], [4, 5]]}",
            "{\"eos_token\": \"a\"}", "{\"weight_map\":{\(map)}}",
        ]
        return [Array(parts.map(\.bytes).joined(separator: [0xFF]))]
    }

    private static func readFolder(_ bytes: [UInt8]) throws {
        let folder = modelFolder
        folder.write(parts: bytes, folderNames)
        _ = try? "\(ModelInspection(path: folder.path).json)"
        let model = try Transformer(folder: folder.path)
        _ = model.parameterCount
    }

    // MARK: Batches of ids

    private static func batchSeeds() -> [[UInt8]] {
        let ids: [UInt8] = [1, 2, 3, 2, 1, 0].flatMap { [$0, 0, 0, 0] }
        let mask: [UInt8] = [1, 1, 0, 0, 1, 1].flatMap { [$0, 0, 0, 0] }
        return [
            tensorFile(
                #"{"input_ids":{"dtype":"I32","shape":[2,3],"data_offsets":[0,24]},"#
                    + #""attention_mask":{"dtype":"I32","shape":[2,3],"data_offsets":[24,48]}}"#,
                ids + mask),
            tensorFile(#"{"input_ids":{"dtype":"I64","shape":[0,3],"data_offsets":[0,0]}}"#),
        ]
    }

    private static func readBatch(_ bytes: [UInt8]) throws {
        let file = try SafetensorsFile(MemoryBytes(bytes), name: "input")
        let batch = try TokenBatch(
            "input_ids", mask: "attention_mask", vocabulary: 12, in: file)
        let lengths = batch.packing.lengths
        require(lengths.count == batch.rows, "another number of sequences")
        require(batch.packedIDs.count == lengths.reduce(0, +), "another number of tokens")
    }
}
