/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C1 C5 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "centre/books_record.h"

#include <string.h>

enum { LAYOUT_NOW = 5 };

static const struct qw_books some = {
    .starts = 2,
    .ingested = 3,
    .stored = 500,
    .leased = 40,
    .paired = 6,
    .destroyed = 7,
    .next_block = 8,
    .next_device = 9,
    .registry = 10,
    .is_indexed = true,
    .swept_s = 1700000000,
    .first_station = "station-1",
    .divided_from = 4,
    .parts = { { .keys = 100 },
               { .source = "qrng", .is_quantum = true, .keys = 240 },
               { .source = "qkd:lab", .is_quantum = true, .is_simulated = true, .keys = 200 } },
};

static void assert_books(const struct qw_books *is, const struct qw_books *expected)
{
    assert_int_equal(is->starts, expected->starts);
    assert_int_equal(is->ingested, expected->ingested);
    assert_int_equal(is->stored, expected->stored);
    assert_int_equal(is->leased, expected->leased);
    assert_int_equal(is->paired, expected->paired);
    assert_int_equal(is->destroyed, expected->destroyed);
    assert_int_equal(is->next_block, expected->next_block);
    assert_int_equal(is->next_device, expected->next_device);
    assert_int_equal(is->registry, expected->registry);
    assert_int_equal(is->is_indexed, expected->is_indexed);
    assert_int_equal(is->swept_s, expected->swept_s);
    assert_string_equal(is->first_station, expected->first_station);
    assert_int_equal(is->divided_from, expected->divided_from);
    for (size_t i = 0; i < QW_STOCK_PARTS; i++) {
        assert_string_equal(is->parts[i].source, expected->parts[i].source);
        assert_int_equal(is->parts[i].is_quantum, expected->parts[i].is_quantum);
        assert_int_equal(is->parts[i].is_simulated, expected->parts[i].is_simulated);
        assert_int_equal(is->parts[i].keys, expected->parts[i].keys);
    }
}

static void comes_back_as_it_was(void **state)
{
    struct qw_books books = { 0 };
    uint8_t bytes[QW_BOOKS_CAP];
    size_t len = qw_books_encode(&some, bytes);

    (void)state;
    assert_int_equal(qw_books_decode(bytes, len, 0, &books), QW_OK);
    assert_books(&books, &some);
}

static void holds_as_many_parts_as_there_can_be(void **state)
{
    struct qw_books full = some, books = { 0 };
    uint8_t bytes[QW_BOOKS_CAP];
    size_t len;

    (void)state;
    memset(full.first_station, 's', sizeof full.first_station - 1);
    for (size_t i = 1; i < QW_STOCK_PARTS; i++) {
        memset(full.parts[i].source, 'a' + (int)(i % 26), sizeof full.parts[i].source - 1);
        full.parts[i].keys = i;
    }
    len = qw_books_encode(&full, bytes);
    assert_int_equal(qw_books_decode(bytes, len, 0, &books), QW_OK);
    assert_books(&books, &full);
}

static void refuses_every_truncation_one_byte_too_many_and_layouts_to_come(void **state)
{
    struct qw_books books = { .starts = 77 };
    uint8_t bytes[QW_BOOKS_CAP + 1] = { 0 };
    size_t len = qw_books_encode(&some, bytes);

    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_books_decode(bytes, cut, 0, &books), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_books_decode(bytes, len + 1, 0, &books), QW_ERR_FORMAT);
    bytes[0] = LAYOUT_NOW + 1;
    assert_int_equal(qw_books_decode(bytes, len, 0, &books), QW_ERR_FORMAT);
    bytes[0] = 0;
    assert_int_equal(qw_books_decode(bytes, len, 0, &books), QW_ERR_FORMAT);
    assert_int_equal(books.starts, 77);
}

/* Layouts 1 to 4, written out. */
static size_t write_old(const struct qw_books *b, uint8_t layout, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u8(&w, layout);
    qw_write_u64be(&w, b->starts);
    qw_write_u64be(&w, b->ingested);
    qw_write_u64be(&w, b->stored);
    qw_write_u64be(&w, b->leased);
    qw_write_u64be(&w, b->destroyed);
    qw_write_u64be(&w, b->next_block);
    qw_write_u64be(&w, b->next_device);
    if (layout >= 2) {
        qw_write_u64be(&w, b->paired);
        qw_write_u64be(&w, (uint64_t)b->swept_s);
    }
    if (layout >= 3) {
        qw_write_u64be(&w, b->registry);
    }
    if (layout >= 4) {
        qw_write_u8(&w, 1);
    }
    qw_write_string8(&w, b->first_station);
    assert_false(w.failed);
    return w.len;
}

static void reads_every_earlier_layout(void **state)
{
    enum { NOW_S = 1800000000 };

    (void)state;
    for (uint8_t layout = 1; layout < LAYOUT_NOW; layout++) {
        struct qw_books books = { 0 }, expected = some;
        uint8_t bytes[QW_BOOKS_CAP];
        size_t len = write_old(&some, layout, bytes, sizeof bytes);

        expected.paired = layout >= 2 ? some.paired : 0;
        expected.swept_s = layout >= 2 ? some.swept_s : NOW_S - 1;
        expected.registry = layout >= 3 ? some.registry : 0;
        expected.is_indexed = layout >= 4;
        memset(expected.parts, 0, sizeof expected.parts);
        expected.parts[0].keys = some.stored + some.leased; /* all of it, of whatever source */
        expected.divided_from = some.next_block;
        assert_int_equal(qw_books_decode(bytes, len, (int64_t)NOW_S * 1000, &books), QW_OK);
        assert_books(&books, &expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was),
        cmocka_unit_test(holds_as_many_parts_as_there_can_be),
        cmocka_unit_test(refuses_every_truncation_one_byte_too_many_and_layouts_to_come),
        cmocka_unit_test(reads_every_earlier_layout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
