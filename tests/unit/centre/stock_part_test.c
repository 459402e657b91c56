/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C1 C10 W10 */
/* The parts are what the totals are, whatever comes and goes. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "centre/key/stock_part.h"

#include <stdio.h>
#include <string.h>

static struct qw_books books;

static struct qw_block block_of(uint64_t number, const char *source, bool is_simulated)
{
    struct qw_block block = { .number = number, .is_simulated = is_simulated };

    (void)snprintf(block.source, sizeof block.source, "%s", source);
    return block;
}

static void add(const struct qw_block *block, uint64_t count)
{
    books.stored += count;
    qw_stock_part_add(&books, block, count);
}

static void take(const struct qw_block *block, uint64_t count)
{
    books.stored -= count;
    qw_stock_part_take(&books, block, count);
}

static uint64_t sum(void)
{
    uint64_t total = 0;

    for (size_t i = 0; i < QW_STOCK_PARTS; i++) {
        total += books.parts[i].keys;
    }
    return total;
}

static uint64_t keys_of(const char *source)
{
    uint64_t total = 0;

    for (size_t i = 0; i < QW_STOCK_PARTS; i++) {
        total += strcmp(books.parts[i].source, source) == 0 ? books.parts[i].keys : 0;
    }
    return total;
}

static int begin(void **state)
{
    (void)state;
    memset(&books, 0, sizeof books);
    books.next_block = 1;
    qw_stock_part_begin(&books);
    return 0;
}

static void each_source_has_its_part(void **state)
{
    struct qw_block kernel = block_of(1, "kernel", false);
    struct qw_block link = block_of(2, "qkd:north", true);
    struct qw_block real = block_of(3, "qkd:north", false);

    (void)state;
    add(&kernel, 128);
    add(&link, 64);
    add(&real, 32);
    assert_int_equal(keys_of("kernel"), 128);
    assert_int_equal(keys_of("qkd:north"), 96);
    assert_int_equal(books.parts[2].keys, 64); /* simulated ones are never among others */
    assert_true(books.parts[2].is_simulated);
    assert_false(books.parts[3].is_simulated);
    take(&link, 64);
    assert_int_equal(keys_of("qkd:north"), 32);
    assert_int_equal(sum(), books.stored);
}

static void an_empty_part_is_anothers_next(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        char name[16];
        struct qw_block block;

        (void)snprintf(name, sizeof name, "link:%u", i);
        block = block_of(i + 1, name, false);
        add(&block, 16);
        assert_int_equal(keys_of(name), 16);
        take(&block, 16);
    }
    assert_int_equal(sum(), 0);
}

static void what_was_there_before_is_not_divided(void **state)
{
    struct qw_block old = block_of(7, "kernel", false);
    struct qw_block fresh = block_of(8, "kernel", false);

    (void)state;
    books.stored = 100;
    books.leased = 28;
    books.next_block = 8;
    qw_stock_part_begin(&books);
    assert_int_equal(keys_of(""), 128);
    add(&fresh, 64);
    take(&old, 50);
    assert_int_equal(keys_of(""), 78);
    assert_int_equal(keys_of("kernel"), 64);
    take(&fresh, 64);
    assert_int_equal(keys_of("kernel"), 0);
    assert_int_equal(sum(), books.stored + books.leased);
}

/* Of more sources than parts some are not divided; no key is lost or made by that. */
static void more_sources_than_parts(void **state)
{
    enum { SOURCES = QW_STOCK_PARTS + 5, BLOCKS = 200 };
    static struct qw_block blocks[BLOCKS]; /* 33 KiB each */
    uint64_t left[BLOCKS] = { 0 };
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, 98, 0);
    for (unsigned i = 0; i < BLOCKS; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "link:%u", (unsigned)(qw_prng_u64(&prng) % SOURCES));
        blocks[i] = block_of(i + 1, name, (qw_prng_u64(&prng) & 1) != 0);
        left[i] = 16 + qw_prng_u64(&prng) % 100;
        add(&blocks[i], left[i]);
        if (i % 2 == 1) {
            unsigned j = (unsigned)(qw_prng_u64(&prng) % i);
            uint64_t count = left[j] / 2;

            take(&blocks[j], count);
            left[j] -= count;
        }
        assert_int_equal(sum(), books.stored);
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        take(&blocks[i], left[i]);
    }
    assert_int_equal(books.stored, 0);
    assert_int_equal(sum(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_source_has_its_part, begin),
        cmocka_unit_test_setup(an_empty_part_is_anothers_next, begin),
        cmocka_unit_test_setup(what_was_there_before_is_not_divided, begin),
        cmocka_unit_test_setup(more_sources_than_parts, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
