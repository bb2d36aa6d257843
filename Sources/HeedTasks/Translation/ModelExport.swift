import HeedFormats
import HeedModels
import HeedText

/// The type of the weights in a model's file.
public enum WeightType: String, Sendable, CaseIterable {
    /// Four bytes each.
    case float32
    /// Two bytes each.
    case bfloat16
}

/// A trained model with its tokenizers, to be handed on without what its training left.
public struct ModelExport {
    private let model: Transformer
    private let tokenizers: TranslationTokenizers

    /// Opens a model's folder; throws errors that name the file and what is wrong with it.
    public init(folder: String) throws {
        model = try Transformer(folder: folder)
        tokenizers = try TranslationTokenizers(folder: folder)
    }

    /// Writes the model into a folder that is empty or does not exist.
    ///
    /// Throws `FolderNotEmptyError`, or `FileError` when a file cannot be written; what was written before is then
    /// removed.
    public func write(toFolder folder: String, weights: WeightType) throws {
        try NewFolder(path: folder).fill {
            try model.write(toFolder: folder, as: weights == .bfloat16 ? .bfloat16 : .float32)
            try tokenizers.write(to: folder, maximumLength: model.configuration.maximumPositions)
        }
    }
}
