public import Foundation
public import HeedFormats

/// A headless Chromium, told what to do through its driver by the W3C WebDriver protocol.
///
/// Each object is a session of its own with a fresh profile. Nothing outside this machine is spoken to.
public final class Browser: Sendable {
    /// What a test that needs a browser says where there is none.
    public static let absence: String =
        "no chromium with chromedriver here: apt-get install chromium chromium-driver"

    /// Whether the browser and its driver are installed.
    public static var isInstalled: Bool { programs != nil }

    private let driver: BrowserDriver
    private let session: String

    private static var programs: (browser: URL, driver: URL)? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        func find(_ names: [String]) -> URL? {
            names.lazy.flatMap { name in folders.map { URL(filePath: "\($0)/\(name)") } }
                .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        }
        guard let browser = find(["chromium", "chromium-browser", "google-chrome"]),
            let driver = find(["chromedriver"])
        else { return nil }
        return (browser, driver)
    }

    /// Starts a browser whose window has this size.
    public init(width: Int = 1400, height: Int = 1000) async throws {
        guard let programs = Self.programs else { throw BrowserError(Self.absence) }
        driver = try BrowserDriver(program: programs.driver)
        let arguments: [JSONValue] = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--hide-scrollbars",
            .string("--window-size=\(width),\(height)"),
        ]
        let answer = try await Self.send(
            "POST", "/session",
            [
                "capabilities": [
                    "alwaysMatch": [
                        "goog:chromeOptions": [
                            "args": .array(arguments),
                            "binary": .string(programs.browser.path),
                        ],
                        "goog:loggingPrefs": ["browser": "ALL", "performance": "ALL"],
                        // Milliseconds, of which a machine that does much else takes many.
                        "timeouts": ["script": 300_000],
                    ]
                ]
            ], to: driver)
        guard let id = answer["sessionId"]?.stringValue else {
            throw BrowserError("the driver gave no session")
        }
        session = id
    }

    /// Ends the browser; nothing else may be asked afterwards.
    public func quit() async throws { try await send("DELETE", "") }

    /// Opens a page and waits until it has been loaded.
    public func open(_ url: URL) async throws {
        try await send("POST", "/url", ["url": .string(url.absoluteString)])
    }

    /// Runs the body of a function in the page and gives what it returns.
    @discardableResult
    public func run(_ script: String, _ arguments: JSONValue...) async throws -> JSONValue {
        try await send(
            "POST", "/execute/sync",
            ["script": .string(script), "args": .array(arguments)])
    }

    /// Runs the body of an `async` function in the page and gives what its promise is fulfilled with.
    @discardableResult
    public func runAsync(_ script: String) async throws -> JSONValue {
        try await send(
            "POST", "/execute/async",
            [
                "script": .string(
                    "const done = arguments[0]; (async () => { \(script) })().then(done, e => done(String(e)))"
                ), "args": [],
            ])
    }

    /// Presses keys one after the other, each by its character or by its code point in the protocol's table.
    public func press(_ keys: [Key]) async throws {
        let actions = keys.flatMap { key -> [JSONValue] in
            ["keyDown", "keyUp"].map { ["type": .string($0), "value": .string(key.rawValue)] }
        }
        try await perform(["type": "key", "id": "keys", "actions": .array(actions)])
    }

    /// Keys that have no character.
    public enum Key: String, Sendable {
        case tab = "\u{E004}"
        case escape = "\u{E00C}"
        case end = "\u{E010}"
        case home = "\u{E011}"
        case left = "\u{E012}"
        case up = "\u{E013}"
        case right = "\u{E014}"
        case down = "\u{E015}"
        case space = " "
    }

    /// Moves the pointer to a point of the window, and clicks there if wanted.
    public func point(x: Double, y: Double, click: Bool = false) async throws {
        var actions: [JSONValue] = [
            [
                "type": "pointerMove", "duration": 0, "x": .int(Int(x.rounded())),
                "y": .int(Int(y.rounded())),
            ]
        ]
        if click {
            actions += [["type": "pointerDown", "button": 0], ["type": "pointerUp", "button": 0]]
        }
        try await perform(["type": "pointer", "id": "mouse", "actions": .array(actions)])
    }

    /// Says whether the system is dark, as the page sees it.
    public func setDark(_ isDark: Bool) async throws {
        try await send(
            "POST", "/goog/cdp/execute",
            [
                "cmd": "Emulation.setEmulatedMedia",
                "params": [
                    "features": [
                        [
                            "name": "prefers-color-scheme",
                            "value": .string(isDark ? "dark" : "light"),
                        ]
                    ]
                ],
            ])
    }

    /// What the page has written to the console since it was asked last, errors of scripts included; without the
    /// browser's advice on how to read pictures faster, which tests alone do.
    public func console() async throws -> [String] {
        try await log("browser").filter { $0["source"]?.stringValue != "rendering" }
            .map { $0["message"]?.stringValue ?? "" }
    }

    /// The addresses that were asked for since this was asked last.
    public func requests() async throws -> [String] {
        try await log("performance").compactMap { entry in
            let text = entry["message"]?.stringValue ?? ""
            let message = try JSONParser().parse(text)["message"]
            guard message?["method"]?.stringValue == "Network.requestWillBeSent" else { return nil }
            return message?["params"]?["request"]?["url"]?.stringValue
        }
    }

    private func log(_ type: String) async throws -> [JSONValue] {
        try await send("POST", "/se/log", ["type": .string(type)]).arrayValue ?? []
    }

    private func perform(_ source: JSONValue) async throws {
        try await send("POST", "/actions", ["actions": [source]])
    }

    /// Sends a command and gives the value of its answer.
    @discardableResult
    private func send(
        _ method: String, _ command: String, _ body: JSONValue? = nil
    ) async throws -> JSONValue {
        try await Self.send(method, "/session/\(session)\(command)", body, to: driver)
    }

    private static func send(
        _ method: String, _ path: String, _ body: JSONValue?, to driver: BrowserDriver
    ) async throws -> JSONValue {
        let answer = try await LocalHTTP.send(
            method, path, port: driver.port, body: body.map { JSONWriter().bytes($0) } ?? [])
        let value = try JSONParser().parse(answer)["value"] ?? nil
        if let error = value["error"]?.stringValue {
            throw BrowserError("\(error): \(value["message"]?.stringValue ?? "")")
        }
        return value
    }
}
