import Testing

@Suite("Exit codes")
struct ExitCodeTests {
    @Test("every public error of the layers is known to the program, which gives it a code")
    func errors() throws {
        let files = try SourceTree.files(under: "Sources")
        let known = try #require(files.first { $0.path.hasSuffix("heed/Support/ExitCodes.swift") })
        let pattern = #/public (?:struct|enum) (?<name>\w+)\s*:[^{]*\bError\b/#
        var names: [String] = []
        for file in files where file.path.hasSuffix(".swift") {
            names += file.text.matches(of: pattern).map { String($0.output.name) }
        }
        #expect(names.count > 10)
        #expect(names.filter { !known.text.contains($0) } == [])
    }
}
