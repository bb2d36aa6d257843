import HeedFormats
import SwiftProtobuf

/// The scalars of the event files in a folder, in the order of the updates.
struct ScalarHistory {
    /// What was measured, by its tag: updates and values.
    private(set) var series: [String: [(update: Int, value: Double)]] = [:]
    /// Files that could not be read to their end, and why.
    private(set) var notices: [String] = []

    private static let limit = 1 << 30

    /// Reads the files in the order of their names, as TensorBoard does. What a run that was resumed measured again
    /// replaces what was there. A last record that is not whole is being written.
    init(folder: String) throws {
        guard try Folder.kind(of: folder) == .folder else { return }
        let names = try Folder.names(in: folder).filter { $0.contains("tfevents") }
        for name in names.sorted() {
            let path = RelativePath.join(folder, name)
            let bytes = try InputFile.bytes(path: path, limit: Self.limit)
            let (payloads, damage) = TFRecord.readablePayloads(in: bytes)
            if let damage, damage.problem != .endsInside {
                notices.append("\(nameForMessage(path)): \(damage)")
            }
            for payload in payloads {
                guard let event = try? Heed_Event(serializedBytes: payload) else {
                    notices.append("\(nameForMessage(path)): a record is no event")
                    break
                }
                add(event)
            }
        }
    }

    private mutating func add(_ event: Heed_Event) {
        guard let update = Int(exactly: event.step) else { return }
        switch event.what {
        case .sessionLog(let log) where log.status == .start:
            for tag in Array(series.keys) { series[tag]?.removeAll { $0.update >= update } }
        case .summary(let summary):
            for value in summary.value {
                series[value.tag, default: []].append((update, Double(value.simpleValue)))
            }
        default: break
        }
    }
}
