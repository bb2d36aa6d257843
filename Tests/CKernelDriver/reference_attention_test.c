// Attention of the reference kernels: central differences, an independent forward, and what a mask must hide.

#include "reference_test.h"

#include "Attention/attention_reference.h"

enum { SEQUENCES = 4, MOST_QUERIES = 7, MOST_KEYS = 9 };

// A packed batch of four sequences, one without queries and one without keys.
typedef struct {
    heed_attention a;
    int32_t q_start[SEQUENCES], q_length[SEQUENCES], k_start[SEQUENCES], k_length[SEQUENCES];
    int32_t offset[SEQUENCES], prefix[SEQUENCES];
    int64_t queries, keys, n_q, n_k, n_v, n_o, n_bias, n_lse;
    double *q, *k, *v, *bias, *o, *lse, *d_o, *dq, *dk, *dv, *dbias, *before, *d_lse;
    void *scratch;
} problem;

static void lay_out(problem *p) {
    static const int32_t queries[SEQUENCES] = {5, 0, 3, MOST_QUERIES}, keys[SEQUENCES] = {6, 4, 0, MOST_KEYS};
    for (int b = 0; b < SEQUENCES; b++) {
        p->q_start[b] = (int32_t)p->queries + 1, p->k_start[b] = (int32_t)p->keys;
        p->q_length[b] = queries[b], p->k_length[b] = keys[b];
        p->offset[b] = integer(-3, 3), p->prefix[b] = integer(0, 5);
        p->queries += 1 + queries[b], p->keys += keys[b] + 2;
    }
}

static void add_mask(problem *p, heed_mask mask) {
    heed_attention *a = &p->a;
    a->mask = mask;
    a->offset = integer(0, 3) ? p->offset : NULL;
    a->window = 3;
    a->prefix = p->prefix;
    if (mask != HEED_MASK_DENSE)
        return;
    const bool shared = integer(0, 1); // by the heads
    const int64_t head = MOST_QUERIES * MOST_KEYS, sequence = shared ? head : a->heads * head;
    uint8_t *dense = array(SEQUENCES * sequence, 1);
    for (int64_t i = 0; i < SEQUENCES * sequence; i++)
        dense[i] = (uint8_t)(integer(0, 2) * integer(0, 1));
    memset(dense, 0, MOST_KEYS); // the first query sees nothing
    a->dense = dense;
    a->dense_sequence_stride = sequence, a->dense_head_stride = shared ? 0 : head, a->dense_row_stride = MOST_KEYS;
}

static problem *problem_make(heed_mask mask, int32_t dk, int32_t dv, int32_t group, bool with_bias, bool dropping) {
    problem *p = array(1, sizeof *p);
    memset(p, 0, sizeof *p);
    lay_out(p);
    heed_attention *a = &p->a;
    *a = (heed_attention){.sequences = SEQUENCES, .heads = 2 * group, .kv_heads = 2, .dk = dk, .dv = dv};
    a->scale = 0.6;
    a->q_start = p->q_start, a->q_length = p->q_length, a->k_start = p->k_start, a->k_length = p->k_length;
    add_mask(p, mask);
    a->dropout = some_dropout(dropping);
    a->q_stride = a->dq_stride = a->heads * dk + 1, a->k_stride = a->dk_stride = 2 * dk + 3;
    a->v_stride = a->dv_stride = 2 * dv + 2, a->o_stride = a->d_o_stride = a->heads * dv + 1;
    a->lse_stride = p->queries, a->bias_row_stride = MOST_KEYS + 1, a->bias_head_stride = 70;
    p->n_q = p->queries * a->q_stride, p->n_k = p->keys * a->k_stride, p->n_v = p->keys * a->v_stride;
    p->n_o = p->queries * a->o_stride, p->n_bias = a->heads * 70, p->n_lse = a->heads * p->queries;
    p->q = numbers(p->n_q), p->k = numbers(p->n_k), p->v = numbers(p->n_v), p->bias = numbers(p->n_bias);
    p->o = zeros(p->n_o), p->lse = zeros(p->n_lse), p->d_o = numbers(p->n_o);
    p->dq = zeros(p->n_q), p->dk = zeros(p->n_k), p->dv = zeros(p->n_v);
    p->before = numbers(p->n_bias), p->dbias = copy_of(p->before, p->n_bias);
    a->q = p->q, a->k = p->k, a->v = p->v, a->o = p->o, a->lse = p->lse, a->d_o = p->d_o;
    a->dq = p->dq, a->dk_ = p->dk, a->dv_ = p->dv;
    if (with_bias)
        a->bias = p->bias, a->dbias = p->dbias;
    p->scratch = array((int64_t)reference->attention_scratch(a), 1);
    return p;
}

static void forward(const problem *p) {
    for (int32_t b = 0; b < SEQUENCES; b++)
        for (int32_t h = 0; h < p->a.heads; h++)
            for (int32_t i = 0; i < p->q_length[b]; i += 4) // the caller cuts the queries as it likes
                reference->attention_forward(&p->a, b, h, i, i + 4 < p->q_length[b] ? i + 4 : p->q_length[b],
                                             p->scratch);
}

static void backward(const problem *p) {
    for (int32_t b = 0; b < SEQUENCES; b++)
        for (int32_t h = 0; h < p->a.kv_heads; h++)
            reference->attention_backward(&p->a, b, h, p->scratch);
}

static double attention_loss(const void *context) {
    const problem *p = context;
    forward(p);
    return dot(p->n_o, p->o, p->d_o);
}

static void check_forward(const problem *p) {
    heed_attention other = p->a, bounds = p->a;
    double *o = zeros(p->n_o), *lse = zeros(p->n_lse);
    other.o = o, other.lse = lse, bounds.o = zeros(p->n_o), bounds.lse = zeros(p->n_lse);
    for (int32_t b = 0; b < SEQUENCES; b++)
        reference_attention_forward(&other, &bounds, b);
    for (int64_t i = 0; i < p->n_o; i++)
        expect_close("attention", i, p->o[i], o[i], 1e-13, 1e-13);
    for (int64_t i = 0; i < p->n_lse; i++)
        expect_close("log-sum-exp of attention", i, p->lse[i], lse[i], 1e-13, 1e-13);
}

static void check_weights(const problem *p) {
    for (int32_t b = 0; b < SEQUENCES; b++)
        for (int32_t h = 0; h < p->a.heads; h++) {
            const int64_t n = (int64_t)p->q_length[b] * p->k_length[b];
            double *weights = filled(n, NAN), *expected = zeros(n), *bounds = zeros(n);
            reference->attention_weights(&p->a, b, h, weights, p->scratch);
            reference_attention_weights(&p->a, b, h, expected, bounds);
            for (int64_t i = 0; i < n; i++)
                expect_close("attention weights", i, weights[i], expected[i], 1e-14, 1e-13);
        }
}

static void attention_gradients(heed_mask mask, int32_t dk, int32_t dv, int32_t group, bool bias, bool dropping) {
    problem *p = problem_make(mask, dk, dv, group, bias, dropping);
    forward(p);
    check_forward(p);
    check_weights(p);
    backward(p);
    check_gradient("gradient of queries", attention_loss, p, p->q, p->n_q, p->dq, NULL);
    check_gradient("gradient of keys", attention_loss, p, p->k, p->n_k, p->dk, NULL);
    check_gradient("gradient of values", attention_loss, p, p->v, p->n_v, p->dv, NULL);
    if (bias)
        check_gradient("gradient of the bias", attention_loss, p, p->bias, p->n_bias, p->dbias, p->before);
    release_all();
}

void test_attention_gradients(void) {
    for (heed_mask mask = HEED_MASK_FULL; mask <= HEED_MASK_DENSE; mask++)
        for (int variant = 0; variant < 8; variant++) {
            const int32_t group = variant & 4 ? 3 : 1;
            attention_gradients(mask, 3, 3, group, variant & 1, variant & 2);
            attention_gradients(mask, 1, 4, group, variant & 1, variant & 2);
        }
    attention_gradients(HEED_MASK_FULL, 4, 0, 1, true, false);
    attention_gradients(HEED_MASK_CAUSAL, 0, 2, 1, true, false);
}

// MARK: Edges

// Whether key `key` of sequence 3 is masked for every query.
static bool hidden(int32_t key) {
    return key % 3 == 1;
}

static void check_same(const char *what, const double *got, const double *expected, int64_t n) {
    expect_true(what, memcmp(got, expected, (size_t)n * sizeof *got) == 0);
}

// NaN in keys and values that are masked, and in biases over them, changes no bit.
static void nan_behind_mask(void) {
    problem *p = problem_make(HEED_MASK_DENSE, 3, 2, 2, true, true);
    uint8_t *dense = array(SEQUENCES * MOST_QUERIES * MOST_KEYS, 1);
    for (int32_t i = 0; i < SEQUENCES * MOST_QUERIES * MOST_KEYS; i++)
        dense[i] = !hidden(i % MOST_KEYS);
    p->a.dense = dense, p->a.dense_head_stride = 0, p->a.dense_sequence_stride = MOST_QUERIES * MOST_KEYS;
    forward(p), backward(p);
    const double *o = copy_of(p->o, p->n_o), *dq = copy_of(p->dq, p->n_q), *dk = copy_of(p->dk, p->n_k);
    const double *dv = copy_of(p->dv, p->n_v), *dbias = copy_of(p->dbias, p->n_bias);
    memcpy(p->dbias, p->before, (size_t)p->n_bias * sizeof(double));
    for (int b = 0; b < SEQUENCES; b++)
        for (int32_t j = 0; j < p->k_length[b]; j++)
            for (int32_t d = 0; hidden(j) && d < 4; d++) {
                p->k[(p->k_start[b] + j) * p->a.k_stride + d] = NAN;
                p->v[(p->k_start[b] + j) * p->a.v_stride + d] = NAN;
                p->bias[j] = NAN;
            }
    forward(p), backward(p);
    check_same("NaN behind a mask: output", p->o, o, p->n_o);
    check_same("NaN behind a mask: queries", p->dq, dq, p->n_q);
    check_same("NaN behind a mask: keys", p->dk, dk, p->n_k);
    check_same("NaN behind a mask: values", p->dv, dv, p->n_v);
    check_same("NaN behind a mask: bias", p->dbias, dbias, p->n_bias);
}

// A NaN that is seen reaches the output of the queries that see it, and no other.
static void nan_in_sight(void) {
    problem *p = problem_make(HEED_MASK_CAUSAL, 3, 2, 1, false, false);
    p->a.offset = NULL;
    p->k[(p->k_start[3] + 4) * p->a.k_stride] = NAN;
    forward(p);
    for (int32_t i = 0; i < p->q_length[3]; i++) {
        const double o = p->o[(p->q_start[3] + i) * p->a.o_stride];
        expect_true("NaN in sight", i < 4 ? isfinite(o) : isnan(o));
    }
}

// Queries that see nothing give zeros, −∞ and zero gradients, whatever was there before.
static void nothing_in_sight(void) {
    problem *p = problem_make(HEED_MASK_CAUSAL, 3, 2, 2, true, false);
    for (int b = 0; b < SEQUENCES; b++)
        p->offset[b] = -100;
    p->a.offset = p->offset;
    for (int64_t i = 0; i < p->n_o; i++)
        p->o[i] = NAN;
    for (int64_t i = 0; i < p->n_q; i++)
        p->dq[i] = NAN;
    forward(p), backward(p);
    for (int32_t b = 0; b < SEQUENCES; b++)
        for (int32_t i = 0; i < p->q_length[b]; i++) {
            const int64_t row = p->q_start[b] + i;
            for (int32_t c = 0; c < p->a.heads * p->a.dv; c++)
                expect_true("output without keys", p->o[row * p->a.o_stride + c] == 0);
            for (int32_t c = 0; c < p->a.heads * p->a.dk; c++)
                expect_true("gradient without keys", p->dq[row * p->a.dq_stride + c] == 0);
            expect_true("log-sum-exp without keys", p->lse[row] == -INFINITY);
        }
    for (int64_t i = 0; i < p->n_k; i++)
        expect_true("keys that nobody sees", p->dk[i] == 0);
    for (int64_t i = 0; i < p->n_v; i++)
        expect_true("values that nobody sees", p->dv[i] == 0);
    check_same("bias where nothing is seen", p->dbias, p->before, p->n_bias);
    check_weights(p);
}

void test_attention_edges(void) {
    nan_behind_mask();
    nan_in_sight();
    nothing_in_sight();
}
