import CHeedKernels
import HeedFormats

extension Context {
    /// softmax(scale · Q Kᵀ + bias, masked) V for each head and each sequence of a packed batch, in blocks, so that memory
    /// grows with the length and not with its square (Vaswani et al. 2017, §3.2).
    ///
    /// A query that sees no key gives zeros. Gradients flow to queries, keys, values and the bias.
    /// - Parameters:
    ///   - name: how an observer knows this attention.
    ///   - queries: [query tokens, H · d_k].
    ///   - keys: [key tokens, H_kv · d_k].
    ///   - values: [key tokens, H_kv · d_v].
    ///   - heads: the heads' numbers and sizes.
    ///   - queryPacking: the sequences of the queries.
    ///   - keyRanges: the rows of each sequence's keys and values; those of the queries when nil.
    ///   - mask: which keys each query sees.
    ///   - bias: added to the scaled scores, [H, queries, keys] of the longest sequence, float32 (or float64).
    ///   - dropout: drops weights while the model trains.
    /// - Returns: [query tokens, H · d_v].
    public func attention(
        _ name: String = "", queries: Columns, keys: Columns, values: Columns,
        heads: AttentionHeads, queryPacking: SequencePacking, keyRanges: SequenceRanges? = nil,
        mask: AttentionMask = .full, bias: Tensor? = nil, dropout: Dropout? = nil
    ) -> Tensor {
        profiler?.begin("attention")
        defer { profiler?.end() }
        let call = AttentionCall(
            roles: [queries, keys, values], heads: heads, packing: queryPacking,
            keyRanges: keyRanges ?? queryPacking.ranges, mask: mask, bias: bias?.detached,
            dropout: descriptor(dropout))
        call.check()
        let observed = attentionObserver?.heads(of: name)
        let inputs = call.tensors(of: [queries, keys, values]) + (bias.map { [$0] } ?? [])
        let isRecorded = records(inputs)
        if isRecorded { call.checkKeysAreDisjoint() }
        let statistics = Kernels.statistics(for: queries.tensor.elementType)
        let lse =
            isRecorded || observed != nil
            ? Tensor(uninitialized: [heads.count, queryPacking.tokenCount], statistics) : nil
        let output = call.forward(lse: lse)
        if let observed, let lse, let attentionObserver {
            call.forEachWeights(
                ofHeads: observed.filter { $0 >= 0 && $0 < heads.count }, lse: lse
            ) {
                attentionObserver.observe(attention: name, sequence: $0, head: $1, weights: $2)
            }
        }
        guard isRecorded, let lse else { return output }
        return recorded(inputs, output) { upstream, gradients in
            let computed = call.backward(output: output, lse: lse, upstream: upstream)
            for (index, gradient) in computed.enumerated() where gradients.needed[index] {
                gradients[index] = gradient
            }
        }
    }
}

/// One attention: its operands, and the kernels' description of it.
private struct AttentionCall {
    /// Queries, keys and values, as constants.
    let roles: [Columns]
    let heads: AttentionHeads
    let packing: SequencePacking
    let keyRanges: SequenceRanges
    let bias: Tensor?
    let dropout: heed_dropout
    /// For each role, the role whose gradient tensor it writes into: the first with the same tensor, at the same place of
    /// the tape, and other columns.
    private let owners: [Int]
    private let mask: AttentionMask
    private let keyLengths: Tensor
    private let offsets: Tensor?
    private let prefixes: Tensor?

    init(
        roles: [Columns], heads: AttentionHeads, packing: SequencePacking,
        keyRanges: SequenceRanges, mask: AttentionMask, bias: Tensor?, dropout: heed_dropout
    ) {
        self.roles = roles.map { Columns($0.tensor.detached, $0.range) }
        owners = Self.owners(of: roles)
        self.heads = heads
        self.packing = packing
        self.keyRanges = keyRanges
        self.mask = mask
        self.bias = bias
        self.dropout = dropout
        var (offsets, prefixes): ([Int]?, [Int]?) = (nil, nil)
        var lengths = keyRanges.lengths
        switch mask {
        case .causal(let values), .window(_, let values): offsets = values
        case .prefix(let values): prefixes = values
        case .lengths(let values):
            lengths = Tensor(zip(values, keyRanges.rowCounts).map { Int32(min($0, $1)) })
        case .full, .dense: break
        }
        keyLengths = lengths
        self.offsets = offsets.map { Tensor($0.map { Int32($0) }) }
        self.prefixes = prefixes.map { Tensor($0.map { Int32($0) }) }
    }

    private var type: ElementType { roles[0].tensor.elementType }

    /// The distinct tensors behind the roles: a fused projection is one tensor with one gradient.
    func tensors(of columns: [Columns]) -> [Tensor] {
        owners.enumerated().filter { $0.offset == $0.element }.map { columns[$0.offset].tensor }
    }

    private static func owners(of roles: [Columns]) -> [Int] {
        var owners: [Int] = []
        for (index, role) in roles.enumerated() {
            let owner = owners.indices.first { candidate in
                owners[candidate] == candidate
                    && roles[candidate].tensor.sharesMemory(with: role.tensor)
                    && roles[candidate].tensor.record == role.tensor.record
                    && !owners.indices.contains {
                        owners[$0] == candidate && roles[$0].range.overlaps(role.range)
                    }
            }
            owners.append(owner ?? index)
        }
        return owners
    }

    func check() {
        let widths = [heads.queryWidth, heads.keyWidth, heads.valueWidth]
        for (role, width) in zip(roles, widths) {
            require(
                role.range.count == width && role.tensor.elementType == type, "attention",
                "columns \(role.range) of \(role.tensor.elementType) for \(heads)",
                [role.tensor.shape])
        }
        require(
            !keyLengths.scalars(as: Int32.self).contains { $0 < 0 }, "attention",
            "negative lengths in \(mask)")
        let sequences = packing.count
        let counts =
            [keyRanges.count, keyLengths.count] + [offsets, prefixes].compactMap(\.?.count)
        require(
            counts.allSatisfy { $0 == sequences } && roles[0].tensor.shape[0] == packing.tokenCount,
            "attention", "\(sequences) sequences of queries beside \(counts)",
            [roles[0].tensor.shape])
        for (start, length) in zip(keyRanges.starts.scalars(as: Int32.self), keyRanges.rowCounts) {
            let end = Int(start) + length
            require(
                start >= 0 && end <= roles[1].tensor.shape[0] && end <= roles[2].tensor.shape[0],
                "attention", "keys end at row \(end)",
                [roles[1].tensor.shape, roles[2].tensor.shape])
        }
        let longest = [packing.lengths.max() ?? 0, keyRanges.rowCounts.max() ?? 0]
        if let bias {
            require(
                bias.rank == 3 && bias.shape[0] == heads.count && bias.shape[1] >= longest[0]
                    && bias.shape[2] >= longest[1]
                    && bias.elementType == Kernels.statistics(for: type), "attention", "the bias",
                [bias.shape, Shape(longest)])
        }
        if case .dense(let dense) = mask {
            require(
                dense.rank == 4 && dense.elementType == .uint8
                    && (dense.shape[0] == 1 || dense.shape[0] == sequences)
                    && (dense.shape[1] == 1 || dense.shape[1] == heads.count)
                    && dense.shape[2] >= longest[0] && dense.shape[3] >= longest[1], "attention",
                "the mask", [dense.shape, Shape(longest)])
        }
    }

    /// Traps when two sequences share keys: the kernels write each key's gradient once.
    func checkKeysAreDisjoint() {
        let ranges = zip(keyRanges.starts.scalars(as: Int32.self), keyRanges.rowCounts)
            .map { Int($0)..<Int($0) + $1 }.filter { !$0.isEmpty }
            .sorted { $0.lowerBound < $1.lowerBound }
        require(
            zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound },
            "attention", "sequences share keys, whose gradients would be lost",
            [roles[1].tensor.shape])
    }

    /// The kernels' description, without output and gradients.
    private func description() -> heed_attention {
        var call = unsafe heed_attention()
        unsafe call.sequences = Int32(packing.count)
        unsafe call.heads = Int32(heads.count)
        unsafe call.kv_heads = Int32(heads.keyValueCount)
        unsafe call.dk = Int32(heads.keySize)
        unsafe call.dv = Int32(heads.valueSize)
        unsafe call.scale = heads.scale
        unsafe call.q_start = packing.ranges.starts.int32s
        unsafe call.q_length = packing.ranges.lengths.int32s
        unsafe call.k_start = keyRanges.starts.int32s
        unsafe call.k_length = keyLengths.int32s
        unsafe call.offset = offsets?.int32s
        unsafe call.prefix = prefixes?.int32s
        switch mask {
        case .full, .lengths: unsafe call.mask = HEED_MASK_FULL
        case .causal: unsafe call.mask = HEED_MASK_CAUSAL
        case .prefix: unsafe call.mask = HEED_MASK_PREFIX
        case .window(let size, _):
            unsafe call.mask = HEED_MASK_WINDOW
            unsafe call.window = Int32(size)
        case .dense(let dense):
            unsafe call.mask = HEED_MASK_DENSE
            unsafe call.dense = dense.bytes.assumingMemoryBound(to: UInt8.self)
            let (headCount, rows, columns) = (dense.shape[1], dense.shape[2], dense.shape[3])
            unsafe call.dense_row_stride = Int64(columns)
            unsafe call.dense_head_stride = headCount == 1 ? 0 : Int64(rows * columns)
            unsafe call.dense_sequence_stride =
                dense.shape[0] == 1 ? 0 : Int64(headCount * rows * columns)
        }
        if let bias {
            unsafe call.bias = bias.bytes
            unsafe call.bias_head_stride = Int64(bias.shape[1] * bias.shape[2])
            unsafe call.bias_row_stride = Int64(bias.shape[2])
        }
        unsafe call.dropout = dropout
        unsafe call.sequence_id = packing.sequenceIDs.bytes.assumingMemoryBound(to: UInt32.self)
        unsafe call.q = roles[0].bytes
        unsafe call.k = roles[1].bytes
        unsafe call.v = roles[2].bytes
        unsafe call.q_stride = roles[0].stride
        unsafe call.k_stride = roles[1].stride
        unsafe call.v_stride = roles[2].stride
        unsafe call.o_stride = Int64(heads.outputWidth)
        unsafe call.lse_stride = Int64(packing.tokenCount)
        return unsafe call
    }

    func forward(lse: Tensor?) -> Tensor {
        let output = Tensor(uninitialized: [packing.tokenCount, heads.outputWidth], type)
        var call = unsafe description()
        unsafe call.o = output.mutableBytes
        unsafe call.lse = lse?.mutableBytes
        let table = unsafe Kernels.table(for: type)
        let scratchSize = unsafe table.pointee.attention_scratch(&call)
        let tasks = AttentionTask.forward(
            queries: packing.lengths, keys: keyRanges.rowCounts, heads: heads)
        parallel(tasks.count) { index in
            let task = tasks[index]
            var call = unsafe call
            let scratch = unsafe threadScratch(scratchSize)
            for head in task.heads {
                unsafe table.pointee.attention_forward(
                    &call, task.sequence, head, task.queries.lowerBound, task.queries.upperBound,
                    scratch)
            }
        }
        return output
    }

    /// Computes exp(score − log-sum-exp) [queries, keys] of some heads for every sequence.
    func forEachWeights(
        ofHeads observed: [Int], lse: Tensor,
        _ body: (_ sequence: Int, _ head: Int, _ weights: Tensor) -> Void
    ) {
        let (queries, keys) = (packing.lengths, keyRanges.rowCounts)
        let seen = keyLengths.scalars(as: Int32.self)
        let statistics = Kernels.statistics(for: type)
        var call = unsafe description()
        unsafe call.lse = lse.mutableBytes
        let table = unsafe Kernels.table(for: type)
        let scratchSize = unsafe table.pointee.attention_scratch(&call)
        for head in observed {
            for sequence in queries.indices {
                let weights = Tensor(
                    uninitialized: [queries[sequence], Int(seen[sequence])], statistics)
                unsafe table.pointee.attention_weights(
                    &call, Int32(sequence), Int32(head), weights.mutableBytes,
                    threadScratch(scratchSize))
                let hiddenCount = keys[sequence] - Int(seen[sequence])
                if hiddenCount == 0 {
                    body(sequence, head, weights)
                } else {
                    let hidden = Tensor.zeros([queries[sequence], hiddenCount], statistics)
                    body(
                        sequence, head, Context().concatenated([weights, hidden], axis: 1))
                }
            }
        }
    }

    /// The gradients of the distinct tensors of queries, keys and values, then that of the bias.
    func backward(output: Tensor, lse: Tensor, upstream: Tensor) -> [Tensor] {
        var gradients: [Int: Tensor] = [:]
        for (index, owner) in owners.enumerated() where index == owner {
            gradients[index] = gradientMemory(of: index)
        }
        let byRole = owners.compactMap { gradients[$0] }
        let biasGradient = bias.map { Tensor.zeros($0.shape, $0.elementType) }
        var call = unsafe description()
        unsafe call.o = output.mutableBytes
        unsafe call.lse = lse.mutableBytes
        unsafe call.d_o = upstream.bytes
        unsafe call.d_o_stride = Int64(heads.outputWidth)
        let size = type.size
        unsafe call.dq = byRole[0].mutableBytes + roles[0].range.lowerBound * size
        unsafe call.dk_ = byRole[1].mutableBytes + roles[1].range.lowerBound * size
        unsafe call.dv_ = byRole[2].mutableBytes + roles[2].range.lowerBound * size
        unsafe call.dq_stride = roles[0].stride
        unsafe call.dk_stride = roles[1].stride
        unsafe call.dv_stride = roles[2].stride
        unsafe call.dbias = biasGradient?.mutableBytes
        let table = unsafe Kernels.table(for: type)
        let scratchSize = unsafe table.pointee.attention_scratch(&call)
        guard bias == nil else {
            // The bias is shared by the sequences, whose gradients are then added up in their order.
            let sequences = Int32(packing.count)
            parallel(heads.keyValueCount) { head in
                var call = unsafe call
                for sequence in 0..<sequences {
                    unsafe table.pointee.attention_backward(
                        &call, sequence, Int32(head), threadScratch(scratchSize))
                }
            }
            return owners.indices.compactMap { gradients[$0] } + (biasGradient.map { [$0] } ?? [])
        }
        let tasks = AttentionTask.backward(
            queries: packing.lengths, keys: keyRanges.rowCounts, heads: heads)
        parallel(tasks.count) { index in
            let task = tasks[index]
            var call = unsafe call
            let scratch = unsafe threadScratch(scratchSize)
            for head in task.heads {
                unsafe table.pointee.attention_backward(&call, task.sequence, head, scratch)
            }
        }
        return owners.indices.compactMap { gradients[$0] }
    }

    /// Memory for the gradient of a role's tensor: zeros where the kernels will not write everything.
    private func gradientMemory(of owner: Int) -> Tensor {
        let tensor = roles[owner].tensor
        let written = owners.indices.filter { owners[$0] == owner }.map { roles[$0].range.count }
        let rows = owners.indices.filter { owners[$0] == owner }.map { role in
            role == 0 ? packing.tokenCount : Int(keyLengths.scalars(as: Int32.self).reduce(0, +))
        }
        let isCovered =
            written.reduce(0, +) == tensor.shape[1] && rows.allSatisfy { $0 == tensor.shape[0] }
        return isCovered
            ? Tensor(uninitialized: tensor.shape, type) : Tensor.zeros(tensor.shape, type)
    }
}

/// Scratch memory of the calling thread, until its next kernel.
func threadScratch(
    _ byteCount: Int, for purpose: String = "attention"
) -> UnsafeMutableRawPointer {
    guard let memory = unsafe heed_thread_scratch(byteCount) else {
        OutOfMemory.end(byteCount, for: purpose)
    }
    return unsafe memory
}

extension Columns {
    /// The first column of the first row.
    fileprivate var bytes: UnsafeRawPointer {
        unsafe tensor.bytes + range.lowerBound * tensor.elementType.size
    }

    fileprivate var stride: Int64 { Int64(tensor.shape[1]) }
}

extension Tensor {
    /// The elements of an int32 tensor.
    fileprivate var int32s: UnsafePointer<Int32> {
        unsafe bytes.assumingMemoryBound(to: Int32.self)
    }
}
