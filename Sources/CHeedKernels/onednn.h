// The engine of oneDNN and what each thread keeps to run it. Private to CHeedKernels.

#ifndef HEED_ONEDNN_H
#define HEED_ONEDNN_H

#include "onednn_api.h"
#include "scratch.h"

enum { HEED_ONEDNN_ARGUMENTS = 5 };

// What a thread needs to run primitives; it belongs to the thread and lives as long.
typedef struct {
    bool ready;
    dnnl_stream_t stream;
    // Handles whose pointer is set before each run. Primitives read the descriptors that they were made with, and of
    // these only the pointer, as long as no size is left open until the run; so one set serves every product.
    dnnl_memory_t handles[HEED_ONEDNN_ARGUMENTS];
    heed_buffer scratch;
} heed_onednn_thread;

// The engine, made once, after telling oneDNN the instruction set in force; null when that failed.
dnnl_engine_t heed_onednn_engine(void);
// Null when memory is out or oneDNN does not work.
heed_onednn_thread *heed_onednn_this_thread(void);

heed_status heed_status_of(dnnl_status_t status);
static inline size_t heed_bytes_of(heed_type type) {
    return type == HEED_BF16 ? 2 : 4;
}
// Attributes that every primitive shares; freed by the caller.
dnnl_status_t heed_onednn_attributes(dnnl_primitive_attr_t *attributes);
size_t heed_onednn_scratch_bytes(const_dnnl_primitive_desc_t description);

// The packed layout of weights, referenced until heed_packed_layout_release. Null where there is none.
typedef struct heed_packed_layout heed_packed_layout;
heed_status heed_packed_layout_acquire(heed_type type, int32_t k, int32_t n, heed_packed_layout **layout);
const heed_layout_desc *heed_packed_layout_desc(const heed_packed_layout *layout);
void heed_packed_layout_release(heed_packed_layout *layout);

#endif
