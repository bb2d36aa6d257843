// The layout of quantised weights, the same for every instruction set.

#include "heed_kernels.h"

#include <string.h>

enum { COLUMNS = 16, STEP = 4 };

void heed_quantised_pack(int64_t n, int64_t depth, const int8_t *rows, int8_t *packed, int32_t *offsets) {
    for (int64_t panel = 0; panel * COLUMNS < n; panel++)
        for (int64_t column = 0; column < COLUMNS; column++) {
            const int64_t j = panel * COLUMNS + column;
            const int8_t *row = rows + j * depth;
            int8_t *to = packed + panel * COLUMNS * depth + column * STEP;
            int32_t sum = 0;
            for (int64_t k = 0; k < depth; k += STEP, to += COLUMNS * STEP) {
                if (j >= n) {
                    memset(to, 0, STEP);
                    continue;
                }
                memcpy(to, row + k, STEP);
                sum += row[k] + row[k + 1] + row[k + 2] + row[k + 3];
            }
            offsets[j] = -128 * sum;
        }
}
