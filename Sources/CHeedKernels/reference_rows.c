// Reference arithmetic over rows: sums, maxima, softmax and cross-entropy.

#include "reference.h"

#include <math.h>

// MARK: Reductions

static double reduce_axis(heed_reduction op, int64_t axis, int64_t step, const double *x) {
    double result = op == HEED_SUM ? 0 : -INFINITY;
    for (int64_t i = 0; i < axis; i++) {
        const double value = x[i * step];
        if (op == HEED_SUM)
            result += value;
        else if (value > result || isnan(value)) // nothing is larger than a NaN: it stays
            result = value;
    }
    return result;
}

void heed_f64_reduce(heed_reduction op, int64_t outer, int64_t axis, int64_t inner, const void *x, void *y) {
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < inner; i++)
            ((double *)y)[o * inner + i] = reduce_axis(op, axis, inner, (const double *)x + o * axis * inner + i);
}

void heed_f64_column_sums(int64_t rows, int64_t columns, const void *x, int64_t ldx, void *sums) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            ((double *)sums)[c] += ((const double *)x)[r * ldx + c];
}

double heed_f64_sum_squares(int64_t n, const void *x) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += ((const double *)x)[i] * ((const double *)x)[i];
    return sum;
}

// MARK: Softmax

// What a row is shifted by before exp: its maximum, or 0 where everything is −∞. NaN is passed over here: it spoils
// the sum.
static double row_shift(int64_t n, const double *x) {
    double largest = -INFINITY;
    for (int64_t i = 0; i < n; i++)
        if (x[i] > largest)
            largest = x[i];
    return largest == -INFINITY ? 0 : largest;
}

// Σ exp(x − shift).
static double row_sum_exp(int64_t n, const double *x, double shift) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += exp(x[i] - shift);
    return sum;
}

static void row_softmax(bool logarithm, int64_t n, const double *x, double *y) {
    const double shift = row_shift(n, x), sum = row_sum_exp(n, x, shift);
    for (int64_t i = 0; i < n; i++) {
        if (sum == 0)
            y[i] = logarithm ? -INFINITY : 0;
        else
            y[i] = logarithm ? x[i] - shift - log(sum) : exp(x[i] - shift) / sum;
    }
}

void heed_f64_softmax_forward(bool logarithm, int64_t rows, int64_t columns, const void *x, void *y) {
    for (int64_t r = 0; r < rows; r++)
        row_softmax(logarithm, columns, (const double *)x + r * columns, (double *)y + r * columns);
}

// Whether all of a row was −∞ before forward.
static bool row_was_empty(bool logarithm, int64_t n, const double *y) {
    for (int64_t i = 0; i < n; i++)
        if (y[i] != (logarithm ? -INFINITY : 0))
            return false;
    return true;
}

// dx = y (dy − Σ y dy), or, of the logarithm, dy − exp(y) Σ dy; 0 for a row of −∞.
void heed_f64_softmax_backward(bool logarithm, int64_t rows, int64_t columns, const void *y, const void *dy, void *dx) {
    for (int64_t r = 0; r < rows; r++) {
        const double *value = (const double *)y + r * columns, *d = (const double *)dy + r * columns;
        double *out = (double *)dx + r * columns, sum = 0;
        const bool empty = row_was_empty(logarithm, columns, value);
        for (int64_t i = 0; i < columns; i++)
            sum += logarithm ? d[i] : value[i] * d[i];
        for (int64_t i = 0; i < columns; i++)
            out[i] = empty ? 0 : logarithm ? d[i] - exp(value[i]) * sum : value[i] * (d[i] - sum);
    }
}

// MARK: Cross-entropy

static double row_mean(int64_t n, const double *x) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

void heed_f64_cross_entropy(int64_t rows, int64_t columns, void *logits, int64_t ld, const int32_t *targets,
                            double smoothing, double scale, void *loss, void *nll, void *lse, void *dlogits,
                            int64_t ldd) {
    for (int64_t r = 0; r < rows; r++) {
        const double *row = (const double *)logits + r * ld;
        const int32_t target = targets[r];
        double row_lse = 0, row_nll = 0, row_loss = 0;
        if (target >= 0) {
            const double shift = row_shift(columns, row);
            row_lse = shift + log(row_sum_exp(columns, row, shift));
            row_nll = row_lse - row[target];
            row_loss = row_lse - (1 - smoothing) * row[target];
            if (smoothing != 0) // else a logit of −∞ would give 0 · −∞
                row_loss -= smoothing * row_mean(columns, row);
        }
        for (int64_t c = 0; dlogits && c < columns; c++) {
            const double one = c == target ? 1 - smoothing : 0;
            const double gradient = target < 0 ? 0 : exp(row[c] - row_lse) - one - smoothing / (double)columns;
            ((double *)dlogits)[r * ldd + c] = scale * gradient;
        }
        if (loss)
            ((double *)loss)[r] = row_loss;
        if (nll)
            ((double *)nll)[r] = row_nll;
        if (lse)
            ((double *)lse)[r] = row_lse;
    }
}
