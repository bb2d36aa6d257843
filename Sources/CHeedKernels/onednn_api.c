#include "onednn_api.h"

#include <stddef.h>

static dnnl_data_type_t data_type(heed_type type) {
    return type == HEED_BF16 ? dnnl_bf16 : dnnl_f32;
}

static bool is_layout(const heed_layout_desc *layout, int32_t rows, int32_t columns, dnnl_format_tag_t tag);

int32_t heed_layout_pairs(const heed_layout_desc *layout, int32_t rows, int32_t columns) {
    const struct {
        dnnl_format_tag_t tag;
        int32_t columns;
    } forms[] = {{dnnl_BA16a64b2a, 64}, {dnnl_BA16a48b2a, 48}, {dnnl_BA16a32b2a, 32}, {dnnl_BA16a16b2a, 16}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (is_layout(layout, rows, columns, forms[i].tag))
            return forms[i].columns;
    return 0;
}

#if DNNL_VERSION_MAJOR >= 3

static bool is_layout(const heed_layout_desc *layout, int32_t rows, int32_t columns, dnnl_format_tag_t tag) {
    const dnnl_dims_t sizes = {rows, columns};
    dnnl_memory_desc_t form;
    if (dnnl_memory_desc_create_with_tag(&form, 2, sizes, dnnl_bf16, tag) != dnnl_success)
        return false;
    const bool same = dnnl_memory_desc_equal(form, layout->value);
    dnnl_memory_desc_destroy(form);
    return same;
}

heed_layout_ref heed_layout_use(const heed_layout_desc *layout) {
    return layout->value;
}

dnnl_status_t heed_layout_make_strided(heed_layout_desc *layout, int32_t rows, int32_t columns, heed_type type,
                                       int64_t row_stride, int64_t column_stride) {
    const dnnl_dims_t sizes = {rows, columns}, strides = {row_stride, column_stride};
    return dnnl_memory_desc_create_with_strides(&layout->value, 2, sizes, data_type(type), strides);
}

dnnl_status_t heed_layout_make_any(heed_layout_desc *layout, int32_t rows, int32_t columns, heed_type type) {
    const dnnl_dims_t sizes = {rows, columns};
    return dnnl_memory_desc_create_with_tag(&layout->value, 2, sizes, data_type(type), dnnl_format_tag_any);
}

dnnl_status_t heed_layout_copy(heed_layout_desc *layout, heed_layout_ref from) {
    return dnnl_memory_desc_clone(&layout->value, from);
}

void heed_layout_free(heed_layout_desc *layout) {
    if (layout->value)
        dnnl_memory_desc_destroy(layout->value);
    layout->value = NULL;
}

dnnl_status_t heed_matmul_describe(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const heed_layout_desc *a,
                                   const heed_layout_desc *b, const heed_layout_desc *bias, const heed_layout_desc *c,
                                   const_dnnl_primitive_attr_t attributes) {
    return dnnl_matmul_primitive_desc_create(description, engine, a->value, b->value, bias ? bias->value : NULL,
                                             c->value, attributes);
}

dnnl_status_t heed_post_ops_add_sum(dnnl_post_ops_t operations) {
    return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
}

dnnl_status_t heed_post_ops_add_relu(dnnl_post_ops_t operations) {
    return dnnl_post_ops_append_eltwise(operations, dnnl_eltwise_relu, 0, 0);
}

#else

static bool is_layout(const heed_layout_desc *layout, int32_t rows, int32_t columns, dnnl_format_tag_t tag) {
    const dnnl_dims_t sizes = {rows, columns};
    dnnl_memory_desc_t form;
    return dnnl_memory_desc_init_by_tag(&form, 2, sizes, dnnl_bf16, tag) == dnnl_success &&
           dnnl_memory_desc_equal(&form, &layout->value);
}

heed_layout_ref heed_layout_use(const heed_layout_desc *layout) {
    return &layout->value;
}

dnnl_status_t heed_layout_make_strided(heed_layout_desc *layout, int32_t rows, int32_t columns, heed_type type,
                                       int64_t row_stride, int64_t column_stride) {
    const dnnl_dims_t sizes = {rows, columns}, strides = {row_stride, column_stride};
    return dnnl_memory_desc_init_by_strides(&layout->value, 2, sizes, data_type(type), strides);
}

dnnl_status_t heed_layout_make_any(heed_layout_desc *layout, int32_t rows, int32_t columns, heed_type type) {
    const dnnl_dims_t sizes = {rows, columns};
    return dnnl_memory_desc_init_by_tag(&layout->value, 2, sizes, data_type(type), dnnl_format_tag_any);
}

dnnl_status_t heed_layout_copy(heed_layout_desc *layout, heed_layout_ref from) {
    if (!from)
        return dnnl_invalid_arguments;
    layout->value = *from;
    return dnnl_success;
}

void heed_layout_free(heed_layout_desc *layout) {
    (void)layout;
}

dnnl_status_t heed_matmul_describe(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const heed_layout_desc *a,
                                   const heed_layout_desc *b, const heed_layout_desc *bias, const heed_layout_desc *c,
                                   const_dnnl_primitive_attr_t attributes) {
    dnnl_matmul_desc_t operation;
    dnnl_status_t status =
        dnnl_matmul_desc_init(&operation, &a->value, &b->value, bias ? &bias->value : NULL, &c->value);
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(description, &operation, attributes, engine, NULL);
}

dnnl_status_t heed_post_ops_add_sum(dnnl_post_ops_t operations) {
    return dnnl_post_ops_append_sum(operations, 1);
}

dnnl_status_t heed_post_ops_add_relu(dnnl_post_ops_t operations) {
    return dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0);
}

#endif

dnnl_cpu_isa_t heed_onednn_isa(heed_isa isa) {
    switch (isa) {
    case HEED_ISA_GENERIC:
        return dnnl_cpu_isa_sse41;
    case HEED_ISA_AVX2:
        return dnnl_cpu_isa_avx2;
    case HEED_ISA_AVX512:
        return dnnl_cpu_isa_avx512_core;
    case HEED_ISA_AVX512BF16:
        return dnnl_cpu_isa_avx512_core_bf16;
    default:
        return (dnnl_cpu_isa_t)0; // no limit: "all" in oneDNN 2, "default" in 3
    }
}
