// Plants an error of 0.1 % in one gradient at a time, and asks the tests to notice.
//
// bfloat16 results would hide an error that is put in after rounding: there the kernel's inputs, or the whole
// computation in float32, carry it.

#include "driver.h"

static const heed_kernels *real, *wide; // under test, and the float32 kernels of the same instruction set
static heed_kernels faulty;

static const double factor = 1.001;

// MARK: Numbers in float32

static float *widened(const void *x, int64_t n) {
    if (!x)
        return NULL;
    float *y = malloc(((size_t)n + 1) * sizeof *y);
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)get(type, x, i);
    return y;
}

static void store(const float *x, int64_t n, void *y) {
    for (int64_t i = 0; i < n; i++)
        put(type, y, i, x[i] * factor);
}

// What a kernel adds to a float32 vector becomes larger.
static float *before(const float *x, int64_t n) {
    float *copy = malloc(((size_t)n + 1) * sizeof *copy);
    return x && n ? memcpy(copy, x, (size_t)n * sizeof *copy) : copy;
}

static void enlarge(float *x, float *old, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(old[i] + factor * ((double)x[i] - old[i]));
    free(old);
}

static heed_dropout larger_dropout(const heed_dropout *d) {
    heed_dropout larger = *d;
    larger.scale = (float)(larger.scale * factor);
    return larger;
}

// MARK: Faulty kernels

static void faulty_unary(heed_unary op, int64_t n, const void *x, const void *y, const void *dy, void *dx) {
    float *a = widened(x, n), *b = widened(y, n), *c = widened(dy, n), *d = malloc(((size_t)n + 1) * 4);
    wide->unary_backward(op, n, a, b, c, d);
    store(d, n, dx);
    free(a), free(b), free(c), free(d);
}

static bool in_gate; // which of the two gradients is faulty

static void faulty_gated(heed_unary op, int64_t rows, int64_t columns, const void *gate, int64_t gate_stride,
                         const void *up, int64_t up_stride, const void *dy, int64_t dy_stride, void *dgate,
                         int64_t dgate_stride, void *dup, int64_t dup_stride) {
    real->gated_backward(op, rows, columns, gate, gate_stride, up, up_stride, dy, dy_stride, dgate, dgate_stride, dup,
                         dup_stride);
    const int64_t size = (int64_t)size_of(type);
    for (int64_t r = 0; r < rows; r++) {
        float *a = widened((const char *)gate + r * gate_stride * size, columns);
        float *b = widened((const char *)up + r * up_stride * size, columns);
        float *c = widened((const char *)dy + r * dy_stride * size, columns);
        float *da = malloc(((size_t)columns + 1) * 4), *db = malloc(((size_t)columns + 1) * 4);
        wide->gated_backward(op, 1, columns, a, columns, b, columns, c, columns, da, columns, db, columns);
        if (in_gate)
            store(da, columns, (char *)dgate + r * dgate_stride * size);
        else
            store(db, columns, (char *)dup + r * dup_stride * size);
        free(a), free(b), free(c), free(da), free(db);
    }
}

static void faulty_drop(int64_t rows, int64_t columns, const heed_dropout *dropout, heed_rows keys, const void *x,
                        void *y) {
    const heed_dropout larger = larger_dropout(dropout);
    real->dropout(rows, columns, &larger, keys, x, y);
}

static void faulty_softmax(bool logarithm, int64_t rows, int64_t columns, const void *y, const void *dy, void *dx) {
    const int64_t n = rows * columns;
    float *a = widened(y, n), *b = widened(dy, n), *c = malloc(((size_t)n + 1) * 4);
    wide->softmax_backward(logarithm, rows, columns, a, b, c);
    store(c, n, dx);
    free(a), free(b), free(c);
}

static enum { THROUGH_NORM, THROUGH_DROPOUT, OF_GAMMA, OF_BETA } in_norm;

static void faulty_norm(heed_norm norm, heed_type residual_type, int64_t rows, int64_t columns, const void *z,
                        const void *gamma, const void *mean, const void *rstd, const void *dy, const void *dz,
                        const heed_dropout *dropout, heed_rows keys, void *dx, void *dresidual, void *dgamma,
                        void *dbeta) {
    float *old_gamma = before(dgamma, columns), *old_beta = before(dbeta, columns), *larger = NULL;
    const heed_dropout larger_one = larger_dropout(dropout);
    if (gamma && in_norm == THROUGH_NORM) {
        larger = before(gamma, columns);
        for (int64_t i = 0; i < columns; i++)
            larger[i] = (float)(larger[i] * factor);
    }
    real->residual_norm_backward(norm, residual_type, rows, columns, z, larger ? larger : gamma, mean, rstd, dy, dz,
                                 in_norm == THROUGH_DROPOUT ? &larger_one : dropout, keys, dx, dresidual, dgamma,
                                 dbeta);
    if (dgamma && in_norm == OF_GAMMA)
        enlarge(dgamma, old_gamma, columns);
    else
        free(old_gamma);
    if (dbeta && in_norm == OF_BETA)
        enlarge(dbeta, old_beta, columns);
    else
        free(old_beta);
    free(larger);
}

static void faulty_embedding(int64_t count, const int32_t *ids, const int32_t *starts, const int32_t *order,
                             int64_t columns, const void *dy, double scale, const heed_dropout *dropout, heed_rows keys,
                             void *dtable) {
    real->embedding_backward(count, ids, starts, order, columns, dy, scale * factor, dropout, keys, dtable);
}

static void faulty_cross_entropy(int64_t rows, int64_t columns, void *logits, int64_t ld, const int32_t *targets,
                                 double smoothing, double scale, void *loss, void *nll, void *lse, void *dlogits,
                                 int64_t ldd) {
    real->cross_entropy(rows, columns, logits, ld, targets, smoothing, scale * factor, loss, nll, lse, dlogits, ldd);
}

static void faulty_rotary(int64_t rows, int64_t heads, int64_t head_size, int64_t rotary, bool interleaved,
                          bool inverse, const int32_t *positions, const void *cosines, const void *sines, const void *x,
                          int64_t x_stride, void *y, int64_t y_stride) {
    int64_t longest = 0;
    for (int64_t r = 0; r < rows; r++)
        longest = positions[r] >= longest ? positions[r] + 1 : longest;
    float *larger = before(sines, longest * rotary / 2);
    for (int64_t i = 0; i < longest * rotary / 2; i++)
        larger[i] = (float)(larger[i] * factor);
    real->rotary(rows, heads, head_size, rotary, interleaved, inverse, positions, cosines, larger, x, x_stride, y,
                 y_stride);
    free(larger);
}

static void faulty_sums(int64_t rows, int64_t columns, const void *x, int64_t ldx, void *sums) {
    float *old = before(sums, columns);
    real->column_sums(rows, columns, x, ldx, sums);
    enlarge(sums, old, columns);
}

static void faulty_reduce(heed_reduction op, int64_t outer, int64_t axis, int64_t inner, const void *x, void *y) {
    float *a = widened(x, outer * axis * inner), *b = malloc(((size_t)(outer * inner) + 1) * 4);
    wide->reduce(op, outer, axis, inner, a, b);
    store(b, outer * inner, y);
    free(a), free(b);
}

static void faulty_accumulate(int64_t n, double alpha, const void *x, void *into) {
    real->accumulate(n, alpha * factor, x, into);
}

static void faulty_quantise(bool activations, int64_t rows, int64_t columns, const void *x, int64_t ldx, int8_t *q,
                            int64_t depth, float *scales) {
    real->quantise(activations, rows, columns, x, ldx, q, depth, scales);
    for (int64_t r = 0; r < rows; r++)
        scales[r] = (float)(scales[r] * factor);
}

// One integer of the weights is greater by one.
static void faulty_quantised(const heed_quantised_product *p) {
    int8_t *packed = malloc((size_t)((p->columns + 15) / 16 * 16 * p->depth));
    memcpy(packed, p->b, (size_t)((p->columns + 15) / 16 * 16 * p->depth));
    packed[0]++;
    heed_quantised_product faulty_product = *p;
    faulty_product.b = packed;
    real->quantised_product(&faulty_product);
    free(packed);
}

static void faulty_rows(const heed_rows_product *p, int64_t begin, int64_t end) {
    heed_rows_product faulty_product = *p;
    faulty_product.depth -= p->depth > 64;
    real->rows_product(&faulty_product, begin, end);
}

static enum { IN_DEPTH, IN_ELEMENT, IN_BIAS, IN_ACCUMULATE, IN_RELU } in_panel;

static void faulty_panel(const heed_panel_product *p) {
    heed_panel_product faulty_product = *p;
    faulty_product.depth -= in_panel == IN_DEPTH && p->depth > 64;
    faulty_product.bias = in_panel == IN_BIAS ? NULL : p->bias;
    faulty_product.accumulate = p->accumulate && in_panel != IN_ACCUMULATE;
    faulty_product.relu = p->relu && in_panel != IN_RELU;
    real->panel_product(&faulty_product);
    if (in_panel == IN_ELEMENT && p->rows > 0 && p->columns > 0)
        p->c[(p->rows - 1) * p->ldc + p->columns - 1] *= (float)factor;
}

static void faulty_panels(const heed_panel_packing *p, int64_t begin, int64_t end) {
    heed_panel_packing faulty_packing = *p;
    faulty_packing.n -= p->n > 8;
    real->pack_panels(&faulty_packing, begin, end);
}

static void faulty_pairs(const heed_pairs_packing *p, int64_t begin, int64_t end) {
    heed_pairs_packing faulty_packing = *p;
    faulty_packing.n -= p->n > 8;
    real->pack_pairs(&faulty_packing, begin, end);
}

// MARK: Do the tests notice?

static void ask(const char *what, void (*tests)(void)) {
    kernels = &faulty;
    const bool noticed = notices(tests);
    kernels = real;
    faulty = *real;
    expect_true(what, noticed);
}

#define PLANT(member, function, tests)                                                                                 \
    (faulty.member = (function), ask("0.1 % in " #member " (" #function ") went unnoticed", tests))

void test_planted(void) {
    real = kernels;
    for (heed_isa isa = 0; isa < HEED_ISA_COUNT; isa++)
        if (heed_kernels_of(isa, type) == real)
            wide = heed_kernels_of(isa, HEED_F32);
    faulty = *real;
    PLANT(unary_backward, faulty_unary, test_elementwise);
    for (int gate = 0; gate < 2; gate++)
        in_gate = gate, PLANT(gated_backward, faulty_gated, test_gated);
    PLANT(dropout, faulty_drop, test_gated);
    PLANT(accumulate, faulty_accumulate, test_elementwise);
    PLANT(softmax_backward, faulty_softmax, test_softmax);
    for (int place = THROUGH_NORM; place <= OF_BETA; place++)
        in_norm = place, PLANT(residual_norm_backward, faulty_norm, test_norm);
    PLANT(embedding_backward, faulty_embedding, test_embedding);
    PLANT(cross_entropy, faulty_cross_entropy, test_cross_entropy);
    PLANT(rotary, faulty_rotary, test_rotary);
    PLANT(column_sums, faulty_sums, test_reductions);
    PLANT(quantise, faulty_quantise, test_quantised);
    PLANT(quantised_product, faulty_quantised, test_quantised);
    PLANT(rows_product, faulty_rows, test_rows_product);
    for (int place = IN_DEPTH; place <= IN_RELU; place++)
        in_panel = place, PLANT(panel_product, faulty_panel, test_panel_product);
    PLANT(pack_panels, faulty_panels, test_pack_panels);
    PLANT(pack_pairs, faulty_pairs, test_pack_pairs);
    PLANT(reduce, faulty_reduce, test_reductions);
}
