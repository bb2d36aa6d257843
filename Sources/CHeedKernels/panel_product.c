// A product of float32 in blocks that stay in a core's caches.

#include "panel_product.h"

// A panel of B (16 KB) stays in the first cache, a block of A (96 KB) in the second. A block of B, packed once for all
// rows, is half a megabyte, in the second or the third: each block reads A again, which with so many columns costs
// little beside the product. A sum is added up in pieces of BLOCK_DEPTH, which no size changes.
enum { BLOCK_ROWS = 96, BLOCK_DEPTH = 256, BLOCK_COLUMNS = 512 };
// So few rows read a plain B as it stands: packing it would take longer than the product.
enum { FEW_ROWS = 24 };

bool heed_panels_are_used(heed_type type) {
    return type == HEED_F32 && heed_isa_current() <= HEED_ISA_AVX2;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t whole_panels(int64_t columns) {
    return (columns + HEED_PANEL_COLUMNS - 1) / HEED_PANEL_COLUMNS * HEED_PANEL_COLUMNS;
}

size_t heed_panels_bytes(int32_t k, int32_t n) {
    return (size_t)whole_panels(n) * (size_t)k * sizeof(float);
}

// Floats of scratch: a block of A, then one of B.
static size_t a_size(const heed_product_shape *s) {
    return s->transpose_a ? (size_t)(smaller(s->m, BLOCK_ROWS) * smaller(s->k, BLOCK_DEPTH)) : 0;
}

static size_t b_size(const heed_product_shape *s) {
    return s->packed_b ? 0 : (size_t)(whole_panels(smaller(s->n, BLOCK_COLUMNS)) * smaller(s->k, BLOCK_DEPTH));
}

size_t heed_panels_scratch_bytes(const heed_product_shape *s) {
    // The block of B begins at a cache line.
    return ((a_size(s) + 15) / 16 * 16 + b_size(s)) * sizeof(float);
}

typedef struct {
    const heed_product_shape *shape;
    const heed_kernels *kernels;
    const float *a, *b;
    float *own_a, *own_b;
} run;

// Sets B of a block: k columns `first` … of the depth, all columns of `p`.
static void set_right(const run *r, heed_panel_product *p, int64_t column, int64_t first) {
    const heed_product_shape *s = r->shape;
    p->b_row = HEED_PANEL_COLUMNS;
    if (s->packed_b) {
        p->b = r->b + column * s->k + first * HEED_PANEL_COLUMNS;
        p->panel = (int64_t)s->k * HEED_PANEL_COLUMNS;
        return;
    }
    const float *source = r->b + (s->transpose_b ? column * s->ldb + first : first * s->ldb + column);
    if (!s->transpose_b && s->m <= FEW_ROWS && p->columns % HEED_PANEL_COLUMNS == 0) {
        p->b = source, p->b_row = s->ldb, p->panel = HEED_PANEL_COLUMNS;
        return;
    }
    const heed_panel_packing packing = {.k = p->depth,
                                        .n = p->columns,
                                        .ld = s->ldb,
                                        .wide = true,
                                        .transposed = s->transpose_b,
                                        .source = source,
                                        .packed = r->own_b};
    r->kernels->pack_panels(&packing, 0, whole_panels(p->columns) / HEED_PANEL_COLUMNS);
    p->b = r->own_b, p->panel = p->depth * HEED_PANEL_COLUMNS;
}

// Sets A of a block: `rows` rows from `row` on.
static void set_left(const run *r, heed_panel_product *p, int64_t row, int64_t first) {
    const heed_product_shape *s = r->shape;
    if (!s->transpose_a) {
        p->a = r->a + row * s->lda + first, p->lda = s->lda;
        return;
    }
    r->kernels->transpose(p->depth, p->rows, r->a + first * s->lda + row, s->lda, r->own_a, p->depth);
    p->a = r->own_a, p->lda = p->depth;
}

void heed_panels_run(const heed_product_shape *s, const float *a, const float *b, float *c, const float *bias,
                     float *scratch) {
    const run r = {.shape = s,
                   .kernels = heed_kernels_for(HEED_F32),
                   .a = a,
                   .b = b,
                   .own_a = scratch,
                   .own_b = scratch + (a_size(s) + 15) / 16 * 16};
    heed_panel_product p = {.ldc = s->ldc};
    for (int64_t column = 0; column < s->n; column += BLOCK_COLUMNS) {
        p.columns = smaller(s->n - column, BLOCK_COLUMNS);
        for (int64_t first = 0; first < s->k; first += BLOCK_DEPTH) {
            p.depth = smaller(s->k - first, BLOCK_DEPTH);
            set_right(&r, &p, column, first);
            const bool is_last = first + p.depth == s->k;
            p.accumulate = s->accumulate || first > 0;
            p.bias = is_last && s->has_bias ? bias + column : NULL;
            p.relu = is_last && s->relu;
            for (int64_t row = 0; row < s->m; row += BLOCK_ROWS) {
                p.rows = smaller(s->m - row, BLOCK_ROWS);
                set_left(&r, &p, row, first);
                p.c = c + row * s->ldc + column;
                r.kernels->panel_product(&p);
            }
        }
    }
}
