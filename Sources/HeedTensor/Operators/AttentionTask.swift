/// What one thread takes of an attention at once: queries of one sequence, for some heads. Cut by shape alone.
struct AttentionTask {
    let sequence: Int32
    let queries: Range<Int32>
    /// Heads of the queries; in the backward pass, of the keys and values.
    let heads: Range<Int32>

    /// Queries that share packed keys and values.
    private static let queriesPerTask = 256

    /// Multiplications and additions that are worth a task of their own.
    private static let leastWork = 1 << 19

    /// The forward pass of sequences of these lengths.
    static func forward(queries: [Int], keys: [Int], heads: AttentionHeads) -> [AttentionTask] {
        var tasks: [AttentionTask] = []
        tasks.reserveCapacity(queries.count * 2)
        for (sequence, length) in queries.enumerated() {
            for first in stride(from: 0, to: length, by: queriesPerTask) {
                let end = min(first + queriesPerTask, length)
                append(
                    to: &tasks, sequence: sequence, queries: first..<end, heads: heads.count,
                    work: (end - first) * keys[sequence] * (heads.keySize + heads.valueSize))
            }
        }
        return tasks
    }

    /// The backward pass of sequences of these lengths: whole sequences.
    static func backward(queries: [Int], keys: [Int], heads: AttentionHeads) -> [AttentionTask] {
        var tasks: [AttentionTask] = []
        tasks.reserveCapacity(queries.count * 2)
        let group = heads.count / heads.keyValueCount
        for (sequence, length) in queries.enumerated() {
            append(
                to: &tasks, sequence: sequence, queries: 0..<length, heads: heads.keyValueCount,
                work: 2 * group * length * keys[sequence] * (heads.keySize + heads.valueSize))
        }
        return tasks
    }

    /// Appends tasks of so many heads that each has enough to do.
    private static func append(
        to tasks: inout [AttentionTask], sequence: Int, queries: Range<Int>, heads: Int, work: Int
    ) {
        let step = min(heads, max(1, leastWork / max(work, 1)))
        for head in stride(from: 0, to: heads, by: step) {
            tasks.append(
                AttentionTask(
                    sequence: Int32(sequence),
                    queries: Int32(queries.lowerBound)..<Int32(queries.upperBound),
                    heads: Int32(head)..<Int32(min(head + step, heads))))
        }
    }
}
