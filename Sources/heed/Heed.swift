import ArgumentParser
import Foundation
import HeedFormats

/// The program: a tree of verbs.
@main
struct Heed: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "heed",
        abstract: "Train, run and look into Transformers on the machine in front of you.",
        discussion: """
            Text comes in as UTF-8, one sentence a line, and leaves in the same order. Progress and \
            errors go to standard error; results go to standard output or to --output.

            EXAMPLES
              heed translate 'Wo ist der Bahnhof?'
              heed attend --source 'Guten Morgen!' --output attention.html
              heed data dates --count 20000 --seed 1 --output dates
              heed score --hypothesis output.txt --reference test.target
              heed help data
              heed --generate-completion-script bash > /etc/bash_completion.d/heed

            EXIT CODES
              0 success, 64 usage, 65 bad data, 66 missing input, 70 internal error,
              71 out of memory, 73 output cannot be created, 74 input or output failed,
              130 interrupted and saved
            """,
        version: version,
        subcommands: [
            TrainCommand.self, TranslateCommand.self, GenerateCommand.self, AttendCommand.self,
            ScoreCommand.self, ForwardCommand.self, TokenizeCommand.self, InspectCommand.self,
            DataCommand.self, SplitCommand.self, ExportCommand.self, PlotCommand.self,
            ExplainCommand.self, BenchCommand.self, DoctorCommand.self,
        ]
    )

    static func main() async {
        StandardStreams.prepare()
        Interruption.endProgram()
        Interruption.endOutOfMemory()
        Interruption.endOnLostFile()
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            try checkEncoding()
            try checkHelp(arguments)
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            finish(with: error, arguments: arguments)
        }
    }

    /// Ends the program: what was asked for goes to standard output, an error to standard error in
    /// one line.
    private static func finish(with error: any Error, arguments: [String]) -> Never {
        if error is ClosedPipe { Foundation.exit(0) }
        var failure = Failure(error)
        if failure == nil {
            // What remains is the argument parser's: help, version, completion, or a usage error.
            let text = message(for: error)
            let code = exitCode(for: error)
            if code.isSuccess {
                do {
                    try StandardStreams.print(fullMessage(for: error))
                    Foundation.exit(0)
                } catch is ClosedPipe {
                    Foundation.exit(0)
                } catch {
                    failure = Failure(error)
                }
            } else if code == .validationFailure {
                failure = Failure(.usage, "\(text) (see '\(helpCommand(for: arguments))')")
            }
        }
        let last = failure ?? Failure(.internal, "internal error: \(error)")
        StandardStreams.printError("heed: \(last.message)")
        Foundation.exit(last.code.rawValue)
    }

    private static func helpCommand(for arguments: [String]) -> String {
        (["heed"] + verbs(of: arguments) + ["--help"]).joined(separator: " ")
    }

    /// The arguments at the beginning that name verbs.
    private static func verbs(of arguments: some Sequence<String>) -> [String] {
        var names: [String] = []
        var command: any ParsableCommand.Type = Heed.self
        for argument in arguments {
            let next = command.configuration.subcommands.first {
                $0.configuration.commandName == argument
            }
            guard let next else { break }
            names.append(argument)
            command = next
        }
        return names
    }

    /// Refuses arguments that are not UTF-8: Swift would repair them, and so name other files and read other texts.
    private static func checkEncoding() throws {
        guard let number = CommandLine.firstUnreadableArgument else { return }
        let repaired = nameForMessage(CommandLine.arguments[number])
        throw Failure(.usage, "argument \(number), \(repaired): is not UTF-8")
    }

    /// Refuses `heed help` of a verb that there is not, for which the parser would show another's help.
    private static func checkHelp(_ arguments: [String]) throws {
        guard arguments.first == "help" else { return }
        let asked = arguments.dropFirst().prefix { !$0.hasPrefix("-") }
        let known = verbs(of: asked)
        guard known.count < asked.count else { return }
        throw Failure(
            .usage,
            "there is no verb '\(asked.joined(separator: " "))' (see '\(helpCommand(for: known))')")
    }
}
