import Foundation
import Testing

@Suite("Pages of documentation")
struct PageTests {
    @Test("every link of a page leads to a file of this package")
    func links() throws {
        let pages = try Page.all()
        #expect(pages.count > 10)
        for page in pages {
            let missing = page.links.filter { !FileManager.default.fileExists(atPath: $0) }
            #expect(missing == [], "\(page)")
        }
        #expect(pages.flatMap(\.links).count > 40)
    }

    /// Pages with tables of names under Heed's title.
    private static let tables = ["docs/coming-from-pytorch.md"]

    @Test("every name in a column of Heed is declared", arguments: tables)
    func names(path: String) throws {
        let declared = try Declarations()
        let code = try Page(path).code(inColumn: "Heed")
        let names = Set(code.flatMap(Self.names))
        #expect(names.count > 80)
        #expect(names.filter { !declared.names.contains($0) }.sorted() == [])
        #expect(!declared.names.contains("noSuchName"))
    }

    @Test(
        "every type that a page names is in the code",
        arguments: ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "docs/performance.md"])
    func types(path: String) throws {
        let places = try ["Sources", "Tests"].flatMap(SourceTree.files(under:))
        var words = Set(places.map(\.target))
        for place in places {
            words.formUnion(place.text.matches(of: #/[A-Z]\w+/#).map { String($0.output) })
        }
        let names = Set(try Page(path).spans.flatMap(Self.typeNames))
        #expect(names.subtracting(words).sorted() == [])
        #expect(path != "ARCHITECTURE.md" || names.count > 40)
    }

    private static func typeNames(in span: String) -> [String] {
        span.matches(of: #/(?:^|\.)(?<name>[A-Z][a-z]+[A-Z]\w*)(?:$|[.(])/#).map {
            String($0.output.name)
        }
    }

    /// The names that must be declared somewhere: types, and what follows a dot.
    static func names(in code: String) -> [String] {
        let variables = code.matches(of: #/\bHEED_[A-Z]+\b/#).map { String($0.output) }
        let types = code.matches(of: #/\b[A-Z][a-z]\w*/#).map { String($0.output) }
        let members = code.matches(of: #/\.(?<name>[a-z]\w*)/#).map { String($0.output.name) }
        let foreign: Set<String> = ["Float", "Int", "Int32", "self"]
        return (types + members + variables).filter { !foreign.contains($0) }
    }
}

/// What the libraries declare for everyone, and the variables of the environment that they read.
private struct Declarations {
    let names: Set<String>

    init() throws {
        // Requirements of public protocols, and cases, have no `public` of their own.
        let pattern =
            #/(?:\bpublic\b[^=\n]*?\b(?:func|var|let|struct|class|enum|actor|protocol|typealias)|^ +(?:case|func|indirect case))\s+(?<name>\w+)/#
        var names: Set<String> = []
        for file in try ["Sources", "Tests/HeedTestSupport"].flatMap(SourceTree.files(under:)) {
            names.formUnion(file.text.matches(of: #/HEED_[A-Z]+/#).map { String($0.output) })
            guard file.path.hasSuffix(".swift") else { continue }
            for line in CodeOnly.lines(of: file.text) {
                names.formUnion(
                    line.matches(of: pattern).map { String($0.output.name) })
            }
        }
        self.names = names
    }
}
