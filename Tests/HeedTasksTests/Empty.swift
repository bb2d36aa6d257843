// HeedTasksTests
