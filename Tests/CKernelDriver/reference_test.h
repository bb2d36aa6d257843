// Support for the tests of the reference kernels: arrays of exact length, and central differences.

#ifndef REFERENCE_TEST_H
#define REFERENCE_TEST_H

#include "heed_kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const heed_kernels *reference;
extern int failures;
extern long comparisons;

// Numbers from a small generator of the tests' own.
double uniform(double least, double most);
int32_t integer(int32_t least, int32_t most);

// Arrays of exactly n elements, so that the address sanitizer sees every step past an end. They live until
// `release_all`.
void *array(int64_t n, size_t size);
double *numbers(int64_t n); // uniform in −2 … 2
double *zeros(int64_t n);
double *filled(int64_t n, double value);
double *copy_of(const double *values, int64_t n);
void release_all(void);

// Each fails unless the condition holds; a NaN never does.
void expect_true(const char *what, bool condition);
void expect_close(const char *what, int64_t i, double got, double expected, double absolute, double relative);

// Σ a · b, the loss whose gradient with respect to a is b.
double dot(int64_t n, const double *a, const double *b);

// Compares a gradient with central differences of the loss by each of the n values. What was in the gradient before it
// was accumulated is in `before`, or null.
typedef double (*loss_function)(const void *context);
void check_gradient(const char *what, loss_function loss, const void *context, double *values, int64_t n,
                    const double *gradient, const double *before);

// Key, counter and threshold at random; nothing is dropped when inactive.
heed_dropout some_dropout(bool active);

void test_elementwise_gradients(void);
void test_row_gradients(void);
void test_layer_gradients(void);
void test_attention_gradients(void);
void test_attention_edges(void);
void test_elementwise_values(void);
void test_row_values(void);
void test_layer_values(void);
void test_conversions(void);

#endif
