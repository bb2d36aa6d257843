// Weights in pairs: every number where the layout has it, zeros beyond, and nothing else written.

#include "driver.h"

static uint16_t bits_of(double value) {
    const float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void pack(int64_t k, int64_t n, int64_t block, bool wide, bool transposed, int64_t shift) {
    const int64_t ld = (transposed ? k : n) + shift % 3, blocks = (n + block - 1) / block, k_blocks = (k + 31) / 32;
    const int64_t rows = transposed ? n : k, size = block * k_blocks * 32;
    // Nothing stands behind the last number of the last row.
    buffer source = input(wide ? HEED_F32 : type, rows > 0 ? (rows - 1) * ld + (transposed ? k : n) : 0, shift);
    buffer packed = output(HEED_BF16, blocks * size, 0);
    heed_pairs_packing p = {.k = k, .n = n, .ld = ld, .block_columns = block, .wide = wide, .transposed = transposed};
    p.source = source.data, p.packed = packed.data;
    // The blocks in two calls, the last first.
    const int64_t middle = blocks / 2;
    kernels->pack_pairs(&p, middle, blocks);
    kernels->pack_pairs(&p, 0, middle);
    const uint16_t *got = packed.data;
    bool right = true;
    for (int64_t j = 0; j < blocks * block; j++)
        for (int64_t i = 0; i < k_blocks * 32; i++) {
            const int64_t at_pair = (j / block * k_blocks + i / 32) * 16 + i % 32 / 2;
            const bool inside = i < k && j < n;
            const double value = inside ? at(&source, transposed ? j * ld + i : i * ld + j) : 0;
            right = right && got[at_pair * 2 * block + j % block * 2 + i % 2] == bits_of(value);
        }
    expect_true("pack_pairs", right);
    release(&source), release(&packed);
}

void test_pack_pairs(void) {
    for (int i = 0; i < length_count; i++)
        for (int form = 0; form < 4; form++) {
            pack(lengths[i], 1 + i * 7 % 90, 16 * (1 + i % 4), form & 1, form & 2, i % 5);
            pack(1 + i * 5 % 70, lengths[i], 16 * (1 + (i + 1) % 4), form & 1, form & 2, i % 5);
        }
}
