// Drives matrix products: are they right, and do the bits of a row depend on its neighbours?
// Usage: product_test check | rows [largest M [n k]]. The instruction set is HEED_ISA's. `check` exits with 1 on an
// error.

#include "product_support.h"

#include <pthread.h>

static int failures;

// MARK: Right?

static double element(const void *matrix, int type, bool transposed, int64_t ld, int64_t row, int64_t column) {
    return float_of(matrix, type, transposed ? column * ld + row : row * ld + column);
}

typedef struct {
    const void *a, *b;
    const void *before;
    const float *bias;
} operands;

static int64_t wrong_elements(const heed_product_shape *s, const operands *o, const void *c, bool b_transposed,
                              int64_t ldb) {
    int64_t wrong = 0;
    double epsilon = 0x1p-24, rounding = s->c_type == HEED_BF16 ? 0x1p-8 : 0;
    for (int64_t i = 0; i < s->m; i++) {
        for (int64_t j = 0; j < s->n; j++) {
            double sum = s->has_bias ? o->bias[j] : 0, size = fabs(sum);
            if (s->accumulate)
                sum += float_of(o->before, s->c_type, i * s->ldc + j), size += fabs(sum);
            for (int64_t p = 0; p < s->k; p++) {
                double term = element(o->a, s->a_type, s->transpose_a, s->lda, i, p) *
                              element(o->b, s->b_type, b_transposed, ldb, p, j);
                sum += term, size += fabs(term);
            }
            if (s->relu && sum < 0)
                sum = 0;
            double difference = fabs(sum - float_of(c, s->c_type, i * s->ldc + j));
            wrong += !(difference <= 4 * epsilon * sqrt(s->k) * size + rounding * fabs(sum) + 1e-30);
        }
        for (int64_t j = s->n; i + 1 < s->m && j < s->ldc; j++) // the guard between rows
            wrong += float_of(c, s->c_type, i * s->ldc + j) != float_of(o->before, s->c_type, i * s->ldc + j);
    }
    return wrong;
}

// `options`: bit 0 transpose_a, 1 transpose_b, 2 packed, 3 accumulate, 4 bias, 5 relu, 6 wider rows.
static void check_one(int32_t m, int32_t n, int32_t k, int type, int c_type, int options) {
    heed_product_shape s = shape_of(m, n, k, type, c_type);
    int64_t extra = options & 64 ? 5 : 0;
    s.transpose_a = options & 1, s.transpose_b = options >> 1 & 1, s.packed_b = options >> 2 & 1;
    s.accumulate = options >> 3 & 1, s.has_bias = options >> 4 & 1, s.relu = options >> 5 & 1;
    s.lda = (s.transpose_a ? m : k) + extra, s.ldb = (s.transpose_b ? k : n) + extra, s.ldc = n + extra;
    void *a = s.transpose_a ? exact_matrix(k, m, s.lda, type) : exact_matrix(m, k, s.lda, type);
    void *b = s.transpose_b ? exact_matrix(n, k, s.ldb, type) : exact_matrix(k, n, s.ldb, type);
    const int64_t c_count = exact_count(m, n, s.ldc);
    void *c = exact_matrix(1, c_count, c_count, c_type), *before = exact_memory(c_count, c_type);
    memcpy(before, c, (size_t)c_count * type_bytes(c_type));
    float *bias = exact_matrix(1, n, n, HEED_F32);
    void *packed = s.packed_b ? packed_copy(&s, b, s.transpose_b, s.ldb) : NULL;
    heed_status status = run_once(&s, a, packed ? packed : b, c, bias);
    int64_t wrong = -1;
    if (status == HEED_OK)
        wrong = wrong_elements(&s, &(operands){a, b, before, bias}, c, s.transpose_b, s.ldb);
    bool expected_refusal = (s.accumulate && s.relu) || (type == HEED_BF16 && !heed_bf16_products());
    if (expected_refusal ? status != HEED_UNSUPPORTED : wrong != 0) {
        failures++;
        printf("FAILED: %d×%d×%d %s→%s options %d: status %d, %ld wrong\n", m, n, k, type ? "bf16" : "f32",
               c_type ? "bf16" : "f32", options, status, (long)wrong);
    }
    free(a), free(b), free(c), free(before), free(bias), free(packed);
}

static void check_sizes_and_options(void) {
    const int32_t sizes[][3] = {{1, 1, 1},     {1, 64, 256},  {2, 3, 5},     {16, 16, 16},  {17, 33, 65},
                                {64, 64, 64},  {1, 128, 1},   {100, 1, 100}, {48, 200, 96}, {5, 1000, 128},
                                {67, 5, 1030}, {7, 530, 300}, {200, 48, 257}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int types = 0; types < 3; types++)
            for (int options = 0; options < 128; options++)
                check_one(sizes[i][0], sizes[i][1], sizes[i][2], types > 0, types == 2, options);
}

static void check_refusals(void) {
    const heed_product_shape good = shape_of(4, 4, 4, HEED_F32, HEED_F32);
    heed_product_shape bad[8];
    for (int i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].m = 0, bad[1].n = 0, bad[2].k = -1, bad[3].lda = 3, bad[4].ldb = 3, bad[5].ldc = 3;
    bad[6].a_type = HEED_BF16, bad[7].a_type = bad[7].b_type = bad[7].c_type = HEED_F64;
    for (int i = 0; i < 8; i++) {
        heed_product *product;
        if (heed_product_acquire(&bad[i], &product) != HEED_UNSUPPORTED || product)
            failures++, printf("FAILED: the impossible shape %d is refused\n", i);
    }
    float value = 0;
    if (heed_weights_packed_bytes(HEED_F32, 0, 4) != 0 || heed_weights_packed_bytes(HEED_F64, 4, 4) != 0 ||
        heed_weights_pack(HEED_F32, 4, 4, HEED_F32, false, 3, &value, &value) != HEED_UNSUPPORTED)
        failures++, printf("FAILED: impossible weights are refused\n");
}

// Many threads on many shapes, over the bound of the cache.
static void *churn(void *seed) {
    uint32_t state = (uint32_t)(uintptr_t)seed;
    static float a[64 * 64], b[64 * 64];
    float c[64 * 64];
    for (int i = 0; i < 1500; i++) {
        state = state * 1664525 + 1013904223;
        heed_product_shape s = shape_of((int32_t)(state >> 8 & 31) + 1, (int32_t)(state >> 16 & 31) + 1,
                                        (int32_t)(state >> 24 & 31) + 1, HEED_F32, HEED_F32);
        heed_product *first, *second;
        if (heed_product_acquire(&s, &first) != HEED_OK)
            return "acquire";
        if (heed_product_acquire(&s, &second) != HEED_OK || second != first)
            return "the same product twice";
        if (heed_product_run(first, a, b, c, NULL) != HEED_OK)
            return "run";
        heed_product_release(first);
        heed_product_release(second);
    }
    return NULL;
}

static void check_threads(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)(i / 2 + 1)); // pairs ask for the same shapes
    for (int i = 0; i < 4; i++) {
        void *complaint;
        pthread_join(threads[i], &complaint);
        if (complaint)
            failures++, printf("FAILED: threads: %s\n", (char *)complaint);
    }
}

// Packs all columns at once, or block by block, the last first.
static bool packs(const heed_product_shape *s, heed_type source_type, const void *source, bool in_blocks,
                  void *packed) {
    const int32_t block = in_blocks ? heed_weights_block(s->b_type, s->k, s->n) : s->n;
    for (int32_t begin = (s->n - 1) / block * block; begin >= 0; begin -= block) {
        const int32_t end = begin + block < s->n ? begin + block : s->n;
        if (heed_weights_pack_columns(s->b_type, s->k, s->n, source_type, s->transpose_b, s->ldb, source, packed, begin,
                                      end) != HEED_OK)
            return false;
    }
    return true;
}

// Packing from another type packs the numbers that conversion beforehand gives, rounded to nearest even.
static void check_packing(int32_t k, int32_t n, heed_type type, heed_type source_type, bool transposed) {
    heed_product_shape s = shape_of(1, n, k, type, HEED_F32);
    const int64_t rows = transposed ? n : k, columns = transposed ? k : n;
    s.transpose_b = transposed, s.ldb = columns + 3;
    void *source = exact_matrix(rows, columns, s.ldb, source_type);
    const int64_t count = exact_count(rows, columns, s.ldb);
    void *converted = exact_memory(count, type);
    for (int64_t i = 0; i < count; i++)
        set_number(converted, type, i, float_of(source, source_type, i));
    const size_t bytes = heed_weights_packed_bytes(type, k, n);
    void *expected = packed_copy(&s, converted, transposed, s.ldb), *packed = memory_of(bytes);
    for (int in_blocks = 0; in_blocks < 2; in_blocks++) {
        memset(packed, 0xff, bytes);
        if (!expected || !packs(&s, source_type, source, in_blocks, packed) || memcmp(packed, expected, bytes) != 0)
            failures++,
                printf("FAILED: packing %d×%d %s from %s%s%s\n", k, n, type ? "bf16" : "f32",
                       source_type ? "bf16" : "f32", transposed ? ", transposed" : "", in_blocks ? ", in blocks" : "");
    }
    free(source), free(converted), free(expected), free(packed);
}

static void check_all_packing(void) {
    const int32_t sizes[][2] = {{96, 200}, {1, 1}, {70, 33}, {257, 48}, {33, 515}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (heed_type type = HEED_F32; type <= (heed_bf16_products() ? HEED_BF16 : HEED_F32); type++)
            for (heed_type source = HEED_F32; source <= HEED_BF16; source++)
                for (int transposed = 0; transposed < 2; transposed++)
                    check_packing(sizes[i][0], sizes[i][1], type, source, transposed);
}

// MARK: The same bits?

enum { ROWS = 512 };

typedef struct {
    heed_product_shape shape; // m is filled in
    void *a, *b;
    float *bias;
    char *whole, *part;
} row_case;

// Computes rows first ..< first + m alone, into `to`.
static bool compute_rows(const row_case *r, int first, int m, char *to) {
    heed_product_shape s = r->shape;
    s.m = m;
    size_t row = s.transpose_a ? type_bytes(s.a_type) : type_bytes(s.a_type) * (size_t)s.lda;
    if (s.accumulate)
        memset(to, 0, (size_t)m * (size_t)s.ldc * type_bytes(s.c_type));
    return run_once(&s, (const char *)r->a + row * (size_t)first, r->b, to, r->bias) == HEED_OK;
}

// Whether m rows, at any of three offsets, have the bits that they have in the whole; `worked` says whether there is
// such a product.
static bool same_rows(const row_case *r, int m, bool *worked) {
    size_t row = (size_t)r->shape.ldc * type_bytes(r->shape.c_type);
    const int offsets[] = {0, (ROWS - m) / 3, ROWS - m};
    bool same = *worked = true;
    char *part = r->part + row * (size_t)(ROWS - m); // the last of its memory
    for (int i = 0; i < 3 && *worked; i++) {
        *worked = compute_rows(r, offsets[i], m, part);
        same = same && memcmp(part, r->whole + row * (size_t)offsets[i], row * (size_t)m) == 0;
    }
    return same && *worked;
}

// Prints the M at which rows differ from the whole.
static void rows_verdict(const row_case *r, int largest) {
    int differing = 0, failed = 0, first_m = 0, last_m = 0;
    for (int m = 1; m <= largest; m++) {
        bool worked, same = same_rows(r, m, &worked);
        failed += !worked;
        differing += worked && !same;
        if (worked && !same) {
            first_m = first_m ? first_m : m;
            last_m = m;
        }
    }
    if (failed)
        printf("%d refused ", failed);
    if (differing)
        printf("%3d of %d M differ from M = %d (%d…%d)", differing, largest, ROWS, first_m, last_m);
    else
        printf("same bits for every M");
}

// Whether rows of panels of exactly m rows are the same wherever the panel starts.
static bool fixed_panel_invariant(const row_case *r, int m) {
    size_t row = (size_t)r->shape.ldc * type_bytes(r->shape.c_type);
    for (int start = 0; start + m <= 4 * m && start + m <= ROWS; start += m)
        if (!compute_rows(r, start, m, r->whole + row * (size_t)start))
            return false;
    for (int start = 1; start + m <= 4 * m && start + m <= ROWS; start++)
        if (!compute_rows(r, start, m, r->part) ||
            memcmp(r->part, r->whole + row * (size_t)start, row * (size_t)m) != 0)
            return false;
    return true;
}

// `form`: bit 0 transpose_a; 1 and 2: B plain, transposed, packed; `epilogue`: none, bias, relu and bias, accumulate.
static row_case row_case_make(int n, int k, int type, int c_type, int form, int epilogue) {
    row_case r = {.shape = shape_of(ROWS, n, k, type, c_type)};
    heed_product_shape *s = &r.shape;
    s->transpose_a = form & 1, s->transpose_b = form >> 1 == 1, s->packed_b = form >> 1 == 2;
    s->has_bias = epilogue == 1 || epilogue == 2, s->relu = epilogue == 2, s->accumulate = epilogue == 3;
    s->lda = s->transpose_a ? ROWS : k, s->ldb = s->transpose_b ? k : n;
    random_state = 7;
    r.a = exact_matrix(ROWS, k, k, type), r.b = exact_matrix(n, k, k, type);
    r.bias = exact_matrix(1, n, n, HEED_F32);
    r.whole = exact_matrix(ROWS, n, n, c_type), r.part = exact_matrix(ROWS, n, n, c_type);
    if (s->packed_b) {
        void *packed = packed_copy(s, r.b, false, n);
        free(r.b);
        r.b = packed;
    }
    return r;
}

static void row_case_free(row_case *r) {
    free(r->a), free(r->b), free(r->bias), free(r->whole), free(r->part);
}

static void rows_case(int n, int k, int type, int c_type, int form, int epilogue, int largest) {
    row_case r = row_case_make(n, k, type, c_type, form, epilogue);
    const heed_product_shape *s = &r.shape;
    printf("%-10s %s→%s %s·%s %-9s n %4d k %4d: ", heed_isa_name(heed_isa_current()), type ? "bf16" : "f32 ",
           c_type ? "bf16" : "f32 ", s->transpose_a ? "Aᵀ" : "A ",
           s->packed_b      ? "packed"
           : s->transpose_b ? "Bᵀ    "
                            : "B     ",
           (const char *[]){"", "bias", "bias relu", "add"}[epilogue], n, k);
    if (!compute_rows(&r, 0, ROWS, r.whole)) {
        printf("no such product\n");
    } else {
        rows_verdict(&r, largest);
        printf("; fixed M:");
        const int panels[] = {1, 4, 8, 16, 32, 64, 128};
        for (int i = 0; i < 7; i++)
            printf(" %d%s", panels[i], fixed_panel_invariant(&r, panels[i]) ? "✓" : "✗");
        printf("\n");
    }
    fflush(stdout);
    row_case_free(&r);
}

// Rows are the same bits for every M.
static void check_rows(int n, int k, int type, int c_type, int form) {
    static const int counts[] = {1, 2, 3, 5, 8, 15, 16, 17, 24, 31, 33, 64, 65, 100, 128, 200, 256, 300};
    row_case r = row_case_make(n, k, type, c_type, form, 1);
    if (!compute_rows(&r, 0, ROWS, r.whole))
        failures++, printf("FAILED: no product for rows of %d×%d\n", n, k);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        bool worked;
        if (!same_rows(&r, counts[i], &worked))
            failures++, printf("FAILED: %d rows of %d×%d, type %d→%d, form %d %s\n", counts[i], n, k, type, c_type,
                               form, worked ? "differ from the whole" : "are refused");
    }
    row_case_free(&r);
}

static void check_all_rows(void) {
    const int sizes[][2] = {{128, 128}, {512, 512}, {65, 129}, {96, 2048}};
    for (int size = 0; size < 4; size++)
        for (int types = 0; types < (heed_bf16_products() ? 3 : 1); types++)
            for (int form = 0; form < 6; form += 2)
                check_rows(sizes[size][0], sizes[size][1], types > 0, types == 2, form);
}

// With `step` 2 only those whose A is not transposed: there, M is a number of tokens and not a width.
static void rows_of_size(int n, int k, int step, int largest) {
    for (int types = 0; types < (heed_bf16_products() ? 3 : 1); types++)
        for (int form = 0; form < 6; form += step)
            rows_case(n, k, types > 0, types == 2, form, 0, largest);
}

static void rows_table(int largest) {
    const int sizes[][2] = {{128, 128}, {256, 256}, {100, 200}, {512, 512}, {32, 64}, {128, 2048}};
    for (int size = 0; size < 6; size++)
        rows_of_size(sizes[size][0], sizes[size][1], 1, largest);
    for (int types = 0; types < (heed_bf16_products() ? 3 : 1); types++)
        for (int epilogue = 1; epilogue < 4; epilogue++)
            for (int form = 0; form < 6; form += 4)
                rows_case(256, 256, types > 0, types == 2, form, epilogue, largest);
}

int main(int count, char **arguments) {
    int version = heed_onednn_version();
    printf("oneDNN %d.%d.%d, %s, bf16 products: %s\n", version / 10000, version / 100 % 100, version % 100,
           heed_isa_name(heed_isa_current()), heed_bf16_products() ? "yes" : "no");
    if (count > 1 && strcmp(arguments[1], "rows") == 0) {
        int largest = count > 2 ? atoi(arguments[2]) : ROWS;
        if (count > 4)
            rows_of_size(atoi(arguments[3]), atoi(arguments[4]), 2, largest);
        else
            rows_table(largest);
        return 0;
    }
    check_refusals();
    check_sizes_and_options();
    check_all_packing();
    check_threads();
    check_all_rows();
    printf(failures ? "%d failures\n" : "products: all right\n", failures);
    return failures != 0;
}
