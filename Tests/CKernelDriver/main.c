// Compares every kernel of every instruction set of this CPU, or of the one that is named, with plain float64 code.
// With "bench": times them. With "digest": prints a number for the bits of the generic kernels, the same on every
// machine.

#include "driver.h"

static void test_table(heed_isa isa, heed_type t) {
    kernels = heed_kernels_of(isa, t);
    type = t;
    if (!kernels) {
        printf("%-12s %s: not on this CPU\n", heed_isa_name(isa), t == HEED_F32 ? "f32" : "bf16");
        return;
    }
    const long before = comparisons;
    test_elementwise();
    test_special_values();
    test_limits_of_activations();
    test_gated();
    test_reductions();
    test_softmax();
    test_cross_entropy();
    test_norm();
    test_embedding();
    test_rotary();
    test_adam();
    test_quantised();
    test_rows_product();
    test_panel_product();
    test_pack_panels();
    test_pack_pairs();
    test_convert();
    test_invariance();
    test_planted();
    printf("%-12s %s: %ld comparisons, %d failures so far\n", heed_isa_name(isa), t == HEED_F32 ? "f32" : "bf16",
           comparisons - before, failures);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "bench") == 0) {
        benchmark();
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "digest") == 0) {
        for (type = HEED_F32; type <= HEED_BF16; type++) {
            kernels = heed_kernels_of(HEED_ISA_GENERIC, type);
            printf("%s %016llx\n", kernels->name, (unsigned long long)invariance_digest());
        }
        return failures ? 1 : 0;
    }
    test_random();
    for (heed_isa isa = 0; isa < HEED_ISA_COUNT; isa++) {
        if (argc > 1 && strcmp(argv[1], heed_isa_name(isa)) != 0)
            continue;
        for (heed_type t = HEED_F32; t <= HEED_BF16; t++)
            if (isa < HEED_ISA_AVX512BF16 || t == HEED_BF16) // their float32 table is that of AVX-512
                test_table(isa, t);
    }
    return failures ? 1 : 0;
}
