/// A line chart that has been drawn: where, and along which axes.
package struct DrawnChart: Sendable {
    package let chart: LineChart
    /// The rectangle between the axes.
    package let frame: PanelFrame
    package let xAxis: Axis
    package let yAxis: Axis

    /// Where a point lies in the picture; nil for one that has no place.
    package func place(_ point: LineChart.Point) -> (x: Double, y: Double)? {
        guard let x = xAxis.position(point.x), let y = yAxis.position(point.y) else { return nil }
        return (frame.x + x * frame.width, frame.bottom - y * frame.height)
    }
}

extension LineChart {
    /// Draws the chart into a rectangle; `clip` is a name that no other chart of the picture has.
    func draw(
        _ svg: inout SVGText, in box: PanelFrame, showsLegend: Bool, clip: String
    ) -> DrawnChart {
        var top = drawPanelTitle(title, &svg, in: box)
        if showsLegend, series.count > 1 {
            let legend = Legend(
                series.indices.map { LegendEntry(series[$0].name, style($0)) }, width: box.width)
            legend.draw(&svg, x: box.x, y: box.y + top)
            top += legend.height
        }
        let yAxis = yAxis(count: max(2, Int((box.height - top) / 45)))
        let widest = yAxis.ticks.map { TextWidth.of($0.label, size: 11) }.max() ?? 0
        let left = widest + 8 + (yLabel.isEmpty ? 0 : 20)
        let frame = box.inset(left: left, top: top + 4, right: 12, bottom: xLabel.isEmpty ? 22 : 40)
        let chart = DrawnChart(
            chart: self, frame: frame,
            xAxis: xAxis(count: max(2, Int(frame.width / 55))), yAxis: yAxis)
        chart.drawAxes(&svg, in: box)
        // Markers may stand over the ends of an axis; lines that go on beyond them may not.
        let margin = yRange == nil ? 5.0 : 1
        svg.group(
            "clipPath", ["id": clip],
            {
                $0.element(
                    "rect",
                    [
                        "x": SVGText.number(frame.x - 5),
                        "y": SVGText.number(frame.y - margin),
                        "width": SVGText.number(frame.width + 10),
                        "height": SVGText.number(frame.height + 2 * margin),
                    ])
            })
        svg.group("g", ["clip-path": "url(#\(clip))"]) { svg in
            for index in series.indices { chart.drawSeries(index, &svg) }
        }
        return chart
    }
}

extension DrawnChart {
    fileprivate func drawAxes(_ svg: inout SVGText, in box: PanelFrame) {
        for tick in yAxis.ticks {
            guard let share = yAxis.position(tick.value) else { continue }
            let y = frame.bottom - share * frame.height
            line(&svg, "g", frame.x, y, frame.right, y)
            svg.label(tick.label, x: frame.x - 6, y: y + 4, .muted, anchor: .end)
        }
        for tick in xAxis.ticks {
            guard let share = xAxis.position(tick.value) else { continue }
            let x = frame.x + share * frame.width
            line(&svg, "a", x, frame.bottom, x, frame.bottom + 4)
            // The label of the last tick must not leave the panel.
            let half = TextWidth.of(tick.label, size: 11) / 2
            svg.label(
                tick.label, x: min(x, box.right - half), y: frame.bottom + 17, .muted,
                anchor: .middle)
        }
        line(&svg, "a", frame.x, frame.bottom, frame.right, frame.bottom)
        if !xLabel.isEmpty {
            svg.label(
                TextWidth.fitted(xLabel, size: 12, width: frame.width),
                x: frame.x + frame.width / 2, y: frame.bottom + 35, anchor: .middle)
        }
        if !yLabel.isEmpty {
            svg.label(
                TextWidth.fitted(yLabel, size: 12, width: frame.height + 20), x: box.x + 12,
                y: frame.y + frame.height / 2, anchor: .middle, degrees: -90)
        }
        if !chart.series.contains(where: { $0.points.contains { place($0) != nil } }) {
            svg.label(
                "no data", x: frame.x + frame.width / 2, y: frame.y + frame.height / 2, .muted,
                anchor: .middle)
        }
    }

    private var xLabel: String { chart.xLabel }
    private var yLabel: String { chart.yLabel }

    private func line(
        _ svg: inout SVGText, _ style: String, _ x1: Double, _ y1: Double, _ x2: Double,
        _ y2: Double
    ) {
        svg.element(
            "line",
            [
                "class": style, "x1": SVGText.number(x1), "y1": SVGText.number(y1),
                "x2": SVGText.number(x2), "y2": SVGText.number(y2),
            ])
    }

    /// The points of a series that are drawn: all, or, where there are more than pixels, those that its shape needs. Nil
    /// is a gap.
    package func drawnPoints(_ index: Int) -> [LineChart.Point?] {
        let points = chart.series[index].points
        guard Double(points.count) > 2 * frame.width else {
            return points.map { place($0) == nil ? nil : $0 }
        }
        var result: [LineChart.Point?] = []
        var bucket: [LineChart.Point] = []
        var column = -1.0
        func flush() {
            guard let first = bucket.first, let last = bucket.last else { return }
            let lowest = bucket.indices.min { bucket[$0].y < bucket[$1].y } ?? 0
            let highest = bucket.indices.max { bucket[$0].y < bucket[$1].y } ?? 0
            result.append(first)
            for index in [min(lowest, highest), max(lowest, highest)] {
                result.append(bucket[index])
            }
            result.append(last)
            bucket = []
        }
        for point in points {
            guard let place = place(point) else {
                flush()
                if result.last != .some(nil) { result.append(nil) }
                continue
            }
            if place.x.rounded() != column { flush() }
            column = place.x.rounded()
            bucket.append(point)
        }
        flush()
        return result
    }

    fileprivate func drawSeries(_ index: Int, _ svg: inout SVGText) {
        let style = chart.style(index)
        let points = drawnPoints(index)
        let runs = points.split(separator: nil).map { $0.compactMap(\.self) }
        var path = ""
        for run in runs where run.count > 1 {
            for (number, point) in run.enumerated() {
                guard let place = place(point) else { continue }
                path += "\(number == 0 ? "M" : "L")\(SVGText.number(place.x)) "
                path += SVGText.number(place.y)
            }
        }
        if style.hasLine, !path.isEmpty {
            svg.element(
                "path",
                [
                    "class": style.lineClass,
                    "stroke-dasharray": style.dashPattern.isEmpty ? "none" : style.dashPattern,
                    "d": path,
                ], "", title: chart.series[index].name)
        }
        drawMarkers(index, style, runs, &svg)
    }

    /// A point that stands alone is always seen; of a line's points some have markers.
    private func drawMarkers(
        _ index: Int, _ style: SeriesStyle, _ runs: [[LineChart.Point]], _ svg: inout SVGText
    ) {
        let count = runs.reduce(0) { $0 + $1.count }
        let step = style.hasLine && count > 12 ? (count + 7) / 8 : 1
        // Lines of the same length have their markers at different places.
        var number = style.color * step / 4
        for run in runs {
            for point in run {
                defer { number += 1 }
                guard run.count == 1 || (style.marker != nil && number % step == 0),
                    let place = place(point)
                else { continue }
                var style = style
                style.marker = style.marker ?? 0
                style.drawMarker(
                    &svg, x: place.x, y: place.y,
                    title: "\(chart.series[index].name): "
                        + "\(NumberText.short(point.x)), \(NumberText.short(point.y))")
            }
        }
    }
}
