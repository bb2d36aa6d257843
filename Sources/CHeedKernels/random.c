// Random numbers by counter: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011), and the uniform and normal numbers made
// from it. Plain C without contraction, and no function of the C library but the exactly rounded square root: the same
// bits on every machine.

#include "heed_kernels.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

void heed_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
    uint32_t k[2] = {key[0], key[1]};
    for (int round = 0; round < 10; round++) {
        const uint64_t product0 = (uint64_t)0xD2511F53u * c[0];
        const uint64_t product1 = (uint64_t)0xCD9E8D57u * c[2];
        const uint32_t next0 = (uint32_t)(product1 >> 32) ^ c[1] ^ k[0];
        const uint32_t next2 = (uint32_t)(product0 >> 32) ^ c[3] ^ k[1];
        c[0] = next0;
        c[1] = (uint32_t)product1;
        c[2] = next2;
        c[3] = (uint32_t)product0;
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    memcpy(out, c, sizeof c);
}

// The numbers 4 · block … 4 · block + 3 of a stream.
static void block_of(const uint32_t key[2], uint32_t stream, uint32_t site, int64_t block, uint32_t out[4]) {
    const uint32_t counter[4] = {(uint32_t)block, stream, site, 0x48656564u};
    heed_philox4x32_10(counter, key, out);
}

void heed_random_uniform(const uint32_t key[2], uint32_t stream, uint32_t site, int64_t n, float *out) {
    uint32_t words[4];
    for (int64_t i = 0; i < n; i++) {
        if (i % 4 == 0)
            block_of(key, stream, site, i / 4, words);
        out[i] = (float)(words[i % 4] >> 8) * 0x1p-24f;
    }
}

// MARK: Normal numbers (Box, Muller 1958)

// log of x in (0, 1], by the series of the inverse hyperbolic tangent: ln m = 2 (s + s³/3 + s⁵/5 + …) with
// s = (m − 1) / (m + 1).
static double log_of_fraction(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    // x = 2ᵏ · m with m in [√½, √2).
    const uint64_t offset = bits - UINT64_C(0x3fe6a09e667f3bcd);
    const int k = (int)((int64_t)offset >> 52);
    bits -= (uint64_t)(int64_t)k << 52;
    double m;
    memcpy(&m, &bits, sizeof m);

    const double s = (m - 1) / (m + 1), square = s * s;
    double sum = 0;
    for (int power = 21; power >= 3; power -= 2)
        sum = (sum + 1.0 / power) * square;
    return k * 0.6931471805599453 + 2 * (s + s * sum);
}

// sin and cos of 2π t for t in [0, 1), by the Taylor series on the nearest eighth.
static void sine_cosine_of_turns(double t, double *sine, double *cosine) {
    const int quarter = (int)(4 * t + 0.5);
    const double angle = (t - quarter * 0.25) * 6.283185307179586, square = angle * angle;
    double s = 0, c = 0;
    for (int i = 16; i >= 2; i -= 2) {
        s = -square / (i * (i + 1)) * (1 + s);
        c = -square / (i * (i - 1)) * (1 + c);
    }
    s = angle * (1 + s);
    c = 1 + c;
    const double sines[4] = {s, c, -s, -c}, cosines[4] = {c, -s, -c, s};
    *sine = sines[quarter & 3];
    *cosine = cosines[quarter & 3];
}

void heed_random_normal(const uint32_t key[2], uint32_t stream, uint32_t site, int64_t n, float *out) {
    for (int64_t i = 0; i < n; i += 4) {
        uint32_t words[4];
        float numbers[4];
        block_of(key, stream, site, i / 4, words);
        for (int pair = 0; pair < 4; pair += 2) {
            // In (0, 1]: the logarithm is finite.
            const double radius = __builtin_sqrt(-2 * log_of_fraction(((double)words[pair] + 1) * 0x1p-32));
            double sine, cosine;
            sine_cosine_of_turns((double)words[pair + 1] * 0x1p-32, &sine, &cosine);
            numbers[pair] = (float)(radius * cosine);
            numbers[pair + 1] = (float)(radius * sine);
        }
        memcpy(out + i, numbers, (size_t)(n - i < 4 ? n - i : 4) * sizeof *out);
    }
}
