#define HEED_ISA 0
#define HEED_BF16_ELEMENTS 1
#define NAME(x) heed_generic_bf16_##x
#define HEED_TABLE_NAME "generic.bf16"
#include "kernels.inc"
