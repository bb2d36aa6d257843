#include "heed_fuzz_driver.h"

// libFuzzer's entry for programs with a main function of their own.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*body)(const uint8_t *, size_t));

int heed_fuzz_run(int argc, char **argv, int (*body)(const uint8_t *bytes, size_t count)) {
    return LLVMFuzzerRunDriver(&argc, &argv, body);
}
