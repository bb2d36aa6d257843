// Quantised rows and products: every integer, scale and result, against the definition in float64, and the same bits
// from every instruction set.

#include "driver.h"

// MARK: Rows

enum { KINDS = 8 };

// Makes a row of `n` numbers special, after its number.
static void make_special(void *x, int64_t first, int64_t n, int64_t kind) {
    for (int64_t i = 0; i < n; i++)
        if (kind == 1)
            put(type, x, first + i, 0);
        else if (kind == 2)
            put(type, x, first + i, 3e38 * uniform());
        else if (kind == 3)
            put(type, x, first + i, 0x1p-117 * uniform());
    if (kind == 4 && n > 0)
        put(type, x, first + n - 1, 3e4);
    if (kind == 5 && n > 0)
        put(type, x, first + n / 2, NAN);
    if (kind == 6 && n > 0)
        put(type, x, first + n - 1, -INFINITY);
    if (kind == 7 && n > 0)
        put(type, x, first + n / 3, 0x1p-130), put(type, x, first, -0.0);
}

static int64_t depth_of(int64_t n) {
    return (n + 63) / 64 * 64;
}

static void quantise_of(int64_t n, int64_t shift) {
    const int64_t ld = n + shift % 3, depth = depth_of(n);
    buffer x = input(type, KINDS * ld, shift), scales = output(HEED_F32, KINDS, shift);
    int8_t *q = malloc((size_t)(2 * KINDS * depth) + 1), *stored = q + KINDS * depth;
    for (int64_t kind = 0; kind < KINDS; kind++)
        make_special(x.data, kind * ld, n, kind);
    kernels->quantise(true, KINDS, n, x.data, ld, stored, depth, scales.data);
    kernels->quantise(false, KINDS, n, x.data, ld, q, depth, scales.data);
    for (int64_t i = 0; i < KINDS * depth; i++)
        expect_true("activations are weights, offset", (stored[i] ^ q[i]) == (stored[0] ^ q[0]));
    expect_true("the offset is 0 or 128", depth == 0 || stored[0] == q[0] || (stored[0] ^ q[0]) == -128);
    // The reference rounds in double precision: a half may go the other way.
    const heed_kernels *plain = heed_kernels_of(HEED_ISA_GENERIC, HEED_F64);
    buffer wide = input(HEED_F64, KINDS * ld, 0), wide_scales = output(HEED_F32, KINDS, 0);
    for (int64_t i = 0; i < KINDS * ld; i++)
        put(HEED_F64, wide.data, i, at(&x, i));
    plain->quantise(false, KINDS, n, wide.data, ld, stored, depth, wide_scales.data);
    for (int64_t i = 0; i < KINDS * depth; i++)
        expect_true("reference's integer", abs(stored[i] - q[i]) <= 1);
    expect_same_bits("reference's scales", &scales, 0, &wide_scales, 0, KINDS);
    release(&wide), release(&wide_scales);
    for (int64_t r = 0; r < KINDS; r++) {
        double largest = 0;
        bool finite = true;
        for (int64_t i = 0; i < n; i++) {
            largest = fmax(largest, fabs(at(&x, r * ld + i)));
            finite = finite && isfinite(at(&x, r * ld + i));
        }
        const bool zero = !finite || largest < 0x1p-118;
        expect("scale of a row", &scales, r, !finite ? NAN : zero ? 0 : largest / 127, 0);
        for (int64_t i = 0; i < depth; i++) {
            const double wanted = zero || i >= n ? 0 : at(&x, r * ld + i) * 127 / largest;
            expect_true("quantised element", fabs(q[r * depth + i] - wanted) <= (wanted == 0 ? 0 : 0.5 + 4e-5));
        }
    }
    free(q), release(&x), release(&scales);
}

// MARK: Products

typedef struct {
    int64_t m, n, k, depth;
    buffer x, w, bias, a_scales, b_scales;
    int8_t *a, *b; // plain integers
    int8_t *stored, *packed;
    int32_t *offsets;
} product;

static void quantise_product(product *p, const heed_kernels *table) {
    const int64_t columns = (p->n + 15) / 16 * 16;
    table->quantise(true, p->m, p->k, p->x.data, p->k, p->stored, p->depth, p->a_scales.data);
    table->quantise(false, p->m, p->k, p->x.data, p->k, p->a, p->depth, p->a_scales.data);
    memset(p->b_scales.data, 0, (size_t)columns * 4);
    table->quantise(false, p->n, p->k, p->w.data, p->k, p->b, p->depth, p->b_scales.data);
    heed_quantised_pack(p->n, p->depth, p->b, p->packed, p->offsets);
}

static product make_product(int64_t m, int64_t n, int64_t k, bool is_signed) {
    const int64_t depth = depth_of(k), columns = (n + 15) / 16 * 16;
    product p = {.m = m, .n = n, .k = k, .depth = depth};
    p.x = input(type, m * k, 1), p.w = input(type, n * k, 3), p.bias = input(HEED_F32, n, 1);
    for (int64_t i = 0; i < m * k; i++)
        if (!is_signed || i % k >= 1024) // signs in the first chunk alone, too
            put(type, p.x.data, i, fabs(at(&p.x, i)));
    p.a_scales = output(HEED_F32, m, 1), p.b_scales = output(HEED_F32, columns, 1);
    p.a = malloc((size_t)(m * depth)), p.stored = malloc((size_t)(m * depth));
    p.b = malloc((size_t)(n * depth)), p.packed = malloc((size_t)(columns * depth));
    p.offsets = malloc((size_t)columns * sizeof *p.offsets);
    for (int64_t r = 0; r < m && is_signed; r++)
        make_special(p.x.data, r * k, k, r % (KINDS + 2));
    if (n > 2)
        make_special(p.w.data, 2 * k, k, 1);
    quantise_product(&p, kernels);
    return p;
}

static void free_product(product *p) {
    free(p->a), free(p->b), free(p->stored), free(p->packed), free(p->offsets);
    release(&p->x), release(&p->w), release(&p->bias), release(&p->a_scales), release(&p->b_scales);
}

// Options: bit 0 bias, 1 relu, 2 float results, 3 no negative activations.
static void run(const product *p, const heed_kernels *table, int options, int64_t from, int64_t rows, int64_t step,
                int64_t ldc, void *c) {
    for (int64_t column = 0; column < p->n; column += step) {
        const heed_quantised_product q = {.rows = rows,
                                          .columns = p->n,
                                          .depth = p->depth,
                                          .first_column = column,
                                          .end_column = column + step < p->n ? column + step : p->n,
                                          .a = p->stored + from * p->depth,
                                          .a_scales = (const float *)p->a_scales.data + from,
                                          .b = p->packed,
                                          .b_scales = p->b_scales.data,
                                          .b_offsets = p->offsets,
                                          .bias = options & 1 ? p->bias.data : NULL,
                                          .relu = options & 2,
                                          .wide = options & 4,
                                          .c = c,
                                          .ldc = ldc};
        table->quantised_product(&q);
    }
}

static void compare(const product *p, int options, const buffer *c, int64_t ldc) {
    buffer reference = output(HEED_F64, p->m * ldc, 0);
    product plain = *p;
    plain.stored = p->a;
    run(&plain, heed_kernels_of(HEED_ISA_GENERIC, HEED_F64), options & 1, 0, p->m, p->n, ldc, reference.data);
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < ldc; j++) {
            if (j >= p->n) {
                expect("the guard between rows", c, i * ldc + j, NAN, 0);
                continue;
            }
            double exact = 0, allowed = 0;
            const double sa = at(&p->a_scales, i), sb = at(&p->b_scales, j), bias = options & 1 ? at(&p->bias, j) : 0;
            for (int64_t k = 0; k < p->k; k++) {
                const double x = at(&p->x, i * p->k + k), w = at(&p->w, j * p->k + k);
                exact += x * w;
                allowed += fabs(x) * sb / 2 + fabs(w) * sa / 2 + sa * sb / 4;
            }
            const double value = at(&reference, i * ldc + j), scaled = value - bias;
            const double rounding = 2 * EPSILON * (fabs(scaled) + fabs(bias)) + 0x1p-126;
            expect("quantised product", c, i * ldc + j, options & 2 && value < 0 ? 0 : value, rounding);
            if (isfinite(value)) // and not far from the product of what was quantised
                expect("product that is quantised", c, i * ldc + j, options & 2 ? fmax(exact + bias, 0) : exact + bias,
                       1.001 * allowed + rounding + 1e-30);
        }
    release(&reference);
}

static void product_of(int64_t m, int64_t n, int64_t k, int options) {
    product p = make_product(m, n, k, !(options & 8));
    const int64_t ldc = n + 3;
    const heed_type result = options & 4 ? HEED_F32 : type;
    buffer c = output(result, m * ldc, 1), other = output(result, m * ldc, 2);
    run(&p, kernels, options, 0, m, n, ldc, c.data);
    compare(&p, options, &c, ldc);
    // However it is cut.
    const int64_t size = (int64_t)size_of(result);
    for (int64_t row = 0; row < m; row += 5)
        run(&p, kernels, options, row, m - row < 5 ? m - row : 5, 16 * (1 + row % 3), ldc,
            (char *)other.data + row * ldc * size);
    for (int64_t i = 0; i < m; i++)
        expect_same_bits("a cut product", &c, i * ldc, &other, i * ldc, n);
    // On every instruction set.
    for (heed_isa isa = 0; isa < HEED_ISA_COUNT; isa++) {
        const heed_kernels *table = heed_kernels_of(isa, type);
        if (!table)
            continue;
        quantise_product(&p, table);
        run(&p, table, options, 0, m, n, ldc, other.data);
        for (int64_t i = 0; i < m; i++)
            expect_same_bits("another instruction set's product", &c, i * ldc, &other, i * ldc, n);
    }
    free_product(&p), release(&c), release(&other);
}

// The largest sums that there are fit.
static void test_largest_sums(void) {
    product p = make_product(1, 1, HEED_QUANTISED_DEPTH, true);
    buffer c = output(HEED_F32, 1, 0);
    for (int signs = 0; signs < 4; signs++) {
        const int left = signs & 1 ? -1 : 1, right = signs & 2 ? -1 : 1, sign = left * right;
        for (int64_t k = 0; k < p.k; k++)
            put(type, p.x.data, k, 2 * left), put(type, p.w.data, k, 3 * right);
        quantise_product(&p, kernels);
        run(&p, kernels, 4, 0, 1, 1, 1, c.data);
        expect("the largest sum", &c, 0, 6.0 * sign * HEED_QUANTISED_DEPTH, elementwise(6.0 * HEED_QUANTISED_DEPTH));
    }
    free_product(&p), release(&c);
}

void test_quantised(void) {
    for (int k = 0; k < length_count; k++)
        for (int64_t shift = 0; shift < 3; shift++)
            quantise_of(lengths[k], shift);
    const int64_t sizes[][3] = {{1, 1, 1},     {1, 16, 64},   {2, 17, 3},   {3, 15, 65},   {5, 33, 130},
                                {7, 64, 127},  {16, 31, 64},  {17, 48, 63}, {31, 65, 66},  {33, 79, 200},
                                {34, 100, 96}, {49, 130, 70}, {70, 49, 33}, {6, 200, 515}, {37, 70, 1100}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int options = 0; options < 16; options++)
            product_of(sizes[i][0], sizes[i][1], sizes[i][2], options);
    test_largest_sums();
}
