// Memory that belongs to a thread and grows with what it is asked for.

#include "scratch.h"
#include "heed_kernels.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

static _Thread_local heed_buffer scratch;
static pthread_key_t release_key;
static pthread_once_t release_once = PTHREAD_ONCE_INIT;
static bool release_works;

bool heed_buffer_reserve(heed_buffer *buffer, size_t bytes) {
    if (bytes <= buffer->bytes && buffer->memory)
        return true;
    // Whole pages, and half as much again, so that slowly growing wishes do not allocate each time.
    size_t page = 4096, wanted = bytes + buffer->bytes / 2;
    if (wanted < bytes || wanted > SIZE_MAX - page)
        return false;
    wanted = (wanted / page + 1) * page;
    heed_buffer_free(buffer);
    buffer->memory = aligned_alloc(64, wanted);
    buffer->bytes = buffer->memory ? wanted : 0;
    return buffer->memory != NULL;
}

bool heed_has_room(void) {
    enum { ROOM = 16 << 20 };
    void *memory = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory != MAP_FAILED && munmap(memory, ROOM) == 0;
}

void heed_buffer_free(heed_buffer *buffer) {
    free(buffer->memory);
    buffer->memory = NULL;
    buffer->bytes = 0;
}

static void release_scratch(void *buffer) {
    heed_buffer_free(buffer);
}

static void make_release_key(void) {
    release_works = pthread_key_create(&release_key, release_scratch) == 0;
}

void *heed_thread_scratch(size_t bytes) {
    if (!scratch.memory) {
        pthread_once(&release_once, make_release_key);
        if (release_works)
            pthread_setspecific(release_key, &scratch);
    }
    return heed_buffer_reserve(&scratch, bytes) ? scratch.memory : NULL;
}
