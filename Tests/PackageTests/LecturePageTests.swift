import Foundation
import Testing

/// `docs/lecture.md` names symbols, tests and pictures; each must be there.
@Suite("The page from the lecture to the code")
struct LecturePageTests {
    private static let docs = SourceTree.root.appending(path: "docs")

    private static func page() throws -> String {
        try String(contentsOf: docs.appending(path: "lecture.md"), encoding: .utf8)
    }

    private static func text(at path: String) throws -> String {
        try String(contentsOf: docs.appending(path: path).standardized, encoding: .utf8)
    }

    /// Whether Swift source declares the last part of a name such as `Context.softmax`, and knows the type before it.
    static func declares(_ text: String, _ name: String) throws -> Bool {
        let parts = name.split(separator: ".").map(String.init)
        let code = CodeOnly.lines(of: text).joined(separator: "\n")
        guard let last = parts.last else { return false }
        let kinds = "func|var|let|case|struct|class|enum|protocol|actor|typealias|extension"
        let found = try Regex("\\b(?:\(kinds))\\s+\(last)\\b").isFound(in: code)
        let types = try parts.dropLast().allSatisfy { type in
            try Regex("\\b(?:struct|class|enum|extension|protocol|actor)\\s+\(type)\\b")
                .isFound(in: code)
        }
        return found && types
    }

    @Test("every symbol that it names is declared in the file that it links")
    func symbols() throws {
        let pattern = #/\[`(?<name>[\w.]+)`\]\((?<path>\.\./Sources/[^)]+\.swift)\)/#
        let links = try Self.page().matches(of: pattern)
        #expect(links.count > 40)
        for link in links {
            let text = try Self.text(at: String(link.output.path))
            #expect(
                try Self.declares(text, String(link.output.name)),
                "\(link.output.name) in \(link.output.path)")
        }
    }

    @Test("every test that it names is in the file that it links")
    func tests() throws {
        let pattern = #/\["(?<name>[^"\]]+)"\]\((?<path>\.\./Tests/[^)]+\.swift)\)/#
        let links = try Self.page().matches(of: pattern)
        #expect(links.count > 25)
        for link in links {
            let text = try Self.text(at: String(link.output.path))
            let name = NSRegularExpression.escapedPattern(for: String(link.output.name))
            let isThere = try Regex("@Test\\(\\s*\"\(name)\"").isFound(in: text)
            #expect(isThere, "\(link.output.name) in \(link.output.path)")
        }
    }

    @Test("every link leads to a file, and every picture of a topic is on the page")
    func pictures() throws {
        let page = try Self.page()
        for link in page.matches(of: #/\]\((?<path>[^)#]+)\)/#) {
            let url = Self.docs.appending(path: String(link.output.path)).standardized
            #expect(FileManager.default.fileExists(atPath: url.path), "\(link.output.path)")
        }
        let topics = try String(
            contentsOf: SourceTree.root.appending(
                path: "Sources/HeedTasks/Lecture/LectureTopic.swift"),
            encoding: .utf8
        ).matches(of: #/(?m)^    case (?<name>\w+)(?: = "(?<raw>[^"]+)")?$/#)
            .map { String($0.output.raw ?? $0.output.name) }
        #expect(topics.count > 10)
        for topic in topics {
            #expect(page.contains("](images/\(topic).svg)"), "\(topic)")
        }
        let images = try FileManager.default.contentsOfDirectory(
            atPath: Self.docs.appending(path: "images").path)
        for image in images where image.hasSuffix(".svg") {
            let isOnPage = page.contains("images/\(image)")
            let readme = try String(
                contentsOf: SourceTree.root.appending(path: "README.md"), encoding: .utf8)
            #expect(isOnPage || readme.contains("images/\(image)"), "\(image) is on no page")
        }
    }

    @Test(
        "a symbol that is not declared is noticed",
        arguments: [
            ("struct A { func b() {} }", "A.b", true), ("struct A { func b() {} }", "A.c", false),
            ("extension A { var b = 1 }", "A.b", true), ("extension B { var b = 1 }", "A.b", false),
            ("// struct A", "A", false), ("let text = \"struct A\"", "A", false),
            ("enum A { case bc }", "A.b", false), ("final class A {}", "A", true),
        ])
    func planted(text: String, name: String, expected: Bool) throws {
        #expect(try Self.declares(text, name) == expected)
    }
}

extension Regex<AnyRegexOutput> {
    /// Whether the pattern is found anywhere.
    fileprivate func isFound(in text: String) throws -> Bool {
        try firstMatch(in: text) != nil
    }
}
