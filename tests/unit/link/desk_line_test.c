/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/desk_line.h"

#include "base/socket.h"
#include "base/wire_tcp.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct desk { /* answers one question */
    int listener;
    size_t len;      /* of the answer */
    bool is_endless; /* whole messages without end instead */
    bool is_cut;     /* goes after the first one */
    char *text;
};
static char path[64];

static void *serve(void *arg)
{
    struct desk *desk = arg;
    struct qw_wire wire;
    char question[64];
    size_t len;
    int fd = -1;

    assert_int_equal(qw_socket_accept(desk->listener, 10000, &fd), QW_OK);
    assert_int_equal(qw_wire_tcp_new(fd, 10000, &wire), QW_OK);
    assert_int_equal(qw_wire_receive(&wire, question, sizeof question, &len, 10000), QW_OK);
    assert_memory_equal(question, "status json", len);
    if (desk->is_endless || desk->is_cut) {
        while (qw_wire_send(&wire, desk->text, QW_WIRE_MESSAGE_MAX) == QW_OK && !desk->is_cut) {
        }
    } else {
        assert_int_equal(qw_link_desk_answer(&wire, desk->text, desk->len), QW_OK);
    }
    qw_wire_close(&wire);
    return NULL;
}

static qw_err ask(struct desk *desk, char *answer, size_t *len)
{
    pthread_t thread;
    qw_err err;

    (void)snprintf(path, sizeof path, "/tmp/qwave-desk-%d", (int)getpid());
    assert_int_equal(qw_socket_listen_unix(path, &desk->listener), QW_OK);
    assert_int_equal(pthread_create(&thread, NULL, serve, desk), 0);
    err = qw_link_desk_ask(path, "status json", answer, len);
    assert_int_equal(pthread_join(thread, NULL), 0);
    qw_socket_close(desk->listener);
    (void)unlink(path);
    return err;
}

static void an_answer_of_any_length_comes_whole(void **state)
{
    static const size_t lengths[] = { 1,
                                      QW_WIRE_MESSAGE_MAX - 1,
                                      QW_WIRE_MESSAGE_MAX,
                                      QW_WIRE_MESSAGE_MAX + 1,
                                      3 * QW_WIRE_MESSAGE_MAX,
                                      QW_LINK_DESK_ANSWER_MAX - 1 };
    struct desk desk = { .text = malloc(QW_LINK_DESK_ANSWER_MAX) };
    char *answer = malloc(QW_LINK_DESK_ANSWER_MAX);

    (void)state;
    assert_true(desk.text != NULL && answer != NULL);
    for (size_t i = 0; i < QW_LINK_DESK_ANSWER_MAX; i++) {
        desk.text[i] = (char)(i % 251);
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t len = 0;

        desk.len = lengths[i];
        assert_int_equal(ask(&desk, answer, &len), QW_OK);
        assert_int_equal(len, lengths[i]);
        assert_memory_equal(answer, desk.text, len);
    }
    free(desk.text);
    free(answer);
}

static void an_answer_that_is_none_is_refused(void **state)
{
    struct desk desk = { .text = calloc(1, QW_WIRE_MESSAGE_MAX) };
    char *answer = malloc(QW_LINK_DESK_ANSWER_MAX);
    size_t len = 0;

    (void)state;
    assert_true(desk.text != NULL && answer != NULL);
    assert_int_equal(ask(&desk, answer, &len), QW_ERR_FORMAT); /* empty */
    desk.is_endless = true;
    assert_int_equal(ask(&desk, answer, &len), QW_ERR_FORMAT);
    desk.is_endless = false;
    desk.is_cut = true;
    assert_int_equal(ask(&desk, answer, &len), QW_ERR_CLOSED);
    assert_int_not_equal(qw_link_desk_ask("/nowhere/at/all", "status json", answer, &len), QW_OK);
    free(desk.text);
    free(answer);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_of_any_length_comes_whole),
        cmocka_unit_test(an_answer_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
