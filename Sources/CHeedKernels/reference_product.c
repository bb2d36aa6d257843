// The matrix product of reference arithmetic.

#include "reference.h"

#include <string.h>

void heed_product_f64(int64_t row_begin, int64_t row_end, int64_t m, int64_t n, int64_t k, const double *a, int64_t lda,
                      bool transpose_a, const double *b, int64_t ldb, bool transpose_b, double *c, int64_t ldc,
                      bool accumulate) {
    (void)m;
    for (int64_t i = row_begin; i < row_end; ++i) {
        for (int64_t j = 0; j < n; ++j) {
            double sum = accumulate ? c[i * ldc + j] : 0;
            for (int64_t p = 0; p < k; ++p) {
                double left = transpose_a ? a[p * lda + i] : a[i * lda + p];
                double right = transpose_b ? b[j * ldb + p] : b[p * ldb + j];
                sum += left * right;
            }
            c[i * ldc + j] = sum;
        }
    }
}

void heed_f64_rows_product(const heed_rows_product *p, int64_t begin, int64_t end) {
    const double *w = p->w;
    for (int64_t r = 0; r < p->rows; r++)
        for (int64_t j = begin; j < end; j++) {
            double sum = p->bias ? (double)p->bias[j] : 0;
            for (int64_t k = 0; k < p->depth; k++)
                sum += (double)p->x[r * p->ldx + k] * w[j * p->ldw + k];
            p->y[r * p->ldy + j] = (float)sum;
        }
}

void heed_f64_panel_product(const heed_panel_product *p) {
    for (int64_t i = 0; i < p->rows; i++)
        for (int64_t j = 0; j < p->columns; j++) {
            const float *b = p->b + j / HEED_PANEL_COLUMNS * p->panel + j % HEED_PANEL_COLUMNS;
            float *c = p->c + i * p->ldc + j;
            double sum = (p->accumulate ? (double)*c : 0) + (p->bias ? (double)p->bias[j] : 0);
            for (int64_t k = 0; k < p->depth; k++)
                sum += (double)p->a[i * p->lda + k] * (double)b[k * p->b_row];
            *c = (float)(p->relu && sum < 0 ? 0 : sum);
        }
}

void heed_f64_pack_panels(const heed_panel_packing *p, int64_t begin, int64_t end) {
    for (int64_t j = begin * HEED_PANEL_COLUMNS; j < end * HEED_PANEL_COLUMNS; j++)
        for (int64_t k = 0; k < p->k; k++) {
            const int64_t from = p->transposed ? j * p->ld + k : k * p->ld + j;
            const double value = j >= p->n ? 0
                                 : p->wide ? (double)((const float *)p->source)[from]
                                           : ((const double *)p->source)[from];
            p->packed[(j / HEED_PANEL_COLUMNS * p->k + k) * HEED_PANEL_COLUMNS + j % HEED_PANEL_COLUMNS] = (float)value;
        }
}

static uint16_t rounded(double value) {
    const float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void heed_f64_pack_pairs(const heed_pairs_packing *p, int64_t begin, int64_t end) {
    const int64_t k_blocks = (p->k + 31) / 32, width = p->block_columns;
    uint16_t *packed = p->packed;
    for (int64_t j = begin * width; j < end * width; j++)
        for (int64_t k = 0; k < k_blocks * 32; k++) {
            const int64_t from = p->transposed ? j * p->ld + k : k * p->ld + j;
            const bool inside = j < p->n && k < p->k;
            const double value = !inside   ? 0
                                 : p->wide ? (double)((const float *)p->source)[from]
                                           : ((const double *)p->source)[from];
            packed[((j / width * k_blocks + k / 32) * 16 + k % 32 / 2) * 2 * width + j % width * 2 + k % 2] =
                rounded(value);
        }
}
