// Reference arithmetic, element by element: functions of one and two arguments, gates, dropout, Adam, conversions.

#include "reference.h"

#include <math.h>
#include <string.h>

// √(1/2), 1/√(2π) and √(2/π)
static const double root_half = 0.70710678118654752440;
static const double normal_peak = 0.39894228040143267794;
static const double root_two_over_pi = 0.79788456080286535588;
static const double gelu_cubic = 0.044715;

// MARK: Functions of one argument

static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

// Φ(x), without cancellation for negative x.
static double normal_cumulative(double x) {
    return 0.5 * erfc(-x * root_half);
}

static double gelu_tanh_argument(double x) {
    return root_two_over_pi * (x + gelu_cubic * x * x * x);
}

// x · gate, which goes to 0 with the gate even where x is infinite.
static double gated(double x, double gate) {
    return gate == 0 ? -0.0 : x * gate;
}

static double unary_value(heed_unary op, double x) {
    switch (op) {
    case HEED_IDENTITY:
        return x;
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
        return sigmoid(x);
    case HEED_RELU:
        return x <= 0 ? 0 : x;
    case HEED_ELU:
        return x > 0 ? x : expm1(x);
    case HEED_GELU:
        return gated(x, normal_cumulative(x));
    case HEED_GELU_TANH:
        // 0.5 (1 + tanh(u)) = sigmoid(2 u), which keeps its digits where tanh(u) is close to −1.
        return gated(x, sigmoid(2 * gelu_tanh_argument(x)));
    case HEED_SILU:
        return gated(x, sigmoid(x));
    case HEED_UNARY_COUNT:
        break;
    }
    return NAN;
}

// x · slope of the gate, which goes to 0 with the slope even where x is infinite.
static double slope_term(double x, double slope) {
    return slope == 0 ? 0 : x * slope;
}

// f′ from the argument.
static double slope_at_argument(heed_unary op, double x) {
    switch (op) {
    case HEED_LOG:
        return 1 / x;
    case HEED_SQUARE:
        return 2 * x;
    case HEED_ELU:
        return x > 0 ? 1 : exp(x);
    case HEED_GELU:
        return normal_cumulative(x) + slope_term(x, normal_peak * exp(-0.5 * x * x));
    case HEED_GELU_TANH: {
        const double u = gelu_tanh_argument(x), gate = sigmoid(2 * u);
        const double gate_slope = 2 * gate * sigmoid(-2 * u); // by u
        return gate + slope_term(x * root_two_over_pi * (1 + 3 * gelu_cubic * x * x), gate_slope);
    }
    case HEED_SILU:
        return sigmoid(x) + slope_term(x, sigmoid(x) * sigmoid(-x));
    default:
        return NAN;
    }
}

// f′ from the value.
static double slope_at_value(heed_unary op, double y) {
    switch (op) {
    case HEED_EXP:
        return y;
    case HEED_SQRT:
        return 0.5 / y;
    case HEED_RECIPROCAL:
        return -y * y;
    case HEED_TANH:
        return (1 - y) * (1 + y);
    case HEED_SIGMOID:
        return y * (1 - y);
    default:
        return NAN;
    }
}

// f′ at element i of x or of y, whichever the function's slope is taken from.
static double unary_slope(heed_unary op, const double *x, const double *y, int64_t i) {
    switch (op) {
    case HEED_IDENTITY:
        return 1;
    case HEED_NEGATE:
        return -1;
    case HEED_RELU:
        return (x ? x[i] : y[i]) <= 0 ? 0 : 1;
    case HEED_EXP:
    case HEED_SQRT:
    case HEED_RECIPROCAL:
    case HEED_TANH:
    case HEED_SIGMOID:
        return slope_at_value(op, y[i]);
    default:
        return slope_at_argument(op, x[i]);
    }
}

void heed_f64_unary_forward(heed_unary op, int64_t n, const void *x, void *y) {
    for (int64_t i = 0; i < n; i++)
        ((double *)y)[i] = unary_value(op, ((const double *)x)[i]);
}

void heed_f64_unary_backward(heed_unary op, int64_t n, const void *x, const void *y, const void *dy, void *dx) {
    for (int64_t i = 0; i < n; i++)
        ((double *)dx)[i] = ((const double *)dy)[i] * unary_slope(op, x, y, i);
}

// MARK: Functions of two arguments

static double binary_value(heed_binary op, double a, double b) {
    switch (op) {
    case HEED_ADD:
        return a + b;
    case HEED_SUBTRACT:
        return a - b;
    case HEED_MULTIPLY:
        return a * b;
    case HEED_DIVIDE:
        return a / b;
    case HEED_BINARY_COUNT:
        break;
    }
    return NAN;
}

void heed_f64_binary(heed_binary op, int64_t n, const void *a, int64_t a_step, const void *b, int64_t b_step, void *y) {
    for (int64_t i = 0; i < n; i++)
        ((double *)y)[i] = binary_value(op, ((const double *)a)[i * a_step], ((const double *)b)[i * b_step]);
}

void heed_f64_affine(int64_t n, double alpha, const void *x, double beta, void *y) {
    for (int64_t i = 0; i < n; i++)
        ((double *)y)[i] = alpha * ((const double *)x)[i] + beta;
}

void heed_f64_combine(int64_t n, double alpha, const void *a, double beta, const void *b, void *y) {
    for (int64_t i = 0; i < n; i++)
        ((double *)y)[i] = alpha * ((const double *)a)[i] + beta * ((const double *)b)[i];
}

void heed_f64_transpose(int64_t rows, int64_t columns, const void *x, int64_t ldx, void *y, int64_t ldy) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            ((double *)y)[c * ldy + r] = ((const double *)x)[r * ldx + c];
}

void heed_f64_accumulate(int64_t n, double alpha, const void *x, void *into) {
    for (int64_t i = 0; i < n; i++)
        ((double *)into)[i] += alpha * ((const double *)x)[i];
}

// MARK: Gated feed-forward

void heed_f64_gated_forward(heed_unary op, int64_t rows, int64_t columns, const void *gate, int64_t gate_stride,
                            const void *up, int64_t up_stride, void *y, int64_t y_stride) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            const double g = ((const double *)gate)[r * gate_stride + c];
            const double u = ((const double *)up)[r * up_stride + c];
            ((double *)y)[r * y_stride + c] = unary_value(op, g) * u;
        }
}

void heed_f64_gated_backward(heed_unary op, int64_t rows, int64_t columns, const void *gate, int64_t gate_stride,
                             const void *up, int64_t up_stride, const void *dy, int64_t dy_stride, void *dgate,
                             int64_t dgate_stride, void *dup, int64_t dup_stride) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            const double g = ((const double *)gate)[r * gate_stride + c];
            const double u = ((const double *)up)[r * up_stride + c];
            const double d = ((const double *)dy)[r * dy_stride + c];
            const double value = unary_value(op, g);
            ((double *)dgate)[r * dgate_stride + c] = d * u * unary_slope(op, &g, &value, 0);
            ((double *)dup)[r * dup_stride + c] = d * value;
        }
}

// MARK: Dropout

double heed_f64_dropout_factor(const heed_dropout *dropout, heed_rows row_keys, int64_t row, int64_t columns,
                               int64_t column) {
    if (!dropout || dropout->threshold == 0)
        return 1;
    const uint32_t sequence = row_keys.sequence ? row_keys.sequence[row] : 0;
    const uint32_t position = row_keys.position ? row_keys.position[row] : row_keys.first_position + (uint32_t)row;
    const uint32_t groups = (uint32_t)((columns + 127) / 128), group = (uint32_t)(column / 128);
    const uint32_t element = (uint32_t)(column % 128), u = element / 16, i = element % 16;
    const uint32_t counter[4] = {dropout->update, sequence, dropout->site, position * groups * 16 + 16 * group + i};
    uint32_t words[4];
    heed_philox4x32_10(counter, dropout->key, words);
    const uint32_t word = words[u / 2], number = u % 2 == 0 ? word & 0xffff : word >> 16;
    return number < dropout->threshold ? 0 : (double)dropout->scale;
}

void heed_f64_dropout(int64_t rows, int64_t columns, const heed_dropout *dropout, heed_rows row_keys, const void *x,
                      void *y) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            const double factor = heed_f64_dropout_factor(dropout, row_keys, r, columns, c);
            const double value = ((const double *)x)[r * columns + c];
            ((double *)y)[r * columns + c] = factor == 0 ? 0 : value * factor;
        }
}

// MARK: Adam

void heed_f64_adam(int64_t n, const heed_adam *options, void *weights, const void *gradients, void *m, void *v) {
    const heed_adam *o = options;
    double *w = weights, *first = m, *second = v;
    for (int64_t i = 0; i < n; i++) {
        double g = ((const double *)gradients)[i] * o->gradient_scale;
        if (o->decoupled)
            w[i] -= o->learning_rate * o->weight_decay * w[i];
        else
            g += o->weight_decay * w[i];
        first[i] = o->beta1 * first[i] + (1 - o->beta1) * g;
        second[i] = o->beta2 * second[i] + (1 - o->beta2) * g * g;
        const double root = sqrt(second[i] / o->correction2) + o->epsilon;
        w[i] -= o->learning_rate * (first[i] / o->correction1) / root;
    }
}

// MARK: Conversion

// A bfloat16 is the upper half of a float.
static double from_bf16(uint16_t bits) {
    const uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return (double)value;
}

void heed_f64_convert_from(heed_type type, int64_t n, const void *x, void *y) {
    for (int64_t i = 0; i < n; i++) {
        double value = NAN;
        switch (type) {
        case HEED_F32:
            value = (double)((const float *)x)[i];
            break;
        case HEED_BF16:
            value = from_bf16(((const uint16_t *)x)[i]);
            break;
        case HEED_F64:
            value = ((const double *)x)[i];
            break;
        case HEED_TYPE_COUNT:
            break;
        }
        ((double *)y)[i] = value;
    }
}
