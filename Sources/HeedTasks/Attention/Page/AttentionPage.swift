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

    init(_ map: AttentionMap) {
        let title = [map.source, map.target].compactMap(\.self).map { $0.prefix(60) }
            .joined(separator: " → ")
        text =
            SelfContainedPage(
                title: "Attention: \(title)", style: Self.style, body: Self.body,
                data: Self.data(of: map),
                script: [Self.script, Self.drawing, Self.control].joined(separator: "\n")
            ).text
    }

    private static func data(of map: AttentionMap) -> JSONValue {
        let tokens = Set(map.parts.flatMap { $0.rows + $0.columns })
        let signs = tokens.sorted().map { ($0, AttentionMap.shown($0)) }.filter { $0 != $1 }
        return [
            "source": map.source.map(JSONValue.string) ?? .null, "target": .string(map.target),
            "absence": .string(map.absence),
            "signs": .array(signs.map { .array([.string($0), .string($1)]) }),
            "parts": .array(
                map.parts.filter { !$0.weights.isEmpty }.map { part in
                    let names = map.names(of: part.kind)
                    return [
                        "kind": .string(part.kind.rawValue),
                        "name": .string(names.name), "title": .string(names.title),
                        "row": .string(names.row), "column": .string(names.column),
                        "meaning": .string(names.meaning),
                        "rows": .array(part.rows.map(JSONValue.string)),
                        "columns": .array(part.columns.map(JSONValue.string)),
                        "layers": .array(part.layers.map(JSONValue.int)),
                        "heads": .array(part.heads.map(JSONValue.int)),
                        "weights": .string(encoded(part.weights)),
                    ]
                }),
        ]
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
}
