// Values of the reference kernels: against the float32 kernels, which other tests compare with formulas of their own,
// and against numbers that are known.

#include "reference_test.h"

enum { MOST_COLUMNS = 300 };
static const int64_t lengths[] = {0, 1, 2, 5, 16, 127, 128, 129, MOST_COLUMNS};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

static const heed_kernels *fast(void) {
    return heed_kernels_of(HEED_ISA_GENERIC, HEED_F32);
}

// The same numbers in both types.
typedef struct {
    double *d;
    float *f;
    int64_t n;
} both;

static both both_of(double *d, int64_t n) {
    both b = {d, array(n, sizeof(float)), n};
    for (int64_t i = 0; i < n; i++) {
        b.f[i] = (float)d[i];
        d[i] = (double)b.f[i];
    }
    return b;
}

static both both_numbers(int64_t n) {
    return both_of(numbers(n), n);
}

static both both_zeros(int64_t n) {
    return both_of(zeros(n), n);
}

// `size` is the magnitude of what was summed for one element.
static void expect_both(const char *what, both b, double size) {
    for (int64_t i = 0; i < b.n; i++)
        expect_close(what, i, (double)b.f[i], b.d[i], 4e-6 * size, 4e-6);
}

// MARK: Elements

static void unary_values(void) {
    static const double at_one[HEED_UNARY_COUNT] = {
        [HEED_IDENTITY] = 1,
        [HEED_NEGATE] = -1,
        [HEED_EXP] = 2.718281828459045235,
        [HEED_LOG] = 0,
        [HEED_SQRT] = 1,
        [HEED_SQUARE] = 1,
        [HEED_RECIPROCAL] = 1,
        [HEED_TANH] = 0.7615941559557648881,
        [HEED_SIGMOID] = 0.7310585786300048793,
        [HEED_RELU] = 1,
        [HEED_ELU] = 1,
        [HEED_GELU] = 0.8413447460685429486,      // Φ(1)
        [HEED_GELU_TANH] = 0.8411919906082768048, // (1 + tanh(1.044715 √(2/π))) / 2
        [HEED_SILU] = 0.7310585786300048793,
    };
    const double one = 1, limits[] = {-INFINITY, INFINITY, -700, 700, NAN};
    enum { N = 400 };
    both x = both_numbers(N), y = both_zeros(N);
    for (heed_unary op = 0; op < HEED_UNARY_COUNT; op++) {
        double value, ends[5];
        reference->unary_forward(op, 1, &one, &value);
        expect_close("function at 1", op, value, at_one[op], 1e-16, 1e-15);
        fast()->unary_forward(op, N, x.f, y.f);
        reference->unary_forward(op, N, x.d, y.d);
        expect_both("unary", y, 1e-3);
        reference->unary_forward(op, 5, limits, ends);
        expect_true("function of NaN", isnan(ends[4]));
        if (op < HEED_RELU)
            continue;
        expect_true("activation at infinity", ends[1] == INFINITY && ends[3] == 700);
        expect_true("activation at -infinity", ends[0] == (op == HEED_ELU ? -1 : 0) && fabs(ends[2]) <= 1);
        reference->unary_backward(op, 4, limits, ends, limits, ends);
        expect_true("slope at infinity", ends[1] == INFINITY && ends[3] == 700 && fabs(ends[2]) < 1e-200);
    }
}

static void pair_values(int64_t n) {
    both a = both_numbers(n), b = both_numbers(n), y = both_zeros(n);
    for (heed_binary op = 0; op < HEED_BINARY_COUNT; op++)
        for (int steps = 0; steps < (n > 0 ? 4 : 1); steps++) {
            fast()->binary(op, n, a.f, steps & 1, b.f, steps >> 1, y.f);
            reference->binary(op, n, a.d, steps & 1, b.d, steps >> 1, y.d);
            expect_both("binary", y, 0);
        }
    fast()->affine(n, 1.5, a.f, -0.25, y.f), reference->affine(n, 1.5, a.d, -0.25, y.d);
    expect_both("affine", y, 1);
    fast()->accumulate(n, -0.5, b.f, y.f), reference->accumulate(n, -0.5, b.d, y.d);
    expect_both("accumulate", y, 4);
    fast()->combine(n, 2, a.f, -0.75, y.f, y.f), reference->combine(n, 2, a.d, -0.75, y.d, y.d);
    expect_both("combine", y, 6);
    fast()->gated_forward(HEED_SILU, 1, n, a.f, n, b.f, n, y.f, n);
    reference->gated_forward(HEED_SILU, 1, n, a.d, n, b.d, n, y.d, n);
    expect_both("gated", y, 1);
}

// The same elements are dropped, and the others scaled alike.
static void dropout_values(int64_t n) {
    const uint32_t sequences[3] = {7, 7, 8}, positions[3] = {100, 101, 0xffffffffu};
    const heed_rows keys[2] = {{.sequence = sequences, .position = positions}, {.first_position = 12}};
    for (int k = 0; k < 2; k++) {
        const heed_dropout dropout = some_dropout(true);
        both x = both_of(filled(3 * n, 1), 3 * n), y = both_zeros(3 * n);
        if (n > 0)
            x.d[0] = NAN, x.f[0] = NAN;
        fast()->dropout(3, n, &dropout, keys[k], x.f, y.f);
        reference->dropout(3, n, &dropout, keys[k], x.d, y.d);
        for (int64_t i = 0; i < 3 * n; i++)
            expect_close("dropout", i, y.d[i], (double)y.f[i], 0, 0);
    }
}

static void adam_values(bool decoupled) {
    enum { N = 50 };
    heed_adam o = {.learning_rate = 0.1, .beta1 = 0.9, .beta2 = 0.98, .epsilon = 1e-3, .weight_decay = 0.2};
    o.decoupled = decoupled, o.gradient_scale = 0.5;
    both w = both_numbers(N), m = both_zeros(N), v = both_zeros(N);
    for (int step = 1; step <= 5; step++) {
        both g = both_numbers(N);
        o.correction1 = 1 - pow(o.beta1, step), o.correction2 = 1 - pow(o.beta2, step);
        fast()->adam(N, &o, w.f, g.f, m.f, v.f), reference->adam(N, &o, w.d, g.d, m.d, v.d);
    }
    expect_both("weights of Adam", w, 4), expect_both("first moments", m, 1), expect_both("second moments", v, 1);
    // One step from nothing moves each weight by the learning rate against the sign of its gradient.
    double weight = 3, gradient = -0.01, first = 0, second = 0;
    o.correction1 = 1 - o.beta1, o.correction2 = 1 - o.beta2, o.epsilon = 0, o.weight_decay = decoupled ? 0.2 : 0;
    reference->adam(1, &o, &weight, &gradient, &first, &second);
    expect_close("first step of Adam", decoupled, weight, decoupled ? 3 * 0.98 + 0.1 : 3.1, 1e-15, 1e-14);
}

void test_elementwise_values(void) {
    unary_values();
    for (int k = 0; k < LENGTHS; k++)
        pair_values(lengths[k]), dropout_values(lengths[k]);
    adam_values(false);
    adam_values(true);
}

// MARK: Rows

static void reduce_values(int64_t outer, int64_t axis, int64_t inner) {
    both x = both_numbers(outer * axis * inner), y = both_zeros(outer * inner), columns = both_numbers(inner);
    for (heed_reduction op = HEED_SUM; op <= HEED_MAXIMUM; op++) {
        fast()->reduce(op, outer, axis, inner, x.f, y.f), reference->reduce(op, outer, axis, inner, x.d, y.d);
        expect_both("reduction", y, op == HEED_SUM ? 2 * (double)axis : 0);
    }
    fast()->column_sums(outer * axis, inner, x.f, inner, columns.f);
    reference->column_sums(outer * axis, inner, x.d, inner, columns.d);
    expect_both("column sums", columns, 2 * (double)(outer * axis));
    const double squares = reference->sum_squares(x.n, x.d);
    expect_close("sum of squares", x.n, fast()->sum_squares(x.n, x.f), squares, 0, 1e-13);
}

static void softmax_values(int64_t n) {
    both x = both_numbers(4 * n), y = both_zeros(4 * n);
    for (int64_t i = 0; i < n; i++) {
        x.d[n + i] = -INFINITY, x.f[n + i] = -INFINITY;
        x.d[2 * n + i] *= 1024, x.f[2 * n + i] *= 1024;
    }
    if (n > 0)
        x.d[3 * n] = -INFINITY, x.f[3 * n] = -INFINITY;
    for (int logarithm = 0; logarithm < 2; logarithm++) {
        fast()->softmax_forward(logarithm, 4, n, x.f, y.f), reference->softmax_forward(logarithm, 4, n, x.d, y.d);
        expect_both(logarithm ? "log-softmax" : "softmax", y, 1);
        // The row of −∞ has no gradient, not even of infinity.
        double *dx = filled(4 * n, NAN);
        reference->softmax_backward(logarithm, 4, n, y.d, filled(4 * n, INFINITY), dx);
        for (int64_t i = n; i < 2 * n; i++)
            expect_close("gradient of an empty row", i, dx[i], 0, 0, 0);
    }
    reference->softmax_forward(false, 4, n, x.d, x.d);
    for (int64_t r = 0; r < 4 && n > 1; r++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += x.d[r * n + i];
        expect_close("sum of a softmax in place", r, sum, r == 1 ? 0 : 1, 1e-14, 0);
    }
}

static void entropy_values(int64_t n, double smoothing) {
    enum { ROWS = 3 };
    const int32_t targets[ROWS] = {(int32_t)n - 1, -1, 0};
    both x = both_numbers(ROWS * n), loss = both_zeros(ROWS), nll = both_zeros(ROWS), lse = both_zeros(ROWS);
    fast()->cross_entropy(ROWS, n, x.f, n, targets, smoothing, 1, loss.f, nll.f, lse.f, NULL, 0);
    reference->cross_entropy(ROWS, n, x.d, n, targets, smoothing, 1, loss.d, nll.d, lse.d, NULL, 0);
    expect_both("loss", loss, 2), expect_both("nll", nll, 2), expect_both("lse", lse, 2);
    expect_true("loss of an ignored row", loss.d[1] == 0 && nll.d[1] == 0);
    double *uniform_logits = filled(n, 3), value, other, sum;
    reference->cross_entropy(1, n, uniform_logits, n, targets, smoothing, 1, &value, &other, &sum, NULL, 0);
    expect_close("loss of equal logits", n, value, log((double)n), 1e-14, 1e-14);
    reference->cross_entropy(1, n, uniform_logits, n, targets, smoothing, 1, &other, NULL, NULL, NULL, 0);
    expect_true("loss without nll", value == other);
}

void test_row_values(void) {
    for (int k = 0; k < LENGTHS; k++) {
        reduce_values(2, lengths[k], 1), reduce_values(1, lengths[k], 3), reduce_values(2, 3, lengths[k]);
        softmax_values(lengths[k]);
        if (lengths[k] > 0)
            entropy_values(lengths[k], 0), entropy_values(lengths[k], 0.1);
    }
    const double with_nan[] = {1, NAN, 2};
    double largest = 0;
    reference->reduce(HEED_MAXIMUM, 1, 3, 1, with_nan, &largest);
    expect_true("maximum with NaN", isnan(largest));
}

// MARK: Layers

static void norm_values(heed_norm norm, int64_t n) {
    enum { ROWS = 3 };
    const heed_dropout dropout = some_dropout(true);
    const heed_rows keys = {.first_position = 3};
    both x = both_numbers(ROWS * n), residual = both_numbers(ROWS * n), gamma = both_numbers(n), beta = both_numbers(n);
    both z = both_zeros(ROWS * n), y = both_zeros(ROWS * n), mean = both_zeros(ROWS), rstd = both_zeros(ROWS);
    fast()->residual_norm_forward(norm, HEED_F32, ROWS, n, x.f, residual.f, &dropout, keys, gamma.f, beta.f, 0.1, z.f,
                                  y.f, mean.f, rstd.f);
    reference->residual_norm_forward(norm, HEED_F64, ROWS, n, x.d, residual.d, &dropout, keys, gamma.d, beta.d, 0.1,
                                     z.d, y.d, mean.d, rstd.d);
    expect_both("sum before a norm", z, 5), expect_both("norm", y, 20);
    expect_both("mean", mean, 5), expect_both("reciprocal deviation", rstd, 1);
}

static void constant_row(void) {
    double x[4] = {5, 5, 5, 5}, gamma[4] = {1, 2, 3, 4}, beta[4] = {1, 1, 2, 2}, y[4], mean, rstd;
    const heed_rows keys = {0};
    reference->residual_norm_forward(HEED_LAYER_NORM, HEED_F64, 1, 4, NULL, x, NULL, keys, gamma, beta, 1e-6, NULL, y,
                                     &mean, &rstd);
    for (int i = 0; i < 4; i++)
        expect_close("norm of a constant row", i, y[i], beta[i], 0, 0);
    expect_close("its mean", 0, mean, 5, 0, 0), expect_close("its deviation", 0, rstd, 1000, 0, 1e-14);
}

static void embedding_values(int64_t n) {
    enum { ROWS = 3, ENTRIES = 4 };
    const int32_t ids[ROWS] = {3, 0, 3}, places[ROWS] = {1, 0, 1};
    const heed_dropout dropout = some_dropout(true);
    const heed_rows keys = {.first_position = 70};
    both table = both_numbers(ENTRIES * n), positions = both_numbers(2 * n), y = both_zeros(ROWS * n);
    fast()->embedding_forward(ROWS, n, ids, HEED_F32, table.f, 1.5, positions.f, places, &dropout, keys, y.f);
    reference->embedding_forward(ROWS, n, ids, HEED_F64, table.d, 1.5, positions.d, places, &dropout, keys, y.d);
    expect_both("embedding", y, 8);
}

static void rotary_values(int64_t half, bool interleaved) {
    const int32_t positions[2] = {1, 0};
    const int64_t size = 2 * half + 3, stride = 2 * size;
    both x = both_numbers(2 * stride), y = both_zeros(2 * stride), c = both_numbers(2 * half),
         s = both_numbers(2 * half);
    for (int inverse = 0; inverse < 2; inverse++) {
        fast()->rotary(2, 2, size, 2 * half, interleaved, inverse, positions, c.f, s.f, x.f, stride, y.f, stride);
        reference->rotary(2, 2, size, 2 * half, interleaved, inverse, positions, c.d, s.d, x.d, stride, y.d, stride);
        expect_both("rotary", y, 8);
    }
}

void test_layer_values(void) {
    for (int k = 0; k < LENGTHS; k++) {
        if (lengths[k] > 0)
            norm_values(HEED_LAYER_NORM, lengths[k]), norm_values(HEED_RMS_NORM, lengths[k]);
        embedding_values(lengths[k]);
        rotary_values(lengths[k], false), rotary_values(lengths[k], true);
    }
    constant_row();
}

// MARK: Conversions

void test_conversions(void) {
    const float singles[] = {1.5f, -0.1f, 0x1p-149f, INFINITY};
    const uint16_t halves[] = {0x3f80, 0xc049, 0x0001, 0xff80}; // 1, −3.140625, 2⁻¹³³, −∞
    const double of_halves[] = {1, -3.140625, 0x1p-133, -INFINITY};
    // Past a tie by less than a float shows: rounding twice would go down to 1.
    const double doubles[] = {0.1, -1e300, 1 + 0x1p-8 + 0x1p-40, 1 + 0x1p-8};
    const uint16_t rounded[] = {0x3dcd, 0xff80, 0x3f81, 0x3f80};
    double out[4];
    reference->convert_from(HEED_F32, 4, singles, out);
    for (int i = 0; i < 4; i++)
        expect_close("from float32", i, out[i], (double)singles[i], 0, 0);
    reference->convert_from(HEED_BF16, 4, halves, out);
    for (int i = 0; i < 4; i++)
        expect_close("from bfloat16", i, out[i], of_halves[i], 0, 0);
    reference->convert_from(HEED_F64, 4, doubles, out);
    expect_true("from float64", memcmp(out, doubles, sizeof out) == 0);
    for (heed_isa isa = 0; isa < HEED_ISA_COUNT; isa++) {
        if (!heed_isa_available(isa))
            continue;
        float to_single[4];
        uint16_t to_half[4];
        heed_kernels_of(isa, HEED_F32)->convert_from(HEED_F64, 4, doubles, to_single);
        heed_kernels_of(isa, HEED_BF16)->convert_from(HEED_F64, 4, doubles, to_half);
        for (int i = 0; i < 4; i++) {
            expect_true("float64 to float32", to_single[i] == (float)doubles[i]);
            expect_true("float64 to bfloat16", to_half[i] == rounded[i]);
        }
    }
}
