internal import COniguruma
import Synchronization

/// What is done once for all patterns.
enum OnigurumaLibrary {
    /// Whether the library was prepared; asking prepares it.
    static let isReady: Bool = heed_onig_initialize() == ONIG_NORMAL

    private static let isDefined = Mutex(false)

    /// Defines properties; the library keeps the ranges, which therefore are never freed.
    static func define(_ properties: [(name: String, ranges: [ClosedRange<UInt32>])]) -> Bool {
        isDefined.withLock { isDefined in
            if isDefined { return true }
            isDefined = true
            guard isReady else { return false }
            for property in properties {
                let count = property.ranges.count
                let table = UnsafeMutablePointer<OnigCodePoint>.allocate(
                    capacity: 1 + 2 * count)
                unsafe table[0] = OnigCodePoint(count)
                for (number, range) in property.ranges.enumerated() {
                    unsafe table[1 + 2 * number] = range.lowerBound
                    unsafe table[2 + 2 * number] = range.upperBound
                }
                guard
                    unsafe onig_unicode_define_user_property(property.name, table) == ONIG_NORMAL
                else { return false }
            }
            return true
        }
    }

    /// The library's words for an error.
    @unsafe static func message(_ status: Int32, _ info: inout OnigErrorInfo) -> String {
        var text = [UInt8](repeating: 0, count: Int(heed_onig_message_size()) + 1)
        let count = unsafe text.withUnsafeMutableBufferPointer { buffer -> Int in
            guard let base = buffer.baseAddress else { return 0 }
            return unsafe Int(heed_onig_message(base, status, &info))
        }
        let words = String(decoding: text[..<min(max(count, 0), text.count)], as: UTF8.self)
        // The library's words hold a part of the pattern as it is.
        return "is refused: " + words.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
    }
}
