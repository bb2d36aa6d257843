import HeedModels

/// Floating-point operations of a Transformer's matrix products, two for each multiplication and addition; whatever is not
/// a product does not count.
struct TransformerOperations {
    private let configuration: TransformerConfiguration
    private let width: Double

    init(_ configuration: TransformerConfiguration) {
        self.configuration = configuration
        width = Double(configuration.width)
    }

    /// The backward pass of a product is two products.
    static let trainingFactor = 3.0
    /// The backward pass of an attention is five products beside two: scores are computed again.
    static let attentionTrainingFactor = 3.5

    /// Σ over all pairs of a query and a key that it sees: a product for the score and one for the value.
    static func attention(pairs: Double, width: Double) -> Double { 4 * pairs * width }

    /// Query-key pairs of masked self-attention.
    static func causalPairs(_ length: Int) -> Double { Double(length) * Double(length + 1) / 2 }

    /// One update over pairs of these lengths.
    func training(_ lengths: [PairLength]) -> Double {
        let sources = lengths.reduce(0) { $0 + Double($1.source) }
        let targets = lengths.reduce(0) { $0 + Double($1.target) }
        let encoderPairs = lengths.reduce(0) { $0 + Double($1.source * $1.source) }
        let decoderPairs = lengths.reduce(0) {
            $0 + Self.causalPairs($1.target) + Double($1.source * $1.target)
        }
        let products =
            encoder(tokens: sources) + memories(tokens: sources) + decoder(tokens: targets)
        let attentions = Self.attention(
            pairs: encoderPairs * Double(configuration.encoderLayers) + decoderPairs
                * Double(configuration.decoderLayers), width: width)
        return products * Self.trainingFactor + attentions * Self.attentionTrainingFactor
    }

    /// Translations of sentences of one length, with a number of steps after the first, which has one hypothesis.
    func decoding(sentences: Int, source: Int, target: Int, beam: Int) -> Double {
        let tokens = Double(sentences * source)
        let layers = Double(configuration.decoderLayers)
        var total = encoder(tokens: tokens) + memories(tokens: tokens)
        total += Self.attention(
            pairs: tokens * Double(source) * Double(configuration.encoderLayers), width: width)
        for step in 0..<target {
            let rows = Double(sentences * (step == 0 ? 1 : beam))
            total += decoder(tokens: rows)
            total += Self.attention(
                pairs: rows * Double(step + 1 + source) * layers, width: width)
        }
        return total
    }

    /// Projections and feed-forward networks of the encoder.
    private func encoder(tokens: Double) -> Double {
        let layer = 4 * width * width + 2 * width * Double(configuration.encoderInner)
        return 2 * tokens * layer * Double(configuration.encoderLayers)
    }

    /// Keys and values of the encoder-decoder attentions.
    private func memories(tokens: Double) -> Double {
        2 * tokens * 2 * width * width * Double(configuration.decoderLayers)
    }

    /// Projections and feed-forward networks of the decoder, and the logits.
    private func decoder(tokens: Double) -> Double {
        let layer = 6 * width * width + 2 * width * Double(configuration.decoderInner)
        let logits = width * Double(configuration.targetVocabulary)
        return 2 * tokens * (layer * Double(configuration.decoderLayers) + logits)
    }
}
