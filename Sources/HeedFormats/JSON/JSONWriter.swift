/// Writes JSON texts: names in the order of the object, the same bytes for the same value.
public struct JSONWriter: Sendable {
    /// How a text is laid out.
    public enum Layout: Sendable {
        /// One line without spaces.
        case compact
        /// One line with a space after `,` and `:`, for lines that people read.
        case spaced
        /// One name or element a line, indented by two spaces.
        case pretty
    }

    /// How the text is laid out.
    public var layout: Layout

    /// Makes a writer.
    public init(_ layout: Layout = .compact) {
        self.layout = layout
    }

    /// The text of a value, without a line end.
    public func string(_ value: JSONValue) -> String {
        String(decoding: bytes(value), as: UTF8.self)
    }

    /// The bytes of a value, without a line end.
    public func bytes(_ value: JSONValue) -> [UInt8] {
        var output: [UInt8] = []
        write(value, indent: 0, to: &output)
        return output
    }

    private func write(_ value: JSONValue, indent: Int, to output: inout [UInt8]) {
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let value): output.append(contentsOf: value.text.utf8)
        case .string(let value): Self.writeString(value, to: &output)
        case .array(let elements):
            writeContainer(elements, "[", "]", indent: indent, to: &output) { element, output in
                write(element, indent: indent + 1, to: &output)
            }
        case .object(let object):
            writeContainer(object.entries, "{", "}", indent: indent, to: &output) { entry, output in
                Self.writeString(entry.name, to: &output)
                output.append(contentsOf: (layout == .compact ? ":" : ": ").utf8)
                write(entry.value, indent: indent + 1, to: &output)
            }
        }
    }

    private func writeContainer<Element>(
        _ elements: [Element], _ opening: String, _ closing: String, indent: Int,
        to output: inout [UInt8], _ writeElement: (Element, inout [UInt8]) -> Void
    ) {
        output.append(contentsOf: opening.utf8)
        for (position, element) in elements.enumerated() {
            if position > 0 { output.append(contentsOf: (layout == .spaced ? ", " : ",").utf8) }
            if layout == .pretty { Self.writeLineStart(indent: indent + 1, to: &output) }
            writeElement(element, &output)
        }
        if layout == .pretty, !elements.isEmpty {
            Self.writeLineStart(indent: indent, to: &output)
        }
        output.append(contentsOf: closing.utf8)
    }

    private static func writeLineStart(indent: Int, to output: inout [UInt8]) {
        output.append(0x0A)
        for _ in 0..<indent { output.append(contentsOf: "  ".utf8) }
    }

    /// Appends a string in quotation marks; only what must be escaped is.
    static func writeString(_ text: String, to output: inout [UInt8]) {
        output.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: output.append(contentsOf: [0x5C, byte])
            case 0x08: output.append(contentsOf: "\\b".utf8)
            case 0x09: output.append(contentsOf: "\\t".utf8)
            case 0x0A: output.append(contentsOf: "\\n".utf8)
            case 0x0C: output.append(contentsOf: "\\f".utf8)
            case 0x0D: output.append(contentsOf: "\\r".utf8)
            case 0..<0x20:
                output.append(contentsOf: (byte < 16 ? "\\u000" : "\\u00").utf8)
                output.append(contentsOf: String(byte, radix: 16).utf8)
            default: output.append(byte)
            }
        }
        output.append(0x22)
    }
}
