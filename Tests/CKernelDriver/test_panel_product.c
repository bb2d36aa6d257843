// Products with panels of columns: every element against float64, the same bits whatever stands beside it, and panels
// that hold every number where the layout has it.

#include "driver.h"

static int64_t panels_of(int64_t columns) {
    return (columns + HEED_PANEL_COLUMNS - 1) / HEED_PANEL_COLUMNS;
}

static double right_element(const buffer *b, const heed_panel_product *p, int64_t k, int64_t j) {
    return at(b, j / HEED_PANEL_COLUMNS * p->panel + k * p->b_row + j % HEED_PANEL_COLUMNS);
}

// `form`: bit 0 accumulate, 1 bias, 2 relu, 3 panels that stand side by side in wide rows.
static void product_of(int64_t rows, int64_t columns, int64_t depth, int form, int64_t shift) {
    const int64_t lda = depth + shift % 3, ldc = columns + shift % 4, panels = panels_of(columns);
    const int64_t b_row = form & 8 ? panels * HEED_PANEL_COLUMNS + shift % 2 : HEED_PANEL_COLUMNS;
    const int64_t panel = form & 8 ? HEED_PANEL_COLUMNS : depth * HEED_PANEL_COLUMNS;
    buffer a = input(HEED_F32, rows * lda, shift), b = input(HEED_F32, panels * panel + depth * b_row, shift);
    buffer bias = input(HEED_F32, columns, shift), before = input(HEED_F32, rows * ldc, shift);
    buffer c = output(HEED_F32, rows * ldc, shift), alone = output(HEED_F32, columns, shift);
    copy_into(&c, &before);
    heed_panel_product p = {.rows = rows, .columns = columns, .depth = depth, .lda = lda, .ldc = ldc};
    p.b_row = b_row, p.panel = panel, p.a = a.data, p.b = b.data, p.c = c.data;
    p.accumulate = form & 1, p.bias = form & 2 ? bias.data : NULL, p.relu = form & 4;
    kernels->panel_product(&p);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < ldc; j++) {
            double sum = p.accumulate ? at(&before, i * ldc + j) : 0, absolute = fabs(sum);
            if (j >= columns) { // between two rows
                expect("panel_product: a guard", &c, i * ldc + j, at(&before, i * ldc + j), 0);
                continue;
            }
            if (p.bias)
                sum += at(&bias, j), absolute += fabs(at(&bias, j));
            for (int64_t k = 0; k < depth; k++) {
                const double term = at(&a, i * lda + k) * right_element(&b, &p, k, j);
                sum += term, absolute += fabs(term);
            }
            expect("panel_product", &c, i * ldc + j, p.relu && sum < 0 ? 0 : sum, of_sum(depth, absolute));
        }
    p.rows = 1, p.c = alone.data;
    for (int64_t i = 0; i < rows; i++) {
        p.a = (const float *)a.data + i * lda;
        for (int64_t j = 0; j < columns; j++)
            put(HEED_F32, alone.data, j, at(&before, i * ldc + j));
        kernels->panel_product(&p);
        expect_same_bits("a row alone", &alone, 0, &c, i * ldc, columns);
    }
    release(&a), release(&b), release(&bias), release(&before), release(&c), release(&alone);
}

void test_panel_product(void) {
    for (int i = 0; i < length_count; i++) {
        product_of(1 + i % 14, 1 + i * 5 % 40, lengths[i], i % 16, i % 7);
        product_of(1 + i % 5, lengths[i], 1 + i % 9, i % 16, i % 7);
    }
    for (int form = 0; form < 16; form++)
        product_of(13, 37, 70, form, 1);
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
