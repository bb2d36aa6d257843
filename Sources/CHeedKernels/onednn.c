#include "onednn.h"

#include <dlfcn.h>
#include <pthread.h>

static pthread_once_t engine_once = PTHREAD_ONCE_INIT;
static dnnl_engine_t engine;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t release_key;
static bool release_works;
static _Thread_local heed_onednn_thread this_thread;

heed_status heed_status_of(dnnl_status_t status) {
    switch (status) {
    case dnnl_success:
        return HEED_OK;
    case dnnl_unimplemented:
    case dnnl_invalid_arguments:
        return HEED_UNSUPPORTED;
    case dnnl_out_of_memory:
        return HEED_OUT_OF_MEMORY;
    default:
        return HEED_FAILED;
    }
}

static void make_engine(void) {
#if defined(__x86_64__)
    // Before anything else of oneDNN: it fixes its instruction set at first use.
    dnnl_set_max_cpu_isa(heed_onednn_isa(heed_isa_current()));
#endif
    if (!heed_has_room() || dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success)
        engine = NULL;
}

dnnl_engine_t heed_onednn_engine(void) {
    pthread_once(&engine_once, make_engine);
    return engine;
}

// oneDNN asks OpenMP how many threads to use, each time anew and for the thread that asks: Heed's pool is the only one
// that runs in parallel. Found at run time, so that linking needs no OpenMP development package; a oneDNN built
// without OpenMP has nothing to be told.
static void use_one_openmp_thread(void) {
    void (*set_num_threads)(int);
    *(void **)&set_num_threads = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (set_num_threads)
        set_num_threads(1);
}

static void release_thread(void *pointer) {
    heed_onednn_thread *thread = pointer;
    for (int i = 0; i < HEED_ONEDNN_ARGUMENTS; i++)
        if (thread->handles[i])
            dnnl_memory_destroy(thread->handles[i]);
    if (thread->stream)
        dnnl_stream_destroy(thread->stream);
    heed_buffer_free(&thread->scratch);
    *thread = (heed_onednn_thread){0};
}

static void make_release_key(void) {
    release_works = pthread_key_create(&release_key, release_thread) == 0;
}

static bool make_thread(heed_onednn_thread *thread) {
    if (!heed_onednn_engine() || !heed_has_room())
        return false;
    use_one_openmp_thread();
    heed_layout_desc any;
    if (heed_layout_make_strided(&any, 1, 1, HEED_F32, 1, 1) != dnnl_success)
        return false;
    bool made = dnnl_stream_create(&thread->stream, engine, dnnl_stream_default_flags) == dnnl_success;
    for (int i = 0; made && i < HEED_ONEDNN_ARGUMENTS; i++)
        made = dnnl_memory_create(&thread->handles[i], heed_layout_use(&any), engine, DNNL_MEMORY_NONE) == dnnl_success;
    heed_layout_free(&any);
    return made;
}

heed_onednn_thread *heed_onednn_this_thread(void) {
    if (this_thread.ready)
        return &this_thread;
    pthread_once(&key_once, make_release_key);
    if (!make_thread(&this_thread)) {
        release_thread(&this_thread);
        return NULL;
    }
    this_thread.ready = true;
    if (release_works)
        pthread_setspecific(release_key, &this_thread);
    return &this_thread;
}

dnnl_status_t heed_onednn_attributes(dnnl_primitive_attr_t *attributes) {
    if (!heed_has_room())
        return dnnl_out_of_memory;
    dnnl_status_t status = dnnl_primitive_attr_create(attributes);
    if (status != dnnl_success)
        return status;
    // The library's own scratchpads are not safe to share between threads.
    status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
    // Said, because an environment variable could otherwise turn float32 products into bf16 ones.
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_fpmath_mode(*attributes, dnnl_fpmath_mode_strict);
    if (status != dnnl_success)
        dnnl_primitive_attr_destroy(*attributes);
    return status;
}

size_t heed_onednn_scratch_bytes(const_dnnl_primitive_desc_t description) {
    heed_layout_ref layout = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    return layout ? dnnl_memory_desc_get_size(layout) : 0;
}

int heed_onednn_version(void) {
    const dnnl_version_t *version = dnnl_version();
    return version->major * 10000 + version->minor * 100 + version->patch;
}
