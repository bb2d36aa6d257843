// Promises about bits: what an element or a row becomes depends neither on where it stands, nor on how the work is cut,
// nor on what stands beside it.

#include "driver.h"

enum { ROWS = 7, PARTS = 8 };

// A kernel over rows of n elements. Its arrays are named by letters: t a row of T, d two of them, f a row of float,
// e one T, s one float for each row; w one row of float, v ROWS rows, for all of them. Rows `first` and on are asked
// for, and are the first ones of the arrays that belong to rows. A w among the results is not compared.
typedef struct {
    const char *what, *inputs, *outputs;
    void (*run)(int64_t first, int64_t rows, int64_t n, void *const in[], void *const out[]);
} row_kernel;

static const int32_t targets[ROWS] = {0, 3, -1, 1, 2, -1, 0}, places[ROWS] = {3, 0, 1, 1, 0, 2, 6};
static const uint32_t sequences[ROWS] = {4, 4, 4, 9, 9, 2, 2}, positions[ROWS] = {0, 1, 2, 0, 1, 0, 7};
static heed_dropout dropout;

static heed_rows keys_from(int64_t first) {
    return (heed_rows){sequences + first, positions + first, 0};
}

// MARK: Elements: rows of one

static heed_unary tried;
static heed_binary tried_binary;
#define KERNEL(name)                                                                                                   \
    static void name(__attribute__((unused)) int64_t first, int64_t rows, int64_t n, void *const in[],                 \
                     void *const out[])

KERNEL(unary) {
    kernels->unary_forward(tried, rows * n, in[0], out[0]);
}
KERNEL(slope) {
    kernels->unary_backward(tried, rows * n, in[0], in[0], in[1], out[0]);
}
KERNEL(binary) {
    kernels->binary(tried_binary, rows * n, in[0], 1, in[1], 1, out[0]);
}
KERNEL(affine) {
    kernels->affine(rows * n, 1.1, in[0], 0.3, out[0]);
}
KERNEL(combine) {
    kernels->combine(rows * n, 1.1, in[0], -0.3, in[1], out[0]);
}
KERNEL(accumulate) {
    kernels->accumulate(rows * n, 1.1, in[0], out[0]);
}
KERNEL(convert) {
    kernels->convert_from(HEED_F32, rows * n, in[0], out[0]);
}
KERNEL(adam) {
    const heed_adam options = {.learning_rate = 0.01,
                               .beta1 = 0.9,
                               .beta2 = 0.98,
                               .epsilon = 1e-9,
                               .weight_decay = 0.1,
                               .decoupled = tried % 2,
                               .gradient_scale = 0.7,
                               .correction1 = 0.2,
                               .correction2 = 0.1};
    kernels->adam(rows * n, &options, out[0], in[0], out[1], out[2]);
}

static const row_kernel element_kernels[] = {
    {"affine", "t", "t", affine},
    {"combine", "tt", "t", combine},
    {"accumulate", "t", "f", accumulate},
    {"conversion", "f", "t", convert},
};

// MARK: Rows

static bool logarithm, interleaved;

KERNEL(softmax) {
    kernels->softmax_forward(logarithm, rows, n, in[0], out[0]);
}
KERNEL(softmax_gradient) {
    kernels->softmax_backward(logarithm, rows, n, in[0], in[1], out[0]);
}

static void targets_from(int64_t first, int64_t rows, int64_t n, int32_t of[ROWS]) {
    for (int64_t r = 0; r < rows; r++)
        of[r] = targets[first + r] < n ? targets[first + r] : (int32_t)n - 1;
}

KERNEL(entropy) {
    int32_t of[ROWS];
    targets_from(first, rows, n, of);
    // In place, where there are gradients.
    const size_t bytes = (size_t)(rows * n) * sizeof(float);
    void *logits = malloc(bytes);
    memcpy(logits, in[0], bytes);
    kernels->cross_entropy(rows, n, logits, n, of, 0.1, 0.25, out[0], out[1], out[2], out[3], n);
    free(logits);
}
KERNEL(norm) {
    kernels->residual_norm_forward(HEED_LAYER_NORM, type, rows, n, in[0], in[1], &dropout, keys_from(first), in[2],
                                   in[3], 1e-5, out[0], out[1], out[2], out[3]);
}
KERNEL(norm_gradient) {
    kernels->residual_norm_backward(HEED_LAYER_NORM, type, rows, n, in[0], in[3], in[4], in[5], in[1], in[2], &dropout,
                                    keys_from(first), out[0], out[1], out[2], out[3]);
}
KERNEL(wide_norm) {
    kernels->residual_norm_forward(HEED_RMS_NORM, HEED_F32, rows, n, in[0], in[1], &dropout, keys_from(first), in[2],
                                   NULL, 1e-5, out[0], out[1], NULL, out[2]);
}
KERNEL(drop) {
    kernels->dropout(rows, n, &dropout, keys_from(first), in[0], out[0]);
}
KERNEL(row_sum) {
    kernels->reduce(HEED_SUM, rows, n, 1, in[0], out[0]);
}
KERNEL(gated) {
    kernels->gated_forward(HEED_SILU, rows, n, in[0], n, in[1], n, out[0], n);
}
KERNEL(gated_gradient) {
    kernels->gated_backward(HEED_SILU, rows, n, in[0], n, in[1], n, in[2], n, out[0], n, out[1], n);
}
KERNEL(embedding) {
    kernels->embedding_forward(rows, n, places + first, HEED_F32, in[0], 1.3, in[1], places + first, &dropout,
                               keys_from(first), out[0]);
}

// The rows are those of the table: row u adds up the gradients `order[starts[u]]` … of all ROWS.
KERNEL(embedding_gradient) {
    static const int32_t entries[ROWS] = {0, 1, 2, 3, 4, 5, 6}, starts[ROWS + 1] = {0, 1, 1, 3, 4, 6, 6, 7};
    static const int32_t order[ROWS] = {5, 0, 3, 6, 1, 2, 4};
    buffer dy = output(type, ROWS * n, first); // the gradients, as T, wherever they lie
    for (int64_t i = 0; i < ROWS * n; i++)
        put(type, dy.data, i, (double)((const float *)in[0])[i]);
    kernels->embedding_backward(rows, entries, starts + first, order, n, dy.data, 1.3, &dropout, keys_from(0), out[0]);
    release(&dy);
}
KERNEL(turn) {
    kernels->rotary(rows, 2, n, n / 2 * 2, interleaved, logarithm, places + first, in[1], in[2], in[0], 2 * n, out[0],
                    2 * n);
}

static const row_kernel row_kernels[] = {
    {"softmax", "t", "t", softmax},
    {"gradient of softmax", "tt", "t", softmax_gradient},
    {"cross-entropy", "f", "ssst", entropy},
    {"norm", "ttww", "ttss", norm},
    {"gradient of norm", "tttwss", "ttww", norm_gradient},
    {"norm of a float stream", "tfw", "fts", wide_norm},
    {"dropout", "t", "t", drop},
    {"sum of a row", "t", "e", row_sum},
    {"gated", "tt", "t", gated},
    {"gradient of gated", "ttt", "tt", gated_gradient},
    {"embedding", "vv", "t", embedding},
    {"gradient of embedding", "v", "f", embedding_gradient},
    {"rotary", "dvv", "d", turn},
};

// MARK: All at once and piece by piece

static bool is_shared(char letter) {
    return letter == 'w' || letter == 'v';
}

// Elements that a row has in an array; for all rows together where it is shared.
static int64_t width_of(char letter, int64_t n) {
    return letter == 'd' ? 2 * n : letter == 'e' || letter == 's' ? 1 : letter == 'v' ? ROWS * n : n;
}

static heed_type type_of(char letter) {
    return strchr("tde", letter) ? type : HEED_F32;
}

static buffer random_array(char letter, int64_t rows, int64_t n) {
    buffer b = input(type_of(letter), (is_shared(letter) ? 1 : rows) * width_of(letter, n), bits32() % 16);
    // Second moments and reciprocal deviations are positive.
    for (int64_t i = 0; i < b.n && strchr("fs", letter); i++)
        put(b.type, b.data, i, fabs(at(&b, i)));
    return b;
}

// Rows `first` … of an array, at another place in memory.
static buffer rows_of(const buffer *whole, char letter, int64_t first, int64_t rows, int64_t n) {
    const int64_t width = width_of(letter, n), begin = is_shared(letter) ? 0 : first * width;
    buffer part = output(whole->type, (is_shared(letter) ? 1 : rows) * width, bits32() % 16);
    memcpy(part.data, (char *)whole->data + (size_t)begin * size_of(whole->type),
           (size_t)part.n * size_of(whole->type));
    return part;
}

static void pointers(buffer arrays[PARTS], int count, void *to[PARTS]) {
    for (int k = 0; k < count; k++)
        to[k] = arrays[k].data;
}

// FNV-1a over everything that was computed at once; all NaN count alike, since processors differ in their bits.
static uint64_t digest;

static void add_to_digest(const buffer *b) {
    const size_t size = size_of(b->type);
    for (int64_t i = 0; i < b->n; i++)
        for (size_t k = 0; k < size; k++) {
            const unsigned char byte = isnan(at(b, i)) ? 0xff : ((unsigned char *)b->data)[(size_t)i * size + k];
            digest = (digest ^ byte) * 0x100000001b3;
        }
}

uint64_t invariance_digest(void) {
    digest = 0xcbf29ce484222325;
    test_invariance();
    return digest;
}

static void check_rows(const row_kernel *kernel, int64_t total, int64_t n, int64_t longest) {
    const int inputs = (int)strlen(kernel->inputs), outputs = (int)strlen(kernel->outputs);
    buffer in[PARTS], before[PARTS], whole[PARTS], part_in[PARTS], part[PARTS];
    void *from[PARTS], *to[PARTS];
    for (int k = 0; k < inputs; k++)
        in[k] = random_array(kernel->inputs[k], total, n);
    for (int k = 0; k < outputs; k++) {
        before[k] = random_array(kernel->outputs[k], total, n);
        whole[k] = rows_of(&before[k], kernel->outputs[k], 0, total, n);
    }
    pointers(in, inputs, from), pointers(whole, outputs, to);
    kernel->run(0, total, n, from, to);
    for (int k = 0; k < outputs; k++)
        add_to_digest(&whole[k]);
    for (int64_t first = 0, rows; first < total; first += rows) {
        rows = 1 + bits32() % longest;
        rows = rows < total - first ? rows : total - first;
        for (int k = 0; k < inputs; k++)
            part_in[k] = rows_of(&in[k], kernel->inputs[k], first, rows, n);
        for (int k = 0; k < outputs; k++)
            part[k] = rows_of(&before[k], kernel->outputs[k], first, rows, n);
        pointers(part_in, inputs, from), pointers(part, outputs, to);
        kernel->run(first, rows, n, from, to);
        for (int k = 0; k < outputs; k++) {
            const int64_t width = width_of(kernel->outputs[k], n);
            if (!is_shared(kernel->outputs[k]))
                expect_same_bits(kernel->what, &part[k], 0, &whole[k], first * width, rows * width);
            release(&part[k]);
        }
        for (int k = 0; k < inputs; k++)
            release(&part_in[k]);
    }
    for (int k = 0; k < inputs; k++)
        release(&in[k]);
    for (int k = 0; k < outputs; k++)
        release(&before[k]), release(&whole[k]);
}

// A column's sum depends on the column alone, and going on from earlier sums is going on.
static void check_columns(int64_t n) {
    enum { HEIGHT = 29 };
    const int64_t ld = n + 3, size = (int64_t)size_of(type);
    buffer x = input(type, HEIGHT * ld, 1), before = input(HEED_F32, n, 0), whole = output(HEED_F32, n, 2);
    copy_into(&whole, &before);
    kernels->column_sums(HEIGHT, n, x.data, ld, whole.data);
    add_to_digest(&whole);
    for (int64_t first = 0, columns; first < n; first += columns) {
        columns = 1 + bits32() % 40;
        columns = columns < n - first ? columns : n - first;
        const int64_t cut = bits32() % (HEIGHT + 1);
        buffer part = rows_of(&before, 's', first, columns, n);
        const char *top = (const char *)x.data + first * size;
        kernels->column_sums(cut, columns, top, ld, part.data);
        kernels->column_sums(HEIGHT - cut, columns, top + cut * ld * size, ld, part.data);
        expect_same_bits("column sums", &part, 0, &whole, first, columns);
        release(&part);
    }
    buffer moved = rows_of(&x, 'e', 0, x.n, 1);
    expect_true("sum of squares elsewhere", kernels->sum_squares(x.n, x.data) == kernels->sum_squares(x.n, moved.data));
    release(&x), release(&before), release(&whole), release(&moved);
}

void test_invariance(void) {
    enum { ELEMENTS = 517 };
    for (size_t k = 0; k < sizeof element_kernels / sizeof *element_kernels; k++)
        check_rows(&element_kernels[k], ELEMENTS, 1, 40);
    for (tried = 0; tried < HEED_UNARY_COUNT; tried++) {
        check_rows(&(row_kernel){"unary", "t", "t", unary}, ELEMENTS, 1, 40);
        check_rows(&(row_kernel){"slope", "tt", "t", slope}, ELEMENTS, 1, 40);
    }
    for (tried_binary = 0; tried_binary < HEED_BINARY_COUNT; tried_binary++)
        check_rows(&(row_kernel){"binary", "tt", "t", binary}, ELEMENTS, 1, 40);
    for (tried = 0; tried < 2; tried++)
        check_rows(&(row_kernel){"Adam", "f", "fff", adam}, ELEMENTS, 1, 40);
    for (int l = 1; l < length_count; l++) {
        dropout = some_dropout(l % 4);
        for (int way = 0; way < 4; way++)
            for (size_t k = 0; k < sizeof row_kernels / sizeof *row_kernels; k++) {
                logarithm = way & 1, interleaved = way & 2;
                check_rows(&row_kernels[k], ROWS, lengths[l], 3);
            }
        check_columns(lengths[l]);
    }
}
