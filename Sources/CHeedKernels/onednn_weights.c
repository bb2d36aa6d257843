// Packed weights, in one layout for every number of rows: the blocked one that oneDNN likes best for a matrix, or
// panels of columns where products are the project's own (panel_product.h).

#include "cache.h"
#include "onednn.h"
#include "panel_product.h"

#include <string.h>

// oneDNN chooses the layout for a product of this many rows: enough for its fastest code.
enum { TYPICAL_ROWS = 256, CACHED_LAYOUTS = 4096 };

// MARK: Layouts

typedef struct {
    int32_t type, k, n;
} layout_key;

struct heed_packed_layout {
    heed_cached cached;
    bool made;
    heed_layout_desc desc;
    int32_t block; // columns of a block of pairs; 0 for a layout that the library alone knows
};

static dnnl_status_t choose_layout(const layout_key *key, heed_layout_desc *chosen) {
    heed_layout_desc a, b, c;
    heed_type type = (heed_type)key->type;
    dnnl_status_t status = heed_layout_make_strided(&a, TYPICAL_ROWS, key->k, type, key->k, 1);
    if (status != dnnl_success)
        return status;
    status = heed_layout_make_any(&b, key->k, key->n, type);
    if (status == dnnl_success) {
        status = heed_layout_make_strided(&c, TYPICAL_ROWS, key->n, HEED_F32, key->n, 1);
        dnnl_primitive_attr_t attributes;
        if (status == dnnl_success && (status = heed_onednn_attributes(&attributes)) == dnnl_success) {
            dnnl_primitive_desc_t description;
            status = heed_matmul_describe(&description, heed_onednn_engine(), &a, &b, NULL, &c, attributes);
            if (status == dnnl_success) {
                status = heed_layout_copy(chosen, dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0));
                dnnl_primitive_desc_destroy(description);
            }
            dnnl_primitive_attr_destroy(attributes);
            heed_layout_free(&c);
        }
        heed_layout_free(&b);
    }
    heed_layout_free(&a);
    return status;
}

static heed_status make_layout(heed_cached *object, const void *key) {
    heed_packed_layout *layout = (heed_packed_layout *)object;
    if (!heed_onednn_this_thread())
        return HEED_FAILED;
    dnnl_status_t status = choose_layout(key, &layout->desc);
    layout->made = status == dnnl_success;
    const layout_key *sizes = key;
    if (layout->made && sizes->type == HEED_BF16)
        layout->block = heed_layout_pairs(&layout->desc, sizes->k, sizes->n);
    return heed_status_of(status);
}

static void unmake_layout(heed_cached *object) {
    heed_packed_layout *layout = (heed_packed_layout *)object;
    if (layout->made)
        heed_layout_free(&layout->desc);
}

static heed_cache layouts = {
    .object_bytes = sizeof(heed_packed_layout),
    .capacity = CACHED_LAYOUTS,
    .make = make_layout,
    .unmake = unmake_layout,
    HEED_CACHE_LOCKS,
};

heed_status heed_packed_layout_acquire(heed_type type, int32_t k, int32_t n, heed_packed_layout **layout) {
    *layout = NULL;
    if (k <= 0 || n <= 0 || (type != HEED_F32 && type != HEED_BF16) || (type == HEED_BF16 && !heed_bf16_products()))
        return HEED_UNSUPPORTED;
    layout_key key = {(int32_t)type, k, n};
    heed_cached *object;
    heed_status status = heed_cache_acquire(&layouts, &key, sizeof key, &object);
    *layout = (heed_packed_layout *)object;
    return status;
}

const heed_layout_desc *heed_packed_layout_desc(const heed_packed_layout *layout) {
    return &layout->desc;
}

void heed_packed_layout_release(heed_packed_layout *layout) {
    if (layout)
        heed_cache_release(&layout->cached);
}

size_t heed_weights_packed_bytes(heed_type type, int32_t k, int32_t n) {
    if (heed_panels_are_used(type))
        return k > 0 && n > 0 ? heed_panels_bytes(k, n) : 0;
    heed_packed_layout *layout;
    if (heed_packed_layout_acquire(type, k, n, &layout) != HEED_OK)
        return 0;
    size_t bytes = dnnl_memory_desc_get_size(heed_layout_use(&layout->desc));
    heed_packed_layout_release(layout);
    return bytes;
}

// MARK: Packing

typedef struct {
    int64_t ld;
    int32_t type, k, n, source_type, transposed, zero;
} packing_key;

typedef struct {
    heed_cached cached;
    heed_layout_desc source, packed;
    bool has_source, has_packed;
    dnnl_primitive_t primitive;
    size_t scratch_bytes;
} packing;

static dnnl_status_t make_reorder(packing *p) {
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = heed_onednn_attributes(&attributes);
    if (status != dnnl_success)
        return status;
    dnnl_primitive_desc_t description;
    dnnl_engine_t engine = heed_onednn_engine();
    status = dnnl_reorder_primitive_desc_create(&description, heed_layout_use(&p->source), engine,
                                                heed_layout_use(&p->packed), engine, attributes);
    if (status == dnnl_success) {
        p->scratch_bytes = heed_onednn_scratch_bytes(description);
        status = dnnl_primitive_create(&p->primitive, description);
        dnnl_primitive_desc_destroy(description);
    }
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

static heed_status make_packing(heed_cached *object, const void *bytes) {
    packing *p = (packing *)object;
    const packing_key *key = bytes;
    if (!heed_onednn_this_thread())
        return HEED_FAILED;
    dnnl_status_t status = heed_layout_make_strided(&p->source, key->k, key->n, (heed_type)key->source_type,
                                                    key->transposed ? 1 : key->ld, key->transposed ? key->ld : 1);
    p->has_source = status == dnnl_success;
    if (status != dnnl_success)
        return heed_status_of(status);
    heed_packed_layout *layout;
    heed_status found = heed_packed_layout_acquire((heed_type)key->type, key->k, key->n, &layout);
    if (found != HEED_OK)
        return found;
    status = heed_layout_copy(&p->packed, heed_layout_use(&layout->desc));
    p->has_packed = status == dnnl_success;
    heed_packed_layout_release(layout);
    return heed_status_of(status == dnnl_success ? make_reorder(p) : status);
}

static void unmake_packing(heed_cached *object) {
    packing *p = (packing *)object;
    if (p->primitive)
        dnnl_primitive_destroy(p->primitive);
    if (p->has_source)
        heed_layout_free(&p->source);
    if (p->has_packed)
        heed_layout_free(&p->packed);
}

static heed_cache packings = {
    .object_bytes = sizeof(packing),
    .capacity = CACHED_LAYOUTS,
    .make = make_packing,
    .unmake = unmake_packing,
    HEED_CACHE_LOCKS,
};

// Memory objects with their true descriptors: where the layout is padded, the reorder writes the padding by them.
static dnnl_status_t run_packing(const packing *p, heed_onednn_thread *thread, const void *source, void *packed) {
    dnnl_memory_t from = NULL, to = NULL;
    dnnl_engine_t engine = heed_onednn_engine();
    dnnl_status_t status = dnnl_memory_create(&from, heed_layout_use(&p->source), engine, (void *)source);
    if (status == dnnl_success)
        status = dnnl_memory_create(&to, heed_layout_use(&p->packed), engine, packed);
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(thread->handles[0], thread->scratch.memory);
    if (status == dnnl_success) {
        const dnnl_exec_arg_t arguments[] = {
            {DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, thread->handles[0]}};
        status = dnnl_primitive_execute(p->primitive, thread->stream, 3, arguments);
    }
    if (to)
        dnnl_memory_destroy(to);
    if (from)
        dnnl_memory_destroy(from);
    return status;
}

static heed_status pack_by_library(heed_type type, int32_t k, int32_t n, heed_type source_type, bool transposed,
                                   int64_t ld, const void *source, void *packed) {
    heed_onednn_thread *thread = heed_onednn_this_thread();
    if (!thread)
        return HEED_FAILED;
    packing_key key = {ld, (int32_t)type, k, n, (int32_t)source_type, transposed, 0};
    heed_cached *object;
    heed_status status = heed_cache_acquire(&packings, &key, sizeof key, &object);
    if (status != HEED_OK)
        return status;
    packing *p = (packing *)object;
    status = heed_buffer_reserve(&thread->scratch, p->scratch_bytes)
                 ? heed_status_of(run_packing(p, thread, source, packed))
                 : HEED_OUT_OF_MEMORY;
    heed_cache_release(object);
    return status;
}

static int32_t block_of(heed_type type, int32_t k, int32_t n) {
    heed_packed_layout *layout;
    if (heed_packed_layout_acquire(type, k, n, &layout) != HEED_OK)
        return 0;
    int32_t block = layout->block;
    heed_packed_layout_release(layout);
    return block;
}

int32_t heed_weights_block(heed_type type, int32_t k, int32_t n) {
    if (heed_panels_are_used(type))
        return HEED_PANEL_COLUMNS;
    int32_t block = block_of(type, k, n);
    return block > 0 ? block : n;
}

heed_status heed_weights_pack_columns(heed_type type, int32_t k, int32_t n, heed_type source_type, bool transposed,
                                      int64_t ld, const void *source, void *packed, int32_t begin, int32_t end) {
    if (k <= 0 || n <= 0 || ld < (transposed ? k : n) || (source_type != HEED_F32 && source_type != HEED_BF16))
        return HEED_UNSUPPORTED;
    if (heed_panels_are_used(type)) {
        heed_panel_packing p = {.k = k, .n = n, .ld = ld, .wide = source_type == HEED_F32, .transposed = transposed};
        p.source = source, p.packed = packed;
        heed_kernels_for(HEED_BF16)->pack_panels(&p, begin / HEED_PANEL_COLUMNS,
                                                 (end + HEED_PANEL_COLUMNS - 1) / HEED_PANEL_COLUMNS);
        return HEED_OK;
    }
    int32_t block = block_of(type, k, n);
    if (type != HEED_BF16 || block == 0)
        return begin == 0 && end >= n ? pack_by_library(type, k, n, source_type, transposed, ld, source, packed)
                                      : HEED_UNSUPPORTED;
    heed_pairs_packing p = {.k = k, .n = n, .ld = ld, .block_columns = block, .transposed = transposed};
    p.wide = source_type == HEED_F32, p.source = source, p.packed = packed;
    heed_kernels_for(HEED_BF16)->pack_pairs(&p, begin / block, (end + block - 1) / block);
    return HEED_OK;
}

heed_status heed_weights_pack(heed_type type, int32_t k, int32_t n, heed_type source_type, bool transposed, int64_t ld,
                              const void *source, void *packed) {
    return heed_weights_pack_columns(type, k, n, source_type, transposed, ld, source, packed, 0, n);
}

bool heed_bf16_products(void) {
#if defined(__x86_64__)
    return heed_isa_current() >= HEED_ISA_AVX512BF16;
#else
    return false;
#endif
}
