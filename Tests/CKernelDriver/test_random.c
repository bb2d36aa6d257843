#include "driver.h"

static void philox_gives(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1,
                         const char *hex) {
    const uint32_t counter[4] = {c0, c1, c2, c3}, key[2] = {k0, k1};
    uint32_t out[4];
    char text[64];
    heed_philox4x32_10(counter, key, out);
    snprintf(text, sizeof text, "%08x %08x %08x %08x", out[0], out[1], out[2], out[3]);
    expect_true("Philox vectors of Random123", strcmp(text, hex) == 0);
}

void test_random(void) {
    const uint32_t ones = 0xffffffff;
    philox_gives(0, 0, 0, 0, 0, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    philox_gives(ones, ones, ones, ones, ones, ones, "408f276d 41c83b0e a20bc7c6 6d5451fd");
    philox_gives(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
                 "d16cfe09 94fdcceb 5001e420 24126ea1");

    enum { N = 100003 };
    const uint32_t key[2] = {1, 2};
    buffer u = output(HEED_F32, N, 1), z = output(HEED_F32, N, 1), part = output(HEED_F32, 5, 0);
    heed_random_uniform(key, 3, 4, N, u.data);
    heed_random_normal(key, 3, 4, N, z.data);
    double sums[3] = {0};
    for (int64_t i = 0; i < N; i++) {
        const uint32_t counter[4] = {(uint32_t)(i / 4), 3, 4, 0x48656564};
        uint32_t words[4];
        heed_philox4x32_10(counter, key, words);
        expect("uniform", &u, i, (words[i % 4] >> 8) / 16777216.0, 0);
        const int pair = (int)(i % 4) & 2;
        const double radius = sqrt(-2 * log((words[pair] + 1.0) / 4294967296.0));
        const double turn = 2 * 3.14159265358979323846 * words[pair + 1] / 4294967296.0;
        // Besides the rounding to float: 1e-14 of the radius.
        expect("normal", &z, i, radius * (i % 2 ? sin(turn) : cos(turn)), 1e-14 * (1 + radius));
        sums[0] += at(&u, i), sums[1] += at(&z, i), sums[2] += at(&z, i) * at(&z, i);
    }
    expect_true("mean of the uniform numbers", fabs(sums[0] / N - 0.5) < 0.005);
    expect_true("mean of the normal numbers", fabs(sums[1] / N) < 0.015);
    expect_true("variance of the normal numbers", fabs(sums[2] / N - 1) < 0.02);
    heed_random_normal(key, 3, 4, 5, part.data);
    expect_same_bits("fewer normal numbers", &part, 0, &z, 0, 5);
    heed_random_uniform(key, 3, 4, 5, part.data);
    expect_same_bits("fewer uniform numbers", &part, 0, &u, 0, 5);
    release(&u), release(&z), release(&part);
}

void test_convert(void) {
    // Every kind of rounding from double: ties, nearly ties, subnormals, the ends of the range.
    enum { N = 40000 };
    buffer from = input(HEED_F64, N, 0);
    for (int64_t i = 0; i < N; i++) {
        double value = ldexp(1 + (bits32() % 256) / 128.0 / 2, (int)(bits32() % 290) - 155);
        const int tail = bits32() % 4;
        value += (tail & 1 ? ldexp(value, -9) : 0) + (tail & 2 ? ldexp(value, -30 - (int)(bits32() % 20)) : 0);
        put(HEED_F64, from.data, i, i == 0 ? NAN : i == 1 ? INFINITY : i % 2 ? value : -value);
    }
    for (int k = 0; k <= length_count; k++)
        for (int64_t shift = 0; shift < 16; shift++) {
            const int64_t n = k == length_count ? N : lengths[k];
            for (heed_type source = 0; source < HEED_TYPE_COUNT; source++) {
                buffer x = input(source, n, shift), y = output(type, n, shift), exact = input(type, n, 0);
                for (int64_t i = 0; i < n; i++) {
                    put(source, x.data, i, at(&from, i));
                    put(type, exact.data, i, at(&x, i));
                }
                kernels->convert_from(source, n, x.data, y.data);
                for (int64_t i = 0; i < n; i++) {
                    const bool nan = isnan(at(&exact, i)) && isnan(at(&y, i));
                    if (!nan)
                        expect_same_bits("conversion", &y, i, &exact, i, 1);
                }
                release(&x), release(&y), release(&exact);
            }
            if (k == length_count)
                break;
        }
    release(&from);
}
