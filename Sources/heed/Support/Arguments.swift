public import ArgumentParser
import Foundation
public import HeedModels
public import HeedTasks
public import HeedTensor
public import HeedText

// Choices that the command line offers by their raw values.
extension LectureTopic: ExpressibleByArgument {}
extension RunPlot.Horizontal: ExpressibleByArgument {}
extension SyntheticTask: ExpressibleByArgument {}
extension BLEU.Tokenization: ExpressibleByArgument {}
extension TransformerPreset: ExpressibleByArgument {}
extension LanguageModelPreset: ExpressibleByArgument {}
extension WeightType: ExpressibleByArgument {}
extension TranslationTraining.TokenizerType: ExpressibleByArgument {}
extension TranslationTraining.Vocabularies: ExpressibleByArgument {}
extension ScheduleKind: ExpressibleByArgument {}
extension OptimizerKind: ExpressibleByArgument {}

extension AttentionKind: ExpressibleByArgument {}

extension AttentionHead {
    /// A head by its name, such as `cross.2.3`.
    ///
    /// - Throws: `ValidationError` that says what names of heads are like.
    static func named(_ name: String) throws -> AttentionHead {
        guard let head = AttentionHead(name) else {
            let kinds = AttentionKind.allCases.map(\.rawValue)
            throw ValidationError(
                """
                a head is kind.layer.head, such as cross.2.3, with one of the kinds \
                \(kinds.joined(separator: ", "))
                """)
        }
        return head
    }
}

extension Precision: ExpressibleByArgument {
    /// The arithmetics that the program offers; the one that is left out is for tests alone.
    public static var allValueStrings: [String] {
        [Precision.float32, .bfloat16, .int8].map(\.rawValue)
    }

    /// The arithmetic of this name.
    public init?(argument: String) {
        guard Self.allValueStrings.contains(argument) else { return nil }
        self.init(rawValue: argument)
    }
}

/// The arithmetics of training.
enum TrainingPrecision: String, CaseIterable, ExpressibleByArgument {
    case float32, bfloat16
}

/// `--precision`, where gradients or attention alone are computed: int8 is for the weights of inference.
enum PrecisionOption {
    static func checkHasGradients(_ precision: Precision?) throws {
        guard let precision, !precision.hasGradients else { return }
        throw ValidationError(
            "--precision \(precision.rawValue): is for translation; must be float32 or bfloat16")
    }
}

/// `--threads`, wherever it is an option.
enum ThreadOption {
    static func check(_ count: Int?) throws {
        guard let count, !(1...256).contains(count) else { return }
        throw ValidationError("--threads \(count): must be from 1 to 256")
    }

    /// Gives the number of threads to the engine before anything computes, and says which variables of the
    /// environment have no effect.
    static func apply(_ count: Int?) {
        if let count { ThreadPool.threadCount = count }
        let threads = count == nil ? ThreadPool.complaint : nil
        for complaint in [InstructionSet.complaint, threads].compactMap(\.self) {
            StandardStreams.printError("heed: warning: \(complaint)")
        }
    }
}

/// Refuses a number that is out of range, by the option's name.
func checkOption(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
        throw ValidationError(
            "--\(name) \(value): must be from \(range.lowerBound) to \(range.upperBound)")
    }
}

/// A path that means the same from everywhere; an empty one stays empty, which no file has.
func absolute(_ path: String) -> String {
    path.isEmpty || path.utf8.first == UInt8(ascii: "/")
        ? path : FileManager.default.currentDirectoryPath + "/" + path
}
