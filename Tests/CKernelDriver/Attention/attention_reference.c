#include "attention_reference.h"

#include <math.h>
#include <stdlib.h>

double reference_attention_operand_error = 0;

// One query's scores: `p` are the weights (0 where unseen), `keep` is 0 or the dropout scale, `error` the magnitude of
// a score's rounding errors.
typedef struct {
    int32_t count;
    double *p, *keep, *error;
    double lse, mean_error;
} score_row;

static score_row row_make(int32_t count) {
    size_t n = (size_t)count + 1;
    return (score_row){.count = count,
                       .p = calloc(n, sizeof(double)),
                       .keep = calloc(n, sizeof(double)),
                       .error = calloc(n, sizeof(double))};
}

static void row_free(score_row *row) {
    free(row->p);
    free(row->keep);
    free(row->error);
}

static void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
    uint32_t k[2] = {key[0], key[1]};
    for (int round = 0; round < 10; round++) {
        uint64_t first = (uint64_t)0xD2511F53u * c[0], second = (uint64_t)0xCD9E8D57u * c[2];
        uint32_t next[4] = {(uint32_t)(second >> 32) ^ c[1] ^ k[0], (uint32_t)second,
                            (uint32_t)(first >> 32) ^ c[3] ^ k[1], (uint32_t)first};
        for (int i = 0; i < 4; i++)
            c[i] = next[i];
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    for (int i = 0; i < 4; i++)
        out[i] = c[i];
}

static double kept(const heed_attention *a, int32_t b, int32_t head, int32_t query, int32_t key) {
    const heed_dropout *d = &a->dropout;
    if (d->threshold == 0)
        return 1;
    uint32_t groups = ((uint32_t)a->k_length[b] + 127) / 128;
    uint32_t row = (uint32_t)head * (uint32_t)a->q_length[b] + (uint32_t)query;
    uint32_t group = (uint32_t)key / 128, i = (uint32_t)key % 16, u = (uint32_t)key % 128 / 16;
    uint32_t sequence = a->sequence_id ? a->sequence_id[b] : (uint32_t)b;
    uint32_t counter[4] = {d->update, sequence, d->site, row * groups * 16 + 16 * group + i}, words[4];
    philox(counter, d->key, words);
    uint32_t number = u % 2 ? words[u / 2] >> 16 : words[u / 2] & 0xFFFF;
    return number < d->threshold ? 0 : (double)d->scale;
}

bool reference_attention_sees(const heed_attention *a, int32_t b, int32_t head, int32_t query, int32_t key) {
    int64_t last = (int64_t)query + (a->offset ? a->offset[b] : 0);
    switch (a->mask) {
    case HEED_MASK_FULL:
        return true;
    case HEED_MASK_CAUSAL:
        return key <= last;
    case HEED_MASK_WINDOW:
        return key <= last && key > last - a->window;
    case HEED_MASK_PREFIX:
        return key <= last || key < a->prefix[b];
    case HEED_MASK_DENSE:
        return a->dense[b * a->dense_sequence_stride + head * a->dense_head_stride + query * a->dense_row_stride +
                        key] != 0;
    }
    return false;
}

static const double *q_row(const heed_attention *a, int32_t b, int32_t head, int32_t query) {
    return (const double *)a->q + (a->q_start[b] + query) * a->q_stride + (int64_t)head * a->dk;
}

static const double *k_row(const heed_attention *a, int32_t b, int32_t kv_head, int32_t key) {
    return (const double *)a->k + (a->k_start[b] + key) * a->k_stride + (int64_t)kv_head * a->dk;
}

static const double *v_row(const heed_attention *a, int32_t b, int32_t kv_head, int32_t key) {
    return (const double *)a->v + (a->k_start[b] + key) * a->v_stride + (int64_t)kv_head * a->dv;
}

static double score(const heed_attention *a, int32_t b, int32_t head, int32_t query, int32_t key, double *error) {
    const double *q = q_row(a, b, head, query), *k = k_row(a, b, head / (a->heads / a->kv_heads), key);
    double sum = 0, magnitude = 0;
    for (int32_t d = 0; d < a->dk; d++) {
        sum += q[d] * k[d];
        magnitude += fabs(q[d] * k[d]);
    }
    double bias =
        a->bias ? ((const double *)a->bias)[head * a->bias_head_stride + query * a->bias_row_stride + key] : 0;
    double s = sum * a->scale + bias;
    *error = sqrt(a->dk) * fabs(a->scale) * magnitude + fabs(bias) + fabs(s) + 4;
    return s;
}

static void row_fill(const heed_attention *a, int32_t b, int32_t head, int32_t query, score_row *row) {
    double largest = -INFINITY, sum = 0;
    for (int32_t j = 0; j < row->count; j++) {
        row->p[j] = -INFINITY;
        row->keep[j] = kept(a, b, head, query, j);
        row->error[j] = 0;
        if (reference_attention_sees(a, b, head, query, j))
            row->p[j] = score(a, b, head, query, j, &row->error[j]);
        if (row->p[j] > largest || isnan(row->p[j]))
            largest = row->p[j];
        if (isnan(largest))
            largest = NAN;
    }
    row->mean_error = 0;
    for (int32_t j = 0; j < row->count; j++) {
        bool seen = reference_attention_sees(a, b, head, query, j);
        row->p[j] = !seen || largest == -INFINITY ? 0 : exp(row->p[j] - largest);
        sum += row->p[j];
    }
    row->lse = sum == 0 ? -INFINITY : largest + log(sum);
    for (int32_t j = 0; j < row->count; j++) {
        // A sum that is NaN spoils every weight of the row.
        if (isnan(sum) && reference_attention_sees(a, b, head, query, j))
            row->p[j] = NAN;
        if (row->p[j] == 0)
            continue;
        row->p[j] /= sum;
        row->mean_error += row->p[j] * row->error[j];
    }
    if (sum != 0)
        row->mean_error += fabs(row->lse);
}

void reference_attention_forward(const heed_attention *a, const heed_attention *bounds, int32_t b) {
    int32_t count = a->k_length[b];
    score_row row = row_make(count);
    for (int32_t head = 0; head < a->heads; head++)
        for (int32_t i = 0; i < a->q_length[b]; i++) {
            row_fill(a, b, head, i, &row);
            int64_t at = (a->q_start[b] + i) * a->o_stride + (int64_t)head * a->dv;
            for (int32_t d = 0; d < a->dv; d++) {
                double sum = 0, magnitude = 0;
                for (int32_t j = 0; j < count; j++) {
                    double w = row.p[j] * row.keep[j];
                    if (row.p[j] == 0 || row.keep[j] == 0)
                        continue;
                    double v = v_row(a, b, head / (a->heads / a->kv_heads), j)[d];
                    sum += w * v;
                    magnitude +=
                        w * fabs(v) * (sqrt(count) + row.error[j] + row.mean_error + reference_attention_operand_error);
                }
                ((double *)a->o)[at + d] = isnan(row.lse) ? NAN : sum;
                ((double *)bounds->o)[at + d] = magnitude;
            }
            int64_t at_lse = head * a->lse_stride + a->q_start[b] + i;
            ((double *)a->lse)[at_lse] = row.lse;
            ((double *)bounds->lse)[at_lse] = row.mean_error + sqrt(count);
        }
    row_free(&row);
}

void reference_attention_weights(const heed_attention *a, int32_t b, int32_t head, double *weights, double *bounds) {
    int32_t count = a->k_length[b];
    score_row row = row_make(count);
    for (int32_t i = 0; i < a->q_length[b]; i++) {
        row_fill(a, b, head, i, &row);
        for (int32_t j = 0; j < count; j++) {
            weights[(int64_t)i * count + j] = row.p[j];
            bounds[(int64_t)i * count + j] = 0;
            if (row.p[j] != 0)
                bounds[(int64_t)i * count + j] = row.p[j] * (row.error[j] + row.mean_error + sqrt(count));
        }
    }
    row_free(&row);
}

static void zero_rows(void *matrix, int64_t start, int64_t rows, int64_t stride, int64_t columns) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            ((double *)matrix)[(start + r) * stride + c] = 0;
}

static void add(void *values, void *bounds, int64_t at, double value, double bound) {
    ((double *)values)[at] += value;
    ((double *)bounds)[at] += bound;
}

// The gradients of one query's scores: `ds`, and the magnitude of its errors.
typedef struct {
    double *ds, *error;
} score_gradients;

static void fill_score_gradients(const heed_attention *a, int32_t b, int32_t head, int32_t i, const score_row *row,
                                 score_gradients *g) {
    const double *d_o = (const double *)a->d_o + (a->q_start[b] + i) * a->d_o_stride + (int64_t)head * a->dv;
    const double *o = (const double *)a->o + (a->q_start[b] + i) * a->o_stride + (int64_t)head * a->dv;
    double delta = 0, delta_magnitude = 0, root = sqrt(a->dv);
    for (int32_t d = 0; d < a->dv; d++) {
        delta += o[d] * d_o[d];
        delta_magnitude += fabs(o[d] * d_o[d]);
    }
    for (int32_t j = 0; j < row->count; j++) {
        g->ds[j] = g->error[j] = 0;
        if (row->p[j] == 0)
            continue;
        const double *v = v_row(a, b, head / (a->heads / a->kv_heads), j);
        double dp = 0, magnitude = 0;
        for (int32_t d = 0; d < a->dv && row->keep[j] != 0; d++) {
            dp += row->keep[j] * d_o[d] * v[d];
            magnitude += row->keep[j] * fabs(d_o[d] * v[d]);
        }
        g->ds[j] = row->p[j] * (dp - delta);
        g->error[j] = row->p[j] *
                      (root * (magnitude + delta_magnitude) + fabs(dp - delta) * (row->error[j] + row->mean_error + 1));
    }
}

static void add_gradients(const heed_attention *a, const heed_attention *bounds, int32_t b, int32_t head, int32_t i,
                          const score_row *row, const score_gradients *g) {
    int32_t kv = head / (a->heads / a->kv_heads);
    const double *q = q_row(a, b, head, i);
    const double *d_o = (const double *)a->d_o + (a->q_start[b] + i) * a->d_o_stride + (int64_t)head * a->dv;
    int64_t dq = (a->q_start[b] + i) * a->dq_stride + (int64_t)head * a->dk;
    double keys = sqrt(a->k_length[b]) + reference_attention_operand_error;
    double queries = sqrt((double)a->q_length[b] * a->heads / a->kv_heads) + reference_attention_operand_error;
    for (int32_t j = 0; j < row->count; j++) {
        if (row->p[j] == 0)
            continue;
        const double *k = k_row(a, b, kv, j);
        int64_t dk = (a->k_start[b] + j) * a->dk_stride + (int64_t)kv * a->dk;
        int64_t dv = (a->k_start[b] + j) * a->dv_stride + (int64_t)kv * a->dv;
        double ds = g->ds[j] * a->scale, error = g->error[j] * fabs(a->scale),
               w = row->keep[j] == 0 ? 0 : row->p[j] * row->keep[j];
        for (int32_t d = 0; d < a->dk; d++) {
            add(a->dq, bounds->dq, dq + d, ds * k[d], fabs(k[d]) * (error + keys * fabs(ds)));
            add(a->dk_, bounds->dk_, dk + d, ds * q[d], fabs(q[d]) * (error + queries * fabs(ds)));
        }
        for (int32_t d = 0; d < a->dv && w != 0; d++)
            add(a->dv_, bounds->dv_, dv + d, w * d_o[d],
                w * fabs(d_o[d]) * (queries + row->error[j] + row->mean_error));
        if (a->dbias) {
            int64_t at = head * a->bias_head_stride + i * a->bias_row_stride + j;
            add(a->dbias, bounds->dbias, at, g->ds[j], g->error[j] + fabs(g->ds[j]));
            ((double *)bounds->dbias)[at] += fabs(((double *)a->dbias)[at]);
        }
    }
}

void reference_attention_backward(const heed_attention *a, const heed_attention *bounds, int32_t b) {
    int32_t count = a->k_length[b];
    score_row row = row_make(count);
    score_gradients g = {calloc((size_t)count + 1, sizeof(double)), calloc((size_t)count + 1, sizeof(double))};
    const heed_attention *both[2] = {a, bounds};
    for (int n = 0; n < 2; n++) {
        zero_rows(both[n]->dq, a->q_start[b], a->q_length[b], a->dq_stride, (int64_t)a->heads * a->dk);
        zero_rows(both[n]->dk_, a->k_start[b], count, a->dk_stride, (int64_t)a->kv_heads * a->dk);
        zero_rows(both[n]->dv_, a->k_start[b], count, a->dv_stride, (int64_t)a->kv_heads * a->dv);
    }
    for (int32_t head = 0; head < a->heads; head++)
        for (int32_t i = 0; i < a->q_length[b]; i++) {
            row_fill(a, b, head, i, &row);
            fill_score_gradients(a, b, head, i, &row, &g);
            add_gradients(a, bounds, b, head, i, &row, &g);
        }
    free(g.ds);
    free(g.error);
    row_free(&row);
}
