/// Normalization (Unicode Standard Annex 15), in one pass that keeps track of
/// which old character each new one replaces.
struct CanonicalComposition {
    typealias Change = (scalar: UInt32, change: Int)

    private let tables: CanonicalTables
    private let form: NormalizationForm
    private var result: [Change] = []
    /// The last starter, which later characters may compose with.
    private var starter: Change?
    /// What follows the starter and did not compose with it.
    private var followers: [Change] = []
    private var lastClass: UInt8?
    /// Decomposed characters of class > 0 since the last starter, still unsorted.
    private var marks: [(scalar: UInt32, change: Int, combiningClass: UInt8)] = []

    private init(tables: CanonicalTables, form: NormalizationForm) {
        self.tables = tables
        self.form = form
    }

    /// Puts a text into a form; a text that is there already is only looked at.
    ///
    /// - Parameter tables: the version of Unicode, asked for only where the text needs it.
    static func normalize(
        _ text: inout NormalizedText, _ form: NormalizationForm = .nfc,
        tables: @autoclosure () -> CanonicalTables = .version9
    ) {
        guard !isNormalized(text.bytes, form, tables: tables()) else { return }
        var composition = CanonicalComposition(tables: tables(), form: form)
        composition.result.reserveCapacity(text.bytes.count)
        var position = 0
        while position < text.bytes.count {
            let scalar = UTF8Bytes.scalar(in: text.bytes, at: position)
            composition.add(scalar.value)
            position = scalar.next
        }
        composition.flushMarks()
        composition.flushStarter()
        text.transform(composition.result)
    }

    /// Whether the quick check proves the form; `false` may also mean that it cannot tell.
    static func isNormalized(
        _ bytes: [UInt8], _ form: NormalizationForm = .nfc,
        tables: @autoclosure () -> CanonicalTables
    ) -> Bool {
        // Nothing below U+0300, whose first byte is 0xCC, changes or combines in form C; continuation
        // bytes are smaller than that.
        let firstByte = form.firstByte
        guard var position = bytes.firstIndex(where: { $0 >= firstByte }) else { return true }
        let tables = tables()
        var previous: UInt8 = 0
        while position < bytes.count {
            if bytes[position] < firstByte {
                if bytes[position] < 0x80 || bytes[position] >= 0xC0 { previous = 0 }
                position += 1
                continue
            }
            let scalar = UTF8Bytes.scalar(in: bytes, at: position)
            let check = tables.quickCheck(scalar.value, form)
            if check.mayChange || (check.combiningClass != 0 && check.combiningClass < previous) {
                return false
            }
            previous = check.combiningClass
            position = scalar.next
        }
        return true
    }

    private mutating func add(_ scalar: UInt32) {
        // Below U+00A0 everything is a starter without a decomposition.
        if scalar < 0xA0 {
            flushMarks()
            compose(scalar, change: 0, combiningClass: 0)
            return
        }
        // The first part replaces the character, the others are inserted after it.
        var parts: [UInt32] = []
        tables.decompose(scalar, form) { parts.append($0) }
        for (index, part) in parts.enumerated() {
            let change = index == 0 ? 0 : 1
            let combiningClass = tables.combiningClass(part)
            if combiningClass == 0 {
                flushMarks()
                compose(part, change: change, combiningClass: 0)
            } else {
                marks.append((part, change, combiningClass))
            }
        }
    }

    /// Sorts the marks by class, keeping the order of equals, and passes them on.
    private mutating func flushMarks() {
        guard !marks.isEmpty else { return }
        if marks.count > 1 {
            var counts = [Int](repeating: 0, count: 257)
            for mark in marks { counts[Int(mark.combiningClass) + 1] += 1 }
            for index in 1..<257 { counts[index] += counts[index - 1] }
            var sorted = marks
            for mark in marks {
                sorted[counts[Int(mark.combiningClass)]] = mark
                counts[Int(mark.combiningClass)] += 1
            }
            marks = sorted
        }
        for mark in marks {
            compose(mark.scalar, change: mark.change, combiningClass: mark.combiningClass)
        }
        marks.removeAll(keepingCapacity: true)
    }

    private mutating func compose(_ scalar: UInt32, change: Int, combiningClass: UInt8) {
        guard let current = starter else {
            if combiningClass == 0 {
                starter = (scalar, change)
            } else {
                result.append((scalar, change))
            }
            return
        }
        let isBlocked = lastClass.map { $0 >= combiningClass } ?? false
        if !isBlocked, form.composes, let composite = tables.composite(current.scalar, scalar) {
            starter = (composite, current.change + change - 1)
        } else if combiningClass == 0 {
            flushStarter()
            starter = (scalar, change)
        } else {
            followers.append((scalar, change))
            lastClass = combiningClass
        }
    }

    private mutating func flushStarter() {
        if let starter { result.append(starter) }
        result.append(contentsOf: followers)
        followers.removeAll(keepingCapacity: true)
        starter = nil
        lastClass = nil
    }
}
