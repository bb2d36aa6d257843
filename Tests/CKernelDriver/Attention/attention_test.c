// Compares the attention kernels of every instruction set and element type with the reference, over random problems.
// Usage: attention_test [cases per table] [first seed]

#include "attention_cases.h"
#include "attention_reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
static uint64_t current_seed;
static const char *current_table;

static void fail(const char *what, const char *detail) {
    if (failures++ < 40)
        printf("FAILED %s seed %llu: %s %s\n", current_table, (unsigned long long)current_seed, what, detail);
}

static void check(bool holds, const char *what) {
    if (!holds)
        fail(what, "");
}

// MARK: Whole arrays

static const char *const array_names[ARRAY_COUNT] = {"q",   "k",  "v",  "d_o", "bias", "o",
                                                     "lse", "dq", "dk", "dv",  "dbias"};

static double tolerance(const case_array *array, int64_t i) {
    double rounding = array->type == HEED_BF16 ? fabs(array->exact[i]) * 0x1.02p-8 : 0;
    return 4 * 0x1p-23 * array->bound[i] + rounding + 1e-37;
}

// Whether a value was met before, as far as a small table tells: equal values have equal rounding errors.
static double last_met[4096];

static void forget(void) {
    memset(last_met, 0, sizeof last_met);
}

static bool met(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    double *place = &last_met[(bits * 0x9E3779B97F4A7C15u) >> 52];
    bool same = *place == value;
    *place = value;
    return same;
}

// How far the errors of many elements lean to one side, and how far they may by chance. An error that is a share of
// every element is seen best where the tolerance is a small share of the element: such elements weigh most.
typedef struct {
    double error, spread;
} lean;

static lean lean_of(const case_array *array) {
    lean sum = {0, 0};
    for (int64_t i = 0; i < array->count; i++) {
        double fast = case_value(array, i), exact = array->exact[i];
        if (!array->written[i] || !isfinite(exact) || exact == 0 || met(exact))
            continue;
        double weight = exact / (tolerance(array, i) * tolerance(array, i));
        sum.error += (fast - exact) * weight;
        sum.spread += exact * weight;
    }
    return sum;
}

static bool is_upright(lean sum) {
    return fabs(sum.error) <= 4 * sqrt(sum.spread);
}

// Whether every written element is within its tolerance, and whether their errors lean to no side. What is not finite
// in the reference must not be finite in the kernel's result either, and is not looked at otherwise.
static bool agrees(const case_array *array, lean sum, char *detail, size_t size) {
    for (int64_t i = 0; i < array->count; i++) {
        if (!array->written[i])
            continue;
        double fast = case_value(array, i), exact = array->exact[i], most = tolerance(array, i);
        if (isfinite(exact) ? !(fabs(fast - exact) <= most) : isfinite(fast)) {
            if (fast == exact)
                continue;
            snprintf(detail, size, "[%lld] is %.9g, expected %.9g ± %.2g", (long long)i, fast, exact, most);
            return false;
        }
    }
    if (!is_upright(sum)) {
        snprintf(detail, size, "leans by %g of %g", sum.error, sqrt(sum.spread));
        return false;
    }
    return true;
}

static void compare(const attention_case *c, int which) {
    char detail[160];
    if (!agrees(&c->arrays[which], lean_of(&c->arrays[which]), detail, sizeof detail))
        fail(array_names[which], detail);
}

static void *copy_of(const case_array *array) {
    size_t bytes = (size_t)array->count * (array->type == HEED_BF16 ? 2 : 4);
    return bytes ? memcpy(malloc(bytes), array->fast, bytes) : NULL;
}

// The same bits, but for those of a NaN: which of two NaN comes out of a sum is up to the processor.
static bool same_bits(const case_array *array, const void *copy) {
    case_array other = *array;
    other.fast = (void *)copy;
    size_t size = array->type == HEED_BF16 ? 2 : 4;
    for (int64_t i = 0; i < array->count; i++)
        if (memcmp((const char *)array->fast + i * (int64_t)size, (const char *)copy + i * (int64_t)size, size) &&
            !(array->written[i] && isnan(case_value(array, i)) && isnan(case_value(&other, i))))
            return false;
    return true;
}

// Plants an error of 0.1 % in every output, and asks how often it is noticed: where gradients are nothing but what is
// left of sums that cancel, it is not. A problem of bfloat16 may be too small to tell 0.1 % from its rounding errors:
// there all problems of a table are asked together.
static int planted[ARRAY_COUNT], noticed[ARRAY_COUNT];
static lean true_leans[ARRAY_COUNT], planted_leans[ARRAY_COUNT];

static void add_lean(lean *sum, lean part) {
    sum->error += part.error, sum->spread += part.spread;
}

static void plant_errors(attention_case *c) {
    static const int outputs[] = {ARRAY_O, ARRAY_DQ, ARRAY_DK, ARRAY_DV, ARRAY_DBIAS};
    char detail[160];
    for (size_t n = 0; n < sizeof outputs / sizeof *outputs; n++) {
        case_array *array = &c->arrays[outputs[n]];
        bool anything = false;
        forget();
        add_lean(&true_leans[outputs[n]], lean_of(array));
        for (int64_t i = 0; i < array->count; i++) {
            array->exact[i] *= 1.001;
            anything = anything || (array->written[i] && array->exact[i] != 0);
        }
        forget();
        lean sum = lean_of(array);
        add_lean(&planted_leans[outputs[n]], sum);
        planted[outputs[n]] += anything;
        noticed[outputs[n]] += anything && !agrees(array, sum, detail, sizeof detail);
        for (int64_t i = 0; i < array->count; i++)
            array->exact[i] /= 1.001;
    }
}

static void check_planted(heed_type type) {
    for (int n = 0; n < ARRAY_COUNT; n++) {
        if (!is_upright(true_leans[n]))
            fail("all problems together lean in", array_names[n]);
        if (planted[n] && is_upright(planted_leans[n]))
            fail("planted errors of all problems together go unnoticed in", array_names[n]);
        if (type == HEED_F32 && noticed[n] < 0.95 * planted[n])
            fail("planted errors go unnoticed in", array_names[n]);
        planted[n] = noticed[n] = 0;
        true_leans[n] = planted_leans[n] = (lean){0, 0};
    }
}

// MARK: One problem

static void check_weights(const attention_case *c, const heed_kernels *table) {
    void *scratch = NULL;
    if (posix_memalign(&scratch, 64, table->attention_scratch(&c->fast) + 64))
        abort();
    for (int32_t b = 0; b < c->sequences; b++) {
        int64_t count = (int64_t)c->q_length[b] * c->k_length[b];
        case_array weights = {.count = count, .type = HEED_F32};
        weights.fast = malloc((size_t)count * sizeof(float) + 4);
        weights.exact = malloc((size_t)count * sizeof(double) + 8);
        weights.bound = malloc((size_t)count * sizeof(double) + 8);
        weights.written = memset(malloc((size_t)count + 1), 1, (size_t)count + 1);
        char detail[160];
        for (int32_t h = 0; h < c->fast.heads; h++) {
            table->attention_weights(&c->fast, b, h, weights.fast, scratch);
            reference_attention_weights(&c->exact, b, h, weights.exact, weights.bound);
            if (!agrees(&weights, lean_of(&weights), detail, sizeof detail))
                fail("weights", detail);
        }
        free(weights.fast);
        free(weights.exact);
        free(weights.bound);
        free(weights.written);
    }
    free(scratch);
}

// The reference's dbias starts from what was there before the kernel added to it.
static void reference_backward(attention_case *c) {
    for (int64_t i = 0; i < c->arrays[ARRAY_O].count; i++)
        if (c->arrays[ARRAY_O].written[i])
            c->arrays[ARRAY_O].exact[i] = case_value(&c->arrays[ARRAY_O], i);
    for (int32_t b = 0; b < c->sequences; b++)
        reference_attention_backward(&c->exact, &c->bounds, b);
}

static void run_case(const heed_kernels *table, uint64_t seed, case_options options) {
    attention_case c;
    current_seed = seed;
    case_make(&c, seed, options);
    uint64_t state = seed ^ 0x5555;
    case_forward(&c, table, 1 << 30);
    for (int32_t b = 0; b < c.sequences; b++)
        reference_attention_forward(&c.exact, &c.bounds, b);
    compare(&c, ARRAY_O);
    compare(&c, ARRAY_LSE);
    check_weights(&c, table);

    void *o = copy_of(&c.arrays[ARRAY_O]), *lse = copy_of(&c.arrays[ARRAY_LSE]);
    case_forward(&c, table, case_integer(&state, 1, options.longest));
    check(same_bits(&c.arrays[ARRAY_O], o) && same_bits(&c.arrays[ARRAY_LSE], lse), "bits change with the cut");
    free(o);
    free(lse);

    reference_backward(&c);
    case_backward(&c, table);
    for (int which = ARRAY_DQ; which < ARRAY_COUNT; which++)
        compare(&c, which);
    if (options.non_finite == 0)
        plant_errors(&c);
    void *dq = copy_of(&c.arrays[ARRAY_DQ]), *dk = copy_of(&c.arrays[ARRAY_DK]), *dv = copy_of(&c.arrays[ARRAY_DV]);
    case_backward(&c, table);
    check(same_bits(&c.arrays[ARRAY_DQ], dq) && same_bits(&c.arrays[ARRAY_DK], dk) &&
              same_bits(&c.arrays[ARRAY_DV], dv),
          "a second backward run gives other bits");
    free(dq);
    free(dk);
    free(dv);
    check(case_untouched(&c), "memory beside the outputs was written");
    case_free(&c);
}

// MARK: Promises about bits

// One query with a cache of earlier keys gives the row of the full forward run.
static void check_cache(const heed_kernels *table, uint64_t seed, heed_type type) {
    attention_case c;
    current_seed = seed;
    case_make(&c, seed,
              (case_options){
                  .type = type, .longest = 300, .widest = 80, .mask = HEED_MASK_CAUSAL, .amplitude = 1, .plain = true});
    c.sequences = c.fast.sequences = 1;
    c.k_length[0] = c.q_length[0] = c.q_length[0] < c.k_length[0] ? c.q_length[0] : c.k_length[0];
    c.offset[0] = 0;
    case_forward(&c, table, 1 << 30);
    void *full = copy_of(&c.arrays[ARRAY_O]);
    int32_t count = c.q_length[0], start = c.q_start[0];
    for (int32_t i = 0; i < count; i++) {
        c.q_start[0] = start + i, c.q_length[0] = 1, c.k_length[0] = i + 1, c.offset[0] = i;
        case_forward(&c, table, 1);
    }
    check(same_bits(&c.arrays[ARRAY_O], full), "a cached query differs from the full run");
    free(full);
    case_free(&c);
}

// The same rows at another place in memory, and without the other sequences.
static void check_alone(const heed_kernels *table, uint64_t seed, heed_type type) {
    attention_case c;
    current_seed = seed;
    case_make(&c, seed, (case_options){.type = type, .longest = 200, .widest = 80, .mask = -1, .amplitude = 1});
    int64_t width = c.fast.dv, heads = c.fast.heads;
    size_t size = type == HEED_BF16 ? 2 : 4;
    case_forward(&c, table, 1 << 30);
    char *place = malloc((size_t)(heads * width * 200 + 64) * size);
    void *full = copy_of(&c.arrays[ARRAY_O]);
    for (int32_t b = 0; b < c.sequences; b++)
        for (int64_t shift = 0; shift < 3; shift++) {
            attention_case moved = c;
            moved.fast.o = place + shift * (int64_t)size - c.q_start[b] * heads * width * (int64_t)size;
            moved.fast.o_stride = heads * width;
            moved.fast.lse = NULL;
            int32_t only = c.q_length[b];
            for (int32_t other = 0; other < c.sequences; other++)
                moved.q_length[other] = other == b ? only : 0;
            moved.fast.q_length = moved.q_length;
            case_forward(&moved, table, 7);
            for (int64_t r = 0; r < only; r++)
                check(memcmp(place + (shift + r * heads * width) * (int64_t)size,
                             (char *)full + (c.q_start[b] + r) * c.fast.o_stride * (int64_t)size,
                             (size_t)(heads * width) * size) == 0,
                      "a sequence alone or elsewhere gives other bits");
        }
    free(place);
    free(full);
    case_free(&c);
}

// Logits of ±1e4 and beyond stay finite.
static void check_large(const heed_kernels *table, uint64_t seed, heed_type type) {
    attention_case c;
    current_seed = seed;
    case_make(&c, seed, (case_options){.type = type, .longest = 150, .widest = 64, .mask = -1, .amplitude = 1e4});
    case_forward(&c, table, 1 << 30);
    case_backward(&c, table);
    for (int which = ARRAY_O; which < ARRAY_COUNT; which++)
        for (int64_t i = 0; i < c.arrays[which].count; i++)
            if (c.arrays[which].written[i])
                check(isfinite(case_value(&c.arrays[which], i)) ||
                          (which == ARRAY_LSE && case_value(&c.arrays[which], i) == -INFINITY),
                      "large logits");
    case_free(&c);
}

// MARK: The reference itself

static double loss_of(attention_case *c) {
    double loss = 0;
    for (int32_t b = 0; b < c->sequences; b++)
        reference_attention_forward(&c->exact, &c->bounds, b);
    for (int32_t b = 0; b < c->sequences; b++)
        for (int64_t r = c->q_start[b]; r < c->q_start[b] + c->q_length[b]; r++)
            for (int64_t i = 0; i < c->fast.heads * c->fast.dv; i++)
                loss += c->arrays[ARRAY_O].exact[r * c->fast.o_stride + i] *
                        c->arrays[ARRAY_D_O].exact[r * c->fast.d_o_stride + i];
    return loss;
}

// Central differences of the reference's forward against its gradients.
static void check_reference(uint64_t seed) {
    static const int inputs[] = {ARRAY_Q, ARRAY_K, ARRAY_V, ARRAY_BIAS};
    static const int gradients[] = {ARRAY_DQ, ARRAY_DK, ARRAY_DV, ARRAY_DBIAS};
    attention_case c;
    current_seed = seed, current_table = "reference";
    case_make(&c, seed, (case_options){.type = HEED_F32, .longest = 6, .widest = 5, .mask = -1, .amplitude = 1});
    loss_of(&c);
    for (int64_t i = 0; i < c.arrays[ARRAY_DBIAS].count; i++)
        c.arrays[ARRAY_DBIAS].exact[i] = 0;
    for (int32_t b = 0; b < c.sequences; b++)
        reference_attention_backward(&c.exact, &c.bounds, b);
    const heed_attention *a = &c.fast;
    int64_t strides[][2] = {
        {a->q_stride, a->dq_stride}, {a->k_stride, a->dk_stride}, {a->v_stride, a->dv_stride}, {1, 1}};
    for (int n = 0; n < 4; n++) {
        case_array *input = &c.arrays[inputs[n]], *gradient = &c.arrays[gradients[n]];
        for (int64_t i = 0; i < gradient->count; i++) {
            int64_t at = i / strides[n][1] * strides[n][0] + i % strides[n][1];
            if (!gradient->written[i])
                continue;
            double before = input->exact[at];
            input->exact[at] = before + 1e-5;
            double above = loss_of(&c);
            input->exact[at] = before - 1e-5;
            double slope = (above - loss_of(&c)) / 2e-5;
            input->exact[at] = before;
            check(fabs(slope - gradient->exact[i]) <= 1e-8 + 1e-5 * fabs(slope), array_names[gradients[n]]);
        }
    }
    case_free(&c);
}

// MARK: Tables

static void check_table(const heed_kernels *table, heed_type type, bool pairs, int cases, uint64_t seed) {
    current_table = table->name;
    // In units of 4 ε of float32: half a unit in the last place of bfloat16.
    reference_attention_operand_error = pairs ? 0x1p-8 / (4 * 0x1p-23) : 0;
    for (int n = 0; n < cases; n++) {
        uint64_t at = seed + (uint64_t)n;
        run_case(table, at,
                 (case_options){.type = type, .longest = 40, .widest = 80, .mask = n % 6 - 1, .amplitude = 1});
        if (n % 4 == 0)
            run_case(table, at,
                     (case_options){.type = type, .longest = 330, .widest = 257, .mask = -1, .amplitude = 1});
        run_case(table, at,
                 (case_options){.type = type,
                                .longest = n % 3 ? 50 : 280,
                                .widest = 48,
                                .mask = -1,
                                .amplitude = 1,
                                .non_finite = 1 + n % 8});
        if (n % 8 == 0) {
            check_cache(table, at, type);
            check_alone(table, at, type);
            check_large(table, at, type);
        }
    }
    check_planted(type);
    printf("%s: %d cases, %d failures so far\n", table->name, cases, failures);
}

int main(int count, char **arguments) {
    int cases = count > 1 ? atoi(arguments[1]) : 100;
    uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    for (int n = 0; n < cases; n++)
        check_reference(seed + (uint64_t)n);
    for (heed_isa isa = 0; isa < HEED_ISA_COUNT; isa++)
        for (heed_type type = HEED_F32; type <= HEED_BF16; type++) {
            // The float32 table of AVX-512 with bf16 is that of AVX-512.
            const bool pairs = isa >= HEED_ISA_AVX512BF16;
            if (heed_kernels_of(isa, type) && (!pairs || type == HEED_BF16))
                check_table(heed_kernels_of(isa, type), type, pairs, cases, seed);
        }
    return failures ? 1 : 0;
}
