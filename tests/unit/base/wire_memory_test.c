/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W5 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/wire_memory.h"

#include "support/fail_nth.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, malloc, NULL, (size_t size), (size));
FAIL_NTH(int, pthread_condattr_init, 1, (pthread_condattr_t * attributes), (attributes));
FAIL_NTH(int, pthread_condattr_setclock, 1, (pthread_condattr_t * attributes, clockid_t clock),
         (attributes, clock));
FAIL_NTH(int, pthread_cond_init, 1,
         (pthread_cond_t * condition, const pthread_condattr_t *attributes),
         (condition, attributes));
FAIL_NTH(int, pthread_mutex_init, 1,
         (pthread_mutex_t * lock, const pthread_mutexattr_t *attributes), (lock, attributes));

static uint8_t big[QW_WIRE_MESSAGE_MAX];

static void every_failing_step_of_the_pair_is_an_error_without_a_leak(void **state)
{
    struct qw_wire a = { 0 }, b = { 0 };
    qw_err err = QW_ERR_STATE;
    int n;

    (void)state;
    for (n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_nth = n;
        err = qw_wire_memory_pair(&a, &b);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && a.self == NULL && b.self == NULL));
    }
    fail_nth = 0;
    assert_int_equal(n, 7);
    qw_wire_close(&a);
    qw_wire_close(&b);
}

static void a_message_without_memory_is_not_sent(void **state)
{
    struct qw_wire a, b;
    uint8_t in[8];
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_wire_memory_pair(&a, &b), QW_OK);
    fail_nth = 1;
    assert_int_equal(qw_wire_send(&a, "lost", 4), QW_ERR_NOMEM);
    assert_int_equal(qw_wire_send(&a, "next", 4), QW_OK);
    assert_int_equal(qw_wire_receive(&b, in, sizeof in, &len, 0), QW_OK);
    assert_memory_equal(in, "next", 4);
    qw_wire_close(&b);
    qw_wire_close(&a); /* in the other order as well */
}

static void messages_that_nobody_read_go_with_the_wire(void **state)
{
    struct qw_wire a, b;

    (void)state;
    assert_int_equal(qw_wire_memory_pair(&a, &b), QW_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(qw_wire_send(&a, "unread", 6), QW_OK);
        assert_int_equal(qw_wire_send(&b, "unread", 6), QW_OK);
    }
    qw_wire_close(&a);
    qw_wire_close(&b);
}

struct reader {
    struct qw_wire *wire;
    int messages;
    qw_err err;
};

static void *read_late(void *argument)
{
    struct reader *reader = argument;
    static uint8_t in[QW_WIRE_MESSAGE_MAX];
    size_t len;

    usleep(50000);
    for (int i = 0; reader->err == QW_OK && i < reader->messages; i++) {
        reader->err = qw_wire_receive(reader->wire, in, sizeof in, &len, 60000);
    }
    return NULL;
}

static void a_sender_waits_for_room_instead_of_eating_the_memory(void **state)
{
    struct qw_wire a, b;
    struct reader reader = { .wire = &b, .messages = 20, .err = QW_OK };
    pthread_t thread;

    (void)state;
    assert_int_equal(qw_wire_memory_pair(&a, &b), QW_OK);
    assert_int_equal(pthread_create(&thread, NULL, read_late, &reader), 0);
    for (int i = 0; i < 20; i++) { /* sixteen fit */
        assert_int_equal(qw_wire_send(&a, big, sizeof big), QW_OK);
    }
    pthread_join(thread, NULL);
    assert_int_equal(reader.err, QW_OK);
    qw_wire_close(&a);
    qw_wire_close(&b);
}

static void *close_late(void *argument)
{
    usleep(50000);
    qw_wire_close(argument);
    return NULL;
}

static void a_sender_that_waits_for_room_sees_the_close(void **state)
{
    struct qw_wire a, b;
    pthread_t thread;

    (void)state;
    assert_int_equal(qw_wire_memory_pair(&a, &b), QW_OK);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(qw_wire_send(&a, big, sizeof big), QW_OK);
    }
    assert_int_equal(pthread_create(&thread, NULL, close_late, &b), 0);
    assert_int_equal(qw_wire_send(&a, big, sizeof big), QW_ERR_CLOSED);
    pthread_join(thread, NULL);
    qw_wire_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failing_step_of_the_pair_is_an_error_without_a_leak),
        cmocka_unit_test(a_message_without_memory_is_not_sent),
        cmocka_unit_test(messages_that_nobody_read_go_with_the_wire),
        cmocka_unit_test(a_sender_waits_for_room_instead_of_eating_the_memory),
        cmocka_unit_test(a_sender_that_waits_for_room_sees_the_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
