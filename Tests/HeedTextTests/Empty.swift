// HeedTextTests
