/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "distill/cascade/plan.h"

#include "distill/cascade/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const size_t lengths[] = {
    1, 2, 3, 63, 64, 65, 1000, 10000, 65536, 100000, 131073, 1000000, QW_CASCADE_BITS_MAX
};
static const uint32_t rates_ppm[] = { 0,     1,     50,     1999,   2000,   2001,   9999,
                                      10000, 12345, 149999, 150000, 110000, 109999, 73000 };

static uint32_t count_block_ends(struct qw_cascade_blocks blocks, uint32_t length)
{
    uint32_t count = 0;

    for (uint32_t end = qw_cascade_block_end(blocks, 0); end < length;
         end = qw_cascade_block_end(blocks, end)) {
        count++;
    }
    return count;
}

static void every_plan_is_one_that_both_ends_can_follow(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof lengths / sizeof lengths[0]; n++) {
        for (size_t q = 0; q < 2 * sizeof rates_ppm / sizeof rates_ppm[0]; q++) {
            struct qw_cascade_config config = { lengths[n], (enum qw_cascade_variant)(q % 2), 1 };
            struct qw_cascade_plan plan;

            qw_cascade_plan_for(&config, rates_ppm[q / 2], &plan);
            assert_in_range(plan.passes, 1, QW_CASCADE_PASSES_MAX);
            assert_in_range(plan.closing, 1, plan.passes);
            for (unsigned p = 0; p < plan.passes; p++) {
                uint32_t length =
                    (uint32_t)(p == 0 ? lengths[n] : qw_cascade_order_length(lengths[n]));

                assert_in_range(plan.blocks[p].size, 1, length);
                assert_int_equal(qw_cascade_opening_bits(p, length, plan.blocks[p]),
                                 count_block_ends(plan.blocks[p], length) + (p == 0));
            }
        }
    }
}

static void mixed_blocks_have_the_average_size(void **state)
{
    (void)state;
    for (uint32_t size_16ths = 16; size_16ths < 16000; size_16ths += 37) {
        struct qw_cascade_blocks blocks = qw_cascade_blocks_for(size_16ths, 1000000);
        double average = 1e6 / (1 + count_block_ends(blocks, 1000000));

        assert_true(average > size_16ths / 16.0 * 0.998 && average < size_16ths / 16.0 * 1.002);
        assert_int_equal(blocks.size & (blocks.size - 1), 0); /* a power of two */
    }
}

static void original_blocks_double_from_0_73_over_q(void **state)
{
    const struct qw_cascade_config config = { 1000000, QW_CASCADE_ORIGINAL, 1 };
    struct qw_cascade_plan plan;

    (void)state;
    qw_cascade_plan_for(&config, 20000, &plan);
    assert_int_equal(plan.passes, 4);
    for (unsigned p = 0; p < 4; p++) {
        assert_int_equal(plan.blocks[p].size, 37u << p); /* 36.5 rounded up */
        assert_true(plan.blocks[p].wide_from > 1000000);
    }
}

/* A changed table is a change of the protocol. */
static void the_plans_are_the_same_on_every_machine(void **state)
{
    uint64_t digest = 0xcbf29ce484222325u; /* FNV-1a */

    (void)state;
    for (size_t n = 0; n < sizeof lengths / sizeof lengths[0]; n++) {
        for (uint32_t qber_ppm = 0; qber_ppm <= QW_CASCADE_QBER_MAX_PPM; qber_ppm += 777) {
            struct qw_cascade_config config = { lengths[n], QW_CASCADE_OPTIMISED, 1 };
            struct qw_cascade_plan plan;

            qw_cascade_plan_for(&config, qber_ppm, &plan);
            for (unsigned p = 0; p < plan.passes; p++) {
                digest = (digest ^ plan.blocks[p].size) * 0x100000001b3u;
                digest = (digest ^ plan.blocks[p].wide_from) * 0x100000001b3u;
            }
        }
    }
    printf("digest %016llx\n", (unsigned long long)digest);
    assert_true(digest == 0xa213d7eee2b08dc1u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_plan_is_one_that_both_ends_can_follow),
        cmocka_unit_test(mixed_blocks_have_the_average_size),
        cmocka_unit_test(original_blocks_double_from_0_73_over_q),
        cmocka_unit_test(the_plans_are_the_same_on_every_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
