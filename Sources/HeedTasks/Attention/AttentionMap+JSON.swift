package import HeedFormats

extension AttentionMap {
    /// The map as a text of JSON on one line: `source`, `target`, `without_heads`, and `parts` with `kind`, `rows`,
    /// `columns`, `layers`, `heads` and `weights` [layers][heads][rows][columns]. Every number reads back as the same float32.
    public var json: String { JSONWriter().string(jsonValue) }

    /// The map as a value of JSON.
    package var jsonValue: JSONValue {
        [
            "source": source.map(JSONValue.string) ?? .null, "target": .string(target),
            "without_heads": .array(removedHeads.map { .string($0.description) }),
            "parts": .array(parts.map(\.jsonValue)),
        ]
    }
}

extension AttentionMap.Part {
    fileprivate var jsonValue: JSONValue {
        [
            "kind": .string(kind.rawValue), "rows": .array(rows.map(JSONValue.string)),
            "columns": .array(columns.map(JSONValue.string)),
            "layers": .array(layers.map(JSONValue.int)),
            "heads": .array(heads.map(JSONValue.int)),
            "weights": .array(
                layers.indices.map { layer in
                    .array(
                        heads.indices.map { head in
                            .array(
                                matrix(at: layer * heads.count + head).map {
                                    .array($0.map(JSONValue.float))
                                })
                        })
                }),
        ]
    }
}
