/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 */
#include "distill/toeplitz.h"

#include "base/bits.h"
#include "base/clock.h"
#include "base/prng.h"
#include "distill/toeplitz_kernel.h"
#include "unit/distill/failing_calloc.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

/* The definition in the header, bit by bit. */
static void reference(const uint8_t *in, size_t n, const uint8_t *seed, uint8_t *out, size_t m)
{
    memset(out, 0, QW_BITS_TO_BYTES(m));
    for (size_t i = 0; i < m; i++) {
        bool y = false;

        for (size_t j = 0; j < n; j++) {
            y ^= qw_bit_get(seed, i + n - 1 - j) && qw_bit_get(in, j);
        }
        qw_bit_set(out, i, y);
    }
}

static void compare(struct qw_prng *prng, const struct qw_clmul *kernel, size_t n, size_t m)
{
    size_t seed_len = QW_BITS_TO_BYTES(qw_toeplitz_seed_bits(n, m));
    size_t out_len = QW_BITS_TO_BYTES(m);
    uint8_t *in = test_malloc(QW_BITS_TO_BYTES(n));
    uint8_t *seed = test_malloc(seed_len);
    uint8_t *out = test_malloc(out_len);
    uint8_t *expected = test_malloc(out_len);

    /* Unused bits of the inputs are left random: they may not matter. */
    qw_prng_bytes(prng, in, QW_BITS_TO_BYTES(n));
    qw_prng_bytes(prng, seed, seed_len);
    memset(out, 0xee, out_len);
    reference(in, n, seed, expected, m);
    assert_int_equal(qw_toeplitz_hash_with(kernel, in, n, seed, out, m), QW_OK);
    assert_memory_equal(out, expected, out_len);
    test_free(in);
    test_free(seed);
    test_free(out);
    test_free(expected);
}

static void check_shapes(const struct qw_clmul *kernel)
{
    static const size_t lengths[] = { 127, 128, 129, 191, 255, 640, 1000, 1537, 2048 };
    struct qw_prng prng;

    qw_prng_init(&prng, test_seed(), 1);
    for (size_t n = 1; n <= 70; n++) {
        for (size_t m = 1; m <= n; m++) {
            compare(&prng, kernel, n, m);
        }
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (size_t m = 1; m <= lengths[i]; m += 1 + lengths[i] / 13) {
            compare(&prng, kernel, lengths[i], m);
        }
        compare(&prng, kernel, lengths[i], lengths[i]);
    }
}

static void equals_the_bitwise_definition_on_the_portable_kernel(void **state)
{
    (void)state;
    check_shapes(&qw_clmul_portable);
}

static void equals_the_bitwise_definition_on_pclmul(void **state)
{
    (void)state;
    if (qw_clmul_pclmul() == NULL) {
        print_message("no PCLMULQDQ on this machine\n");
        skip();
    }
    check_shapes(qw_clmul_pclmul());
}

static void kernels_agree_on_long_inputs_through_karatsuba(void **state)
{
    enum { N = 60001, M = 20011 };
    struct qw_prng prng;
    static uint8_t in[QW_BITS_TO_BYTES(N)];
    static uint8_t seed[QW_BITS_TO_BYTES(N + M)];
    static uint8_t a[QW_BITS_TO_BYTES(M)];
    static uint8_t b[sizeof a];

    (void)state;
    qw_prng_init(&prng, test_seed(), 2);
    qw_prng_bytes(&prng, in, sizeof in);
    qw_prng_bytes(&prng, seed, sizeof seed);
    assert_int_equal(qw_toeplitz_hash_with(&qw_clmul_portable, in, N, seed, a, M), QW_OK);
    assert_int_equal(qw_toeplitz_hash(in, N, seed, b, M), QW_OK);
    assert_memory_equal(a, b, sizeof a);
    /* and a few of these bits by definition */
    for (size_t i = 0; i < M; i += 997) {
        bool y = false;

        for (size_t j = 0; j < N; j++) {
            y ^= qw_bit_get(seed, i + N - 1 - j) && qw_bit_get(in, j);
        }
        assert_int_equal(qw_bit_get(a, i), y);
    }
}

/* Law: hash(a xor b) = hash(a) xor hash(b) for any seed. */
static void is_linear(void **state)
{
    enum { N = 5003, M = 1201 };
    struct qw_prng prng;
    uint8_t a[QW_BITS_TO_BYTES(N)];
    uint8_t b[sizeof a];
    uint8_t c[sizeof a];
    uint8_t seed[QW_BITS_TO_BYTES(N + M)];
    uint8_t ha[QW_BITS_TO_BYTES(M)];
    uint8_t hb[sizeof ha];
    uint8_t hc[sizeof ha];

    (void)state;
    qw_prng_init(&prng, test_seed(), 3);
    qw_prng_bytes(&prng, a, sizeof a);
    qw_prng_bytes(&prng, b, sizeof b);
    qw_prng_bytes(&prng, seed, sizeof seed);
    for (size_t i = 0; i < sizeof a; i++) {
        c[i] = a[i] ^ b[i];
    }
    assert_int_equal(qw_toeplitz_hash(a, N, seed, ha, M), QW_OK);
    assert_int_equal(qw_toeplitz_hash(b, N, seed, hb, M), QW_OK);
    assert_int_equal(qw_toeplitz_hash(c, N, seed, hc, M), QW_OK);
    for (size_t i = 0; i < sizeof hc; i++) {
        assert_int_equal(hc[i], ha[i] ^ hb[i]);
    }
}

static void refuses_a_shape_that_does_not_compress(void **state)
{
    uint8_t in[2] = { 0x12, 0x34 };
    uint8_t seed[4] = { 1, 2, 3, 4 };
    uint8_t out[2] = { 0x77, 0x77 };

    (void)state;
    assert_int_equal(qw_toeplitz_hash(in, 0, seed, out, 0), QW_ERR_ARG);
    assert_int_equal(qw_toeplitz_hash(in, 8, seed, out, 0), QW_ERR_ARG);
    assert_int_equal(qw_toeplitz_hash(in, 8, seed, out, 9), QW_ERR_ARG);
    assert_int_equal(qw_toeplitz_hash(in, ((size_t)1 << 28) + 1, seed, out, 8), QW_ERR_ARG);
    assert_int_equal(out[0], 0x77);
    assert_int_equal(out[1], 0x77);
}

static void leaves_the_output_alone_when_memory_is_short(void **state)
{
    uint8_t in[2] = { 0x12, 0x34 };
    uint8_t seed[4] = { 1, 2, 3, 4 };
    uint8_t out[2] = { 0x77, 0x77 };

    (void)state;
    fail_at = 1;
    assert_int_equal(qw_toeplitz_hash(in, 16, seed, out, 9), QW_ERR_NOMEM);
    assert_int_equal(out[0], 0x77);
    fail_at = 0;
    assert_int_equal(qw_toeplitz_hash(in, 16, seed, out, 9), QW_OK);
}

static void compresses_200_kbit_and_prints_the_time(void **state)
{
    enum { N = 200000, M = 20000, ROUNDS = 10 };
    struct qw_prng prng;
    static uint8_t in[QW_BITS_TO_BYTES(N)];
    static uint8_t seed[QW_BITS_TO_BYTES(N + M)];
    static uint8_t out[QW_BITS_TO_BYTES(M)];
    int64_t start;

    (void)state;
    qw_prng_init(&prng, test_seed(), 4);
    qw_prng_bytes(&prng, in, sizeof in);
    qw_prng_bytes(&prng, seed, sizeof seed);
    start = qw_clock_cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(qw_toeplitz_hash(in, N, seed, out, M), QW_OK);
    }
    print_message("%d -> %d bits: %.2f ms with %s\n", N, M,
                  (double)(qw_clock_cpu_ns() - start) / 1e6 / ROUNDS, qw_clmul_best()->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_bitwise_definition_on_the_portable_kernel),
        cmocka_unit_test(equals_the_bitwise_definition_on_pclmul),
        cmocka_unit_test(kernels_agree_on_long_inputs_through_karatsuba),
        cmocka_unit_test(is_linear),
        cmocka_unit_test(refuses_a_shape_that_does_not_compress),
        cmocka_unit_test(leaves_the_output_alone_when_memory_is_short),
        cmocka_unit_test(compresses_200_kbit_and_prints_the_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
