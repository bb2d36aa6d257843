// The table of the reference kernels.

#include "reference.h"
#include "tables.h"

const heed_kernels heed_f64_kernels = {
    .name = "reference.f64",
    .unary_forward = heed_f64_unary_forward,
    .unary_backward = heed_f64_unary_backward,
    .binary = heed_f64_binary,
    .affine = heed_f64_affine,
    .combine = heed_f64_combine,
    .accumulate = heed_f64_accumulate,
    .transpose = heed_f64_transpose,
    .gated_forward = heed_f64_gated_forward,
    .gated_backward = heed_f64_gated_backward,
    .dropout = heed_f64_dropout,
    .reduce = heed_f64_reduce,
    .column_sums = heed_f64_column_sums,
    .sum_squares = heed_f64_sum_squares,
    .softmax_forward = heed_f64_softmax_forward,
    .softmax_backward = heed_f64_softmax_backward,
    .residual_norm_forward = heed_f64_residual_norm_forward,
    .residual_norm_backward = heed_f64_residual_norm_backward,
    .embedding_forward = heed_f64_embedding_forward,
    .embedding_backward = heed_f64_embedding_backward,
    .cross_entropy = heed_f64_cross_entropy,
    .rotary = heed_f64_rotary,
    .attention_scratch = heed_f64_attention_scratch,
    .attention_forward = heed_f64_attention_forward,
    .attention_backward = heed_f64_attention_backward,
    .attention_weights = heed_f64_attention_weights,
    .adam = heed_f64_adam,
    .quantise = heed_f64_quantise,
    .quantised_product = heed_f64_quantised_product,
    .rows_product = heed_f64_rows_product,
    .pack_pairs = heed_f64_pack_pairs,
    .convert_from = heed_f64_convert_from,
};
