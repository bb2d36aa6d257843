import HeedFormats
import HeedModels
import HeedTensor
import HeedText

/// The type of the weights in a model's file.
public enum WeightType: String, Sendable, CaseIterable {
    /// Four bytes each.
    case float32
    /// Two bytes each.
    case bfloat16

    fileprivate var elementType: ElementType { self == .bfloat16 ? .bfloat16 : .float32 }
}

/// A trained model with its tokenizers, to be handed on without what its training left.
public struct ModelExport {
    private enum Model {
        case transformer(Transformer, TranslationTokenizers)
        /// Models of other programs may come without a tokenizer.
        case language(LanguageModel, Tokenizer?)
    }

    private let model: Model

    /// Opens a model's folder; throws errors that name the file and what is wrong with it.
    public init(folder: String) throws {
        switch try ModelType(folder: folder) {
        case .transformer:
            model = .transformer(
                try Transformer(folder: folder), try TranslationTokenizers(folder: folder))
        case .language:
            let path = RelativePath.join(folder, Tokenizer.fileName)
            let hasTokenizer = try Folder.kind(of: path) != nil
            model = .language(
                try LanguageModel(folder: folder),
                hasTokenizer ? try Tokenizer(folder: folder) : nil)
        }
    }

    /// Writes the model into a folder that is empty or does not exist.
    ///
    /// Throws `FolderNotEmptyError`, or `FileError` when a file cannot be written; what was written before is then
    /// removed.
    public func write(toFolder folder: String, weights: WeightType) throws {
        try NewFolder(path: folder).fill {
            switch model {
            case .transformer(let model, let tokenizers):
                try model.write(toFolder: folder, as: weights.elementType)
                try tokenizers.write(
                    to: folder, maximumLength: model.configuration.maximumPositions)
            case .language(let model, let tokenizer):
                try model.write(toFolder: folder, as: weights.elementType)
                try tokenizer?.write(
                    to: folder, maximumLength: model.configuration.maximumPositions)
            }
        }
    }
}
