import Foundation

/// The checkout that these tests are in.
enum Repository {
    /// Its root.
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The path of the folder with models that tests were given.
    static let models = root.appending(path: "Tests/Fixtures/models").path

    /// The path of a model that comes with Heed.
    static func shippedModel(_ name: String) -> String {
        root.appending(path: "Models/\(name)").path
    }
}
