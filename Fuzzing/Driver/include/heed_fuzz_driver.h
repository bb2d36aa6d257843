#ifndef HEED_FUZZ_DRIVER_H
#define HEED_FUZZ_DRIVER_H

#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with its own options in `argv`; `body` gets each input. Gives the exit status.
int heed_fuzz_run(int argc, char **argv, int (*body)(const uint8_t *bytes, size_t count));

#endif
