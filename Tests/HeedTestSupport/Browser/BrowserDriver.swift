import Foundation

/// The program that drives a headless Chromium, as Debian's `chromium-driver` installs it.
///
/// It listens at a port of this machine that it chooses itself, and ends with this object.
final class BrowserDriver: Sendable {
    /// Where it listens on this machine.
    let port: UInt16
    private let process: Process
    /// Kept open: the driver would end where nobody could read what it says.
    private let output = Pipe()

    init(program: URL) throws {
        let process = Process()
        process.executableURL = program
        process.arguments = ["--port=0"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        port = try Self.port(in: output.fileHandleForReading)
    }

    // The driver inherits a mask that keeps SIGTERM from it.
    deinit { kill(process.processIdentifier, SIGKILL) }

    /// The port of the line "… started successfully on port N.".
    private static func port(in output: FileHandle) throws -> UInt16 {
        var text = ""
        while true {
            let data = output.availableData
            guard !data.isEmpty else { throw BrowserError("the driver ended: \(text)") }
            text += String(decoding: data, as: UTF8.self)
            if let found = text.firstMatch(of: #/successfully on port (\d+)/#),
                let port = UInt16(found.output.1)
            {
                return port
            }
        }
    }
}

/// What the browser or its driver could not do.
public struct BrowserError: Error, CustomStringConvertible {
    /// The whole message.
    public let description: String

    init(_ description: String) { self.description = description }
}
