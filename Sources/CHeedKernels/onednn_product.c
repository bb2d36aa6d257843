// Matrix products: one oneDNN primitive for each shape, cached, and run on the calling thread alone.

#include "cache.h"
#include "onednn.h"

#include <limits.h>

struct heed_product {
    heed_cached cached; // first: the cache knows products by it
    heed_product_shape shape;
    dnnl_primitive_t primitive;
    size_t scratch_bytes;
};

enum { CACHED_PRODUCTS = 4096 };

// MARK: Making

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
    dnnl_status_t status = make_matrix(&l->a, &l->has_a, s->m, s->k, s->a_type, s->transpose_a, s->lda);
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

static dnnl_status_t make_primitive(heed_product *product, const heed_packed_layout *packed) {
    layouts l = {0};
    dnnl_status_t status = make_layouts(&product->shape, packed, &l);
    dnnl_primitive_attr_t attributes;
    if (status == dnnl_success)
        status = make_attributes(&product->shape, &attributes);
    if (status == dnnl_success) {
        dnnl_primitive_desc_t description;
        status = heed_matmul_describe(&description, heed_onednn_engine(), &l.a, &l.b, l.has_bias ? &l.bias : NULL, &l.c,
                                      attributes);
        if (status == dnnl_success) {
            product->scratch_bytes = heed_onednn_scratch_bytes(description);
            status = dnnl_primitive_create(&product->primitive, description);
            dnnl_primitive_desc_destroy(description);
        }
        dnnl_primitive_attr_destroy(attributes);
    }
    free_layouts(&l);
    return status;
}

static heed_status make_product(heed_cached *object, const void *key) {
    heed_product *product = (heed_product *)object;
    product->shape = *(const heed_product_shape *)key;
    const heed_product_shape *s = &product->shape;
    // The number of threads is fixed when a primitive is made, too.
    if (!heed_onednn_this_thread())
        return HEED_FAILED;
    heed_packed_layout *packed = NULL;
    if (s->packed_b) {
        heed_status status = heed_packed_layout_acquire(s->b_type, s->k, s->n, &packed);
        if (status != HEED_OK)
            return status;
    }
    heed_status status = heed_status_of(make_primitive(product, packed));
    heed_packed_layout_release(packed);
    return status;
}

static void unmake_product(heed_cached *object) {
    heed_product *product = (heed_product *)object;
    if (product->primitive)
        dnnl_primitive_destroy(product->primitive);
}

static heed_cache products = {
    .object_bytes = sizeof(heed_product),
    .capacity = CACHED_PRODUCTS,
    .make = make_product,
    .unmake = unmake_product,
    HEED_CACHE_LOCKS,
};

// MARK: Acquiring and running

static bool is_possible(const heed_product_shape *s) {
    if (s->m <= 0 || s->n <= 0 || s->k <= 0 || (s->accumulate && s->relu))
        return false;
    bool float32 = s->a_type == HEED_F32 && s->b_type == HEED_F32 && s->c_type == HEED_F32;
    bool bfloat16 =
        s->a_type == HEED_BF16 && s->b_type == HEED_BF16 && (s->c_type == HEED_F32 || s->c_type == HEED_BF16);
    return (float32 || bfloat16) && s->lda >= (s->transpose_a ? s->m : s->k) && s->ldc >= s->n &&
           (s->packed_b || s->ldb >= (s->transpose_b ? s->k : s->n));
}

// The key is compared by bytes: flags become 0 or 1, what has no meaning becomes 0, and padding is zero.
static void normalise(const heed_product_shape *from, heed_product_shape *to) {
    __builtin_memset(to, 0, sizeof *to);
    to->m = from->m, to->n = from->n, to->k = from->k;
    to->a_type = from->a_type, to->b_type = from->b_type, to->c_type = from->c_type;
    to->transpose_a = from->transpose_a != 0;
    to->accumulate = from->accumulate != 0;
    to->has_bias = from->has_bias != 0;
    to->relu = from->relu != 0;
    to->packed_b = from->packed_b != 0;
    to->transpose_b = from->transpose_b != 0 && !to->packed_b;
    to->lda = from->lda, to->ldc = from->ldc;
    to->ldb = to->packed_b ? 0 : from->ldb;
}

heed_status heed_product_acquire(const heed_product_shape *shape, heed_product **product) {
    *product = NULL;
    if (!is_possible(shape) || (shape->a_type == HEED_BF16 && !heed_bf16_products()))
        return HEED_UNSUPPORTED;
    heed_product_shape key;
    _Static_assert(sizeof key <= HEED_CACHE_KEY_BYTES, "the key of the cache holds a whole shape");
    normalise(shape, &key);
    heed_cached *object;
    heed_status status = heed_cache_acquire(&products, &key, sizeof key, &object);
    *product = (heed_product *)object;
    return status;
}

void heed_product_release(heed_product *product) {
    if (product)
        heed_cache_release(&product->cached);
}

heed_status heed_product_run(heed_product *product, const void *a, const void *b, void *c, const float *bias) {
    heed_onednn_thread *thread = heed_onednn_this_thread();
    if (!thread || !heed_buffer_reserve(&thread->scratch, product->scratch_bytes))
        return HEED_OUT_OF_MEMORY;
    const int names[HEED_ONEDNN_ARGUMENTS] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD,
                                              DNNL_ARG_BIAS};
    void *pointers[HEED_ONEDNN_ARGUMENTS] = {(void *)a, (void *)b, c, thread->scratch.memory, (void *)bias};
    dnnl_exec_arg_t arguments[HEED_ONEDNN_ARGUMENTS];
    int count = product->shape.has_bias ? HEED_ONEDNN_ARGUMENTS : HEED_ONEDNN_ARGUMENTS - 1;
    for (int i = 0; i < count; i++) {
        dnnl_memory_set_data_handle(thread->handles[i], pointers[i]);
        arguments[i] = (dnnl_exec_arg_t){names[i], thread->handles[i]};
    }
    return heed_status_of(dnnl_primitive_execute(product->primitive, thread->stream, count, arguments));
}
