/// How a kind of attention is called in figures and on pages.
struct AttentionNames {
    /// A word, for a choice among the kinds.
    let name: String
    /// What a heading says.
    let title: String
    /// What its rows are.
    let row: String
    /// What its columns are.
    let column: String
    /// A sentence that says who asks whom.
    let meaning: String
}

extension AttentionMap {
    /// The names of a kind. A model without an encoder names its rows by what it reads.
    func names(of kind: AttentionKind) -> AttentionNames {
        switch kind {
        case .encoder:
            AttentionNames(
                name: "Encoder", title: "Encoder self-attention", row: "source word",
                column: "source word",
                meaning: "Each word of the source asks all words of the source.")
        case .decoder:
            AttentionNames(
                name: "Decoder", title: "Decoder self-attention",
                row: source == nil ? "word" : "predicted word", column: "word read so far",
                meaning: source == nil
                    ? "Each word asks itself and the words before it."
                    : """
                    Each word that is predicted asks the words that have been read before it, \
                    beginning with the start token.
                    """)
        case .cross:
            AttentionNames(
                name: "Cross", title: "Cross attention", row: "predicted word",
                column: "source word",
                meaning: "Each word that is predicted asks all words of the source.")
        }
    }

    /// The text with signs for what would not be seen: ends of lines, tabs, spaces alone, and nothing.
    static func shown(_ token: String) -> String {
        if token.isEmpty { return "∅" }
        let scalars = token.unicodeScalars
        let isBlank = scalars.allSatisfy(\.properties.isWhitespace)
        return scalars.prefix(isBlank ? 8 : scalars.count).reduce(into: "") { text, scalar in
            switch scalar {
            case "\n": text += "⏎"
            case "\t": text += "⇥"
            case "\r": text += "␍"
            default: text.unicodeScalars.append(isBlank ? "␣" : scalar)
            }
        }
    }

    /// What was taken out of the model, in words; empty where nothing was.
    var absence: String {
        removedHeads.isEmpty
            ? "" : "without \(removedHeads.map(\.description).joined(separator: ", "))"
    }
}
