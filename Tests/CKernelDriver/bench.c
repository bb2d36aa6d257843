#include "driver.h"

#include <time.h>

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// The best of five runs of at least 10 ms; `bytes` are read and written per call.
#define TIME(what, bytes, elements, call)                                                                              \
    do {                                                                                                               \
        double best = INFINITY;                                                                                        \
        for (int attempt = 0; attempt < 5; attempt++) {                                                                \
            int calls = 0;                                                                                             \
            const double start = seconds();                                                                            \
            do {                                                                                                       \
                call;                                                                                                  \
                calls++;                                                                                               \
            } while (seconds() - start < 0.01);                                                                        \
            best = fmin(best, (seconds() - start) / calls);                                                            \
        }                                                                                                              \
        printf("%-18s %-34s %7.1f GB/s %7.2f Gelements/s\n", kernels->name, what, (double)(bytes) / best * 1e-9,       \
               (double)(elements) / best * 1e-9);                                                                      \
    } while (0)

static void benchmark_table(void) {
    enum { ROWS = 512, N = 512 };
    const int64_t n = (int64_t)ROWS * N, s = (int64_t)size_of(type);
    const heed_rows keys = {0};
    heed_dropout d = some_dropout(true), off = some_dropout(false);
    buffer x = input(type, n, 0), r = input(type, n, 0), y = input(type, n, 0), z = input(type, n, 0);
    buffer gamma = input(HEED_F32, N, 0), dgamma = input(HEED_F32, N, 0), dbeta = input(HEED_F32, N, 0);
    buffer mean = input(HEED_F32, ROWS, 0), rstd = input(HEED_F32, ROWS, 0), table = input(HEED_F32, 1000 * N, 0);
    buffer w[4];
    for (int k = 0; k < 4; k++)
        w[k] = input(HEED_F32, 4 * n, 0);
    memset(w[2].data, 0, (size_t)(16 * n));
    int32_t ids[ROWS], starts[ROWS + 1], order[ROWS];
    for (int i = 0; i < ROWS; i++)
        ids[i] = (int32_t)(bits32() % 1000), starts[i] = i, order[i] = i;
    starts[ROWS] = ROWS;
    const heed_adam o = {0.001, 0.9, 0.98, 1e-9, 0, false, 1, 0.5, 0.5};

    TIME("relu", 2 * n * s, n, kernels->unary_forward(HEED_RELU, n, x.data, y.data));
    TIME("exp", 2 * n * s, n, kernels->unary_forward(HEED_EXP, n, x.data, y.data));
    TIME("tanh", 2 * n * s, n, kernels->unary_forward(HEED_TANH, n, x.data, y.data));
    TIME("gelu", 2 * n * s, n, kernels->unary_forward(HEED_GELU, n, x.data, y.data));
    TIME("gelu backward", 3 * n * s, n, kernels->unary_backward(HEED_GELU, n, x.data, 0, r.data, y.data));
    TIME("gelu tanh", 2 * n * s, n, kernels->unary_forward(HEED_GELU_TANH, n, x.data, y.data));
    TIME("silu gate", 3 * n * s, n, kernels->gated_forward(HEED_SILU, ROWS, N, x.data, N, r.data, N, y.data, N));
    TIME("silu gate backward", 5 * n * s, n,
         kernels->gated_backward(HEED_SILU, ROWS, N, x.data, N, r.data, N, r.data, N, y.data, N, z.data, N));
    TIME("add", 3 * n * s, n, kernels->binary(HEED_ADD, n, x.data, 1, r.data, 1, y.data));
    TIME("dropout", 2 * n * s, n, kernels->dropout(ROWS, N, &d, keys, x.data, y.data));
    TIME("residual + norm", 4 * n * s, n,
         kernels->residual_norm_forward(HEED_LAYER_NORM, type, ROWS, N, x.data, r.data, &off, keys, gamma.data,
                                        gamma.data, 1e-5, z.data, y.data, mean.data, rstd.data));
    TIME("residual + dropout + norm", 4 * n * s, n,
         kernels->residual_norm_forward(HEED_LAYER_NORM, type, ROWS, N, x.data, r.data, &d, keys, gamma.data,
                                        gamma.data, 1e-5, z.data, y.data, mean.data, rstd.data));
    TIME("… backward", 4 * n * s, n,
         kernels->residual_norm_backward(HEED_LAYER_NORM, type, ROWS, N, z.data, gamma.data, mean.data, rstd.data,
                                         r.data, NULL, &d, keys, x.data, y.data, dgamma.data, dbeta.data));
    TIME("embedding", n * (s + 4), n,
         kernels->embedding_forward(ROWS, N, ids, HEED_F32, table.data, 22, NULL, NULL, &d, keys, y.data));
    TIME("embedding backward", n * (s + 8), n,
         kernels->embedding_backward(ROWS, ids, starts, order, N, r.data, 22, &d, keys, table.data));
    TIME("softmax", 2 * n * s, n, kernels->softmax_forward(false, ROWS, N, r.data, y.data));
    TIME("softmax backward", 3 * n * s, n, kernels->softmax_backward(false, ROWS, N, y.data, r.data, z.data));
    TIME("column sums", n * s, n, kernels->column_sums(ROWS, N, x.data, N, dbeta.data));
    volatile double sink = 0;
    TIME("sum of squares", n * s, n, sink += kernels->sum_squares(n, x.data));
    TIME("adam, 4 × larger", 4 * n * 28, 4 * n, kernels->adam(4 * n, &o, w[0].data, w[1].data, w[2].data, w[3].data));
    TIME("convert from f32", n * (s + 4), n, kernels->convert_from(HEED_F32, n, w[0].data, y.data));

    release(&x), release(&r), release(&y), release(&z), release(&gamma), release(&dgamma), release(&dbeta);
    release(&mean), release(&rstd), release(&table);
    for (int k = 0; k < 4; k++)
        release(&w[k]);
}

static void benchmark_loss(void) {
    enum { ROWS = 32, V = 10000 };
    const int64_t n = (int64_t)ROWS * V, s = (int64_t)size_of(type);
    buffer logits = input(HEED_F32, n, 0), dlogits = input(type, n, 0);
    buffer loss = input(HEED_F32, ROWS, 0), lse = input(HEED_F32, ROWS, 0);
    int32_t targets[ROWS];
    for (int i = 0; i < ROWS; i++)
        targets[i] = (int32_t)(bits32() % V);
    TIME("cross-entropy", n * 4, n,
         kernels->cross_entropy(ROWS, V, logits.data, V, targets, 0.1, 1, loss.data, NULL, lse.data, NULL, 0));
    TIME("cross-entropy and gradient", n * (4 + s), n,
         kernels->cross_entropy(ROWS, V, logits.data, V, targets, 0.1, 1, loss.data, NULL, NULL, dlogits.data, V));
    release(&logits), release(&dlogits), release(&loss), release(&lse);
}

void benchmark(void) {
    for (heed_isa isa = 0; isa < HEED_ISA_COUNT; isa++)
        for (type = HEED_F32; type <= HEED_BF16; type++)
            if ((kernels = heed_kernels_of(isa, type)) && (isa < HEED_ISA_AVX512BF16 || type == HEED_BF16))
                benchmark_table(), benchmark_loss();
}
