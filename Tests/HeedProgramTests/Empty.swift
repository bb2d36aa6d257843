// HeedProgramTests
