// HeedFormatsTests
