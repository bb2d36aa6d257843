extension Context {
    /// An operator with a gradient of its own.
    ///
    /// - Parameters:
    ///   - inputs: what gradients flow to.
    ///   - forward: computes the outputs; it is given the inputs as constants, and whatever it runs is not recorded.
    ///   - backward: given the gradients of the outputs (nil where none arrived), returns those of the inputs
    ///     (nil for none), each like its input.
    public func custom(
        _ inputs: [Tensor], forward: (Context, [Tensor]) -> [Tensor],
        backward: @escaping (_ upstream: [Tensor?]) -> [Tensor?]
    ) -> [Tensor] {
        profiler?.begin("custom")
        defer { profiler?.end() }
        let outputs = forward(withoutGradient, inputs.map(\.detached)).map(\.detached)
        return recorded(inputs, outputs) { upstream, gradients in
            let computed = backward(upstream)
            require(
                computed.count == inputs.count, "custom gradient",
                "\(computed.count) gradients for \(inputs.count) inputs")
            for (index, gradient) in computed.enumerated() where gradients.needed[index] {
                gradients[index] = gradient
            }
        }
    }

    /// Runs `body` without keeping what its operators save; the backward pass runs it again.
    ///
    /// Random numbers are a function of their place, so that the second run drops what the first did.
    public func checkpointed(
        _ inputs: [Tensor], _ body: @escaping (Context, [Tensor]) -> [Tensor]
    ) -> [Tensor] {
        profiler?.begin("checkpointed")
        defer { profiler?.end() }
        let constants = inputs.map(\.detached)
        var outputs = body(withoutGradient, constants).map(\.detached)
        guard let tape else { return outputs }
        let context = self
        tape.recordAlways(inputs: inputs, outputs: &outputs) { upstream, gradients in
            let inner = Tape()
            var again = context
            again.tape = inner
            again.attentionObserver = nil
            let variables = constants.map(inner.variable)
            let results = body(again, variables)
            let computed = inner.backward(outputs: results, upstream: upstream)
            for (index, variable) in variables.enumerated() where gradients.needed[index] {
                gradients[index] = computed[variable]
            }
        }
        return outputs
    }
}
