/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C2 Q1 */
#define _POSIX_C_SOURCE 200809L
#include "qkd/key_buffer.h"

#include "support/fail_nth.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

static void keys_come_out_in_order_and_once(void **state)
{
    struct qw_qkd_key_buffer *buffer = NULL;
    struct qw_key_source source;
    uint8_t in[7];
    uint8_t out[7];
    uint8_t next_in = 0;
    uint8_t next_out = 0;

    (void)state;
    assert_int_equal(qw_qkd_key_buffer_new(16, "node-3", true, &buffer), QW_OK);
    source = qw_qkd_key_buffer_source(buffer);
    assert_string_equal(source.name, "qkd:node-3");
    assert_true(source.is_simulated && !source.is_quantum);
    for (size_t round = 0; round < 200; round++) { /* the ring turns at every offset */
        size_t put = 1 + round * 5 % 7;
        size_t got = 1 + round * 3 % 7;

        for (size_t i = 0; i < put; i++) {
            in[i] = (uint8_t)(next_in + i);
        }
        if (qw_qkd_key_buffer_push(buffer, in, put) == QW_OK) {
            next_in = (uint8_t)(next_in + put);
        } else {
            assert_true(qw_qkd_key_buffer_room(buffer) < put);
        }
        assert_int_equal(source.available_bits(buffer), 8 * (16 - qw_qkd_key_buffer_room(buffer)));
        if (source.take(buffer, out, got) == QW_OK) {
            for (size_t i = 0; i < got; i++) {
                assert_int_equal(out[i], (uint8_t)(next_out + i));
            }
            next_out = (uint8_t)(next_out + got);
        }
    }
    assert_true(next_out > 0);
    qw_key_source_close(&source);
    qw_qkd_key_buffer_free(buffer);
}

static void all_or_nothing(void **state)
{
    struct qw_qkd_key_buffer *buffer = NULL;
    struct qw_key_source source;
    uint8_t out[9] = { 0 };

    (void)state;
    assert_int_equal(qw_qkd_key_buffer_new(8, "b", false, &buffer), QW_OK);
    source = qw_qkd_key_buffer_source(buffer);
    assert_true(source.is_quantum && !source.is_simulated);
    assert_int_equal(qw_qkd_key_buffer_push(buffer, (const uint8_t *)"123456789", 9), QW_ERR_SPACE);
    assert_int_equal(qw_qkd_key_buffer_push(buffer, (const uint8_t *)"12345678", 8), QW_OK);
    assert_int_equal(source.take(buffer, out, 9), QW_ERR_EXHAUSTED);
    assert_int_equal(out[0], 0);
    assert_int_equal(source.take(buffer, out, 8), QW_OK);
    assert_memory_equal(out, "12345678", 8);
    assert_int_equal(source.take(buffer, out, 1), QW_ERR_EXHAUSTED);
    assert_int_equal(source.take(buffer, out, 0), QW_OK);
    qw_key_source_close(&source);
    qw_qkd_key_buffer_free(buffer);
}

static void a_closed_source_takes_and_gives_nothing(void **state)
{
    struct qw_qkd_key_buffer *buffer = NULL;
    struct qw_key_source source;
    struct qw_key_source again;
    uint8_t out[4];

    (void)state;
    assert_int_equal(qw_qkd_key_buffer_new(8, "b", true, &buffer), QW_OK);
    source = qw_qkd_key_buffer_source(buffer);
    again = source;
    assert_int_equal(qw_qkd_key_buffer_push(buffer, (const uint8_t *)"1234", 4), QW_OK);
    qw_key_source_close(&source);
    assert_int_equal(again.take(buffer, out, 1), QW_ERR_EXHAUSTED);
    assert_int_equal(qw_qkd_key_buffer_push(buffer, (const uint8_t *)"1", 1), QW_ERR_CLOSED);
    assert_int_equal(qw_qkd_key_buffer_room(buffer), 0);
    qw_qkd_key_buffer_free(buffer);
    qw_qkd_key_buffer_free(NULL);
}

static void refuses_a_buffer_that_cannot_be(void **state)
{
    static const char long_name[] = "a-name-that-is-longer-than-the-sixty-bytes-there-are-for-it--";
    struct qw_qkd_key_buffer *buffer = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    assert_int_equal(qw_qkd_key_buffer_new(0, "b", true, &buffer), QW_ERR_ARG);
    assert_int_equal(qw_qkd_key_buffer_new(8, "", true, &buffer), QW_ERR_ARG);
    assert_int_equal(qw_qkd_key_buffer_new(8, long_name, true, &buffer), QW_ERR_ARG);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = qw_qkd_key_buffer_new(8, "b", true, &buffer);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && buffer == NULL));
    }
    qw_qkd_key_buffer_free(buffer);
}

enum { SHARED = 20000 };

static void *push_all(void *argument)
{
    struct qw_qkd_key_buffer *buffer = argument;

    for (unsigned i = 0; i < SHARED;) {
        uint8_t byte = (uint8_t)(i % 251);

        if (qw_qkd_key_buffer_push(buffer, &byte, 1) == QW_OK) {
            i++;
        } else {
            sched_yield(); /* the other side needs the processor */
        }
    }
    return NULL;
}

static void the_link_and_a_taker_may_be_two_threads(void **state)
{
    struct qw_qkd_key_buffer *buffer = NULL;
    struct qw_key_source source;
    pthread_t thread;

    (void)state;
    assert_int_equal(qw_qkd_key_buffer_new(64, "b", true, &buffer), QW_OK);
    source = qw_qkd_key_buffer_source(buffer);
    assert_int_equal(pthread_create(&thread, NULL, push_all, buffer), 0);
    for (unsigned i = 0; i < SHARED;) {
        uint8_t byte;

        if (source.take(buffer, &byte, 1) == QW_OK) {
            assert_int_equal(byte, i % 251);
            i++;
        } else {
            sched_yield();
        }
    }
    pthread_join(thread, NULL);
    qw_key_source_close(&source);
    qw_qkd_key_buffer_free(buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_out_in_order_and_once),
        cmocka_unit_test(all_or_nothing),
        cmocka_unit_test(a_closed_source_takes_and_gives_nothing),
        cmocka_unit_test(refuses_a_buffer_that_cannot_be),
        cmocka_unit_test(the_link_and_a_taker_may_be_two_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
