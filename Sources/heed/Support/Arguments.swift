public import ArgumentParser
public import HeedTasks
public import HeedText

// Choices that the command line offers by their raw values.
extension SyntheticTask: ExpressibleByArgument {}
extension BLEU.Tokenization: ExpressibleByArgument {}
