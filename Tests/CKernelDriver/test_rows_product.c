// Products of few rows with plain weights: every element against float64, and the same bits whatever stands beside it.

#include "driver.h"

static void product_of(int64_t rows, int64_t columns, int64_t depth, int64_t shift) {
    const int64_t ldx = depth + shift % 3, ldw = depth + shift % 2, ldy = columns + shift % 4;
    buffer x = input(HEED_F32, rows * ldx, shift), w = input(type, columns * ldw, shift);
    buffer bias = input(HEED_F32, columns, shift), y = output(HEED_F32, rows * ldy, shift);
    heed_rows_product p = {.rows = rows, .columns = columns, .depth = depth, .ldx = ldx, .ldw = ldw, .ldy = ldy};
    p.x = x.data, p.w = w.data, p.y = y.data;
    p.bias = shift % 2 ? bias.data : NULL;
    kernels->rows_product(&p, 0, columns);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < columns; j++) {
            double sum = p.bias ? at(&bias, j) : 0, absolute = fabs(sum);
            for (int64_t k = 0; k < depth; k++) {
                const double term = at(&x, r * ldx + k) * at(&w, j * ldw + k);
                sum += term, absolute += fabs(term);
            }
            expect("rows_product", &y, r * ldy + j, sum, of_sum(depth, absolute));
        }
    // Each row by itself, in columns of odd numbers.
    buffer alone = output(HEED_F32, columns, shift);
    for (int64_t r = 0; r < rows; r++) {
        p.rows = 1, p.x = (const float *)x.data + r * ldx, p.y = alone.data;
        for (int64_t j = 0; j < columns; j += 3)
            kernels->rows_product(&p, j, j + 3 < columns ? j + 3 : columns);
        expect_same_bits("a row alone", &alone, 0, &y, r * ldy, columns);
    }
    release(&x), release(&w), release(&bias), release(&y), release(&alone);
}

void test_rows_product(void) {
    for (int i = 0; i < length_count; i++)
        product_of(1 + i % 9, 1 + i % 11, lengths[i], i % 7);
    product_of(0, 3, 8, 0);
    product_of(7, 0, 8, 0);
    product_of(5, 6, 0, 1);
    product_of(13, 9, 333, 2);
}
