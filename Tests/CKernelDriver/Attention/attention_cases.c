#include "attention_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
enum { GUARDS_ARE_POISONED = 1 };
#else
#define ASAN_POISON_MEMORY_REGION(memory, bytes) ((void)(memory), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(memory, bytes) ((void)(memory), (void)(bytes))
enum { GUARDS_ARE_POISONED = 0 };
#endif

#define GUARD 96
#define SENTINEL 0xC7

uint64_t case_random(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int32_t case_integer(uint64_t *state, int32_t least, int32_t most) {
    return least + (int32_t)(case_random(state) % (uint64_t)(most - least + 1));
}

double case_uniform(uint64_t *state, double least, double most) {
    return least + (most - least) * (double)(case_random(state) >> 11) * 0x1p-53;
}

static size_t size_of(heed_type type) {
    return type == HEED_BF16 ? 2 : 4;
}

double case_value(const case_array *array, int64_t i) {
    if (array->type == HEED_F32)
        return ((const float *)array->fast)[i];
    uint32_t bits = (uint32_t)((const uint16_t *)array->fast)[i] << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// Rounds to the array's type, and stores what came out in both forms.
void case_set(case_array *array, int64_t i, double value) {
    float rounded = (float)value;
    if (array->type == HEED_F32) {
        ((float *)array->fast)[i] = rounded;
    } else {
        uint32_t bits;
        memcpy(&bits, &rounded, sizeof bits);
        bits = isnan(rounded) ? 0x7FC0 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
        ((uint16_t *)array->fast)[i] = (uint16_t)bits;
    }
    array->exact[i] = case_value(array, i);
}

static case_array array_make(uint64_t *state, heed_type type, int64_t count, bool input) {
    size_t size = size_of(type), bytes = (size_t)(count + 2 * GUARD) * size;
    size_t shift = (size_t)case_integer(state, 0, 15) * size;
    case_array array = {.count = count, .type = type};
    array.memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
    memset(array.memory, SENTINEL, (bytes + 127) / 64 * 64);
    array.fast = (char *)array.memory + (GUARD * size + 63) / 64 * 64 - (shift ? 64 - shift : 0);
    array.exact = malloc((size_t)(count + 1) * sizeof(double));
    array.bound = calloc((size_t)(count + 1), sizeof(double));
    array.written = calloc((size_t)(count + 1), 1);
    for (int64_t i = 0; i < count; i++) {
        array.exact[i] = NAN;
        if (input)
            case_set(&array, i, NAN);
    }
    // The address sanitizer then sees who reads what is not the array's.
    char *end = (char *)array.fast + (size_t)count * size, *memory = array.memory;
    array.bytes = (bytes + 127) / 64 * 64;
    ASAN_POISON_MEMORY_REGION(memory, (size_t)((char *)array.fast - memory));
    ASAN_POISON_MEMORY_REGION(end, (size_t)(memory + array.bytes - end));
    return array;
}

static bool is_sentinel(const case_array *array, int64_t i) {
    size_t size = size_of(array->type);
    const unsigned char *at = (const unsigned char *)array->fast + i * (int64_t)size;
    for (size_t byte = 0; byte < size; byte++)
        if (at[byte] != SENTINEL)
            return false;
    return true;
}

bool case_untouched(const attention_case *c) {
    for (int n = ARRAY_O; n < ARRAY_COUNT; n++) {
        const case_array *array = &c->arrays[n];
        const int64_t beside = GUARDS_ARE_POISONED ? 0 : 16;
        for (int64_t i = -beside; i < array->count + beside && array->count; i++) {
            bool inside = i >= 0 && i < array->count;
            if (!(inside && array->written[i]) && !is_sentinel(array, i))
                return false;
        }
    }
    return true;
}

// Rows of all sequences, with gaps between them. Returns how many rows there are.
static int32_t lay_rows(uint64_t *state, int32_t sequences, const int32_t *length, int32_t *start) {
    int32_t row = case_integer(state, 0, 2);
    for (int32_t b = 0; b < sequences; b++) {
        start[b] = row;
        row += length[b] + case_integer(state, 0, 2);
    }
    return row;
}

// A matrix of rows for one role: strides wider than the heads need, at times.
static void make_rows(attention_case *c, uint64_t *state, int which, int64_t *stride, bool of_queries, int32_t width,
                      double amplitude, heed_type type) {
    bool input = which < ARRAY_O;
    const int32_t *start = of_queries ? c->q_start : c->k_start, *length = of_queries ? c->q_length : c->k_length;
    int32_t rows = start[c->sequences - 1] + length[c->sequences - 1];
    *stride = width + (case_integer(state, 0, 1) ? case_integer(state, 0, 40) : 0);
    case_array array = array_make(state, type, rows * *stride, input);
    for (int32_t b = 0; b < c->sequences; b++)
        for (int64_t r = start[b]; r < start[b] + length[b]; r++)
            for (int32_t i = 0; i < width; i++) {
                if (input)
                    case_set(&array, r * *stride + i, amplitude * case_uniform(state, -1, 1));
                else
                    array.written[r * *stride + i] = 1;
            }
    c->arrays[which] = array;
}

static void make_scores(attention_case *c, uint64_t *state, bool bias) {
    heed_attention *a = &c->fast;
    int32_t rows = c->q_start[c->sequences - 1] + c->q_length[c->sequences - 1], queries = 0, keys = 0;
    for (int32_t b = 0; b < c->sequences; b++) {
        queries = c->q_length[b] > queries ? c->q_length[b] : queries;
        keys = c->k_length[b] > keys ? c->k_length[b] : keys;
    }
    a->lse_stride = rows + case_integer(state, 0, 3);
    c->arrays[ARRAY_LSE] = array_make(state, HEED_F32, a->heads * a->lse_stride, false);
    for (int32_t h = 0; h < a->heads; h++)
        for (int32_t b = 0; b < c->sequences; b++)
            memset(c->arrays[ARRAY_LSE].written + h * a->lse_stride + c->q_start[b], 1, (size_t)c->q_length[b]);
    a->bias_row_stride = keys + case_integer(state, 0, 3);
    a->bias_head_stride = queries * a->bias_row_stride + case_integer(state, 0, 3);
    int64_t count = bias ? a->heads * a->bias_head_stride : 0;
    c->arrays[ARRAY_BIAS] = array_make(state, HEED_F32, count, true);
    c->arrays[ARRAY_DBIAS] = array_make(state, HEED_F32, count, false);
    for (int64_t i = 0; i < count; i++) {
        int64_t within = i % a->bias_head_stride;
        if (within >= queries * a->bias_row_stride || within % a->bias_row_stride >= keys)
            continue;
        case_set(&c->arrays[ARRAY_BIAS], i, case_uniform(state, -2, 2));
        case_set(&c->arrays[ARRAY_DBIAS], i, case_uniform(state, -1, 1));
        c->arrays[ARRAY_DBIAS].written[i] = 1;
    }
    a->dense_row_stride = keys + case_integer(state, 0, 3);
    a->dense_head_stride = case_integer(state, 0, 1) ? queries * a->dense_row_stride : 0;
    a->dense_sequence_stride = (a->dense_head_stride ? a->heads : 1) * queries * a->dense_row_stride;
    size_t bytes = (size_t)(a->dense_sequence_stride * c->sequences);
    c->dense = malloc(bytes + 1);
    double density = case_uniform(state, 0, 1);
    for (size_t i = 0; i < bytes; i++)
        c->dense[i] = case_uniform(state, 0, 1) < density ? (uint8_t)case_integer(state, 1, 255) : 0;
}

static void choose_shape(attention_case *c, uint64_t *state, case_options options) {
    static const int32_t sizes[] = {1,  2,  3,  5,  8,  15, 16, 17,  24,  31,  32,
                                    33, 40, 48, 64, 65, 80, 96, 128, 200, 256, 257};
    heed_attention *a = &c->fast;
    int32_t choices = 0;
    while (choices < (int32_t)(sizeof sizes / sizeof *sizes) && sizes[choices] <= options.widest)
        choices++;
    a->kv_heads = case_integer(state, 1, 3);
    a->heads = a->kv_heads * case_integer(state, 1, 3);
    a->dk = sizes[case_integer(state, 0, choices - 1)];
    a->dv = case_integer(state, 0, 1) ? a->dk : sizes[case_integer(state, 0, choices - 1)];
    a->scale = case_integer(state, 0, 2) ? 1 / sqrt(a->dk) : case_uniform(state, -0.5, 1);
    a->sequences = c->sequences = case_integer(state, 1, 4);
    bool square = case_integer(state, 0, 1);
    for (int32_t b = 0; b < c->sequences; b++) {
        c->q_length[b] =
            case_integer(state, 0, 7) ? case_integer(state, 0, options.longest) : case_integer(state, 0, 1);
        c->k_length[b] = square ? c->q_length[b] : case_integer(state, 0, options.longest);
        c->offset[b] = square && case_integer(state, 0, 1) ? 0 : case_integer(state, -20, options.longest / 2);
        c->prefix[b] = case_integer(state, 0, options.longest);
        c->sequence_id[b] = (uint32_t)case_integer(state, 0, 1000);
    }
    lay_rows(state, c->sequences, c->q_length, c->q_start);
    lay_rows(state, c->sequences, c->k_length, c->k_start);
    a->mask = options.mask < 0 ? (heed_mask)case_integer(state, 0, 4) : (heed_mask)options.mask;
    a->window = case_integer(state, 1, options.longest);
    if (!options.plain && case_integer(state, 0, 1)) {
        double rate = case_uniform(state, 0, 0.9);
        a->dropout = (heed_dropout){
            .key = {(uint32_t)case_random(state), (uint32_t)case_random(state)},
            .update = (uint32_t)case_random(state),
            .site = (uint32_t)case_random(state),
            .threshold = (uint32_t)(rate * 65536) + 1,
        };
        a->dropout.scale = 65536.0f / (float)(65536 - a->dropout.threshold);
    }
}

// Points one form of the description at its memory.
static void point(attention_case *c, heed_attention *a, int form) {
    void *at[ARRAY_COUNT];
    for (int n = 0; n < ARRAY_COUNT; n++) {
        case_array *array = &c->arrays[n];
        bool absent = array->count == 0 && (n == ARRAY_BIAS || n == ARRAY_DBIAS);
        at[n] = absent ? NULL : form == 0 ? array->fast : (void *)(form == 1 ? array->exact : array->bound);
    }
    a->q_start = c->q_start, a->q_length = c->q_length, a->k_start = c->k_start, a->k_length = c->k_length;
    a->offset = c->offset, a->prefix = c->prefix, a->sequence_id = c->sequence_id, a->dense = c->dense;
    a->q = at[ARRAY_Q], a->k = at[ARRAY_K], a->v = at[ARRAY_V], a->d_o = at[ARRAY_D_O], a->bias = at[ARRAY_BIAS];
    a->o = at[ARRAY_O], a->lse = at[ARRAY_LSE], a->dq = at[ARRAY_DQ], a->dk_ = at[ARRAY_DK], a->dv_ = at[ARRAY_DV];
    a->dbias = at[ARRAY_DBIAS];
}

static void strew(attention_case *c, uint64_t *state, int32_t count) {
    static const double values[] = {NAN, INFINITY, -INFINITY};
    for (int32_t n = 0; n < count; n++) {
        case_array *array = &c->arrays[case_integer(state, ARRAY_Q, ARRAY_D_O)];
        if (array->count)
            case_set(array, case_integer(state, 0, (int32_t)array->count - 1), values[case_integer(state, 0, 2)]);
    }
}

void case_make(attention_case *c, uint64_t seed, case_options options) {
    uint64_t state = seed;
    memset(c, 0, sizeof *c);
    choose_shape(c, &state, options);
    heed_attention *a = &c->fast;
    int32_t q = a->heads * a->dk, k = a->kv_heads * a->dk, v = a->kv_heads * a->dv, o = a->heads * a->dv;
    heed_type type = options.type;
    make_rows(c, &state, ARRAY_Q, &a->q_stride, true, q, options.amplitude, type);
    make_rows(c, &state, ARRAY_K, &a->k_stride, false, k, options.amplitude, type);
    make_rows(c, &state, ARRAY_V, &a->v_stride, false, v, 1, type);
    make_rows(c, &state, ARRAY_D_O, &a->d_o_stride, true, o, 1, type);
    make_rows(c, &state, ARRAY_O, &a->o_stride, true, o, 0, type);
    make_rows(c, &state, ARRAY_DQ, &a->dq_stride, true, q, 0, type);
    make_rows(c, &state, ARRAY_DK, &a->dk_stride, false, k, 0, type);
    make_rows(c, &state, ARRAY_DV, &a->dv_stride, false, v, 0, type);
    make_scores(c, &state, !options.plain && case_integer(&state, 0, 1));
    strew(c, &state, options.non_finite);
    c->exact = c->bounds = c->fast;
    point(c, &c->fast, 0);
    point(c, &c->exact, 1);
    point(c, &c->bounds, 2);
    c->bounds.q = c->exact.q;
}

void case_free(attention_case *c) {
    for (int n = 0; n < ARRAY_COUNT; n++) {
        ASAN_UNPOISON_MEMORY_REGION(c->arrays[n].memory, c->arrays[n].bytes);
        free(c->arrays[n].memory);
        free(c->arrays[n].exact);
        free(c->arrays[n].bound);
        free(c->arrays[n].written);
    }
    free(c->dense);
}

// Scratch memory of exactly the size that was asked for, full of NaN: ASan sees what goes beyond.
static void *scratch_make(const attention_case *c, const heed_kernels *table) {
    size_t bytes = table->attention_scratch(&c->fast);
    void *scratch = NULL;
    if (posix_memalign(&scratch, 64, bytes ? bytes : 64))
        abort();
    memset(scratch, 0xFF, bytes);
    return scratch;
}

void case_forward(const attention_case *c, const heed_kernels *table, int32_t cut) {
    void *scratch = scratch_make(c, table);
    for (int32_t b = 0; b < c->sequences; b++)
        for (int32_t h = 0; h < c->fast.heads; h++)
            for (int32_t i = 0; i < c->q_length[b]; i += cut)
                table->attention_forward(&c->fast, b, h, i, i + cut < c->q_length[b] ? i + cut : c->q_length[b],
                                         scratch);
    free(scratch);
}

void case_backward(const attention_case *c, const heed_kernels *table) {
    void *scratch = scratch_make(c, table);
    for (int32_t b = 0; b < c->sequences; b++)
        for (int32_t h = 0; h < c->fast.kv_heads; h++)
            table->attention_backward(&c->fast, b, h, scratch);
    free(scratch);
}
