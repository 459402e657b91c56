/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q2 C2 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qkd/link.h"
#include "source/link_pads.h"
#include "support/fail_nth.h"

#include <string.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

enum { KEY_LEN = 4096, PADS = 512 }; /* a quarter of each half */

static struct link_pads *ends[2];

static void put_at(struct link_pads *pads, enum qw_qkd_end end, uint32_t number)
{
    uint8_t bytes[KEY_LEN];
    struct qw_handover_key key = { .label.block = number, .key = bytes, .len = sizeof bytes };
    size_t len;
    const uint8_t *own;
    const uint8_t *theirs;

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256 + number * 31);
    }
    memset(key.label.session, 9, sizeof key.label.session);
    own = qw_handover_own_half(&key, (uint8_t)end, &len);
    theirs = qw_handover_own_half(&key, end == QW_QKD_ALICE ? QW_QKD_BOB : QW_QKD_ALICE, &len);
    link_pads_put(pads, &key.label, own, theirs, len);
}

static void put(uint32_t number)
{
    put_at(ends[0], QW_QKD_ALICE, number);
    put_at(ends[1], QW_QKD_BOB, number);
}

static int make_ends(void **state)
{
    (void)state;
    assert_int_equal(link_pads_new(true, &ends[0]), QW_OK);
    assert_int_equal(link_pads_new(true, &ends[1]), QW_OK);
    return 0;
}

static int free_ends(void **state)
{
    (void)state;
    fail_nth = 0;
    link_pads_free(ends[0]);
    link_pads_free(ends[1]);
    return 0;
}

/* From one end to the other: the same bytes, there once. */
static void assert_crosses(int from, size_t len, struct link_pad_place *place)
{
    uint8_t here[PADS];
    uint8_t there[PADS];

    assert_int_equal(link_pads_draw(ends[from], len, here, place), QW_OK);
    assert_int_equal(link_pads_look(ends[1 - from], place, len, there), QW_OK);
    assert_memory_equal(here, there, len);
    assert_int_equal(link_pads_spend(ends[1 - from], place, len), QW_OK);
    assert_int_equal(link_pads_look(ends[1 - from], place, len, there), QW_ERR_NOT_FOUND);
    assert_int_equal(link_pads_spend(ends[1 - from], place, len), QW_ERR_NOT_FOUND);
}

static void a_quarter_of_each_half_in_whole_units_is_pads(void **state)
{
    (void)state;
    assert_int_equal(link_pads_len_of(0), 0);
    assert_int_equal(link_pads_len_of(63), 0);
    assert_int_equal(link_pads_len_of(64), 16);
    assert_int_equal(link_pads_len_of(127), 16);
    assert_int_equal(link_pads_len_of(4 * 8192 - 1), 8176);
    assert_int_equal(link_pads_len_of(500000), 8192);
}

static void what_one_end_draws_the_other_finds_in_both_directions(void **state)
{
    struct link_pad_place there;
    struct link_pad_place back;

    (void)state;
    put(1);
    for (int i = 0; i < 4; i++) { /* interleaved: neither end waits for the other */
        assert_crosses(0, 40, &there);
        assert_crosses(1, 40, &back);
        assert_int_equal(there.offset, 48 * i);
        assert_int_equal(back.offset, 48 * i);
    }
}

static void every_bit_is_drawn_once_until_there_are_no_more(void **state)
{
    uint8_t pad[PADS];
    uint8_t all[2 * PADS];
    struct link_pad_place place;
    size_t got = 0;

    (void)state;
    put(1);
    put(2);
    while (link_pads_draw(ends[0], 32, pad, &place) == QW_OK) {
        assert_int_equal(place.label.block, got < PADS ? 2 : 1); /* the newest first */
        assert_int_equal(place.offset, got % PADS);
        memcpy(all + got, pad, 32);
        got += 32;
    }
    assert_int_equal(got, 2 * PADS);
    assert_int_equal(link_pads_draw(ends[0], 1, pad, &place), QW_ERR_EXHAUSTED);
    for (size_t i = 0; i < PADS; i++) { /* bytes 1536 to 2047 of the key: the end of alice's half */
        assert_int_equal(all[PADS + i], (uint8_t)((1536 + i) * 7 + (1536 + i) / 256 + 31));
    }
}

static void messages_may_overtake_each_other_and_none_comes_twice(void **state)
{
    struct link_pad_place first;
    struct link_pad_place second;
    struct link_pad_place across;
    uint8_t pad[PADS];

    (void)state;
    put(1);
    assert_int_equal(link_pads_draw(ends[0], 32, pad, &first), QW_OK);
    assert_int_equal(link_pads_draw(ends[0], 32, pad, &second), QW_OK);
    assert_int_equal(link_pads_spend(ends[1], &second, 32), QW_OK);
    across = first;
    assert_int_equal(link_pads_look(ends[1], &across, 48, pad),
                     QW_ERR_NOT_FOUND); /* part is spent */
    assert_int_equal(link_pads_spend(ends[1], &first, 32), QW_OK);
    assert_int_equal(link_pads_spend(ends[1], &first, 32), QW_ERR_NOT_FOUND);
}

static void places_that_are_not_there_are_not_found(void **state)
{
    static const uint32_t offsets[] = { 8, 504, 512, 528, 0xFFFFFFF0u };
    struct link_pad_place place;
    uint8_t pad[PADS];

    (void)state;
    put(1);
    assert_int_equal(link_pads_draw(ends[0], 16, pad, &place), QW_OK);
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct link_pad_place other = place;

        other.offset = offsets[i];
        assert_int_equal(link_pads_look(ends[1], &other, 16, pad), QW_ERR_NOT_FOUND);
    }
    assert_int_equal(link_pads_look(ends[1], &place, PADS + 1, pad), QW_ERR_NOT_FOUND);
    assert_int_equal(link_pads_look(ends[1], &place, 0, pad), QW_ERR_NOT_FOUND);
    place.label.block = 2;
    assert_int_equal(link_pads_look(ends[1], &place, 16, pad), QW_ERR_NOT_FOUND);
    place.label.block = 1;
    place.label.session[0] ^= 1;
    assert_int_equal(link_pads_look(ends[1], &place, 16, pad), QW_ERR_NOT_FOUND);
}

static void a_block_that_the_other_end_lacks_is_dropped(void **state)
{
    struct link_pad_place place;
    uint8_t pad[PADS];

    (void)state;
    put(1);
    put_at(ends[0], QW_QKD_ALICE, 2); /* at bob's the centre was down */
    assert_int_equal(link_pads_draw(ends[0], 16, pad, &place), QW_OK);
    assert_int_equal(place.label.block, 2);
    assert_int_equal(link_pads_look(ends[1], &place, 16, pad), QW_ERR_NOT_FOUND);
    link_pads_drop(ends[0], &place.label);
    assert_crosses(0, 16, &place);
    assert_int_equal(place.label.block, 1);
}

static void the_oldest_block_makes_room(void **state)
{
    struct link_pad_place place;
    uint8_t pad[PADS];
    size_t draws = 0;

    (void)state;
    for (uint32_t i = 0; i < LINK_PAD_BLOCKS + 5; i++) {
        put(i);
    }
    while (link_pads_draw(ends[0], PADS, pad, &place) == QW_OK) {
        assert_int_equal(link_pads_spend(ends[1], &place, PADS), QW_OK);
        draws++;
    }
    assert_int_equal(draws, LINK_PAD_BLOCKS);
    assert_int_equal(place.label.block, 5);
}

static void comes_up_whole_or_not_at_all(void **state)
{
    struct link_pads *pads = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = link_pads_new(false, &pads);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && pads == NULL));
    }
    assert_false(link_pads_are_simulated(pads));
    assert_true(link_pads_are_simulated(ends[0]));
    link_pads_free(pads);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_ends, free_ends)
    const struct CMUnitTest tests[] = {
        TEST(a_quarter_of_each_half_in_whole_units_is_pads),
        TEST(what_one_end_draws_the_other_finds_in_both_directions),
        TEST(every_bit_is_drawn_once_until_there_are_no_more),
        TEST(messages_may_overtake_each_other_and_none_comes_twice),
        TEST(places_that_are_not_there_are_not_found),
        TEST(a_block_that_the_other_end_lacks_is_dropped),
        TEST(the_oldest_block_makes_room),
        TEST(comes_up_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
