import HeedModels
import HeedNN
import HeedTensor
import Testing

/// A small configuration of every kind that a folder can hold.
struct ModelCase: CustomTestStringConvertible, Sendable {
    let name: String
    let configuration: TransformerConfiguration

    var testDescription: String { name }

    init(_ name: String, _ change: (inout TransformerConfiguration) -> Void = { _ in }) {
        var configuration = TransformerConfiguration(
            vocabulary: 19, width: 16, layers: 2, inner: 24, heads: 4)
        change(&configuration)
        self.name = name
        self.configuration = configuration
    }

    static let all: [ModelCase] =
        [
            ModelCase("plain"), ModelCase("pre-norm") { $0.placement = .pre },
            ModelCase("rms") { $0.norm = .rms },
            ModelCase("pre-norm rms") {
                $0.norm = .rms
                $0.placement = .pre
            },
            ModelCase("gated") {
                $0.isGated = true
                $0.activation = .silu
            },
            ModelCase("grouped heads") { $0.keyValueHeads = 2 },
            ModelCase("one key-value head") { $0.keyValueHeads = 1 },
            ModelCase("head sizes") {
                $0.headSize = 6
                $0.valueSize = 5
            },
            ModelCase("separate tables") {
                $0.sharesEmbeddings = false
                $0.targetVocabulary = 13
            },
            ModelCase("untied output") { $0.tiesOutput = false },
            ModelCase("separate tables, untied output") {
                $0.sharesEmbeddings = false
                $0.tiesOutput = false
                $0.targetVocabulary = 23
            },
            ModelCase("different stacks") {
                $0.encoderLayers = 1
                $0.decoderLayers = 3
                $0.encoderHeads = 2
                $0.decoderInner = 10
            },
            ModelCase("other numbers") {
                $0.epsilon = 1e-6
                $0.dropout = 0
                $0.attentionDropout = 0.2
                $0.activationDropout = 0.3
                $0.scalesEmbedding = false
                $0.trainedLength = 60
                $0.forcedEndToken = 7
                $0.paddingToken = 18
                $0.startToken = 5
                $0.endToken = 7
            },
            ModelCase("few learned positions") {
                $0.positions = .learned
                $0.maximumPositions = 40
            },
        ]
        + [UnaryFunction.relu, .gelu, .geluTanh, .silu, .elu, .tanh, .sigmoid, .identity].map {
            function in ModelCase("\(function)") { $0.activation = function }
        }
        + PositionKind.allCases.map { kind in
            ModelCase("positions \(kind)") { $0.positions = kind }
        }
}
