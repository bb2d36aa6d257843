import CHeedKernels
import HeedFormats

/// What a projection with cross-entropy gives.
public struct ProjectionLoss {
    /// scale · Σ of the tokens' smoothed losses, a scalar; float32, or float64 in reference arithmetic.
    public let loss: Tensor
    /// Σ of the tokens' negative log-likelihoods, unscaled: what perplexity is made of.
    public let negativeLogLikelihood: Tensor
}

extension Context {
    /// The cross-entropy of each row of logits with its target, with label smoothing ε:
    /// (1 − ε) · (−log p[target]) + ε · the mean over the vocabulary of −log p (Szegedy et al. 2016).
    ///
    /// logits [N, V], targets int32 [N], where a negative target is ignored → [N] of float32 (float64).
    public func crossEntropy(_ logits: Tensor, targets: Tensor, smoothing: Double = 0) -> Tensor {
        profiler?.begin("crossEntropy")
        defer { profiler?.end() }
        let statistics = Kernels.statistics(for: logits.elementType)
        let wide = converted(logits, to: statistics)
        let rows = LossRows(targets: targets, columns: logits.shape.columns, smoothing: smoothing)
        rows.check(logits)
        let values = wide.detached
        let result = rows.forward(values, 0..<values.shape[0], statistics)
        return recorded([wide], result.loss) { upstream, gradients in
            let dlogits = rows.backward(
                values, 0..<values.shape[0], lse: result.lse, scale: 1, output: statistics)
            gradients[0] = binary(.multiply, dlogits, upstream.viewed(as: [upstream.count, 1]))
        }
    }

    /// The loss of x · Wᵀ + b against targets, summed over the tokens, without ever holding the logits of a batch.
    ///
    /// Rows are taken in chunks whose size depends on the vocabulary alone; a chunk's logits become its gradients
    /// before the next chunk's are computed.
    /// - Parameters:
    ///   - x: [N, D].
    ///   - weight: [V, D], such as the tied embedding.
    ///   - bias: [V], or nil.
    ///   - targets: int32 [N]; a negative target is ignored.
    ///   - smoothing: ε.
    ///   - scale: multiplies the loss, such as 1 / the tokens of the global batch.
    public func projectionLoss(
        _ x: Tensor, weight: Parameter, bias: Parameter? = nil, targets: Tensor,
        smoothing: Double = 0, scale: Double = 1
    ) -> ProjectionLoss {
        profiler?.begin("projectionLoss")
        defer { profiler?.end() }
        let rows = LossRows(targets: targets, columns: weight.shape[0], smoothing: smoothing)
        require(
            x.rank == 2 && targets.count == x.shape[0], "projectionLoss", "targets",
            [x.shape, targets.shape])
        let parameters = [weight, bias]
        let pass = ProjectionLossPass(
            x: x.detached, weight: weight, bias: bias, rows: rows, scale: scale,
            needsGradient: records([x], parameters: parameters))
        let result = pass.run()
        let loss = recorded([x], result.loss, parameters: parameters) { upstream, gradients in
            let factor = upstream.scalar
            if let gradient = result.weightGradient {
                weight.addGradient(gradient, scale: factor)
            }
            if let gradient = result.biasGradient { bias?.addGradient(gradient, scale: factor) }
            gradients[0] = result.inputGradient.map {
                factor == 1 ? $0 : affineValues($0, factor, 0)
            }
        }
        return ProjectionLoss(loss: loss, negativeLogLikelihood: result.negativeLogLikelihood)
    }
}

/// The losses of rows of logits against their targets.
private struct LossRows {
    let targets: Tensor
    let columns: Int
    let smoothing: Double

    struct Result {
        let loss: Tensor
        let negativeLogLikelihood: Tensor
        let lse: Tensor
    }

    init(targets: Tensor, columns: Int, smoothing: Double) {
        require(
            targets.elementType == .int32 && smoothing >= 0 && smoothing < 1, "crossEntropy",
            "targets are int32, and ε = \(smoothing) is below 1", [targets.shape])
        self.targets = targets
        self.columns = columns
        self.smoothing = smoothing
        checkRange(targets, -Int.max..<columns, "crossEntropy: targets")
    }

    func check(_ logits: Tensor) {
        require(
            logits.rank == 2 && logits.shape[0] == targets.count, "crossEntropy", "targets",
            [logits.shape, targets.shape])
    }

    /// The losses of `logits`, which are those of a range of the rows.
    func forward(_ logits: Tensor, _ range: Range<Int>, _ type: ElementType) -> Result {
        let result = Result(
            loss: Tensor(uninitialized: [range.count], type),
            negativeLogLikelihood: Tensor(uninitialized: [range.count], type),
            lse: Tensor(uninitialized: [range.count], type))
        let table = unsafe Kernels.table(for: type)
        let size = type.size
        parallelRanges(range.count, size: Cut.rows(columns: columns)) { rows in
            let first = rows.lowerBound
            unsafe table.pointee.cross_entropy_forward(
                Int64(rows.count), Int64(columns), logits.bytes + first * columns * size,
                Int64(columns), target(range.lowerBound + first), smoothing,
                result.loss.mutableBytes + first * size,
                result.negativeLogLikelihood.mutableBytes + first * size,
                result.lse.mutableBytes + first * size)
        }
        return result
    }

    /// scale · the gradients of the rows' losses, in the given type.
    func backward(
        _ logits: Tensor, _ range: Range<Int>, lse: Tensor, scale: Double, output: ElementType
    ) -> Tensor {
        let gradient = Tensor(uninitialized: logits.shape, output)
        let table = unsafe Kernels.table(for: output)
        let size = logits.elementType.size
        parallelRanges(range.count, size: Cut.rows(columns: columns)) { rows in
            let first = rows.lowerBound
            unsafe table.pointee.cross_entropy_backward(
                Int64(rows.count), Int64(columns), logits.bytes + first * columns * size,
                Int64(columns), target(range.lowerBound + first), smoothing,
                lse.bytes + first * size, scale,
                gradient.mutableBytes + first * columns * output.size, Int64(columns))
        }
        return gradient
    }

    private func target(_ row: Int) -> UnsafePointer<Int32> {
        unsafe targets.bytes.assumingMemoryBound(to: Int32.self) + row
    }
}

/// One pass over the chunks of a projection with cross-entropy.
private struct ProjectionLossPass {
    let x: Tensor
    let weight: Parameter
    let bias: Parameter?
    let rows: LossRows
    let scale: Double
    let needsGradient: Bool

    struct Result {
        var loss: Tensor
        var negativeLogLikelihood: Tensor
        var inputGradient: Tensor?
        var weightGradient: Tensor?
        var biasGradient: Tensor?
    }

    /// Rows of one chunk: about 4 million logits.
    private var chunkRows: Int {
        let rows = (1 << 22) / max(weight.shape[0], 1)
        return min(max(rows / 64 * 64, 64), 1024)
    }

    func run() -> Result {
        let type = x.elementType
        let statistics = Kernels.statistics(for: type)
        let count = x.shape[0]
        let loss = Tensor(uninitialized: [count], statistics)
        let likelihood = Tensor(uninitialized: [count], statistics)
        var result = Result(loss: loss, negativeLogLikelihood: likelihood)
        if needsGradient {
            result.inputGradient = Tensor(uninitialized: x.shape, type)
            if weight.collectsGradient {
                result.weightGradient = Tensor.zeros(weight.shape, statistics)
            }
            if let bias, bias.collectsGradient {
                result.biasGradient = Tensor.zeros(bias.shape, statistics)
            }
        }
        for first in stride(from: 0, to: count, by: chunkRows) {
            let range = first..<min(first + chunkRows, count)
            let input = x.rowsView(range)
            let logits = WeightProduct(weight: weight, isTransposed: true, bias: bias)(
                input, output: statistics)
            let losses = rows.forward(logits, range, statistics)
            losses.loss.copyBytes(to: loss, at: range.lowerBound)
            losses.negativeLogLikelihood.copyBytes(to: likelihood, at: range.lowerBound)
            guard needsGradient else { continue }
            let dlogits = rows.backward(
                logits, range, lse: losses.lse, scale: scale, output: type)
            addGradients(of: input, dlogits, range, to: result)
        }
        result.loss = affineValues(
            reduced(HEED_SUM, loss, axis: 0).viewed(as: []), scale, 0)
        result.negativeLogLikelihood = reduced(HEED_SUM, likelihood, axis: 0).viewed(as: [])
        return result
    }

    private func addGradients(
        of input: Tensor, _ dlogits: Tensor, _ range: Range<Int>, to result: Result
    ) {
        let dx = WeightProduct(weight: weight, isTransposed: false)(dlogits)
        if let gradient = result.inputGradient {
            dx.copyBytes(to: gradient, at: range.lowerBound * weight.shape[1])
        }
        if let gradient = result.weightGradient {
            unsafe addTransposedProduct(
                dlogits, input, to: gradient.mutableBytes, m: weight.shape[0],
                n: weight.shape[1])
        }
        if let gradient = result.biasGradient {
            unsafe addColumnSums(of: dlogits, to: gradient.mutableBytes)
        }
    }
}

extension Tensor {
    /// Writes the elements into a tensor that is being made, from element `start` on.
    fileprivate func copyBytes(to other: Tensor, at start: Int) {
        unsafe withBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            unsafe (other.mutableBytes + start * elementType.size).copyMemory(
                from: source, byteCount: bytes.count)
        }
    }
}
