// What the drivers of matrix products share: random matrices, conversion, one call that makes, packs and runs.

#ifndef HEED_PRODUCT_SUPPORT_H
#define HEED_PRODUCT_SUPPORT_H

#include "heed_kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline size_t type_bytes(int type) {
    return type == HEED_BF16 ? 2 : 4;
}

static inline uint16_t bfloat16_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float float_of(const void *matrix, int type, int64_t i) {
    if (type == HEED_F32)
        return ((const float *)matrix)[i];
    uint32_t bits = (uint32_t)((const uint16_t *)matrix)[i] << 16;
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

static uint64_t random_state = 1;

static inline double random_number(void) { // roughly normal
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        random_state = random_state * 6364136223846793005u + 1442695040888963407u;
        sum += (double)(random_state >> 40) / (1 << 24) - 0.5;
    }
    return sum * 1.7;
}

// Never null: the drivers have nothing to say without memory.
static inline void *memory_of(size_t bytes) {
    void *memory = aligned_alloc(64, bytes ? (bytes + 63) / 64 * 64 : 64);
    if (!memory)
        exit(2);
    memset(memory, 0, bytes);
    return memory;
}

static inline void set_number(void *matrix, int type, int64_t i, float x) {
    if (type == HEED_F32)
        ((float *)matrix)[i] = x;
    else
        ((uint16_t *)matrix)[i] = bfloat16_of(x);
}

static inline void *random_matrix(int64_t count, int type) {
    void *matrix = memory_of((size_t)count * 4);
    for (int64_t i = 0; i < count; i++)
        set_number(matrix, type, i, (float)random_number());
    return matrix;
}

// The numbers of a matrix whose rows are `ld` long: nothing stands behind the last row.
static inline int64_t exact_count(int64_t rows, int64_t columns, int64_t ld) {
    return (rows - 1) * ld + columns;
}

// Memory that ends where it is used up, so that the address sanitizer sees one number too far.
static inline void *exact_memory(int64_t count, int type) {
    void *memory = malloc((size_t)count * type_bytes(type));
    if (!memory)
        exit(2);
    return memory;
}

// A random matrix with NaN between its rows: who reads those numbers spoils the result.
static inline void *exact_matrix(int64_t rows, int64_t columns, int64_t ld, int type) {
    const int64_t count = exact_count(rows, columns, ld);
    void *matrix = exact_memory(count, type);
    for (int64_t i = 0; i < count; i++)
        set_number(matrix, type, i, i % ld < columns ? (float)random_number() : NAN);
    return matrix;
}

static inline double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline heed_product_shape shape_of(int32_t m, int32_t n, int32_t k, int type, int c_type) {
    return (heed_product_shape){.m = m,
                                .n = n,
                                .k = k,
                                .a_type = (uint8_t)type,
                                .b_type = (uint8_t)type,
                                .c_type = (uint8_t)c_type,
                                .lda = k,
                                .ldb = n,
                                .ldc = n};
}

// Packs B as the shape says; null where that is not possible.
static inline void *packed_copy(const heed_product_shape *s, const void *b, bool transposed, int64_t ld) {
    size_t bytes = heed_weights_packed_bytes(s->b_type, s->k, s->n);
    if (bytes == 0)
        return NULL;
    void *packed = memory_of(bytes);
    if (heed_weights_pack(s->b_type, s->k, s->n, s->b_type, transposed, ld, b, packed) == HEED_OK)
        return packed;
    free(packed);
    return NULL;
}

static inline heed_status run_once(const heed_product_shape *s, const void *a, const void *b, void *c,
                                   const float *bias) {
    heed_product *product;
    heed_status status = heed_product_acquire(s, &product);
    if (status != HEED_OK)
        return status;
    status = heed_product_run(product, a, b, c, bias);
    heed_product_release(product);
    return status;
}

#endif
