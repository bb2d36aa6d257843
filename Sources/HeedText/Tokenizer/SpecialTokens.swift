/// The ids that have a meaning of their own to a model.
public struct SpecialTokens: Sendable, Equatable {
    /// Ends every sequence; `</s>` where Heed made the vocabulary.
    public var endOfSequence: Int32?
    /// Stands for characters outside the vocabulary.
    public var unknown: Int32?
    /// Fills batches and starts the decoder; never generated.
    public var padding: Int32?
    /// Begins every sequence, where a model wants that.
    public var beginningOfSequence: Int32?

    /// The names that Heed gives them.
    static let endName = "</s>"
    static let unknownName = "<unk>"
    static let paddingName = "<pad>"
}
