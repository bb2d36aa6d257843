// Reference attention: one query after the other against all keys of its sequence, in float64. A key that is masked is
// skipped, so that neither it nor its value is ever read.

#include "reference.h"

#include <math.h>

// One query of one head of one sequence.
typedef struct {
    const heed_attention *a;
    int32_t sequence, head, query, kv_head;
    int32_t keys;  // of the sequence
    int64_t q_row; // in the packed batch
} query_place;

static query_place place_of(const heed_attention *a, int32_t sequence, int32_t head, int32_t query) {
    return (query_place){
        .a = a,
        .sequence = sequence,
        .head = head,
        .query = query,
        .kv_head = head / (a->heads / a->kv_heads),
        .keys = a->k_length[sequence],
        .q_row = (int64_t)a->q_start[sequence] + query,
    };
}

static bool sees(const query_place *p, int32_t key) {
    const heed_attention *a = p->a;
    const int64_t last = p->query + (int64_t)(a->offset ? a->offset[p->sequence] : 0);
    switch (a->mask) {
    case HEED_MASK_FULL:
        return true;
    case HEED_MASK_CAUSAL:
        return key <= last;
    case HEED_MASK_WINDOW:
        return key <= last && key > last - a->window;
    case HEED_MASK_PREFIX:
        return key <= last || key < a->prefix[p->sequence];
    case HEED_MASK_DENSE:
        return a->dense[p->sequence * a->dense_sequence_stride + p->head * a->dense_head_stride +
                        p->query * a->dense_row_stride + key] != 0;
    }
    return false;
}

// Where the query, a key and a value begin, and the gradients that lie like them.
static int64_t q_at(const query_place *p, int64_t stride) {
    return p->q_row * stride + (int64_t)p->head * p->a->dk;
}

static int64_t o_at(const query_place *p, int64_t stride) {
    return p->q_row * stride + (int64_t)p->head * p->a->dv;
}

static int64_t k_at(const query_place *p, int32_t key, int64_t stride) {
    return ((int64_t)p->a->k_start[p->sequence] + key) * stride + (int64_t)p->kv_head * p->a->dk;
}

static int64_t v_at(const query_place *p, int32_t key, int64_t stride) {
    return ((int64_t)p->a->k_start[p->sequence] + key) * stride + (int64_t)p->kv_head * p->a->dv;
}

static int64_t bias_at(const query_place *p, int32_t key) {
    return p->head * p->a->bias_head_stride + p->query * p->a->bias_row_stride + key;
}

static double product(int64_t n, const double *a, const double *b) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

// The scaled and biased product of the query and a key that it sees.
static double score(const query_place *p, int32_t key) {
    const heed_attention *a = p->a;
    const double *q = (const double *)a->q + q_at(p, a->q_stride);
    const double *k = (const double *)a->k + k_at(p, key, a->k_stride);
    const double bias = a->bias ? ((const double *)a->bias)[bias_at(p, key)] : 0;
    return a->scale * product(a->dk, q, k) + bias;
}

// Log-sum-exp of the scores of the keys that the query sees; −∞ when it sees none.
static double log_sum_exp(const query_place *p) {
    double largest = -INFINITY, sum = 0;
    for (int32_t j = 0; j < p->keys; j++)
        if (sees(p, j)) {
            const double s = score(p, j);
            if (s > largest)
                largest = s;
            sum += isnan(s) ? s : 0; // a NaN that is seen spoils the row
        }
    if (largest == -INFINITY)
        return isnan(sum) ? sum : -INFINITY;
    for (int32_t j = 0; j < p->keys; j++)
        if (sees(p, j))
            sum += exp(score(p, j) - largest);
    return largest + log(sum);
}

// weights[j] = exp(s − lse) before dropout; 0 where the query does not see the key.
static void fill_weights(const query_place *p, double lse, double *weights) {
    for (int32_t j = 0; j < p->keys; j++)
        weights[j] = lse != -INFINITY && sees(p, j) ? exp(score(p, j) - lse) : 0;
}

// 0 or the scale for a weight that dropout may take; its row of the counter is head · q_length + query.
static double kept(const query_place *p, int32_t key) {
    const heed_attention *a = p->a;
    const uint32_t sequence = a->sequence_id ? a->sequence_id[p->sequence] : (uint32_t)p->sequence;
    const uint32_t row = (uint32_t)p->head * (uint32_t)a->q_length[p->sequence] + (uint32_t)p->query;
    const heed_rows keys = {.sequence = &sequence, .first_position = row};
    return heed_f64_dropout_factor(&a->dropout, keys, 0, p->keys, key);
}

static double stored_lse(const query_place *p) {
    return ((const double *)p->a->lse)[p->head * p->a->lse_stride + p->q_row];
}

// MARK: Forward

size_t heed_f64_attention_scratch(const heed_attention *a) {
    size_t keys = 1;
    for (int32_t b = 0; b < a->sequences; b++)
        if ((size_t)a->k_length[b] > keys)
            keys = (size_t)a->k_length[b];
    return 2 * keys * sizeof(double); // a row of weights and a row of their gradients
}

void heed_f64_attention_forward(const heed_attention *a, int32_t sequence, int32_t head, int32_t q_begin, int32_t q_end,
                                void *scratch) {
    double *weights = scratch;
    for (int32_t i = q_begin; i < q_end; i++) {
        const query_place p = place_of(a, sequence, head, i);
        const double lse = log_sum_exp(&p);
        fill_weights(&p, lse, weights);
        if (a->lse)
            ((double *)a->lse)[head * a->lse_stride + p.q_row] = lse;
        double *o = (double *)a->o + o_at(&p, a->o_stride);
        for (int32_t d = 0; d < a->dv; d++)
            o[d] = 0;
        for (int32_t j = 0; j < p.keys; j++) {
            const double weight = weights[j] * kept(&p, j);
            if (weight == 0)
                continue;
            const double *v = (const double *)a->v + v_at(&p, j, a->v_stride);
            for (int32_t d = 0; d < a->dv; d++)
                o[d] += weight * v[d];
        }
    }
}

void heed_f64_attention_weights(const heed_attention *a, int32_t sequence, int32_t head, void *weights, void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < a->q_length[sequence]; i++) {
        const query_place p = place_of(a, sequence, head, i);
        fill_weights(&p, stored_lse(&p), (double *)weights + (int64_t)i * p.keys);
    }
}

// MARK: Backward

// Gradients of the scores from those of the weights: ds = w (dw − Σ w dw), where dw = kept · (do · v).
static void fill_score_gradients(const query_place *p, const double *weights, double *ds) {
    const heed_attention *a = p->a;
    const double *d_o = (const double *)a->d_o + o_at(p, a->d_o_stride);
    double mean = 0;
    for (int32_t j = 0; j < p->keys; j++) {
        const double factor = weights[j] == 0 ? 0 : kept(p, j);
        ds[j] = factor == 0 ? 0 : factor * product(a->dv, d_o, (const double *)a->v + v_at(p, j, a->v_stride));
        mean += weights[j] * ds[j];
    }
    for (int32_t j = 0; j < p->keys; j++)
        ds[j] = weights[j] == 0 ? 0 : weights[j] * (ds[j] - mean);
}

// Adds what one query gives to its own gradient and to those of a key, its value and its bias.
static void add_gradients(const query_place *p, int32_t j, double weight, double ds) {
    const heed_attention *a = p->a;
    const double *q = (const double *)a->q + q_at(p, a->q_stride);
    const double *k = (const double *)a->k + k_at(p, j, a->k_stride);
    const double *d_o = (const double *)a->d_o + o_at(p, a->d_o_stride);
    double *dq = (double *)a->dq + q_at(p, a->dq_stride);
    double *dk = (double *)a->dk_ + k_at(p, j, a->dk_stride);
    double *dv = (double *)a->dv_ + v_at(p, j, a->dv_stride);
    for (int32_t d = 0; d < a->dk; d++) {
        dq[d] += a->scale * ds * k[d];
        dk[d] += a->scale * ds * q[d];
    }
    const double factor = kept(p, j);
    for (int32_t d = 0; d < a->dv && factor != 0; d++)
        dv[d] += weight * factor * d_o[d];
    if (a->dbias)
        ((double *)a->dbias)[bias_at(p, j)] += ds;
}

static void zero(double *values, int32_t n) {
    for (int32_t i = 0; i < n; i++)
        values[i] = 0;
}

void heed_f64_attention_backward(const heed_attention *a, int32_t sequence, int32_t kv_head, void *scratch) {
    const int32_t group = a->heads / a->kv_heads, first_head = kv_head * group;
    double *weights = scratch, *ds = weights + a->k_length[sequence];
    for (int32_t j = 0; j < a->k_length[sequence]; j++) {
        const query_place p = place_of(a, sequence, first_head, 0);
        zero((double *)a->dk_ + k_at(&p, j, a->dk_stride), a->dk);
        zero((double *)a->dv_ + v_at(&p, j, a->dv_stride), a->dv);
    }
    for (int32_t head = first_head; head < first_head + group; head++)
        for (int32_t i = 0; i < a->q_length[sequence]; i++) {
            const query_place p = place_of(a, sequence, head, i);
            zero((double *)a->dq + q_at(&p, a->dq_stride), a->dk);
            fill_weights(&p, stored_lse(&p), weights);
            fill_score_gradients(&p, weights, ds);
            for (int32_t j = 0; j < p.keys; j++)
                if (weights[j] != 0)
                    add_gradients(&p, j, weights[j], ds[j]);
        }
}
