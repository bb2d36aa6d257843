import HeedFormats
import HeedTensor
import HeedTestSupport
import Testing

@Suite("Shapes that cannot work end the program with a message")
struct ShapeMismatchTests {
    private func text(_ result: ExitTest.Result?) -> String {
        String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    }

    @Test("two sizes that cannot be broadcast")
    func broadcast() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = Context().add(Tensor.zeros([2, 3]), Tensor.zeros([4]))
        }
        #expect(text(result).contains("add: sizes differ ([2, 3], [4])"))
    }

    @Test("inner sizes of a product")
    func matmul() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = Context().matmul(Tensor.zeros([2, 3]), Tensor.zeros([4, 5]))
        }
        #expect(text(result).contains("matmul: inner sizes differ ([2, 3], [4, 5])"))
    }

    @Test("a linear layer names its weight")
    func linear() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let weight = Parameter("encoder.weight", Tensor.zeros([5, 4]))
            _ = Context().linear(Tensor.zeros([2, 3]), weight)
        }
        #expect(text(result).contains("linear: encoder.weight does not fit ([2, 3], [5, 4])"))
    }

    @Test("an id outside an embedding")
    func embedding() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let table = Parameter("table", Tensor.zeros([3, 4]))
            _ = Context().embedding(Tensor([Int32(3)]), table)
        }
        #expect(text(result).contains("embedding: ids of table: 3 is not in 0..<3"))
    }

    @Test("a reshape that changes the number of elements")
    func reshape() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = Context().reshaped(Tensor.zeros([2, 3]), [7])
        }
        #expect(text(result).contains("reshaped: the number of elements must stay ([2, 3], [7])"))
    }

    @Test("an axis that does not exist")
    func axis() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = Context().sum(Tensor.zeros([2, 3]), axis: 2)
        }
        #expect(text(result).contains("Shape: axis 2 of a tensor of rank 2: [2, 3]"))
    }

    @Test("an ε that is not above 0, and a probability of 1")
    func numbers() async {
        let norm = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = Norm(.rms, scale: Parameter("γ", Tensor.zeros([3])), epsilon: 0)
        }
        #expect(text(norm).contains("Norm: ε is 0.0"))
        let dropout = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = Dropout(1, site: 0)
        }
        #expect(text(dropout).contains("Dropout: a probability of 1.0"))
    }

    @Test("types that differ, and integers where numbers are computed")
    func types() async {
        let mixed = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = Context().add(Tensor.zeros([2]), Tensor.zeros([2], .float64))
        }
        #expect(text(mixed).contains("add: types differ: "))
        let integers = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = Context().softmax(Tensor([Int32(1)]))
        }
        #expect(text(integers).contains("operators compute in floating-point types"))
    }

    @Test("a negative number of keys")
    func negativeLength() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let x = Columns(Tensor.zeros([2, 4]))
            _ = Context().attention(
                queries: x, keys: x, values: x, heads: AttentionHeads(count: 1, keySize: 4),
                queryPacking: SequencePacking(lengths: [2]), mask: .lengths([-1]))
        }
        #expect(text(result).contains("attention: negative lengths"))
    }

    @Test("a second backward pass of one tape")
    func spentTape() async {
        await #expect(processExitsWith: .failure) {
            let tape = Tape()
            let y = Context(tape: tape).apply(.tanh, tape.variable(Tensor.zeros([2])))
            _ = tape.backward(y)
            _ = tape.backward(y)
        }
    }
}
