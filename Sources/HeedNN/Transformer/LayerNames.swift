/// Under which names files have the tensors of a layer, and in which layout.
public struct LayerNames: Sendable, Hashable {
    /// How the projections to queries, keys and values lie in files.
    public enum Projections: Sendable, Hashable {
        /// Each by itself.
        case separate(queries: String, keys: String, values: String)
        /// One after another in one tensor.
        case fused(String)
    }

    /// How the two halves of a gated network lie in files.
    public enum Halves: Sendable, Hashable {
        /// Each by itself.
        case separate(gate: String, up: String)
        /// The gate, then the other factor, in one tensor.
        case fused(String)
    }

    /// The self-attention.
    public var attention = "self_attn"
    /// The norm beside it.
    public var attentionNorm = "self_attn_layer_norm"
    /// The projections to queries, keys and values.
    public var projections = Projections.separate(
        queries: "q_proj", keys: "k_proj", values: "v_proj")
    /// The projection of what was attended to.
    public var attentionOutput = "out_proj"
    /// The feed-forward network; its layers are the layer's own where it is empty.
    public var feedForward = ""
    /// The norm beside it.
    public var feedForwardNorm = "final_layer_norm"
    /// The first layer of a plain network.
    public var first = "fc1"
    /// The second layer of a plain network.
    public var second = "fc2"
    /// The first layer of a gated network.
    public var halves = Halves.separate(gate: "gate_proj", up: "up_proj")
    /// The second layer of a gated network.
    public var down = "down_proj"
    /// Whether files have the matrices of linear layers transposed, [in, out].
    public var isTransposed = false

    /// The names of encoder-decoder models.
    public static let encoderDecoder = LayerNames()

    /// The names of GPT-2.
    public static var gpt2: LayerNames {
        var names = LayerNames()
        names.attention = "attn"
        names.attentionNorm = "ln_1"
        names.projections = .fused("c_attn")
        names.attentionOutput = "c_proj"
        names.feedForward = "mlp"
        names.feedForwardNorm = "ln_2"
        (names.first, names.second) = ("c_fc", "c_proj")
        names.isTransposed = true
        return names
    }

    /// The names of Llama and the many models that took them over.
    public static var llama: LayerNames {
        var names = LayerNames()
        names.attentionNorm = "input_layernorm"
        names.attentionOutput = "o_proj"
        names.feedForward = "mlp"
        names.feedForwardNorm = "post_attention_layernorm"
        return names
    }

    /// Llama's names with fused tensors, as Phi-3 has them.
    public static var phi3: LayerNames {
        var names = llama
        names.projections = .fused("qkv_proj")
        names.halves = .fused("gate_up_proj")
        return names
    }
}
