// A small vector abstraction: float32 vectors of V_N lanes, and loads and stores of the element type T.
//
// A source file defines HEED_ISA (an integer of the list below) and HEED_BF16_ELEMENTS (0 or 1), pushes the target
// attribute of its instruction set, and includes kernels.inc, which includes this file.
//
// Rules that every kernel rests on:
// - Arithmetic is float32 (sums of squares: double), whatever T is. Loads widen, stores round to nearest even. The
//   conversion to bfloat16 gives the same bits on every instruction set: integers do it, and the instruction
//   VCVTNEPS2BF16 where no lane is subnormal (it would flush those to zero).
// - The compiler never contracts: `a * b + c` is two roundings. v_fma is one rounding from AVX2 on, and two
//   roundings in the generic build, on every machine: a generic build gives the same bits on x86-64 and aarch64.
// - The last, incomplete vector of a range goes through the same arithmetic, by partial loads and stores: what an
//   element becomes never depends on its place in the range.

#include "system.h"

#define HEED_ISA_IS_GENERIC 0
#define HEED_ISA_IS_AVX2 1
#define HEED_ISA_IS_AVX512 2
#define HEED_ISA_IS_AVX512BF16 3
#define HEED_ISA_IS_AMX 4

#pragma STDC FP_CONTRACT OFF

#if HEED_ISA >= HEED_ISA_IS_AVX512
#define V_N 16
#elif HEED_ISA == HEED_ISA_IS_AVX2
#define V_N 8
#else
#define V_N 4
#endif

typedef float vf __attribute__((ext_vector_type(V_N)));
typedef int32_t vi __attribute__((ext_vector_type(V_N)));
typedef uint32_t vu __attribute__((ext_vector_type(V_N)));
typedef uint16_t vh __attribute__((ext_vector_type(V_N)));
typedef double vd __attribute__((ext_vector_type(V_N)));

#if HEED_BF16_ELEMENTS
typedef uint16_t element;
#define HEED_ELEMENT_TYPE HEED_BF16
#else
typedef float element;
#define HEED_ELEMENT_TYPE HEED_F32
#endif

// MARK: Bits and lanes

HEED_INLINE vf v_float(vi bits) {
    union {
        vi i;
        vf f;
    } u = {.i = bits};
    return u.f;
}

HEED_INLINE vi v_bits(vf value) {
    union {
        vf f;
        vi i;
    } u = {.f = value};
    return u.i;
}

HEED_INLINE vf v_set(float value) {
    return (vf)value;
}
HEED_INLINE vi v_iset(int32_t value) {
    return (vi)value;
}

// 0, 1, 2, …
HEED_INLINE vi v_iota(void) {
#if V_N == 16
    return (vi){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#elif V_N == 8
    return (vi){0, 1, 2, 3, 4, 5, 6, 7};
#else
    return (vi){0, 1, 2, 3};
#endif
}

// All ones in the lanes 0 ..< count.
HEED_INLINE vi v_first(int64_t count) {
    return v_iota() < v_iset(count < V_N ? (int32_t)count : V_N);
}

// a where the mask (all ones or all zeros per lane, as comparisons give it) is set, b elsewhere.
HEED_INLINE vf v_select(vi mask, vf a, vf b) {
    return mask ? a : b;
}

// value where the mask is set, +0 elsewhere, whatever the value (also NaN).
HEED_INLINE vf v_keep(vi mask, vf value) {
    return v_float(mask & v_bits(value));
}

// MARK: Arithmetic

HEED_INLINE vf v_fma(vf a, vf b, vf c) {
#if HEED_ISA == HEED_ISA_IS_GENERIC
    return a * b + c;
#else
    return __builtin_elementwise_fma(a, b, c);
#endif
}

// The larger of both; when either is NaN, b.
HEED_INLINE vf v_max(vf a, vf b) {
    return a > b ? a : b;
}
HEED_INLINE vf v_min(vf a, vf b) {
    return a < b ? a : b;
}
// The larger of both; NaN when either is NaN.
HEED_INLINE vf v_max_nan(vf a, vf b) {
    return v_select((a > b) | (a != a), a, b);
}
HEED_INLINE vf v_abs(vf a) {
    return v_float(v_bits(a) & 0x7fffffff);
}
HEED_INLINE vf v_sqrt(vf a) {
    return __builtin_elementwise_sqrt(a);
}
// `magnitude` with the sign bit of `sign` flipped into it.
HEED_INLINE vf v_xor_sign(vf magnitude, vf sign) {
    return v_float(v_bits(magnitude) ^ (v_bits(sign) & (vi)INT32_MIN));
}

// The sum of all lanes, always as the same tree: halves are added until one lane is left.
HEED_INLINE float v_sum(vf a) {
#if V_N == 16
    typedef float v8 __attribute__((ext_vector_type(8)));
    const v8 e = a.lo + a.hi;
#elif V_N == 8
    const vf e = a;
#endif
    typedef float v4 __attribute__((ext_vector_type(4)));
#if V_N >= 8
    const v4 q = e.lo + e.hi;
#else
    const v4 q = a;
#endif
    return (q.x + q.z) + (q.y + q.w);
}

HEED_INLINE double v_sum_double(vd a) {
    double lanes[V_N];
    memcpy(lanes, &a, sizeof lanes);
    for (int width = V_N / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++)
            lanes[i] += lanes[i + width];
    return lanes[0];
}

// The largest lane; NaN when there is one.
HEED_INLINE float v_largest(vf a) {
    // Each step compares with the lanes half as far away.
#if V_N == 16
    a = v_max_nan(a, __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    a = v_max_nan(a, __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3));
    a = v_max_nan(a, __builtin_shufflevector(a, a, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1));
    a = v_max_nan(a, __builtin_shufflevector(a, a, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0));
#elif V_N == 8
    a = v_max_nan(a, __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3));
    a = v_max_nan(a, __builtin_shufflevector(a, a, 2, 3, 0, 1, 2, 3, 0, 1));
    a = v_max_nan(a, __builtin_shufflevector(a, a, 1, 0, 1, 0, 1, 0, 1, 0));
#else
    a = v_max_nan(a, __builtin_shufflevector(a, a, 2, 3, 0, 1));
    a = v_max_nan(a, __builtin_shufflevector(a, a, 1, 0, 1, 0));
#endif
    return a[0];
}

// Bit i is set where number i is negative, as all ones are.
HEED_INLINE uint32_t v_lane_bits(const int32_t numbers[V_N]) {
#if V_N == 16
    return _mm512_movepi32_mask(_mm512_loadu_si512(numbers));
#elif V_N == 8
    return (uint32_t)_mm256_movemask_ps((__m256)_mm256_loadu_si256((const __m256i *)numbers));
#else
    uint32_t bits = 0;
    for (int i = 0; i < V_N; i++)
        bits |= (uint32_t)(numbers[i] < 0) << i;
    return bits;
#endif
}

HEED_INLINE float v_lane0(vf a) {
    return a[0];
}

// MARK: bfloat16

HEED_INLINE vf v_widen(vh halves) {
    return v_float(__builtin_convertvector(halves, vi) << 16);
}

// The upper half is the value as bfloat16, rounded to nearest even; a NaN stays a (quiet) NaN.
HEED_INLINE vu v_narrow_bits(vf value) {
    const vu bits = (vu)v_bits(value);
    const vu rounded = bits + 0x7fff + ((bits >> 16) & 1);
    return value == value ? rounded : bits | 0x400000;
}

HEED_INLINE vh v_narrow(vf value) {
#if HEED_ISA >= HEED_ISA_IS_AVX512BF16
    // The instruction gives the same bits, but for subnormals.
    enum { SUBNORMAL = 0x20 };
    if (__builtin_expect(_mm512_fpclass_ps_mask(value, SUBNORMAL) == 0, 1))
        return (vh)_mm512_cvtneps_pbh(value);
#endif
    return __builtin_convertvector(v_narrow_bits(value) >> 16, vh);
}

// The value as it would come back after being stored as bfloat16.
HEED_INLINE vf v_round_bf16(vf value) {
    return v_float((vi)(v_narrow_bits(value) & 0xffff0000u));
}

// MARK: Loads and stores
// `…_part` moves the lanes 0 ..< count (count ≥ V_N: all of them) and reads 0 for the others.

HEED_INLINE vf v_load_f32(const float *p) {
    vf value;
    memcpy(&value, p, sizeof value);
    return value;
}

HEED_INLINE void v_store_f32(float *p, vf value) {
    memcpy(p, &value, sizeof value);
}

HEED_INLINE vf v_load_bf16(const uint16_t *p) {
    vh halves;
    memcpy(&halves, p, sizeof halves);
    return v_widen(halves);
}

HEED_INLINE void v_store_bf16(uint16_t *p, vf value) {
    const vh halves = v_narrow(value);
    memcpy(p, &halves, sizeof halves);
}

HEED_INLINE vf v_load_f32_part(const float *p, int64_t count) {
    if (count >= V_N)
        return v_load_f32(p);
#if V_N == 16
    return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
#elif V_N == 8
    return _mm256_maskload_ps(p, (__m256i)v_first(count));
#else
    vf value = 0;
    memcpy(&value, p, (size_t)count * sizeof *p);
    return value;
#endif
}

HEED_INLINE void v_store_f32_part(float *p, vf value, int64_t count) {
    if (count >= V_N) {
        v_store_f32(p, value);
        return;
    }
#if V_N == 16
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), value);
#elif V_N == 8
    _mm256_maskstore_ps(p, (__m256i)v_first(count), value);
#else
    memcpy(p, &value, (size_t)count * sizeof *p);
#endif
}

HEED_INLINE vf v_load_bf16_part(const uint16_t *p, int64_t count) {
    if (count >= V_N)
        return v_load_bf16(p);
#if V_N == 16
    return v_widen((vh)_mm256_maskz_loadu_epi16((__mmask16)((1u << count) - 1), p));
#else
    vh halves = 0;
    memcpy(&halves, p, (size_t)count * sizeof *p);
    return v_widen(halves);
#endif
}

HEED_INLINE void v_store_bf16_part(uint16_t *p, vf value, int64_t count) {
    if (count >= V_N) {
        v_store_bf16(p, value);
        return;
    }
    const vh halves = v_narrow(value);
#if V_N == 16
    _mm256_mask_storeu_epi16(p, (__mmask16)((1u << count) - 1), (__m256i)halves);
#else
    memcpy(p, &halves, (size_t)count * sizeof *p);
#endif
}

// The same for the element type T; v_round is the value as it would come back after being stored as T.
#if HEED_BF16_ELEMENTS
#define v_load v_load_bf16
#define v_store v_store_bf16
#define v_load_part v_load_bf16_part
#define v_store_part v_store_bf16_part
#define v_round v_round_bf16
#else
#define v_load v_load_f32
#define v_store v_store_f32
#define v_load_part v_load_f32_part
#define v_store_part v_store_f32_part
HEED_INLINE vf v_round(vf value) {
    return value;
}
#endif

// Elements that are float or T, as `wide` says; `wide` is a constant wherever these are inlined.
HEED_INLINE vf v_load_either(bool wide, const void *p, int64_t i, int64_t count) {
    return wide ? v_load_f32_part((const float *)p + i, count) : v_load_part((const element *)p + i, count);
}

HEED_INLINE void v_store_either(bool wide, void *p, int64_t i, vf value, int64_t count) {
    if (wide)
        v_store_f32_part((float *)p + i, value, count);
    else
        v_store_part((element *)p + i, value, count);
}

// Runs the following statement for i = 0, V_N, 2 V_N, … < n with `count` = how many elements are left there.
#define V_EACH(i, count, n) for (int64_t i = 0, count = (n); count > 0; i += V_N, count -= V_N)
