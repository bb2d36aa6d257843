// Running a matrix product, panel by panel, on the calling thread.

#include "onednn_product.h"
#include "panel_product.h"

#include <string.h>

static void copy_rows(const char *from, int64_t from_ld, char *to, int64_t to_ld, int64_t rows, int64_t columns,
                      size_t size) {
    for (int64_t i = 0; i < rows; i++)
        memcpy(to + (size_t)(i * to_ld) * size, from + (size_t)(i * from_ld) * size, (size_t)columns * size);
}

typedef struct {
    const heed_product *product;
    heed_onednn_thread *thread;
    char *own_a, *own_b, *own_c; // in the thread's scratch
    dnnl_exec_arg_t arguments[HEED_ONEDNN_ARGUMENTS];
} run;

enum { A, B, C, SCRATCH, BIAS };

static void set(run *r, int argument, const void *pointer) {
    dnnl_memory_set_data_handle(r->thread->handles[argument], (void *)pointer);
}

// Rows `first` … of C, `count` of them.
static dnnl_status_t run_panel(run *r, const char *a, char *c, int64_t count) {
    const heed_product *p = r->product;
    const heed_product_shape *s = &p->shape, *inner = &p->inner;
    bool is_short = count < inner->m;
    bool own_a = s->transpose_a || inner->lda != s->lda || is_short, own_c = inner->ldc != s->ldc || is_short;
    size_t a_size = heed_bytes_of(s->a_type), c_size = heed_bytes_of(s->c_type);
    if (own_a) {
        if (is_short)
            memset(r->own_a, 0, p->a_bytes);
        if (s->transpose_a)
            heed_kernels_for(s->a_type)->transpose(s->k, count, a, s->lda, r->own_a, inner->lda);
        else
            copy_rows(a, s->lda, r->own_a, inner->lda, count, s->k, a_size);
    }
    if (own_c && s->accumulate) {
        if (is_short)
            memset(r->own_c, 0, p->c_bytes);
        copy_rows(c, s->ldc, r->own_c, inner->ldc, count, s->n, c_size);
    }
    set(r, A, own_a ? r->own_a : a);
    set(r, C, own_c ? r->own_c : c);
    int arguments = s->has_bias ? HEED_ONEDNN_ARGUMENTS : HEED_ONEDNN_ARGUMENTS - 1;
    dnnl_status_t status = dnnl_primitive_execute(p->primitive, r->thread->stream, arguments, r->arguments);
    if (own_c && status == dnnl_success)
        copy_rows(r->own_c, inner->ldc, c, s->ldc, count, s->n, c_size);
    return status;
}

static void prepare(run *r, const void *b, const float *bias) {
    const heed_product *p = r->product;
    const heed_product_shape *s = &p->shape;
    char *scratch = r->thread->scratch.memory;
    r->own_a = scratch + p->scratchpad_bytes;
    r->own_b = r->own_a + p->a_bytes;
    r->own_c = r->own_b + p->b_bytes;
    if (p->b_bytes > 0)
        copy_rows(b, s->ldb, r->own_b, p->inner.ldb, s->transpose_b ? s->n : s->k, s->transpose_b ? s->k : s->n,
                  heed_bytes_of(s->b_type));
    const int names[HEED_ONEDNN_ARGUMENTS] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD,
                                              DNNL_ARG_BIAS};
    for (int i = 0; i < HEED_ONEDNN_ARGUMENTS; i++)
        r->arguments[i] = (dnnl_exec_arg_t){names[i], r->thread->handles[i]};
    set(r, B, p->b_bytes > 0 ? r->own_b : b);
    set(r, SCRATCH, scratch);
    set(r, BIAS, bias);
}

static heed_status run_in_panels(const heed_product_shape *s, heed_onednn_thread *thread, const void *a, const void *b,
                                 void *c, const float *bias) {
    if (!thread || !heed_buffer_reserve(&thread->scratch, heed_panels_scratch_bytes(s)))
        return HEED_OUT_OF_MEMORY;
    heed_panels_run(s, a, b, c, bias, thread->scratch.memory);
    return HEED_OK;
}

heed_status heed_product_run(heed_product *product, const void *a, const void *b, void *c, const float *bias) {
    const heed_product *p = product;
    const heed_product_shape *s = &p->shape;
    run r = {.product = p, .thread = heed_onednn_this_thread()};
    if (p->in_panels)
        return run_in_panels(s, r.thread, a, b, c, bias);
    if (!r.thread ||
        !heed_buffer_reserve(&r.thread->scratch, p->scratchpad_bytes + p->a_bytes + p->b_bytes + p->c_bytes))
        return HEED_OUT_OF_MEMORY;
    prepare(&r, b, bias);
    size_t a_step = heed_bytes_of(s->a_type) * (s->transpose_a ? 1 : (size_t)s->lda);
    size_t c_step = heed_bytes_of(s->c_type) * (size_t)s->ldc;
    dnnl_status_t status = dnnl_success;
    for (int64_t first = 0; first < s->m && status == dnnl_success; first += p->inner.m) {
        int64_t count = s->m - first < p->inner.m ? s->m - first : p->inner.m;
        status = run_panel(&r, (const char *)a + (size_t)first * a_step, (char *)c + (size_t)first * c_step, count);
    }
    return heed_status_of(status);
}
