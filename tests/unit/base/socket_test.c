/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/socket.h"

#include "base/clock.h"
#include "support/fail_nth.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The system's calls, of which the n-th fails. */
static int failing_errno = ENOMEM;

static int set_errno(void)
{
    errno = failing_errno;
    return -1;
}

FAIL_NTH(int, socket, set_errno(), (int domain, int type, int protocol), (domain, type, protocol));
FAIL_NTH(int, bind, set_errno(), (int fd, const struct sockaddr *address, socklen_t len),
         (fd, address, len));
FAIL_NTH(int, listen, set_errno(), (int fd, int backlog), (fd, backlog));
FAIL_NTH(int, fchmod, set_errno(), (int fd, mode_t mode), (fd, mode));
FAIL_NTH(int, chmod, set_errno(), (const char *name, mode_t mode), (name, mode));
FAIL_NTH(int, connect, set_errno(), (int fd, const struct sockaddr *address, socklen_t len),
         (fd, address, len));
FAIL_NTH(int, getsockopt, set_errno(), (int fd, int level, int name, void *value, socklen_t *len),
         (fd, level, name, value, len));
FAIL_NTH(int, accept4, set_errno(), (int fd, struct sockaddr *address, socklen_t *len, int flags),
         (fd, address, len, flags));
FAIL_NTH(int, poll, set_errno(), (struct pollfd * fds, nfds_t count, int timeout_ms),
         (fds, count, timeout_ms));
FAIL_NTH(int, lstat, set_errno(), (const char *name, struct stat *info), (name, info));

enum { PATIENCE_MS = 60000, SHORT_MS = 50 };

static char folder[] = "/tmp/socket_test.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/socket", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static int64_t soon_ms(void)
{
    return qw_clock_monotonic_ms() + PATIENCE_MS;
}

/* Both directions, then the end of the stream. */
static void assert_talk(int listener, int client)
{
    int server = -1;
    char got[6] = "";

    assert_int_equal(qw_socket_accept(listener, PATIENCE_MS, &server), QW_OK);
    assert_int_equal(fcntl(server, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(client, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    assert_int_equal(qw_socket_write(client, "hello", 5, soon_ms()), QW_OK);
    assert_int_equal(qw_socket_read(server, got, 5, soon_ms()), QW_OK);
    assert_string_equal(got, "hello");
    assert_int_equal(qw_socket_write(server, "there", 5, soon_ms()), QW_OK);
    assert_int_equal(qw_socket_read(client, got, 5, soon_ms()), QW_OK);
    assert_string_equal(got, "there");
    qw_socket_close(client);
    assert_int_equal(qw_socket_read(server, got, 1, soon_ms()), QW_ERR_CLOSED);
    qw_socket_close(server);
}

static void both_families_talk_on_a_port_that_the_system_chose(void **state)
{
    static const char *const addresses[] = { "127.0.0.1", "::1" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int listener = -1, client = -1;
        uint16_t port = 0;
        qw_err err = qw_socket_listen(addresses[i], 0, &listener, &port);

        if (i == 1 && err != QW_OK) {
            print_message("skipped: no IPv6 on this machine\n");
            continue;
        }
        assert_int_equal(err, QW_OK);
        assert_int_not_equal(port, 0);
        assert_int_equal(qw_socket_connect(addresses[i], port, PATIENCE_MS, &client), QW_OK);
        assert_talk(listener, client);
        qw_socket_close(listener);
    }
}

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;

    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

/* What the system makes of it takes seconds and a network that loses everything. */
static void a_silent_peer_is_asked_in_time(void **state)
{
    int pair[2], listener = -1, client = -1;
    uint16_t port = 0;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    assert_int_equal(qw_socket_connect("127.0.0.1", port, PATIENCE_MS, &client), QW_OK);
    assert_int_equal(option_of(client, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(qw_socket_keep_alive(client, 20), QW_OK);
    assert_int_not_equal(option_of(client, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(option_of(client, IPPROTO_TCP, TCP_KEEPIDLE) +
                         option_of(client, IPPROTO_TCP, TCP_KEEPINTVL) *
                             option_of(client, IPPROTO_TCP, TCP_KEEPCNT),
                     20);
    assert_int_equal(option_of(client, IPPROTO_TCP, TCP_USER_TIMEOUT), 20000);
    assert_talk(listener, client);
    qw_socket_close(listener);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(qw_socket_keep_alive(pair[0], 20), QW_ERR_IO); /* not TCP */
    qw_socket_close(pair[0]);
    qw_socket_close(pair[1]);
}

static void only_numeric_addresses_are_taken(void **state)
{
    static const char *const bad[] = { "localhost", "", "127.0.0.256", "1.2.3", "::g" };
    uint16_t port = 7;
    int fd = -7;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(qw_socket_listen(bad[i], 0, &fd, &port), QW_ERR_ARG);
        assert_int_equal(qw_socket_connect(bad[i], 1, SHORT_MS, &fd), QW_ERR_ARG);
    }
    assert_int_equal(fd, -7);
    assert_int_equal(port, 7);
}

static void a_port_in_use_is_a_conflict_and_a_dead_one_is_closed(void **state)
{
    int listener = -1, second = -1;
    uint16_t port = 0, other = 0;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    assert_int_equal(qw_socket_listen("127.0.0.1", port, &second, &other), QW_ERR_CONFLICT);
    qw_socket_close(listener);
    assert_int_equal(qw_socket_connect("127.0.0.1", port, PATIENCE_MS, &second), QW_ERR_CLOSED);
    assert_int_equal(qw_socket_listen("127.0.0.1", port, &listener, &other), QW_OK);
    qw_socket_close(listener);
    assert_int_equal(second, -1);
    /* An address that is not this machine's (documentation block of RFC 5737). */
    assert_int_equal(qw_socket_listen("192.0.2.1", 0, &second, &other), QW_ERR_IO);
}

/* A port of the system's choice too, and a second descriptor sees the same. */
static void a_listener_that_was_shut_down_listens_again_at_its_port(void **state)
{
    int listener = -1, twin, client = -1;
    uint16_t port = 0;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    assert_int_equal(qw_socket_listen_again(listener), QW_OK); /* as it does already */
    twin = dup(listener);
    shutdown(twin, SHUT_RDWR);
    close(twin);
    assert_int_equal(qw_socket_connect("127.0.0.1", port, PATIENCE_MS, &client), QW_ERR_CLOSED);
    assert_int_equal(qw_socket_listen_again(listener), QW_OK);
    assert_int_equal(qw_socket_connect("127.0.0.1", port, PATIENCE_MS, &client), QW_OK);
    assert_talk(listener, client);
    qw_socket_close(listener);
    assert_int_equal(qw_socket_listen_again(listener), QW_ERR_IO);
}

static void a_unix_socket_is_for_its_owner_only(void **state)
{
    int listener = -1, client = -1;
    struct stat info;

    (void)state;
    assert_int_equal(qw_socket_listen_unix(path, &listener), QW_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(qw_socket_connect_unix(path, PATIENCE_MS, &client), QW_OK);
    assert_talk(listener, client);
    qw_socket_close(listener);
    unlink(path);
}

static void a_stale_socket_file_is_replaced_and_a_live_one_is_not(void **state)
{
    int listener = -1, second = -1, client = -1;

    (void)state;
    assert_int_equal(qw_socket_listen_unix(path, &listener), QW_OK);
    assert_int_equal(qw_socket_listen_unix(path, &second), QW_ERR_CONFLICT);
    assert_int_equal(second, -1);
    qw_socket_close(listener); /* the file stays, nobody answers */
    assert_int_equal(qw_socket_connect_unix(path, PATIENCE_MS, &client), QW_ERR_CLOSED);
    assert_int_equal(qw_socket_listen_unix(path, &listener), QW_OK);
    qw_socket_close(listener);
    unlink(path);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    int listener = -1;
    int file = open(path, O_CREAT | O_WRONLY, 0600);

    (void)state;
    assert_int_equal(write(file, "data", 4), 4);
    close(file);
    assert_int_equal(qw_socket_listen_unix(path, &listener), QW_ERR_CONFLICT);
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
}

static void unix_paths_that_cannot_be_are_refused(void **state)
{
    char longer[200];
    int fd = -1;

    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(qw_socket_listen_unix(longer, &fd), QW_ERR_ARG);
    assert_int_equal(qw_socket_listen_unix("", &fd), QW_ERR_ARG);
    assert_int_equal(qw_socket_connect_unix(longer, SHORT_MS, &fd), QW_ERR_ARG);
    assert_int_equal(qw_socket_connect_unix(path, SHORT_MS, &fd), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_socket_listen_unix("/nowhere/at/all", &fd), QW_ERR_IO);
}

static void every_wait_ends(void **state)
{
    int listener = -1, client = -1, server = -1;
    static char big[1 << 20];
    uint16_t port = 0;
    int64_t before_ms = qw_clock_monotonic_ms();
    qw_err err = QW_OK;
    char byte;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    assert_int_equal(qw_socket_accept(listener, SHORT_MS, &server), QW_ERR_TIMEOUT);
    assert_int_equal(qw_socket_accept(listener, 0, &server), QW_ERR_TIMEOUT);
    assert_int_equal(qw_socket_connect("127.0.0.1", port, PATIENCE_MS, &client), QW_OK);
    assert_int_equal(qw_socket_accept(listener, PATIENCE_MS, &server), QW_OK);
    assert_int_equal(qw_socket_read(server, &byte, 1, qw_clock_monotonic_ms() + SHORT_MS),
                     QW_ERR_TIMEOUT);
    assert_int_equal(qw_socket_read(server, &byte, 1, qw_clock_monotonic_ms() - 5), QW_ERR_TIMEOUT);
    for (int i = 0; err == QW_OK && i < 100; i++) { /* nobody reads: the buffers fill up */
        err = qw_socket_write(client, big, sizeof big, qw_clock_monotonic_ms() + SHORT_MS);
    }
    assert_int_equal(err, QW_ERR_TIMEOUT);
    assert_true(qw_clock_monotonic_ms() - before_ms < PATIENCE_MS);
    qw_socket_close(server);
    qw_socket_close(client);
    qw_socket_close(listener);
}

static void writing_to_a_peer_that_hung_up_is_an_error_and_no_signal(void **state)
{
    int fds[2];
    qw_err err = QW_OK;

    (void)state;
    signal(SIGPIPE, SIG_DFL); /* it would end the test */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    close(fds[1]);
    for (int i = 0; err == QW_OK && i < 3; i++) {
        err = qw_socket_write(fds[0], "x", 1, soon_ms());
    }
    assert_int_equal(err, QW_ERR_CLOSED);
    qw_socket_close(fds[0]);
    qw_socket_close(-1);
    assert_int_equal(qw_socket_write(fds[0], "x", 1, soon_ms()), QW_ERR_IO);
    assert_int_equal(qw_socket_read(fds[0], (char[1]){ 0 }, 1, soon_ms()), QW_ERR_IO);
    assert_int_equal(qw_socket_accept(fds[0], SHORT_MS, &fds[1]), QW_ERR_IO);
}

static void *write_slowly(void *argument)
{
    int fd = *(int *)argument;

    for (int i = 0; i < 5; i++) {
        usleep(10000);
        if (qw_socket_write(fd, &"abcde"[i], 1, soon_ms()) != QW_OK) {
            return argument;
        }
    }
    return NULL;
}

static void a_read_waits_for_all_and_read_some_for_one_byte(void **state)
{
    int fds[2];
    pthread_t writer;
    void *failed = fds;
    char got[6] = "";
    size_t len = 0;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_slowly, &fds[1]), 0);
    assert_int_equal(qw_socket_read_some(fds[0], got, 5, &len, soon_ms()), QW_OK);
    assert_in_range(len, 1, 5);
    assert_int_equal(qw_socket_read(fds[0], got + len, 5 - len, soon_ms()), QW_OK);
    assert_string_equal(got, "abcde");
    pthread_join(writer, &failed);
    assert_null(failed);
    close(fds[0]);
    close(fds[1]);
}

static void each_failing_call_of_listen_is_an_error_that_leaves_nothing(void **state)
{
    int listener = -1;
    uint16_t port = 0;
    qw_err err = QW_ERR_STATE;
    int n;

    (void)state;
    for (n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = qw_socket_listen("127.0.0.1", 0, &listener, &port);
        assert_true(err == QW_OK || (err == QW_ERR_IO && listener == -1 && fail_nth == 0));
    }
    assert_int_equal(n, 7); /* socket and bind for the port; socket, bind, listen */
    qw_socket_close(listener);
    listener = -1;
    err = QW_ERR_STATE;
    for (n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = qw_socket_listen_unix(path, &listener);
        assert_true(err == QW_OK || (err == QW_ERR_IO && listener == -1 && fail_nth == 0));
        assert_int_equal(access(path, F_OK) == 0, err == QW_OK);
    }
    fail_nth = 0;
    assert_int_equal(n, 8); /* lstat, socket, fchmod, bind, chmod, listen */
    qw_socket_close(listener);
    unlink(path);
}

static void connecting_tells_why_it_failed(void **state)
{
    static const struct {
        int number;
        qw_err err;
    } row[] = { { ECONNREFUSED, QW_ERR_CLOSED }, { ECONNRESET, QW_ERR_CLOSED },
                { ENOENT, QW_ERR_NOT_FOUND },    { ETIMEDOUT, QW_ERR_TIMEOUT },
                { EAGAIN, QW_ERR_TIMEOUT },      { ENETUNREACH, QW_ERR_IO } };
    int listener = -1, client = -1;
    uint16_t port = 0;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        failing_errno = row[i].number;
        fail_nth = 2; /* after socket() */
        assert_int_equal(qw_socket_connect("127.0.0.1", port, PATIENCE_MS, &client), row[i].err);
        assert_int_equal(client, -1);
    }
    failing_errno = ENOMEM;
    for (int n = 1; n <= 4; n++) { /* socket, connect, poll, getsockopt */
        fail_nth = n;
        assert_int_equal(qw_socket_connect("127.0.0.1", port, PATIENCE_MS, &client), QW_ERR_IO);
        assert_int_equal(fail_nth, 0);
        assert_int_equal(client, -1);
    }
    qw_socket_close(listener);
}

static void an_interrupted_wait_or_a_guest_who_left_is_not_the_end(void **state)
{
    static const int passing[] = { EINTR, EAGAIN, ECONNABORTED };
    int listener = -1, client = -1, server = -1;
    uint16_t port = 0;

    (void)state;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        assert_int_equal(qw_socket_connect("127.0.0.1", port, PATIENCE_MS, &client), QW_OK);
        failing_errno = passing[i];
        fail_nth = i == 0 ? 1 : 2; /* poll, else accept4 */
        assert_int_equal(qw_socket_accept(listener, PATIENCE_MS, &server), QW_OK);
        assert_int_equal(fail_nth, 0);
        qw_socket_close(server);
        qw_socket_close(client);
    }
    failing_errno = EMFILE;
    assert_int_equal(qw_socket_connect("127.0.0.1", port, PATIENCE_MS, &client), QW_OK);
    fail_nth = 2;
    assert_int_equal(qw_socket_accept(listener, PATIENCE_MS, &server), QW_ERR_IO);
    fail_nth = 1;
    assert_int_equal(qw_socket_accept(listener, PATIENCE_MS, &server), QW_ERR_IO);
    qw_socket_close(client);
    qw_socket_close(listener);
    failing_errno = ENOMEM;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_families_talk_on_a_port_that_the_system_chose),
        cmocka_unit_test(a_silent_peer_is_asked_in_time),
        cmocka_unit_test(only_numeric_addresses_are_taken),
        cmocka_unit_test(a_port_in_use_is_a_conflict_and_a_dead_one_is_closed),
        cmocka_unit_test(a_listener_that_was_shut_down_listens_again_at_its_port),
        cmocka_unit_test(a_unix_socket_is_for_its_owner_only),
        cmocka_unit_test(a_stale_socket_file_is_replaced_and_a_live_one_is_not),
        cmocka_unit_test(a_file_that_is_no_socket_is_left_alone),
        cmocka_unit_test(unix_paths_that_cannot_be_are_refused),
        cmocka_unit_test(every_wait_ends),
        cmocka_unit_test(writing_to_a_peer_that_hung_up_is_an_error_and_no_signal),
        cmocka_unit_test(a_read_waits_for_all_and_read_some_for_one_byte),
        cmocka_unit_test(each_failing_call_of_listen_is_an_error_that_leaves_nothing),
        cmocka_unit_test(connecting_tells_why_it_failed),
        cmocka_unit_test(an_interrupted_wait_or_a_guest_who_left_is_not_the_end),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
