// Products of float32 by the project's own code. Private to CHeedKernels.
//
// Without AVX-512 oneDNN's products depend on the number of rows: computed 16 rows at a time, which keeps a row's bits
// the same, they pack the weights again for each 16 and reach less than half of a core's speed. Here B is packed once,
// in panels of columns, and each element is added up in pieces of the depth of a fixed length.

#ifndef HEED_PANEL_PRODUCT_H
#define HEED_PANEL_PRODUCT_H

#include "heed_kernels.h"

// Whether products of this type are computed here, on the instruction set in force.
bool heed_panels_are_used(heed_type type);

size_t heed_panels_bytes(int32_t k, int32_t n);

// The scratch memory that heed_panels_run needs.
size_t heed_panels_scratch_bytes(const heed_product_shape *shape);
void heed_panels_run(const heed_product_shape *shape, const float *a, const float *b, float *c, const float *bias,
                     float *scratch);

#endif
