// A bounded, thread-safe cache of objects that cost much to make. Private to CHeedKernels.
//
// Objects are found by a key of bytes (padding zeroed), are counted while in use, and the least recently used of those
// that nobody uses goes when the cache is over its bound. Of several threads that want the same new object one makes
// it, outside the lock, and the others wait.

#ifndef HEED_CACHE_H
#define HEED_CACHE_H

#include "heed_kernels.h"

#include <pthread.h>

enum { HEED_CACHE_KEY_BYTES = 64, HEED_CACHE_BUCKETS = 2048 };

typedef struct heed_cache heed_cache;

// The first member of every cached object.
typedef struct heed_cached {
    heed_cache *cache;
    unsigned char key[HEED_CACHE_KEY_BYTES];
    int64_t users;
    enum { HEED_CACHED_MAKING, HEED_CACHED_READY, HEED_CACHED_FAILED } state;
    heed_status status;
    struct heed_cached *chain;         // of its bucket
    struct heed_cached *older, *newer; // among the unused
} heed_cached;

struct heed_cache {
    size_t object_bytes;
    int64_t capacity;
    // Fills a zeroed object from its key; what it made is unmade by `unmake`, also after a failure.
    heed_status (*make)(heed_cached *object, const void *key);
    void (*unmake)(heed_cached *object);

    pthread_mutex_t lock;
    pthread_cond_t made;
    int64_t count;
    heed_cached *buckets[HEED_CACHE_BUCKETS];
    heed_cached *oldest, *newest;
};

#define HEED_CACHE_LOCKS .lock = PTHREAD_MUTEX_INITIALIZER, .made = PTHREAD_COND_INITIALIZER

heed_status heed_cache_acquire(heed_cache *cache, const void *key, size_t key_bytes, heed_cached **object);
void heed_cache_release(heed_cached *object);

#endif
