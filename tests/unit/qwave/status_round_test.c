/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
/* Asking many nodes at once: one that hangs, lies, says too much or is not there costs the others
 * nothing [docs/protocol/network-view.md N2]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/socket.h"
#include "network/report/status_round.h"
#include "node/node_control.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NODES = 7, ROUND_MS = 3000, LONG_LEN = 20000 };

static char folder[64];

struct fake { /* a node */
    char path[STATUS_PATH_CAP];
    const char *answer; /* NULL: it takes the call and says nothing */
    size_t answer_len;
    int listener;
    pthread_t thread;
    int caller;
};

/* Takes one call, reads the request, answers. */
static void *serve(void *self)
{
    struct fake *fake = self;
    char request[8];
    int64_t deadline_ms = qw_clock_monotonic_ms() + 60000;

    fake->caller = -1;
    if (qw_socket_accept(fake->listener, 60000, &fake->caller) == QW_OK &&
        qw_socket_read(fake->caller, request, strlen("status\n"), deadline_ms) == QW_OK &&
        memcmp(request, "status\n", 7) == 0 && fake->answer != NULL) {
        (void)!qw_socket_write(fake->caller, fake->answer, fake->answer_len, deadline_ms);
    }
    return NULL;
}

static void begin(struct fake *fake, size_t number, const char *answer)
{
    *fake = (struct fake){ .answer = answer, .answer_len = answer == NULL ? 0 : strlen(answer) };
    snprintf(fake->path, sizeof fake->path, "%s/%zu", folder, number);
    assert_int_equal(qw_socket_listen_unix(fake->path, &fake->listener), QW_OK);
    assert_int_equal(pthread_create(&fake->thread, NULL, serve, fake), 0);
}

static void end(struct fake *fake)
{
    pthread_join(fake->thread, NULL);
    qw_socket_close(fake->caller);
    qw_socket_close(fake->listener);
    (void)unlink(fake->path);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/qwave-round-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* "ok {"x":"aaa..."}" of about len bytes, and LF. */
static char *long_answer(size_t len)
{
    char *text = malloc(len + 32);

    assert_non_null(text);
    memset(text, 'a', len + 32);
    memcpy(text, "ok {\"x\":\"", 9);
    memcpy(text + len, "\"}\n", 4);
    return text;
}

static void who_answers_is_heard_whatever_the_others_do(void **state)
{
    struct fake fake[NODES - 1];
    struct status_ask ask[NODES] = { 0 };
    char *large = long_answer(LONG_LEN);
    char *too_large = long_answer(4 * NODE_ANSWER_CAP);
    const char *const answers[NODES - 1] = { "ok {\"node\":1}\n", NULL,  "error no\n",
                                             "ok {\"node\":}\n",  large, too_large };
    int64_t begun_ms;

    (void)state;
    for (size_t i = 0; i < NODES; i++) {
        ask[i] = (struct status_ask){ .node = (uint32_t)i, .fd = -1 };
        snprintf(ask[i].path, sizeof ask->path, "%s/%zu", folder, i);
    }
    for (size_t i = 0; i < NODES - 1; i++) { /* the last is not there */
        begin(&fake[i], i, answers[i]);
    }
    begun_ms = qw_clock_monotonic_ms();
    status_round(ask, NODES, ROUND_MS);
    assert_true(qw_clock_monotonic_ms() - begun_ms < 10 * ROUND_MS);
    assert_string_equal(ask[0].status, "{\"node\":1}");
    assert_null(ask[1].status);
    assert_null(ask[2].status);
    assert_null(ask[3].status);
    assert_non_null(ask[4].status);
    assert_int_equal(strlen(ask[4].status), LONG_LEN + 2 - strlen("ok "));
    assert_null(ask[5].status);
    assert_null(ask[6].status);
    for (size_t i = 0; i < NODES; i++) {
        assert_int_equal(ask[i].fd, -1);
    }
    for (size_t i = 0; i < NODES - 1; i++) {
        end(&fake[i]);
    }
    status_round(ask, NODES, ROUND_MS); /* all are gone, and nothing of the last round is left */
    for (size_t i = 0; i < NODES; i++) {
        assert_null(ask[i].status);
    }
    status_round_free(ask, NODES);
    free(large);
    free(too_large);
}

static void a_round_of_nobody_ends(void **state)
{
    (void)state;
    status_round(NULL, 0, ROUND_MS);
    status_round_free(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_answers_is_heard_whatever_the_others_do),
        cmocka_unit_test(a_round_of_nobody_ends),
    };

    return cmocka_run_group_tests_name("qwave.status_round", tests, make_folder, remove_folder);
}
