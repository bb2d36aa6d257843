// The tables that the instruction sets define, one per element type.

#ifndef HEED_TABLES_H
#define HEED_TABLES_H

#include "heed_kernels.h"

extern const heed_kernels heed_generic_f32_kernels, heed_generic_bf16_kernels;
#if defined(__x86_64__)
extern const heed_kernels heed_avx2_f32_kernels, heed_avx2_bf16_kernels;
extern const heed_kernels heed_avx512_f32_kernels, heed_avx512_bf16_kernels;
extern const heed_kernels heed_avx512bf16_bf16_kernels, heed_amx_bf16_kernels;
#endif

// Plain float64 code, the same for every instruction set.
extern const heed_kernels heed_f64_kernels;

#endif
