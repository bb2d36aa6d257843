import HeedModels

/// Trainings of language models that have a name: sizes, and the settings that go with them.
public enum LanguageModelPreset: String, Sendable, CaseIterable {
    /// 4 layers, D 128, 4 heads, blocks of 64 tokens, 12 a batch: minutes on a CPU.
    case nanoGPTSmall = "nanogpt-cpu"
    /// 6 layers, D 384, 6 heads, blocks of 256 tokens, 64 a batch, dropout 0.2.
    case nanoGPT = "nanogpt-gpu"
    /// 12 layers, D 768, 12 heads, blocks of 1,024 tokens: GPT-2's smallest (Radford et al. 2019).
    case gpt2 = "gpt2-124m"
    /// A Llama of 4 layers, D 256, 8 heads, 4 of them of keys and values, blocks of 256 tokens.
    case llama = "llama-small"

    /// The configuration; the vocabulary is set from the tokenizer.
    var configuration: LanguageModelConfiguration {
        var configuration: LanguageModelConfiguration =
            switch self {
            case .nanoGPTSmall:
                .gpt2(vocabulary: 1, width: 128, layers: 4, heads: 4, positions: 64)
            case .nanoGPT:
                .gpt2(vocabulary: 1, width: 384, layers: 6, heads: 6, positions: 256)
            case .gpt2:
                .gpt2(vocabulary: 1, width: 768, layers: 12, heads: 12, positions: 1024)
            case .llama:
                .llama(
                    vocabulary: 1, width: 256, layers: 4, heads: 8, keyValueHeads: 4, inner: 640,
                    positions: 256)
            }
        if self == .nanoGPT {
            configuration.dropout = 0.2
            configuration.attentionDropout = 0.2
        }
        return configuration
    }

    /// Tokens of a batch.
    var batchTokens: Int {
        switch self {
        case .nanoGPTSmall: 12 * 64
        case .nanoGPT: 64 * 256
        case .gpt2: 12 * 1024
        case .llama: 32 * 256
        }
    }

    /// How training goes.
    var optimization: OptimizationSettings {
        var settings = OptimizationSettings()
        settings.schedule = .cosine
        settings.optimizer = .adamW
        settings.weightDecay = 0.1
        settings.decaysVectors = false
        settings.labelSmoothing = 0
        settings.patience = 0
        settings.average = 0
        settings.maximumEpochs = 1 << 31
        (settings.beta1, settings.beta2) = (0.9, 0.99)
        (settings.learningRate, settings.minimumRate, settings.warmup) = (1e-3, 1e-4, 100)
        switch self {
        case .nanoGPTSmall:
            // Twice nanoGPT's: two thousand updates are few for a model that small.
            settings.learningRate = 2e-3
            settings.maximumUpdates = 2000
        case .nanoGPT: settings.maximumUpdates = 5000
        case .llama: settings.maximumUpdates = 5000
        case .gpt2:
            (settings.learningRate, settings.minimumRate, settings.warmup) = (6e-4, 6e-5, 2000)
            settings.beta2 = 0.95
            settings.accumulation = 40
            settings.maximumUpdates = 600_000
        }
        return settings
    }
}
