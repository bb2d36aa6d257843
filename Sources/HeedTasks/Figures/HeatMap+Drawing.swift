/// A heat map that has been drawn: where, and what its rows and columns are called.
package struct DrawnHeatMap: Sendable {
    package let map: HeatMap
    /// The rectangle of all fields.
    package let frame: PanelFrame
    package let rows: [String]
    package let columns: [String]
}

extension HeatMap {
    /// A map of more fields than this has no hint for each.
    private static let mostHints = 600
    private static let barWidth = 12.0
    /// Between the names of two columns.
    private static let nameGap = 6.0

    /// Draws the map with its colour bar into a rectangle; nil for a map without fields.
    ///
    /// - Parameter gradient: a name that no other of the picture has.
    func draw(_ svg: inout SVGText, in box: PanelFrame, gradient: String) -> DrawnHeatMap? {
        let top = drawPanelTitle(title, &svg, in: box)
        let (rows, columns) = (values.count, columnCount)
        guard rows > 0, columns > 0 else {
            svg.label(
                "no data", x: box.x + box.width / 2, y: box.y + box.height / 2, .muted,
                anchor: .middle)
            return nil
        }
        let rowTexts = (0..<rows).map {
            rowNames.isEmpty ? "\($0)" : rowNames.indices.contains($0) ? rowNames[$0] : ""
        }
        let columnTexts = (0..<columns).map {
            columnNames.isEmpty ? "\($0)" : columnNames.indices.contains($0) ? columnNames[$0] : ""
        }
        let bar = Axis(
            [colors.lowerBound, colors.upperBound], scale: .linear, range: colors,
            count: max(2, min(6, Int(box.height / 45))))
        let barLabels = bar.ticks.map { TextWidth.of($0.label, size: 11) }.max() ?? 0
        let rowWidth = min(rowTexts.map { TextWidth.of($0, size: 11) }.max() ?? 0, box.width * 0.35)
        let left = rowWidth + 8 + (rowLabel.isEmpty ? 0 : 18)
        let right = Self.barWidth + 12 + 6 + barLabels
        let widest = columnTexts.map { TextWidth.of($0, size: 11) }.max() ?? 0
        let field = max(1, box.width - left - right) / Double(columns)
        // Numbers may be left out; names are turned instead.
        let isTurned = !columnNames.isEmpty && widest + Self.nameGap > field
        let bottom = (isTurned ? min(widest, 90) + 10 : 20) + (columnLabel.isEmpty ? 0 : 18)
        let frame = box.inset(left: left, top: top + 2, right: right, bottom: bottom)
        drawFields(&svg, frame, rowTexts, columnTexts)
        drawRowNames(&svg, frame, rowTexts, width: rowWidth, box)
        drawColumnNames(&svg, frame, columnTexts, isTurned: isTurned, bottom: bottom)
        drawBar(&svg, frame, bar, gradient)
        return DrawnHeatMap(map: self, frame: frame, rows: rowTexts, columns: columnTexts)
    }

    private func drawFields(
        _ svg: inout SVGText, _ frame: PanelFrame, _ rowTexts: [String], _ columnTexts: [String]
    ) {
        let (width, height) = (
            frame.width / Double(columnCount), frame.height / Double(values.count)
        )
        let area: KeyValuePairs = [
            "class": "b", "x": SVGText.number(frame.x), "y": SVGText.number(frame.y),
            "width": SVGText.number(frame.width), "height": SVGText.number(frame.height),
        ]
        svg.element("rect", area)
        if columnCount * values.count > Self.mostHints {
            drawManyFields(&svg, frame)
        } else {
            svg.group("g", ["class": "q"]) { svg in
                for (row, line) in values.enumerated() {
                    for (column, value) in line.enumerated() {
                        drawField(
                            value,
                            "\(rowTexts[row]) · \(columnTexts[column]): \(NumberText.short(value))",
                            in: PanelFrame(
                                x: frame.x + Double(column) * width,
                                y: frame.y + Double(row) * height,
                                width: width, height: height), &svg)
                    }
                }
            }
        }
        svg.element(
            "rect",
            [
                "class": "a", "x": SVGText.number(frame.x), "y": SVGText.number(frame.y),
                "width": SVGText.number(frame.width), "height": SVGText.number(frame.height),
            ])
    }

    private func drawField(
        _ value: Double, _ hint: String, in field: PanelFrame, _ svg: inout SVGText
    ) {
        let strength = strength(value)
        svg.element(
            "rect",
            [
                "class": strength == nil ? "n" : (strength ?? 0) < 0 ? "d" : "u",
                "fill-opacity": strength.map { NumberText.fixed(abs($0), 3) } ?? "1",
                "x": SVGText.number(field.x), "y": SVGText.number(field.y),
                "width": SVGText.number(field.width), "height": SVGText.number(field.height),
            ], "", title: hint)
        guard let decimals, !value.isNaN else { return }
        let text = value.isFinite ? NumberText.fixed(value, decimals) : NumberText.short(value)
        guard TextWidth.of(text, size: 11) <= field.width, field.height >= 13 else { return }
        svg.label(
            text, x: field.x + field.width / 2, y: field.y + field.height / 2 + 4,
            abs(strength ?? 0) > 0.65 ? .inverse : .number, anchor: .middle)
    }

    /// The fields of each strength as one path, in units of fields, so that large maps stay small files.
    private func drawManyFields(_ svg: inout SVGText, _ frame: PanelFrame) {
        var paths: [Int: String] = [:]
        let levels = 40.0
        for (row, line) in values.enumerated() {
            let steps = line.map { strength($0).map { Int(($0 * levels).rounded()) } }
            var column = 0
            while column < steps.count {
                let end = steps[column...].firstIndex { $0 != steps[column] } ?? steps.count
                if let step = steps[column], step != 0 {
                    let width = end - column
                    paths[step, default: ""] += "M\(column) \(row)h\(width)v1h-\(width)z"
                }
                column = end
            }
        }
        let scale = [frame.width / Double(columnCount), frame.height / Double(values.count)]
            .map { NumberText.fixed($0, 4) }.joined(separator: " ")
        let place = "translate(\(SVGText.number(frame.x)) \(SVGText.number(frame.y)))"
        svg.group("g", ["class": "q", "transform": "\(place) scale(\(scale))"]) { svg in
            for (step, path) in paths.sorted(by: { $0.key < $1.key }) {
                svg.element(
                    "path",
                    [
                        "class": step < 0 ? "d" : "u",
                        "fill-opacity": NumberText.fixed(Double(abs(step)) / levels, 3), "d": path,
                    ])
            }
        }
    }

    private func drawRowNames(
        _ svg: inout SVGText, _ frame: PanelFrame, _ texts: [String], width: Double,
        _ box: PanelFrame
    ) {
        let height = frame.height / Double(texts.count)
        let step = Self.step(texts.count, room: height, needed: 13, isNumbered: rowNames.isEmpty)
        for row in stride(from: 0, to: texts.count, by: step) {
            svg.label(
                TextWidth.fitted(texts[row], size: 11, width: width), x: frame.x - 5,
                y: frame.y + (Double(row) + 0.5) * height + 4, .muted, anchor: .end)
        }
        if !rowLabel.isEmpty {
            svg.label(
                TextWidth.fitted(rowLabel, size: 12, width: frame.height + 20), x: box.x + 11,
                y: frame.y + frame.height / 2,
                anchor: .middle, degrees: -90)
        }
    }

    private func drawColumnNames(
        _ svg: inout SVGText, _ frame: PanelFrame, _ texts: [String], isTurned: Bool, bottom: Double
    ) {
        let width = frame.width / Double(texts.count)
        let widest = texts.map { TextWidth.of($0, size: 11) }.max() ?? 0
        let step = Self.step(
            texts.count, room: width, needed: isTurned ? 13 : widest + Self.nameGap,
            isNumbered: columnNames.isEmpty)
        for column in stride(from: 0, to: texts.count, by: step) {
            let x = frame.x + (Double(column) + 0.5) * width
            if isTurned {
                svg.label(
                    TextWidth.fitted(texts[column], size: 11, width: 90), x: x + 4,
                    y: frame.bottom + 6, .muted, anchor: .end,
                    degrees: -90)
            } else {
                svg.label(texts[column], x: x, y: frame.bottom + 15, .muted, anchor: .middle)
            }
        }
        if !columnLabel.isEmpty {
            svg.label(
                TextWidth.fitted(columnLabel, size: 12, width: frame.width + 40),
                x: frame.x + frame.width / 2, y: frame.bottom + bottom - 4,
                anchor: .middle)
        }
    }

    /// Every how many-th name there is room for; of numbers, round ones.
    private static func step(
        _ count: Int, room: Double, needed: Double, isNumbered: Bool
    ) -> Int {
        let least = max(1, Int((needed / room).rounded(.up)))
        guard isNumbered, least > 1 else { return least }
        return [2, 5, 10, 20, 50, 100, 200, 500].first { $0 >= least } ?? least
    }

    private func drawBar(
        _ svg: inout SVGText, _ frame: PanelFrame, _ axis: Axis, _ gradient: String
    ) {
        let bar = PanelFrame(
            x: frame.right + 12, y: frame.y, width: Self.barWidth, height: frame.height)
        let ends = [
            colors.upperBound, (colors.lowerBound + colors.upperBound) / 2, colors.lowerBound,
        ]
        .map { strength($0) ?? 0 }
        svg.group("linearGradient", ["id": gradient, "x2": "0", "y2": "1"]) { svg in
            for (offset, strength) in zip(["0", "0.5", "1"], ends) {
                svg.element(
                    "stop",
                    [
                        "class": strength < 0 ? "ds" : "us", "offset": offset,
                        "stop-opacity": NumberText.fixed(abs(strength), 3),
                    ])
            }
        }
        for style in ["b", "a"] {
            svg.element(
                "rect",
                [
                    "class": style, "fill": "none", "x": SVGText.number(bar.x),
                    "y": SVGText.number(bar.y),
                    "width": SVGText.number(bar.width), "height": SVGText.number(bar.height),
                ])
        }
        svg.element(
            "rect",
            [
                "fill": "url(#\(gradient))", "x": SVGText.number(bar.x), "y": SVGText.number(bar.y),
                "width": SVGText.number(bar.width), "height": SVGText.number(bar.height),
            ])
        for tick in axis.ticks {
            guard let share = axis.position(tick.value) else { continue }
            svg.label(
                tick.label, x: bar.right + 5, y: bar.bottom - share * bar.height + 4, .muted)
        }
    }
}
