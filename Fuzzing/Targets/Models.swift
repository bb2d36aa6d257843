import HeedFormats
import HeedModels
import HeedNN
import HeedTasks
import HeedTensor

extension FuzzTarget {
    /// The files of a model's folder.
    static let models = [
        FuzzTarget(name: "config", seeds: configurationSeeds, body: readConfiguration),
        FuzzTarget(
            name: "language", seeds: languageSeeds, body: readLanguageConfiguration),
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

    // MARK: config.json of language models

    private static func languageSeeds() -> [[UInt8]] {
        let sizes = """
            "vocab_size":12,"hidden_size":8,"intermediate_size":8,"num_hidden_layers":2,"num_attention_heads":2,
            "num_key_value_heads":1,"max_position_embeddings":16,"rms_norm_eps":1e-6,"eos_token_id":[1,2]
            """
        let scalings = [
            "null", #"{"type":"linear","factor":2.0}"#, #"{"rope_type":"dynamic","factor":4.0}"#,
            #"{"rope_type":"yarn","factor":4.0,"beta_fast":32,"beta_slow":1,"original_max_position_embeddings":8}"#,
            #"{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8}"#,
            #"{"type":"longrope","short_factor":[1.0,1.5],"long_factor":[1.0,2.0]}"#,
        ]
        let types = ["llama", "mistral", "qwen2", "qwen3", "phi3", "llama"]
        let families = zip(types, scalings).map { type, scaling in
            #"{"model_type":"\#(type)","rope_scaling":\#(scaling),"sliding_window":4,\#(sizes)}"#
                .bytes
        }
        let gpt = """
            {"model_type":"gpt2","vocab_size":12,"n_embd":8,"n_layer":2,"n_head":2,"n_positions":16,"n_inner":null,
            "activation_function":"gelu_new","scale_attn_by_inverse_layer_idx":true,"bos_token_id":null}
            """
        return families + [gpt.bytes]
    }

    private static func readLanguageConfiguration(_ bytes: [UInt8]) throws {
        let configuration = try LanguageModelConfiguration(
            JSONObjectReader(parsing: bytes, file: "config.json"))
        let again = require("a configuration that was written is refused") {
            try LanguageModelConfiguration(
                JSONObjectReader(configuration.json(weights: .float32), file: "again"))
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
