#if defined(__x86_64__)
#define HEED_ISA 4
#define HEED_BF16_ELEMENTS 1
#define NAME(x) heed_amx_bf16_##x
#define HEED_TABLE_NAME "amx.bf16"
#include "system.h"

#pragma clang attribute push(                                                                                          \
    __attribute__((                                                                                                    \
        target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx512vnni,amx-tile,amx-bf16,amx-int8"))),      \
    apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#endif
