// A buffer that grows and is reused. Private to CHeedKernels.

#ifndef HEED_SCRATCH_H
#define HEED_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    void *memory; // aligned to 64
    size_t bytes;
} heed_buffer;

// Makes room for `bytes`; the contents are lost when the buffer grows. False when memory is out: then it is empty.
bool heed_buffer_reserve(heed_buffer *buffer, size_t bytes);
void heed_buffer_free(heed_buffer *buffer);

#endif
