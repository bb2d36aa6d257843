#include "driver.h"

#include <setjmp.h>

#if __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_disable() ((void)0)
#define __lsan_enable() ((void)0)
#endif

const heed_kernels *kernels;
heed_type type;
int failures;
long comparisons;

enum { GUARD = 256 };

size_t size_of(heed_type t) {
    return t == HEED_F64 ? 8 : t == HEED_F32 ? 4 : 2;
}

double get(heed_type t, const void *p, int64_t i) {
    if (t == HEED_F64)
        return ((const double *)p)[i];
    if (t == HEED_F32)
        return (double)((const float *)p)[i];
    const uint32_t wide = (uint32_t)((const uint16_t *)p)[i] << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return (double)value;
}

static uint16_t bf16_of(double value) {
    // Rounds the double itself: the candidates are the two neighbours.
    if (isnan(value))
        return 0x7fc0;
    const float cut = (float)value;
    uint32_t bits;
    memcpy(&bits, &cut, sizeof bits);
    uint16_t low = (uint16_t)(bits >> 16);
    double best = INFINITY;
    uint16_t result = low;
    for (int step = -1; step <= 1; step++) {
        const uint16_t candidate = (uint16_t)(low + step);
        double there = get(HEED_BF16, &candidate, 0);
        if (isnan(there) || signbit(there) != signbit(value))
            continue;
        if (isinf(there))
            there = copysign(0x1p128, there); // where the next number would be
        const double distance = fabs(there - (isinf(value) ? copysign(0x1p130, value) : value));
        if (distance < best || (distance == best && !(candidate & 1))) {
            best = distance;
            result = candidate;
        }
    }
    return result;
}

void put(heed_type t, void *p, int64_t i, double value) {
    if (t == HEED_F64)
        ((double *)p)[i] = value;
    else if (t == HEED_F32)
        ((float *)p)[i] = (float)value;
    else
        ((uint16_t *)p)[i] = bf16_of(value);
}

static uint64_t state = 0x9E3779B97F4A7C15u;

uint32_t bits32(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

double uniform(void) {
    return (double)bits32() * 0x1p-31 - 1;
}

double normal(void) {
    return (uniform() + uniform() + uniform());
}

static buffer make(heed_type t, int64_t n, int64_t misalignment, size_t guard) {
    buffer b = {.type = t, .n = n, .after = guard};
    const size_t bytes = (size_t)n * size_of(t);
    b.before = GUARD + (size_t)misalignment * size_of(t);
    b.block = malloc(b.before + bytes + b.after + 1);
    if (guard == 0) // end exactly where the elements end
        b.block = realloc(b.block, b.before + bytes);
    memset(b.block, 0xA5, b.before);
    memset(b.block + b.before + bytes, 0xA5, b.after);
    b.data = b.block + b.before;
    return b;
}

buffer input(heed_type t, int64_t n, int64_t misalignment) {
    buffer b = make(t, n, misalignment, 0);
    for (int64_t i = 0; i < n; i++)
        put(t, b.data, i, normal());
    return b;
}

buffer output(heed_type t, int64_t n, int64_t misalignment) {
    buffer b = make(t, n, misalignment, GUARD);
    for (int64_t i = 0; i < n; i++)
        put(t, b.data, i, NAN);
    return b;
}

void copy_into(buffer *to, const buffer *from) {
    memcpy(to->data, from->data, (size_t)from->n * size_of(from->type));
}

// While an error is planted, the first failure is what was asked for: it ends the tests.
static jmp_buf *noticed;

static void fail(const char *what) {
    if (noticed)
        longjmp(*noticed, 1);
    if (failures++ < 40)
        fprintf(stderr, "FAILED %s %s\n", kernels ? kernels->name : "", what);
}

void release(buffer *b) {
    const size_t bytes = (size_t)b->n * size_of(b->type);
    for (size_t i = 0; i < b->before; i++)
        if (b->block[i] != 0xA5) {
            fail("wrote before the start of a buffer");
            break;
        }
    for (size_t i = 0; i < b->after; i++)
        if (b->block[b->before + bytes + i] != 0xA5) {
            fail("wrote past the end of a buffer");
            break;
        }
    free(b->block);
    *b = (buffer){0};
}

bool notices(void (*tests)(void)) {
    jmp_buf place;
    noticed = &place;
    // The jump leaves buffers behind that nobody releases.
    __lsan_disable();
    const bool result = setjmp(place) != 0;
    if (!result)
        tests();
    __lsan_enable();
    noticed = NULL;
    return result;
}

double at(const buffer *b, int64_t i) {
    return get(b->type, b->data, i);
}

static double half_unit(heed_type t, double value) {
    int exponent;
    if (t == HEED_F64 || value == 0 || !isfinite(value))
        return t == HEED_BF16 ? 0x1p-134 : 0;
    frexp(value, &exponent);
    const int digits = t == HEED_BF16 ? 8 : 24, lowest = t == HEED_BF16 ? -134 : -150;
    const int half = exponent - digits - 1;
    return ldexp(1, half < lowest ? lowest : half);
}

void expect(const char *what, const buffer *got, int64_t i, double expected, double tolerance) {
    // An emulated CPU may have minima and maxima that lose NaN.
    if (isnan(expected) && getenv("HEED_WITHOUT_NAN"))
        return;
    const double value = at(got, i);
    comparisons++;
    bool good;
    if (isnan(expected))
        good = isnan(value);
    else {
        // Rounding may carry a number at the very end of the range to infinity.
        const double limit = tolerance + half_unit(got->type, fabs(expected) + tolerance);
        const double largest = got->type == HEED_BF16 ? 0x1.fep127 : 0x1.fffffep127;
        if (isinf(expected))
            good = value == expected;
        else if (isinf(value))
            good = fabs(expected) + limit >= largest && signbit(value) == signbit(expected);
        else
            good = fabs(value - expected) <= limit;
    }
    if (!good) {
        char text[200];
        snprintf(text, sizeof text, "%s [%lld of %lld]: %.9g, expected %.9g, tolerance %.3g", what, (long long)i,
                 (long long)got->n, value, expected, tolerance);
        fail(text);
    }
}

void expect_same_bits(const char *what, const buffer *a, int64_t a_begin, const buffer *b, int64_t b_begin, int64_t n) {
    const size_t size = size_of(a->type);
    comparisons += n;
    if (memcmp((char *)a->data + (size_t)a_begin * size, (char *)b->data + (size_t)b_begin * size, (size_t)n * size)) {
        char text[200];
        snprintf(text, sizeof text, "%s: other bits at %lld + %lld", what, (long long)a_begin, (long long)n);
        fail(text);
    }
}

void expect_true(const char *what, bool condition) {
    comparisons++;
    if (!condition)
        fail(what);
}

double elementwise(double value) {
    return 1.3e-6 * fabs(value);
}

double of_sum(int64_t n, double absolute) {
    return 4 * EPSILON * sqrt((double)(n > 1 ? n : 1)) * absolute;
}

const int64_t lengths[] = {0,  1,  2,  3,  4,  5,  6,   7,   8,   9,   10,  11,  12,  13,  14,  15,
                           16, 17, 18, 19, 20, 21, 22,  23,  24,  25,  26,  27,  28,  29,  30,  31,
                           32, 33, 63, 64, 65, 66, 127, 128, 129, 200, 256, 257, 384, 511, 512, 1000};
const int length_count = sizeof lengths / sizeof *lengths;

// MARK: Dropout

heed_dropout some_dropout(bool active) {
    const uint32_t threshold = active ? 6554 + bits32() % 20000 : 0;
    return (heed_dropout){.key = {bits32(), bits32()},
                          .update = bits32(),
                          .site = bits32(),
                          .threshold = threshold,
                          .scale = 65536.0f / (float)(65536 - threshold)};
}

double dropout_factor(const heed_dropout *d, heed_rows keys, int64_t row, int64_t columns, int64_t column) {
    if (!d || d->threshold == 0)
        return 1;
    const int64_t groups = (columns + 127) / 128, group = column / 128, e = column % 128, i = e % 16, u = e / 16;
    const int64_t position = keys.position ? keys.position[row] : (int64_t)keys.first_position + row;
    const uint32_t counter[4] = {d->update, keys.sequence ? keys.sequence[row] : 0, d->site,
                                 (uint32_t)(position * groups * 16 + 16 * group + i)};
    uint32_t words[4];
    heed_philox4x32_10(counter, d->key, words);
    const uint32_t word = words[u / 2];
    const uint32_t number = u % 2 == 0 ? word & 0xffff : word >> 16;
    return number < d->threshold ? 0 : (double)d->scale;
}
