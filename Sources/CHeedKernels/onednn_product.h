// A matrix product as it is made and run. Private to CHeedKernels.
//
// oneDNN leaves its fast code (whose names begin with "brg") for code that is several times slower, or for plain loops,
// when rows of a matrix are wider than they need be; and the bits of a row can depend on how many rows are computed
// with it. A product is therefore computed in panels of a fixed number of rows where bits would otherwise depend on it,
// and operands are staged in the thread's scratch memory where that is what the fast code wants. A transposed A is
// always staged: oneDNN's own transposition takes as long as the product.

#ifndef HEED_ONEDNN_PRODUCT_H
#define HEED_ONEDNN_PRODUCT_H

#include "cache.h"
#include "onednn.h"

struct heed_product {
    heed_cached cached; // first: the cache knows products by it
    heed_product_shape shape;
    bool in_panels; // by the project's own code (panel_product.h); what follows then means nothing
    // What the primitive computes: m rows at a time, of which the last are filled up with zeros, with the row lengths
    // that it was made for. An operand whose row length is another is copied.
    heed_product_shape inner;
    dnnl_primitive_t primitive;
    size_t scratchpad_bytes, a_bytes, b_bytes, c_bytes; // of the thread's scratch: multiples of 64, 0 without copies
};

// Describes the product of a shape, whose A is not transposed and whose B is `packed` unless that is null.
dnnl_status_t heed_product_describe(const heed_product_shape *shape, const heed_packed_layout *packed,
                                    dnnl_primitive_desc_t *description);

#endif
