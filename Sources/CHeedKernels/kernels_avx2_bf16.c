#if defined(__x86_64__)
#define HEED_ISA 1
#define HEED_BF16_ELEMENTS 1
#define NAME(x) heed_avx2_bf16_##x
#define HEED_TABLE_NAME "avx2.bf16"
#include "system.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#endif
