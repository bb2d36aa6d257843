// Making matrix products, and the cache of them.

#include "onednn_product.h"
#include "panel_product.h"

#include <string.h>

enum { CACHED_PRODUCTS = 4096 };

// MARK: Choosing

static const char *code_name(const_dnnl_primitive_desc_t description) {
    const char *name = NULL;
    dnnl_status_t status = dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, (void *)&name);
    return status == dnnl_success && name ? name : "";
}

static bool is_fast(const_dnnl_primitive_desc_t description) {
    return strncmp(code_name(description), "brg", 3) == 0;
}

// The product of `rows` dense rows; A is transposed beforehand.
static heed_product_shape dense(const heed_product_shape *s, int32_t rows) {
    heed_product_shape d = *s;
    d.m = rows;
    d.transpose_a = 0;
    d.lda = s->k;
    if (!s->packed_b)
        d.ldb = s->transpose_b ? s->k : s->n;
    d.ldc = s->n;
    return d;
}

// How many rows to compute at a time so that a row's bits do not depend on the others: all of them, but for long sums
// of bfloat16 with AMX, which oneDNN (2.6 and 3.2, as product_test found) cuts into pieces whose length depends on the
// number of rows. Rows of a transposed A are widths of layers, which are always the same.
static int32_t rows_at_a_time(const heed_product_shape *s) {
    bool cuts_sums = heed_isa_current() == HEED_ISA_AMX && s->a_type == HEED_BF16 && s->k >= 1024;
    return cuts_sums && !s->transpose_a ? 64 : s->m;
}

// Replaces `description` by that of the dense product of `rows` rows when it is of the code called `wanted`, or of any
// fast code when that is null.
static bool replace(dnnl_primitive_desc_t *description, const heed_product_shape *s, const heed_packed_layout *packed,
                    int32_t rows, const char *wanted) {
    heed_product_shape shape = dense(s, rows);
    dnnl_primitive_desc_t other;
    if (heed_product_describe(&shape, packed, &other) != dnnl_success)
        return false;
    bool better = wanted ? strcmp(code_name(other), wanted) == 0 : is_fast(other);
    dnnl_primitive_desc_destroy(better ? *description : other);
    if (better)
        *description = other;
    return better;
}

// The number of rows with which a product of few rows gets the code of one of many; `description` becomes its.
static int32_t enough_rows(dnnl_primitive_desc_t *description, const heed_product_shape *s,
                           const heed_packed_layout *packed) {
    enum { FEW = 32, MANY = 256 };
    if (s->m > FEW || !is_fast(*description))
        return s->m;
    heed_product_shape large = dense(s, MANY);
    dnnl_primitive_desc_t typical;
    if (heed_product_describe(&large, packed, &typical) != dnnl_success)
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

// MARK: Making

// Bytes of a matrix whose rows are `ld` long, in whole cache lines.
static size_t staged_bytes(int64_t rows, int64_t ld, heed_type type) {
    return ((size_t)(rows * ld) * heed_bytes_of(type) + 63) / 64 * 64;
}

static dnnl_status_t make_primitive(heed_product *p, const heed_packed_layout *packed) {
    heed_product_shape panel = p->shape;
    panel.m = rows_at_a_time(&p->shape);
    if (panel.transpose_a)
        panel.transpose_a = 0, panel.lda = panel.k;
    dnnl_primitive_desc_t description;
    dnnl_status_t status = heed_product_describe(&panel, packed, &description);
    if (status != dnnl_success)
        return status;
    heed_product_shape d = dense(&panel, panel.m);
    bool wide = panel.lda != d.lda || panel.ldb != d.ldb || panel.ldc != d.ldc;
    bool to_dense = wide && !is_fast(description) && replace(&description, &panel, packed, panel.m, NULL);
    int32_t rows = enough_rows(&description, &panel, packed);
    p->inner = to_dense || rows > panel.m ? dense(&panel, rows) : panel;

    const heed_product_shape *s = &p->shape, *inner = &p->inner;
    bool short_panel = s->m % inner->m != 0;
    p->scratchpad_bytes = (heed_onednn_scratch_bytes(description) + 63) / 64 * 64;
    if (s->transpose_a || inner->lda != s->lda || short_panel)
        p->a_bytes = staged_bytes(inner->m, inner->lda, s->a_type);
    if (inner->ldb != s->ldb)
        p->b_bytes = staged_bytes(s->transpose_b ? s->n : s->k, inner->ldb, s->b_type);
    if (inner->ldc != s->ldc || short_panel)
        p->c_bytes = staged_bytes(inner->m, inner->ldc, s->c_type);
    status = dnnl_primitive_create(&p->primitive, description);
    dnnl_primitive_desc_destroy(description);
    return status;
}

static heed_status make_product(heed_cached *object, const void *key) {
    heed_product *product = (heed_product *)object;
    product->shape = *(const heed_product_shape *)key;
    const heed_product_shape *s = &product->shape;
    if (heed_panels_are_used(s->a_type)) {
        product->in_panels = true;
        return HEED_OK;
    }
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

// MARK: Acquiring

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
    memset(to, 0, sizeof *to);
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
