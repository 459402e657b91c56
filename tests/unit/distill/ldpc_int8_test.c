/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 W3 */
#include "distill/ldpc_int8.h"

#include "base/prng.h"
#include "distill/ldpc_decoder.h"
#include "distill/ldpc_int8/kernel.h"
#include "distill/syndrome/plan.h"
#include "unit/distill/failing_calloc.h"
#include "unit/distill/seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { DEGREE = 7, STRIDE = 192, LIFT = 128 };

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_aligned_alloc(alignment, size);
}

/* One base row of DEGREE columns, as the decoder lays it out. */
struct row {
    alignas(64) uint8_t scratch[DEGREE * QW_LDPC_INT8_SCRATCH];
    alignas(64) int8_t message[DEGREE * LIFT];
    int16_t belief[DEGREE * STRIDE];
    uint32_t offset[DEGREE];
    uint32_t shift[DEGREE];
    struct qw_ldpc_int8_tables tables;
    struct qw_ldpc_int8_block block;
};

static void draw_row(struct row *r, struct qw_prng *prng, uint64_t lanes, int loud)
{
    memset(r, 0, sizeof *r);
    qw_ldpc_int8_tables_fill(&r->tables);
    for (uint32_t i = 0; i < DEGREE; i++) {
        int8_t message = (int8_t)((int)qw_prng_below(prng, 255) - 127);

        r->offset[i] = i * STRIDE;
        r->shift[i] = (uint32_t)qw_prng_below(prng, LIFT);
        for (size_t k = 0; k < LIFT; k++) {
            r->belief[i * STRIDE + k] = (int16_t)(qw_prng_gaussian(prng) * loud);
            r->message[i * LIFT + k] = message; /* in any order of the lanes */
        }
        for (size_t k = LIFT; k < STRIDE; k++) {
            r->belief[i * STRIDE + k] = r->belief[i * STRIDE + k - LIFT];
        }
    }
    r->block = (struct qw_ldpc_int8_block){ .tables = &r->tables,
                                            .offset = r->offset,
                                            .shift = r->shift,
                                            .degree = DEGREE,
                                            .lift = LIFT,
                                            .first = qw_prng_below(prng, 2) ? 64 : 0,
                                            .lanes = lanes,
                                            .syndrome = qw_prng_u64(prng),
                                            .belief = r->belief,
                                            .message = r->message,
                                            .message_stride = LIFT,
                                            .scratch = r->scratch };
}

/* Aims a copy at its own arrays. */
static void copy_row(struct row *to, const struct row *from)
{
    memcpy(to, from, sizeof *to);
    to->block.tables = &to->tables;
    to->block.offset = to->offset;
    to->block.shift = to->shift;
    to->block.belief = to->belief;
    to->block.message = to->message;
    to->block.scratch = to->scratch;
}

/* The check rule from the formula: tanh(y / 2) = product of the others' tanh(x / 2). */
static double exact_message(const struct row *r, uint32_t edge, unsigned lane)
{
    double product = r->block.syndrome >> lane & 1 ? -1 : 1;

    for (uint32_t i = 0; i < DEGREE; i++) {
        uint32_t at = qw_ldpc_int8_position(&r->block, i);
        int x = r->belief[r->offset[i] + at + lane] - r->message[i * LIFT + lane];

        x = x > 127 ? 127 : x < -127 ? -127 : x;
        product *= i == edge ? 1 : tanh(x / (2.0 * QW_LDPC_INT8_STEPS));
    }
    return 2 * atanh(product) * QW_LDPC_INT8_STEPS;
}

/* Messages of zero are taken as weak ones, and sums above 15.9 end there: all others are within the
 * steps of the tables. */
static void a_check_says_what_the_formula_says(void **state)
{
    static struct row before;
    static struct row after;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (int round = 0; round < 50; round++) {
        draw_row(&before, &prng, ~(uint64_t)0, 20 + 10 * (round % 10));
        copy_row(&after, &before);
        qw_ldpc_int8_portable.run(&after.block);
        for (uint32_t i = 0; i < DEGREE; i++) {
            for (unsigned k = 0; k < 64; k++) {
                double exact = exact_message(&before, i, k);
                double said = after.message[i * LIFT + k];

                assert_true(fabs(said - exact) <= 1.0 + 0.06 * fabs(exact) ||
                            (fabs(exact) > 50 && said * exact > 0 && fabs(said) >= 45));
            }
        }
    }
}

/* Positions that no lane reached are as before, and columns still end with their beginning. */
static void a_block_changes_its_own_lanes_only(void **state)
{
    static struct row before;
    static struct row after;
    struct qw_prng prng;
    size_t kernel = 0;

    (void)state;
    qw_prng_init(&prng, test_seed(), 2);
    for (const struct qw_ldpc_int8_kernel *k; (k = qw_ldpc_int8_kernel_at(kernel)) != NULL;
         kernel++) {
        draw_row(&before, &prng, 0x00000000001fffff, 40);
        copy_row(&after, &before);
        k->run(&after.block);
        for (uint32_t i = 0; i < DEGREE; i++) {
            uint32_t first = qw_ldpc_int8_position(&before.block, i);

            for (uint32_t at = 0; at < STRIDE; at++) {
                bool own = (at + LIFT - first) % LIFT < 21;

                assert_true(own || after.belief[i * STRIDE + at] == before.belief[i * STRIDE + at]);
                assert_int_equal(after.belief[i * STRIDE + at],
                                 after.belief[i * STRIDE + at % LIFT]);
            }
        }
    }
}

static void all_kernels_give_identical_bits(void **state)
{
    static const uint64_t lanes[] = { ~(uint64_t)0, 1, 0xffffffff, 0x7fffffffffffffff, 0x1ffff };
    static struct row drawn;
    static struct row reference;
    static struct row other;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 3);
    for (int round = 0; round < 400; round++) {
        uint64_t used = lanes[round % 5];
        const struct qw_ldpc_int8_kernel *kernel;

        draw_row(&drawn, &prng, used, 1 << round % 12);
        for (size_t n = 1; (kernel = qw_ldpc_int8_kernel_at(n)) != NULL; n++) {
            copy_row(&reference, &drawn);
            copy_row(&other, &drawn);
            for (int pass = 0; pass < 3; pass++) { /* what was said comes back in the next */
                uint64_t expected = qw_ldpc_int8_portable.run(&reference.block);

                assert_true(kernel->run(&other.block) == expected);
                assert_memory_equal(other.belief, reference.belief, sizeof other.belief);
            }
        }
    }
}

struct bench {
    struct qw_ldpc_code *code;
    struct qw_ldpc_int8 *decoder;
    size_t bits;
    size_t checks;
    uint8_t *error;
    uint8_t *syndrome;
    uint8_t *word;
};

static void open_bench(struct bench *b, size_t bits, size_t checks,
                       const struct qw_ldpc_int8_kernel *kernel)
{
    b->bits = bits;
    b->checks = checks;
    assert_int_equal(qw_syndrome_code_new(bits, checks, &b->code), QW_OK);
    assert_int_equal(qw_ldpc_int8_new(b->code, checks, kernel, &b->decoder), QW_OK);
    b->error = calloc((size_t)b->code->columns * b->code->lift, 1);
    b->syndrome = calloc(b->code->checks, 1);
    b->word = calloc(bits, 1);
}

static void close_bench(struct bench *b)
{
    qw_ldpc_int8_free(b->decoder);
    qw_ldpc_code_free(b->code);
    free(b->error);
    free(b->syndrome);
    free(b->word);
}

static void draw_errors(struct bench *b, struct qw_prng *prng, double rate)
{
    for (size_t i = 0; i < b->bits; i++) {
        b->error[i] = qw_prng_uniform(prng) < rate;
    }
    qw_ldpc_code_syndrome(b->code, b->error, b->syndrome);
}

static int belief_for(double rate)
{
    return (int)lrint(log((1 - rate) / rate) * QW_LDPC_INT8_STEPS);
}

static bool decode(struct bench *b, double rate, unsigned iterations)
{
    bool found;

    qw_ldpc_int8_begin(b->decoder, belief_for(rate), b->syndrome);
    found = qw_ldpc_int8_run(b->decoder, iterations);
    qw_ldpc_int8_word(b->decoder, b->word);
    return found;
}

/* Shapes with whole and broken vectors, lifts below and above 64, a last row that is used in part.
 */
static void kernels_walk_the_same_way_through_whole_words(void **state)
{
    static const size_t shape[][2] = { { 1, 1 },       { 50, 30 },      { 70, 40 },
                                       { 190, 70 },    { 500, 200 },    { 1000, 321 },
                                       { 6400, 2000 }, { 16384, 5000 }, { 30000, 4321 } };
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 4);
    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
        struct bench reference;
        const struct qw_ldpc_int8_kernel *kernel;
        double rate = 0.05;

        open_bench(&reference, shape[i][0], shape[i][1], &qw_ldpc_int8_portable);
        draw_errors(&reference, &prng, rate);
        for (size_t n = 1; (kernel = qw_ldpc_int8_kernel_at(n)) != NULL; n++) {
            struct bench other;

            open_bench(&other, shape[i][0], shape[i][1], kernel);
            memcpy(other.syndrome, reference.syndrome, other.checks);
            for (unsigned iterations = 1; iterations < 6; iterations++) {
                assert_true(decode(&reference, rate, iterations) ==
                            decode(&other, rate, iterations));
                assert_memory_equal(reference.word, other.word, other.bits);
            }
            close_bench(&other);
        }
        close_bench(&reference);
    }
}

static void finds_what_the_float_decoder_finds(void **state)
{
    enum { FRAMES = 30, BITS = 4096, CHECKS = 1500 };
    struct bench b;
    struct qw_ldpc_decoder *slow = NULL;
    float *llr = calloc(BITS, sizeof *llr);
    unsigned fast_right = 0;
    unsigned slow_right = 0;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 5);
    open_bench(&b, BITS, CHECKS, qw_ldpc_int8_kernel_best());
    b.checks = b.code->checks; /* the slow one knows no part of a row */
    qw_ldpc_int8_free(b.decoder);
    assert_int_equal(qw_ldpc_int8_new(b.code, b.checks, qw_ldpc_int8_kernel_best(), &b.decoder),
                     QW_OK);
    assert_int_equal(qw_ldpc_decoder_new(b.code, &slow), QW_OK);
    for (int i = 0; i < FRAMES; i++) {
        draw_errors(&b, &prng, 0.053);
        fast_right += decode(&b, 0.053, 60) && memcmp(b.word, b.error, BITS) == 0;
        for (size_t k = 0; k < BITS; k++) {
            llr[k] = (float)log(0.947 / 0.053);
        }
        qw_ldpc_decoder_load(slow, llr);
        slow_right += qw_ldpc_decoder_run(slow, b.code, b.syndrome, 60, b.word) &&
                      memcmp(b.word, b.error, BITS) == 0;
    }
    printf("of %d words: %u by 8 bits, %u by float\n", FRAMES, fast_right, slow_right);
    assert_true(slow_right >= 25);
    assert_true(fast_right + 2 >= slow_right);
    qw_ldpc_decoder_free(slow);
    free(llr);
    close_bench(&b);
}

static void no_errors_take_no_iteration_and_too_many_end(void **state)
{
    struct bench b;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 6);
    open_bench(&b, 2000, 500, qw_ldpc_int8_kernel_best());
    memset(b.syndrome, 0, b.checks);
    assert_true(decode(&b, 0.02, 0));
    draw_errors(&b, &prng, 0.3);
    assert_false(decode(&b, 0.02, 40));
    close_bench(&b);
}

/* Bits that become known: the search goes on, and ends where it could not before. */
static void known_bits_help_and_are_not_doubted_again(void **state)
{
    enum { BITS = 3000, CHECKS = 700, STEP = 30 };
    struct bench b;
    uint32_t index[STEP];
    uint8_t known[BITS] = { 0 };
    bool found = false;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 7);
    open_bench(&b, BITS, CHECKS, qw_ldpc_int8_kernel_best());
    draw_errors(&b, &prng, 0.05);
    assert_false(decode(&b, 0.05, 50)); /* 700 checks for an entropy of 860 bits */
    for (int round = 0; round < 60 && !found; round++) {
        assert_int_equal(qw_ldpc_int8_doubtful(b.decoder, STEP, index), STEP);
        for (size_t i = 0; i < STEP; i++) {
            assert_true(i == 0 || index[i] > index[i - 1]);
            assert_int_equal(known[index[i]], 0);
            known[index[i]] = 1;
            qw_ldpc_int8_know(b.decoder, index[i], b.error[index[i]]);
        }
        found = qw_ldpc_int8_run(b.decoder, 20);
    }
    assert_true(found);
    qw_ldpc_int8_word(b.decoder, b.word);
    assert_memory_equal(b.word, b.error, BITS);
    close_bench(&b);
}

static void doubtful_ends_when_all_is_known(void **state)
{
    struct bench b;
    uint32_t index[100];

    (void)state;
    open_bench(&b, 100, 50, qw_ldpc_int8_kernel_best());
    qw_ldpc_int8_begin(b.decoder, 20, b.syndrome);
    assert_int_equal(qw_ldpc_int8_doubtful(b.decoder, 100, index), 100);
    for (size_t i = 0; i < 97; i++) {
        qw_ldpc_int8_know(b.decoder, i, false);
    }
    assert_int_equal(qw_ldpc_int8_doubtful(b.decoder, 100, index), 3);
    assert_int_equal(index[0], 97);
    assert_int_equal(qw_ldpc_int8_doubtful(b.decoder, 2, index), 2);
    assert_int_equal(index[1], 98);
    assert_int_equal(qw_ldpc_int8_doubtful(b.decoder, 0, index), 0);
    close_bench(&b);
}

static void refuses_more_checks_than_the_code_has(void **state)
{
    struct bench b;
    struct qw_ldpc_int8 *other = NULL;

    (void)state;
    open_bench(&b, 100, 50, qw_ldpc_int8_kernel_best());
    assert_int_equal(qw_ldpc_int8_new(b.code, 0, &qw_ldpc_int8_portable, &other), QW_ERR_ARG);
    assert_int_equal(qw_ldpc_int8_new(b.code, b.code->checks + 1, &qw_ldpc_int8_portable, &other),
                     QW_ERR_ARG);
    assert_null(other);
    close_bench(&b);
}

static void every_allocation_may_fail(void **state)
{
    struct bench b;
    struct qw_ldpc_int8 *other = NULL;
    int n = 1;

    (void)state;
    open_bench(&b, 300, 100, qw_ldpc_int8_kernel_best());
    for (fail_at = n; qw_ldpc_int8_new(b.code, 100, &qw_ldpc_int8_portable, &other) == QW_ERR_NOMEM;
         fail_at = ++n) {
        assert_null(other);
    }
    fail_at = 0;
    assert_true(n > 8);
    qw_ldpc_int8_free(other);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_says_what_the_formula_says),
        cmocka_unit_test(a_block_changes_its_own_lanes_only),
        cmocka_unit_test(all_kernels_give_identical_bits),
        cmocka_unit_test(kernels_walk_the_same_way_through_whole_words),
        cmocka_unit_test(finds_what_the_float_decoder_finds),
        cmocka_unit_test(no_errors_take_no_iteration_and_too_many_end),
        cmocka_unit_test(known_bits_help_and_are_not_doubted_again),
        cmocka_unit_test(doubtful_ends_when_all_is_known),
        cmocka_unit_test(refuses_more_checks_than_the_code_has),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
