// Where the largest numbers of a row may be: plain integer code, which compilers turn into the vectors of each
// instruction set.

#include "heed_kernels.h"

typedef int32_t __attribute__((may_alias)) bits;

// With the lower bits of negative numbers inverted, integers have the order of the floats; integers because their
// maximum, unlike that of floats, needs no care for NaN.
static inline __attribute__((always_inline)) int32_t block_maxima(int64_t columns, const bits *row, int32_t *highest) {
    int32_t magnitude = 0;
    for (int64_t begin = 0; begin < columns; begin += HEED_MAXIMA_BLOCK) {
        int64_t end = columns - begin < HEED_MAXIMA_BLOCK ? columns : begin + HEED_MAXIMA_BLOCK;
        int32_t high = INT32_MIN, size = 0;
        for (int64_t i = begin; i < end; i++) {
            int32_t value = row[i], ordered = value ^ (value >> 31 & 0x7fffffff), positive = value & 0x7fffffff;
            high = ordered > high ? ordered : high;
            size = positive > size ? positive : size;
        }
        highest[begin / HEED_MAXIMA_BLOCK] = high;
        magnitude = size > magnitude ? size : magnitude;
    }
    return magnitude;
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))) static int32_t
block_maxima_avx512(int64_t columns, const bits *row, int32_t *highest) {
    return block_maxima(columns, row, highest);
}

__attribute__((target("avx2"))) static int32_t block_maxima_avx2(int64_t columns, const bits *row, int32_t *highest) {
    return block_maxima(columns, row, highest);
}
#endif

int32_t heed_block_maxima(int64_t columns, const float *row, int32_t *highest) {
#if defined(__x86_64__)
    if (heed_isa_current() >= HEED_ISA_AVX512)
        return block_maxima_avx512(columns, (const bits *)row, highest);
    if (heed_isa_current() == HEED_ISA_AVX2)
        return block_maxima_avx2(columns, (const bits *)row, highest);
#endif
    return block_maxima(columns, (const bits *)row, highest);
}
