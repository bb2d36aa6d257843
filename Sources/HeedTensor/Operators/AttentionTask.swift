/// What one thread takes of an attention at once: queries of one sequence, for some heads. Cut by shape alone.
struct AttentionTask {
    let sequence: Int32
    let queries: Range<Int32>
    /// Heads of the queries; in the backward pass, of the keys and values.
    let heads: Range<Int32>

    /// Queries that share packed keys and values.
    private static let queriesPerTask = 256

    /// Multiplications and additions that are worth a task of their own, and as many as are enough for one: while a head
    /// is computed, what the task's next one reads is on its way.
    private static let leastWork = (few: 1 << 19, many: 1 << 21)
    /// Tasks that many sequences are cut into at least.
    private static let manyTasks = 64

    /// The forward pass of sequences of these lengths.
    static func forward(queries: [Int], keys: [Int], heads: AttentionHeads) -> [AttentionTask] {
        let pair = heads.keySize + heads.valueSize
        let least = leastWork(queries, keys, pair: pair, heads: heads.count)
        var tasks: [AttentionTask] = []
        tasks.reserveCapacity(queries.count * 2)
        for (sequence, length) in queries.enumerated() {
            for first in stride(from: 0, to: length, by: queriesPerTask) {
                let end = min(first + queriesPerTask, length)
                append(
                    to: &tasks, sequence: sequence, queries: first..<end, heads: heads.count,
                    work: (end - first) * keys[sequence] * pair, least: least)
            }
        }
        return tasks
    }

    /// The backward pass of sequences of these lengths: whole sequences.
    static func backward(queries: [Int], keys: [Int], heads: AttentionHeads) -> [AttentionTask] {
        let group = heads.count / heads.keyValueCount
        let pair = 2 * group * (heads.keySize + heads.valueSize)
        let least = leastWork(queries, keys, pair: pair, heads: heads.keyValueCount)
        var tasks: [AttentionTask] = []
        tasks.reserveCapacity(queries.count * 2)
        for (sequence, length) in queries.enumerated() {
            append(
                to: &tasks, sequence: sequence, queries: 0..<length, heads: heads.keyValueCount,
                work: length * keys[sequence] * pair, least: least)
        }
        return tasks
    }

    /// The work of a task at least, where a query and a key of a head cost `pair`.
    private static func leastWork(
        _ queries: [Int], _ keys: [Int], pair: Int, heads: Int
    ) -> Int {
        let total = zip(queries, keys).reduce(0) { $0 + $1.0 * $1.1 } * pair * heads
        return min(max(total / manyTasks, leastWork.few), leastWork.many)
    }

    /// Appends tasks of so many heads that each has enough to do.
    private static func append(
        to tasks: inout [AttentionTask], sequence: Int, queries: Range<Int>, heads: Int, work: Int,
        least: Int
    ) {
        let step = min(heads, max(1, least / max(work, 1)))
        for head in stride(from: 0, to: heads, by: step) {
            tasks.append(
                AttentionTask(
                    sequence: Int32(sequence),
                    queries: Int32(queries.lowerBound)..<Int32(queries.upperBound),
                    heads: Int32(head)..<Int32(min(head + step, heads))))
        }
    }
}
