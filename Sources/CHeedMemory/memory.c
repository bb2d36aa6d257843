#include "heed_memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static _Atomic(void (*)(size_t)) missing_memory;

void heed_watch_memory(void (*missing)(size_t bytes)) {
    atomic_store(&missing_memory, missing);
}

#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

// glibc's own, under the name that it keeps for whoever replaces `malloc`; its `free` and `realloc` go with it.
void *__libc_malloc(size_t bytes);

static _Thread_local int is_telling;

static void tell(size_t bytes) {
    static atomic_flag told = ATOMIC_FLAG_INIT;
    void (*missing)(size_t) = atomic_load(&missing_memory);
    // What is told with needs memory, too: nobody hears of a failure there.
    if (!missing || is_telling)
        return;
    is_telling = 1;
    // Should what is locked now be needed to end, the signal ends the process.
    alarm(10);
    if (!atomic_flag_test_and_set(&told))
        missing(bytes);
    for (;;)
        pause();
}

void *malloc(size_t bytes) {
    void *memory = __libc_malloc(bytes);
    if (!memory)
        tell(bytes);
    return memory;
}

#endif
