/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W11 */
#include "distill/level_check.h"

#include "base/prng.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { BITS = 5000 };

struct block {
    struct qw_prng prng;
    uint8_t bit[BITS];
    uint8_t got[BITS];
    float llr[BITS];
    uint32_t doubt[QW_LEVEL_CHECK_DOUBTS];
};

static void draw(struct block *b, uint64_t stream)
{
    qw_prng_init(&b->prng, test_seed(), stream);
    for (size_t i = 0; i < BITS; i++) {
        float sure = 12.0f + (float)(10.0 * qw_prng_uniform(&b->prng));

        b->bit[i] = qw_prng_u64(&b->prng) & 1;
        b->llr[i] = b->bit[i] ? -sure : sure;
    }
}

static bool mend(struct block *b)
{
    return qw_level_check_mend(b->llr, BITS, qw_level_check_of(b->bit, BITS), b->doubt, b->got);
}

/* Law: the check of a sum is the sum of the checks. */
static void the_check_is_linear(void **state)
{
    static struct block a;
    static struct block b;

    (void)state;
    draw(&a, 1);
    draw(&b, 2);
    for (size_t i = 0; i < BITS; i++) {
        a.got[i] = a.bit[i] ^ b.bit[i];
    }
    assert_int_equal(qw_level_check_of(a.got, BITS),
                     qw_level_check_of(a.bit, BITS) ^ qw_level_check_of(b.bit, BITS));
    memset(a.got, 0, BITS);
    assert_int_equal(qw_level_check_of(a.got, BITS), 0);
}

/* Both ends must agree for ever: a change here is a change of the protocol. */
static void the_check_is_the_same_on_every_machine(void **state)
{
    uint8_t bit[100];

    (void)state;
    for (size_t i = 0; i < sizeof bit; i++) {
        bit[i] = i % 3 == 0;
    }
    assert_int_equal(qw_level_check_of(bit, sizeof bit), 0x11a4b852u);
}

static void no_two_positions_of_a_block_count_alike(void **state)
{
    static uint8_t bit[200];

    (void)state;
    for (size_t i = 0; i < sizeof bit; i++) {
        for (size_t k = 0; k < i; k++) {
            bit[i] = bit[k] = 1;
            assert_int_not_equal(qw_level_check_of(bit, sizeof bit), 0);
            bit[i] = bit[k] = 0;
        }
    }
}

static void mends_none_one_and_two_doubtful_errors(void **state)
{
    static struct block b;

    (void)state;
    for (uint64_t stream = 0; stream < 60; stream++) {
        draw(&b, stream);
        for (uint64_t i = 0; i < stream % 3; i++) {
            size_t at = (size_t)qw_prng_below(&b.prng, BITS);

            b.llr[at] = b.bit[at] ? 1.0f + (float)i : -1.0f - (float)i;
        }
        assert_true(mend(&b));
        assert_memory_equal(b.got, b.bit, BITS);
    }
}

static void gives_up_on_an_error_that_was_not_in_doubt(void **state)
{
    static struct block b;

    (void)state;
    draw(&b, 3);
    b.llr[77] = b.bit[77] ? 30.0f : -30.0f;
    assert_false(mend(&b));
}

static void takes_the_shortest_blocks_and_odd_beliefs(void **state)
{
    float llr[2] = { 0.0f, -1.0f };
    uint8_t bit[2] = { 1, 1 };
    uint8_t got[2];
    uint32_t doubt[QW_LEVEL_CHECK_DOUBTS];

    (void)state;
    assert_true(qw_level_check_mend(llr, 0, 0, doubt, got));
    assert_true(qw_level_check_mend(llr, 2, qw_level_check_of(bit, 2), doubt, got));
    assert_memory_equal(got, bit, 2);
    llr[0] = 30.0f;
    llr[1] = 30.0f; /* both wrong, equally sure */
    assert_true(qw_level_check_mend(llr, 2, qw_level_check_of(bit, 2), doubt, got));
    assert_memory_equal(got, bit, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_is_linear),
        cmocka_unit_test(the_check_is_the_same_on_every_machine),
        cmocka_unit_test(no_two_positions_of_a_block_count_alike),
        cmocka_unit_test(mends_none_one_and_two_doubtful_errors),
        cmocka_unit_test(gives_up_on_an_error_that_was_not_in_doubt),
        cmocka_unit_test(takes_the_shortest_blocks_and_odd_beliefs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
