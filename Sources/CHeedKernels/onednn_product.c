// Matrix products: one oneDNN primitive for each shape, cached, and run on the calling thread alone.
//
// oneDNN leaves its fast code (whose names begin with "brg") for code that is several times slower, or plain loops,
// when rows of a matrix are wider than they need be, and takes other code for products of very few rows, whose bits
// differ. A product is therefore staged where that helps: wide operands are copied to dense ones, and a product of few
// rows is computed with more, so that speed and bits are those of the large dense product.

#include "cache.h"
#include "onednn.h"

#include <string.h>

struct heed_product {
    heed_cached cached; // first: the cache knows products by it
    heed_product_shape shape;
    int32_t rows; // of the primitive: m, or more
    bool stage_a, stage_b, stage_c;
    dnnl_primitive_t primitive;
    size_t scratchpad_bytes, a_bytes, b_bytes, c_bytes; // of the thread's scratch; multiples of 64
};

enum { CACHED_PRODUCTS = 4096 };

// MARK: Describing

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

static dnnl_status_t describe(const heed_product_shape *s, const heed_packed_layout *packed,
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

// MARK: Choosing

static const char *code_name(const_dnnl_primitive_desc_t description) {
    const char *name = NULL;
    dnnl_status_t status = dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, (void *)&name);
    return status == dnnl_success && name ? name : "";
}

static bool is_fast(const_dnnl_primitive_desc_t description) {
    return strncmp(code_name(description), "brg", 3) == 0;
}

static heed_product_shape dense(const heed_product_shape *s, int32_t rows) {
    heed_product_shape d = *s;
    d.m = rows;
    d.lda = s->transpose_a ? rows : s->k;
    if (!s->packed_b)
        d.ldb = s->transpose_b ? s->k : s->n;
    d.ldc = s->n;
    return d;
}

// Replaces `description` by that of the dense product of `rows` rows when it is of the code called `wanted`, or of any
// fast code when that is null.
static bool replace(dnnl_primitive_desc_t *description, const heed_product_shape *s, const heed_packed_layout *packed,
                    int32_t rows, const char *wanted) {
    heed_product_shape shape = dense(s, rows);
    dnnl_primitive_desc_t other;
    if (describe(&shape, packed, &other) != dnnl_success)
        return false;
    bool better = wanted ? strcmp(code_name(other), wanted) == 0 : is_fast(other);
    dnnl_primitive_desc_destroy(better ? *description : other);
    if (better)
        *description = other;
    return better;
}

// The number of rows with which a product of few rows gets the code of one of many.
static int32_t enough_rows(dnnl_primitive_desc_t *description, const heed_product_shape *s,
                           const heed_packed_layout *packed) {
    enum { FEW = 32, MANY = 256 };
    if (s->m > FEW || !is_fast(*description))
        return s->m;
    heed_product_shape large = dense(s, MANY);
    dnnl_primitive_desc_t typical;
    if (describe(&large, packed, &typical) != dnnl_success)
        return s->m;
    const char *wanted = code_name(typical);
    int32_t rows = s->m;
    if (is_fast(typical) && strcmp(code_name(*description), wanted) != 0) {
        const int32_t attempts[] = {2, 3, 4, 8, 16, FEW + 1};
        for (size_t i = 0; rows == s->m && i < sizeof attempts / sizeof attempts[0]; i++)
            if (attempts[i] > s->m && replace(description, s, packed, attempts[i], wanted))
                rows = attempts[i];
    }
    dnnl_primitive_desc_destroy(typical);
    return rows;
}

static size_t staged_bytes(bool staged, int64_t rows, int64_t columns, heed_type type) {
    return staged ? ((size_t)(rows * columns) * heed_bytes_of(type) + 63) / 64 * 64 : 0;
}

static dnnl_status_t make_primitive(heed_product *product, const heed_packed_layout *packed) {
    const heed_product_shape *s = &product->shape;
    dnnl_primitive_desc_t description;
    dnnl_status_t status = describe(s, packed, &description);
    if (status != dnnl_success)
        return status;
    heed_product_shape d = dense(s, s->m);
    bool wide_a = s->lda != d.lda, wide_b = s->ldb != d.ldb, wide_c = s->ldc != d.ldc;
    bool staged = (wide_a || wide_b || wide_c) && !is_fast(description) && replace(&description, s, packed, s->m, NULL);
    product->rows = enough_rows(&description, s, packed);
    bool more = product->rows > s->m;
    product->stage_a = more || (staged && wide_a);
    product->stage_b = (more || staged) && wide_b;
    product->stage_c = more || (staged && wide_c);
    product->scratchpad_bytes = (heed_onednn_scratch_bytes(description) + 63) / 64 * 64;
    product->a_bytes = staged_bytes(product->stage_a, product->rows, s->k, s->a_type);
    product->b_bytes = staged_bytes(product->stage_b, s->k, s->n, s->b_type);
    product->c_bytes = staged_bytes(product->stage_c, product->rows, s->n, s->c_type);
    status = dnnl_primitive_create(&product->primitive, description);
    dnnl_primitive_desc_destroy(description);
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

// MARK: Running

static void copy_rows(const char *from, size_t from_stride, char *to, size_t to_stride, int64_t rows, size_t bytes) {
    for (int64_t i = 0; i < rows; i++)
        memcpy(to + (size_t)i * to_stride, from + (size_t)i * from_stride, bytes);
}

// A dense copy of A with the rows that are too many set to zero.
static void stage_a(const heed_product *p, const void *a, char *to) {
    const heed_product_shape *s = &p->shape;
    size_t size = heed_bytes_of(s->a_type), ld = (size_t)s->lda * size;
    size_t m = (size_t)s->m * size, rows = (size_t)p->rows * size, k = (size_t)s->k * size;
    if (p->rows > s->m)
        memset(to, 0, p->a_bytes);
    if (s->transpose_a)
        copy_rows(a, ld, to, rows, s->k, m);
    else
        copy_rows(a, ld, to, k, s->m, k);
}

static void stage_b(const heed_product_shape *s, const void *b, char *to) {
    size_t size = heed_bytes_of(s->b_type), row = (size_t)(s->transpose_b ? s->k : s->n) * size;
    copy_rows(b, (size_t)s->ldb * size, to, row, s->transpose_b ? s->n : s->k, row);
}

heed_status heed_product_run(heed_product *product, const void *a, const void *b, void *c, const float *bias) {
    heed_onednn_thread *thread = heed_onednn_this_thread();
    const heed_product *p = product;
    const heed_product_shape *s = &p->shape;
    if (!thread || !heed_buffer_reserve(&thread->scratch, p->scratchpad_bytes + p->a_bytes + p->b_bytes + p->c_bytes))
        return HEED_OUT_OF_MEMORY;
    char *scratch = thread->scratch.memory;
    char *own_a = scratch + p->scratchpad_bytes, *own_b = own_a + p->a_bytes, *own_c = own_b + p->b_bytes;
    size_t c_size = heed_bytes_of(s->c_type), c_row = (size_t)s->n * c_size, c_stride = (size_t)s->ldc * c_size;
    if (p->stage_a)
        stage_a(p, a, own_a);
    if (p->stage_b)
        stage_b(s, b, own_b);
    if (p->stage_c && s->accumulate) {
        memset(own_c, 0, p->c_bytes);
        copy_rows(c, c_stride, own_c, c_row, s->m, c_row);
    }
    const int names[HEED_ONEDNN_ARGUMENTS] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD,
                                              DNNL_ARG_BIAS};
    void *pointers[HEED_ONEDNN_ARGUMENTS] = {p->stage_a ? own_a : (void *)a, p->stage_b ? own_b : (void *)b,
                                             p->stage_c ? own_c : c, scratch, (void *)bias};
    dnnl_exec_arg_t arguments[HEED_ONEDNN_ARGUMENTS];
    int count = s->has_bias ? HEED_ONEDNN_ARGUMENTS : HEED_ONEDNN_ARGUMENTS - 1;
    for (int i = 0; i < count; i++) {
        dnnl_memory_set_data_handle(thread->handles[i], pointers[i]);
        arguments[i] = (dnnl_exec_arg_t){names[i], thread->handles[i]};
    }
    dnnl_status_t status = dnnl_primitive_execute(p->primitive, thread->stream, count, arguments);
    if (p->stage_c && status == dnnl_success)
        copy_rows(own_c, c_row, c, c_stride, s->m, c_row);
    return heed_status_of(status);
}
