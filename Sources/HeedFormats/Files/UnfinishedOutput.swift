internal import Synchronization

/// A file or folder in the making: one that has a temporary name, or is not whole yet.
///
/// A process that is told to end removes all of them. Creating one, giving it its name and removing all exclude each
/// other, so that none is missed at whatever moment that comes.
package struct UnfinishedOutput: Sendable {
    private struct Outputs: Sendable {
        var count = 0
        var removals: [(number: Int, remove: @Sendable () -> Void)] = []
    }

    private static let outputs = Lock(Outputs())
    private let number: Int

    /// Creates an output and remembers how it is removed; nothing is remembered where `create` throws.
    package init(create: () throws -> Void, remove: @escaping @Sendable () -> Void) throws {
        number = try Self.outputs.withLock { outputs in
            try create()
            outputs.count += 1
            outputs.removals.append((outputs.count, remove))
            return outputs.count
        }
    }

    /// Does what ends the making, such as the renaming or the removal, and forgets the output.
    package func finish(_ body: () throws -> Void) throws {
        try Self.outputs.withLock { outputs in
            defer { outputs.removals.removeAll { $0.number == number } }
            try body()
        }
    }

    /// Removes all that there are, the newest first, and ends the process while no other can begin or be finished.
    package static func removeAll(andEnd end: () -> Never) -> Never {
        outputs.withLock { outputs in
            for output in outputs.removals.reversed() { output.remove() }
            end()
        }
    }
}
