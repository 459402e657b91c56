/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_charon.h"
#include "link/vici/vici_client.h"
#include "support/fail_nth.h"

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t len), (count, len));

enum { SHORT_MS = 50, LONG_MS = 60000 };

static qw_err count_events(void *self, const uint8_t *body, size_t len)
{
    (void)body;
    *(size_t *)self += len > 0;
    return QW_OK;
}

static qw_err call(const char *command, const char *event, int timeout_ms, size_t *events,
                   char said[static QW_VICI_SAID_CAP])
{
    struct qw_vici_client client;
    const struct qw_vici_call c = {
        .command = command, .event = event, .take = count_events, .self = events
    };
    qw_err err = qw_vici_open(charon.path, timeout_ms, &client);

    assert_int_equal(err, QW_OK);
    *events = 0;
    err = qw_vici_do(&client, &c);
    memcpy(said, client.said, QW_VICI_SAID_CAP);
    qw_vici_close(&client);
    return err;
}

static void a_command_is_answered_after_its_events(void **state)
{
    char said[QW_VICI_SAID_CAP];
    size_t events;

    (void)state;
    names_add(&charon.sas, "one");
    names_add(&charon.sas, "two");
    assert_int_equal(call("list-sas", "list-sa", LONG_MS, &events, said), QW_OK);
    assert_int_equal(events, 2);
    assert_int_equal(call("get-conns", NULL, LONG_MS, &events, said), QW_OK);
    assert_int_equal(events, 1); /* the answer itself */
    assert_string_equal(said, "");
}

static void a_refusal_tells_why_in_printable_words(void **state)
{
    char said[QW_VICI_SAID_CAP];
    size_t events;

    (void)state;
    assert_int_equal(call("unload-shared", NULL, LONG_MS, &events, said), QW_ERR_REFUSED);
    assert_string_equal(said, "because?");
    assert_int_equal(events, 0);
}

static void a_daemon_that_misbehaves_ends_the_call(void **state)
{
    static const struct {
        enum misbehaviour how;
        qw_err err;
    } cases[] = {
        { CHARON_SLOW, QW_ERR_TIMEOUT },    { CHARON_CLOSES, QW_ERR_CLOSED },
        { CHARON_CUT, QW_ERR_CLOSED },      { CHARON_HUGE, QW_ERR_FORMAT },
        { CHARON_EMPTY, QW_ERR_FORMAT },    { CHARON_ODD, QW_ERR_FORMAT },
        { CHARON_GARBLED, QW_ERR_FORMAT },  { CHARON_UNKNOWN, QW_ERR_UNAVAILABLE },
        { CHARON_STRANGE, QW_ERR_FORMAT },  { CHARON_NO_EVENTS, QW_ERR_UNAVAILABLE },
        { CHARON_REFUSES, QW_ERR_REFUSED },
    };
    char said[QW_VICI_SAID_CAP];
    size_t events;

    (void)state;
    names_add(&charon.sas, "one");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        charon.how = cases[i].how;
        assert_int_equal(call("list-sas", "list-sa",
                              cases[i].how == CHARON_SLOW ? SHORT_MS : LONG_MS, &events, said),
                         cases[i].err);
    }
}

static void nobody_at_the_socket_is_not_found(void **state)
{
    struct qw_vici_client client = { .fd = -4711 };

    (void)state;
    assert_int_equal(qw_vici_open("/tmp/no-such-folder/charon.vici", LONG_MS, &client),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(client.fd, -4711);
}

static void more_than_a_frame_holds_is_not_sent(void **state)
{
    static uint8_t body[QW_VICI_BODY_MAX + 1];
    const struct qw_vici_call c = { .command = "load-conn", .body = body, .len = sizeof body };
    struct qw_vici_client client;

    (void)state;
    assert_int_equal(qw_vici_open(charon.path, LONG_MS, &client), QW_OK);
    assert_int_equal(qw_vici_do(&client, &c), QW_ERR_SPACE);
    qw_vici_close(&client);
}

static void every_allocation_may_fail(void **state)
{
    char said[QW_VICI_SAID_CAP];
    size_t events;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = call("list-sas", "list-sa", LONG_MS, &events, said);
        fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_command_is_answered_after_its_events, charon_start,
                                        charon_stop),
        cmocka_unit_test_setup_teardown(a_refusal_tells_why_in_printable_words, charon_start,
                                        charon_stop),
        cmocka_unit_test_setup_teardown(a_daemon_that_misbehaves_ends_the_call, charon_start,
                                        charon_stop),
        cmocka_unit_test(nobody_at_the_socket_is_not_found),
        cmocka_unit_test_setup_teardown(more_than_a_frame_holds_is_not_sent, charon_start,
                                        charon_stop),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, charon_start, charon_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
