// HeedGenerationTests
