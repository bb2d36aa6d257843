package import HeedModels
import HeedFormats
package import HeedText

extension Tokenizer {
    /// The tokenizer in a language model's folder, in any form that belongs to models of this type.
    ///
    /// Throws errors that name the file and what is wrong with it.
    package init(folder: String, of type: LanguageModelType) throws {
        switch type {
        case .gpt2: try self.init(folder: folder)
        case .llama, .mistral, .phi3: try self.init(folder: folder, addsBeginning: true)
        case .qwen2, .qwen3:
            let whole = RelativePath.join(folder, Self.fileName)
            // Their vocab.json is for texts that are cut by a pattern of their own, which the file does not hold.
            let isWhole = try Folder.kind(of: whole) != nil
            if isWhole { try self.init(folder: folder) } else { try self.init(file: whole) }
        }
        removeLengthRules()
    }
}
