/// A rectangle of a picture, in pixels; y grows downward.
package struct PanelFrame: Sendable, Hashable {
    package var x: Double
    package var y: Double
    package var width: Double
    package var height: Double

    package init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    var right: Double { x + width }
    var bottom: Double { y + height }

    /// The rectangle without these margins; never narrower or lower than a pixel.
    func inset(left: Double, top: Double, right: Double, bottom: Double) -> PanelFrame {
        PanelFrame(
            x: x + left, y: y + top, width: max(width - left - right, 1),
            height: max(height - top - bottom, 1))
    }
}

/// Draws a title above a panel, in lines; returns how high it is.
func drawPanelTitle(_ title: String, _ svg: inout SVGText, in box: PanelFrame) -> Double {
    guard !title.isEmpty else { return 4 }
    let lines = TextWidth.wrapped(title, .panel, width: box.width)
    for (index, line) in lines.enumerated() {
        svg.label(line, x: box.x, y: box.y + 14 + Double(index) * 17, .panel)
    }
    return Double(lines.count) * 17 + 6
}
