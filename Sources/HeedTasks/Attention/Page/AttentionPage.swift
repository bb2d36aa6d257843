import Foundation
import HeedFormats

extension AttentionMap {
    /// A page that shows the map in a browser: one file that loads nothing else.
    ///
    /// It has all heads at a glance and one in full, as lines between words and as a heat map. Weights in it are
    /// rounded to multiples of 1/65,535.
    public func html() -> String { AttentionPage(self).text }
}

/// The page of a map: markup, style and script, which are the same for every map, and the map itself as JSON.
struct AttentionPage {
    let text: String

    /// Only what has this mark may run or set the style.
    private static let mark = "heed"

    init(_ map: AttentionMap) {
        let title = [map.source, map.target].compactMap(\.self).map { $0.prefix(60) }
            .joined(separator: " → ")
        text = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
            script-src 'nonce-\(Self.mark)'; style-src 'nonce-\(Self.mark)'; img-src data:">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <link rel="icon" href="data:,">
            <title>Attention: \(Self.escaped(title))</title>
            <style nonce="\(Self.mark)">
            \(Self.style)
            </style>
            </head>
            \(Self.body)
            <script type="application/json" id="map">\(Self.data(of: map))</script>
            <script nonce="\(Self.mark)">
            "use strict";
            \(Self.script)
            \(Self.drawing)
            \(Self.control)
            </script>
            </html>

            """
    }

    /// The map as JSON that ends no script, whatever its tokens are.
    static func data(of map: AttentionMap) -> String {
        let value: JSONValue = [
            "source": map.source.map(JSONValue.string) ?? .null, "target": .string(map.target),
            "parts": .array(
                map.parts.filter { !$0.weights.isEmpty }.map { part in
                    [
                        "kind": .string(part.kind.rawValue),
                        "rows": .array(part.rows.map(JSONValue.string)),
                        "columns": .array(part.columns.map(JSONValue.string)),
                        "layers": .array(part.layers.map(JSONValue.int)),
                        "heads": .array(part.heads.map(JSONValue.int)),
                        "weights": .string(encoded(part.weights)),
                    ]
                }),
        ]
        // These stand in strings alone, where they may be written as numbers.
        return JSONWriter().string(value).unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Weights as 16-bit integers, little-endian, in base64.
    private static func encoded(_ weights: [Float]) -> String {
        var bytes = Data(capacity: 2 * weights.count)
        for weight in weights {
            // A weight that is no number is shown as none.
            let share = weight >= 0 ? min(weight, 1) : 0
            let level = UInt16((share * 65_535).rounded())
            bytes.append(UInt8(truncatingIfNeeded: level))
            bytes.append(UInt8(truncatingIfNeeded: level >> 8))
        }
        return bytes.base64EncodedString()
    }

    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            case "\0": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
