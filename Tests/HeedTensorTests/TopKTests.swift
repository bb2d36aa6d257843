import Foundation
import HeedTensor
import Testing

@Suite("The most probable tokens of a row")
struct TopKTests {
    /// Logits with ties, infinities and numbers of both signs.
    private func logits(rows: Int, columns: Int, seed: UInt64) -> [Float] {
        var state = seed
        return (0..<rows * columns).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Float(Int64(state >> 33) % 400) / 16 - 12
            if value == -5 { return -0.0 }
            return value < -11.9 ? -.infinity : value
        }
    }

    @Test("are those of a sort", arguments: [1, 2, 3, 10, 1000])
    func sorted(count: Int) throws {
        for columns in [1, 5, 63, 64, 65, 127, 128, 200, 1031] {
            let values = logits(rows: 3, columns: columns, seed: UInt64(columns * 7 + count))
            guard
                !(0..<3).contains(where: {
                    values[$0 * columns..<($0 + 1) * columns].max() == -.infinity
                })
            else { continue }
            let excluded: [Int32] = columns < 5 ? [] : [3, Int32(columns) - 1, 3, 1 << 20]
            let found = try Tensor(values, shape: [3, columns]).mostProbableTokens(
                count, excluding: excluded)
            #expect(found.rowCount == 3)
            for row in 0..<3 {
                let row = (row, values[row * columns..<(row + 1) * columns].map { $0 })
                let sum = logSumExp(row.1)
                let expected = row.1.indices
                    .filter { row.1[$0] > -.infinity && !excluded.contains(Int32($0)) }
                    .sorted { (row.1[$0], $1) > (row.1[$1], $0) }.prefix(count)
                #expect(found[row.0].map(\.token) == expected.map { Int32($0) })
                for (candidate, token) in zip(found[row.0], expected) {
                    let difference = abs(
                        Double(candidate.logProbability) - (Double(row.1[token]) - sum))
                    #expect(difference <= 4e-6)
                }
            }
        }
    }

    private func logSumExp(_ row: [Float]) -> Double {
        let largest = Double(row.max() ?? 0)
        return largest + log(row.reduce(0) { $0 + exp(Double($1) - largest) })
    }

    @Test("do not depend on the other rows")
    func rowsAlone() throws {
        let columns = 777
        let values = logits(rows: 90, columns: columns, seed: 5)
        let together = try Tensor(values, shape: [90, columns]).mostProbableTokens(12)
        for row in 0..<90 {
            let alone = try Tensor(
                Array(values[row * columns..<(row + 1) * columns]), shape: [1, columns]
            ).mostProbableTokens(12)
            #expect(together[row] == alone[0])
        }
    }

    @Test("are an error where a row holds NaN, +infinity or only -infinity")
    func notFinite() throws {
        for bad in [Float.nan, -Float.nan, .infinity] {
            for column in [0, 63, 64, 99] {
                var values = logits(rows: 4, columns: 100, seed: 9)
                values[200 + column] = bad
                let error = #expect(throws: NonFiniteLogits.self) {
                    try Tensor(values, shape: [4, 100]).mostProbableTokens(2)
                }
                #expect(error?.row == 2 && error?.column == column)
            }
        }
        let nothing = [Float](repeating: -.infinity, count: 6)
        let error = #expect(throws: NonFiniteLogits.self) {
            try Tensor([0, 0, 0] + nothing, shape: [3, 3]).mostProbableTokens(2)
        }
        #expect(error == NonFiniteLogits(row: 1, column: nil, value: -.infinity))
    }

    @Test("are none of no rows, or when none are asked for")
    func empty() throws {
        #expect(try Tensor([Float](), shape: [0, 7]).mostProbableTokens(3).rowCount == 0)
        #expect(
            try Tensor([Float](repeating: 1, count: 7), shape: [1, 7]).mostProbableTokens(0)[0]
                .isEmpty)
    }
}
