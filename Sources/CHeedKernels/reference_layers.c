// Reference arithmetic of layers: residual with dropout and norm, embedding, rotary positions.

#include "reference.h"

#include <math.h>

// The value after dropout; what is dropped is 0 whatever it was.
static double dropped(const heed_dropout *dropout, heed_rows keys, int64_t row, int64_t columns, int64_t column,
                      double value) {
    const double factor = heed_f64_dropout_factor(dropout, keys, row, columns, column);
    return factor == 0 ? 0 : value * factor;
}

// MARK: Residual, dropout and norm

static double row_mean(int64_t n, const double *x) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

// The mean of (x − mean)².
static double row_variance(int64_t n, const double *x, double mean) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum / (double)n;
}

void heed_f64_residual_norm_forward(heed_norm norm, heed_type residual_type, int64_t rows, int64_t columns,
                                    const void *x, const void *residual, const heed_dropout *dropout,
                                    heed_rows row_keys, const void *gamma, const void *beta, double epsilon, void *z,
                                    void *y, void *mean, void *rstd) {
    (void)residual_type; // T is the only type of a residual stream here
    for (int64_t r = 0; r < rows; r++) {
        const int64_t at = r * columns;
        for (int64_t c = 0; x && c < columns; c++) {
            double sum = dropped(dropout, row_keys, r, columns, c, ((const double *)x)[at + c]);
            if (residual)
                sum += ((const double *)residual)[at + c];
            ((double *)z)[at + c] = sum;
        }
        if (!gamma)
            continue;
        const double *row = (x ? (const double *)z : (const double *)residual) + at;
        const double row_mid = norm == HEED_LAYER_NORM ? row_mean(columns, row) : 0;
        const double inverse = 1 / sqrt(row_variance(columns, row, row_mid) + epsilon);
        if (norm == HEED_LAYER_NORM && mean)
            ((double *)mean)[r] = row_mid;
        if (rstd)
            ((double *)rstd)[r] = inverse;
        for (int64_t c = 0; c < columns; c++) {
            const double shift = beta ? ((const double *)beta)[c] : 0;
            ((double *)y)[at + c] = (row[c] - row_mid) * inverse * ((const double *)gamma)[c] + shift;
        }
    }
}

// One row on its way back through the norm.
typedef struct {
    const double *z, *gamma, *dy;
    double mean, rstd;
    double mean_d, mean_d_normal; // means over the row of dy · gamma, and of that times the normalized z
} norm_row;

static norm_row norm_row_make(heed_norm norm, int64_t columns, const double *z, const double *gamma, double mean,
                              double rstd, const double *dy) {
    norm_row s = {z, gamma, dy, mean, rstd, 0, 0};
    for (int64_t c = 0; c < columns; c++) {
        const double d = dy[c] * gamma[c];
        if (norm == HEED_LAYER_NORM) // an RMS norm does not take the mean away
            s.mean_d += d / (double)columns;
        s.mean_d_normal += d * (z[c] - mean) * rstd / (double)columns;
    }
    return s;
}

static double norm_row_gradient(const norm_row *s, int64_t c) {
    const double normal = (s->z[c] - s->mean) * s->rstd;
    return s->rstd * (s->dy[c] * s->gamma[c] - s->mean_d - normal * s->mean_d_normal);
}

static void add_parameter_gradients(const norm_row *s, int64_t columns, double *dgamma, double *dbeta) {
    for (int64_t c = 0; c < columns; c++) {
        if (dgamma)
            dgamma[c] += s->dy[c] * (s->z[c] - s->mean) * s->rstd;
        if (dbeta)
            dbeta[c] += s->dy[c];
    }
}

void heed_f64_residual_norm_backward(heed_norm norm, heed_type residual_type, int64_t rows, int64_t columns,
                                     const void *z, const void *gamma, const void *mean, const void *rstd,
                                     const void *dy, const void *dz, const heed_dropout *dropout, heed_rows row_keys,
                                     void *dx, void *dresidual, void *dgamma, void *dbeta) {
    (void)residual_type;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t at = r * columns;
        norm_row s = {0};
        if (gamma) {
            const double middle = norm == HEED_LAYER_NORM ? ((const double *)mean)[r] : 0;
            s = norm_row_make(norm, columns, (const double *)z + at, gamma, middle, ((const double *)rstd)[r],
                              (const double *)dy + at);
            add_parameter_gradients(&s, columns, dgamma, dbeta);
        }
        for (int64_t c = 0; c < columns; c++) {
            double g = gamma ? norm_row_gradient(&s, c) : 0;
            if (dz)
                g += ((const double *)dz)[at + c];
            if (dresidual)
                ((double *)dresidual)[at + c] = g;
            if (dx)
                ((double *)dx)[at + c] = dropped(dropout, row_keys, r, columns, c, g);
        }
    }
}

// MARK: Embedding

void heed_f64_embedding_forward(int64_t rows, int64_t columns, const int32_t *ids, heed_type table_type,
                                const void *table, double scale, const void *positions, const int32_t *position_ids,
                                const heed_dropout *dropout, heed_rows row_keys, void *y) {
    (void)table_type; // S and T are the same here
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            double value = scale * ((const double *)table)[ids[r] * columns + c];
            if (positions)
                value += ((const double *)positions)[position_ids[r] * columns + c];
            ((double *)y)[r * columns + c] = dropped(dropout, row_keys, r, columns, c, value);
        }
}

void heed_f64_embedding_backward(int64_t count, const int32_t *ids, const int32_t *starts, const int32_t *order,
                                 int64_t columns, const void *dy, double scale, const heed_dropout *dropout,
                                 heed_rows row_keys, void *dtable) {
    for (int64_t u = 0; u < count; u++)
        for (int64_t c = 0; c < columns; c++) {
            double sum = 0;
            for (int32_t k = starts[u]; k < starts[u + 1]; k++) {
                const double d = ((const double *)dy)[order[k] * columns + c];
                sum += dropped(dropout, row_keys, order[k], columns, c, d);
            }
            ((double *)dtable)[ids[u] * columns + c] += scale * sum;
        }
}

// MARK: Rotary positions

void heed_f64_rotary(int64_t rows, int64_t heads, int64_t head_size, int64_t rotary, bool interleaved, bool inverse,
                     const int32_t *positions, const void *cosines, const void *sines, const void *x, int64_t x_stride,
                     void *y, int64_t y_stride) {
    const int64_t half = rotary / 2;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t h = 0; h < heads; h++) {
            const double *in = (const double *)x + r * x_stride + h * head_size;
            double *out = (double *)y + r * y_stride + h * head_size;
            for (int64_t i = 0; i < half; i++) {
                const int64_t first = interleaved ? 2 * i : i, second = interleaved ? 2 * i + 1 : i + half;
                const double cosine = ((const double *)cosines)[positions[r] * half + i];
                const double sine = ((const double *)sines)[positions[r] * half + i] * (inverse ? -1 : 1);
                const double a = in[first], b = in[second]; // read first: y may be x
                out[first] = a * cosine - b * sine;
                out[second] = a * sine + b * cosine;
            }
            for (int64_t i = 2 * half; i < head_size; i++)
                out[i] = in[i];
        }
}
