public import Foundation
import SwiftProtobuf

/// Writes scalars to an event file that TensorBoard reads.
///
/// Each call appends whole records, so that TensorBoard may read while a run goes on.
public final class EventFileWriter {
    /// The file that is written.
    public let url: URL

    private let handle: FileHandle

    /// Creates a new event file in an existing folder.
    ///
    /// A folder may hold several; TensorBoard reads them in the order of their names, which start
    /// with the time.
    ///
    /// - Parameters:
    ///   - folder: Where the file is made.
    ///   - step: The first step that will be written, for a run that goes on: what earlier files
    ///     hold from this step on is then no longer shown.
    ///   - date: When the file was made.
    /// - Throws: The file system's error when the file cannot be made.
    public init(folder: URL, continuingAt step: Int? = nil, date: Date = Date()) throws {
        (url, handle) = try Self.createFile(in: folder, date: date)
        try append(.with { $0.fileVersion = "brain.Event:2" }, date: date)
        if let step {
            try append(
                .with {
                    $0.step = Int64(step)
                    $0.sessionLog.status = .start
                }, date: date)
        }
    }

    /// Appends the values of some series at one step.
    ///
    /// - Throws: The file system's error when the file cannot be written.
    public func write(_ scalars: [String: Float], step: Int, date: Date = Date()) throws {
        try append(
            .with { event in
                event.step = Int64(step)
                event.summary.value = scalars.sorted { $0.key < $1.key }.map { scalar in
                    .with {
                        $0.tag = scalar.key
                        $0.simpleValue = scalar.value
                    }
                }
            }, date: date)
    }

    /// Flushes the file to the disk and closes it.
    public func close() throws {
        try handle.synchronize()
        try handle.close()
    }

    private func append(_ event: Heed_Event, date: Date) throws {
        var event = event
        event.wallTime = date.timeIntervalSince1970
        let payload: [UInt8] = try event.serializedBytes()
        try handle.write(contentsOf: Data(TFRecord.frame(payload)))
    }

    private static func createFile(in folder: URL, date: Date) throws -> (URL, FileHandle) {
        let seconds = Int(date.timeIntervalSince1970)
        let digits = String(repeating: "0", count: max(0, 10 - "\(seconds)".count)) + "\(seconds)"
        let process = ProcessInfo.processInfo.processIdentifier
        var number = 0
        while true {
            let url = folder.appending(
                path: "events.out.tfevents.\(digits).heed.\(process).\(number)")
            do {
                try Data().write(to: url, options: .withoutOverwriting)
                return (url, try FileHandle(forWritingTo: url))
            } catch let error as CocoaError where error.code == .fileWriteFileExists {
                number += 1
            }
        }
    }
}
