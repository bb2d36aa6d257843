#if defined(__x86_64__)
#define HEED_ISA 2
#define HEED_BF16_ELEMENTS 0
#define NAME(x) heed_avx512_f32_##x
#define HEED_TABLE_NAME "avx512.f32"
#include "system.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))),                   \
                             apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#endif
