import Foundation
import HeedModels
import HeedNN
import HeedTensor

/// A model that this machine's memory cannot hold while it is trained.
public struct ModelTooLargeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// How many numbers the model would learn.
    public let parameterCount: Int
    /// The bytes that these need at least.
    public let neededBytes: Int
    /// The bytes that there are.
    public let availableBytes: Int

    /// The whole message in one line.
    public var description: String {
        let gigabytes = { (bytes: Int) in String(format: "%.1f GB", Double(bytes) / 1e9) }
        return """
            a model of these sizes has \(parameterCount) parameters, which need \
            \(gigabytes(neededBytes)) to be trained; this machine has \(gigabytes(availableBytes))
            """
    }

    /// A value, its gradient and two moments of Adam, four bytes each.
    private static let bytesOfParameter = 16

    /// Throws where a training could not even hold its parameters, before any of them gets memory.
    static func check(
        _ configuration: TransformerConfiguration, available: Int = MachineMemory.limit
    ) throws {
        let shapes = try Transformer(configuration, builder: ModelBuilder(forWeightsFromFiles: ()))
        try check(parameterCount: shapes.parameterCount, available: available)
    }

    /// The same for a model of so many parameters.
    static func check(parameterCount count: Int, available: Int = MachineMemory.limit) throws {
        let (needed, overflow) = count.multipliedReportingOverflow(by: bytesOfParameter)
        guard overflow || needed > available else { return }
        throw ModelTooLargeError(
            parameterCount: count, neededBytes: overflow ? Int.max : needed,
            availableBytes: available)
    }
}
