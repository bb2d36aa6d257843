import ArgumentParser
import HeedFormats
import HeedTasks
import HeedTensor

/// Which model runs, and how.
struct ModelOptions: ParsableArguments {
    @Option(help: "The folder of the model. (default: the one that comes with Heed)")
    var model: String?

    @Option(
        help:
            "The arithmetic; int8 is the fastest on most CPUs. (default: bfloat16 where this CPU is fastest at it)"
    )
    var precision: Precision?

    @Option(
        parsing: .unconditional, help: "Threads that compute. (default: HEED_THREADS, or the cores)"
    )
    var threads: Int?

    func validate() throws {
        try ThreadOption.check(threads)
    }

    /// Gives the number of threads to the engine, before anything computes.
    func applyThreads() {
        ThreadOption.apply(threads)
    }

    /// Opens a model that continues text.
    func continuer() throws -> PromptContinuer {
        try PromptContinuer(
            folder: modelFolder(model, default: DefaultModel.languageName),
            precision: precision ?? .fastest)
    }

    /// Opens a model that translates, without the contributions of some heads.
    func translator(withoutHeads heads: [AttentionHead] = []) throws -> SentenceTranslator {
        try SentenceTranslator(
            folder: modelFolder(model), precision: precision ?? .fastest, withoutHeads: heads)
    }
}

/// The folder of a model: the one that is named, or the one that comes with Heed.
func modelFolder(_ name: String?, default model: String = DefaultModel.name) throws -> String {
    guard let name else { return try DefaultModel.folder(name: model) }
    guard !name.isEmpty else { throw FileError(path: name, .invalidPath) }
    return name
}
