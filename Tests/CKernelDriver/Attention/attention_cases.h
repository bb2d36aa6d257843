// Random attention problems in two forms: for the kernels (float or bfloat16) and for the reference (float64).

#ifndef HEED_ATTENTION_CASES_H
#define HEED_ATTENTION_CASES_H

#include "heed_kernels.h"

// One array in every form. Elements that nobody may read hold NaN; elements that nobody may write keep their bits.
typedef struct {
    void *memory, *fast; // `fast` lies inside, between guards, at any alignment
    double *exact, *bound;
    uint8_t *written; // which elements the kernels write
    int64_t count;
    size_t bytes; // of `memory`
    heed_type type;
} case_array;

enum {
    ARRAY_Q,
    ARRAY_K,
    ARRAY_V,
    ARRAY_D_O,
    ARRAY_BIAS,
    ARRAY_O,
    ARRAY_LSE,
    ARRAY_DQ,
    ARRAY_DK,
    ARRAY_DV,
    ARRAY_DBIAS
};
#define ARRAY_COUNT 11

typedef struct {
    heed_attention fast, exact, bounds;
    int32_t sequences;
    int32_t q_start[8], q_length[8], k_start[8], k_length[8], offset[8], prefix[8];
    uint32_t sequence_id[8];
    uint8_t *dense;
    case_array arrays[ARRAY_COUNT];
} attention_case;

typedef struct {
    heed_type type;
    int32_t longest;    // longest sequence
    int32_t widest;     // largest head size
    int32_t mask;       // a heed_mask, or −1 for any
    double amplitude;   // of queries and keys
    bool plain;         // no dropout, no bias
    int32_t non_finite; // how many NaN and infinities to strew over Q, K, V and dO
} case_options;

uint64_t case_random(uint64_t *state);
int32_t case_integer(uint64_t *state, int32_t least, int32_t most);
double case_uniform(uint64_t *state, double least, double most);

double case_value(const case_array *array, int64_t i);
void case_set(case_array *array, int64_t i, double value);

void case_make(attention_case *c, uint64_t seed, case_options options);
void case_free(attention_case *c);

// Runs the kernels over the whole problem: all heads, queries in cuts of `cut`.
void case_forward(const attention_case *c, const heed_kernels *table, int32_t cut);
void case_backward(const attention_case *c, const heed_kernels *table);

// Guards and unwritten elements kept their bits.
bool case_untouched(const attention_case *c);

#endif
