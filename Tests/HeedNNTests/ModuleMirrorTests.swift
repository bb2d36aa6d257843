import HeedNN
import HeedTensor
import HeedTestSupport
import Testing

/// A layer that shows one of its parameters and forgets the others.
private final class Forgetful: Module {
    private let shown = Parameter("shown", Tensor.zeros([1]))
    private let forgotten = Parameter("forgotten", Tensor.zeros([1]))
    private let norm = Norm(.rms, scale: Parameter("scale", Tensor.zeros([1])), epsilon: 1e-5)
    private let child = Linear(weight: Tensor.zeros([2, 2]), bias: nil)
    private let children = [Linear(weight: Tensor.zeros([2, 2]), bias: Tensor.zeros([2]))]

    func visitMembers(_ visitor: MemberVisitor) {
        visitor.parameter("shown", shown)
        visitor.child("child", child)
    }
}

@Suite("Looking for parameters that a module does not visit")
struct ModuleMirrorTests {
    @Test("finds them in the module, in structs and in arrays of children")
    func finds() {
        #expect(
            unvisitedParameters(of: Forgetful()) == [
                "Forgetful.forgotten", "Forgetful.norm.scale", "Forgetful.children.element.weight",
                "Forgetful.children.element.bias",
            ])
    }

    @Test("finds nothing in a layer that shows everything")
    func nothing() {
        let layer = Linear(weight: Tensor.zeros([2, 2]), bias: Tensor.zeros([2]))
        #expect(unvisitedParameters(of: layer) == [] && repeatedNames(of: layer) == [])
    }
}
