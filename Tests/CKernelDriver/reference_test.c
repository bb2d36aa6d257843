// Tests the reference kernels: gradients against central differences, values against the float32 kernels and against
// what can be said without a computer.

#include "reference_test.h"

const heed_kernels *reference;
int failures;
long comparisons;

// MARK: Numbers

static uint64_t state = 0x9E3779B97F4A7C15u;

static uint32_t bits(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

double uniform(double least, double most) {
    return least + (most - least) * (double)bits() * 0x1p-32;
}

int32_t integer(int32_t least, int32_t most) {
    return least + (int32_t)(bits() % (uint32_t)(most - least + 1));
}

heed_dropout some_dropout(bool active) {
    const uint32_t threshold = active ? (uint32_t)integer(10000, 40000) : 0;
    return (heed_dropout){.key = {bits(), bits()},
                          .update = bits(),
                          .site = bits(),
                          .threshold = threshold,
                          .scale = 65536.0f / (float)(65536 - threshold)};
}

// MARK: Arrays

enum { MOST_ARRAYS = 4096 };
static void *arrays[MOST_ARRAYS];
static int array_count;

void *array(int64_t n, size_t size) {
    void *p = malloc((size_t)n * size);
    if (array_count == MOST_ARRAYS || (!p && n > 0)) {
        fprintf(stderr, "too many arrays, or too large\n");
        exit(1);
    }
    arrays[array_count++] = p;
    return p;
}

void release_all(void) {
    while (array_count > 0)
        free(arrays[--array_count]);
}

double *filled(int64_t n, double value) {
    double *a = array(n, sizeof *a);
    for (int64_t i = 0; i < n; i++)
        a[i] = value;
    return a;
}

double *zeros(int64_t n) {
    return filled(n, 0);
}

double *numbers(int64_t n) {
    double *a = array(n, sizeof *a);
    for (int64_t i = 0; i < n; i++)
        a[i] = uniform(-2, 2);
    return a;
}

double *copy_of(const double *values, int64_t n) {
    double *a = array(n, sizeof *a);
    for (int64_t i = 0; i < n; i++)
        a[i] = values[i];
    return a;
}

// MARK: Expectations

static void fail(void) {
    if (++failures == 40) {
        printf("too many failures\n");
        exit(1);
    }
}

void expect_true(const char *what, bool condition) {
    comparisons++;
    if (!condition) {
        printf("FAILED %s\n", what);
        fail();
    }
}

void expect_close(const char *what, int64_t i, double got, double expected, double absolute, double relative) {
    comparisons++;
    if ((isnan(got) && isnan(expected)) || got == expected)
        return;
    if (!(fabs(got - expected) <= absolute + relative * fabs(expected))) {
        printf("FAILED %s [%lld]: %.17g instead of %.17g\n", what, (long long)i, got, expected);
        fail();
    }
}

double dot(int64_t n, const double *a, const double *b) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

void check_gradient(const char *what, loss_function loss, const void *context, double *values, int64_t n,
                    const double *gradient, const double *before) {
    const double step = 1e-5;
    for (int64_t i = 0; i < n; i++) {
        const double value = values[i];
        values[i] = value + step;
        const double above = loss(context);
        values[i] = value - step;
        const double below = loss(context);
        values[i] = value;
        expect_close(what, i, gradient[i] - (before ? before[i] : 0), (above - below) / (2 * step), 1e-8, 1e-5);
    }
}

static void run(const char *name, void (*test)(void)) {
    const long before = comparisons;
    test();
    release_all();
    printf("%-24s %8ld comparisons, %d failures so far\n", name, comparisons - before, failures);
}

int main(void) {
    reference = heed_kernels_for(HEED_F64);
    run("elementwise gradients", test_elementwise_gradients);
    run("row gradients", test_row_gradients);
    run("layer gradients", test_layer_gradients);
    run("attention gradients", test_attention_gradients);
    run("attention edges", test_attention_edges);
    run("elementwise values", test_elementwise_values);
    run("row values", test_row_values);
    run("layer values", test_layer_values);
    run("conversions", test_conversions);
    return failures ? 1 : 0;
}
