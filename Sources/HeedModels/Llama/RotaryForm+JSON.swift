import HeedFormats
import HeedNN
import HeedTensor

extension RotaryForm {
    /// Reads the rotary positions of a `config.json`, as older files write them (`rope_theta`, `rope_scaling`) or newer ones
    /// (`rope_parameters`).
    ///
    /// Throws `JSONFieldError`.
    init(
        _ json: JSONObjectReader, _ type: LanguageModelType, headSize: Int, positions: Int
    ) throws {
        let parameters =
            try json.optionalObject("rope_scaling").flatMap { $0.object.isEmpty ? nil : $0 }
            ?? json.optionalObject("rope_parameters")
        for name in ["full_attention", "sliding_attention"] {
            if let parameters, parameters.contains(name) {
                throw parameters.error(name, "is not supported: all layers have one form")
            }
        }
        let share = 1e-3...1.0
        let part =
            try parameters?.optionalDouble("partial_rotary_factor", in: share)
            ?? json.double("partial_rotary_factor", in: share, default: 1)
        self.init(
            size: Int(Double(headSize) * part),
            base: try parameters?.optionalDouble("rope_theta")
                ?? json.double("rope_theta", default: 10_000))
        roundsAngles = true
        guard let parameters else { return }
        scaling = try Self.scaling(parameters, json, type, positions: positions)
    }

    private static func scaling(
        _ json: JSONObjectReader, _ outer: JSONObjectReader, _ type: LanguageModelType,
        positions: Int
    ) throws -> RotaryScaling {
        let field = json.contains("rope_type") ? "rope_type" : "type"
        var kind = try json.string(field, default: "default")
        if kind == "su" || (kind == "yarn" && type == .phi3) { kind = "longrope" }
        let name = "original_max_position_embeddings"
        let lengths = 1...(1 << 24)
        let own = try json.optionalInt(name, in: lengths)
        let outside = try outer.optionalInt(name, in: lengths)
        let original = (type == .phi3 ? outside ?? own ?? 4096 : own ?? outside) ?? positions
        switch kind {
        case "default": return .none
        case "linear": return .linear(factor: try json.double("factor"))
        case "dynamic":
            return .dynamic(factor: try json.double("factor"), originalLength: positions)
        case "llama3":
            return .llama3(
                factor: try json.double("factor"),
                lowFrequencyFactor: try json.double("low_freq_factor"),
                highFrequencyFactor: try json.double("high_freq_factor"),
                originalLength: original)
        case "yarn": return try yarn(json, original: original, positions: positions)
        case "longrope":
            let factor =
                try json.optionalDouble("factor") ?? Double(positions) / Double(original)
            let usual = usualAttentionFactor(factor: factor, original: original)
            return .longRoPE(
                short: try json.doubles("short_factor"), long: try json.doubles("long_factor"),
                originalLength: original,
                attentionFactor: try json.optionalDouble("attention_factor") ?? usual)
        default:
            let known = "default, linear, dynamic, llama3, yarn, longrope"
            throw json.error(field, "is not supported; known are \(known)")
        }
    }

    /// What LongRoPE multiplies queries and keys by if nothing else is said.
    private static func usualAttentionFactor(factor: Double, original: Int) -> Double {
        factor <= 1
            ? 1 : (1 + logarithm(factor) / logarithm(Double(max(original, 2)))).squareRoot()
    }

    private static func yarn(
        _ json: JSONObjectReader, original: Int, positions: Int
    ) throws -> RotaryScaling {
        let factor = try json.optionalDouble("factor") ?? Double(positions) / Double(original)
        func scale(_ weight: Double = 1) -> Double {
            factor <= 1 ? 1 : 0.1 * weight * logarithm(factor) + 1
        }
        let weights = try ["mscale", "mscale_all_dim"].compactMap {
            try json.optionalDouble($0).flatMap { $0 == 0 ? nil : $0 }
        }
        let usual = weights.count == 2 ? scale(weights[0]) / scale(weights[1]) : scale()
        return .yarn(
            factor: factor, betaFast: try json.double("beta_fast", default: 32),
            betaSlow: try json.double("beta_slow", default: 1), originalLength: original,
            isTruncated: try json.bool("truncate", default: true),
            attentionFactor: try json.optionalDouble("attention_factor") ?? usual)
    }

    /// Writes the fields of a `config.json` that readers of every age understand.
    func write(to object: inout JSONObject, _ configuration: LanguageModelConfiguration) {
        let headSize = configuration.headSize
        object.insert(.double(base), forName: "rope_theta")
        if size != headSize {
            // A little more than the quotient, whose product must not be rounded down below the size.
            let part = (Double(size) + 0.01) / Double(headSize)
            object.insert(.double(part), forName: "partial_rotary_factor")
        }
        var fields = JSONObject()
        let set = { (name: String, value: JSONValue) in _ = fields.insert(value, forName: name) }
        let length = "original_max_position_embeddings"
        switch scaling {
        case .none: break
        case .linear(let factor):
            set("rope_type", "linear")
            set("factor", .double(factor))
        case .dynamic(let factor, _):
            set("rope_type", "dynamic")
            set("factor", .double(factor))
        case .llama3(let factor, let low, let high, let original):
            set("rope_type", "llama3")
            set("factor", .double(factor))
            set("low_freq_factor", .double(low))
            set("high_freq_factor", .double(high))
            set(length, .int(original))
        case .yarn(let factor, let fast, let slow, let original, let isTruncated, let attention):
            set("rope_type", "yarn")
            set("factor", .double(factor))
            set("beta_fast", .double(fast))
            set("beta_slow", .double(slow))
            set(length, .int(original))
            set("truncate", .bool(isTruncated))
            set("attention_factor", .double(attention))
        case .longRoPE(let short, let long, let original, let attention):
            let isPhi3 = configuration.type == .phi3
            set(isPhi3 ? "type" : "rope_type", "longrope")
            set("short_factor", .array(short.map(JSONValue.double)))
            set("long_factor", .array(long.map(JSONValue.double)))
            // Phi-3 knows these three fields alone, and takes the length from outside.
            if !isPhi3 { set(length, .int(original)) }
            let factor = Double(configuration.maximumPositions) / Double(original)
            let usual = Self.usualAttentionFactor(factor: factor, original: original)
            if !isPhi3 || attention != usual { set("attention_factor", .double(attention)) }
            object.insert(.int(original), forName: length)
        }
        object.insert(fields.isEmpty ? nil : .object(fields), forName: "rope_scaling")
    }
}
