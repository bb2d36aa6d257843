// Times attention on one thread, in its processor time, as products counted by the definition: 4·T²·d a head forward,
// 10·T²·d backward; half of that with the causal mask. Usage: attention_bench [rounds]

#include "heed_kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    int32_t sequences, length, heads, size;
} shape;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *numbers(heed_type type, int64_t count) {
    uint32_t *memory = aligned_alloc(64, (size_t)(count * 4 + 64) / 64 * 64);
    uint32_t state = 1;
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        float value = (float)(int32_t)state * 0x1p-31f;
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        if (type == HEED_F32)
            memory[i] = bits;
        else
            ((uint16_t *)memory)[i] = (uint16_t)(bits >> 16);
    }
    return memory;
}

// Queries, keys and values lie in one matrix of three parts, as a fused product writes them.
static heed_attention describe(shape s, heed_type type, heed_mask mask, bool dropout) {
    int64_t rows = (int64_t)s.sequences * s.length, width = (int64_t)s.heads * s.size;
    size_t bytes = type == HEED_BF16 ? 2 : 4;
    int32_t *start = malloc((size_t)s.sequences * 4), *length = malloc((size_t)s.sequences * 4);
    for (int32_t b = 0; b < s.sequences; b++)
        start[b] = b * s.length, length[b] = s.length;
    heed_attention a = {.sequences = s.sequences, .heads = s.heads, .kv_heads = s.heads, .dk = s.size, .dv = s.size};
    a.scale = 1 / sqrt(s.size);
    a.q_start = a.k_start = start, a.q_length = a.k_length = length;
    a.mask = mask;
    if (dropout)
        a.dropout = (heed_dropout){.key = {1, 2}, .threshold = 6554, .scale = 65536.0f / (65536 - 6554)};
    char *qkv = numbers(type, rows * 3 * width), *gradients = numbers(type, rows * 3 * width);
    a.q = qkv, a.k = qkv + (size_t)width * bytes, a.v = qkv + 2 * (size_t)width * bytes;
    a.dq = gradients, a.dk_ = gradients + (size_t)width * bytes, a.dv_ = gradients + 2 * (size_t)width * bytes;
    a.q_stride = a.k_stride = a.v_stride = a.dq_stride = a.dk_stride = a.dv_stride = 3 * width;
    a.o = numbers(type, rows * width), a.d_o = numbers(type, rows * width);
    a.o_stride = a.d_o_stride = width;
    a.lse = numbers(HEED_F32, rows * s.heads);
    a.lse_stride = rows;
    return a;
}

static void measure(const heed_kernels *table, heed_type type, shape s, heed_mask mask, bool dropout, int rounds) {
    heed_attention a = describe(s, type, mask, dropout);
    void *scratch = aligned_alloc(64, table->attention_scratch(&a) / 64 * 64 + 64);
    double best[2] = {INFINITY, INFINITY};
    for (int round = 0; round < rounds; round++) {
        double begin = now();
        for (int32_t b = 0; b < s.sequences; b++)
            for (int32_t h = 0; h < s.heads; h++)
                for (int32_t i = 0; i < s.length; i += 128)
                    table->attention_forward(&a, b, h, i, i + 128 < s.length ? i + 128 : s.length, scratch);
        double middle = now();
        for (int32_t b = 0; b < s.sequences; b++)
            for (int32_t h = 0; h < s.heads; h++)
                table->attention_backward(&a, b, h, scratch);
        double times[2] = {middle - begin, now() - middle};
        for (int n = 0; n < 2; n++)
            best[n] = times[n] < best[n] ? times[n] : best[n];
    }
    double unit =
        (double)s.sequences * s.heads * s.length * s.length * s.size * (mask == HEED_MASK_FULL ? 1 : 0.5) * 1e-9;
    printf("%-16s %4d x %4d x %2d x %3d %s%s: forward %6.1f, backward %6.1f, both %6.1f GFLOP/s\n", table->name,
           s.sequences, s.length, s.heads, s.size, mask == HEED_MASK_FULL ? "full  " : "causal",
           dropout ? " dropout" : "", 4 * unit / best[0], 10 * unit / best[1], 14 * unit / (best[0] + best[1]));
    free(scratch);
    free((void *)a.q);
    free(a.dq);
    free(a.o);
    free((void *)a.d_o);
    free(a.lse);
    free((void *)a.q_start);
    free((void *)a.q_length);
}

int main(int count, char **arguments) {
    int rounds = count > 1 ? atoi(arguments[1]) : 5;
    static const shape shapes[] = {{128, 10, 8, 32}, {128, 20, 8, 32}, {128, 32, 8, 32}, {128, 32, 8, 64},
                                   {16, 256, 8, 64}, {2, 1024, 8, 64}, {1, 4096, 2, 64}, {4, 256, 8, 128}};
    for (heed_isa isa = HEED_ISA_AVX2; isa <= HEED_ISA_AMX; isa++)
        for (heed_type type = HEED_F32; type <= HEED_BF16; type++)
            for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++) {
                const heed_kernels *table = heed_kernels_of(isa, type);
                if (!table || (isa == HEED_ISA_AVX2 && n != 3 && n != 5) || (isa > HEED_ISA_AVX512 && type == HEED_F32))
                    continue;
                measure(table, type, shapes[n], HEED_MASK_FULL, false, rounds);
                if (type == HEED_BF16 && isa == HEED_ISA_AVX512)
                    continue;
                measure(table, type, shapes[n], HEED_MASK_CAUSAL, false, rounds);
                measure(table, type, shapes[n], HEED_MASK_FULL, true, rounds);
            }
    return 0;
}
