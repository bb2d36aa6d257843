// Times matrix products on one core. Usage: product_speed [forward] [gradient] [pack] [overhead]; HEED_ISA chooses.

#include "product_support.h"

static const double enough = 0.06; // seconds for each figure

// GFLOP/s of the best of several stretches, so that a disturbance does not count.
static double speed_of(const heed_product_shape *s, const void *a, const void *b, void *c) {
    heed_product *product;
    if (heed_product_acquire(s, &product) != HEED_OK)
        return 0;
    heed_product_run(product, a, b, c, NULL);
    double flops = 2.0 * s->m * s->n * s->k, best = 0, start = seconds();
    int64_t stretch = 1 + (int64_t)(2e8 / flops);
    while (seconds() - start < enough) {
        double begin = seconds();
        for (int64_t i = 0; i < stretch; i++)
            heed_product_run(product, a, b, c, NULL);
        double speed = flops * (double)stretch / (seconds() - begin) / 1e9;
        best = speed > best ? speed : best;
    }
    heed_product_release(product);
    return best;
}

static const int weights[][2] = {{128, 128}, {512, 512}, {2048, 512}, {10000, 128}}; // n, k

static void forward(void) {
    printf("%-10s forward, GFLOP/s: M = 16, 64, 128, 256\n", heed_isa_name(heed_isa_current()));
    for (int types = 0; types < 3; types++) {
        int type = types > 0, c_type = types == 2;
        for (int form = 0; form < 3 && (type == HEED_F32 || heed_bf16_products()); form++) {
            for (int w = 0; w < 4; w++) {
                int n = weights[w][0], k = weights[w][1];
                void *a = random_matrix(256 * k, type), *b = random_matrix((int64_t)n * k, type);
                void *c = memory_of((size_t)256 * (size_t)n * 4);
                heed_product_shape s = shape_of(256, n, k, type, c_type);
                s.packed_b = form == 2, s.transpose_b = form == 1;
                s.ldb = form == 1 ? k : n;
                void *packed = s.packed_b ? packed_copy(&s, b, false, n) : NULL;
                printf("  %s→%s %-8s n %5d k %4d:", type ? "bf16" : "f32 ", c_type ? "bf16" : "f32 ",
                       (const char *[]){"plain", "plain Bᵀ", "packed"}[form], n, k);
                for (int m = 16; m <= 256; m *= m == 16 ? 4 : 2) {
                    s.m = m;
                    printf(" %6.0f", speed_of(&s, a, packed ? packed : b, c));
                }
                printf("\n");
                free(a), free(b), free(c), free(packed);
            }
        }
    }
}

// Out of place, in blocks that stay in the first cache.
static void transpose(const char *from, char *to, int rows, int columns, size_t size) {
    for (int i = 0; i < rows; i += 32)
        for (int j = 0; j < columns; j += 32)
            for (int y = j; y < j + 32 && y < columns; y++)
                for (int x = i; x < i + 32 && x < rows; x++)
                    __builtin_memcpy(to + ((size_t)y * (size_t)rows + (size_t)x) * size,
                                     from + ((size_t)x * (size_t)columns + (size_t)y) * size, size);
}

// C [inputs, outputs] += Xᵀ [inputs, rows] · dY [rows, outputs]: as stored; with X transposed before; with dY packed
// before; with both. The cost of preparing is printed apart, per element, to be added by whoever compares.
static void gradient(void) {
    enum { FORMS = 6 };
    const int32_t sizes[][2] = {{128, 128}, {512, 512}, {512, 2048}, {2048, 512}, {128, 10000}}; // inputs, outputs
    const int rows[] = {256, 512, 1024, 2048};
    printf("%-10s weight gradients, C float32 accumulated, GFLOP/s: Aᵀ·B, A·B, Aᵀ·packed, A·packed, A·Bᵀ, (dYᵀ·X)\n",
           heed_isa_name(heed_isa_current()));
    for (int type = 0; type < (heed_bf16_products() ? 2 : 1); type++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            for (int r = 0; r < 4; r++) {
                int m = sizes[i][0], n = sizes[i][1], k = rows[r];
                void *a = random_matrix((int64_t)m * k, type), *b = random_matrix((int64_t)n * k, type);
                void *c = memory_of((size_t)m * (size_t)n * 4);
                heed_product_shape s = shape_of(m, n, k, type, HEED_F32);
                s.accumulate = 1;
                void *packed = packed_copy(&s, b, false, n);
                printf("  %s in %4d out %5d rows %4d:", type ? "bf16" : "f32 ", m, n, k);
                for (int form = 0; form < FORMS; form++) {
                    heed_product_shape f = s;
                    f.transpose_a = form == 0 || form == 2 || form == 5;
                    f.packed_b = form == 2 || form == 3;
                    f.transpose_b = form == 4;
                    if (form == 5)
                        f.m = n, f.n = m;
                    f.lda = f.transpose_a ? f.m : k, f.ldb = f.transpose_b ? k : f.n, f.ldc = f.n;
                    printf(" %6.0f", speed_of(&f, form == 5 ? b : a, f.packed_b ? packed : form == 5 ? a : b, c));
                }
                printf("\n");
                free(a), free(b), free(c), free(packed);
            }
        }
    }
}

static void pack(void) {
    printf("%-10s packing, GB/s of the source: k 128 n 10000; k 512 n 2048; k 1024 n 512\n",
           heed_isa_name(heed_isa_current()));
    const int sizes[][2] = {{128, 10000}, {512, 2048}, {1024, 512}};
    for (int kind = 0; kind < 6; kind++) {
        heed_type type = kind / 2 == 0 ? HEED_F32 : HEED_BF16, source = kind / 2 == 2 ? HEED_BF16 : HEED_F32;
        bool transposed = kind & 1;
        if (type == HEED_BF16 && !heed_bf16_products())
            continue;
        printf("  %s from %s%s:", type ? "bf16" : "f32 ", source ? "bf16" : "f32 ", transposed ? " transposed" : "");
        for (int i = 0; i < 3; i++) {
            int k = sizes[i][0], n = sizes[i][1];
            void *b = random_matrix((int64_t)k * n, (int)source),
                 *to = memory_of(heed_weights_packed_bytes(type, k, n));
            double best = 1e9, start = seconds();
            while (seconds() - start < 3 * enough) {
                double begin = seconds();
                heed_weights_pack(type, k, n, source, transposed, transposed ? k : n, b, to);
                double time = seconds() - begin;
                best = time < best ? time : best;
            }
            printf(" %6.2f", (double)k * n * (double)type_bytes((int)source) / best / 1e9);
            free(b), free(to);
        }
        printf("\n");
    }
    for (int type = 0; type < 2; type++) {
        char *from = random_matrix(1024 * 512, type), *to = memory_of(1024 * 512 * 4);
        double begin = seconds();
        for (int i = 0; i < 20; i++)
            transpose(from, to, 1024, 512, type_bytes(type));
        __asm__ volatile("" : : "r"(to) : "memory"); // or the copies may be left out
        printf("  plain transposing of 1024 × 512 %s: %.2f GB/s\n", type ? "bf16" : "f32",
               20.0 * 1024 * 512 * (double)type_bytes(type) / (seconds() - begin) / 1e9);
        free(from), free(to);
    }
}

static void overhead(void) {
    heed_product_shape s = shape_of(1, 16, 16, HEED_F32, HEED_F32);
    void *a = random_matrix(16, 0), *b = random_matrix(256, 0), *c = memory_of(64);
    heed_product *product;
    double begin = seconds();
    heed_product_acquire(&s, &product);
    printf("first product of the process: %.2f ms\n", 1e3 * (seconds() - begin));
    int rounds = 200000;
    for (int kind = 0; kind < 2; kind++) {
        begin = seconds();
        for (int i = 0; i < rounds; i++) {
            heed_product *again = NULL;
            if (kind == 1)
                heed_product_acquire(&s, &again);
            heed_product_run(product, a, b, c, NULL);
            heed_product_release(again);
        }
        printf("%s a product of 1×16×16: %.3f µs\n", kind == 0 ? "running" : "acquiring, running and releasing",
               1e6 * (seconds() - begin) / rounds);
    }
    begin = seconds();
    for (int m = 2; m < 102; m++) {
        s = shape_of(m, 512, 512, heed_bf16_products() ? HEED_BF16 : HEED_F32, HEED_F32);
        heed_product *another;
        if (heed_product_acquire(&s, &another) == HEED_OK)
            heed_product_release(another);
    }
    printf("making a product: %.3f ms\n", 10 * (seconds() - begin));
    heed_product_release(product);
    free(a), free(b), free(c);
}

int main(int count, char **arguments) {
    const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {{"overhead", overhead}, {"forward", forward}, {"gradient", gradient}, {"pack", pack}};
    for (int i = 0; i < 4; i++)
        for (int j = count > 1 ? 1 : 0; j < count; j++)
            if (count == 1 || strcmp(arguments[j], parts[i].name) == 0)
                parts[i].run();
    return 0;
}
