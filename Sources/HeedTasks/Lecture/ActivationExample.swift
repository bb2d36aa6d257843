package import HeedTensor

/// The functions between the two products of a feed-forward network.
package enum ActivationExample {
    package static let functions: [(name: String, function: UnaryFunction)] = [
        ("ReLU", .relu), ("ELU", .elu), ("GELU, by erf", .gelu), ("GELU, by tanh", .geluTanh),
        ("SiLU", .silu), ("tanh", .tanh), ("sigmoid", .sigmoid),
    ]

    /// Arguments, values, and derivatives by the tape.
    package static func curve(
        _ function: UnaryFunction, from low: Double, to high: Double
    ) -> (places: [Double], values: [Double], slopes: [Double]) {
        let places = (0...160).map { low + (high - low) * Double($0) / 160 }
        let tape = Tape()
        let x = tape.variable(Tensor(places.map { Float($0) }))
        let y = Context(tape: tape).apply(function, x)
        let slopes = tape.backward(y)[x]?.floats ?? []
        return (places, y.floats.map(Double.init), slopes.map(Double.init))
    }

    /// SwiGLU's silu(gate) · factor, for gates in columns and factors in rows.
    package static func gated(_ places: [Double]) -> [[Double]] {
        let pairs = places.flatMap { factor in places.flatMap { [Float($0), Float(factor)] } }
        let x = Tensor(pairs, shape: [places.count * places.count, 2])
        let y = Context().reshaped(Context().gated(.silu, x), [places.count, places.count])
        return y.rows
    }

    static var page: FigurePage {
        var panels = functions.map { name, function -> Figure.Panel in
            let (places, values, slopes) = curve(function, from: -4, to: 4)
            return .lines(
                LineChart(
                    name, x: "", y: "",
                    [
                        .init(
                            "f(x)", zip(places, values).map { .init($0, $1) },
                            style: .init(color: 0, dash: 0, marker: nil)),
                        .init(
                            "f′(x)", zip(places, slopes).map { .init($0, $1) },
                            style: .init(color: 1, dash: 1, marker: nil)),
                    ]))
        }
        let places = (0...24).map { Double($0 - 12) / 3 }
        let names = places.map { NumberText.fixed($0, 1) }
        panels.append(
            .heat(
                HeatMap(
                    "SwiGLU: silu(gate) · factor", gated(places),
                    rows: names, columns: names.map { _ in "" }, rowLabel: "factor",
                    columnLabel: "gate, from −4 to 4")))
        return FigurePage(
            Figure(
                "Activations",
                caption: """
                    Each function and its derivative, as Context.apply computes them and the tape \
                    differentiates them.
                    """,
                columns: 4, panelWidth: 280, panelHeight: 240, sharesLegend: true, panels))
    }
}
