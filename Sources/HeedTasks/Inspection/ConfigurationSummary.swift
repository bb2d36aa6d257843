import HeedFormats
import HeedModels
import HeedNN

/// A configuration in a few words.
public struct ConfigurationSummary: Sendable, CustomStringConvertible {
    /// The words.
    public let description: String

    /// The words for a `config.json`, whichever type it names.
    init(_ json: JSONObjectReader) throws {
        switch try ModelType(json) {
        case .transformer: self.init(try TransformerConfiguration(json))
        case .language: self.init(try LanguageModelConfiguration(json))
        }
    }

    private init(_ configuration: TransformerConfiguration) {
        let layers = "\(configuration.encoderLayers) + \(configuration.decoderLayers) layers"
        let heads =
            configuration.encoderHeads == configuration.decoderHeads
            ? "\(configuration.encoderHeads)"
            : "\(configuration.encoderHeads) + \(configuration.decoderHeads)"
        let inner =
            configuration.encoderInner == configuration.decoderInner
            ? "\(configuration.encoderInner)"
            : "\(configuration.encoderInner) + \(configuration.decoderInner)"
        var words = """
            \(configuration.family.rawValue): \(layers), width \(configuration.width), \
            feed-forward \(inner) (\(configuration.activation)), \(heads) heads, \
            \(configuration.placement.rawValue)-norm, positions \(configuration.positions.rawValue), \
            vocabulary \(configuration.sourceVocabulary)
            """
        if configuration.targetVocabulary != configuration.sourceVocabulary {
            words += " + \(configuration.targetVocabulary)"
        }
        if let length = configuration.trainedLength {
            words += ", trained on up to \(length) tokens"
        }
        description = words
    }

    private init(_ configuration: LanguageModelConfiguration) {
        var heads = "\(configuration.heads) heads of \(configuration.headSize)"
        if configuration.keyValueHeads != configuration.heads {
            heads += " (\(configuration.keyValueHeads) of keys and values)"
        }
        let positions = configuration.rotary == nil ? "learned" : "rotary"
        var words = """
            \(configuration.type.rawValue): \(configuration.layers) layers, width \
            \(configuration.width), feed-forward \(configuration.inner) \
            (\(configuration.activation)), \(heads), positions \(positions) up to \
            \(configuration.maximumPositions), vocabulary \(configuration.vocabulary)
            """
        if let window = configuration.window, !configuration.windowedLayers.isEmpty {
            words += ", a window of \(window) in \(configuration.windowedLayers.count) layers"
        }
        if !configuration.tiesOutput { words += ", output not tied" }
        description = words
    }
}
