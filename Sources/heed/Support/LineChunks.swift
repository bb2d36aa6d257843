import HeedFormats
import HeedGeneration
import HeedPatterns
import HeedTasks

/// The lines that a verb works on, some at a time: arguments, a file, or standard input.
///
/// A chunk holds what is there without waiting, so that a program on the other end of a pipe gets an answer to each line.
struct LineChunks {
    private var arguments: [String]?
    private var reader: TextLines?
    /// Lines given so far.
    private(set) var lineCount = 0

    /// Lines of a chunk at most.
    private static let limit = 4096

    /// - Parameters:
    ///   - texts: what was given on the command line.
    ///   - input: a file, `-` for standard input.
    ///   - splitting: whether a text of several lines counts as such.
    init(texts: [String], input: String?, splitting: Bool = true) throws {
        guard texts.isEmpty || input == nil else {
            throw Failure(.usage, "give texts or --input, not both")
        }
        if texts.isEmpty {
            reader =
                try input.flatMap { $0 == "-" ? nil : $0 }.map { try TextLines(path: $0) }
                ?? TextLines.standardInput()
        } else {
            arguments =
                splitting
                ? texts.flatMap {
                    // As in a file: other characters that end lines belong to the text.
                    $0.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
                        .map(String.init)
                } : texts
        }
    }

    /// The name of what is read, for messages.
    var name: String { reader?.name ?? "arguments" }

    /// The next lines, or nil after the last.
    mutating func next() throws -> [String]? {
        if let lines = arguments {
            arguments = nil
            reader = nil
            lineCount += lines.count
            return lines
        }
        guard let line = try reader?.next() else { return nil }
        var lines = [line]
        while lines.count < Self.limit, reader?.hasLineInMemory == true,
            let line = try reader?.next()
        {
            lines.append(line)
        }
        lineCount += lines.count
        return lines
    }
}

/// Warns of lines of a chunk that are longer than any sentence that the model was trained on.
///
/// - Parameters:
///   - indices: which, from 0.
///   - line: lines of earlier chunks.
///   - name: where the lines come from; nil for the only one, which needs no number.
///   - option: what gave the only one.
func warnOfLength(
    _ indices: [Int], after line: Int, in name: String?, option: String = "--source"
) {
    for index in indices {
        let place = name.map { "\(nameForMessage($0)): line \(line + index + 1)" } ?? option
        StandardStreams.printError(
            "heed: warning: \(place) is longer than any sentence that the model was trained on")
    }
}

/// Works on the lines of a chunk; an error that numbers a line there names the one in the whole input.
///
/// - Parameters:
///   - line: lines of earlier chunks.
///   - name: where the lines come from; nil for the only one, which needs no number.
///   - option: what gave the only one.
///   - body: the work.
func namingLines<Result>(
    after line: Int, in name: String?, option: String = "--source", _ body: () throws -> Result
) throws -> Result {
    func place(_ number: Int) -> String {
        name.map { "\(nameForMessage($0)): line \(line + number)" } ?? option
    }
    do {
        return try body()
    } catch let error as SentenceTooLongError {
        let place = name == nil && error.isTarget ? "--target" : place(error.number)
        throw Failure(.badData, "\(place): \(error.problem)")
    } catch let error as SearchFailure {
        throw Failure(
            .badData, "\(place(error.sentence)), token \(error.position): \(error.reason)")
    } catch let error as PromptTooLongError {
        throw Failure(.badData, "\(place(error.number)): \(error.problem)")
    } catch let error as EmptyPromptError {
        throw Failure(.badData, "\(place(error.number)): \(error.problem)")
    } catch let error as PatternError {
        // A whole chunk is cut into pieces at once: its line is not known here.
        throw Failure(.badData, "\(name.map(nameForMessage) ?? option): \(error)")
    } catch let error as PromptFailure {
        throw Failure(.badData, "\(place(error.number)): \(error.problem)")
    }
}
