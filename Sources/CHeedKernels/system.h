// What the kernel sources need from the system. Included before any target attribute is pushed, so that
// declarations of the C library never carry one.

#ifndef HEED_SYSTEM_H
#define HEED_SYSTEM_H

#include "heed_kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define HEED_INLINE static inline __attribute__((always_inline))

// Vectors wider than the plain instruction set has are only ever passed to functions that are inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#endif
