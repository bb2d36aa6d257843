/// A string for one line of a message: quoted, control characters escaped, and cut when long.
///
/// Names come from files; without this one could send escape sequences to a terminal.
package func quotedForMessage(_ text: String, limit: Int = 120) -> String {
    var result = "\""
    var count = 0
    for scalar in text.unicodeScalars {
        if count == limit {
            return result + "…\""
        }
        count += 1
        switch scalar {
        case "\"", "\\":
            result += "\\"
            result.unicodeScalars.append(scalar)
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case "\r": result += "\\r"
        default:
            if isHidden(scalar) {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }
    return result + "\""
}

/// Whether a character is a control, a format character (which can turn the direction of a line),
/// or a line separator.
private func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
        return true
    default: return false
    }
}

/// A byte in words: the character where it is printable, else its hexadecimal value.
package func describeByte(_ byte: UInt8) -> String {
    if byte > 0x20, byte < 0x7F {
        return "'\(Character(Unicode.Scalar(byte)))'"
    }
    return "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
}

/// A path for one line of a message: as it is, or quoted where it holds anything unusual.
package func nameForMessage(_ path: String) -> String {
    // Nearly every name is plain ASCII, and needs no look into Unicode's tables.
    let isPlain = path.utf8.allSatisfy {
        (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    if isPlain, !path.isEmpty, path.utf8.count <= 1000 { return path }
    let quoted = quotedForMessage(path, limit: 1000)
    return quoted.utf8.count == path.utf8.count + 2 && !path.isEmpty ? path : quoted
}
