/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
/* A TLS session over a socket pair, whose server reads and writes through the pipe. What goes wrong
 * with the bytes ends the session: every record is authenticated and numbered. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/tls/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    unsigned reads, writes; /* calls of the pipe's side */
    size_t write_max;       /* bytes that a call takes; 0: all */
    unsigned refuse_every;  /* every so many calls EAGAIN; 0: none */
} calls;

ssize_t __real_recv(int fd, void *data, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t len, int flags)
{
    calls.reads++;
    return __real_recv(fd, data, len, flags);
}

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct iovec part;
    struct msghdr first = { .msg_iov = &part, .msg_iovlen = 1 };

    calls.writes++;
    if (calls.refuse_every != 0 && calls.writes % calls.refuse_every == 0) {
        errno = EAGAIN;
        return -1;
    }
    if (calls.write_max == 0) {
        return __real_sendmsg(fd, message, flags);
    }
    part = message->msg_iov[0];
    part.iov_len = part.iov_len < calls.write_max ? part.iov_len : calls.write_max;
    return __real_sendmsg(fd, &first, flags);
}

struct ends {
    int fds[2]; /* client, server */
    gnutls_psk_client_credentials_t client_key;
    gnutls_psk_server_credentials_t server_key;
    gnutls_session_t client, server;
    struct qw_tls_pipe pipe;
};

static int give_key(gnutls_session_t session, const char *name, gnutls_datum_t *key)
{
    (void)session;
    (void)name;
    key->data = gnutls_malloc(16);
    key->size = 16;
    memset(key->data, 7, 16);
    return 0;
}

static gnutls_session_t session_new(unsigned flags, void *credentials)
{
    gnutls_session_t session;

    assert_int_equal(gnutls_init(&session, flags | GNUTLS_NONBLOCK), 0);
    assert_int_equal(
        gnutls_priority_set_direct(
            session, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+ECDHE-PSK:-KX-ALL:+ECDHE-PSK", NULL),
        0);
    assert_int_equal(gnutls_credentials_set(session, GNUTLS_CRD_PSK, credentials), 0);
    return session;
}

static int set_up(void **state)
{
    static uint8_t key[16];
    const gnutls_datum_t datum = { key, sizeof key };
    struct ends *ends = calloc(1, sizeof *ends);
    int client = -1, server = -1;

    assert_non_null(ends);
    memset(key, 7, sizeof key);
    memset(&calls, 0, sizeof calls);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends->fds), 0);
    gnutls_psk_allocate_client_credentials(&ends->client_key);
    gnutls_psk_set_client_credentials(ends->client_key, "x", &datum, GNUTLS_PSK_KEY_RAW);
    gnutls_psk_allocate_server_credentials(&ends->server_key);
    gnutls_psk_set_server_credentials_function(ends->server_key, give_key);
    ends->client = session_new(GNUTLS_CLIENT, ends->client_key);
    ends->server = session_new(GNUTLS_SERVER | GNUTLS_NO_TICKETS, ends->server_key);
    gnutls_transport_set_int(ends->client, ends->fds[0]);
    qw_tls_pipe_open(&ends->pipe, ends->fds[1], ends->server);
    for (int turn = 0; (client != 0 || server != 0) && turn < 100; turn++) {
        client = client == 0 ? 0 : gnutls_handshake(ends->client);
        server = server == 0 ? 0 : gnutls_handshake(ends->server);
        assert_true(gnutls_error_is_fatal(client) == 0 && gnutls_error_is_fatal(server) == 0);
    }
    assert_int_equal(client, 0);
    assert_int_equal(server, 0);
    memset(&calls, 0, sizeof calls);
    *state = ends;
    return 0;
}

static int tear_down(void **state)
{
    struct ends *ends = *state;

    gnutls_deinit(ends->client);
    gnutls_deinit(ends->server);
    gnutls_psk_free_client_credentials(ends->client_key);
    gnutls_psk_free_server_credentials(ends->server_key);
    close(ends->fds[0]);
    close(ends->fds[1]);
    free(ends);
    return 0;
}

static void client_says(struct ends *ends, const char *text)
{
    assert_int_equal(gnutls_record_send(ends->client, text, strlen(text)), strlen(text));
}

static void server_hears(struct ends *ends, const char *text)
{
    char heard[64] = "";

    assert_int_equal(gnutls_record_recv(ends->server, heard, sizeof heard - 1), strlen(text));
    assert_string_equal(heard, text);
}

static void client_hears(struct ends *ends, const char *text)
{
    char heard[8192] = "";
    size_t len = 0;
    ssize_t got;

    while ((got = gnutls_record_recv(ends->client, heard + len, sizeof heard - 1 - len)) > 0) {
        len += (size_t)got;
    }
    assert_int_equal(got, GNUTLS_E_AGAIN);
    assert_string_equal(heard, text);
}

static void a_record_takes_one_read_instead_of_two(void **state)
{
    struct ends *ends = *state;

    client_says(ends, "first");
    server_hears(ends, "first");
    assert_int_equal(calls.reads, 2);
    qw_tls_pipe_read_ahead(&ends->pipe);
    client_says(ends, "second");
    server_hears(ends, "second");
    assert_int_equal(calls.reads, 3);
}

static void records_that_came_together_are_read_together(void **state)
{
    struct ends *ends = *state;
    char rest[64];

    qw_tls_pipe_read_ahead(&ends->pipe);
    client_says(ends, "one");
    client_says(ends, "two");
    client_says(ends, "three");
    server_hears(ends, "one");
    server_hears(ends, "two");
    server_hears(ends, "three");
    assert_int_equal(calls.reads, 1);
    assert_int_equal(gnutls_record_recv(ends->server, rest, sizeof rest), GNUTLS_E_AGAIN);
    assert_int_equal(calls.reads, 2); /* nothing is called the end before the socket says so */
}

/* More than is read ahead in one piece, and a record that is cut by the end of it. */
static void long_records_are_read_whole(void **state)
{
    struct ends *ends = *state;
    char text[3 * QW_TLS_PIPE_AHEAD_CAP] = "", heard[sizeof text] = "";

    qw_tls_pipe_read_ahead(&ends->pipe);
    for (size_t len = 1; len < sizeof text; len += 211) {
        size_t at = 0;

        memset(text, 'a' + (int)(len % 26), len);
        text[len] = '\0';
        client_says(ends, "short");
        client_says(ends, text);
        server_hears(ends, "short");
        while (at < len) {
            ssize_t got = gnutls_record_recv(ends->server, heard + at, sizeof heard - at);

            assert_true(got > 0);
            at += (size_t)got;
        }
        assert_memory_equal(heard, text, len);
    }
}

static void the_end_of_the_stream_is_seen_behind_what_was_read_ahead(void **state)
{
    struct ends *ends = *state;
    char rest[64];

    qw_tls_pipe_read_ahead(&ends->pipe);
    client_says(ends, "last");
    assert_int_equal(shutdown(ends->fds[0], SHUT_WR), 0);
    server_hears(ends, "last");
    assert_int_equal(gnutls_record_recv(ends->server, rest, sizeof rest),
                     GNUTLS_E_PREMATURE_TERMINATION);
}

static void head_and_body_leave_with_one_write(void **state)
{
    struct ends *ends = *state;

    qw_tls_pipe_hold(&ends->pipe);
    assert_int_equal(gnutls_record_send(ends->server, "head ", 5), 5);
    assert_int_equal(calls.writes, 0);
    assert_int_equal(gnutls_record_send(ends->server, "body", 4), 4);
    assert_int_equal(calls.writes, 1);
    client_hears(ends, "head body");
    assert_int_equal(gnutls_record_send(ends->server, "next", 4), 4);
    assert_int_equal(calls.writes, 2); /* held once only */
    client_hears(ends, "next");
}

/* However little the socket takes, and whenever it takes nothing. */
static void nothing_is_lost_or_sent_twice_when_writes_are_short(void **state)
{
    struct ends *ends = *state;

    for (size_t max = 1; max < 200; max = max * 3 / 2 + 1) {
        for (unsigned every = 0; every < 5; every = every == 0 ? 2 : every + 1) {
            ssize_t sent;

            calls.write_max = max;
            calls.refuse_every = every;
            qw_tls_pipe_hold(&ends->pipe);
            assert_int_equal(gnutls_record_send(ends->server, "head ", 5), 5);
            sent = gnutls_record_send(ends->server, "body", 4);
            for (int turn = 0; sent == GNUTLS_E_AGAIN && turn < 10000; turn++) {
                sent = gnutls_record_send(ends->server, NULL, 0);
            }
            assert_int_equal(sent, 4);
            client_hears(ends, "head body");
        }
    }
}

static void what_nothing_followed_goes_out_when_it_is_flushed(void **state)
{
    struct ends *ends = *state;

    qw_tls_pipe_hold(&ends->pipe);
    assert_int_equal(gnutls_record_send(ends->server, "alone", 5), 5);
    client_hears(ends, "");
    qw_tls_pipe_flush(&ends->pipe);
    client_hears(ends, "alone");
    qw_tls_pipe_hold(&ends->pipe);
    qw_tls_pipe_flush(&ends->pipe); /* takes the order back, too */
    assert_int_equal(gnutls_record_send(ends->server, "again", 5), 5);
    client_hears(ends, "again");
}

static void a_record_that_is_too_long_is_not_held(void **state)
{
    struct ends *ends = *state;
    char text[QW_TLS_PIPE_HELD_CAP + 1] = "";

    memset(text, 'x', sizeof text - 1);
    qw_tls_pipe_hold(&ends->pipe);
    assert_int_equal(gnutls_record_send(ends->server, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(calls.writes, 1);
    client_hears(ends, text);
    assert_int_equal(gnutls_record_send(ends->server, "body", 4), 4);
    client_hears(ends, "body");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_record_takes_one_read_instead_of_two),
        CASE(records_that_came_together_are_read_together),
        CASE(long_records_are_read_whole),
        CASE(the_end_of_the_stream_is_seen_behind_what_was_read_ahead),
        CASE(head_and_body_leave_with_one_write),
        CASE(nothing_is_lost_or_sent_twice_when_writes_are_short),
        CASE(what_nothing_followed_goes_out_when_it_is_flushed),
        CASE(a_record_that_is_too_long_is_not_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
