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
        let all = 0..<values.shape[0]
        let loss = Tensor(uninitialized: [all.count], statistics)
        rows.run(values, all, loss: loss)
        return recorded([wide], loss) { upstream, gradients in
            let dlogits = values.copied()
            rows.run(dlogits, all, gradient: dlogits)
            gradients[0] = binary(.multiply, dlogits, upstream.viewed(as: [upstream.count, 1]))
        }
    }

    /// The loss of x · Wᵀ + b against targets, summed over the tokens, without ever holding the logits of a batch.
    ///
    /// Rows are taken in chunks whose size depends on the vocabulary alone, and in blocks of 64, whose logits become
    /// gradients while they are in the cache.
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
            needsGradient: records([x], parameters: parameters),
            startsBackward: startsBackwardAtLoss)
        let addsAtOnce = pass.addsAtOnce
        let result = pass.run()
        let loss = recorded([x], result.loss, parameters: parameters) { upstream, gradients in
            let factor = upstream.scalar
            require(
                !addsAtOnce || factor == 1, "projectionLoss",
                "the backward pass was to start here, and came with \(factor)")
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

    /// The losses of `logits`, which are those of a range of the rows, and scale · their gradients, in the first columns of
    /// `gradient`. Where gradients are asked for, the logits are overwritten; they may be the gradients' memory.
    func run(
        _ logits: Tensor, _ range: Range<Int>, scale: Double = 1, loss: Tensor? = nil,
        negativeLogLikelihood: Tensor? = nil, gradient: Tensor? = nil
    ) {
        let table = unsafe Kernels.table(for: gradient?.elementType ?? logits.elementType)
        let size = logits.elementType.size
        let gradientRow = gradient.map { $0.shape.columns * $0.elementType.size } ?? 0
        parallelRanges(range.count, size: Cut.rows(columns: columns)) { rows in
            let first = rows.lowerBound
            unsafe table.pointee.cross_entropy(
                Int64(rows.count), Int64(columns), logits.mutableBytes + first * columns * size,
                Int64(columns), target(range.lowerBound + first), smoothing, scale,
                loss.map { unsafe $0.mutableBytes + first * size },
                negativeLogLikelihood.map { unsafe $0.mutableBytes + first * size }, nil,
                gradient.map { unsafe $0.mutableBytes + first * gradientRow },
                Int64(gradient?.shape.columns ?? columns))
        }
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
    /// Whether the backward pass will start here, with a gradient of 1.
    let startsBackward: Bool

    /// Whether gradients of the parameters go to the arena as they are computed: each chunk at once, but for a gradient that
    /// would be rounded for each.
    var addsAtOnce: Bool {
        startsBackward && (weight.slot?.isNarrow != true || x.shape[0] <= rowsOfChunk)
    }

    private var rowsOfChunk: Int {
        large == nil ? chunkRows : LargeVocabularyPass.chunkRows
    }

    /// The way of large vocabularies, if this is one.
    private var large: LargeVocabularyPass? { bias == nil ? LargeVocabularyPass(x, weight) : nil }

    struct Result {
        var loss: Tensor
        var negativeLogLikelihood: Tensor
        var inputGradient: Tensor?
        /// Sums of gradients that go to the arena in the backward pass.
        var weightGradient: Tensor?
        var biasGradient: Tensor?
    }

    /// Rows of one chunk, whose gradients of logits exist at a time: about 16 million logits, in blocks for many threads.
    private var chunkRows: Int {
        let rows = (1 << 24) / max(weight.shape[0], 1)
        return rows >= 512 ? min(rows / 512 * 512, 1024) : max(rows / 64 * 64, 64)
    }

    /// Rows of one task.
    private static let blockRows = 64

    /// Rows of a block whose logits exist at a time: 3 MiB of them, if that is not too few rows for a product.
    private var logitRows: Int { (3 << 18) / max(weight.shape[0], 1) >= 64 ? 64 : 32 }

    func run() -> Result {
        let type = x.elementType
        let statistics = Kernels.statistics(for: type)
        let count = x.shape[0]
        let loss = Tensor(uninitialized: [count, 1], statistics)
        let likelihood = Tensor(uninitialized: [count, 1], statistics)
        var result = Result(loss: loss, negativeLogLikelihood: likelihood)
        if needsGradient {
            result.inputGradient = Tensor(uninitialized: x.shape, type)
            if weight.collectsGradient, !addsAtOnce {
                result.weightGradient = Tensor.zeros(weight.shape, statistics)
            }
            if let bias, bias.collectsGradient, !addsAtOnce {
                result.biasGradient = Tensor.zeros(bias.shape, statistics)
            }
        }
        if let pass = large {
            run(pass, result)
            return finished(result, likelihood)
        }
        prepareProducts(type)
        for first in stride(from: 0, to: count, by: chunkRows) {
            let chunk = first..<min(first + chunkRows, count)
            let dlogits =
                needsGradient
                ? Tensor(uninitialized: [chunk.count, weight.shape[0]], type) : nil
            parallelRanges(chunk.count, size: Self.blockRows) { rows in
                runBlock(first + rows.lowerBound..<first + rows.upperBound, dlogits, first, result)
            }
            if let dlogits { addGradients(of: x.rowsView(chunk), dlogits, to: result) }
        }
        return finished(result, likelihood)
    }

    /// The sums of the rows' losses.
    private func finished(_ rows: Result, _ likelihood: Tensor) -> Result {
        let count = x.shape[0]
        var result = rows
        result.loss = affineValues(
            reduced(HEED_SUM, rows.loss.viewed(as: [count]), axis: 0).viewed(as: []), scale, 0)
        result.negativeLogLikelihood = reduced(HEED_SUM, likelihood.viewed(as: [count]), axis: 0)
            .viewed(as: [])
        return result
    }

    /// The chunks of a large vocabulary.
    private func run(_ pass: LargeVocabularyPass, _ result: Result) {
        let size = LargeVocabularyPass.chunkRows
        for first in stride(from: 0, to: x.shape[0], by: size) {
            let chunk = first..<min(first + size, x.shape[0])
            let values = pass.logits(chunk)
            let dlogits = needsGradient ? pass.gradients(in: values) : nil
            rows.run(
                values, chunk, scale: scale, loss: result.loss.rowsView(chunk),
                negativeLogLikelihood: result.negativeLogLikelihood.rowsView(chunk),
                gradient: dlogits)
            guard let dlogits, let gradient = result.inputGradient else { continue }
            addGradients(of: x.rowsView(chunk), dlogits, to: result)
            unsafe pass.inputGradient(
                dlogits, into: gradient.mutableBytes + first * weight.shape[1] * 2)
        }
    }

    /// Makes the copies of the weights that the tasks will read: they must not make them themselves.
    private func prepareProducts(_ type: ElementType) {
        logits.prepare(type)
        if needsGradient { input.prepare(type) }
    }

    private var logits: WeightProduct {
        WeightProduct(weight: weight, isTransposed: true, bias: bias, cutsColumns: false)
    }

    private var input: WeightProduct {
        WeightProduct(weight: weight, isTransposed: false, cutsColumns: false)
    }

    /// The losses of a block of rows, and the gradients of its logits and of its rows.
    private func runBlock(
        _ block: Range<Int>, _ dlogits: Tensor?, _ firstOfChunk: Int, _ result: Result
    ) {
        let statistics = result.loss.elementType
        for first in stride(from: block.lowerBound, to: block.upperBound, by: logitRows) {
            let range = first..<min(first + logitRows, block.upperBound)
            let values = logits(x.rowsView(range), output: statistics)
            let inChunk = range.lowerBound - firstOfChunk..<range.upperBound - firstOfChunk
            rows.run(
                values, range, scale: scale, loss: result.loss.rowsView(range),
                negativeLogLikelihood: result.negativeLogLikelihood.rowsView(range),
                gradient: dlogits?.rowsView(inChunk))
        }
        if let dlogits, let gradient = result.inputGradient {
            let inChunk = block.lowerBound - firstOfChunk..<block.upperBound - firstOfChunk
            input(dlogits.rowsView(inChunk))
                .copyBytes(to: gradient, at: block.lowerBound * weight.shape[1])
        }
    }

    private func addGradients(of input: Tensor, _ dlogits: Tensor, to result: Result) {
        let biasSums = bias.flatMap { memory($0, result.biasGradient) }
        let sums = biasSums.map { _ in ColumnSums(of: dlogits) }
        let products = memory(weight, result.weightGradient).map { gradient in
            transposedProductTasks(
                dlogits, input, to: gradient, m: weight.shape[0], n: weight.shape[1])
        }
        parallel(products ?? .empty, sums?.tasks ?? .empty)
        unsafe biasSums?.add(0..<rows.columns) { unsafe sums?.add(to: $0) }
    }

    /// Where a parameter's gradient is added up: in a sum of its own, or in the arena.
    private func memory(_ parameter: Parameter, _ sum: Tensor?) -> GradientMemory? {
        if let sum {
            return unsafe GradientMemory(start: sum.mutableBytes, elementType: sum.elementType)
        }
        guard addsAtOnce, parameter.collectsGradient else { return nil }
        return parameter.slot?.memory(from: x.elementType)
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
