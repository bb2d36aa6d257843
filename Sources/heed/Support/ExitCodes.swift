import Foundation
import HeedFormats
import HeedGeneration
import HeedModels
import HeedPatterns
import HeedTasks
import HeedTensor
import HeedText
import HeedTraining

/// The codes that the program ends with, as `docs/exit-codes.md` lists them.
enum ExitStatus: Int32 {
    /// The command line makes no sense.
    case usage = 64
    /// An input is there but wrong.
    case badData = 65
    /// An input is not there or cannot be read.
    case missingInput = 66
    /// A mistake in the program itself.
    case `internal` = 70
    /// The system has no more memory.
    case noMemory = 71
    /// An output cannot be created.
    case cannotCreate = 73
    /// Reading or writing failed midway.
    case inputOutput = 74
    /// The user interrupted; what there was is saved.
    case interrupted = 130
}

/// How the program ends when it cannot do what was asked: a code, and one line that says why.
struct Failure: Error {
    let code: ExitStatus
    let message: String

    init(_ code: ExitStatus, _ message: String) {
        self.code = code
        self.message = message.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
    }

    /// The failure that an error of a lower layer stands for, or nil for an error that is not known.
    init?(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as FileError: self.init(Self.code(of: error), "\(error)")
        case is SyntheticCountError, is TrainingSettingError, is ConfigurationError,
            is ModelTooLargeError, is BenchmarkError,
            is AttentionRangeError:
            self.init(.usage, "\(error)")
        case let error as InvalidSearchOption: self.init(.usage, error.onCommandLine)
        case is FolderNotEmptyError: self.init(.cannotCreate, "\(error)")
        case let error as TokenizerFileError where error.isMissing:
            self.init(.missingInput, "\(error)")
        case is NoDefaultModelError: self.init(.missingInput, "\(error)")
        case let error as TensorFolderError:
            self.init(Self.code(of: error), "\(error)")
        case let error as RunHistoryError:
            self.init(error.line == nil ? .missingInput : .badData, "\(error)")
        case is TextError, is MetricError, is JSONError, is JSONFieldError, is CorpusError,
            is SentenceTooLongError, is TrainingError, is TokenizerError, is TokenizerFileError,
            is PatternError, is SentencePieceError, is SafetensorsError,
            is MissingTensorError, is TensorTypeError, is TensorMismatch, is ForwardInputError,
            is FolderDamage, is PairLengthsError, is SearchFailure, is NonFiniteLogits,
            is PromptTooLongError, is EmptyPromptError, is PromptFailure:
            self.init(.badData, "\(error)")
        default: return nil
        }
    }

    private static func code(of error: FileError) -> ExitStatus {
        switch error.problem {
        case .system("read", _), .system("write", _), .system("flush", _), .system("close", _):
            .inputOutput
        case .system(let operation, _)
        where ["create", "rename", "remove"].contains { operation.hasPrefix($0) }: .cannotCreate
        case .exists, .inUse: .cannotCreate
        case .tooLarge, .endedEarly: .badData
        default: .missingInput
        }
    }

    private static func code(of error: TensorFolderError) -> ExitStatus {
        switch error.problem {
        case .noWeights(let others) where others.isEmpty: .missingInput
        case .missingShards: .missingInput
        default: .badData
        }
    }
}

/// Does the part of a verb that creates files, so that its errors end with the codes of outputs.
func creatingOutput<Result>(_ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as FileError {
        switch error.problem {
        case .system("write", _), .system("flush", _): throw Failure(.inputOutput, "\(error)")
        default: throw Failure(.cannotCreate, "\(error)")
        }
    }
}

extension InvalidSearchOption {
    /// The message with the name that the command line gives the option.
    var onCommandLine: String {
        let known = [
            "beamWidth": "beam", "maximumLength": "max-length", "minimumLength": "min-length",
        ]
        let name = option.reduce(into: "") { name, letter in
            name += letter.isUppercase ? "-" + letter.lowercased() : String(letter)
        }
        return "--\(known[option] ?? name) \(value): \(rule)"
    }
}
