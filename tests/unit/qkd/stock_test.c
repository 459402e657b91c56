/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
#include "qkd/network/stock.h"

#include "base/prng.h"
#include "support/fail_nth.h"
#include "support/test_seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { LINKS = 5, OPEN_MAX = 4 };

static struct qw_stock_book *book_of(double bits)
{
    const struct qw_stock_config config = { LINKS, OPEN_MAX, 6 };
    struct qw_stock_book *book = NULL;

    assert_int_equal(qw_stock_book_new(&config, &book), QW_OK);
    for (size_t i = 0; i < LINKS; i++) {
        assert_true(qw_stock_add(book, i, bits, 1e6) == bits);
    }
    return book;
}

/* Over the links first .. first + hops - 1. */
static struct qw_route path_of(size_t first, size_t hops)
{
    struct qw_route path = { .hops = hops };

    for (size_t i = 0; i < hops; i++) {
        path.node[i] = (uint16_t)(first + i);
        path.link[i] = (uint16_t)(first + i);
    }
    path.node[hops] = (uint16_t)(first + hops);
    return path;
}

static void a_path_is_reserved_as_a_whole_or_not_at_all(void **state)
{
    struct qw_stock_book *book = book_of(100);
    struct qw_route all = path_of(0, 5);
    struct qw_route last = path_of(4, 1);
    qw_reservation first = 0;
    qw_reservation second = 77;
    size_t lacking = 99;

    (void)state;
    assert_int_equal(qw_stock_reserve(book, &last, 1, 60, 1, &first, NULL), QW_OK);
    assert_int_equal(qw_stock_reserve(book, &all, 1, 60, 1, &second, &lacking), QW_ERR_EXHAUSTED);
    assert_int_equal(lacking, 4);
    assert_true(second == 77);
    for (size_t i = 0; i < 4; i++) {
        assert_true(qw_stock_available(book, i) == 100 && qw_stock_reserved(book, i) == 0);
    }
    assert_true(qw_stock_available(book, 4) == 40 && qw_stock_reserved(book, 4) == 60);
    assert_int_equal(qw_stock_reserve(book, &all, 1, 40, 1, &second, &lacking), QW_OK);
    assert_true(qw_stock_available(book, 4) == 0 && qw_stock_available(book, 0) == 60);
    qw_stock_book_free(book);
}

static void committed_bits_are_gone_and_released_ones_are_back(void **state)
{
    struct qw_stock_book *book = book_of(100);
    struct qw_route path = path_of(1, 2);
    qw_reservation a;
    qw_reservation b;

    (void)state;
    assert_int_equal(qw_stock_reserve(book, &path, 1, 30, 1, &a, NULL), QW_OK);
    assert_int_equal(qw_stock_reserve(book, &path, 1, 20, 1, &b, NULL), QW_OK);
    assert_int_equal(qw_stock_commit(book, a), QW_OK);
    assert_true(qw_stock_available(book, 1) == 50 && qw_stock_reserved(book, 1) == 20);
    assert_int_equal(qw_stock_release(book, b), QW_OK);
    assert_true(qw_stock_available(book, 1) == 70 && qw_stock_reserved(book, 1) == 0);
    /* each ends once */
    assert_int_equal(qw_stock_commit(book, a), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_stock_release(book, a), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_stock_commit(book, b), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_stock_release(book, b), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_stock_release(book, 12345), QW_ERR_NOT_FOUND);
    assert_true(qw_stock_available(book, 1) == 70);
    qw_stock_book_free(book);
}

static void a_handle_of_before_does_not_fit_its_slot_again(void **state)
{
    struct qw_stock_book *book = book_of(100);
    struct qw_route path = path_of(0, 1);
    qw_reservation old;
    qw_reservation new;

    (void)state;
    assert_int_equal(qw_stock_reserve(book, &path, 1, 1, 1, &old, NULL), QW_OK);
    assert_int_equal(qw_stock_release(book, old), QW_OK);
    assert_int_equal(qw_stock_reserve(book, &path, 1, 1, 1, &new, NULL), QW_OK);
    assert_true(old != new);
    assert_int_equal(qw_stock_commit(book, old), QW_ERR_NOT_FOUND);
    assert_true(qw_stock_uses(book, new, 0) && !qw_stock_uses(book, new, 1));
    assert_false(qw_stock_uses(book, old, 0));
    qw_stock_book_free(book);
}

static void what_nobody_commits_returns_at_its_deadline(void **state)
{
    struct qw_stock_book *book = book_of(100);
    struct qw_route path = path_of(0, 2);
    qw_reservation a;
    qw_reservation b;

    (void)state;
    assert_int_equal(qw_stock_reserve(book, &path, 1, 10, 5, &a, NULL), QW_OK);
    assert_int_equal(qw_stock_reserve(book, &path, 1, 20, 6, &b, NULL), QW_OK);
    assert_int_equal(qw_stock_expire(book, 4.9), 0);
    assert_int_equal(qw_stock_expire(book, 5), 1);
    assert_int_equal(qw_stock_commit(book, a), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_stock_commit(book, b), QW_OK);
    assert_int_equal(qw_stock_expire(book, 99), 0);
    assert_true(qw_stock_available(book, 0) == 80);
    qw_stock_book_free(book);
}

static void several_paths_are_one_reservation(void **state)
{
    struct qw_stock_book *book = book_of(100);
    struct qw_route path[2] = { path_of(0, 2), path_of(1, 2) }; /* both over link 1 */
    qw_reservation r;
    size_t lacking;

    (void)state;
    assert_int_equal(qw_stock_reserve(book, path, 2, 51, 1, &r, &lacking), QW_ERR_EXHAUSTED);
    assert_int_equal(lacking, 1);
    assert_true(qw_stock_available(book, 0) == 100);
    assert_int_equal(qw_stock_reserve(book, path, 2, 50, 1, &r, NULL), QW_OK);
    assert_true(qw_stock_available(book, 1) == 0 && qw_stock_available(book, 2) == 50);
    assert_int_equal(qw_stock_release(book, r), QW_OK);
    assert_true(qw_stock_available(book, 1) == 100 && qw_stock_reserved(book, 1) == 0);
    qw_stock_book_free(book);
}

static void limits_are_kept(void **state)
{
    struct qw_stock_book *book = book_of(100);
    struct qw_route path = path_of(0, 3);
    struct qw_route three[3] = { path, path, path };
    qw_reservation r[OPEN_MAX + 1];

    (void)state;
    assert_int_equal(qw_stock_reserve(book, &path, 1, 0, 1, &r[0], NULL), QW_ERR_ARG);
    assert_int_equal(qw_stock_reserve(book, &path, 1, -1, 1, &r[0], NULL), QW_ERR_ARG);
    assert_int_equal(qw_stock_reserve(book, &path, 0, 1, 1, &r[0], NULL), QW_ERR_ARG);
    assert_int_equal(qw_stock_reserve(book, three, 3, 1, 1, &r[0], NULL), QW_ERR_ARG);
    for (int i = 0; i < OPEN_MAX; i++) {
        assert_int_equal(qw_stock_reserve(book, &path, 1, 1, 1, &r[i], NULL), QW_OK);
    }
    assert_int_equal(qw_stock_reserve(book, &path, 1, 1, 1, &r[OPEN_MAX], NULL), QW_ERR_LIMIT);
    assert_int_equal(qw_stock_commit(book, r[2]), QW_OK);
    assert_int_equal(qw_stock_reserve(book, &path, 1, 1, 1, &r[2], NULL), QW_OK);
    /* new key comes in until available and reserved together are the size */
    assert_true(qw_stock_add(book, 0, 1000, 120) == 21);
    assert_true(qw_stock_add(book, 0, 1, 120) == 0);
    qw_stock_book_free(book);
}

/* Law: added = available + reserved + committed, on every link, whatever happens in what order. */
static void no_bit_is_lost_or_made(void **state)
{
    struct qw_stock_book *book = book_of(0);
    double added[LINKS] = { 0 };
    double gone[LINKS] = { 0 };
    struct {
        qw_reservation id;
        size_t first, hops;
        double bits;
    } open[OPEN_MAX];
    size_t count = 0;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 0);
    for (int round = 0; round < 20000; round++) {
        size_t link = qw_prng_below(&prng, LINKS);

        added[link] += qw_stock_add(book, link, (double)qw_prng_below(&prng, 50), 500);
        if (count < OPEN_MAX && qw_prng_below(&prng, 2) == 0) {
            struct qw_route path;

            open[count].first = qw_prng_below(&prng, LINKS);
            open[count].hops = 1 + qw_prng_below(&prng, LINKS - open[count].first);
            open[count].bits = 1 + (double)qw_prng_below(&prng, 100);
            path = path_of(open[count].first, open[count].hops);
            if (qw_stock_reserve(book, &path, 1, open[count].bits, 1, &open[count].id, NULL) ==
                QW_OK) {
                count++;
            }
        } else if (count > 0) {
            size_t which = qw_prng_below(&prng, count);

            if (qw_prng_below(&prng, 2) == 0) {
                assert_int_equal(qw_stock_release(book, open[which].id), QW_OK);
            } else {
                assert_int_equal(qw_stock_commit(book, open[which].id), QW_OK);
                for (size_t i = 0; i < open[which].hops; i++) {
                    gone[open[which].first + i] += open[which].bits;
                }
            }
            open[which] = open[--count];
        }
        for (size_t i = 0; i < LINKS; i++) {
            assert_true(qw_stock_available(book, i) >= 0 && qw_stock_reserved(book, i) >= 0);
            assert_true(added[i] ==
                        qw_stock_available(book, i) + qw_stock_reserved(book, i) + gone[i]);
        }
    }
    qw_stock_book_free(book);
}

static void every_lack_of_memory_is_reported(void **state)
{
    const struct qw_stock_config config = { LINKS, OPEN_MAX, 6 };
    struct qw_stock_book *book = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = qw_stock_book_new(&config, &book);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && book == NULL));
    }
    qw_stock_book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_reserved_as_a_whole_or_not_at_all),
        cmocka_unit_test(committed_bits_are_gone_and_released_ones_are_back),
        cmocka_unit_test(a_handle_of_before_does_not_fit_its_slot_again),
        cmocka_unit_test(what_nobody_commits_returns_at_its_deadline),
        cmocka_unit_test(several_paths_are_one_reservation),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(no_bit_is_lost_or_made),
        cmocka_unit_test(every_lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
