import Foundation
import Testing

@Suite("What SECURITY.md says")
struct SecurityTests {
    private static let names = [
        "URLSession", "FoundationNetworking", "Network", "Process", "socket", "connect", "listen",
        "posix_spawn", "fork", "vfork", "execv", "execve", "execvp", "execl", "system", "popen",
        "dlopen",
        "NSTask", "JSONDecoder", "JSONSerialization", "PropertyListDecoder", "NSKeyedUnarchiver",
    ]

    @Test(
        "no source opens a connection, starts a program, loads code, or parses outside data elsewhere"
    )
    func never() throws {
        let files = try SourceTree.files(under: "Sources")
        #expect(files.count > 100)
        for file in files {
            let code = CodeOnly.lines(of: file.text).joined(separator: "\n")
                .replacing("case system(", with: "")
            for name in Self.names {
                let uses = try Regex("(^|[^.\\w])\(name)\\s*[(.<]")
                #expect(code.firstMatch(of: uses) == nil, "\(file.path) uses \(name)")
            }
        }
    }

    @Test(
        "every dependency of the package has a reason there, with the version that the package asks for"
    )
    func dependencies() throws {
        let package = try String(
            contentsOf: SourceTree.root.appending(path: "Package.swift"), encoding: .utf8)
        let security = try String(
            contentsOf: SourceTree.root.appending(path: "SECURITY.md"), encoding: .utf8)
        let pattern = #/\.package\(url: "[^"]*/(?<name>[^"/]+)", from: "(?<version>[^"]+)"\)/#
        let found = package.matches(of: pattern)
        #expect(found.count >= 3)
        #expect(found.count == package.matches(of: /\.package\(/).count)
        for dependency in found {
            let row = security.split(separator: "\n").first {
                $0.hasPrefix("| \(dependency.name)")
                    && $0.contains("| \(dependency.version) or later")
            }
            #expect(row != nil, "\(dependency.name) \(dependency.version)")
        }
        for library in package.matches(of: #/linkedLibrary\("(?<name>\w+)"\)/#) {
            #expect(library.name == "m" || security.contains("lib\(library.name)"))
        }
    }
}
