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

// MARK: Places do not matter

static void same_alone(const char *what, int64_t n, const buffer *x, const buffer *y,
                       void (*run)(int64_t, const void *, void *)) {
    const size_t size = size_of(type);
    for (int64_t begin = 0; begin < n; begin += 1 + bits32() % 7) {
        const int64_t count = 1 + bits32() % 40 < n - begin ? 1 + bits32() % 3 : n - begin;
        buffer part = output(type, count, begin % 16);
        run(count, (const char *)x->data + (size_t)begin * size, part.data);
        expect_same_bits(what, &part, 0, y, begin, count);
        release(&part);
    }
}

static heed_unary tried;
static void run_unary(int64_t n, const void *x, void *y) {
    kernels->unary_forward(tried, n, x, y);
}
static void run_slope(int64_t n, const void *x, void *y) {
    kernels->unary_backward(tried, n, x, x, x, y);
}
static void run_affine(int64_t n, const void *x, void *y) {
    kernels->affine(n, 1.1, x, 0.3, y);
}
static void run_gated(int64_t n, const void *x, void *y) {
    kernels->gated_forward(HEED_SILU, 1, n, x, n, x, n, y, n);
}

void test_invariance(void) {
    enum { N = 517, ROWS = 4 };
    buffer x = input(type, N, 3), y = output(type, N, 0);
    for (int64_t i = 0; i < N; i++)
        put(type, x.data, i, unary_domain(HEED_LOG, at(&x, i)));
    for (tried = 0; tried < HEED_UNARY_COUNT; tried++) {
        run_unary(N, x.data, y.data);
        same_alone("unary, alone", N, &x, &y, run_unary);
        run_slope(N, x.data, y.data);
        same_alone("slope, alone", N, &x, &y, run_slope);
    }
    run_affine(N, x.data, y.data), same_alone("affine, alone", N, &x, &y, run_affine);
    run_gated(N, x.data, y.data), same_alone("gated, alone", N, &x, &y, run_gated);
    release(&x), release(&y);

    for (int k = 1; k < length_count; k++) {
        const int64_t n = lengths[k], r = 2;
        const uint32_t position[ROWS] = {0, 1, 2, 3};
        const heed_dropout d = some_dropout(true);
        const float *none = NULL;
        buffer rows = input(type, ROWS * n, 0), row = input(type, n, 5), gamma = input(HEED_F32, n, 1);
        memcpy(row.data, (char *)rows.data + (size_t)(r * n) * size_of(type), (size_t)n * size_of(type));
        buffer all = output(type, ROWS * n, 2), one = output(type, n, 1), z_all = output(type, ROWS * n, 3);
        buffer z_one = output(type, n, 0), m = output(HEED_F32, ROWS, 0), s = output(HEED_F32, ROWS, 0);
        kernels->softmax_forward(false, ROWS, n, rows.data, all.data);
        kernels->softmax_forward(false, 1, n, row.data, one.data);
        expect_same_bits("softmax, alone", &one, 0, &all, r * n, n);
        kernels->residual_norm_forward(HEED_LAYER_NORM, type, ROWS, n, rows.data, rows.data, &d, (heed_rows){0},
                                       gamma.data, none, 1e-5, z_all.data, all.data, m.data, s.data);
        kernels->residual_norm_forward(HEED_LAYER_NORM, type, 1, n, row.data, row.data, &d,
                                       (heed_rows){NULL, position + r, 0}, gamma.data, none, 1e-5, z_one.data, one.data,
                                       m.data, s.data);
        expect_same_bits("norm, alone", &one, 0, &all, r * n, n);
        expect_same_bits("sum, alone", &z_one, 0, &z_all, r * n, n);
        const heed_rows only = {NULL, position + r, 0};
        float *means = m.data, *rstds = s.data;
        for (int i = 0; i < ROWS; i++)
            means[i] = 0.1f * (float)i, rstds[i] = 1 + 0.2f * (float)i;
        buffer sums = input(HEED_F32, 2 * n, 0);
        float *dgamma = sums.data;
        kernels->residual_norm_backward(HEED_LAYER_NORM, type, ROWS, n, rows.data, gamma.data, means, rstds, rows.data,
                                        rows.data, &d, (heed_rows){0}, all.data, z_all.data, dgamma, dgamma + n);
        kernels->residual_norm_backward(HEED_LAYER_NORM, type, 1, n, row.data, gamma.data, means + r, rstds + r,
                                        row.data, row.data, &d, only, one.data, z_one.data, dgamma, dgamma + n);
        expect_same_bits("norm backward, alone", &one, 0, &all, r * n, n);
        expect_same_bits("gradient of the residual, alone", &z_one, 0, &z_all, r * n, n);
        release(&sums);
        kernels->softmax_backward(false, ROWS, n, rows.data, rows.data, all.data);
        kernels->softmax_backward(false, 1, n, row.data, row.data, one.data);
        expect_same_bits("softmax backward, alone", &one, 0, &all, r * n, n);
        kernels->dropout(ROWS, n, &d, (heed_rows){0}, rows.data, all.data);
        kernels->dropout(1, n, &d, only, row.data, one.data);
        expect_same_bits("dropout, alone", &one, 0, &all, r * n, n);
        kernels->reduce(HEED_SUM, ROWS, n, 1, rows.data, all.data);
        kernels->reduce(HEED_SUM, 1, n, 1, row.data, one.data);
        expect_same_bits("row sum, alone", &one, 0, &all, r, 1);
        release(&rows), release(&row), release(&gamma), release(&all), release(&one), release(&z_all), release(&z_one);
        release(&m), release(&s);
    }
}
