#include "driver.h"

static void column_sums_of(int64_t rows, int64_t columns, int64_t shift) {
    const int64_t ld = columns + shift % 3;
    buffer x = input(type, rows * ld, shift), old = input(HEED_F32, columns, 0),
           sums = output(HEED_F32, columns, shift);
    copy_into(&sums, &old);
    kernels->column_sums(rows, columns, x.data, ld, sums.data);
    for (int64_t c = 0; c < columns; c++) {
        double sum = at(&old, c), absolute = fabs(sum);
        for (int64_t r = 0; r < rows; r++)
            sum += at(&x, r * ld + c), absolute += fabs(at(&x, r * ld + c));
        expect("column sums", &sums, c, sum, of_sum(rows, absolute));
    }
    release(&x), release(&old), release(&sums);
}

static void reduce_of(int64_t outer, int64_t axis, int64_t inner, int64_t shift) {
    buffer x = input(type, outer * axis * inner, shift);
    buffer y = output(type, outer * inner, shift), z = output(type, outer * inner, shift);
    kernels->reduce(HEED_SUM, outer, axis, inner, x.data, y.data);
    kernels->reduce(HEED_MAXIMUM, outer, axis, inner, x.data, z.data);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < inner; i++) {
            double sum = 0, absolute = 0, largest = -INFINITY;
            for (int64_t a = 0; a < axis; a++) {
                const double value = at(&x, (o * axis + a) * inner + i);
                sum += value, absolute += fabs(value), largest = fmax(largest, value);
            }
            expect("sum", &y, o * inner + i, sum, of_sum(axis, absolute));
            expect("maximum", &z, o * inner + i, largest, 0);
        }
    if (outer * axis * inner > 0) {
        put(type, x.data, (axis - 1) * inner, NAN);
        kernels->reduce(HEED_MAXIMUM, outer, axis, inner, x.data, z.data);
        expect("maximum with NaN", &z, 0, NAN, 0);
    }
    release(&x), release(&y), release(&z);
}

void test_reductions(void) {
    for (int k = 0; k < length_count; k++)
        for (int64_t shift = 0; shift < 16; shift++) {
            const int64_t n = lengths[k];
            buffer x = input(type, n, shift);
            double sum = 0;
            for (int64_t i = 0; i < n; i++)
                sum += at(&x, i) * at(&x, i);
            expect_true("sum of squares", fabs(kernels->sum_squares(n, x.data) - sum) <= 1e-13 * (1 + sum));
            release(&x);
            column_sums_of(shift + 1, n, shift);
            reduce_of(2, n, 1, shift);
            reduce_of(2, 7, n, shift);
        }
    column_sums_of(3001, 515, 1);
    reduce_of(3, 40001, 1, 1);
    reduce_of(2, 5001, 37, 1);
}

// MARK: Softmax

static void softmax_of(bool logarithm, int64_t rows, int64_t n, int64_t shift) {
    buffer x = input(type, rows * n, shift), dy = input(type, rows * n, 0), saved = input(type, rows * n, 0);
    buffer y = output(type, rows * n, shift), dx = output(type, rows * n, shift / 2);
    for (int64_t i = 0; i < rows * n; i++)
        put(type, x.data, i, (i / n == 1 ? 1e4 : 3) * normal());
    for (int64_t i = 0; rows > 2 && i < n; i++)
        put(type, x.data, 2 * n + i, -INFINITY);
    kernels->softmax_forward(logarithm, rows, n, x.data, y.data);
    for (int64_t r = 0; r < rows; r++) {
        double largest = -INFINITY, sum = 0, dot = 0, absolute = 0;
        for (int64_t i = 0; i < n; i++)
            largest = fmax(largest, at(&x, r * n + i));
        for (int64_t i = 0; i < n; i++)
            sum += largest == -INFINITY ? 0 : exp(at(&x, r * n + i) - largest);
        for (int64_t i = 0; i < n; i++) {
            const double d = at(&x, r * n + i) - largest;
            const double p = sum == 0 ? 0 : exp(d) / sum, l = sum == 0 ? -INFINITY : d - log(sum);
            const double value = logarithm ? l : p;
            // The difference to the maximum is rounded once before exp.
            const double tolerance = logarithm ? 1.3e-6 * (fabs(d) + log(sum)) + of_sum(n, 1)
                                               : p * (of_sum(n, 1) + EPSILON * fabs(d)) + 1.3e-6 * p + 0x1p-147;
            expect(logarithm ? "log-softmax" : "softmax", &y, r * n + i, value, sum == 0 ? 0 : tolerance);
            put(type, saved.data, r * n + i, value);
            // A row with nothing to attend to has no gradient, not even of NaN.
            if (sum == 0 && i % 3)
                put(type, dy.data, r * n + i, i % 3 == 1 ? NAN : INFINITY);
            const double term = at(&dy, r * n + i) * (logarithm ? 1 : at(&saved, r * n + i));
            dot += term, absolute += fabs(term);
        }
        kernels->softmax_backward(logarithm, 1, n, (char *)saved.data + (size_t)(r * n) * size_of(type),
                                  (char *)dy.data + (size_t)(r * n) * size_of(type),
                                  (char *)dx.data + (size_t)(r * n) * size_of(type));
        for (int64_t i = r * n; i < r * n + n; i++) {
            const double p = logarithm ? exp(at(&saved, i)) : at(&saved, i), d = at(&dy, i);
            const double tolerance = of_sum(n, p * absolute) + 1.3e-6 * ((logarithm ? 1 : p) * fabs(d) + p * fabs(dot));
            if (sum == 0)
                expect("gradient of an empty row", &dx, i, 0, 0);
            else
                expect("softmax backward", &dx, i, logarithm ? d - p * dot : p * (d - dot), tolerance);
        }
    }
    copy_into(&dx, &x);
    kernels->softmax_forward(logarithm, rows, n, dx.data, dx.data);
    expect_same_bits("softmax in place", &y, 0, &dx, 0, rows * n);
    if (n > 0) {
        put(type, x.data, n - 1, NAN);
        kernels->softmax_forward(logarithm, 1, n, x.data, y.data);
        expect("softmax with NaN", &y, 0, NAN, 0);
    }
    release(&x), release(&dy), release(&saved), release(&y), release(&dx);
}

void test_softmax(void) {
    for (int k = 0; k < length_count; k++)
        for (int64_t shift = 0; shift < 16; shift++)
            softmax_of(shift & 1, 4, lengths[k], shift), softmax_of(!(shift & 1), 4, lengths[k], shift);
    softmax_of(false, 2, 30011, 1), softmax_of(true, 2, 30011, 1);
}

// MARK: Cross-entropy

static void cross_entropy_of(int64_t n, int64_t shift, double smoothing) {
    enum { ROWS = 4 };
    const int64_t ld = n + shift % 5, ldd = n + shift % 2;
    const int32_t targets[ROWS] = {0, (int32_t)n - 1, -1, (int32_t)(bits32() % (uint32_t)n)};
    const double scale = 0.125;
    buffer x = input(HEED_F32, ROWS * ld, shift), d = output(type, ROWS * ldd, shift);
    buffer loss = output(HEED_F32, ROWS, 1), nll = output(HEED_F32, ROWS, 1), lse = output(HEED_F32, ROWS, shift);
    for (int64_t i = 0; i < ROWS * ld; i++)
        put(HEED_F32, x.data, i, i / ld == 3 ? 1e4 * normal() : 5 * normal());
    // Again and again with fewer results: what is asked for changes none.
    buffer logits = output(HEED_F32, ROWS * ld, shift), alone = output(HEED_F32, ROWS, 1);
    memcpy(logits.data, x.data, (size_t)(ROWS * ld) * sizeof(float));
    kernels->cross_entropy(ROWS, n, logits.data, ld, targets, smoothing, scale, NULL, NULL, alone.data, NULL, 0);
    kernels->cross_entropy(ROWS, n, logits.data, ld, targets, smoothing, scale, loss.data, nll.data, lse.data, d.data,
                           ldd);
    for (int64_t r = 0; r < ROWS; r++)
        expect("log-sum-exp alone", &alone, r, at(&lse, r), 0);
    // Gradients in the place of their logits.
    const int64_t inside = type == HEED_F32 ? ld : 2 * ld;
    memcpy(logits.data, x.data, (size_t)(ROWS * ld) * sizeof(float));
    kernels->cross_entropy(ROWS, n, logits.data, ld, targets, smoothing, scale, NULL, NULL, NULL, logits.data, inside);
    buffer in_place = {.type = type, .n = ROWS * inside, .data = logits.data};
    for (int64_t r = 0; r < ROWS; r++)
        expect_same_bits("cross-entropy in place", &d, r * ldd, &in_place, r * inside, n);
    for (int64_t r = 0; r < ROWS; r++) {
        if (targets[r] < 0) {
            expect("loss ignored", &loss, r, 0, 0), expect("nll ignored", &nll, r, 0, 0);
            for (int64_t i = 0; i < n; i++)
                expect("gradient ignored", &d, r * ldd + i, 0, 0);
            continue;
        }
        double largest = -INFINITY, sum = 0, mean = 0, absolute = 0;
        for (int64_t i = 0; i < n; i++)
            largest = fmax(largest, at(&x, r * ld + i)), mean += at(&x, r * ld + i) / (double)n;
        for (int64_t i = 0; i < n; i++) {
            sum += exp(at(&x, r * ld + i) - largest);
            absolute += fabs(at(&x, r * ld + i)) / (double)n;
        }
        const double e_lse = largest + log(sum), hit = at(&x, r * ld + targets[r]);
        const double spread = elementwise(e_lse - hit) + of_sum(n, 1) + EPSILON * log(sum);
        expect("log-sum-exp", &lse, r, e_lse, elementwise(e_lse) + of_sum(n, 1));
        expect("nll", &nll, r, e_lse - hit, spread);
        expect("loss", &loss, r, e_lse - (1 - smoothing) * hit - smoothing * mean,
               spread + smoothing * (of_sum(n, absolute) + elementwise(e_lse - mean)));
        for (int64_t i = 0; i < n; i++) {
            const double p = exp(at(&x, r * ld + i) - e_lse), u = smoothing / (double)n;
            const double one = i == targets[r] ? 1 - smoothing : 0;
            const double p_error = p * (2 * EPSILON * (fabs(e_lse) + fabs(at(&x, r * ld + i))) + of_sum(n, 1));
            expect("cross-entropy backward", &d, r * ldd + i, scale * (p - one - u),
                   scale * (p_error + 1.3e-6 * (p + one + u)));
        }
        for (int64_t i = n; i < ldd; i++)
            expect("outside", &d, r * ldd + i, NAN, 0);
    }
    release(&x), release(&d), release(&loss), release(&nll), release(&lse), release(&logits), release(&alone);
}

void test_cross_entropy(void) {
    for (int k = 0; k < length_count; k++)
        for (int64_t shift = 0; shift < 16; shift++)
            if (lengths[k] > 0)
                cross_entropy_of(lengths[k], shift, shift % 2 ? 0.1 : 0);
    cross_entropy_of(30011, 1, 0.1);
}
