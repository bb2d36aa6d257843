// HeedNNTests
