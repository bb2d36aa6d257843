import ArgumentParser

/// The program: a tree of verbs.
@main
struct Heed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The Transformer family in Swift.")
}
