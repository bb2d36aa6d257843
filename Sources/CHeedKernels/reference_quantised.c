// Quantised products in plain code: what the fast kernels compute, element by element.

#include "reference.h"

#include <float.h>
#include <math.h>
#include <string.h>

void heed_f64_quantise(bool activations, int64_t rows, int64_t columns, const void *x, int64_t ldx, int8_t *q,
                       int64_t depth, float *scales) {
    (void)activations;
    for (int64_t r = 0; r < rows; r++, q += depth) {
        const double *row = (const double *)x + r * ldx;
        double largest = 0;
        bool finite = true;
        for (int64_t i = 0; i < columns; i++) {
            largest = fmax(largest, fabs(row[i]));
            finite = finite && fabs(row[i]) <= FLT_MAX;
        }
        const bool zero = !finite || largest < 0x1p-118;
        scales[r] = (float)(!finite ? NAN : zero ? 0 : largest / 127);
        memset(q, 0, (size_t)depth);
        for (int64_t i = 0; i < columns && !zero; i++)
            q[i] = (int8_t)rint(row[i] * (127 / largest));
    }
}

void heed_f64_quantised_product(const heed_quantised_product *p) {
    double *c = p->c;
    for (int64_t i = 0; i < p->rows; i++)
        for (int64_t j = p->first_column; j < p->end_column && j < p->columns; j++) {
            int64_t sum = 0;
            for (int64_t k = 0; k < p->depth; k++)
                sum += p->a[i * p->depth + k] * p->b[(j / 16 * p->depth + k / 4 * 4) * 16 + j % 16 * 4 + k % 4];
            const double value =
                (double)sum * ((double)p->a_scales[i] * (double)p->b_scales[j]) + (p->bias ? (double)p->bias[j] : 0);
            const double result = p->relu && value < 0 ? 0 : value;
            if (p->wide)
                ((float *)p->c)[i * p->ldc + j] = (float)result;
            else
                c[i * p->ldc + j] = result;
        }
}
