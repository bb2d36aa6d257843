// Products with panels of columns: every element against float64, the same bits whatever stands beside it, and panels
// that hold every number where the layout has it.

#include "driver.h"

static int64_t panels_of(int64_t columns) {
    return (columns + HEED_PANEL_COLUMNS - 1) / HEED_PANEL_COLUMNS;
}

// Where row k of B has column j.
static int64_t place_of(const heed_panel_product *p, int64_t k, int64_t j) {
    return j / HEED_PANEL_COLUMNS * p->panel + k * p->b_row + j % HEED_PANEL_COLUMNS;
}

typedef struct {
    heed_panel_product product;
    buffer a, b, bias, before, c;
} panel_case;

// `form`: bit 0 accumulate, 1 bias, 2 relu, 3 panels that stand side by side in wide rows. A and B end with their last
// number, and hold NaN where nothing is theirs.
static panel_case make_case(int64_t rows, int64_t columns, int64_t depth, int form, int64_t shift) {
    const int64_t lda = depth + shift % 3, ldc = columns + shift % 4, width = panels_of(columns) * HEED_PANEL_COLUMNS;
    const int64_t b_row = form & 8 ? width + shift % 2 : HEED_PANEL_COLUMNS;
    const int64_t b_count = form & 8 ? (depth - 1) * b_row + width : width * depth;
    panel_case x = {.product = {.rows = rows, .columns = columns, .depth = depth, .lda = lda, .ldc = ldc}};
    x.a = input(HEED_F32, rows > 0 ? (rows - 1) * lda + depth : 0, shift);
    x.b = input(HEED_F32, depth > 0 ? b_count : 0, shift);
    x.bias = input(HEED_F32, columns, shift), x.before = input(HEED_F32, rows * ldc, shift);
    x.c = output(HEED_F32, rows * ldc, shift);
    copy_into(&x.c, &x.before);
    for (int64_t i = 0; i < x.a.n; i++)
        if (i % lda >= depth)
            put(HEED_F32, x.a.data, i, NAN);
    heed_panel_product *p = &x.product;
    p->b_row = b_row, p->panel = form & 8 ? HEED_PANEL_COLUMNS : depth * HEED_PANEL_COLUMNS;
    p->a = x.a.data, p->b = x.b.data, p->c = x.c.data;
    p->accumulate = form & 1, p->bias = form & 2 ? x.bias.data : NULL, p->relu = form & 4;
    for (int64_t k = 0; k < depth; k++) {
        for (int64_t j = columns; j < width; j++)
            put(HEED_F32, x.b.data, place_of(p, k, j), NAN);
        for (int64_t j = width; form & 8 && k + 1 < depth && j < b_row; j++)
            put(HEED_F32, x.b.data, k * b_row + j, NAN);
    }
    return x;
}

static void release_case(panel_case *x) {
    release(&x->a), release(&x->b), release(&x->bias), release(&x->before), release(&x->c);
}

static void check_element(const panel_case *x, int64_t i, int64_t j) {
    const heed_panel_product *p = &x->product;
    double sum = p->accumulate ? at(&x->before, i * p->ldc + j) : 0, absolute = fabs(sum);
    if (p->bias)
        sum += at(&x->bias, j), absolute += fabs(at(&x->bias, j));
    for (int64_t k = 0; k < p->depth; k++) {
        const double term = at(&x->a, i * p->lda + k) * at(&x->b, place_of(p, k, j));
        sum += term, absolute += fabs(term);
    }
    expect("panel_product", &x->c, i * p->ldc + j, p->relu && sum < 0 ? 0 : sum,
           isfinite(absolute) ? of_sum(p->depth, absolute) : 0);
}

// Rows first ..< first + rows of columns begin ..< end alone have the bits that they have in the whole.
static void check_part(const panel_case *x, int64_t first, int64_t rows, int64_t begin, int64_t end) {
    heed_panel_product p = x->product;
    buffer part = output(HEED_F32, rows * (end - begin), 0);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = begin; j < end; j++)
            put(HEED_F32, part.data, i * (end - begin) + j - begin, at(&x->before, (first + i) * p.ldc + j));
    p.rows = rows, p.columns = end - begin, p.a += first * p.lda, p.b += begin / HEED_PANEL_COLUMNS * p.panel;
    p.bias = p.bias ? p.bias + begin : NULL, p.c = part.data, p.ldc = end - begin;
    kernels->panel_product(&p);
    for (int64_t i = 0; i < rows; i++)
        expect_same_bits("a part of panel_product", &part, i * (end - begin), &x->c,
                         (first + i) * x->product.ldc + begin, end - begin);
    release(&part);
}

static void check_whole(const panel_case *x) {
    const heed_panel_product *p = &x->product;
    kernels->panel_product(p);
    for (int64_t i = 0; i < p->rows; i++) {
        for (int64_t j = 0; j < p->columns; j++)
            check_element(x, i, j);
        for (int64_t j = p->columns; j < p->ldc; j++) // between two rows
            expect("panel_product: a guard", &x->c, i * p->ldc + j, at(&x->before, i * p->ldc + j), 0);
    }
}

static void check_parts(const panel_case *x) {
    const heed_panel_product *p = &x->product;
    for (int64_t i = 0; i < p->rows; i++)
        check_part(x, i, 1, 0, p->columns);
    for (int64_t cut = HEED_PANEL_COLUMNS; cut < p->columns; cut += 2 * HEED_PANEL_COLUMNS)
        check_part(x, 0, p->rows, 0, cut), check_part(x, 0, p->rows, cut, p->columns);
}

static void product_of(int64_t rows, int64_t columns, int64_t depth, int form, int64_t shift) {
    panel_case x = make_case(rows, columns, depth, form, shift);
    check_whole(&x);
    check_parts(&x);
    release_case(&x);
}

// NaN and infinities in a row of A, in a column of B and in the bias: NaN stays, and relu makes 0 of −∞ alone. Parts
// are left out: which of two NaN an addition gives is not promised.
static void special_product(int form, double value) {
    panel_case x = make_case(8, 37, 20, form, 1);
    const heed_panel_product *p = &x.product;
    put(HEED_F32, x.a.data, 2 * p->lda + 3, value);
    put(HEED_F32, x.b.data, place_of(p, 5, 7), value);
    put(HEED_F32, x.b.data, place_of(p, 19, 36), value);
    put(HEED_F32, x.bias.data, 9, value);
    put(HEED_F32, x.bias.data, 36, -value);
    check_whole(&x);
    release_case(&x);
}

void test_panel_product(void) {
    for (int i = 0; i < length_count; i++) {
        product_of(1 + i % 14, 1 + i * 5 % 40, lengths[i], i % 16, i % 7);
        product_of(1 + i % 5, lengths[i], 1 + i % 9, i % 16, i % 7);
    }
    for (int form = 0; form < 16; form++) {
        product_of(13, 37, 70, form, 1);
        special_product(form, NAN);
        special_product(form, INFINITY);
        special_product(form, -INFINITY);
    }
    product_of(0, 3, 8, 0, 0);
    product_of(7, 0, 8, 0, 0);
}

static void pack(int64_t k, int64_t n, bool wide, bool transposed, int64_t shift) {
    const int64_t ld = (transposed ? k : n) + shift % 3, panels = panels_of(n), rows = transposed ? n : k;
    // Nothing stands behind the last number of the last row.
    buffer source = input(wide ? HEED_F32 : type, rows > 0 ? (rows - 1) * ld + (transposed ? k : n) : 0, shift);
    buffer packed = output(HEED_F32, panels * k * HEED_PANEL_COLUMNS, 0);
    heed_panel_packing p = {.k = k, .n = n, .ld = ld, .wide = wide, .transposed = transposed};
    p.source = source.data, p.packed = packed.data;
    // The panels in two calls, the last first.
    kernels->pack_panels(&p, panels / 2, panels);
    kernels->pack_panels(&p, 0, panels / 2);
    bool right = true;
    for (int64_t j = 0; j < panels * HEED_PANEL_COLUMNS; j++)
        for (int64_t i = 0; i < k; i++) {
            const double value = j < n ? at(&source, transposed ? j * ld + i : i * ld + j) : 0;
            const int64_t place = (j / HEED_PANEL_COLUMNS * k + i) * HEED_PANEL_COLUMNS + j % HEED_PANEL_COLUMNS;
            right = right && (float)at(&packed, place) == (float)value;
        }
    expect_true("pack_panels", right);
    release(&source), release(&packed);
}

void test_pack_panels(void) {
    for (int i = 0; i < length_count; i++)
        for (int form = 0; form < 4; form++) {
            pack(lengths[i], 1 + i * 7 % 90, form & 1, form & 2, i % 5);
            pack(1 + i * 5 % 70, lengths[i], form & 1, form & 2, i % 5);
        }
}
