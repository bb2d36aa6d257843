#define HEED_ISA 0
#define HEED_BF16_ELEMENTS 0
#define NAME(x) heed_generic_f32_##x
#define HEED_TABLE_NAME "generic.f32"
#include "kernels.inc"
