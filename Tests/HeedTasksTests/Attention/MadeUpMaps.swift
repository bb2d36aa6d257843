import HeedTasks

/// Maps of made-up weights, whose rows sum to one.
enum MadeUpMaps {
    /// Tokens that try to be markup, script or line ends, or to turn the direction of writing.
    static let hostile = [
        "</script><script>document.title='broken'</script>", "<!--", "<img src=x onerror=alert(1)>",
        "&amp;", "\"'`\\", "\u{2028}", "\u{2029}", "\u{202E}dlrow", "مرحبا", "שלום", "]]>",
        "\u{0}\u{7F}",
        "\n", " ", "", String(repeating: "Donaudampfschifffahrt", count: 100), "👩‍👩‍👧",
    ]

    /// A translation's map with so many words on both sides.
    static func translation(
        rows: Int, columns: Int, layers: Int = 2, heads: Int = 3
    ) -> AttentionMap {
        let source = (0..<columns).map { "▁s\($0)" }
        let target = (0..<rows).map { "▁t\($0)" }
        let numbers = (Array(0..<layers), Array(0..<heads))
        func part(_ kind: AttentionKind, _ rows: [String], _ columns: [String]) -> AttentionMap.Part
        {
            AttentionMap.Part(
                kind, rows: rows, columns: columns, layers: numbers.0, heads: numbers.1,
                weights: weights(layers * heads, rows.count, columns.count, kind == .decoder))
        }
        return AttentionMap(
            source: "source of \(columns)", target: "target of \(rows)",
            parts: [
                part(.encoder, source, source),
                part(.decoder, target, ["<s>"] + target.dropLast()), part(.cross, target, source),
            ])
    }

    /// One attention between these tokens, as a language model has it.
    static func oneKind(_ tokens: [String]) -> AttentionMap {
        AttentionMap(
            source: nil, target: tokens.joined(),
            parts: [
                AttentionMap.Part(
                    .decoder, rows: tokens, columns: tokens, layers: [0], heads: [0, 1],
                    weights: weights(2, tokens.count, tokens.count, true))
            ])
    }

    private static func weights(
        _ matrices: Int, _ rows: Int, _ columns: Int, _ isCausal: Bool
    ) -> [Float] {
        var state: UInt32 = 7
        return (0..<matrices * rows).flatMap { index -> [Float] in
            let row = (0..<columns).map { column -> Float in
                state = state &* 1_664_525 &+ 1_013_904_223
                let value = Float(state >> 8) / Float(1 << 24)
                return isCausal && column > index % rows ? 0 : value * value * value
            }
            let sum = row.reduce(0, +)
            return row.map { $0 / sum }
        }
    }
}
