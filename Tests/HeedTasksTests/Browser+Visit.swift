import Foundation
import HeedFormats
import HeedTestSupport
import Testing

extension Browser {
    /// Opens a page, looks at it, and checks that nothing went wrong meanwhile and that nobody else was asked for
    /// anything.
    static func visit(
        _ page: String, width: Int = 1400, height: Int = 1000,
        _ body: (Browser) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let file = URL(filePath: try folder.file("page.html", page))
        let browser = try await Browser(width: width, height: height)
        do {
            try await browser.open(file)
            try await browser.settle()
            try await body(browser)
            #expect(try await browser.console() == [])
            let requests = try await browser.requests()
            #expect(requests.filter { !$0.hasPrefix("file:") && !$0.hasPrefix("data:") } == [])
            #expect(requests.filter { $0.hasPrefix("file:") }.count == 1, "\(requests)")
        } catch {
            try? await browser.quit()
            throw error
        }
        try await browser.quit()
    }

    /// Waits for two frames: whatever was asked for before has been drawn then.
    func settle() async throws {
        try await runAsync(
            """
            for (let i = 0; i < 2; i++) await new Promise(next => requestAnimationFrame(next));
            """)
    }

    /// What a script gives as a list of numbers.
    func numbers(_ script: String, _ argument: JSONValue = .null) async throws -> [Double] {
        (try await run(script, argument).arrayValue ?? []).compactMap(\.doubleValue)
    }

    /// What a script gives as a list of texts.
    func texts(_ script: String) async throws -> [String] {
        (try await run(script).arrayValue ?? []).compactMap(\.stringValue)
    }
}
