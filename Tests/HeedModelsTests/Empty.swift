// HeedModelsTests
