/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/local_message.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/socket.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A terminal of one request: gives the bytes the test has prepared. */
static char folder[] = "/tmp/qw-local-ask-XXXXXX";
static char path[64];
static int listener = -1;
static uint8_t reply[1024];
static size_t reply_len;
static uint8_t request[9];

static void *serve_once(void *self)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + 60000;
    int fd = -1;

    (void)self;
    if (qw_socket_accept(listener, 5000, &fd) == QW_OK &&
        qw_socket_read(fd, request, sizeof request, deadline_ms) == QW_OK) {
        (void)!qw_socket_write(fd, reply, reply_len, deadline_ms);
    }
    qw_socket_close(fd);
    return NULL;
}

static qw_err ask(enum qw_local_request_kind kind, struct qw_local_answer *answer)
{
    pthread_t thread;
    qw_err err;

    assert_int_equal(pthread_create(&thread, NULL, serve_once, NULL), 0);
    err = qw_local_ask(path, kind, 5000, answer);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return err;
}

static void prepare(const struct qw_local_answer *answer)
{
    size_t len = 0;

    assert_int_equal(qw_local_answer_encode(answer, reply + 4, sizeof reply - 4, &len), QW_OK);
    qw_store_u32be(reply, (uint32_t)len);
    reply_len = 4 + len;
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/s", folder);
    return qw_socket_listen_unix(path, &listener) == QW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    qw_socket_close(listener);
    unlink(path);
    return rmdir(folder);
}

static void a_key_comes_over_the_socket(void **state)
{
    struct qw_local_answer given = { .request = QW_LOCAL_KEY, .key_id = { 1 }, .key = { 2 } };
    struct qw_local_answer answer;

    (void)state;
    prepare(&given);
    assert_int_equal(ask(QW_LOCAL_KEY, &answer), QW_OK);
    assert_memory_equal(request, "\0\0\0\5QWL\1\2", 9);
    assert_memory_equal(answer.key_id, given.key_id, 16);
    assert_memory_equal(answer.key, given.key, 32);
}

static void *authenticate_once(void *context)
{
    struct qw_local_answer *answer = calloc(1, sizeof *answer);

    assert_non_null(answer);
    answer->result = (uint16_t)qw_local_ask_authentication(path, context, 5000, answer);
    return answer;
}

static void a_statement_is_asked_for_with_its_context(void **state)
{
    struct qw_local_answer given = { .request = QW_LOCAL_AUTHENTICATE,
                                     .key_id = { 1 },
                                     .until_ms = 2 };
    uint8_t context[32] = { 0xc0 }, heard[4 + QW_LOCAL_REQUEST_MAX];
    int64_t deadline_ms = qw_clock_monotonic_ms() + 60000;
    void *answer = NULL;
    pthread_t thread;
    int fd = -1;

    (void)state;
    prepare(&given);
    assert_int_equal(pthread_create(&thread, NULL, authenticate_once, context), 0);
    assert_int_equal(qw_socket_accept(listener, 5000, &fd), QW_OK);
    assert_int_equal(qw_socket_read(fd, heard, sizeof heard, deadline_ms), QW_OK);
    assert_int_equal(qw_socket_write(fd, reply, reply_len, deadline_ms), QW_OK);
    assert_int_equal(pthread_join(thread, &answer), 0);
    qw_socket_close(fd);
    assert_memory_equal(heard, "\0\0\0\45QWL\1\6\xc0", 10);
    assert_int_equal(((struct qw_local_answer *)answer)->result, QW_OK);
    assert_int_equal(((struct qw_local_answer *)answer)->key_id[0], 1);
    assert_int_equal(((struct qw_local_answer *)answer)->until_ms, 2);
    free(answer);
}

static void an_answer_to_another_question_is_refused(void **state)
{
    struct qw_local_answer given = { .request = QW_LOCAL_FRESH }, answer = { .result = 4711 };

    (void)state;
    prepare(&given);
    assert_int_equal(ask(QW_LOCAL_KEY, &answer), QW_ERR_FORMAT);
    assert_int_equal(answer.result, 4711);
}

static void an_answer_that_is_too_long_cut_or_no_answer_is_refused(void **state)
{
    struct qw_local_answer given = { .request = QW_LOCAL_KEY }, answer = { .result = 4711 };

    (void)state;
    qw_store_u32be(reply, QW_LOCAL_ANSWER_MAX + 1);
    reply_len = 4;
    assert_int_equal(ask(QW_LOCAL_KEY, &answer), QW_ERR_FORMAT);
    prepare(&given);
    reply_len--;
    assert_int_equal(ask(QW_LOCAL_KEY, &answer), QW_ERR_CLOSED);
    reply_len = 3;
    assert_int_equal(ask(QW_LOCAL_KEY, &answer), QW_ERR_CLOSED);
    prepare(&given);
    reply[4] ^= 1;
    assert_int_equal(ask(QW_LOCAL_KEY, &answer), QW_ERR_FORMAT);
    assert_int_equal(answer.result, 4711);
}

static void nobody_at_the_path_is_said_so(void **state)
{
    struct qw_local_answer answer;

    (void)state;
    assert_int_equal(qw_local_ask("/nowhere/at/all", QW_LOCAL_STATUS, 1000, &answer),
                     QW_ERR_NOT_FOUND);
}

static void a_silent_terminal_costs_no_more_than_the_time_limit(void **state)
{
    struct qw_local_answer answer;

    (void)state;
    assert_int_equal(qw_local_ask(path, QW_LOCAL_STATUS, 50, &answer), QW_ERR_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_comes_over_the_socket),
        cmocka_unit_test(a_statement_is_asked_for_with_its_context),
        cmocka_unit_test(an_answer_to_another_question_is_refused),
        cmocka_unit_test(an_answer_that_is_too_long_cut_or_no_answer_is_refused),
        cmocka_unit_test(nobody_at_the_path_is_said_so),
        cmocka_unit_test(a_silent_terminal_costs_no_more_than_the_time_limit),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
