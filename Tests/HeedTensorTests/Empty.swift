// HeedTensorTests
