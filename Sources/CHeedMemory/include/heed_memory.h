// Says when an allocation fails, also one of Swift's arrays and strings, after which the runtime would only abort.

#ifndef HEED_MEMORY_H
#define HEED_MEMORY_H

#include <stddef.h>

#pragma clang assume_nonnull begin

/// Lets `missing` end the process when `malloc` finds no memory for so many bytes. The first failure alone is told;
/// others wait until the process has ended. Without this, and where a sanitizer has a `malloc` of its own, nothing is
/// watched.
void heed_watch_memory(void (*missing)(size_t bytes));

#pragma clang assume_nonnull end

#endif
