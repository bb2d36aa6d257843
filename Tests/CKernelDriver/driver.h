// Support for the kernel tests: buffers with guard bands, numbers of any element type, and comparison with float64.

#ifndef DRIVER_H
#define DRIVER_H

#include "heed_kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What is under test, and the seed of the numbers.
extern const heed_kernels *kernels;
extern heed_type type;
extern int failures;
extern long comparisons;

#define EPSILON 0x1p-23

size_t size_of(heed_type t);
double get(heed_type t, const void *p, int64_t i);
void put(heed_type t, void *p, int64_t i, double value);

// Numbers from a small generator of the tests' own.
double uniform(void); // in [-1, 1)
double normal(void);  // about N(0, 1)
uint32_t bits32(void);

// n elements, `misalignment` elements past an aligned address. Memory after the last element is not the
// buffer's (so that the address sanitizer sees reads past the end) unless guarded.
typedef struct {
    heed_type type;
    int64_t n;
    void *data;
    unsigned char *block;
    size_t before, after;
} buffer;

buffer input(heed_type t, int64_t n, int64_t misalignment);  // filled with normal numbers
buffer output(heed_type t, int64_t n, int64_t misalignment); // guarded, filled with NaN
void copy_into(buffer *to, const buffer *from);
void release(buffer *b); // checks the guards
double at(const buffer *b, int64_t i);

// Fails unless |got − expected| ≤ tolerance, plus half a unit in the last place of the stored type. Expected
// infinities must be met exactly, expected NaN by NaN.
void expect(const char *what, const buffer *got, int64_t i, double expected, double tolerance);
void expect_same_bits(const char *what, const buffer *a, int64_t a_begin, const buffer *b, int64_t b_begin, int64_t n);
void expect_true(const char *what, bool condition);
// Whether the tests fail; they end at the first failure, which is not counted.
bool notices(void (*tests)(void));

// Relative tolerance of one element.
double elementwise(double value);
// Tolerance of a sum of n products of absolute sum `absolute`.
double of_sum(int64_t n, double absolute);

// Lengths around the widths of vectors, unrolled loops and dropout groups.
extern const int64_t lengths[];
extern const int length_count;

// The dropout factor (0 or the scale) of an element, from the definition.
double dropout_factor(const heed_dropout *d, heed_rows keys, int64_t row, int64_t columns, int64_t column);
heed_dropout some_dropout(bool active);

double unary_value(heed_unary op, double x);
double unary_slope(heed_unary op, double x, double y, double *scale); // scale: sum of its terms' sizes
double unary_domain(heed_unary op, double x);                         // a legal argument near x

void test_elementwise(void);
void test_special_values(void);
void test_limits_of_activations(void);
void test_gated(void);
void test_reductions(void);
void test_softmax(void);
void test_cross_entropy(void);
void test_norm(void);
void test_embedding(void);
void test_rotary(void);
void test_adam(void);
void test_convert(void);
void test_quantised(void);
void test_rows_product(void);
void test_panel_product(void);
void test_pack_panels(void);
void test_pack_pairs(void);
void test_random(void);
void test_invariance(void);
// A number that stands for the bits of everything that test_invariance computes; its inputs need no C library.
uint64_t invariance_digest(void);
void test_planted(void);
void benchmark(void);

#endif
