public import HeedFormats
import HeedTensor

extension Module {
    /// Converts every parameter to another floating-point type, such as float64 to check gradients.
    ///
    /// It comes before an arena or an optimiser is made, whose buffers have the parameters' type.
    public func convertParameters(to type: ElementType) {
        let context = Context()
        for parameter in parameters {
            parameter.value = context.converted(parameter.value, to: type)
        }
    }
}
