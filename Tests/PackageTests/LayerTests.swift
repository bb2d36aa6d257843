import Testing

@Suite("The layers of the package")
struct LayerTests {
    @Test("every file under Sources keeps the rules of its layer")
    func sources() throws {
        let files = try SourceTree.files(under: "Sources")
        #expect(Set(files.map(\.target)) == Set(LayerRules.layersBelow.keys))
        #expect(files.flatMap(LayerRules.violations(in:)) == [])
        let trapping = files.filter { file in
            LayerRules.trappingFiles[file.path] != nil
                && CodeOnly.lines(of: file.text).contains(where: LayerRules.isTrapping)
        }
        #expect(trapping.count == LayerRules.trappingFiles.count)
    }

    @Test("no test, example or benchmark is too long or uses @testable")
    func surroundings() throws {
        let files = try ["Tests", "Examples", "Benchmarks"].flatMap(SourceTree.files(under:))
        #expect(!files.isEmpty)
        #expect(files.flatMap(LayerRules.lengthViolations(in:)) == [])
        for file in files where file.path.hasSuffix(".swift") {
            let lines = CodeOnly.lines(of: file.text)
            #expect(!lines.contains { $0.contains("@testable") }, "\(file.path)")
        }
    }

    @Test("arrows run downward only: no layer rests on one that rests on it")
    func acyclic() {
        for (layer, below) in LayerRules.layersBelow {
            for other in below {
                #expect(LayerRules.layersBelow[other]?.contains(layer) == false)
            }
        }
        #expect(LayerRules.layersBelow["HeedModels"]?.contains("HeedTraining") == false)
        #expect(LayerRules.layersBelow["HeedTraining"]?.contains("HeedModels") == false)
        #expect(LayerRules.layersBelow["HeedText"] == ["HeedPatterns", "HeedFormats"])
        #expect(LayerRules.layersBelow["HeedPatterns"] == ["COniguruma"])
        #expect(LayerRules.layersBelow["HeedFormats"] == [])
    }

    @Test(
        "an error planted in a file is found",
        arguments: [
            ("HeedText", "import HeedTensor"),
            ("HeedText", "@_exported public import struct HeedTensor.Shape"),
            ("HeedFormats", "internal import HeedNN"),
            ("HeedModels", "import Foundation; package import HeedTraining"),
            ("HeedTraining", "import HeedModels"),
            ("HeedNN", "import CHeedKernels"),
            ("HeedNN", "import SwiftProtobuf"),
            ("HeedNN", "import Elsewhere"),
            ("HeedNN", "let bytes = unsafe pointer.pointee"),
            ("HeedText", "func f(_ p: UnsafeRawPointer) {}"),
            ("HeedText", "@testable import HeedFormats"),
            ("HeedNN", "public enum HeedNN {}"),
            ("HeedUnknown", "let x = 1"), ("HeedText", "fatalError()"),
            ("HeedModels", "guard let a else { preconditionFailure() }"),
            ("HeedTasks", "let a = try! f()"), ("HeedTasks", "let a = b as! C"),
            ("HeedFormats", "let a = b!"), ("HeedFormats", "f(a[0]!.c)"), ("heed", "var a: Int!"),
            ("heed", "let a = b(c)!.d"), ("heed", "let a = b?.c()![0]"),
            ("heed", "let a = b { c }!"),
            ("HeedTensor", String(repeating: "\n", count: 501)),
            ("heed", "func f(\n) {\n" + String(repeating: "g()\n", count: 58) + "}"),
            (
                "heed",
                "func f(\na: () -> Int = { 1 },\n\nb: Int) {\n"
                    + String(repeating: "g()\n", count: 57) + "}"
            ),
            ("heed", "init?<T>(_ t: T) { g {\n" + String(repeating: "\n", count: 59) + "} }"),
        ])
    func planted(target: String, text: String) {
        let file = SourceFile(target: target, path: "Sources/\(target)/A.swift", text: text)
        #expect(LayerRules.violations(in: file).count == 1)
    }

    @Test(
        "comments and literals are not code",
        arguments: [
            "// import HeedTensor, unsafe", "/* /* @testable */ import HeedNN */ let x = 1",
            #"let a = "unsafe \" unsafe""#, "let b = \"\"\"\n    unsafe\n    \"\"\"",
            "let a = !b", "if a != b, c() != d { f(!e) }", "print(\"a!\")",
            "let c = #\"unsafe \" unsafe\"#", "/// A structure of type HeedText.",
            String(repeating: "\n", count: 500),
            "func f() {\n" + String(repeating: "g()\n", count: 58) + "}\nlet a = 1\n",
        ])
    func notCode(text: String) {
        let file = SourceFile(target: "HeedText", path: "Sources/HeedText/A.swift", text: text)
        #expect(LayerRules.violations(in: file) == [])
    }

    @Test("line numbers survive the removal of comments")
    func lineNumbers() {
        let text = "/*\n*/\nlet s = \"\"\"\n  a\n  \"\"\"\nimport HeedTensor\n"
        let file = SourceFile(target: "HeedText", path: "A.swift", text: text)
        #expect(
            LayerRules.violations(in: file) == ["A.swift:6: HeedText may not import HeedTensor"])
    }
}
