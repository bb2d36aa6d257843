import CHeedFuzzDriver
import Glibc
import HeedFormats

// heed-fuzz list                  the names of the targets
// heed-fuzz seeds TARGET FOLDER   writes inputs to begin with
// heed-fuzz TARGET …              runs libFuzzer with the options and corpora that follow

/// The target of this process, which a function without context must find.
nonisolated(unsafe) private var chosen: FuzzTarget?

private func seed(_ target: FuzzTarget, _ folder: String) throws {
    try Folder.create(folder)
    for (number, seed) in try target.seeds().enumerated() {
        try AtomicFile.write(seed, to: RelativePath.join(folder, "seed-\(number)"))
    }
}

private func fuzz(_ target: FuzzTarget) -> Int32 {
    unsafe chosen = target
    // libFuzzer sees the program's name and its own options, without the target between them.
    let arguments = unsafe CommandLine.unsafeArgv
    unsafe arguments[1] = arguments[0]
    return unsafe heed_fuzz_run(CommandLine.argc - 1, arguments + 1) { start, count in
        let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
        guard let target = unsafe chosen else { return 0 }
        do {
            try target.body(bytes)
        } catch {
            // To be refused with an error is what most inputs deserve; its words are made, too.
            _ = "\(error)"
        }
        return 0
    }
}

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "list": for target in FuzzTarget.all { print(target.name) }
case "seeds" where arguments.count == 4:
    guard let target = FuzzTarget.all.first(where: { $0.name == arguments[2] }) else { exit(64) }
    try seed(target, arguments[3])
case let name?:
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else { exit(64) }
    exit(fuzz(target))
case nil: exit(64)
}
