#if defined(__x86_64__)
#define HEED_ISA 1
#define HEED_BF16_ELEMENTS 0
#define NAME(x) heed_avx2_f32_##x
#define HEED_TABLE_NAME "avx2.f32"
#include "system.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#endif
