// What oneDNN is told about a product: layouts of its matrices, and what happens to the sum.

#include "onednn_product.h"

typedef struct {
    heed_layout_desc a, b, c, bias;
    bool has_a, has_b, has_c, has_bias;
} layouts;

static dnnl_status_t make_matrix(heed_layout_desc *layout, bool *made, int32_t rows, int32_t columns, heed_type type,
                                 bool transposed, int64_t ld) {
    // The stride of a dimension of one element means nothing, but oneDNN chooses its code by it.
    if ((transposed ? columns : rows) == 1)
        ld = transposed ? rows : columns;
    dnnl_status_t status =
        heed_layout_make_strided(layout, rows, columns, type, transposed ? 1 : ld, transposed ? ld : 1);
    *made = status == dnnl_success;
    return status;
}

static dnnl_status_t make_layouts(const heed_product_shape *s, const heed_packed_layout *packed, layouts *l) {
    dnnl_status_t status = make_matrix(&l->a, &l->has_a, s->m, s->k, s->a_type, false, s->lda);
    if (status == dnnl_success && packed) {
        status = heed_layout_copy(&l->b, heed_layout_use(heed_packed_layout_desc(packed)));
        l->has_b = status == dnnl_success;
    } else if (status == dnnl_success) {
        status = make_matrix(&l->b, &l->has_b, s->k, s->n, s->b_type, s->transpose_b, s->ldb);
    }
    if (status == dnnl_success)
        status = make_matrix(&l->c, &l->has_c, s->m, s->n, s->c_type, false, s->ldc);
    if (status == dnnl_success && s->has_bias)
        status = make_matrix(&l->bias, &l->has_bias, 1, s->n, HEED_F32, false, s->n);
    return status;
}

static void free_layouts(layouts *l) {
    if (l->has_a)
        heed_layout_free(&l->a);
    if (l->has_b)
        heed_layout_free(&l->b);
    if (l->has_c)
        heed_layout_free(&l->c);
    if (l->has_bias)
        heed_layout_free(&l->bias);
}

static dnnl_status_t make_attributes(const heed_product_shape *s, dnnl_primitive_attr_t *attributes) {
    dnnl_status_t status = heed_onednn_attributes(attributes);
    if (status != dnnl_success || (!s->accumulate && !s->relu))
        return status;
    dnnl_post_ops_t operations;
    status = dnnl_post_ops_create(&operations);
    if (status == dnnl_success) {
        status = s->accumulate ? heed_post_ops_add_sum(operations) : heed_post_ops_add_relu(operations);
        if (status == dnnl_success)
            status = dnnl_primitive_attr_set_post_ops(*attributes, operations);
        dnnl_post_ops_destroy(operations);
    }
    if (status != dnnl_success)
        dnnl_primitive_attr_destroy(*attributes);
    return status;
}

dnnl_status_t heed_product_describe(const heed_product_shape *s, const heed_packed_layout *packed,
                                    dnnl_primitive_desc_t *description) {
    layouts l = {0};
    dnnl_status_t status = make_layouts(s, packed, &l);
    dnnl_primitive_attr_t attributes;
    if (status == dnnl_success)
        status = make_attributes(s, &attributes);
    if (status == dnnl_success) {
        status = heed_matmul_describe(description, heed_onednn_engine(), &l.a, &l.b, l.has_bias ? &l.bias : NULL, &l.c,
                                      attributes);
        dnnl_primitive_attr_destroy(attributes);
    }
    free_layouts(&l);
    return status;
}
