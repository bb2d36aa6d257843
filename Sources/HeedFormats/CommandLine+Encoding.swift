extension CommandLine {
    /// The number of the first argument that is not UTF-8, from 1, or nil for none; `arguments` repairs it.
    package static var firstUnreadableArgument: Int? {
        arguments.indices.dropFirst().first { number in
            // Only where something was repaired can the bytes be others.
            guard arguments[number].unicodeScalars.contains("\u{FFFD}"),
                let bytes = unsafe unsafeArgv[number]
            else { return false }
            return unsafe String(validatingCString: bytes) == nil
        }
    }
}
