import CHeedKernels
public import HeedFormats

extension Context {
    /// dropout(scale · table[id] + positions[position]) for each token.
    ///
    /// - Parameters:
    ///   - ids: int32 [tokens], each inside the table: ids from outside are checked before.
    ///   - table: [V, D].
    ///   - scale: √D in the Transformer.
    ///   - positions: constant positions [P, D] of float32 (float64 in reference arithmetic).
    ///   - packing: the sequences of the tokens; needed for positions and dropout.
    ///   - dropout: drops elements of the sum while the model trains.
    ///   - output: the element type of the result; the table's when nil.
    /// - Returns: [tokens, D].
    public func embedding(
        _ ids: Tensor, _ table: Parameter, scale: Double = 1, positions: Tensor? = nil,
        packing: SequencePacking? = nil, dropout: Dropout? = nil, output: ElementType? = nil
    ) -> Tensor {
        profiler?.begin("embedding")
        defer { profiler?.end() }
        let lookup = EmbeddingLookup(
            ids: ids, table: table, scale: scale, positions: positions, packing: packing,
            dropout: descriptor(dropout), output: output ?? table.value.elementType)
        lookup.check()
        return recorded([], lookup.forward(), parameters: [table]) { upstream, _ in
            lookup.backward(upstream)
        }
    }
}

private struct EmbeddingLookup {
    let ids: Tensor
    let table: Parameter
    let scale: Double
    let positions: Tensor?
    let packing: SequencePacking?
    let dropout: heed_dropout
    let output: ElementType

    private var columns: Int { table.shape[1] }

    func check() {
        require(
            ids.rank == 1 && ids.elementType == .int32, "embedding", "ids are int32 [tokens]",
            [ids.shape])
        checkRows(ids.count, packing, "embedding")
        checkRange(ids, 0..<table.shape[0], "embedding: ids of \(table.name)")
        if let positions {
            guard let packing else {
                shapeMismatch("embedding", "positions need a packing", ids.shape.sizes)
            }
            require(
                positions.rank == 2 && positions.shape[1] == columns
                    && positions.elementType == Kernels.statistics(for: output), "embedding",
                "positions do not fit the table", [positions.shape, table.shape])
            checkRange(packing.positions, 0..<positions.shape[0], "embedding: positions")
        }
    }

    func forward() -> Tensor {
        let y = Tensor(uninitialized: [ids.count, columns], output)
        let kernels = unsafe Kernels.table(for: output)
        let (values, ids) = rows()
        let type = Kernels.kernelType(values.elementType)
        let row = columns * output.size
        parallelRanges(ids.count, size: Cut.rows(columns: columns)) { rows in
            var dropout = dropout
            let first = rows.lowerBound
            unsafe kernels.pointee.embedding_forward(
                Int64(rows.count), Int64(columns),
                ids.bytes.assumingMemoryBound(to: Int32.self) + first, type, values.bytes, scale,
                positions?.bytes,
                packing.map {
                    unsafe $0.positions.bytes.assumingMemoryBound(to: Int32.self) + first
                },
                &dropout, rowKeys(packing, from: first), y.mutableBytes + first * row)
        }
        return y
    }

    /// The table and the rows of it that are looked up. The master is read as it is, or its rows that are needed in another
    /// type are put together in that.
    private func rows() -> (table: Tensor, ids: Tensor) {
        let master = table.value
        let type = master.elementType
        if type == output || type == Kernels.statistics(for: output) { return (master, ids) }
        let chosen = Tensor(uninitialized: [ids.count, columns], type)
        let size = columns * type.size
        for (row, id) in ids.scalars(as: Int32.self).enumerated() {
            unsafe (chosen.mutableBytes + row * size).copyMemory(
                from: master.bytes + Int(id) * size, byteCount: size)
        }
        return (chosen.converted(to: output), Tensor((0..<ids.count).map { Int32($0) }))
    }

    func backward(_ dy: Tensor) {
        guard table.collectsGradient, let slot = table.slot else { return }
        let groups = RowGroups(ids.scalars(as: Int32.self), tableRows: table.shape[0])
        let kernels = unsafe Kernels.table(for: output)
        let memory = slot.memory(from: output)
        let ids = unsafe groups.ids.bytes.assumingMemoryBound(to: Int32.self)
        // Adds the gradients of some ids to rows of a table.
        let add = {
            (range: Range<Int>, rows: UnsafePointer<Int32>, table: UnsafeMutableRawPointer) in
            var dropout = dropout
            unsafe kernels.pointee.embedding_backward(
                Int64(range.count), rows,
                groups.starts.bytes.assumingMemoryBound(to: Int32.self) + range.lowerBound,
                groups.order.bytes.assumingMemoryBound(to: Int32.self), Int64(columns), dy.bytes,
                scale, &dropout, rowKeys(packing, from: 0), table)
        }
        parallelRanges(groups.ids.count, size: 64) { range in
            guard memory.isNarrow else {
                unsafe add(range, ids + range.lowerBound, memory.start)
                return
            }
            for index in range {
                let row = unsafe Int(ids[index]) * columns
                var first: Int32 = 0
                unsafe memory.add(row..<row + columns) {
                    unsafe add(index..<index + 1, &first, $0)
                }
            }
        }
    }
}

/// Rows grouped by the id that they looked up, each group in the order of its rows.
private struct RowGroups {
    let ids: Tensor
    let starts: Tensor
    let order: Tensor

    init(_ rowIDs: [Int32], tableRows: Int) {
        var counts = [Int32](repeating: 0, count: tableRows)
        for id in rowIDs { counts[Int(id)] += 1 }
        var ids: [Int32] = []
        var starts: [Int32] = []
        var next = [Int32](repeating: 0, count: tableRows)
        var end: Int32 = 0
        for (id, count) in counts.enumerated() where count > 0 {
            ids.append(Int32(id))
            starts.append(end)
            next[id] = end
            end += count
        }
        starts.append(end)
        var order = [Int32](repeating: 0, count: rowIDs.count)
        for (row, id) in rowIDs.enumerated() {
            order[Int(next[Int(id)])] = Int32(row)
            next[Int(id)] += 1
        }
        self.ids = Tensor(ids)
        self.starts = Tensor(starts)
        self.order = Tensor(order)
    }
}

/// Traps when an element of an int32 tensor is outside a range.
func checkRange(_ indices: Tensor, _ range: Range<Int>, _ operation: String) {
    for index in indices.scalars(as: Int32.self) where !range.contains(Int(index)) {
        shapeMismatch(operation, "\(index) is not in \(range)", indices.shape.sizes)
    }
}
