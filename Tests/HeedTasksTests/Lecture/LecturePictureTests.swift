import Foundation
import HeedTasks
import HeedTensor
import HeedTestSupport
import Testing

@Suite("The pictures of the lecture")
struct LecturePictureTests {
    private static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let model = package.appending(path: "Models/tatoeba-de-en").path

    @Test(
        "each topic has a picture and a page that need nothing else",
        arguments: LectureTopic.allCases)
    func pictures(topic: LectureTopic) throws {
        let page = try topic.page(model: topic.needsModel ? Self.model : nil)
        let svg = page.figure.svg()
        let elements = try WellFormedXML(svg).elements
        #expect(elements.contains { $0.name == "text" } && !svg.contains("no data"))
        #expect(!elements.contains { ["script", "image", "use", "a"].contains($0.name) })
        let html = page.html()
        #expect(
            html.contains("<!DOCTYPE html>") && !html.contains("src=") && !html.contains("href="))
        #expect(svg.utf8.count < 300_000)
        for element in elements {
            for value in element.attributes.values {
                #expect(!value.contains("nan") && !value.contains("inf"))
            }
        }
    }

    @Test(
        "each topic's committed picture has the same title, panels and texts",
        arguments: LectureTopic.allCases)
    func committed(topic: LectureTopic) throws {
        let url = Self.package.appending(path: "docs/images/\(topic.rawValue).svg")
        let page = try topic.page(model: topic.needsModel ? Self.model : nil)
        let committed = try String(contentsOf: url, encoding: .utf8)
        #expect(try Self.words(committed) == Self.words(page.figure.svg()), "run make pictures")
        #expect(try Self.sheet(committed) == Self.sheet(page.figure.svg()), "run make pictures")
    }

    @Test("the committed picture of cross attention is the one that the code draws")
    func crossAttention() async throws {
        let url = Self.package.appending(path: "docs/images/cross-attention.svg")
        let committed = try String(contentsOf: url, encoding: .utf8)
        let translator = try await Translator(
            folder: URL(filePath: Self.model), precision: .float32)
        let map = try await translator.attention(
            of: "Hast du meinen Schlüssel gesehen?", .init(.cross, layers: [2], heads: [2, 3]))
        let drawn = map.svg(kinds: [.cross], layers: [2])
        // Tokens stand at the axes, where numbers are those of the bar of colours.
        let classes: Set = ["h", "p", "t", "m"]
        #expect(
            try Self.words(committed, classes) == Self.words(drawn, classes), "run make pictures")
        #expect(try Self.sheet(committed) == Self.sheet(drawn), "run make pictures")
    }

    /// What is written in a picture. Numbers may differ in their last digits from one instruction set to another; words do
    /// not.
    private static func words(
        _ svg: String, _ classes: Set<String> = ["h", "p", "t"]
    ) throws -> [String] {
        try WellFormedXML(svg).elements.filter {
            $0.name == "text" && classes.contains($0.attributes["class"] ?? "")
        }.map { $0.text.filter { !$0.isNumber && !"⁻⁰¹²³⁴⁵⁶⁷⁸⁹×.".contains($0) } }
    }

    private static func sheet(_ svg: String) throws -> [String] {
        try WellFormedXML(svg).elements.filter { $0.name == "style" }.map(\.text)
    }

    @Test("in a trained model, words of one meaning are nearer than others")
    func neighbours() throws {
        let example = try NeighbourExample(folder: Self.model)
        #expect(example.known == NeighbourExample.groups)
        let (within, across) = example.means
        #expect(within > across + 0.15)
        let today = example.nearest("today", count: 3).others.map(\.word)
        #expect(Set(today) == ["tonight", "tomorrow", "yesterday"])
        #expect(example.nearest("mother", count: 1).others.map(\.word) == ["mom"])
        #expect(example.nearest("nosuchword", count: 3).others.isEmpty)
        for (index, row) in example.cosines.enumerated() { #expect(abs(row[index] - 1) < 1e-5) }
    }
}
