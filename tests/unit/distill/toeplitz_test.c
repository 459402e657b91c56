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

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_aligned_alloc(alignment, size);
}

/* The definitions in the header, bit by bit. */
static void reference(const struct qw_toeplitz_job *job, uint8_t *out)
{
    size_t kept = job->modified ? job->out_bits : 0;
    size_t columns = job->in_bits - kept;

    memset(out, 0, QW_BITS_TO_BYTES(job->out_bits));
    for (size_t i = 0; i < job->out_bits; i++) {
        bool y = kept > 0 && qw_bit_get(job->in, i);

        for (size_t j = 0; j < columns; j++) {
            y ^= qw_bit_get(job->seed, i + columns - 1 - j) && qw_bit_get(job->in, kept + j);
        }
        qw_bit_set(out, i, y);
    }
}

struct shape {
    size_t in_bits;
    size_t out_bits;
    bool modified;
};

static struct qw_toeplitz_job random_job(struct qw_prng *prng, struct shape shape)
{
    size_t in_len = QW_BITS_TO_BYTES(shape.in_bits);
    size_t seed_len = QW_BITS_TO_BYTES(qw_toeplitz_seed_bits(shape.in_bits, shape.out_bits));
    uint8_t *in = test_malloc(in_len);
    uint8_t *seed = test_malloc(seed_len);

    /* Unused bits of the inputs are left random: they may not matter. */
    qw_prng_bytes(prng, in, in_len);
    qw_prng_bytes(prng, seed, seed_len);
    return (struct qw_toeplitz_job){ .modified = shape.modified,
                                     .in = in,
                                     .in_bits = shape.in_bits,
                                     .seed = seed,
                                     .out_bits = shape.out_bits };
}

static void free_job(struct qw_toeplitz_job *job)
{
    test_free((void *)(uintptr_t)job->in);
    test_free((void *)(uintptr_t)job->seed);
}

/* Runs the job and compares, unused bits of the last byte included. */
static void expect(struct qw_toeplitz_job *job, const struct qw_toeplitz_kernel *kernel,
                   const uint8_t *expected)
{
    size_t out_len = QW_BITS_TO_BYTES(job->out_bits);

    job->out = test_malloc(out_len);
    memset(job->out, 0xee, out_len);
    assert_int_equal(qw_toeplitz_run(kernel, job), QW_OK);
    if (memcmp(job->out, expected, out_len) != 0) {
        fail_msg("%zu to %zu bits, modified %d, method %d on %s", job->in_bits, job->out_bits,
                 job->modified, (int)job->method, kernel->name);
    }
    test_free(job->out);
}

/* Every kernel of the machine by every method. */
static void compare_with_reference(struct qw_prng *prng, struct shape shape)
{
    struct qw_toeplitz_job job = random_job(prng, shape);
    uint8_t *expected = test_malloc(QW_BITS_TO_BYTES(shape.out_bits));
    struct qw_toeplitz_kernel kernel;

    reference(&job, expected);
    for (size_t i = 0; qw_toeplitz_kernel_at(i, &kernel); i++) {
        for (job.method = QW_TOEPLITZ_BY_SIZE; job.method <= QW_TOEPLITZ_FFT; job.method++) {
            expect(&job, &kernel, expected);
        }
    }
    test_free(expected);
    free_job(&job);
}

static void equals_the_bitwise_definition_for_every_small_shape(void **state)
{
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (size_t n = 1; n <= 24; n++) {
        for (size_t m = 1; m <= n; m++) {
            compare_with_reference(&prng, (struct shape){ n, m, false });
            compare_with_reference(&prng, (struct shape){ n, m, true });
        }
    }
}

static void equals_the_bitwise_definition_on_a_grid_to_4096_bits(void **state)
{
    static const size_t lengths[] = { 63,  64,   65,   127,  128,  129,  191,  255,  640,
                                      999, 1537, 2048, 2049, 3001, 4032, 4033, 4095, 4096 };
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 2);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t n = lengths[i];
        const size_t outputs[] = { 1, n / 13 + 1, n / 2, n / 2 + 1, n - 1, n };

        for (size_t k = 0; k < sizeof outputs / sizeof outputs[0]; k++) {
            compare_with_reference(&prng, (struct shape){ n, outputs[k], false });
            compare_with_reference(&prng, (struct shape){ n, outputs[k], true });
        }
    }
}

/* Against Karatsuba, itself compared with the definition above. */
static void compare_with_karatsuba(struct qw_prng *prng, struct shape shape, size_t first_kernel)
{
    struct qw_toeplitz_job job = random_job(prng, shape);
    struct qw_toeplitz_kernel kernel = qw_toeplitz_kernel_best();
    uint8_t *expected = test_malloc(QW_BITS_TO_BYTES(shape.out_bits));

    job.method = QW_TOEPLITZ_KARATSUBA;
    job.out = expected;
    assert_int_equal(qw_toeplitz_run(&kernel, &job), QW_OK);
    job.method = QW_TOEPLITZ_FFT;
    for (size_t i = first_kernel; qw_toeplitz_kernel_at(i, &kernel); i++) {
        expect(&job, &kernel, expected);
    }
    job.method = QW_TOEPLITZ_BY_SIZE;
    kernel = qw_toeplitz_kernel_best();
    expect(&job, &kernel, expected);
    test_free(expected);
    free_job(&job);
}

/* Tiles change in number where the input or the output passes a multiple of their capacity. */
static void kernels_agree_at_the_borders_of_tiles(void **state)
{
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 3);
    for (unsigned log = QW_ADDITIVE_FFT_LOG_MIN; log <= 12; log += 2) {
        size_t capacity_bits = 32 * (((size_t)1 << log) - qw_additive_fft_wrap(log));

        for (size_t around = 0; around < 3; around++) {
            size_t n = capacity_bits / 2 - 64 + 64 * around;

            compare_with_karatsuba(&prng, (struct shape){ n, n / 2, false }, 0);
            compare_with_karatsuba(&prng, (struct shape){ 2 * n + 1, n + 1, true }, 0);
            compare_with_karatsuba(&prng, (struct shape){ 2 * n - 1, n - 1, true }, 0);
        }
    }
}

static void kernels_agree_on_long_inputs(void **state)
{
    static const struct shape shapes[] = {
        { 60001, 20011, false },    { 262144, 131072, true },  { 262147, 4099, false },
        { 1000003, 500001, false }, { 1000003, 999983, true }, { 2100001, 1048583, true },
    };
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 4);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        /* the portable one up to a length that takes it a second */
        compare_with_karatsuba(&prng, shapes[i], shapes[i].in_bits > 300000 ? 1 : 0);
    }
}

/* Law: a matrix is the sum of its columns and the sequence of its rows, and a block of a Toeplitz
 * matrix is one of a shorter seed. The whole has more tiles than one round of work holds, both
 * ways; its blocks have not. */
static void the_hash_of_a_long_input_is_made_of_those_of_its_parts(void **state)
{
    enum { COLUMNS = 4, ROWS = 3 };
    const size_t part_in = 33554440, part_out = 29000008;
    const struct shape shape = { COLUMNS * part_in, ROWS * part_out, false };
    struct qw_prng prng;
    struct qw_toeplitz_job whole;
    struct qw_toeplitz_kernel kernel = qw_toeplitz_kernel_best();
    size_t part_len = part_out / 8;

    (void)state;
    if (strcmp(kernel.name, "portable") == 0) {
        print_message("takes minutes on this machine\n");
        skip();
    }
    qw_prng_init(&prng, test_seed(), 5);
    whole = random_job(&prng, shape);
    whole.out = test_malloc(ROWS * part_len);
    assert_int_equal(qw_toeplitz_run(&kernel, &whole), QW_OK);
    for (size_t row = 0; row < ROWS; row++) {
        uint8_t *sum = whole.out + row * part_len;
        uint8_t *out = test_malloc(part_len);

        for (size_t column = 0; column < COLUMNS; column++) {
            size_t seed_at = row * part_out + (COLUMNS - 1 - column) * part_in;

            assert_int_equal(qw_toeplitz_hash(whole.in + column * part_in / 8, part_in,
                                              whole.seed + seed_at / 8, out, part_out),
                             QW_OK);
            for (size_t i = 0; i < part_len; i++) {
                sum[i] ^= out[i];
            }
        }
        for (size_t i = 0; i < part_len; i++) {
            assert_int_equal(sum[i], 0);
        }
        test_free(out);
    }
    test_free(whole.out);
    free_job(&whole);
}

/* Law: hash(a xor b) = hash(a) xor hash(b) for any seed. */
static void check_linear(struct qw_prng *prng, struct shape shape)
{
    struct qw_toeplitz_job a = random_job(prng, shape);
    struct qw_toeplitz_job b = random_job(prng, shape);
    struct qw_toeplitz_kernel kernel = qw_toeplitz_kernel_best();
    size_t in_len = QW_BITS_TO_BYTES(shape.in_bits);
    size_t out_len = QW_BITS_TO_BYTES(shape.out_bits);
    uint8_t *sum = test_malloc(in_len);
    uint8_t *out[3];

    for (size_t i = 0; i < in_len; i++) {
        sum[i] = a.in[i] ^ b.in[i];
    }
    for (size_t i = 0; i < 3; i++) {
        const uint8_t *const in[] = { a.in, b.in, sum };
        struct qw_toeplitz_job job = a;

        out[i] = test_malloc(out_len);
        job.in = in[i];
        job.out = out[i];
        assert_int_equal(qw_toeplitz_run(&kernel, &job), QW_OK);
    }
    for (size_t i = 0; i < out_len; i++) {
        assert_int_equal(out[2][i], out[0][i] ^ out[1][i]);
    }
    for (size_t i = 0; i < 3; i++) {
        test_free(out[i]);
    }
    test_free(sum);
    free_job(&a);
    free_job(&b);
}

static void is_linear(void **state)
{
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 6);
    check_linear(&prng, (struct shape){ 5003, 1201, false });
    check_linear(&prng, (struct shape){ 5003, 1201, true });
    check_linear(&prng, (struct shape){ 3000001, 1000003, true });
}

/* The two forms are one matrix family: T' alone is the plain form of the other columns. */
static void the_modified_form_adds_the_plain_hash_of_the_rest(void **state)
{
    enum { N = 24000, M = 8000 };
    struct qw_prng prng;
    struct qw_toeplitz_job job;
    uint8_t modified[M / 8];
    uint8_t plain[M / 8];

    (void)state;
    qw_prng_init(&prng, test_seed(), 7);
    job = random_job(&prng, (struct shape){ N, M, true });
    assert_int_equal(qw_toeplitz_modified_seed_bits(N), qw_toeplitz_seed_bits(N - M, M));
    assert_int_equal(qw_toeplitz_hash_modified(job.in, N, job.seed, modified, M), QW_OK);
    assert_int_equal(qw_toeplitz_hash(job.in + M / 8, N - M, job.seed, plain, M), QW_OK);
    for (size_t i = 0; i < sizeof plain; i++) {
        assert_int_equal(modified[i], plain[i] ^ job.in[i]);
    }
    free_job(&job);
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
    assert_int_equal(qw_toeplitz_hash_modified(in, 0, seed, out, 0), QW_ERR_ARG);
    assert_int_equal(qw_toeplitz_hash_modified(in, 8, seed, out, 9), QW_ERR_ARG);
    assert_int_equal(out[0], 0x77);
    assert_int_equal(out[1], 0x77);
}

static void leaves_the_output_alone_when_memory_is_short(void **state)
{
    enum { N = 12000, M = 6000, CALLS = 2 };
    uint8_t in[N / 8] = { 0x12, 0x34 };
    uint8_t seed[(N + M) / 8] = { 1, 2, 3, 4 };
    uint8_t out[M / 8] = { 0x77, 0x77 };
    struct qw_toeplitz_kernel kernel = qw_toeplitz_kernel_best();
    struct qw_toeplitz_job job = {
        .in = in, .in_bits = N, .seed = seed, .out = out, .out_bits = M
    };

    (void)state;
    for (job.method = QW_TOEPLITZ_BY_SIZE; job.method <= QW_TOEPLITZ_FFT; job.method++) {
        for (int call = 1; call <= CALLS; call++) {
            fail_at = call;
            assert_int_equal(qw_toeplitz_run(&kernel, &job), QW_ERR_NOMEM);
            assert_int_equal(out[0], 0x77);
        }
    }
    fail_at = CALLS + 1;
    assert_int_equal(qw_toeplitz_hash(in, N, seed, out, M), QW_OK);
    fail_at = 0;
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
    qw_prng_init(&prng, test_seed(), 8);
    qw_prng_bytes(&prng, in, sizeof in);
    qw_prng_bytes(&prng, seed, sizeof seed);
    start = qw_clock_cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(qw_toeplitz_hash(in, N, seed, out, M), QW_OK);
    }
    print_message("%d -> %d bits: %.2f ms with %s\n", N, M,
                  (double)(qw_clock_cpu_ns() - start) / 1e6 / ROUNDS,
                  qw_toeplitz_kernel_best().name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_bitwise_definition_for_every_small_shape),
        cmocka_unit_test(equals_the_bitwise_definition_on_a_grid_to_4096_bits),
        cmocka_unit_test(kernels_agree_at_the_borders_of_tiles),
        cmocka_unit_test(kernels_agree_on_long_inputs),
        cmocka_unit_test(the_hash_of_a_long_input_is_made_of_those_of_its_parts),
        cmocka_unit_test(is_linear),
        cmocka_unit_test(the_modified_form_adds_the_plain_hash_of_the_rest),
        cmocka_unit_test(refuses_a_shape_that_does_not_compress),
        cmocka_unit_test(leaves_the_output_alone_when_memory_is_short),
        cmocka_unit_test(compresses_200_kbit_and_prints_the_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
