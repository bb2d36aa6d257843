// Attention by its definition, in float64, one score at a time: what the fast kernels are compared with.
//
// `a` has T = S = double. `bounds` has the outputs of `a` again (same strides): each receives the sum of magnitudes
// that a float32 evaluation may miss by rounding, so that 4 · ε · bound is a tolerance.

#ifndef HEED_ATTENTION_REFERENCE_H
#define HEED_ATTENTION_REFERENCE_H

#include "heed_kernels.h"

// What the bounds allow for weights, and gradients of scores, that become operands of products: 0 where those are
// float, and the rounding to bfloat16 where they are multiplied in pairs.
extern double reference_attention_operand_error;

// o and lse of all heads of one sequence.
void reference_attention_forward(const heed_attention *a, const heed_attention *bounds, int32_t sequence);

// dq, dk, dv of one sequence, and its part of dbias; delta = Σ o · d_o comes from `a->o`.
void reference_attention_backward(const heed_attention *a, const heed_attention *bounds, int32_t sequence);

// weights [q_length, k_length] of one head.
void reference_attention_weights(const heed_attention *a, int32_t sequence, int32_t head, double *weights,
                                 double *bounds);

bool reference_attention_sees(const heed_attention *a, int32_t sequence, int32_t head, int32_t query, int32_t key);

#endif
