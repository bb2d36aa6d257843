import Foundation
import HeedFormats
import Testing

@Suite("Variables of the environment")
struct EnvironmentTests {
    private func translate(
        _ options: [String], _ environment: [String: String]
    ) throws -> ProgramResult {
        try Program.run(
            ["translate", "--model", SmallRun.shared.get().model, "a b"] + options,
            environment: environment)
    }

    @Test(
        "a value that makes no sense has no effect, and one line says so",
        arguments: [
            ("HEED_THREADS", "0"), ("HEED_THREADS", "two"), ("HEED_THREADS", "-1"),
            ("HEED_THREADS", "99999999999999999999"), ("HEED_THREADS", "257"),
            ("HEED_ISA", "mmx"), ("HEED_ISA", "AVX2"),
        ])
    func nonsense(name: String, value: String) throws {
        let plain = try translate([], [:])
        #expect(plain.status == 0 && plain.errors.isEmpty)
        let result = try translate([], [name: value])
        #expect(result.status == 0 && result.output == plain.output)
        #expect(result.errorLines.count == 1)
        #expect(result.errors.hasPrefix("heed: warning: \(name)=\(value) is "), "\(result.errors)")
        #expect(result.errors.contains("; using "))
    }

    @Test("what an option replaces, and what is empty, needs no warning")
    func silent() throws {
        for environment in [["HEED_THREADS": ""], ["HEED_ISA": ""], ["HEED_THREADS": "3"]] {
            #expect(try translate([], environment).errors.isEmpty)
        }
        #expect(try translate(["--threads", "1"], ["HEED_THREADS": "two"]).errors.isEmpty)
    }

    @Test("the doctor lists such values among what is wrong")
    func doctor() throws {
        let result = try Program.require(
            ["doctor", "--json"], environment: ["HEED_THREADS": "many"])
        let problems = try JSONParser().parse(result.output)["problems"]?.arrayValue ?? []
        #expect(problems.compactMap(\.stringValue).contains { $0.contains("HEED_THREADS=many") })
    }
}
