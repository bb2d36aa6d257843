// The kernels in float64 that every other kernel is judged by: plain loops over libm, one element after the other.
// heed_kernels.h says what each function computes.

#ifndef HEED_REFERENCE_H
#define HEED_REFERENCE_H

#include "heed_kernels.h"

// What dropout multiplies an element of a row by: 1 where nothing is dropped, else 0 or the scale. `dropout` may be
// null; `row` counts from the start of the call.
double heed_f64_dropout_factor(const heed_dropout *dropout, heed_rows row_keys, int64_t row, int64_t columns,
                               int64_t column);

void heed_f64_unary_forward(heed_unary op, int64_t n, const void *x, void *y);
void heed_f64_unary_backward(heed_unary op, int64_t n, const void *x, const void *y, const void *dy, void *dx);
void heed_f64_binary(heed_binary op, int64_t n, const void *a, int64_t a_step, const void *b, int64_t b_step, void *y);
void heed_f64_affine(int64_t n, double alpha, const void *x, double beta, void *y);
void heed_f64_combine(int64_t n, double alpha, const void *a, double beta, const void *b, void *y);
void heed_f64_accumulate(int64_t n, double alpha, const void *x, void *into);
void heed_f64_transpose(int64_t rows, int64_t columns, const void *x, int64_t ldx, void *y, int64_t ldy);
void heed_f64_gated_forward(heed_unary op, int64_t rows, int64_t columns, const void *gate, int64_t gate_stride,
                            const void *up, int64_t up_stride, void *y, int64_t y_stride);
void heed_f64_gated_backward(heed_unary op, int64_t rows, int64_t columns, const void *gate, int64_t gate_stride,
                             const void *up, int64_t up_stride, const void *dy, int64_t dy_stride, void *dgate,
                             int64_t dgate_stride, void *dup, int64_t dup_stride);
void heed_f64_dropout(int64_t rows, int64_t columns, const heed_dropout *dropout, heed_rows row_keys, const void *x,
                      void *y);
void heed_f64_adam(int64_t n, const heed_adam *options, void *weights, const void *gradients, void *m, void *v);
void heed_f64_quantise(bool activations, int64_t rows, int64_t columns, const void *x, int64_t ldx, int8_t *q,
                       int64_t depth, float *scales);
void heed_f64_quantised_product(const heed_quantised_product *product);
void heed_f64_rows_product(const heed_rows_product *product, int64_t begin, int64_t end);
void heed_f64_panel_product(const heed_panel_product *product);
void heed_f64_pack_panels(const heed_panel_packing *packing, int64_t begin, int64_t end);
void heed_f64_pack_pairs(const heed_pairs_packing *packing, int64_t begin, int64_t end);
void heed_f64_convert_from(heed_type type, int64_t n, const void *x, void *y);

void heed_f64_reduce(heed_reduction op, int64_t outer, int64_t axis, int64_t inner, const void *x, void *y);
void heed_f64_column_sums(int64_t rows, int64_t columns, const void *x, int64_t ldx, void *sums);
double heed_f64_sum_squares(int64_t n, const void *x);
void heed_f64_softmax_forward(bool logarithm, int64_t rows, int64_t columns, const void *x, void *y);
void heed_f64_softmax_backward(bool logarithm, int64_t rows, int64_t columns, const void *y, const void *dy, void *dx);
void heed_f64_cross_entropy(int64_t rows, int64_t columns, void *logits, int64_t ld, const int32_t *targets,
                            double smoothing, double scale, void *loss, void *nll, void *lse, void *dlogits,
                            int64_t ldd);

void heed_f64_residual_norm_forward(heed_norm norm, heed_type residual_type, int64_t rows, int64_t columns,
                                    const void *x, const void *residual, const heed_dropout *dropout,
                                    heed_rows row_keys, const void *gamma, const void *beta, double epsilon, void *z,
                                    void *y, void *mean, void *rstd);
void heed_f64_residual_norm_backward(heed_norm norm, heed_type residual_type, int64_t rows, int64_t columns,
                                     const void *z, const void *gamma, const void *mean, const void *rstd,
                                     const void *dy, const void *dz, const heed_dropout *dropout, heed_rows row_keys,
                                     void *dx, void *dresidual, void *dgamma, void *dbeta);
void heed_f64_embedding_forward(int64_t rows, int64_t columns, const int32_t *ids, heed_type table_type,
                                const void *table, double scale, const void *positions, const int32_t *position_ids,
                                const heed_dropout *dropout, heed_rows row_keys, void *y);
void heed_f64_embedding_backward(int64_t count, const int32_t *ids, const int32_t *starts, const int32_t *order,
                                 int64_t columns, const void *dy, double scale, const heed_dropout *dropout,
                                 heed_rows row_keys, void *dtable);
void heed_f64_rotary(int64_t rows, int64_t heads, int64_t head_size, int64_t rotary, bool interleaved, bool inverse,
                     const int32_t *positions, const void *cosines, const void *sines, const void *x, int64_t x_stride,
                     void *y, int64_t y_stride);

size_t heed_f64_attention_scratch(const heed_attention *a);
void heed_f64_attention_forward(const heed_attention *a, int32_t sequence, int32_t head, int32_t q_begin, int32_t q_end,
                                void *scratch);
void heed_f64_attention_backward(const heed_attention *a, int32_t sequence, int32_t kv_head, void *scratch);
void heed_f64_attention_weights(const heed_attention *a, int32_t sequence, int32_t head, void *weights, void *scratch);

#endif
