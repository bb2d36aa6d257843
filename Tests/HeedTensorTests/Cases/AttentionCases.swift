import HeedTensor
import HeedTestSupport

/// One attention: the sequences, the heads, and how queries, keys and values lie in tensors.
struct AttentionProblem {
    /// How the three roles share tensors.
    enum Layout: CaseIterable {
        /// Three tensors.
        case separate
        /// One tensor of queries, keys and values side by side.
        case fused
        /// One tensor of keys and values, another of queries.
        case pairs
        /// Keys and values are the same columns.
        case sharedValues
        /// All three roles are the same columns.
        case one
    }

    var queries: [Int]
    var keys: [Int]?
    var heads = AttentionHeads(count: 2, keySize: 3)
    var mask = AttentionMask.full
    var layout = Layout.separate
    var hasBias = false
    var dropout = 0.0

    var keyLengths: [Int] { keys ?? queries }
}

extension OperatorCatalogue {
    static var attentions: [OperatorFamily] {
        [
            OperatorFamily(
                name: "attention masks", small: { smallMasks().map { attention($0, $1) } },
                large: { largeMasks().map { attention($0, $1) } }),
            OperatorFamily(
                name: "attention layouts", small: { smallLayouts().map { attention($0, $1) } },
                large: { largeLayouts().map { attention($0, $1) } }),
            OperatorFamily(
                name: "attention shapes", small: { smallShapes().map { attention($0, $1) } },
                large: { largeShapes().map { attention($0, $1) } }),
        ]
    }

    typealias Problems = [(String, AttentionProblem)]

    private static func masks(_ queries: [Int], _ keys: [Int]) -> [(String, AttentionMask)] {
        let sequences = queries.count
        let (rows, columns) = (queries.max() ?? 0, keys.max() ?? 0)
        func dense(_ shape: Shape) -> AttentionMask {
            var numbers = Numbers("dense\(shape)")
            return .dense(
                Tensor(numbers.indices(shape.count, below: 3).map { UInt8($0) }, shape: shape))
        }
        let offsets = zip(queries, keys).map { $1 - $0 }
        return [
            ("full", .full), ("causal", .causal()),
            ("causal with offsets", .causal(offsets: offsets)),
            ("window", .window(2)), ("window with offsets", .window(3, offsets: offsets)),
            ("prefix", .prefix(keys.map { $0 / 2 })),
            ("lengths", .lengths(keys.map { $0 - $0 / 3 })),
            ("dense", dense([sequences, 2, rows, columns])),
            ("shared dense", dense([1, 1, rows, columns])),
            ("nothing seen", .lengths(keys.map { _ in 0 })),
        ]
    }

    private static func smallMasks() -> Problems {
        let (queries, keys) = ([3, 1, 4], [4, 2, 3])
        return masks(queries, keys).flatMap { name, mask in
            [
                (name, AttentionProblem(queries: queries, keys: keys, mask: mask)),
                (
                    name + ", bias, dropout",
                    AttentionProblem(
                        queries: queries, keys: keys, mask: mask, hasBias: true, dropout: 0.3)
                ),
            ]
        }
    }

    private static func largeMasks() -> Problems {
        let (queries, keys) = ([130, 1, 41, 0], [130, 33, 64, 5])
        return masks(queries, keys).map { name, mask in
            let problem = AttentionProblem(
                queries: queries, keys: keys, heads: AttentionHeads(count: 2, keySize: 32),
                mask: mask, hasBias: name.hasPrefix("w"), dropout: name.hasPrefix("c") ? 0.2 : 0)
            return (name, problem)
        }
    }

    private static func smallLayouts() -> Problems {
        AttentionProblem.Layout.allCases.flatMap { layout in
            [
                ("\(layout)", AttentionProblem(queries: [3, 0, 2], layout: layout)),
                (
                    "\(layout) causal, dropout",
                    AttentionProblem(
                        queries: [4, 1], mask: .causal(), layout: layout, dropout: 0.4)
                ),
            ]
        }
    }

    private static func largeLayouts() -> Problems {
        AttentionProblem.Layout.allCases.map { layout in
            (
                "\(layout)",
                AttentionProblem(
                    queries: [97, 0, 40], heads: AttentionHeads(count: 3, keySize: 16),
                    mask: .causal(), layout: layout)
            )
        }
    }

    private static func smallShapes() -> Problems {
        [
            ("one token", AttentionProblem(queries: [1], heads: .init(count: 1, keySize: 1))),
            ("no tokens", AttentionProblem(queries: [0])),
            ("no sequences", AttentionProblem(queries: [])),
            ("no keys", AttentionProblem(queries: [2, 1], keys: [0, 3])),
            ("no queries", AttentionProblem(queries: [0, 2], keys: [3, 1])),
            (
                "grouped heads",
                AttentionProblem(
                    queries: [3, 2], heads: .init(count: 4, keyValueCount: 2, keySize: 2),
                    layout: .fused)
            ),
            (
                "one key-value head, wider values, unscaled",
                AttentionProblem(
                    queries: [3, 2],
                    heads: .init(count: 3, keyValueCount: 1, keySize: 2, valueSize: 5, scale: 1),
                    mask: .causal(), layout: .fused, hasBias: true)
            ),
            (
                "narrower values",
                AttentionProblem(
                    queries: [5], keys: [3], heads: .init(count: 1, keySize: 7, valueSize: 1),
                    layout: .pairs, dropout: 0.2)
            ),
            ("odd sizes", AttentionProblem(queries: [17], heads: .init(count: 1, keySize: 5))),
        ]
    }

    private static func largeShapes() -> Problems {
        [
            (
                "grouped heads",
                AttentionProblem(
                    queries: [77, 50], heads: .init(count: 4, keyValueCount: 2, keySize: 24),
                    mask: .causal(), layout: .fused)
            ),
            (
                "wider values, unscaled",
                AttentionProblem(
                    queries: [100], keys: [61],
                    heads: .init(count: 2, keySize: 9, valueSize: 33, scale: 0.9), hasBias: true)
            ),
        ]
    }

    /// The three roles in the tensors of a layout.
    private static func roles(_ problem: AttentionProblem, _ inputs: [Tensor]) -> [Columns] {
        let (q, k, v) = (
            problem.heads.queryWidth, problem.heads.keyWidth, problem.heads.valueWidth
        )
        return switch problem.layout {
        case .separate: inputs.prefix(3).map { Columns($0) }
        case .fused:
            [
                Columns(inputs[0], 0..<q), Columns(inputs[0], q..<q + k),
                Columns(inputs[0], q + k..<q + k + v),
            ]
        case .pairs:
            [Columns(inputs[0]), Columns(inputs[1], 0..<k), Columns(inputs[1], k..<k + v)]
        case .sharedValues: [Columns(inputs[0]), Columns(inputs[1]), Columns(inputs[1])]
        case .one: [Columns(inputs[0]), Columns(inputs[0]), Columns(inputs[0])]
        }
    }

    private static func inputs(
        _ problem: AttentionProblem, _ numbers: inout Numbers
    ) -> [Tensor] {
        let rows = problem.queries.reduce(0, +)
        let keyRows = problem.keyLengths.reduce(0, +)
        let (q, k, v) = (
            problem.heads.queryWidth, problem.heads.keyWidth, problem.heads.valueWidth
        )
        return switch problem.layout {
        case .separate: [numbers([rows, q]), numbers([keyRows, k]), numbers([keyRows, v])]
        case .fused: [numbers([rows, q + k + v])]
        case .pairs: [numbers([rows, q]), numbers([keyRows, k + v])]
        case .sharedValues: [numbers([rows, q]), numbers([keyRows, k])]
        case .one: [numbers([rows, q])]
        }
    }

    static func attention(_ name: String, _ problem: AttentionProblem) -> OperatorCase {
        var numbers = Numbers(name)
        var inputs = inputs(problem, &numbers)
        if problem.hasBias {
            let longest = [problem.queries.max() ?? 0, problem.keyLengths.max() ?? 0]
            inputs.append(numbers(Shape([problem.heads.count] + longest)))
        }
        let packing = SequencePacking(
            lengths: problem.queries,
            sequenceIDs: problem.queries.indices.map { UInt32($0 * 3 + 1) })
        let keyPacking = SequencePacking(lengths: problem.keyLengths)
        let place = problem.dropout > 0 ? Dropout(problem.dropout, site: 6) : nil
        let biasIndex = problem.hasBias ? inputs.count - 1 : nil
        // Weights and gradients of scores are rounded, too, where products multiply pairs of bfloat16.
        return OperatorCase(
            name: name, inputs: inputs, wideInputs: biasIndex.map { [$0] } ?? [], absolute: 2e-7,
            leanFactor: 1.4
        ) { context, inputs, _ in
            let roles = roles(problem, inputs)
            return [
                context.attention(
                    queries: roles[0], keys: roles[1], values: roles[2], heads: problem.heads,
                    queryPacking: packing, keyRanges: keyPacking.ranges, mask: problem.mask,
                    bias: biasIndex.map { inputs[$0] }, dropout: place)
            ]
        }
    }
}
