#include "driver.h"

enum { ROWS = 3 };

typedef struct {
    heed_norm norm;
    heed_type stream;
    int64_t n, shift;
    bool has_x, has_residual, has_gamma, has_beta, has_dz, has_dx, has_dresidual;
    heed_dropout dropout;
    heed_rows keys;
} norm_case;

// Statistics of one row in float64.
typedef struct {
    double mean, absolute, variance, rstd;
} row_facts;

static row_facts facts_of(const norm_case *c, const buffer *z, int64_t r, double epsilon) {
    row_facts f = {0};
    const double n = (double)c->n;
    for (int64_t i = 0; i < c->n; i++) {
        f.mean += c->norm == HEED_LAYER_NORM ? at(z, r * c->n + i) / n : 0;
        f.absolute += fabs(at(z, r * c->n + i)) / n;
    }
    for (int64_t i = 0; i < c->n; i++)
        f.variance += pow(at(z, r * c->n + i) - f.mean, 2) / n;
    f.rstd = 1 / sqrt(f.variance + epsilon);
    return f;
}

static void check_forward(const norm_case *c, const buffer *x, const buffer *residual, const buffer *gamma,
                          const buffer *beta) {
    const double epsilon = 1e-5;
    const int64_t n = c->n;
    buffer z = output(c->stream, ROWS * n, c->shift), y = output(type, ROWS * n, c->shift);
    buffer mean = output(HEED_F32, ROWS, 1), rstd = output(HEED_F32, ROWS, 1);
    kernels->residual_norm_forward(c->norm, c->stream, ROWS, n, c->has_x ? x->data : NULL,
                                   c->has_residual ? residual->data : NULL, &c->dropout, c->keys,
                                   c->has_gamma ? gamma->data : NULL, c->has_beta ? beta->data : NULL, epsilon, z.data,
                                   y.data, mean.data, rstd.data);
    for (int64_t i = 0; i < ROWS * n; i++) {
        const double kept = c->has_x ? at(x, i) * dropout_factor(&c->dropout, c->keys, i / n, n, i % n) : 0;
        const double rest = c->has_residual ? at(residual, i) : 0;
        if (c->has_x)
            expect("residual sum", &z, i, kept + rest, 1.3e-6 * (fabs(kept) + fabs(rest)));
        else
            expect("unwritten z", &z, i, NAN, 0);
    }
    const buffer *sum = c->has_x ? &z : residual;
    for (int64_t r = 0; r < ROWS; r++) {
        const row_facts f = facts_of(c, sum, r, epsilon);
        const double mean_error = of_sum(n, f.absolute);
        const double rstd_error = of_sum(n, f.rstd) + mean_error * mean_error * pow(f.rstd, 3);
        expect("mean", &mean, r, c->has_gamma && c->norm == HEED_LAYER_NORM ? f.mean : NAN, mean_error);
        expect("rstd", &rstd, r, c->has_gamma ? f.rstd : NAN, rstd_error);
        for (int64_t i = 0; i < n; i++) {
            const double shift = c->has_beta ? at(beta, i) : 0, g = at(gamma, i);
            const double centered = at(sum, r * n + i) - f.mean, normal = centered * f.rstd;
            const double tolerance = 1.3e-6 * (fabs(normal * g) + fabs(shift)) +
                                     fabs(g) * (mean_error * f.rstd + fabs(centered) * rstd_error);
            expect("norm", &y, r * n + i, c->has_gamma ? normal * g + shift : NAN, tolerance);
        }
    }
    release(&z), release(&y), release(&mean), release(&rstd);
}

static void check_backward(const norm_case *c, const buffer *z, const buffer *gamma) {
    const int64_t n = c->n;
    buffer dy = input(type, ROWS * n, c->shift), dz = input(c->stream, ROWS * n, 1);
    buffer mean = input(HEED_F32, ROWS, 0), rstd = input(HEED_F32, ROWS, 0), old = input(HEED_F32, 2 * n, 0);
    buffer dx = output(type, ROWS * n, c->shift), dresidual = output(c->stream, ROWS * n, 2);
    buffer dgamma = output(HEED_F32, n, c->shift), dbeta = output(HEED_F32, n, 1);
    for (int64_t r = 0; r < ROWS; r++) {
        const row_facts f = facts_of(c, z, r, 1e-5);
        put(HEED_F32, mean.data, r, f.mean), put(HEED_F32, rstd.data, r, f.rstd);
    }
    for (int64_t i = 0; i < n; i++)
        put(HEED_F32, dgamma.data, i, at(&old, i)), put(HEED_F32, dbeta.data, i, at(&old, n + i));
    kernels->residual_norm_backward(c->norm, c->stream, ROWS, n, z->data, c->has_gamma ? gamma->data : NULL, mean.data,
                                    rstd.data, dy.data, c->has_dz ? dz.data : NULL, &c->dropout, c->keys,
                                    c->has_dx ? dx.data : NULL, c->has_dresidual ? dresidual.data : NULL, dgamma.data,
                                    c->has_beta ? dbeta.data : NULL);
    for (int64_t r = 0; r < ROWS; r++) {
        const double m = c->norm == HEED_LAYER_NORM ? at(&mean, r) : 0, s = at(&rstd, r);
        double a = 0, b = 0, a_size = 0, b_size = 0;
        for (int64_t i = 0; i < n; i++) {
            const double d = at(&dy, r * n + i) * at(gamma, i) / (double)n, normal = (at(z, r * n + i) - m) * s;
            a += d, a_size += fabs(d), b += d * normal, b_size += fabs(d * normal);
        }
        if (c->norm == HEED_RMS_NORM)
            a = a_size = 0;
        for (int64_t i = 0; i < n; i++) {
            const int64_t k = r * n + i;
            const double d = at(&dy, k) * at(gamma, i), normal = (at(z, k) - m) * s, extra = c->has_dz ? at(&dz, k) : 0;
            const double g = (c->has_gamma ? s * (d - a - normal * b) : 0) + extra;
            const double rounding =
                1.3e-6 * (s * (fabs(d) + a_size + (fabs(normal) + fabs(m) * s) * b_size) + fabs(extra));
            const double tolerance = rounding + of_sum(n, s * (a_size + fabs(normal) * b_size));
            const double factor = dropout_factor(&c->dropout, c->keys, r, n, i);
            expect("gradient of the residual", &dresidual, k, c->has_dresidual ? g : NAN, tolerance);
            expect("gradient through the dropout", &dx, k, c->has_dx ? g * factor : NAN, tolerance * factor);
        }
    }
    for (int64_t i = 0; i < n; i++) {
        double g = at(&old, i), b = at(&old, n + i), g_size = fabs(g), b_size = fabs(b);
        for (int64_t r = 0; r < ROWS && c->has_gamma; r++) {
            const double m = c->norm == HEED_LAYER_NORM ? at(&mean, r) : 0, d = at(&dy, r * n + i);
            const double term = d * (at(z, r * n + i) - m) * at(&rstd, r);
            g += term, b += d, g_size += fabs(d) * (fabs(at(z, r * n + i)) + fabs(m)) * at(&rstd, r), b_size += fabs(d);
        }
        expect("gradient of gamma", &dgamma, i, g, of_sum(ROWS, g_size));
        expect("gradient of beta", &dbeta, i, c->has_beta ? b : at(&old, n + i),
               c->has_beta ? of_sum(ROWS, b_size) : 0);
    }
    release(&dy), release(&dz), release(&mean), release(&rstd), release(&old), release(&dx), release(&dresidual);
    release(&dgamma), release(&dbeta);
}

static void check(norm_case c) {
    buffer x = input(type, ROWS * c.n, c.shift), residual = input(c.stream, ROWS * c.n, c.shift / 2);
    buffer gamma = input(HEED_F32, c.n, c.shift), beta = input(HEED_F32, c.n, 3);
    for (int64_t i = 0; i < c.n; i++)
        put(c.stream, residual.data, i, 3.25); // a constant row
    check_forward(&c, &x, &residual, &gamma, &beta);
    check_backward(&c, &residual, &gamma);
    release(&x), release(&residual), release(&gamma), release(&beta);
}

void test_norm(void) {
    static const uint32_t sequence[ROWS] = {7, 7, 8}, position[ROWS] = {4, 5, 0};
    for (int k = 0; k < length_count; k++)
        for (int64_t shift = 0; shift < 16; shift++)
            for (uint32_t way = 0; way < 6; way++) {
                const uint32_t any = bits32();
                norm_case c = {.norm = way & 1 ? HEED_RMS_NORM : HEED_LAYER_NORM,
                               .stream = way & 2 ? HEED_F32 : type,
                               .n = lengths[k],
                               .shift = shift,
                               .has_x = any & 7,
                               .has_gamma = any & 0x38,
                               .has_beta = any & 0x40,
                               .has_dz = any & 0x80,
                               .has_dx = any & 0x700,
                               .has_dresidual = any & 0x1800,
                               .dropout = some_dropout(any & 0x6000),
                               .keys = {any & 0x8000 ? sequence : NULL, any & 0x10000 ? position : NULL, 11}};
                c.has_residual = !c.has_x || (any & 0x60000);
                if (lengths[k] > 0)
                    check(c);
            }
}
