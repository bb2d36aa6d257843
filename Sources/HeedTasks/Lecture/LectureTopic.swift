/// What the lecture on the Transformer shows in pictures: each is drawn from what Heed's own operators and layers compute.
public enum LectureTopic: String, Sendable, CaseIterable {
    /// The worked example of attention.
    case attention
    /// Values that are wider than keys.
    case valueSize = "value-size"
    /// What the scale of the products is for.
    case scale
    /// Which keys a query sees.
    case masks
    /// How a model knows where a token stands.
    case positions
    /// Which inputs an output depends on.
    case dependence
    /// An encoder without positions maps sets.
    case equivariance
    /// The residual connection.
    case residual
    /// Norms, and where they stand.
    case normalisation
    /// The functions between the layers of the feed-forward network.
    case activations
    /// Dropout.
    case dropout
    /// Label smoothing.
    case labelSmoothing = "label-smoothing"
    /// Learning rates.
    case schedule
    /// Words near in meaning.
    case neighbours

    /// What the picture shows, in a line.
    public var summary: String {
        switch self {
        case .attention:
            "the worked example: products, and their softmax with the scale and without"
        case .valueSize: "values may be wider or narrower than queries and keys"
        case .scale:
            "without 1/√d_k the softmax saturates and its gradient vanishes; so does a sigmoid"
        case .masks: "which keys each query sees: causal, window, prefix, lengths, dense"
        case .positions:
            "sines and cosines in both forms, rotary and learned positions, their products"
        case .dependence: "which inputs each output depends on, layer by layer"
        case .equivariance: "without positions an encoder maps sets; with positions it does not"
        case .residual:
            "with f = 0 a block is the identity; gradients reach the bottom of a deep stack"
        case .normalisation: "norms before and after the sublayer; layer norm beside RMS norm"
        case .activations: "ReLU, ELU, GELU, SiLU, tanh, sigmoid with their derivatives; SwiGLU"
        case .dropout: "what is dropped, and why the rest is scaled up"
        case .labelSmoothing: "the loss of a token against its logit, and the gradient"
        case .schedule: "the learning rate of each update: constant, inverse square root, cosine"
        case .neighbours: "words near in meaning in the trained embedding of a model"
        }
    }

    /// Whether the picture is of a trained model.
    public var needsModel: Bool { self == .neighbours }

    /// The picture with its words.
    ///
    /// - Parameter model: the folder of a model, for a topic that needs one; nil for the one that comes with Heed.
    /// Throws the errors of that model's files, and `NoDefaultModelError`.
    public func page(model: String? = nil) throws -> FigurePage {
        switch self {
        case .attention: WorkedExample.page
        case .valueSize: ValueSizeExample.page
        case .scale: SaturationExample.page
        case .masks: MaskExample.page
        case .positions: PositionExample.page
        case .dependence: DependenceExample.page
        case .equivariance: EquivarianceExample.page
        case .residual: ResidualExample.page
        case .normalisation: NormalisationExample.page
        case .activations: ActivationExample.page
        case .dropout: DropoutExample.page
        case .labelSmoothing: LabelSmoothingExample.page
        case .schedule: ScheduleExample.page
        case .neighbours: try NeighbourExample(folder: model ?? DefaultModel.folder()).page
        }
    }
}
