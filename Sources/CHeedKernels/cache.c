#include "cache.h"

#include <stdlib.h>
#include <string.h>

static heed_cached **bucket_of(heed_cache *cache, const unsigned char key[HEED_CACHE_KEY_BYTES]) {
    uint64_t hash = 0xcbf29ce484222325; // FNV-1a
    for (int i = 0; i < HEED_CACHE_KEY_BYTES; i++)
        hash = (hash ^ key[i]) * 0x100000001b3;
    return &cache->buckets[(hash ^ hash >> 32) % HEED_CACHE_BUCKETS];
}

static void remove_from_unused(heed_cache *cache, heed_cached *object) {
    *(object->older ? &object->older->newer : &cache->oldest) = object->newer;
    *(object->newer ? &object->newer->older : &cache->newest) = object->older;
    object->older = object->newer = NULL;
}

static void add_to_unused(heed_cache *cache, heed_cached *object) {
    object->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = object;
    cache->newest = object;
}

static void remove_from_bucket(heed_cache *cache, heed_cached *object) {
    heed_cached **at = bucket_of(cache, object->key);
    while (*at != object)
        at = &(*at)->chain;
    *at = object->chain;
    cache->count--;
}

// Takes the least recently used object out when there are too many; the caller frees it, outside the lock.
static heed_cached *surplus(heed_cache *cache) {
    heed_cached *object = cache->count > cache->capacity ? cache->oldest : NULL;
    if (object) {
        remove_from_unused(cache, object);
        remove_from_bucket(cache, object);
    }
    return object;
}

static void destroy(heed_cached *object) {
    if (!object)
        return;
    object->cache->unmake(object);
    free(object);
}

static heed_cached *find(heed_cache *cache, const unsigned char key[HEED_CACHE_KEY_BYTES]) {
    heed_cached *object = *bucket_of(cache, key);
    while (object && memcmp(object->key, key, HEED_CACHE_KEY_BYTES) != 0)
        object = object->chain;
    return object;
}

static heed_cached *insert(heed_cache *cache, const unsigned char key[HEED_CACHE_KEY_BYTES]) {
    heed_cached *object = calloc(1, cache->object_bytes);
    if (!object)
        return NULL;
    object->cache = cache;
    memcpy(object->key, key, HEED_CACHE_KEY_BYTES);
    object->state = HEED_CACHED_MAKING;
    heed_cached **bucket = bucket_of(cache, key);
    object->chain = *bucket;
    *bucket = object;
    cache->count++;
    return object;
}

heed_status heed_cache_acquire(heed_cache *cache, const void *key, size_t key_bytes, heed_cached **found) {
    unsigned char whole[HEED_CACHE_KEY_BYTES] = {0};
    *found = NULL;
    if (key_bytes > sizeof whole)
        return HEED_FAILED;
    memcpy(whole, key, key_bytes);

    pthread_mutex_lock(&cache->lock);
    heed_cached *object = find(cache, whole);
    bool mine = !object;
    if (mine && !(object = insert(cache, whole))) {
        pthread_mutex_unlock(&cache->lock);
        return HEED_OUT_OF_MEMORY;
    }
    if (!mine && object->users == 0)
        remove_from_unused(cache, object);
    object->users++;
    if (mine) {
        pthread_mutex_unlock(&cache->lock);
        heed_status status = cache->make(object, key);
        pthread_mutex_lock(&cache->lock);
        object->status = status;
        object->state = status == HEED_OK ? HEED_CACHED_READY : HEED_CACHED_FAILED;
        pthread_cond_broadcast(&cache->made);
    }
    while (object->state == HEED_CACHED_MAKING)
        pthread_cond_wait(&cache->made, &cache->lock);
    heed_status status = object->status;
    heed_cached *old = surplus(cache);
    pthread_mutex_unlock(&cache->lock);

    destroy(old);
    if (status == HEED_OK)
        *found = object;
    else
        heed_cache_release(object);
    return status;
}

void heed_cache_release(heed_cached *object) {
    if (!object)
        return;
    heed_cache *cache = object->cache;
    heed_cached *old = NULL;
    pthread_mutex_lock(&cache->lock);
    if (--object->users == 0) {
        if (object->state == HEED_CACHED_FAILED) {
            remove_from_bucket(cache, object); // whoever asks again may have more luck
            old = object;
        } else {
            add_to_unused(cache, object);
            old = surplus(cache);
        }
    }
    pthread_mutex_unlock(&cache->lock);
    destroy(old);
}
