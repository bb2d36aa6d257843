// Central differences for the backward kernels of elements, rows and layers.

#include "reference_test.h"

static const int64_t lengths[] = {0, 1, 2, 3, 7, 16, 33, 131};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

// MARK: Elements

typedef struct {
    heed_unary op;
    int64_t rows, n, stride;
    const double *x, *up, *dy;
    double *y;
} unary_case;

static double unary_loss(const void *context) {
    const unary_case *c = context;
    reference->unary_forward(c->op, c->n, c->x, c->y);
    return dot(c->n, c->y, c->dy);
}

// An argument where the function has a value, and no kink within reach of a step.
static double legal(heed_unary op, double x) {
    if (op == HEED_LOG || op == HEED_SQRT)
        return fabs(x) + 0.3;
    if (op == HEED_RECIPROCAL || op == HEED_RELU || op == HEED_ELU)
        return x + copysign(op == HEED_RECIPROCAL ? 0.3 : 1e-3, x);
    return x;
}

static double *legal_numbers(heed_unary op, int64_t n) {
    double *x = numbers(n);
    for (int64_t i = 0; i < n; i++)
        x[i] = legal(op, 2 * x[i]);
    return x;
}

static void unary_gradients(heed_unary op, int64_t n) {
    const bool from_y =
        op == HEED_EXP || op == HEED_SQRT || op == HEED_RECIPROCAL || op == HEED_TANH || op == HEED_SIGMOID;
    double *x = legal_numbers(op, n), *dy = numbers(n), *y = zeros(n), *dx = filled(n, NAN);
    unary_case c = {.op = op, .n = n, .x = x, .dy = dy, .y = y};
    char what[40];
    snprintf(what, sizeof what, "gradient of unary %d", op);
    reference->unary_forward(op, n, x, y);
    reference->unary_backward(op, n, from_y ? NULL : x, from_y ? y : NULL, dy, dx);
    check_gradient(what, unary_loss, &c, x, n, dx, NULL);
    if (op == HEED_RELU) {
        reference->unary_forward(op, n, x, y);
        reference->unary_backward(op, n, NULL, y, dy, dx);
        check_gradient("gradient of ReLU from its value", unary_loss, &c, x, n, dx, NULL);
    }
}

static double gated_loss(const void *context) {
    const unary_case *c = context;
    reference->gated_forward(c->op, c->rows, c->n, c->x, c->stride, c->up, c->stride, c->y, c->n);
    return dot(c->rows * c->n, c->y, c->dy);
}

static void gated_gradients(heed_unary op, int64_t n) {
    const int64_t rows = 3, stride = n + 2, size = rows * stride;
    double *gate = legal_numbers(op, size), *up = numbers(size), *dy = numbers(rows * n), *y = zeros(rows * n);
    // Between the rows nothing is written, and nothing depends on what is there.
    double *dgate = zeros(size), *dup = zeros(size);
    unary_case c = {op, rows, n, stride, gate, up, dy, y};
    reference->gated_backward(op, rows, n, gate, stride, up, stride, dy, n, dgate, stride, dup, stride);
    check_gradient("gradient of a gate", gated_loss, &c, gate, size, dgate, NULL);
    check_gradient("gradient of what is gated", gated_loss, &c, up, size, dup, NULL);
}

typedef struct {
    int64_t rows, n;
    heed_dropout dropout;
    heed_rows keys;
    const double *x, *dy;
    double *y;
} dropout_case;

static double dropout_loss(const void *context) {
    const dropout_case *c = context;
    reference->dropout(c->rows, c->n, &c->dropout, c->keys, c->x, c->y);
    return dot(c->rows * c->n, c->y, c->dy);
}

static void dropout_gradients(int64_t n, bool active) {
    const int64_t rows = 3, size = rows * n;
    double *x = numbers(size), *dy = numbers(size), *dx = zeros(size);
    dropout_case c = {rows, n, some_dropout(active), {.first_position = 5}, x, dy, zeros(size)};
    reference->dropout(rows, n, &c.dropout, c.keys, dy, dx);
    check_gradient("gradient of dropout", dropout_loss, &c, x, size, dx, NULL);
}

void test_elementwise_gradients(void) {
    for (int k = 0; k < LENGTHS; k++) {
        for (heed_unary op = 0; op < HEED_UNARY_COUNT; op++) {
            unary_gradients(op, lengths[k]);
            gated_gradients(op, lengths[k]);
            release_all();
        }
        dropout_gradients(lengths[k], false);
        dropout_gradients(lengths[k], true);
    }
}

// MARK: Rows

typedef struct {
    bool logarithm;
    int64_t rows, n;
    const double *x, *dy;
    double *y;
} softmax_case;

static double softmax_loss(const void *context) {
    const softmax_case *c = context;
    reference->softmax_forward(c->logarithm, c->rows, c->n, c->x, c->y);
    return dot(c->rows * c->n, c->y, c->dy);
}

static void softmax_gradients(bool logarithm, int64_t n) {
    const int64_t rows = 3, size = rows * n;
    double *x = numbers(size), *dy = numbers(size), *y = zeros(size), *dx = zeros(size);
    softmax_case c = {logarithm, rows, n, x, dy, y};
    reference->softmax_forward(logarithm, rows, n, x, y);
    reference->softmax_backward(logarithm, rows, n, y, dy, dx);
    check_gradient(logarithm ? "gradient of log-softmax" : "gradient of softmax", softmax_loss, &c, x, size, dx, NULL);
}

typedef struct {
    int64_t rows, n, ld;
    const int32_t *targets;
    double smoothing, scale;
    double *logits, *loss, *nll, *lse;
} entropy_case;

static double entropy_loss(const void *context) {
    const entropy_case *c = context;
    reference->cross_entropy(c->rows, c->n, c->logits, c->ld, c->targets, c->smoothing, 1, c->loss, c->nll, c->lse,
                             NULL, 0);
    double sum = 0;
    for (int64_t r = 0; r < c->rows; r++)
        sum += c->scale * c->loss[r];
    return sum;
}

static void entropy_gradients(int64_t n, double smoothing) {
    enum { ROWS = 4 };
    const int64_t ld = n + 3;
    const int32_t targets[ROWS] = {0, -1, (int32_t)n - 1, integer(0, (int32_t)n - 1)};
    double *logits = numbers(ROWS * ld), *d = zeros(ROWS * ld);
    entropy_case c = {ROWS, n, ld, targets, smoothing, 0.7, logits, zeros(ROWS), zeros(ROWS), zeros(ROWS)};
    reference->cross_entropy(ROWS, n, logits, ld, targets, smoothing, c.scale, NULL, NULL, NULL, d, ld);
    check_gradient("gradient of cross-entropy", entropy_loss, &c, logits, ROWS * ld, d, NULL);
}

void test_row_gradients(void) {
    for (int k = 0; k < LENGTHS; k++) {
        softmax_gradients(false, lengths[k]);
        softmax_gradients(true, lengths[k]);
        if (lengths[k] == 0)
            continue;
        entropy_gradients(lengths[k], 0);
        entropy_gradients(lengths[k], 0.1);
    }
    reference->cross_entropy(0, 5, NULL, 5, NULL, 0.1, 1, NULL, NULL, NULL, NULL, 5);
}

// MARK: Layers

typedef struct {
    heed_norm norm;
    int64_t rows, n;
    double *x, *residual, *gamma, *beta; // null where the case is without
    const double *dy, *dz;
    heed_dropout dropout;
    heed_rows keys;
    double *z, *y, *mean, *rstd;
} norm_case;

static double norm_loss(const void *context) {
    const norm_case *c = context;
    reference->residual_norm_forward(c->norm, HEED_F64, c->rows, c->n, c->x, c->residual, &c->dropout, c->keys,
                                     c->gamma, c->beta, 1e-2, c->z, c->y, c->mean, c->rstd);
    const double *z = c->x ? c->z : c->residual;
    return (c->gamma ? dot(c->rows * c->n, c->y, c->dy) : 0) + (c->dz ? dot(c->rows * c->n, z, c->dz) : 0);
}

// `parts` says which of x, residual, gamma, beta, dz and dropout take part.
static void norm_gradients(heed_norm norm, int64_t n, int parts) {
    const int64_t rows = 3, size = rows * n;
    const uint32_t sequences[3] = {4, 4, 9}, positions[3] = {0, 1, 0};
    norm_case c = {.norm = norm, .rows = rows, .n = n, .dy = numbers(size), .dropout = some_dropout(parts & 32)};
    c.keys = (heed_rows){.sequence = sequences, .position = positions};
    c.x = parts & 1 ? numbers(size) : NULL, c.residual = parts & 2 ? numbers(size) : NULL;
    c.gamma = parts & 4 ? numbers(n) : NULL, c.beta = parts & 8 ? numbers(n) : NULL;
    c.dz = parts & 16 ? numbers(size) : NULL;
    c.z = filled(size, NAN), c.y = filled(size, NAN), c.mean = zeros(rows), c.rstd = zeros(rows);
    norm_loss(&c);
    double *dx = c.x ? zeros(size) : NULL, *dresidual = c.residual ? zeros(size) : NULL;
    double *before = numbers(n), *dgamma = copy_of(before, n), *dbeta = c.beta ? copy_of(before, n) : NULL;
    const double *z = c.x ? c.z : c.residual;
    reference->residual_norm_backward(norm, HEED_F64, rows, n, z, c.gamma, c.mean, c.rstd, c.dy, c.dz, &c.dropout,
                                      c.keys, dx, dresidual, dgamma, dbeta);
    if (c.x)
        check_gradient("gradient of a norm's branch", norm_loss, &c, c.x, size, dx, NULL);
    if (c.residual)
        check_gradient("gradient of a norm's residual", norm_loss, &c, c.residual, size, dresidual, NULL);
    if (c.gamma)
        check_gradient("gradient of gamma", norm_loss, &c, c.gamma, n, dgamma, before);
    if (c.gamma && c.beta)
        check_gradient("gradient of beta", norm_loss, &c, c.beta, n, dbeta, before);
}

typedef struct {
    int64_t rows, n;
    const int32_t *ids, *places;
    double *table, *positions, scale;
    heed_dropout dropout;
    heed_rows keys;
    const double *dy;
    double *y;
} embedding_case;

static double embedding_loss(const void *context) {
    const embedding_case *c = context;
    reference->embedding_forward(c->rows, c->n, c->ids, HEED_F64, c->table, c->scale, c->positions, c->places,
                                 &c->dropout, c->keys, c->y);
    return dot(c->rows * c->n, c->y, c->dy);
}

static void embedding_gradients(int64_t n, bool with_positions, bool dropping) {
    enum { ROWS = 6, ENTRIES = 5 };
    static const int32_t ids[ROWS] = {3, 1, 3, 0, 3, 1}, places[ROWS] = {0, 1, 2, 0, 1, 2};
    // Entry 3 stands in rows 0, 2 and 4, entry 1 in 1 and 5, entry 0 in 3; the others keep what they have.
    static const int32_t unique[] = {3, 1, 0}, starts[] = {0, 3, 5, 6}, order[] = {0, 2, 4, 1, 5, 3};
    embedding_case c = {
        .rows = ROWS, .n = n, .ids = ids, .places = places, .table = numbers(ENTRIES * n), .scale = 1.7};
    c.positions = with_positions ? numbers(3 * n) : NULL;
    c.dropout = some_dropout(dropping), c.keys = (heed_rows){.first_position = 11};
    c.dy = numbers(ROWS * n), c.y = zeros(ROWS * n);
    double *before = numbers(ENTRIES * n), *d = copy_of(before, ENTRIES * n);
    reference->embedding_backward(3, unique, starts, order, n, c.dy, c.scale, &c.dropout, c.keys, d);
    check_gradient("gradient of an embedding", embedding_loss, &c, c.table, ENTRIES * n, d, before);
}

typedef struct {
    int64_t rows, heads, size, rotary, stride;
    bool interleaved;
    const int32_t *positions;
    const double *cosines, *sines, *x, *dy;
    double *y;
} rotary_case;

static void rotate(const rotary_case *c, bool inverse, const double *x, double *y) {
    reference->rotary(c->rows, c->heads, c->size, c->rotary, c->interleaved, inverse, c->positions, c->cosines,
                      c->sines, x, c->stride, y, c->stride);
}

static double rotary_loss(const void *context) {
    const rotary_case *c = context;
    rotate(c, false, c->x, c->y);
    return dot(c->rows * c->stride, c->y, c->dy);
}

// The gradient is the rotation back.
static void rotary_gradients(int64_t half, int64_t rest, bool interleaved) {
    static const int32_t positions[] = {2, 0, 1};
    const int64_t size = 2 * half + rest;
    rotary_case c = {.rows = 3, .heads = 2, .size = size, .rotary = 2 * half, .stride = 2 * size + 1};
    c.interleaved = interleaved, c.positions = positions;
    const int64_t n = c.rows * c.stride;
    double *x = numbers(n), *dx = zeros(n), *cosines = numbers(3 * half), *sines = numbers(3 * half);
    for (int64_t i = 0; i < 3 * half; i++)
        cosines[i] = cos(sines[i]), sines[i] = sin(sines[i]);
    c.cosines = cosines, c.sines = sines, c.x = x, c.dy = numbers(n), c.y = zeros(n);
    rotate(&c, true, c.dy, dx);
    check_gradient("gradient of rotary positions", rotary_loss, &c, x, n, dx, NULL);
    rotate(&c, false, x, c.y);
    rotate(&c, true, c.y, c.y);
    for (int64_t i = 0; i < n; i++)
        if (i % c.stride < c.heads * c.size)
            expect_close("rotary there and back", i, c.y[i], x[i], 1e-15, 1e-14);
}

void test_layer_gradients(void) {
    for (int k = 0; k < LENGTHS; k++) {
        for (int parts = 0; parts < 64; parts++) {
            // One of x and the residual is there, and beta only beside gamma.
            if (!(parts & 3) || (parts & 12) == 8 || lengths[k] > 40 + (parts % 8 == 7) * 100)
                continue;
            norm_gradients(HEED_LAYER_NORM, lengths[k], parts);
            norm_gradients(HEED_RMS_NORM, lengths[k], parts);
            release_all();
        }
        for (int variant = 0; variant < 4; variant++) {
            embedding_gradients(lengths[k], variant & 1, variant & 2);
            rotary_gradients(lengths[k] / 4, variant & 1, variant & 2);
        }
        release_all();
    }
}
