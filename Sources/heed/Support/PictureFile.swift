import ArgumentParser
import HeedFormats
import HeedTasks

/// A picture that a verb writes, as a page or as SVG, whichever the name of its file says.
struct PictureFile {
    private let path: String
    private let isPage: Bool

    /// The file for `--output`; throws a usage error for other names.
    init(path: String) throws {
        self.path = path
        let name = path.lowercased()
        isPage = name.hasSuffix(".html")
        guard isPage || name.hasSuffix(".svg") else {
            throw ValidationError(
                "--output \(nameForMessage(path)): the name must end with .html or .svg")
        }
    }

    /// Writes the picture; the file appears when it is whole.
    func write(_ page: FigurePage) throws {
        try creatingOutput {
            try AtomicFile.write(isPage ? page.html() : page.figure.svg(), to: path)
        }
    }
}
