import CHeedKernels
public import HeedFormats

/// Rotary positions: the angles by which pairs of elements are turned (Su et al. 2021).
public struct RotaryTable: Sendable {
    /// cos and sin [positions, rotary / 2], float32 or float64.
    let cosines: Tensor
    let sines: Tensor
    /// The number of positions.
    public var count: Int { cosines.shape[0] }
    /// Elements of each head that are turned.
    public let rotarySize: Int
    /// Whether pairs are neighbours (2 i, 2 i + 1) rather than (i, i + rotary / 2).
    public let isInterleaved: Bool

    /// Tables for positions below `count` with frequencies base^(−2 i / rotary).
    public init(
        count: Int, rotarySize: Int, base: Double = 10_000, isInterleaved: Bool = false,
        _ elementType: ElementType = .float32
    ) {
        self.init(
            count: count,
            frequencies: (0..<rotarySize / 2).map { index in
                power(base, -2 * Double(index) / Double(rotarySize))
            }, isInterleaved: isInterleaved, elementType)
    }

    /// Tables for positions below `count` with these frequencies, one for each pair.
    public init(
        count: Int, frequencies: [Double], isInterleaved: Bool = false,
        _ elementType: ElementType = .float32
    ) {
        self.init(
            count: count,
            angles: (0..<count).flatMap { position in
                frequencies.map { Double(position) * $0 }
            }, pairs: frequencies.count, isInterleaved: isInterleaved, elementType)
    }

    /// Tables for `count` positions with these angles, a row of `pairs` for each; `factor` multiplies cosines and sines.
    public init(
        count: Int, angles: [Double], pairs: Int, factor: Double = 1, isInterleaved: Bool = false,
        _ elementType: ElementType = .float32
    ) {
        rotarySize = 2 * pairs
        self.isInterleaved = isInterleaved
        let shape: Shape = [count, pairs]
        cosines = Tensor(angles.map { cosine($0) * factor }, shape: shape)
            .converted(to: elementType)
        sines = Tensor(angles.map { sine($0) * factor }, shape: shape).converted(to: elementType)
    }
}

extension Context {
    /// Turns the pairs of each head by the angle of the row's position. x [tokens, heads · head size].
    public func rotary(
        _ x: Tensor, _ table: RotaryTable, headSize: Int, positions: Tensor
    ) -> Tensor {
        profiler?.begin("rotary")
        defer { profiler?.end() }
        let y = rotated(x.detached, table, headSize, positions, inverse: false)
        return recorded([x], y) { upstream, gradients in
            gradients[0] = rotated(upstream, table, headSize, positions, inverse: true)
        }
    }

    /// Turns the heads in the first `columns` of each row where they stand, without a gradient: queries and keys beside
    /// their values. x is copied if somebody else holds it.
    public func turn(
        _ x: inout Tensor, columns: Int, _ table: RotaryTable, headSize: Int, positions: Tensor
    ) {
        profiler?.begin("rotary")
        defer { profiler?.end() }
        require(
            tape == nil && x.rank == 2 && columns <= x.shape.columns, "rotary",
            "\(columns) columns, and no tape", [x.shape])
        if !x.isUniquelyReferenced() { x = x.copied() }
        rotate(x, to: x, columns: columns, table, headSize, positions, inverse: false)
    }
}

private func rotated(
    _ x: Tensor, _ table: RotaryTable, _ headSize: Int, _ positions: Tensor, inverse: Bool
) -> Tensor {
    let y = Tensor(uninitialized: x.shape, x.elementType)
    rotate(
        x, to: y, columns: x.shape.columns, table, headSize, positions, inverse: inverse)
    return y
}

/// Turns the heads in the first columns of x; y may be x.
private func rotate(
    _ x: Tensor, to y: Tensor, columns: Int, _ table: RotaryTable, _ headSize: Int,
    _ positions: Tensor, inverse: Bool
) {
    require(
        x.rank == 2 && headSize > 0 && columns % headSize == 0 && table.rotarySize <= headSize
            && positions.count == x.shape[0] && positions.elementType == .int32, "rotary",
        "head size \(headSize), rotary size \(table.rotarySize)", [x.shape, positions.shape])
    checkRange(positions, 0..<table.cosines.shape[0], "rotary: positions")
    let statistics = Kernels.statistics(for: x.elementType)
    let (cosines, sines) = (
        table.cosines.converted(to: statistics), table.sines.converted(to: statistics)
    )
    let kernels = unsafe Kernels.table(for: x.elementType)
    let row = x.shape.columns * x.elementType.size
    parallelRanges(x.shape[0], size: Cut.rows(columns: columns)) { rows in
        let first = rows.lowerBound
        unsafe kernels.pointee.rotary(
            Int64(rows.count), Int64(columns / headSize), Int64(headSize),
            Int64(table.rotarySize), table.isInterleaved, inverse,
            positions.bytes.assumingMemoryBound(to: Int32.self) + first, cosines.bytes,
            sines.bytes, x.bytes + first * row, Int64(x.shape.columns),
            y.mutableBytes + first * row, Int64(x.shape.columns))
    }
}
