#include "driver.h"

static double normal_cumulative(double x) {
    return 0.5 * erfc(-x * 0.70710678118654752440);
}
static double logistic(double x) {
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}
static double gelu_argument(double x) {
    return 2 * 0.79788456080286535588 * (x + 0.044715 * x * x * x);
}

// x · gate, which goes to −0 with the gate, where x is −∞ as elsewhere.
static double gated(double x, double gate) {
    return gate == 0 ? -0.0 : x * gate;
}

double unary_value(heed_unary op, double x) {
    switch (op) {
    case HEED_NEGATE:
        return -x;
    case HEED_EXP:
        return exp(x);
    case HEED_LOG:
        return log(x);
    case HEED_SQRT:
        return sqrt(x);
    case HEED_SQUARE:
        return x * x;
    case HEED_RECIPROCAL:
        return 1 / x;
    case HEED_TANH:
        return tanh(x);
    case HEED_SIGMOID:
        return logistic(x);
    case HEED_RELU:
        return isnan(x) ? x : x > 0 ? x : 0;
    case HEED_ELU:
        return x > 0 ? x : expm1(x);
    case HEED_GELU:
        return gated(x, normal_cumulative(x));
    case HEED_GELU_TANH:
        return gated(x, logistic(gelu_argument(x)));
    case HEED_SILU:
        return gated(x, logistic(x));
    default:
        return x;
    }
}

double unary_slope(heed_unary op, double x, double y, double *scale) {
    double s, first, second;
    switch (op) {
    case HEED_NEGATE:
        s = -1;
        break;
    case HEED_EXP:
        s = y;
        break;
    case HEED_LOG:
        s = 1 / x;
        break;
    case HEED_SQRT:
        s = 0.5 / y;
        break;
    case HEED_SQUARE:
        s = 2 * x;
        break;
    case HEED_RECIPROCAL:
        s = -y * y;
        break;
    case HEED_TANH:
        s = 1 - y * y;
        break;
    case HEED_SIGMOID:
        s = y * (1 - y);
        break;
    case HEED_RELU:
        s = x > 0;
        break;
    case HEED_ELU:
        s = x > 0 ? 1 : exp(x);
        break;
    case HEED_GELU:
        first = normal_cumulative(x);
        second = x * 0.39894228040143267794 * exp(-x * x / 2);
        *scale = fabs(first) + fabs(second);
        return first + second;
    case HEED_GELU_TANH:
        first = logistic(gelu_argument(x));
        second = x * first * logistic(-gelu_argument(x)) * 2 * 0.79788456080286535588 * (1 + 3 * 0.044715 * x * x);
        *scale = fabs(first) + fabs(second);
        return first + second;
    case HEED_SILU:
        first = logistic(x);
        second = x * first * logistic(-x);
        *scale = fabs(first) + fabs(second);
        return first + second;
    default:
        s = 1;
    }
    *scale = fabs(s);
    return s;
}

double unary_domain(heed_unary op, double x) {
    if (op == HEED_LOG || op == HEED_SQRT)
        return fabs(x) + 0.01;
    return op == HEED_RECIPROCAL ? copysign(fabs(x) + 0.05, x) : x;
}

// Steps of subnormals that intermediate results may have lost, seen in the result.
static double subnormal(double x) {
    return 0x1p-148 * (2 + (isfinite(x) ? fabs(x) : 0));
}

static void unary_of_length(heed_unary op, int64_t n, int64_t shift) {
    buffer x = input(type, n, shift), saved = input(type, n, 0), dy = input(type, n, shift / 2);
    buffer y = output(type, n, (shift * 3) % 16), dx = output(type, n, shift);
    for (int64_t i = 0; i < n; i++)
        put(type, x.data, i, unary_domain(op, 2 * normal()));
    kernels->unary_forward(op, n, x.data, y.data);
    for (int64_t i = 0; i < n; i++) {
        const double value = unary_value(op, at(&x, i));
        expect("unary forward", &y, i, value, elementwise(value) + subnormal(at(&x, i)));
        put(type, saved.data, i, value);
    }
    const bool by_y =
        op == HEED_EXP || op == HEED_SQRT || op == HEED_RECIPROCAL || op == HEED_TANH || op == HEED_SIGMOID;
    const bool relu_by_y = op == HEED_RELU && shift % 2;
    kernels->unary_backward(op, n, by_y || relu_by_y ? NULL : x.data, by_y || relu_by_y ? saved.data : NULL, dy.data,
                            dx.data);
    for (int64_t i = 0; i < n; i++) {
        double scale;
        const double slope = unary_slope(op, at(&x, i), at(&saved, i), &scale);
        expect("unary backward", &dx, i, slope * at(&dy, i), 1.3e-6 * scale * fabs(at(&dy, i)));
    }
    release(&x), release(&saved), release(&dy), release(&y), release(&dx);
}

static void binary_of_length(int64_t n, int64_t shift) {
    for (heed_binary op = 0; op < HEED_BINARY_COUNT; op++)
        for (int steps = 0; steps < 4; steps++) {
            const int64_t a_step = steps & 1, b_step = steps >> 1;
            buffer a = input(type, a_step ? n : 1, shift), b = input(type, b_step ? n : 1, 16 - shift);
            buffer y = output(type, n, shift);
            kernels->binary(op, n, a.data, a_step, b.data, b_step, y.data);
            for (int64_t i = 0; i < n; i++) {
                const double u = at(&a, i * a_step), v = at(&b, i * b_step);
                const double e = op == HEED_ADD        ? u + v
                                 : op == HEED_SUBTRACT ? u - v
                                 : op == HEED_MULTIPLY ? u * v
                                                       : u / v;
                expect("binary", &y, i, e, elementwise(e));
            }
            release(&a), release(&b), release(&y);
        }
}

static void linear_of_length(int64_t n, int64_t shift) {
    const double alpha = normal(), beta = normal();
    buffer a = input(type, n, shift), b = input(type, n, 16 - shift), y = output(type, n, shift);
    buffer into = output(HEED_F32, n, shift), old = input(HEED_F32, n, 0);
    kernels->affine(n, alpha, a.data, beta, y.data);
    for (int64_t i = 0; i < n; i++)
        expect("affine", &y, i, alpha * at(&a, i) + beta, 1.3e-6 * (fabs(alpha * at(&a, i)) + fabs(beta)));
    kernels->combine(n, alpha, a.data, beta, b.data, y.data);
    for (int64_t i = 0; i < n; i++)
        expect("combine", &y, i, alpha * at(&a, i) + beta * at(&b, i),
               1.3e-6 * (fabs(alpha * at(&a, i)) + fabs(beta * at(&b, i))));
    copy_into(&y, &a);
    kernels->combine(n, alpha, y.data, beta, b.data, y.data);
    for (int64_t i = 0; i < n; i++)
        expect("combine in place", &y, i, alpha * at(&a, i) + beta * at(&b, i),
               1.3e-6 * (fabs(alpha * at(&a, i)) + fabs(beta * at(&b, i))));
    copy_into(&into, &old);
    kernels->accumulate(n, alpha, a.data, into.data);
    for (int64_t i = 0; i < n; i++)
        expect("accumulate", &into, i, at(&old, i) + alpha * at(&a, i),
               1.3e-6 * (fabs(alpha * at(&a, i)) + fabs(at(&old, i))));
    release(&a), release(&b), release(&y), release(&into), release(&old);
}

static void transpose_of(int64_t rows, int64_t columns, int64_t shift) {
    const int64_t ldx = columns + shift % 3, ldy = rows + shift % 4;
    buffer x = input(type, rows * ldx, shift), y = output(type, columns * ldy, shift);
    kernels->transpose(rows, columns, x.data, ldx, y.data, ldy);
    for (int64_t c = 0; c < columns; c++)
        for (int64_t r = 0; r < ldy; r++)
            expect("transpose", &y, c * ldy + r, r < rows ? at(&x, r * ldx + c) : NAN, 0);
    release(&x), release(&y);
}

void test_elementwise(void) {
    for (int k = 0; k < length_count; k++)
        for (int64_t shift = 0; shift < 4; shift++)
            transpose_of(lengths[k], lengths[(k + shift) % length_count], shift);
    for (int k = 0; k < length_count; k++)
        for (int64_t shift = 0; shift < 16; shift++) {
            for (heed_unary op = 0; op < HEED_UNARY_COUNT; op++)
                unary_of_length(op, lengths[k], shift);
            binary_of_length(lengths[k], shift);
            linear_of_length(lengths[k], shift);
        }
    for (heed_unary op = 0; op < HEED_UNARY_COUNT; op++)
        unary_of_length(op, 20011, 1);
}

void test_special_values(void) {
    enum { PER_EXPONENT = 64 };
    const double specials[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 0x1.fffffep127, -0x1.fffffep127, 0x1p-149, 1, -1};
    const int count = 2 * 280 * PER_EXPONENT + (int)(sizeof specials / sizeof *specials);
    buffer x = input(type, count, 0), y = output(type, count, 0), dx = output(type, count, 0),
           dy = input(type, count, 0);
    int n = 0;
    for (int exponent = -150; exponent < 130; exponent++)
        for (int k = 0; k < 2 * PER_EXPONENT; k++)
            put(type, x.data, n++, (k % 2 ? -1 : 1) * ldexp(1 + fabs(uniform()), exponent));
    for (size_t k = 0; k < sizeof specials / sizeof *specials; k++)
        put(type, x.data, n++, specials[k]);
    for (heed_unary op = 0; op < HEED_UNARY_COUNT; op++) {
        kernels->unary_forward(op, n, x.data, y.data);
        for (int i = 0; i < n; i++) {
            const double value = unary_value(op, at(&x, i));
            char what[60];
            snprintf(what, sizeof what, "unary %d of %.9g", op, at(&x, i));
            expect(what, &y, i, value, elementwise(value) + subnormal(at(&x, i)));
        }
        for (int i = 0; i < n; i++)
            put(type, dy.data, i, 1);
        kernels->unary_backward(op, n, x.data, y.data, dy.data, dx.data);
        for (int i = 0; i < n; i++) {
            const double u = at(&x, i);
            double scale;
            const double slope = unary_slope(op, u, at(&y, i), &scale);
            char what[60];
            snprintf(what, sizeof what, "slope of unary %d at %.9g", op, u);
            if (isfinite(u) && !isnan(slope) && fabs(u) < 1e18)
                expect(what, &dx, i, slope, 1.3e-6 * scale + subnormal(20 * u));
        }
    }
    release(&x), release(&y), release(&dx), release(&dy);
}

// Activations and their slopes at ±∞ and NaN: the limits, signs of zeros included, as the reference has them.
void test_limits_of_activations(void) {
    enum { N = 3 };
    const double ends[N] = {-INFINITY, INFINITY, NAN};
    // More than the longest vector, so that whole and partial vectors meet them.
    const int64_t n = 33;
    const heed_kernels *reference = heed_kernels_of(HEED_ISA_GENERIC, HEED_F64);
    buffer x = input(type, n, 1), one = input(type, n, 0), y = output(type, n, 2), dx = output(type, n, 3);
    buffer gated_y = output(type, n, 2), dgate = output(type, n, 2), dup = output(type, n, 1);
    for (int64_t i = 0; i < n; i++)
        put(type, one.data, i, 1);
    for (heed_unary op = HEED_RELU; op < HEED_UNARY_COUNT; op++)
        for (int k = 0; k < N; k++) {
            double value, slope;
            const double unit = 1;
            reference->unary_forward(op, 1, &ends[k], &value);
            reference->unary_backward(op, 1, &ends[k], &value, &unit, &slope);
            for (int64_t i = 0; i < n; i++)
                put(type, x.data, i, ends[k]);
            kernels->unary_forward(op, n, x.data, y.data);
            kernels->unary_backward(op, n, x.data, y.data, one.data, dx.data);
            kernels->gated_forward(op, 1, n, x.data, n, one.data, n, gated_y.data, n);
            kernels->gated_backward(op, 1, n, x.data, n, one.data, n, one.data, n, dgate.data, n, dup.data, n);
            for (int64_t i = 0; i < n; i++) {
                expect("activation at a limit", &y, i, value, 0), expect("gate at a limit", &gated_y, i, value, 0);
                expect("factor's gradient at a limit", &dup, i, value, 0);
                expect("slope at a limit", &dx, i, slope, 0), expect("gate's slope at a limit", &dgate, i, slope, 0);
                if (value == 0 && op > HEED_RELU)
                    expect_true("sign of an activation at a limit", signbit(at(&y, i)) && signbit(at(&gated_y, i)));
            }
        }
    release(&x), release(&one), release(&y), release(&dx), release(&gated_y), release(&dgate), release(&dup);
}

static void gated_of(heed_unary op, int64_t rows, int64_t n, int64_t shift) {
    const int64_t ld = n + shift % 3;
    buffer gate = input(type, rows * ld, shift), up = input(type, rows * ld, shift), dy = input(type, rows * ld, 0);
    buffer y = output(type, rows * ld, shift), dgate = output(type, rows * ld, shift), dup = output(type, rows * ld, 2);
    for (int64_t i = 0; i < rows * ld; i++)
        put(type, gate.data, i, unary_domain(op, normal()));
    kernels->gated_forward(op, rows, n, gate.data, ld, up.data, ld, y.data, ld);
    kernels->gated_backward(op, rows, n, gate.data, ld, up.data, ld, dy.data, ld, dgate.data, ld, dup.data, ld);
    for (int64_t i = 0; i < rows * ld; i++) {
        if (i % ld >= n) {
            expect("columns outside", &y, i, NAN, 0), expect("columns outside", &dup, i, NAN, 0);
            continue;
        }
        double scale;
        const double g = at(&gate, i), u = at(&up, i), d = at(&dy, i), value = unary_value(op, g);
        const double slope = unary_slope(op, g, value, &scale);
        if (op == HEED_TANH || op == HEED_SIGMOID)
            scale = 2; // the slope is taken from a rounded value
        expect("gated forward", &y, i, value * u, elementwise(value * u));
        expect("gated backward of gate", &dgate, i, slope * u * d, 1.3e-6 * scale * fabs(u * d));
        expect("gated backward of up", &dup, i, value * d, elementwise(value * d));
    }
    release(&gate), release(&up), release(&dy), release(&y), release(&dgate), release(&dup);
}

void test_gated(void) {
    for (int k = 0; k < length_count; k++)
        for (int64_t shift = 0; shift < 5; shift++)
            for (heed_unary op = 0; op < HEED_UNARY_COUNT; op++)
                gated_of(op, 3, lengths[k], shift);
    for (int k = 0; k < length_count; k++)
        for (int64_t shift = 0; shift < 16; shift++) {
            const int64_t rows = 3, n = lengths[k];
            const heed_dropout d = some_dropout(shift % 4 != 3);
            const uint32_t sequence[] = {5, 5, 4000000000u}, position[] = {0, 1, 77};
            const heed_rows keys = {shift % 2 ? sequence : NULL, shift % 4 == 1 ? position : NULL, 3};
            buffer x = input(type, rows * n, shift), y = output(type, rows * n, shift / 2);
            kernels->dropout(rows, n, &d, keys, x.data, y.data);
            for (int64_t i = 0; i < rows * n; i++) {
                const double e = at(&x, i) * dropout_factor(&d, keys, i / n, n, i % n);
                expect("dropout", &y, i, e, elementwise(e));
            }
            release(&x), release(&y);
        }
}
