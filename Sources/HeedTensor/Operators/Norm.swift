import CHeedKernels
public import HeedFormats

/// A normalisation of each row: which one, and its parameters.
public struct Norm {
    /// The kinds of normalisation.
    public enum Kind: String, Sendable, CaseIterable {
        /// (x − mean) / √(variance + ε) · γ + β (Ba et al. 2016).
        case layer
        /// x / √(mean of squares + ε) · γ (Zhang and Sennrich 2019).
        case rms
    }

    /// Which normalisation.
    public let kind: Kind
    /// γ [D].
    public let scale: Parameter
    /// β [D]; nil for none.
    public let shift: Parameter?
    /// ε, above 0.
    public let epsilon: Double

    /// A normalisation with these parameters.
    public init(_ kind: Kind, scale: Parameter, shift: Parameter? = nil, epsilon: Double) {
        require(epsilon > 0, "Norm", "ε is \(epsilon)")
        self.kind = kind
        self.scale = scale
        self.shift = shift
        self.epsilon = epsilon
    }

    var kernel: heed_norm { kind == .layer ? HEED_LAYER_NORM : HEED_RMS_NORM }
}

extension Context {
    /// norm(x) of each row. x [..., D].
    ///
    /// - Parameters:
    ///   - x: the rows.
    ///   - norm: which normalisation.
    ///   - output: the result's element type; that of x when nil. A float32 stream may give bfloat16.
    public func norm(_ x: Tensor, _ norm: Norm, output: ElementType? = nil) -> Tensor {
        fused(
            ResidualNorm(x: nil, residual: x, norm: norm, output: output ?? x.elementType),
            dropout: nil, packing: nil
        ).normalised
    }

    /// residual + dropout(x). The result has the residual's type.
    public func addResidual(
        _ x: Tensor, to residual: Tensor, dropout: Dropout? = nil, packing: SequencePacking? = nil
    ) -> Tensor {
        fused(
            ResidualNorm(x: x, residual: residual, norm: nil, output: x.elementType),
            dropout: dropout, packing: packing
        ).stream
    }

    /// z = residual + dropout(x) and norm(z), in one pass.
    ///
    /// The stream z has the residual's type, the norm that of x: a bfloat16 model may keep its stream in float32.
    public func addResidual(
        _ x: Tensor, to residual: Tensor, dropout: Dropout? = nil,
        packing: SequencePacking? = nil, norm: Norm
    ) -> (stream: Tensor, normalised: Tensor) {
        fused(
            ResidualNorm(x: x, residual: residual, norm: norm, output: x.elementType),
            dropout: dropout, packing: packing)
    }

    private func fused(
        _ operation: ResidualNorm, dropout: Dropout?, packing: SequencePacking?
    ) -> (stream: Tensor, normalised: Tensor) {
        profiler?.begin("residualNorm")
        defer { profiler?.end() }
        operation.check(packing)
        let dropout = descriptor(dropout)
        let result = operation.forward(dropout, packing)
        let norm = operation.norm
        let parameters = [norm?.scale, norm?.shift]
        let inputs = [operation.x, operation.residual].compactMap { $0 }
        let saved = operation.withoutInputs
        var outputs: [Tensor] = []
        if saved.x != nil { outputs.append(result.stream) }
        if let normalised = result.normalised { outputs.append(normalised) }
        outputs = recorded(inputs, outputs, parameters: parameters) { upstream, gradients in
            let (dz, dy) = (
                saved.x == nil ? nil : upstream[0], norm == nil ? nil : upstream[outputs.count - 1]
            )
            let (dx, dresidual) = saved.backward(
                result, dz: dz, dy: dy, dropout, packing,
                needsResidual: gradients.needed[gradients.needed.count - 1])
            if saved.x != nil { gradients[0] = dx }
            gradients[gradients.needed.count - 1] = dresidual
        }
        return (outputs[0], outputs[outputs.count - 1])
    }
}

/// One pass of z = residual + dropout(x), y = norm(z), and its gradient.
private struct ResidualNorm {
    var x: Tensor?
    var residual: Tensor
    let norm: Norm?
    let output: ElementType

    struct Result {
        let stream: Tensor
        let normalised: Tensor?
        let mean: Tensor
        let reciprocalDeviation: Tensor
    }

    /// What the gradient is computed with: the sizes of the inputs, and not their elements.
    var withoutInputs: ResidualNorm {
        var copy = self
        copy.x = x.map { Tensor.shapeOnly($0.shape, $0.elementType) }
        copy.residual = Tensor.shapeOnly(residual.shape, residual.elementType)
        return copy
    }

    private var columns: Int { residual.shape.columns }
    private var rows: Int { residual.shape.rows }
    private var statistics: ElementType { Kernels.statistics(for: output) }

    func check(_ packing: SequencePacking?) {
        require(
            x.map { $0.shape == residual.shape } ?? true, "residual", "shapes differ",
            [residual.shape] + (x.map { [$0.shape] } ?? []))
        require(
            norm.map { $0.scale.shape == [columns] && ($0.shift?.shape ?? [columns]) == [columns] }
                ?? true, "norm", "\(norm?.scale.name ?? "") does not fit",
            [residual.shape, norm?.scale.shape ?? []])
        require(
            residual.elementType == output
                || (residual.elementType == .float32 && output == .bfloat16), "residual",
            "a stream of \(residual.elementType) beside \(output)")
        checkRows(rows, packing, "residual")
    }

    func forward(_ dropout: heed_dropout, _ packing: SequencePacking?) -> Result {
        let stream =
            x == nil ? residual : Tensor(uninitialized: residual.shape, residual.elementType)
        let normalised = norm.map { _ in Tensor(uninitialized: residual.shape, output) }
        let mean = Tensor(uninitialized: [norm == nil ? 0 : rows], statistics)
        let rstd = Tensor(uninitialized: [norm == nil ? 0 : rows], statistics)
        let (gamma, beta) = (
            norm?.scale.value(as: statistics), norm?.shift?.value(as: statistics)
        )
        let table = unsafe Kernels.table(for: output)
        let residualType = Kernels.kernelType(residual.elementType)
        let (streamRow, row) = (
            columns * residual.elementType.size, columns * output.size
        )
        parallelRanges(rows, size: Cut.rows(columns: columns)) { rows in
            var dropout = dropout
            let first = rows.lowerBound
            let statisticsStart = first * statistics.size
            unsafe table.pointee.residual_norm_forward(
                norm?.kernel ?? HEED_LAYER_NORM, residualType, Int64(rows.count), Int64(columns),
                x.map { unsafe $0.bytes + first * row }, residual.bytes + first * streamRow,
                &dropout, rowKeys(packing, from: first), gamma?.bytes, beta?.bytes,
                norm?.epsilon ?? 1, stream.mutableBytes + first * streamRow,
                normalised.map { unsafe $0.mutableBytes + first * row },
                mean.mutableBytes + statisticsStart, rstd.mutableBytes + statisticsStart)
        }
        return Result(
            stream: stream.detached, normalised: normalised, mean: mean, reciprocalDeviation: rstd)
    }

    /// The gradients of x and of the residual; those of the norm's parameters go to their arena.
    func backward(
        _ result: Result, dz: Tensor?, dy: Tensor?, _ dropout: heed_dropout,
        _ packing: SequencePacking?, needsResidual: Bool
    ) -> (x: Tensor?, residual: Tensor?) {
        let dx = x.map { _ in Tensor(uninitialized: residual.shape, output) }
        let dresidual =
            needsResidual ? Tensor(uninitialized: residual.shape, residual.elementType) : nil
        let norm = dy == nil ? nil : self.norm
        let gamma = norm?.scale.value(as: statistics)
        let table = unsafe Kernels.table(for: output)
        let residualType = Kernels.kernelType(residual.elementType)
        let (streamRow, row) = (
            columns * residual.elementType.size, columns * output.size
        )
        let hasShift = norm?.shift != nil
        let chunks = RowChunks(rows, columns: columns, sums: hasShift ? 2 : 1, output)
        unsafe chunks.run { rows, sums in
            var dropout = dropout
            let first = rows.lowerBound
            let statisticsStart = first * statistics.size
            unsafe table.pointee.residual_norm_backward(
                norm?.kernel ?? HEED_LAYER_NORM, residualType, Int64(rows.count), Int64(columns),
                result.stream.bytes + first * streamRow, gamma?.bytes,
                result.mean.bytes + statisticsStart,
                result.reciprocalDeviation.bytes + statisticsStart,
                dy.map { unsafe $0.bytes + first * row },
                dz.map { unsafe $0.bytes + first * streamRow }, &dropout,
                rowKeys(packing, from: first), dx.map { unsafe $0.mutableBytes + first * row },
                dresidual.map { unsafe $0.mutableBytes + first * streamRow }, sums[0],
                hasShift ? sums[1] : nil)
        }
        if let norm {
            if norm.scale.collectsGradient, let slot = norm.scale.slot {
                unsafe chunks.add(0, to: slot.bytes(from: output))
            }
            if let shift = norm.shift, shift.collectsGradient, let slot = shift.slot {
                unsafe chunks.add(1, to: slot.bytes(from: output))
            }
        }
        return (dx, dresidual)
    }
}
