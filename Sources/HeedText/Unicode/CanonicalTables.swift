/// Combining classes, canonical decompositions and compositions of one version of Unicode.
///
/// By Unicode's stability policy a text whose characters a version assigns is normalized alike in
/// every later one; a character assigned later counts as unassigned: class 0, no decomposition,
/// left in place.
struct CanonicalTables: Sendable {
    /// Unicode 9.0, which is what the `tokenizers` library knows; a tokenizer.json means what that
    /// library does. Built at first use: text below U+0300 never needs the tables.
    static let version9 = CanonicalTables(includingLater: false)
    /// Unicode 14.0, for texts that leave.
    static let version14 = CanonicalTables(includingLater: true)

    /// Bits above the combining class in an entry of `properties`.
    private static let mayChange: UInt16 = 0x100
    private static let decomposes: UInt16 = 0x200
    private static let hasCompatible: UInt16 = 0x400

    /// Entries of 256 characters each; page 0 of `properties` is the empty one.
    private var pages = [UInt16](repeating: 0, count: 0x1100)
    private var properties = [UInt16](repeating: 0, count: 256)
    private var steps: [UInt32: (UInt32, UInt32?)] = [:]
    private var composites: [UInt64: UInt32] = [:]
    /// Full compatibility decompositions, where they are not the canonical ones; version 9.0 alone.
    private var compatible: [UInt32: [UInt32]] = [:]

    private init(includingLater: Bool) {
        steps.reserveCapacity(2200)
        composites.reserveCapacity(1200)
        addClasses(CanonicalData.combiningClasses)
        addDecompositions(CanonicalData.decompositions)
        if includingLater {
            addClasses(CanonicalData.laterCombiningClasses)
            addDecompositions(CanonicalData.laterDecompositions)
        }
        if !includingLater {
            for (scalar, targets) in HexReader.mappings(of: CompatibilityData.decompositions) {
                compatible[scalar] = targets
                set(Self.hasCompatible, at: scalar)
            }
        }
        for jamo in Hangul.vowels { set(Self.mayChange, at: jamo) }
        for jamo in Hangul.trails { set(Self.mayChange, at: jamo) }
    }

    private mutating func addClasses(_ table: String) {
        var reader = HexReader(table)
        while let first = reader.next() {
            var last = first.value
            if first.mark == HexMark.range, let end = reader.next() { last = end.value }
            guard let combiningClass = reader.next() else { break }
            for scalar in first.value...max(first.value, last) {
                set(UInt16(combiningClass.value & 0xFF), at: scalar)
            }
        }
    }

    private mutating func addDecompositions(_ table: String) {
        var reader = HexReader(table)
        while let scalar = reader.next(), let first = reader.next() {
            guard first.mark != HexMark.space, let second = reader.next() else {
                steps[scalar.value] = (first.value, nil)
                set(Self.mayChange | Self.decomposes, at: scalar.value)
                continue
            }
            steps[scalar.value] = (first.value, second.value)
            set(Self.decomposes, at: scalar.value)
            if first.mark == HexMark.composes {
                composites[Self.key(first.value, second.value)] = scalar.value
                set(Self.mayChange, at: second.value)
            } else {
                set(Self.mayChange, at: scalar.value)
            }
        }
    }

    private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 {
        UInt64(first) << 32 | UInt64(second)
    }

    private mutating func set(_ bits: UInt16, at scalar: UInt32) {
        let page = Int(scalar >> 8)
        guard page < pages.count else { return }
        if pages[page] == 0 {
            pages[page] = UInt16(properties.count / 256)
            properties.append(contentsOf: repeatElement(0, count: 256))
        }
        properties[Int(pages[page]) * 256 + Int(scalar & 0xFF)] |= bits
    }

    private func entry(_ scalar: UInt32) -> UInt16 {
        properties[Int(pages[Int(scalar >> 8)]) * 256 + Int(scalar & 0xFF)]
    }

    /// The canonical combining class; 0 for starters.
    func combiningClass(_ scalar: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: entry(scalar)) }

    /// Whether NFC may change the scalar or compose it with what stands before (NFC_Quick_Check is
    /// not Yes), and its combining class.
    func quickCheck(_ scalar: UInt32) -> (mayChange: Bool, combiningClass: UInt8) {
        let entry = entry(scalar)
        return (entry & Self.mayChange != 0, UInt8(truncatingIfNeeded: entry))
    }

    /// Whether a form may change the scalar, or compose it with what stands before, and its combining
    /// class.
    func quickCheck(_ scalar: UInt32, _ form: NormalizationForm) -> (
        mayChange: Bool, combiningClass: UInt8
    ) {
        let entry = entry(scalar)
        var bits = form.composes ? Self.mayChange : Self.decomposes
        if form.isCompatible { bits |= Self.hasCompatible }
        let isSyllable = !form.composes && Hangul.decomposition(of: scalar) != nil
        return (isSyllable || entry & bits != 0, UInt8(truncatingIfNeeded: entry))
    }

    /// Calls `body` with the scalars of the full decomposition of a form.
    func decompose(_ scalar: UInt32, _ form: NormalizationForm, _ body: (UInt32) -> Void) {
        if form.isCompatible, entry(scalar) & Self.hasCompatible != 0,
            let targets = compatible[scalar]
        {
            for target in targets { body(target) }
        } else {
            decompose(scalar, body)
        }
    }

    /// Calls `body` with the scalars of the full canonical decomposition.
    func decompose(_ scalar: UInt32, _ body: (UInt32) -> Void) {
        if let parts = Hangul.decomposition(of: scalar) {
            body(parts.lead)
            body(parts.vowel)
            if let trail = parts.trail { body(trail) }
        } else if entry(scalar) & Self.decomposes != 0, let step = steps[scalar] {
            // The data has no cycles: a decomposition's first part is older or simpler.
            decompose(step.0, body)
            if let second = step.1 { decompose(second, body) }
        } else {
            body(scalar)
        }
    }

    /// The primary composite of two scalars.
    func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
        Hangul.composite(first, second) ?? composites[Self.key(first, second)]
    }
}

/// The forms of Unicode Standard Annex 15.
enum NormalizationForm: String, Sendable, CaseIterable {
    case nfc = "NFC"
    case nfd = "NFD"
    case nfkc = "NFKC"
    case nfkd = "NFKD"

    var composes: Bool { self == .nfc || self == .nfkc }
    var isCompatible: Bool { self == .nfkc || self == .nfkd }

    /// No form changes scalars whose first byte is smaller.
    var firstByte: UInt8 {
        switch self {
        // U+00A0 and U+00C0, behind which U+0300 composes.
        case .nfkc, .nfkd: 0xC2
        case .nfd: 0xC3
        case .nfc: 0xCC
        }
    }
}

/// The arithmetic of Hangul syllables (The Unicode Standard, section 3.12).
enum Hangul {
    private static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
    private static let leads: Range<UInt32> = 0x1100..<0x1113
    static let vowels: Range<UInt32> = 0x1161..<0x1176
    static let trails: Range<UInt32> = 0x11A8..<0x11C3

    static func decomposition(of scalar: UInt32) -> (lead: UInt32, vowel: UInt32, trail: UInt32?)? {
        guard syllables.contains(scalar) else { return nil }
        let index = scalar - syllables.lowerBound
        let trail = index % 28
        return (
            leads.lowerBound + index / 588, vowels.lowerBound + index % 588 / 28,
            trail == 0 ? nil : trails.lowerBound + trail - 1
        )
    }

    static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if leads.contains(first), vowels.contains(second) {
            let pair = (first - leads.lowerBound) * 21 + (second - vowels.lowerBound)
            return syllables.lowerBound + pair * 28
        }
        if syllables.contains(first), (first - syllables.lowerBound) % 28 == 0,
            trails.contains(second)
        {
            return first + (second - trails.lowerBound) + 1
        }
        return nil
    }
}
