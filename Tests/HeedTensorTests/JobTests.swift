import HeedTensor
import HeedTestSupport
import Synchronization
import Testing

@Suite("Jobs on several threads")
struct JobTests {
    private struct Failure: Error, Equatable {
        let index: Int
    }

    @Test("give a value for each index, in order, and share a model's weights")
    func values() async {
        await #expect(processExitsWith: .success) {
            let sums = ChildProcess.withThreads { () -> [[Float]]? in
                // Made anew: the first use packs the weights, which several jobs ask for at once.
                let weight = Parameter("weight", Tensor.randomNormal([300, 300], seed: 1, site: 1))
                return try? ThreadPool.concurrently(7) { index, _ in
                    let x = Tensor.randomNormal([index + 1, 300], seed: 1, site: UInt32(index + 2))
                    return Context().linear(x, weight).floats
                }
            }
            #expect(sums.allSatisfy { $0?.count == 7 && $0 == sums[0] })
        }
    }

    @Test("end with the error of the first that failed, and the others are told to stop")
    func failure() {
        let error = #expect(throws: Failure.self) {
            try ThreadPool.concurrently(5) { index, shouldStop in
                if index == 3 { throw Failure(index: index) }
                if index > 3, shouldStop() { throw CancellationError() }
                return index
            }
        }
        #expect(error == Failure(index: 3))
    }

    @Test("are none where there is nothing to do")
    func none() throws {
        #expect(try ThreadPool.concurrently(0) { index, _ in index }.isEmpty)
    }

    @Test("are told when the task of their caller is cancelled")
    func cancellation() async {
        let task = Task {
            try ThreadPool.concurrently(4) { index, shouldStop in
                while !shouldStop() {}
                return index
            }
        }
        task.cancel()
        let result = try? await task.value
        #expect(result == [0, 1, 2, 3])
    }
}
