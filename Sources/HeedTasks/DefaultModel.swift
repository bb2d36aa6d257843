import Foundation
import HeedFormats

/// Finds the model that is used when none is named.
public enum DefaultModel {
    /// The name of the model that comes with Heed: German to English.
    public static let name = "tatoeba-de-en"

    /// The name of the model that comes with Heed and continues text: English novels.
    public static let languageName = "novels-en"

    /// The environment's variable that says where models are.
    public static let variable = "HEED_MODELS"

    /// The folder of the model: where `HEED_MODELS` says; `share/heed` beside the program's own `bin`; or `Models` of
    /// the package that the program was built in.
    ///
    /// Throws `NoDefaultModelError`.
    public static func folder(name: String = name) throws -> String {
        try folder(
            name: name, models: ProcessInfo.processInfo.environment[variable],
            program: programPath)
    }

    /// The same for a value of `HEED_MODELS` and a path of the program.
    static func folder(
        name: String = name, models: String?, program: String?
    ) throws -> String {
        var tried: [String] = []
        func found(_ folder: String) -> Bool {
            tried.append(folder)
            let configuration = RelativePath.join(folder, "config.json")
            return (try? Folder.kind(of: configuration)) == .file
        }
        if let models, !models.isEmpty {
            // The folder of all models, or the model itself.
            for folder in [RelativePath.join(models, name), models] where found(folder) {
                return folder
            }
            throw NoDefaultModelError(tried: tried)
        }
        var parent = program.map(RelativePath.parent)
        if let folder = parent {
            let shared = RelativePath.join(RelativePath.parent(of: folder), "share/heed/" + name)
            if found(shared) { return shared }
        }
        // A build lies some folders below its package.
        for _ in 0..<6 {
            guard let folder = parent, folder != "/" else { break }
            let model = RelativePath.join(folder, "Models/" + name)
            if found(model) { return model }
            parent = RelativePath.parent(of: folder)
        }
        throw NoDefaultModelError(tried: tried)
    }

    /// The file of this process, links followed.
    private static var programPath: String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}

/// No model was named, and the one that comes with Heed is not there.
public struct NoDefaultModelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The folders where it was looked for.
    public let tried: [String]

    /// The whole message in one line.
    public var description: String {
        """
        no model: name one with --model, or a folder of models in \(DefaultModel.variable) \
        (looked in \(tried.joined(separator: ", ")))
        """
    }
}
