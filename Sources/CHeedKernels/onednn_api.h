// What differs between oneDNN 2 and oneDNN 3, and nothing else: memory descriptors (values, then handles), the creation
// of a matmul, post-ops. Private to CHeedKernels: no type of oneDNN reaches the public header.

#ifndef HEED_ONEDNN_API_H
#define HEED_ONEDNN_API_H

#include "heed_kernels.h"

#include <oneapi/dnnl/dnnl.h>

typedef struct {
    dnnl_memory_desc_t value;
} heed_layout_desc;

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t heed_layout_ref;
#else
typedef const dnnl_memory_desc_t *heed_layout_ref;
#endif

heed_layout_ref heed_layout_use(const heed_layout_desc *layout);
// Descriptors that succeed are freed by heed_layout_free.
dnnl_status_t heed_layout_make_strided(heed_layout_desc *layout, int32_t rows, int32_t columns, heed_type type,
                                       int64_t row_stride, int64_t column_stride);
// A layout that oneDNN chooses.
dnnl_status_t heed_layout_make_any(heed_layout_desc *layout, int32_t rows, int32_t columns, heed_type type);
// The columns of a block where the layout is that of heed_pairs_packing; 0 where it is another.
int32_t heed_layout_pairs(const heed_layout_desc *layout, int32_t rows, int32_t columns);
dnnl_status_t heed_layout_copy(heed_layout_desc *layout, heed_layout_ref from);
void heed_layout_free(heed_layout_desc *layout);

// `bias` may be null.
dnnl_status_t heed_matmul_describe(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const heed_layout_desc *a,
                                   const heed_layout_desc *b, const heed_layout_desc *bias, const heed_layout_desc *c,
                                   const_dnnl_primitive_attr_t attributes);
dnnl_status_t heed_post_ops_add_sum(dnnl_post_ops_t operations);
dnnl_status_t heed_post_ops_add_relu(dnnl_post_ops_t operations);

// The name by which dnnl_set_max_cpu_isa knows Heed's instruction set.
dnnl_cpu_isa_t heed_onednn_isa(heed_isa isa);

#endif
