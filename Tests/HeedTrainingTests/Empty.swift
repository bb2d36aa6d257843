// HeedTrainingTests
