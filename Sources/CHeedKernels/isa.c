// Which instruction set this process uses, and the tables that go with it.

#include "heed_kernels.h"
#include "tables.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

static const char *const names[HEED_ISA_COUNT] = {"generic", "avx2", "avx512", "avx512bf16", "amx"};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool available[HEED_ISA_COUNT];
static heed_isa current;
static const char *complaint;

#if defined(__x86_64__)
// Matrix tiles with bfloat16 and 8-bit integers, in the CPU and permitted by the kernel, which is asked for the
// process's permission.
static bool has_amx(void) {
#if defined(__linux__)
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & (1u << 24)) || !(d & (1u << 22)) || !(d & (1u << 25)))
        return false;
    unsigned long features = 0;
    const long get_supported_features = 0x1021, request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, get_supported_features, &features) == 0 && (features >> tile_data & 1) &&
           syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
    return false;
#endif
}
#endif

static void detect(void) {
    available[HEED_ISA_GENERIC] = true;
#if defined(__x86_64__)
    __builtin_cpu_init();
    // These builtins also ask whether the operating system saves the wide registers.
    available[HEED_ISA_AVX2] = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    available[HEED_ISA_AVX512] = available[HEED_ISA_AVX2] && __builtin_cpu_supports("avx512f") &&
                                 __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                                 __builtin_cpu_supports("avx512vl");
    available[HEED_ISA_AVX512BF16] =
        available[HEED_ISA_AVX512] && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni");
    available[HEED_ISA_AMX] = available[HEED_ISA_AVX512BF16] && has_amx();
#endif
}

static void choose(void) {
    static char message[160];
    detect();
    for (int isa = 0; isa < HEED_ISA_COUNT; isa++)
        if (available[isa])
            current = (heed_isa)isa;
    const char *wanted = getenv("HEED_ISA");
    if (!wanted || !*wanted)
        return;
    for (int isa = 0; isa < HEED_ISA_COUNT; isa++) {
        if (strcmp(wanted, names[isa]) != 0)
            continue;
        if (available[isa]) {
            current = (heed_isa)isa;
            return;
        }
        snprintf(message, sizeof message, "HEED_ISA=%s: this CPU lacks it; using %s", names[isa], names[current]);
        complaint = message;
        return;
    }
    snprintf(message, sizeof message, "HEED_ISA=%.40s is unknown (generic, avx2, avx512, avx512bf16, amx); using %s",
             wanted, names[current]);
    complaint = message;
}

heed_isa heed_isa_current(void) {
    pthread_once(&once, choose);
    return current;
}

const char *heed_isa_name(heed_isa isa) {
    return (unsigned)isa < HEED_ISA_COUNT ? names[isa] : "unknown";
}

bool heed_isa_available(heed_isa isa) {
    pthread_once(&once, choose);
    return (unsigned)isa < HEED_ISA_COUNT && available[isa];
}

const char *heed_isa_complaint(void) {
    pthread_once(&once, choose);
    return complaint;
}

static const heed_kernels *float32_table(heed_isa isa) {
    switch (isa) {
    case HEED_ISA_GENERIC:
        return &heed_generic_f32_kernels;
#if defined(__x86_64__)
    case HEED_ISA_AVX2:
        return &heed_avx2_f32_kernels;
    case HEED_ISA_AVX512:
    case HEED_ISA_AVX512BF16: // bfloat16 instructions change nothing for float32
    case HEED_ISA_AMX:
        return &heed_avx512_f32_kernels;
#endif
    default:
        return NULL;
    }
}

static const heed_kernels *bfloat16_table(heed_isa isa) {
    switch (isa) {
    case HEED_ISA_GENERIC:
        return &heed_generic_bf16_kernels;
#if defined(__x86_64__)
    case HEED_ISA_AVX2:
        return &heed_avx2_bf16_kernels;
    case HEED_ISA_AVX512:
        return &heed_avx512_bf16_kernels;
    case HEED_ISA_AVX512BF16:
        return &heed_avx512bf16_bf16_kernels;
    case HEED_ISA_AMX:
        return &heed_amx_bf16_kernels;
#endif
    default:
        return NULL;
    }
}

const heed_kernels *heed_kernels_of(heed_isa isa, heed_type type) {
    if (type == HEED_F64)
        return &heed_f64_kernels;
    if (!heed_isa_available(isa))
        return NULL;
    return type == HEED_F32 ? float32_table(isa) : bfloat16_table(isa);
}

const heed_kernels *heed_kernels_for(heed_type type) {
    return heed_kernels_of(heed_isa_current(), type);
}
