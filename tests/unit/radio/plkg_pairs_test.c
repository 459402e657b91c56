/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 W9 */
/* Which pairs are disclosed: T4 of docs/protocol/plkg.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "radio/plkg/pairs.h"

#include <stdlib.h>
#include <string.h>

/* Both ends must split alike, and what is disclosed must not be key. */
static void split_is_the_same_at_both_ends_and_disjoint(void **state)
{
    struct qw_plkg_pairs *a = calloc(1, sizeof *a);
    struct qw_plkg_pairs *b = calloc(1, sizeof *b);
    struct qw_plkg_split *split = calloc(1, sizeof *split);
    uint32_t in_runs = 0;
    uint8_t seen[1000] = { 0 };

    (void)state;
    *a = (struct qw_plkg_pairs){ .probes = 1000, .nonce = 1 };
    *b = (struct qw_plkg_pairs){ .probes = 1000, .nonce = 2 };
    for (size_t i = 0; i < 1000; i++) {
        qw_bit_set(a->heard, i, i % 10 != 3);
        qw_bit_set(b->heard, i, i % 7 != 1);
    }
    qw_plkg_split_of(a, b, true, split);
    assert_int_equal(split->key_count + split->disclosed_count, split->usable);
    assert_true(split->disclosed_count >= QW_PLKG_DISCLOSED_MIN);
    for (uint32_t i = 0; i < split->key_count; i++) {
        seen[split->key[i]]++;
    }
    for (uint32_t i = 0; i < split->disclosed_count; i++) {
        seen[split->disclosed[i]]++;
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(seen[i], i % 10 != 3 && i % 7 != 1 ? 1 : 0);
    }
    for (uint32_t i = 0; i < split->run_count; i++) {
        in_runs += split->run[i];
    }
    assert_int_equal(in_runs, split->disclosed_count);
    free(a);
    free(b);
    free(split);
}

static void split_depends_on_both_nonces(void **state)
{
    struct qw_plkg_pairs *a = calloc(1, sizeof *a);
    struct qw_plkg_pairs *b = calloc(1, sizeof *b);
    struct qw_plkg_split *splits = calloc(3, sizeof *splits);

    (void)state;
    *a = (struct qw_plkg_pairs){ .probes = 20000, .nonce = 1 };
    *b = (struct qw_plkg_pairs){ .probes = 20000, .nonce = 2 };
    memset(a->heard, 0xff, QW_BITS_TO_BYTES(20000));
    memset(b->heard, 0xff, QW_BITS_TO_BYTES(20000));
    qw_plkg_split_of(a, b, true, &splits[0]);
    a->nonce = 3;
    qw_plkg_split_of(a, b, true, &splits[1]);
    a->nonce = 1;
    b->nonce = 3;
    qw_plkg_split_of(a, b, true, &splits[2]);
    assert_in_range(splits[0].disclosed_count, 20000 / QW_PLKG_DISCLOSED_SHARE,
                    QW_PLKG_DISCLOSED_MAX - 1);
    assert_memory_not_equal(splits[0].disclosed, splits[1].disclosed, sizeof splits[0].disclosed);
    assert_memory_not_equal(splits[0].disclosed, splits[2].disclosed, sizeof splits[0].disclosed);
    free(a);
    free(b);
    free(splits);
}

/* Both ends' messages of a session, one probe in twenty lost, and what they lead to. */
struct draw {
    struct qw_plkg_pairs terminal, access_point;
    struct qw_plkg_split split;
};

static void draw_from(struct draw *draw, uint32_t probes, uint64_t nonce)
{
    draw->terminal = (struct qw_plkg_pairs){ .probes = probes, .nonce = nonce };
    draw->access_point = (struct qw_plkg_pairs){ .probes = probes, .nonce = ~nonce };
    for (uint32_t i = 0; i < probes; i++) {
        qw_bit_set(draw->terminal.heard, i, i % 20 != 7);
        qw_bit_set(draw->access_point.heard, i, true);
    }
    qw_plkg_split_of(&draw->terminal, &draw->access_point, true, &draw->split);
}

/* Else a session that repeats the fading of a longer one is not compared with anything (T5). */
static void three_quarters_of_a_session_hold_two_fifths_of_what_is_disclosed(void **state)
{
    struct draw *draw = calloc(1, sizeof *draw);

    (void)state;
    for (uint32_t probes = 320; probes < 3000; probes += 173) {
        for (uint64_t nonce = 0; nonce < 300; nonce++) {
            uint32_t early = 0, late = 0;

            draw_from(draw, probes, nonce);
            for (uint32_t i = 0; i < draw->split.disclosed_count; i++) {
                early += draw->split.disclosed[i] < probes - probes / 4 ? 1 : 0;
                late += draw->split.disclosed[i] >= probes / 4 ? 1 : 0;
            }
            assert_true(5 * early >= 2 * draw->split.disclosed_count);
            assert_true(5 * late >= 2 * draw->split.disclosed_count);
        }
    }
    free(draw);
}

/* Nobody who wants to hide something in some probes does better with these than with those. */
static void every_block_is_disclosed_equally_often(void **state)
{
    enum { BLOCKS = 40, DRAWS = 8000, EACH = 3 * DRAWS / BLOCKS, FIVE_SIGMA = 5 * 24 };
    struct draw *draw = calloc(1, sizeof *draw);
    uint32_t often[BLOCKS] = { 0 };

    (void)state;
    for (uint64_t nonce = 0; nonce < DRAWS; nonce++) {
        draw_from(draw, BLOCKS * QW_PLKG_BLOCK_PROBES, nonce);
        for (uint32_t i = 0; i < draw->split.disclosed_count; i++) {
            bool is_first = i == 0 || draw->split.disclosed[i] / QW_PLKG_BLOCK_PROBES !=
                                          draw->split.disclosed[i - 1] / QW_PLKG_BLOCK_PROBES;

            often[draw->split.disclosed[i] / QW_PLKG_BLOCK_PROBES] += is_first ? 1 : 0;
        }
    }
    for (size_t block = 0; block < BLOCKS; block++) {
        assert_in_range(often[block], EACH - FIVE_SIGMA, EACH + FIVE_SIGMA);
    }
    free(draw);
}

/* Two blocks are enough to choose cells by in a short session; counting waves takes three. */
static void a_session_with_phases_discloses_less(void **state)
{
    struct qw_plkg_pairs *a = calloc(1, sizeof *a);
    struct qw_plkg_split *split = calloc(1, sizeof *split);

    (void)state;
    memset(a->heard, 0xff, sizeof a->heard);
    for (uint32_t probes = QW_PLKG_PAIRS_MIN; probes <= 3000; probes += 4) {
        uint32_t least = probes < 504 ? probes / 6 : QW_PLKG_DISCLOSED_MIN;

        a->probes = probes;
        a->nonce = probes;
        least = probes / 34 > least ? probes / 34 : least;
        qw_plkg_split_of(a, a, true, split);
        assert_in_range(split->disclosed_count, least, least + QW_PLKG_BLOCK_PROBES - 1);
        qw_plkg_split_of(a, a, false, split);
        assert_true(split->disclosed_count >= QW_PLKG_DISCLOSED_WAVES);
    }
    free(a);
    free(split);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_is_the_same_at_both_ends_and_disjoint),
        cmocka_unit_test(split_depends_on_both_nonces),
        cmocka_unit_test(three_quarters_of_a_session_hold_two_fifths_of_what_is_disclosed),
        cmocka_unit_test(a_session_with_phases_discloses_less),
        cmocka_unit_test(every_block_is_disclosed_equally_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
