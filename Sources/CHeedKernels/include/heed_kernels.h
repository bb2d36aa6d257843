// The kernels of Heed: what the tensor engine calls.
//
// Every element type has one table of functions (`heed_kernels`), and every instruction set has one
// table per element type; `heed_kernels_for` hands out the table that the process chose at its start.
// A kernel works on one thread, on the range that it is given; the caller cuts the work by shape.
//
// T is the table's element type (float, bfloat16 stored as uint16_t, or double).
// S is its statistics type: float for float and bfloat16, double for double. Weights and biases of
// norms, means, log-sum-exps, losses, moments and gradients of parameters are S.
// Matrices are row-major. `ld…` and `…_stride` count elements, not bytes.

#ifndef HEED_KERNELS_H
#define HEED_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Only the functions of a table are marked as never null.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-completeness"

// MARK: Instruction sets and element types

typedef enum {
    HEED_ISA_GENERIC = 0,
    HEED_ISA_AVX2 = 1,
    HEED_ISA_AVX512 = 2,
    HEED_ISA_AVX512BF16 = 3, // and VNNI: every CPU that has the one has the other
    HEED_ISA_AMX = 4,        // AVX512BF16 with matrix tiles, in oneDNN, attention and quantised products
    HEED_ISA_COUNT = 5
} heed_isa;

typedef enum { HEED_F32 = 0, HEED_BF16 = 1, HEED_F64 = 2, HEED_TYPE_COUNT = 3 } heed_type;

// MARK: Operations by name

typedef enum {
    HEED_IDENTITY = 0,
    HEED_NEGATE,
    HEED_EXP,
    HEED_LOG,
    HEED_SQRT,
    HEED_SQUARE,
    HEED_RECIPROCAL,
    HEED_TANH,
    HEED_SIGMOID,
    HEED_RELU,
    HEED_ELU,       // alpha = 1
    HEED_GELU,      // x Φ(x), by erf
    HEED_GELU_TANH, // 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))
    HEED_SILU,
    HEED_UNARY_COUNT
} heed_unary;

typedef enum { HEED_ADD = 0, HEED_SUBTRACT, HEED_MULTIPLY, HEED_DIVIDE, HEED_BINARY_COUNT } heed_binary;

typedef enum { HEED_SUM = 0, HEED_MAXIMUM } heed_reduction;

typedef enum { HEED_LAYER_NORM = 0, HEED_RMS_NORM = 1 } heed_norm;

// MARK: Dropout

// Which elements are dropped is a pure function of the key and of the counter
// (update, sequence, site, element), by Philox 4x32-10. Elements of a row are taken in groups of 128:
// group g uses the 16 counters whose fourth word is row · groups · 16 + 16 g + i, i = 0 … 15, with
// groups = ⌈columns / 128⌉ and row = the row's position in its sequence. Element e of the group, e = 16 u + i
// (u = 0 … 7), reads the low (u even) or high (u odd) half of word u / 2 of counter i. It is
// dropped when that 16-bit number is below `threshold`; kept values are multiplied by `scale`.
typedef struct {
    uint32_t key[2];
    uint32_t update;
    uint32_t site;
    uint32_t threshold; // 0: nothing is dropped
    float scale;        // 65536 / (65536 − threshold)
} heed_dropout;

// For each row of a packed batch: its sequence in the global batch and its position there. A null
// `sequence` means sequence 0; a null `position` means `first_position` + the row's index in the call.
typedef struct {
    const uint32_t *sequence;
    const uint32_t *position;
    uint32_t first_position;
} heed_rows;

// MARK: Attention

typedef enum {
    HEED_MASK_FULL = 0,
    HEED_MASK_CAUSAL, // key j is seen by query i if j ≤ i + offset
    HEED_MASK_WINDOW, // … and j > i + offset − window
    HEED_MASK_PREFIX, // … or j < prefix
    HEED_MASK_DENSE,  // dense[…] ≠ 0
} heed_mask;

// One attention over a packed batch. Row r of head h of q starts at q + r · q_stride + h · dk; k and v have
// `kv_heads` heads (query head h reads head h / (heads / kv_heads)), widths dk and dv; o has `heads` heads of
// width dv. Sequence b owns query rows q_start[b] … + q_length[b] and key rows k_start[b] … + k_length[b].
// A query that sees no key gives zeros, −∞ as log-sum-exp, and zero gradients. Masked keys and
// values are never used, whatever they hold.
typedef struct {
    int32_t sequences; // attention_scratch looks at the lengths of all of them
    int32_t heads, kv_heads, dk, dv;
    double scale;
    const int32_t *q_start, *q_length, *k_start, *k_length;

    heed_mask mask;
    const int32_t *offset; // per sequence, null for 0
    int32_t window;
    const int32_t *prefix; // per sequence
    const uint8_t *dense;  // [sequence, head, query, key] by the three strides; 0 broadcasts
    int64_t dense_sequence_stride, dense_head_stride, dense_row_stride;

    const void *bias; // S, added to scaled scores, [head, query, key]; or null
    int64_t bias_head_stride, bias_row_stride;

    // Dropout of the weights: the row of the counter is head · q_length + query, its columns are the keys
    // (groups = ⌈k_length / 128⌉), its sequence is sequence_id[b].
    heed_dropout dropout;
    const uint32_t *sequence_id; // per sequence, null for b

    const void *q, *k, *v; // T
    int64_t q_stride, k_stride, v_stride;
    void *o; // T
    int64_t o_stride;
    void *lse; // S [head, row of q], log-sum-exp of the scaled, biased, masked scores; or null when forward
    int64_t lse_stride;

    // Backward only. dq, dk, dv are written, not accumulated; dbias (S, strides of bias) is accumulated.
    const void *d_o;
    int64_t d_o_stride;
    void *dq, *dk_, *dv_;
    int64_t dq_stride, dk_stride, dv_stride;
    void *dbias; // or null
} heed_attention;

// A sequence of at most so many queries reads keys and values where they stand; no bit depends on it.
enum { HEED_ATTENTION_FEW = 4 };

// MARK: Quantised products

// C [rows, columns] (ldc) = A · B (+ bias) (then max(0, ·) with relu), of 8-bit integers: A [rows, depth] as `quantise`
// writes it, B as heed_quantised_pack does. Element (i, j) is a_scales[i] · b_scales[j] · Σ over the depth of products
// of integers. Columns first_column ..< end_column are computed; first_column is a multiple of 16, and end_column one,
// or `columns`. NaN in a scale makes a row or a column NaN.
typedef struct {
    int64_t rows, columns, depth; // depth: k rounded up to a multiple of 64, at most HEED_QUANTISED_DEPTH
    int64_t first_column, end_column;
    const int8_t *a;
    const float *a_scales;
    const int8_t *b;
    const float *b_scales; // [columns rounded up to 16]
    const int32_t *b_offsets;
    const float *bias; // [columns], or null
    bool relu;
    bool wide; // whether C is float rather than T
    void *c;
    int64_t ldc;
} heed_quantised_product;

// Sums of so many products of two numbers from −127 to 127, offset by 128, fit 32 bits.
enum { HEED_QUANTISED_DEPTH = 65536 };

// Packs rows [n, depth] of integers, which are the columns of B: [⌈n / 16⌉][depth / 4][16][4], zeros beyond n.
// offsets[j] = −128 · Σ of column j, [⌈n / 16⌉ · 16].
void heed_quantised_pack(int64_t n, int64_t depth, const int8_t *rows, int8_t *packed, int32_t *offsets);

// MARK: Products of few rows

// y [rows, columns] (float, ldy) = x [rows, depth] (float, ldx) · Wᵀ (+ bias), W [columns, depth] (T, ldw): weights as
// files hold them. No element's bits depend on the other rows or columns.
typedef struct {
    int64_t rows, columns, depth;
    const float *x;
    int64_t ldx;
    const void *w;
    int64_t ldw;
    const float *bias; // [columns], or null
    float *y;
    int64_t ldy;
} heed_rows_product;

// MARK: Products of panels of columns

enum { HEED_PANEL_COLUMNS = 16 };

// C [rows, columns] (ldc) = A [rows, depth] (lda) · B (+ C when accumulating) (+ bias) (then max(0, ·) with relu), all
// float. B is in panels of HEED_PANEL_COLUMNS columns, `panel` floats apart, with rows `b_row` floats apart; what a
// last panel has beyond `columns` is read and means nothing. No element's bits depend on the other rows or columns.
typedef struct {
    int64_t rows, columns, depth;
    const float *a;
    int64_t lda;
    const float *b;
    int64_t b_row, panel;
    const float *bias; // [columns], or null
    bool accumulate, relu;
    float *c;
    int64_t ldc;
} heed_panel_product;

// B [k, n] as panels of float, [⌈n / HEED_PANEL_COLUMNS⌉][k][HEED_PANEL_COLUMNS], zeros beyond n; from rows of T, or of
// float if `wide`, that are `ld` long: those of B, or its columns if `transposed`.
typedef struct {
    int64_t k, n, ld;
    bool wide, transposed;
    const void *source;
    float *packed;
} heed_panel_packing;

// MARK: Weights in pairs

// B [k, n] as bfloat16: [⌈n / block_columns⌉][⌈k / 32⌉][16][block_columns][2], zeros beyond k and n; from rows of T, or
// of float if `wide`, that are `ld` long: those of B, or its columns if `transposed`. block_columns is a multiple
// of 16.
typedef struct {
    int64_t k, n, ld, block_columns;
    bool wide, transposed;
    const void *source;
    void *packed;
} heed_pairs_packing;

// MARK: The optimiser

typedef struct {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
    bool decoupled;                  // AdamW: decay acts on the weight, not on the gradient
    double gradient_scale;           // multiplies every gradient (clipping)
    double correction1, correction2; // 1 − β₁ᵗ, 1 − β₂ᵗ
} heed_adam;

// MARK: The table

typedef struct heed_kernels {
    const char *_Nonnull name; // such as "avx512.bf16"

    // Elementwise. y = f(x); dx = dy · f′. EXP, SQRT, RECIPROCAL, TANH and SIGMOID read y and not x, which may be
    // null; RELU reads x, or y where x is null; all others read x and not y.
    void (*_Nonnull unary_forward)(heed_unary op, int64_t n, const void *x, void *y);
    void (*_Nonnull unary_backward)(heed_unary op, int64_t n, const void *x, const void *y, const void *dy, void *dx);
    // y[i] = a[i · a_step] op b[i · b_step], steps 0 or 1.
    void (*_Nonnull binary)(heed_binary op, int64_t n, const void *a, int64_t a_step, const void *b, int64_t b_step,
                            void *y);
    // y = alpha · x + beta.
    void (*_Nonnull affine)(int64_t n, double alpha, const void *x, double beta, void *y);
    // y = alpha · a + beta · b; y may be a or b.
    void (*_Nonnull combine)(int64_t n, double alpha, const void *a, double beta, const void *b, void *y);
    // into (S) += alpha · x.
    void (*_Nonnull accumulate)(int64_t n, double alpha, const void *x, void *into);
    // y [columns, rows] (T) = the transpose of x [rows, columns] (T); ldx and ldy are the lengths of rows.
    void (*_Nonnull transpose)(int64_t rows, int64_t columns, const void *x, int64_t ldx, void *y, int64_t ldy);
    // Gated feed-forward: y = f(gate) · up, rows of `columns`; and its gradient.
    void (*_Nonnull gated_forward)(heed_unary op, int64_t rows, int64_t columns, const void *gate, int64_t gate_stride,
                                   const void *up, int64_t up_stride, void *y, int64_t y_stride);
    void (*_Nonnull gated_backward)(heed_unary op, int64_t rows, int64_t columns, const void *gate, int64_t gate_stride,
                                    const void *up, int64_t up_stride, const void *dy, int64_t dy_stride, void *dgate,
                                    int64_t dgate_stride, void *dup, int64_t dup_stride);
    // y = x · mask · scale. Backward is the same function on dy.
    void (*_Nonnull dropout)(int64_t rows, int64_t columns, const heed_dropout *dropout, heed_rows row_keys,
                             const void *x, void *y);

    // Reductions. x [outer, axis, inner] → y [outer, inner] (T). Sums are in S.
    void (*_Nonnull reduce)(heed_reduction op, int64_t outer, int64_t axis, int64_t inner, const void *x, void *y);
    // sums (S, `columns`) += Σ over rows of x.
    void (*_Nonnull column_sums)(int64_t rows, int64_t columns, const void *x, int64_t ldx, void *sums);
    // Σ x² in double.
    double (*_Nonnull sum_squares)(int64_t n, const void *x);

    // Softmax of rows; `logarithm` gives log-softmax. Backward from y. A row of −∞ gives zeros (log: −∞), and zeros
    // as its gradient, whatever dy holds.
    void (*_Nonnull softmax_forward)(bool logarithm, int64_t rows, int64_t columns, const void *x, void *y);
    void (*_Nonnull softmax_backward)(bool logarithm, int64_t rows, int64_t columns, const void *y, const void *dy,
                                      void *dx);

    // Residual, dropout and norm in one. `residual_type` is the type R of the residual stream: T, or HEED_F32 in
    // the table of HEED_BF16.
    // z (R) = residual (R) + dropout(x) (T); y (T) = norm(z) · gamma + beta.
    // x null: z = residual, and z is not written. residual null: z = dropout(x). gamma null: only z is written
    // (y, mean, rstd untouched). beta null: no shift. mean is not used by RMS norm. row statistics: S.
    // Variance is the mean of squared differences from the mean (two passes).
    void (*_Nonnull residual_norm_forward)(heed_norm norm, heed_type residual_type, int64_t rows, int64_t columns,
                                           const void *x, const void *residual, const heed_dropout *dropout,
                                           heed_rows row_keys, const void *gamma, const void *beta, double epsilon,
                                           void *z, void *y, void *mean, void *rstd);
    // g (R) = gradient of y through the norm at z (none when gamma is null) + dz (R, or null);
    // dresidual (R, or null) = g; dx (T, or null) = dropout mask · scale · g.
    // dgamma, dbeta (S, `columns`, dbeta may be null) are accumulated.
    void (*_Nonnull residual_norm_backward)(heed_norm norm, heed_type residual_type, int64_t rows, int64_t columns,
                                            const void *z, const void *gamma, const void *mean, const void *rstd,
                                            const void *dy, const void *dz, const heed_dropout *dropout,
                                            heed_rows row_keys, void *dx, void *dresidual, void *dgamma, void *dbeta);

    // y (T) = dropout(scale · table[ids[r]] + positions[row position]), table of `table_type` (S or T), positions S
    // [?, columns] or null. `position_ids` are the row's positions in the table of positions.
    void (*_Nonnull embedding_forward)(int64_t rows, int64_t columns, const int32_t *ids, heed_type table_type,
                                       const void *table, double scale, const void *positions,
                                       const int32_t *position_ids, const heed_dropout *dropout, heed_rows row_keys,
                                       void *y);
    // For u in 0 ..< count: dtable[ids[u]] (S) += scale · Σ over r in order[starts[u] ..< starts[u + 1]] of
    // dropout(dy[r]), added in that order.
    void (*_Nonnull embedding_backward)(int64_t count, const int32_t *ids, const int32_t *starts, const int32_t *order,
                                        int64_t columns, const void *dy, double scale, const heed_dropout *dropout,
                                        heed_rows row_keys, void *dtable);

    // Cross-entropy with label smoothing ε over rows of logits (S), as
    // loss = lse − (1 − ε) · logit[target] − ε · mean(logits), nll = lse − logit[target], and, with the logits at hand,
    // dlogits (T) = scale · (softmax − (1 − ε) onehot − ε / columns). A negative target is ignored: all are 0.
    // Each result may be null; where dlogits is not, the logits are overwritten. A row of dlogits may begin where its
    // logits do.
    void (*_Nonnull cross_entropy)(int64_t rows, int64_t columns, void *logits, int64_t ld, const int32_t *targets,
                                   double smoothing, double scale, void *loss, void *nll, void *lse, void *dlogits,
                                   int64_t ldd);

    // Rotary positions: rotates the first `rotary` elements of each head, pairs (i, i + rotary / 2), or (2 i, 2 i + 1)
    // when interleaved, by tables cosines, sines (S, [position, rotary / 2]); `inverse` rotates back.
    void (*_Nonnull rotary)(int64_t rows, int64_t heads, int64_t head_size, int64_t rotary, bool interleaved,
                            bool inverse, const int32_t *positions, const void *cosines, const void *sines,
                            const void *x, int64_t x_stride, void *y, int64_t y_stride);

    // Attention. `scratch` has attention_scratch bytes, aligned to 64.
    size_t (*_Nonnull attention_scratch)(const heed_attention *a);
    void (*_Nonnull attention_forward)(const heed_attention *a, int32_t sequence, int32_t head, int32_t q_begin,
                                       int32_t q_end, void *scratch);
    // Gradients of one key-value head of one sequence, and of the query heads that read it.
    void (*_Nonnull attention_backward)(const heed_attention *a, int32_t sequence, int32_t kv_head, void *scratch);
    // weights (S, [q_length, k_length]) = exp(s − lse), before dropout; zero where masked.
    void (*_Nonnull attention_weights)(const heed_attention *a, int32_t sequence, int32_t head, void *weights,
                                       void *scratch);

    // Adam and AdamW on S; as torch.optim defines them.
    void (*_Nonnull adam)(int64_t n, const heed_adam *options, void *weights, const void *gradients, void *m, void *v);

    // Rows of x (T) as integers q [rows, depth] and scales: q = round(x · (127 / largest |x|)) to nearest even, scale =
    // largest / 127; zeros, with scale 0, where the largest is below 2⁻¹¹⁸; scale NaN where a value is not finite.
    // Zeros up to `depth`. `activations` have the form that quantised_product of the same table wants; weights are
    // plain, for heed_quantised_pack.
    void (*_Nonnull quantise)(bool activations, int64_t rows, int64_t columns, const void *x, int64_t ldx, int8_t *q,
                              int64_t depth, float *scales);
    void (*_Nonnull quantised_product)(const heed_quantised_product *product);

    // Columns begin ..< end of a product of few rows.
    void (*_Nonnull rows_product)(const heed_rows_product *product, int64_t begin, int64_t end);

    void (*_Nonnull panel_product)(const heed_panel_product *product);

    // Panels begin ..< end of columns.
    void (*_Nonnull pack_panels)(const heed_panel_packing *packing, int64_t begin, int64_t end);

    // Blocks begin ..< end of columns in pairs.
    void (*_Nonnull pack_pairs)(const heed_pairs_packing *packing, int64_t begin, int64_t end);

    // Conversion of n elements to T from another type.
    void (*_Nonnull convert_from)(heed_type type, int64_t n, const void *x, void *y);
} heed_kernels;

// The instruction set in force: HEED_ISA, else the best that the CPU has; fixed by the first call.
heed_isa heed_isa_current(void);
const char *heed_isa_name(heed_isa isa);
bool heed_isa_available(heed_isa isa);
// Whether HEED_ISA was set to a name that is unknown or that this CPU lacks (then the best available one is used).
const char *heed_isa_complaint(void);

// The table in force, and the table of a given instruction set (null where the CPU lacks it). HEED_F64 has one table
// of plain reference code, whatever the instruction set.
const heed_kernels *heed_kernels_for(heed_type type);
const heed_kernels *heed_kernels_of(heed_isa isa, heed_type type);

// MARK: The largest of a row

enum { HEED_MAXIMA_BLOCK = 64 };

// The largest number of each block of a row's columns, as integers that have the order of the floats (the bits of a
// float, the lower 31 inverted where it is negative). Returns the bits of the largest magnitude of all: more than those
// of infinity where there is a NaN.
int32_t heed_block_maxima(int64_t columns, const float *row, int32_t *highest);

// MARK: Random numbers

void heed_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
// Uniform in [0, 1) with 24 bits, and standard normal numbers, the same bits on every machine.
// Number i comes from counter (i / 4, stream, site, 0x48656564).
void heed_random_uniform(const uint32_t key[2], uint32_t stream, uint32_t site, int64_t n, float *out);
void heed_random_normal(const uint32_t key[2], uint32_t stream, uint32_t site, int64_t n, float *out);

// MARK: Matrix products (oneDNN, single-threaded)

typedef enum {
    HEED_OK = 0,
    HEED_UNSUPPORTED = 1, // oneDNN has no such product on this instruction set
    HEED_OUT_OF_MEMORY = 2,
    HEED_FAILED = 3
} heed_status;

// C [m, n] (ldc) = A [m, k] · B [k, n] (+ bias [n], float) (+ C when accumulating) (then max(0, ·) with relu).
// transpose_a: A is stored [k, m] with lda; transpose_b: B is stored [n, k] with ldb.
// packed_b: B is in the layout that heed_weights_pack wrote (transpose_b and ldb then do not matter).
typedef struct {
    int32_t m, n, k;
    uint8_t a_type, b_type, c_type; // heed_type: F32 or BF16
    uint8_t transpose_a, transpose_b, accumulate, has_bias, relu, packed_b;
    int64_t lda, ldb, ldc;
} heed_product_shape;

typedef struct heed_product heed_product;

// Finds or makes the product of this shape; every acquired product is released. The cache is bounded.
heed_status heed_product_acquire(const heed_product_shape *shape, heed_product **product);
void heed_product_release(heed_product *product);
// Thread-safe: scratch memory belongs to the calling thread.
heed_status heed_product_run(heed_product *product, const void *a, const void *b, void *c, const float *bias);

// Packed weights: B [k, n] (or stored transposed) of b_type F32 or BF16, from a source of type F32 or BF16. The layout
// is the same for every m.
size_t heed_weights_packed_bytes(heed_type type, int32_t k, int32_t n);
heed_status heed_weights_pack(heed_type type, int32_t k, int32_t n, heed_type source_type, bool transposed, int64_t ld,
                              const void *source, void *packed);
// The columns of a block that can be packed by itself, as several threads do; n where all must be packed at once.
int32_t heed_weights_block(heed_type type, int32_t k, int32_t n);
// Packs the columns begin ..< end of a block or several; other columns stay as they are.
heed_status heed_weights_pack_columns(heed_type type, int32_t k, int32_t n, heed_type source_type, bool transposed,
                                      int64_t ld, const void *source, void *packed, int32_t begin, int32_t end);

// Whether the process can still have some megabytes more. oneDNN, whose code is made as it is needed, does not survive
// a refusal, so that it is asked for nothing before this was.
bool heed_has_room(void);

// oneDNN's version as major · 10000 + minor · 100 + patch; whether bf16 products exist under the current instruction
// set.
int heed_onednn_version(void);
bool heed_bf16_products(void);

// float64 product, plain code, same meaning of transposes; rows begin … end of C only.
void heed_product_f64(int64_t row_begin, int64_t row_end, int64_t m, int64_t n, int64_t k, const double *a, int64_t lda,
                      bool transpose_a, const double *b, int64_t ldb, bool transpose_b, double *c, int64_t ldc,
                      bool accumulate);

// MARK: The thread pool

typedef void (*heed_task)(void *context, int64_t index);

// Runs task(context, i) for every i in 0 ..< count, on the pool and the calling thread; returns when all are done. A
// nested call, or one that finds the pool busy, runs on the calling thread alone.
void heed_parallel(int64_t count, heed_task task, void *context);
// Whether the calling thread works on an index of a job, so that jobs of its own run on it alone.
bool heed_inside_job(void);
// HEED_THREADS, else the smaller of the cores this process may use and its cgroup quota (rounded up).
int heed_thread_count(void);
// The value of HEED_THREADS if it is no number from 1 to 256 and therefore has no effect, else NULL.
const char *heed_threads_complaint(void);
// Cores that the scheduler may give to this process, at least 1; and what its cgroups allow, rounded up, INT_MAX where
// they set no limit.
int heed_available_cores(void);
int heed_cpu_quota(void);
// Changes the number of threads (1 … 256); not while work is running.
void heed_set_thread_count(int count);
// How often the pool was woken, for tests of the budget.
uint64_t heed_pool_wakeups(void);
// Scratch memory of the calling thread, at least `bytes`, aligned to 64; valid until the thread's next call.
void *heed_thread_scratch(size_t bytes);

#pragma clang diagnostic pop

#endif
