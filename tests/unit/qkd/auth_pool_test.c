/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q7 */
#include "qkd/auth_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LEN = 2 * (16 + 5 * 12) };

static struct qw_qkd_auth_pool pool;
static uint8_t bytes[LEN];

static int start(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN; i++) {
        bytes[i] = (uint8_t)(i + 1);
    }
    return qw_qkd_auth_pool_init(&pool, bytes, LEN) != QW_OK;
}

static void is_cut_in_two_halves(void **state)
{
    static const uint8_t none[16] = { 0 };

    (void)state;
    assert_int_equal(pool.capacity, 60);
    assert_int_equal(pool.hash_key[1][0], LEN / 2 + 1);
    assert_memory_equal(bytes, none, 16);
    assert_int_equal(qw_qkd_auth_pad(&pool, QW_QKD_DOWN)->bytes[0], LEN / 2 + 17);
    assert_int_equal(qw_qkd_auth_pool_init(&pool, bytes, QW_QKD_POOL_LEN_MIN - 1), QW_ERR_ARG);
    qw_qkd_auth_pool_wipe(&pool);
    assert_memory_equal(pool.hash_key[1], none, 16);
}

/* A stream goes on for ever in the same window, and gives each byte once, in order. */
static void goes_on_through_many_refills(void **state)
{
    uint8_t next = pool.pad[0].bytes[0];
    uint64_t position = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint8_t out[24], more[48];
        uint64_t end = qw_qkd_auth_end(&pool, 0);
        const struct qw_qkd_refill refill = { .at = { end, qw_qkd_auth_end(&pool, 1) },
                                              .bytes = more,
                                              .len = { 24, 0 },
                                              .epsilon = 0.01 };

        assert_int_equal(qw_pad_take(&pool.pad[0], out, sizeof out), QW_OK);
        position += sizeof out;
        for (size_t j = 0; j < sizeof out; j++) {
            assert_int_equal(out[j], next++);
        }
        for (size_t j = 0; j < sizeof more; j++) {
            more[j] = (uint8_t)(next + (end - position) + j);
        }
        assert_int_equal(qw_qkd_auth_pool_refill(&pool, &refill), QW_OK);
        assert_int_equal(qw_qkd_auth_position(&pool, 0), position);
        assert_int_equal(qw_qkd_auth_end(&pool, 0), end + 24);
    }
    assert_int_equal(qw_qkd_auth_position(&pool, 1), 0);
    assert_true(pool.epsilon == 1); /* a probability */
}

static qw_err refill_at(uint64_t up, size_t len)
{
    static const uint8_t more[64] = { 9 };
    const struct qw_qkd_refill refill = { .at = { up, 60 }, .bytes = more, .len = { len, 0 } };

    return qw_qkd_auth_pool_refill(&pool, &refill);
}

static void refuses_a_refill_that_does_not_follow(void **state)
{
    uint8_t out[12];

    (void)state;
    assert_int_equal(qw_pad_take(&pool.pad[0], out, 12), QW_OK);
    assert_int_equal(refill_at(61, 1), QW_ERR_ARG);    /* a gap */
    assert_int_equal(refill_at(11, 1), QW_ERR_ARG);    /* used already */
    assert_int_equal(refill_at(60, 13), QW_ERR_SPACE); /* more than the window holds */
    assert_int_equal(qw_qkd_auth_end(&pool, 0), 60);
    assert_int_equal(refill_at(60, 12), QW_OK);
    assert_int_equal(qw_qkd_auth_end(&pool, 0), 72);
    assert_int_equal(refill_at(12, 60), QW_OK); /* all of it is replaced */
    assert_int_equal(pool.pad[0].bytes[0], 9);
}

static qw_err commit_fails(void *self)
{
    (*(int *)self)++;
    return QW_ERR_IO;
}

static void a_refill_that_is_not_durable_closes_the_pool(void **state)
{
    uint8_t out[12];
    int calls = 0;

    (void)state;
    pool.self = &calls;
    pool.commit = commit_fails;
    assert_int_equal(refill_at(48, 12), QW_ERR_IO);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(qw_pad_take(&pool.pad[i], out, 12), QW_ERR_IO);
    }
    assert_int_equal(refill_at(60, 0), QW_ERR_IO);
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(is_cut_in_two_halves, start),
        cmocka_unit_test_setup(goes_on_through_many_refills, start),
        cmocka_unit_test_setup(refuses_a_refill_that_does_not_follow, start),
        cmocka_unit_test_setup(a_refill_that_is_not_durable_closes_the_pool, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
