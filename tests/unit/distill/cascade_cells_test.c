/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "distill/cascade/cells.h"

#include "base/prng.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LENGTH_MAX = 700, WORDS = LENGTH_MAX / 64 + 1 };

/* Cells beside a list of bits in which everything is counted out. */
struct model {
    struct qw_cascade_cells cells;
    struct qw_cascade_word word[WORDS];
    struct qw_cascade_cell queue[LENGTH_MAX];
    uint8_t own[LENGTH_MAX];
    uint8_t other[LENGTH_MAX];
    uint8_t is_cut[LENGTH_MAX + 1];
    uint32_t length;
};

static unsigned slow_parity(const uint8_t *bits, uint32_t start, uint32_t end)
{
    unsigned parity = 0;

    for (uint32_t i = start; i < end; i++) {
        parity ^= bits[i];
    }
    return parity;
}

static void begin(struct model *m, struct qw_prng *prng, uint32_t length)
{
    uint64_t bits[WORDS] = { 0 };

    memset(m, 0, sizeof *m);
    memset(m->word, 0xff, sizeof m->word); /* of an earlier frame */
    m->length = length;
    for (uint32_t i = 0; i < length; i++) {
        m->own[i] = qw_prng_u64(prng) & 1;
        m->other[i] = m->own[i] ^ (qw_prng_below(prng, 10) == 0);
        bits[i / 64] |= (uint64_t)m->own[i] << (i % 64);
    }
    m->is_cut[0] = 1;
    m->is_cut[length] = 1;
    m->cells.word = m->word;
    m->cells.length = length;
    m->cells.queue.cell = m->queue;
    m->cells.queue.cap = LENGTH_MAX;
    qw_cascade_cells_begin(&m->cells, bits);
    m->word[0].odd |= slow_parity(m->own, 0, length) ^ slow_parity(m->other, 0, length);
}

static struct qw_cascade_cell slow_cell(const struct model *m, uint32_t position)
{
    struct qw_cascade_cell cell = { position, position + 1 };

    while (!m->is_cut[cell.start]) {
        cell.start--;
    }
    while (!m->is_cut[cell.end]) {
        cell.end++;
    }
    return cell;
}

static void check(const struct model *m)
{
    for (uint32_t i = 0; i < m->length; i++) {
        struct qw_cascade_cell cell = slow_cell(m, i);

        assert_int_equal(qw_cascade_cell_start(&m->cells, i), cell.start);
        assert_int_equal(qw_cascade_cell_end(&m->cells, i), cell.end);
        assert_int_equal(qw_cascade_cells_is_odd(&m->cells, cell.start),
                         slow_parity(m->own, cell.start, cell.end) ^
                             slow_parity(m->other, cell.start, cell.end));
    }
}

static void cells_know_what_counting_says(void **state)
{
    static struct model m;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 60);
    for (uint32_t length = 1; length <= LENGTH_MAX - 1; length += 1 + length / 8) {
        begin(&m, &prng, length);
        check(&m);
        for (int i = 0; i < 60; i++) {
            uint32_t position = (uint32_t)qw_prng_below(&prng, length);
            struct qw_cascade_cell cell = slow_cell(&m, position);

            if (i % 2 == 0 && !m.is_cut[position]) {
                m.is_cut[position] = 1;
                assert_true(qw_cascade_cells_ask(&m.cells, position));
                assert_false(qw_cascade_cells_ask(&m.cells, position));
                qw_cascade_cells_cut(&m.cells, cell, position, slow_parity(m.other, 0, position));
                assert_false(qw_cascade_cells_ask(&m.cells, position));
            } else if (cell.end - cell.start > 1) {
                m.own[position] ^= 1;
                assert_int_equal(qw_cascade_cells_flip(&m.cells, position), QW_OK);
            }
            check(&m);
        }
    }
}

static void parities_of_all_ranges_are_those_of_counting(void **state)
{
    static struct model m;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 61);
    begin(&m, &prng, 200);
    for (uint32_t start = 0; start <= 200; start++) {
        for (uint32_t end = start; end <= 200; end++) {
            assert_int_equal(qw_cascade_cells_parity(&m.cells, start, end),
                             slow_parity(m.own, start, end));
        }
    }
}

/* Queued when it turns odd, and not when it turns even. */
static void a_cell_that_turns_odd_is_queued(void **state)
{
    static struct model m;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 62);
    begin(&m, &prng, 100);
    m.word[0].odd = 0;
    assert_int_equal(qw_cascade_cells_flip(&m.cells, 7), QW_OK);
    assert_int_equal(m.cells.queue.count, 1);
    assert_int_equal(m.queue[0].start, 0);
    assert_int_equal(m.queue[0].end, 100);
    assert_int_equal(qw_cascade_cells_flip(&m.cells, 99), QW_OK);
    assert_int_equal(m.cells.queue.count, 1);
    assert_int_equal(qw_cascade_cells_flip(&m.cells, 50), QW_OK);
    assert_int_equal(m.cells.queue.count, 2);
}

static void a_known_bit_cannot_turn_wrong(void **state)
{
    static struct model m;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 63);
    begin(&m, &prng, 1);
    m.word[0].odd = 0;
    assert_int_equal(qw_cascade_cells_flip(&m.cells, 0), QW_ERR_FORMAT);
}

static void a_queue_that_was_short_is_filled_from_the_cells(void **state)
{
    static struct model m;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 64);
    begin(&m, &prng, 640);
    m.word[0].odd = 0;
    memcpy(m.other, m.own, sizeof m.own);
    for (uint32_t position = 16; position < 640; position += 16) { /* 40 cells */
        qw_cascade_cells_cut(&m.cells, (struct qw_cascade_cell){ position - 16, 640 }, position,
                             slow_parity(m.other, 0, position));
    }
    m.cells.queue.cap = 10;
    for (uint32_t cell = 0; cell < 40; cell++) {
        assert_int_equal(qw_cascade_cells_flip(&m.cells, 16 * cell + cell % 16), QW_OK);
    }
    assert_int_equal(m.cells.queue.count, 10);
    assert_true(m.cells.queue.is_short);
    for (uint32_t i = 0; i < 10; i++) { /* asked about, and taken out */
        assert_true(qw_cascade_cells_ask(&m.cells, qw_cascade_cell_cut(m.queue[i])));
    }
    m.cells.queue.count = 0;
    m.cells.queue.cap = LENGTH_MAX;
    qw_cascade_cells_refill(&m.cells);
    assert_int_equal(m.cells.queue.count, 30);
    assert_false(m.cells.queue.is_short);
    for (uint32_t i = 0; i < 30; i++) {
        assert_int_equal(m.queue[i].start, 160 + 16 * i);
        assert_int_equal(m.queue[i].end, 176 + 16 * i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_know_what_counting_says),
        cmocka_unit_test(parities_of_all_ranges_are_those_of_counting),
        cmocka_unit_test(a_cell_that_turns_odd_is_queued),
        cmocka_unit_test(a_known_bit_cannot_turn_wrong),
        cmocka_unit_test(a_queue_that_was_short_is_filled_from_the_cells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
