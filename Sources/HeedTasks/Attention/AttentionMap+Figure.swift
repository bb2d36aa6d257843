extension AttentionMap {
    /// What a figure shows unless it is told otherwise: one kind, the attention to the source where there is one, of the
    /// last layer.
    ///
    /// - Parameters:
    ///   - kinds: what it is told; its own choice when empty.
    ///   - layers: likewise.
    package func forFigure(kinds: [AttentionKind] = [], layers: [Int] = []) -> AttentionMap {
        let shown =
            kinds.isEmpty
            ? (part(.cross) ?? parts.last).map { [$0] } ?? []
            : parts.filter { kinds.contains($0.kind) }
        return AttentionMap(
            source: source, target: target,
            parts: shown.map { $0.selecting(layers.isEmpty ? $0.layers.suffix(1) : layers) },
            removedHeads: removedHeads)
    }

    /// A figure for a paper: a heat map for each head, with its tokens at the axes. It has no script, and its fonts are
    /// those of the reader.
    ///
    /// - Parameters:
    ///   - kinds: what it shows; the attention to the source, where there is one, when empty.
    ///   - layers: the layers; the last one of each kind when empty.
    public func svg(kinds: [AttentionKind] = [], layers: [Int] = []) -> String {
        forFigure(kinds: kinds, layers: layers).figure.svg()
    }

    /// All that is there as a picture, in which every field is a square if the parts have equally many tokens.
    private var figure: Figure {
        let rows = parts.flatMap(\.rows)
        let columns = parts.flatMap(\.columns)
        let (height, width) = (
            parts.map(\.rows.count).max() ?? 0, parts.map(\.columns.count).max() ?? 0
        )
        let count = parts.reduce(0) { $0 + $1.layers.count * $1.heads.count }
        // The names of all tokens need 13 pixels each; numbers need more, and few panels.
        let field = max(width, height) <= 12 ? 30.0 : max(width, height) <= 24 ? 20 : 13.5
        let names = [rows, columns].map { texts in
            texts.map { TextWidth.of($0, .muted) }.max() ?? 0
        }
        let headings = parts.map {
            TextWidth.of("\(self.names(of: $0.kind).title), layer 00, head 00", .panel)
        }
        let panelWidth = max(
            min(names[0], 110) + field * Double(width) + 80, headings.max() ?? 320)
        let below = names[1] + 4 > field ? min(names[1], 90) + 10 : 20
        let panelHeight = field * Double(height) + below + 45
        let across = max(1, min(count <= 4 ? 2 : 3, Int(1500 / panelWidth)))
        return Figure(
            (source ?? target) + (absence.isEmpty ? "" : " (\(absence))"),
            caption: source == nil ? "" : target, columns: min(across, max(count, 1)),
            panelWidth: panelWidth, panelHeight: panelHeight,
            parts.flatMap {
                $0.panels(self.names(of: $0.kind), decimals: count <= 2 && field >= 30 ? 2 : nil)
            })
    }
}

extension AttentionMap.Part {
    /// Some of the layers alone.
    fileprivate func selecting(_ wanted: [Int]) -> AttentionMap.Part {
        let size = heads.count * rows.count * columns.count
        let places = layers.indices.filter { wanted.contains(layers[$0]) }
        return AttentionMap.Part(
            kind, rows: rows, columns: columns, layers: places.map { layers[$0] }, heads: heads,
            weights: places.flatMap { weights[$0 * size..<($0 + 1) * size] })
    }

    fileprivate func panels(_ names: AttentionNames, decimals: Int?) -> [Figure.Panel] {
        let (rows, columns) = (rows.map(AttentionMap.shown), columns.map(AttentionMap.shown))
        return layers.indices.flatMap { layer in
            heads.indices.map { head in
                .heat(
                    HeatMap(
                        "\(names.title), layer \(layers[layer]), head \(heads[head])",
                        matrix(at: layer * heads.count + head).map { $0.map(Double.init) },
                        rows: rows, columns: columns, rowLabel: names.row,
                        columnLabel: names.column, range: 0...1, decimals: decimals))
            }
        }
    }
}
