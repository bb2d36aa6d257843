/// What the layers of the package may import and contain.
enum LayerRules {
    /// The layers that each layer may rest on. Arrows run downward only; `HeedModels` and
    /// `HeedTraining` are siblings, and text needs no matrix engine.
    static let layersBelow: [String: Set<String>] = [
        "heed": [
            "HeedTasks", "HeedModels", "HeedTraining", "HeedGeneration", "HeedNN", "HeedTensor",
            "HeedText", "HeedPatterns", "HeedFormats", "CHeedMemory",
        ],
        "CHeedMemory": [],
        "HeedTasks": [
            "HeedModels", "HeedTraining", "HeedGeneration", "HeedNN", "HeedTensor", "HeedText",
            "HeedFormats",
        ],
        "HeedModels": ["HeedGeneration", "HeedNN", "HeedTensor", "HeedFormats"],
        "HeedTraining": ["HeedNN", "HeedTensor", "HeedFormats"],
        "HeedGeneration": ["HeedTensor"],
        "HeedNN": ["HeedTensor", "HeedFormats"],
        "HeedTensor": ["CHeedKernels", "HeedFormats"],
        "HeedText": ["HeedPatterns", "HeedFormats"],
        "HeedPatterns": ["COniguruma"],
        "COniguruma": [],
        "HeedFormats": [],
        "CHeedKernels": [],
    ]

    /// Libraries from outside, and the layers that use them.
    static let libraries: [String: Set<String>] = [
        "ArgumentParser": ["heed"],
        "Yams": ["heed"],
        "SwiftProtobuf": ["HeedTraining"],
    ]

    /// What comes with the toolchain.
    static let toolchain: Set<String> = [
        "Darwin", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl",
        "Synchronization",
    ]

    /// The layers that may hold expressions marked `unsafe`, behind interfaces that are safe.
    static let unsafeLayers: Set<String> = ["HeedTensor", "HeedFormats", "HeedPatterns"]

    /// Files that may end the program, and why: all else meets bytes from outside, whose errors are thrown. Preconditions on
    /// what a caller passes are not looked for, nor is what stands in interpolations.
    static let trappingFiles = [
        "Sources/HeedTensor/Core/Shape.swift": "shapes that the code itself got wrong",
        "Sources/HeedTensor/Core/Kernels.swift": "types that an operator never gives to kernels",
        "Sources/HeedTensor/Core/OutOfMemory.swift": "memory that is missing has its own exit code",
        "Sources/HeedFormats/Safetensors/SafetensorsWriter.swift": "tensors never announced to it",
        "Sources/HeedTraining/Events/event.pb.swift": "generated",
    ]

    static let longestFile = 500
    static let longestFunction = 60

    /// Everything that a file does against the rules, each with its place.
    static func violations(in file: SourceFile) -> [String] {
        var found = lengthViolations(in: file)
        guard let below = layersBelow[file.target] else {
            return found + ["\(file.path): the target \(file.target) has no place in the layers"]
        }
        guard file.path.hasSuffix(".swift") else { return found }
        for (number, line) in zip(1..., CodeOnly.lines(of: file.text)) {
            let place = "\(file.path):\(number)"
            found += importViolations(line, from: file.target, below: below).map {
                "\(place): \($0)"
            }
            if !unsafeLayers.contains(file.target), line.lowercased().contains("unsafe") {
                found.append(
                    "\(place): unsafe code outside HeedTensor, HeedFormats and HeedPatterns")
            }
            if trappingFiles[file.path] == nil, isTrapping(line) {
                found.append("\(place): ends the program instead of throwing an error")
            }
            if line.contains("@testable") { found.append("\(place): @testable") }
            if declaredType(on: line) == file.target {
                found.append("\(place): a type with the name of its module")
            }
        }
        return found
    }

    static func lengthViolations(in file: SourceFile) -> [String] {
        var found: [String] = []
        if file.lineCount > longestFile {
            found.append("\(file.path): \(file.lineCount) lines, more than \(longestFile)")
        }
        guard file.path.hasSuffix(".swift"), !file.path.hasSuffix(".pb.swift") else { return found }
        for function in functions(in: CodeOnly.lines(of: file.text))
        where function.count > longestFunction {
            found.append(
                """
                \(file.path):\(function.lowerBound + 1): a function of \(function.count) lines, more \
                than \(longestFunction)
                """)
        }
        return found
    }

    /// The lines of each function, from its first word to the brace that ends it.
    static func functions(in lines: [Substring]) -> [Range<Int>] {
        lines.indices.compactMap { start in
            guard lines[start].contains(#/\bfunc\s+\S|(?:^|[^.\w])(?:init|subscript)[?!]?\s*[(<]/#)
            else {
                return nil
            }
            var (braces, parentheses) = (0, 0)
            for (number, line) in lines[start...].enumerated() {
                for character in line {
                    switch character {
                    case "(": parentheses += 1
                    case ")": parentheses -= 1
                    // Closures that are defaults of parameters are no body.
                    case "{" where parentheses == 0 || braces > 0: braces += 1
                    case "}" where parentheses == 0 || braces > 0:
                        braces -= 1
                        if braces <= 0 { return start..<start + number + 1 }
                    default: break
                    }
                }
                // A requirement of a protocol, or a call, has no body.
                let isEmpty = line.allSatisfy(\.isWhitespace)
                if braces == 0, parentheses <= 0, number > 0, isEmpty { return nil }
            }
            return nil
        }
    }

    /// Whether a line ends the program by design: a fatal error, a forced `try` or cast, a forced unwrapping.
    static func isTrapping(_ line: Substring) -> Bool {
        line.contains(
            #/\b(?:fatalError|preconditionFailure|assertionFailure)\b|\b(?:try|as)!|[\w)\]}>?`]!(?!=)/#
        )
    }

    private static func importViolations(
        _ line: Substring, from target: String, below: Set<String>
    ) -> [String] {
        importedModules(on: line).compactMap { module in
            if layersBelow[module] != nil {
                return below.contains(module) ? nil : "\(target) may not import \(module)"
            }
            if let users = libraries[module] {
                return users.contains(target) ? nil : "\(target) may not import \(module)"
            }
            return toolchain.contains(module) ? nil : "\(module) is no library of this package"
        }
    }

    /// The modules that a line imports: `import M`, `@a public import struct M.T`, `import A; import B`.
    static func importedModules(on line: Substring) -> [String] {
        line.split(separator: ";").compactMap { statement in
            let statement = statement.drop(while: \.isWhitespace)
            let pattern =
                #/^(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(?<module>\w+)/#
            return statement.prefixMatch(of: pattern).map { String($0.output.module) }
        }
    }

    /// The name that a line declares as a type.
    static func declaredType(on line: Substring) -> String? {
        let pattern = #/\b(?:struct|class|enum|actor|protocol|typealias)\s+(?<name>\w+)/#
        return line.firstMatch(of: pattern).map { String($0.output.name) }
    }
}
