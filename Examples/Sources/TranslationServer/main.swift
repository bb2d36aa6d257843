// Translates in the handlers of a server: many requests at a time, one model, and no thread of Swift's that waits.
//
// The requests are lines of standard input, such as `GET /translate?text=Guten%20Morgen!`, and all are handled at the same
// time; their answers are printed in their order. In a web framework the same handler is a route; in Hummingbird 2:
//
//     router.get("translate") { request, _ in
//         let answer = await service.answer(to: request.uri.description)
//         return Response(status: .init(code: answer.status), body: .init(byteBuffer: .init(string: answer.body)))
//     }

import Foundation
import HeedTasks

struct Answer: Sendable {
    var status: Int
    var body: String
}

/// What handlers share: the translator is an actor that owns its model and computes on a thread of its own.
struct TranslationService: Sendable {
    let translator: Translator
    /// Characters of a request's text at most, so that no request holds the others up for long.
    var limit = 500

    /// Cancelling the request's task, as a server does when the client goes away, stops the translation.
    func answer(to path: String) async -> Answer {
        guard let components = URLComponents(string: path), components.path == "/translate" else {
            return Answer(status: 404, body: "there is /translate?text=… alone")
        }
        guard let text = components.queryItems?.first(where: { $0.name == "text" })?.value else {
            return Answer(status: 400, body: "text is missing")
        }
        guard text.count <= limit, !text.contains(where: \.isNewline) else {
            return Answer(status: 413, body: "one line of at most \(limit) characters")
        }
        do {
            return Answer(status: 200, body: try await translator.translate([text])[0].text)
        } catch is CancellationError {
            return Answer(status: 499, body: "the client went away")
        } catch {
            return Answer(status: 422, body: "\(error)")
        }
    }
}

let folder = try CommandLine.arguments.dropFirst().first ?? DefaultModel.folder()
let service = TranslationService(translator: try await Translator(folder: URL(filePath: folder)))

await withTaskGroup(of: (Int, Answer).self) { group in
    var answers: [Int: Answer] = [:]
    var number = 0
    while let line = readLine() {
        let (index, path) = (number, line.split(separator: " ").dropFirst().first ?? "")
        group.addTask { (index, await service.answer(to: String(path))) }
        number += 1
    }
    for await (index, answer) in group { answers[index] = answer }
    for index in 0..<number {
        if let answer = answers[index] { print(answer.status, answer.body) }
    }
}
