import CHeedKernels
import HeedFormats

/// A place in a model where elements are dropped while it trains.
public struct Dropout: Sendable, Hashable {
    /// The share of elements that are dropped, 0 ..< 1.
    public let probability: Double
    /// The place's own number, fixed when the model is built: it is a part of the random counter.
    public let site: UInt32

    /// Dropout with this probability at this place.
    public init(_ probability: Double, site: UInt32) {
        require(
            probability >= 0 && probability < 1, "Dropout", "a probability of \(probability)")
        self.probability = probability
        self.site = site
    }

    /// The kernels' form of it: probabilities are multiples of 1/65536, and what is kept is scaled by the exact
    /// inverse of the share that is.
    func descriptor(_ random: RandomState) -> heed_dropout {
        let threshold = UInt32((probability * 65_536).rounded())
        return heed_dropout(
            key: (UInt32(truncatingIfNeeded: random.seed), UInt32(random.seed >> 32)),
            update: random.update, site: site, threshold: min(threshold, 65_535),
            scale: Float(65_536 / (65_536 - Double(min(threshold, 65_535)))))
    }
}

extension Context {
    /// The kernels' form of a dropout in this context: one that drops nothing when the model does not train.
    func descriptor(_ dropout: Dropout?) -> heed_dropout {
        guard isTraining, let dropout, dropout.probability > 0 else {
            return heed_dropout(key: (0, 0), update: 0, site: 0, threshold: 0, scale: 1)
        }
        return dropout.descriptor(random)
    }

    /// x with elements dropped and the others scaled up, while the model trains. x [tokens, D].
    ///
    /// - Parameters:
    ///   - x: what is dropped from.
    ///   - dropout: how much, and where.
    ///   - packing: the sequences of the rows; without it, row r is token r of sequence 0.
    public func dropout(_ x: Tensor, _ dropout: Dropout, packing: SequencePacking? = nil) -> Tensor
    {
        let descriptor = self.descriptor(dropout)
        if descriptor.threshold == 0 { return x }
        profiler?.begin("dropout")
        defer { profiler?.end() }
        let y = dropped(x, descriptor, packing)
        return recorded([x], y) { upstream, gradients in
            gradients[0] = dropped(upstream, descriptor, packing)
        }
    }
}

private func dropped(_ x: Tensor, _ dropout: heed_dropout, _ packing: SequencePacking?) -> Tensor {
    let y = Tensor(uninitialized: x.shape, x.elementType)
    drop(x, dropout, packing, into: y)
    return y
}

/// Drops elements of a tensor that nobody else has seen yet.
func dropInPlace(_ x: Tensor, _ dropout: heed_dropout, _ packing: SequencePacking?) {
    drop(x, dropout, packing, into: x)
}

private func drop(
    _ x: Tensor, _ dropout: heed_dropout, _ packing: SequencePacking?, into y: Tensor
) {
    let columns = x.shape.columns
    let table = unsafe Kernels.table(for: x.elementType)
    let rowBytes = columns * x.elementType.size
    checkRows(x.shape.rows, packing, "dropout")
    parallelRanges(x.shape.rows, size: Cut.rows(columns: columns)) { rows in
        var dropout = dropout
        unsafe table.pointee.dropout(
            Int64(rows.count), Int64(columns), &dropout, rowKeys(packing, from: rows.lowerBound),
            x.bytes + rows.lowerBound * rowBytes, y.mutableBytes + rows.lowerBound * rowBytes)
    }
}

/// Traps when a packing does not have as many tokens as there are rows.
func checkRows(_ rows: Int, _ packing: SequencePacking?, _ operation: String) {
    require(
        packing.map { $0.tokenCount == rows } ?? true, operation,
        "\(rows) rows, but a packing of \(packing?.tokenCount ?? 0) tokens")
}

/// The keys of the rows from `row` on.
func rowKeys(_ packing: SequencePacking?, from row: Int) -> heed_rows {
    guard let packing else {
        return unsafe heed_rows(sequence: nil, position: nil, first_position: UInt32(row))
    }
    return unsafe heed_rows(
        sequence: packing.rowSequences.bytes.assumingMemoryBound(to: UInt32.self) + row,
        position: packing.positions.bytes.assumingMemoryBound(to: UInt32.self) + row,
        first_position: 0)
}
