#include "driver.h"

static void embedding_of(int64_t n, int64_t shift) {
    enum { VOCABULARY = 7, ROWS = 6, DISTINCT = 3 };
    const int32_t ids[ROWS] = {6, 0, 3, 3, 0, 3}, position_ids[ROWS] = {0, 1, 2, 0, 1, 2};
    const int32_t unique[DISTINCT] = {0, 3, 6}, starts[DISTINCT + 1] = {0, 2, 5, 6}, order[ROWS] = {1, 4, 2, 3, 5, 0};
    const uint32_t sequence[ROWS] = {1, 1, 1, 9, 9, 9}, position[ROWS] = {0, 1, 2, 0, 1, 2};
    const heed_rows keys = {shift % 2 ? sequence : NULL, shift % 2 ? position : NULL, 5};
    const heed_dropout d = some_dropout(shift % 4);
    const heed_type table_type = shift % 3 ? HEED_F32 : type;
    const double scale = (double)(float)sqrt((double)n);
    buffer table = input(table_type, VOCABULARY * n, shift), positions = input(HEED_F32, 3 * n, shift);
    buffer y = output(type, ROWS * n, shift), dy = input(type, ROWS * n, shift);
    buffer old = input(HEED_F32, VOCABULARY * n, 0), dtable = output(HEED_F32, VOCABULARY * n, shift);
    const bool placed = shift % 5;
    kernels->embedding_forward(ROWS, n, ids, table_type, table.data, scale, placed ? positions.data : NULL,
                               position_ids, &d, keys, y.data);
    for (int64_t k = 0; k < ROWS * n; k++) {
        const int64_t r = k / n, i = k % n;
        const double a = scale * at(&table, ids[r] * n + i), b = placed ? at(&positions, position_ids[r] * n + i) : 0;
        const double factor = dropout_factor(&d, keys, r, n, i);
        expect("embedding", &y, k, (a + b) * factor, 1.3e-6 * factor * (fabs(a) + fabs(b)));
    }
    copy_into(&dtable, &old);
    kernels->embedding_backward(DISTINCT, unique, starts, order, n, dy.data, scale, &d, keys, dtable.data);
    for (int64_t k = 0; k < VOCABULARY * n; k++) {
        double sum = at(&old, k), absolute = fabs(sum);
        for (int64_t r = 0; r < ROWS; r++)
            if (ids[r] == k / n) {
                const double term = scale * at(&dy, r * n + k % n) * dropout_factor(&d, keys, r, n, k % n);
                sum += term, absolute += fabs(term);
            }
        expect("embedding backward", &dtable, k, sum, of_sum(ROWS, absolute));
    }
    release(&table), release(&positions), release(&y), release(&dy), release(&old), release(&dtable);
}

void test_embedding(void) {
    for (int k = 0; k < length_count; k++)
        for (int64_t shift = 0; shift < 16; shift++)
            embedding_of(lengths[k], shift);
}

static void rotary_of(int64_t half, int64_t shift, bool interleaved, bool inverse) {
    enum { ROWS = 3, HEADS = 2, PLACES = 5 };
    const int32_t positions[ROWS] = {4, 0, 2};
    const int64_t rotary = 2 * half, size = rotary + shift % 3, stride = HEADS * size + shift % 4;
    buffer x = input(type, ROWS * stride, shift), y = output(type, ROWS * stride, shift);
    buffer cosines = input(HEED_F32, PLACES * half, 0), sines = input(HEED_F32, PLACES * half, shift);
    if (shift % 2)
        copy_into(&y, &x);
    kernels->rotary(ROWS, HEADS, size, rotary, interleaved, inverse, positions, cosines.data, sines.data,
                    shift % 2 ? y.data : x.data, stride, y.data, stride);
    for (int64_t r = 0; r < ROWS; r++)
        for (int64_t h = 0; h < HEADS; h++)
            for (int64_t i = 0; i < size; i++) {
                const int64_t base = r * stride + h * size, pair = interleaved ? i / 2 : i % (half ? half : 1);
                const int64_t first = interleaved ? 2 * pair : pair, second = interleaved ? first + 1 : first + half;
                double value = at(&x, base + i), scale = 0;
                if (i < rotary) {
                    const double c = at(&cosines, positions[r] * half + pair);
                    const double s = (inverse ? -1 : 1) * at(&sines, positions[r] * half + pair);
                    const double a = at(&x, base + first), b = at(&x, base + second);
                    value = i == first ? a * c - b * s : b * c + a * s;
                    scale = i == first ? fabs(a * c) + fabs(b * s) : fabs(b * c) + fabs(a * s);
                }
                expect("rotary", &y, base + i, value, 1.3e-6 * scale);
            }
    release(&x), release(&y), release(&cosines), release(&sines);
}

void test_rotary(void) {
    for (int64_t half = 0; half <= 70; half++)
        for (int64_t shift = 0; shift < 8; shift++)
            for (int way = 0; way < 4; way++)
                rotary_of(half, shift, way & 1, way & 2);
}

static void adam_of(int64_t n, int64_t shift) {
    const heed_adam o = {.learning_rate = 0.01,
                         .beta1 = 0.9,
                         .beta2 = 0.98,
                         .epsilon = 1e-9,
                         .weight_decay = shift % 3 ? 0.1 : 0,
                         .decoupled = shift % 2,
                         .gradient_scale = 0.7,
                         .correction1 = 1 - pow(0.9, 3),
                         .correction2 = 1 - pow(0.98, 3)};
    buffer old[4], now[3];
    for (int k = 0; k < 4; k++)
        old[k] = input(HEED_F32, n, shift * (k + 1) % 16);
    for (int64_t i = 0; i < n; i++)
        put(HEED_F32, old[2].data, i, fabs(at(&old[2], i)) + 1e-3);
    for (int k = 0; k < 3; k++)
        now[k] = output(HEED_F32, n, shift + k), copy_into(&now[k], &old[k]);
    kernels->adam(n, &o, now[0].data, old[3].data, now[1].data, now[2].data);
    for (int64_t i = 0; i < n; i++) {
        double w = at(&old[0], i), g = at(&old[3], i) * o.gradient_scale;
        const double m = at(&old[1], i), v = at(&old[2], i);
        const double decay = o.decoupled ? 0 : o.weight_decay * w;
        const double g_size = fabs(g) + fabs(decay);
        g += decay;
        if (o.decoupled)
            w -= o.learning_rate * o.weight_decay * w;
        const double first = 0.9 * m + 0.1 * g, second = 0.98 * v + 0.02 * g * g;
        const double step = o.learning_rate / o.correction1 * first / (sqrt(second / o.correction2) + o.epsilon);
        const double first_size = 0.9 * fabs(m) + 0.1 * g_size;
        expect("first moment", &now[1], i, first, 1.3e-6 * first_size);
        expect("second moment", &now[2], i, second, 1.3e-6 * (0.98 * v + 0.02 * g_size * g_size));
        expect("weight", &now[0], i, w - step,
               1.3e-6 *
                   (fabs(w) + fabs(step) * (1 + 0.04 * g_size * g_size / second) + fabs(step / first) * first_size));
    }
    for (int k = 0; k < 4; k++)
        release(&old[k]);
    for (int k = 0; k < 3; k++)
        release(&now[k]);
}

void test_adam(void) {
    for (int k = 0; k < length_count; k++)
        for (int64_t shift = 0; shift < 16; shift++)
            adam_of(lengths[k], shift);
}
