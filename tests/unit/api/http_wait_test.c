/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
/* Handshakes that wait aside: they cost nothing meanwhile, go on whatever the pieces are in which
 * they come, and end with the server [docs/adr/0139-handshakes-wait-aside.md]. */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "api/http_wait.h"

#include <errno.h>
#include <microhttpd.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { CROWD = 8, STILL_MS = 400, PATIENCE_MS = 600000 };

static const char GET[] = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";
/* The head of a record with 220 bytes of a client's first message, and no more. */
static const uint8_t HALF[] = { 0x16, 0x03, 0x01, 0x00, 0xdc, 0x01, 0x00, 0x00, 0xd8, 0x03 };

/* A room without a server: its one connection is no connection, and its thread is held with the
 * news in its hand until the connection is gone. */
static struct {
    struct MHD_Connection *connection; /* NULL: everything as in life */
    struct qw_http_waiter waiter;
    atomic_bool holds;
    sem_t has_news, goes_on;
    atomic_int resumed;
} staged;

void __real_MHD_suspend_connection(struct MHD_Connection *connection);
void __wrap_MHD_suspend_connection(struct MHD_Connection *connection);
void __wrap_MHD_suspend_connection(struct MHD_Connection *connection)
{
    if (staged.connection == NULL) {
        __real_MHD_suspend_connection(connection);
    }
}

void __real_MHD_resume_connection(struct MHD_Connection *connection);
void __wrap_MHD_resume_connection(struct MHD_Connection *connection);
void __wrap_MHD_resume_connection(struct MHD_Connection *connection)
{
    if (staged.connection == NULL) {
        __real_MHD_resume_connection(connection);
    } else {
        atomic_fetch_add(&staged.resumed, 1);
    }
}

int __real_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    int count = __real_epoll_wait(fd, events, max, timeout_ms);

    if (atomic_exchange(&staged.holds, false)) {
        sem_post(&staged.has_news);
        sem_wait(&staged.goes_on);
    }
    return count;
}

/* What a room that ends writes first, when all have been let go. */
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    if (staged.connection != NULL && atomic_load(&staged.resumed) == 1) {
        staged.waiter = (struct qw_http_waiter){ .is_waiting = true }; /* another's memory now */
        sem_post(&staged.goes_on);
    }
    return __real_write(fd, data, len);
}

static int start(void **state)
{
    struct echo *echo = calloc(1, sizeof *echo);

    echo_start(echo);
    *state = echo;
    return 0;
}

static int stop(void **state)
{
    struct echo *echo = *state;

    echo_stop(echo);
    free(echo);
    return 0;
}

static void call_halfway(const struct echo *echo, int fds[static CROWD], size_t len)
{
    for (size_t i = 0; i < CROWD; i++) {
        fds[i] = plain_connect(echo->port);
        assert_int_equal(write(fds[i], HALF, len), len);
    }
}

static void hang_up(int fds[static CROWD])
{
    for (size_t i = 0; i < CROWD; i++) {
        close(fds[i]);
    }
}

static int64_t processor_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Without waiting aside, both threads of the server do nothing but ask. */
static void half_a_handshake_costs_no_processor_time(void **state)
{
    struct echo *echo = *state;
    int fds[CROWD];
    int64_t before;

    call_halfway(echo, fds, sizeof HALF);
    usleep(100000); /* what there was to read has been read */
    before = processor_ms();
    usleep(STILL_MS * 1000);
    assert_true(processor_ms() - before < STILL_MS / 4);
    hang_up(fds);
}

struct drip { /* a client whose bytes come one by one */
    SSL_CTX *context;
    SSL *ssl;
    int fd;
};

/* The server has a turn after each of the first bytes and some later ones: on a machine that is
 * busy a turn takes a tenth of a second. */
static void drip_out(struct drip *drip)
{
    char byte;

    for (size_t i = 0; BIO_read(SSL_get_wbio(drip->ssl), &byte, 1) == 1; i++) {
        assert_int_equal(send(drip->fd, &byte, 1, MSG_NOSIGNAL), 1);
        if (i < 16 || i % 32 == 0) {
            sched_yield();
        }
    }
}

static bool take_in(struct drip *drip)
{
    char data[4096];
    ssize_t got = recv(drip->fd, data, sizeof data, 0);

    return got > 0 && BIO_write(SSL_get_rbio(drip->ssl), data, (int)got) == got;
}

static struct drip drip_open(const struct echo *echo)
{
    struct raw raw = raw_open(echo->folder, echo->port, "client", TLS1_3_VERSION);
    struct drip drip = { .context = raw.context, .ssl = raw.ssl, .fd = raw.fd };

    SSL_set_bio(drip.ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(drip.ssl);
    return drip;
}

static void a_handshake_byte_by_byte_comes_to_its_end(void **state)
{
    struct echo *echo = *state;
    struct qw_http_server_config config;
    struct drip drip;
    char answer[4096];
    int done;
    int len = 0;

    qw_http_server_free(echo->server);
    echo_config(echo, &config);
    config.request_timeout_ms = PATIENCE_MS; /* each byte waits for a thread of a busy machine */
    config.idle_timeout_s = PATIENCE_MS / 1000;
    echo_serve(echo, &config);
    drip = drip_open(echo);
    do {
        done = SSL_do_handshake(drip.ssl);
        drip_out(&drip);
    } while (done != 1 && take_in(&drip));
    assert_int_equal(done, 1);
    for (int round = 0; round < 3; round++) { /* nor does anything wait for ever behind it */
        assert_int_equal(SSL_write(drip.ssl, GET, sizeof GET - 1), sizeof GET - 1);
        drip_out(&drip);
        do {
            len = SSL_read(drip.ssl, answer, sizeof answer - 1);
        } while (len <= 0 && take_in(&drip));
        assert_true(len > 0);
        assert_memory_equal(answer, "HTTP/1.1 200", 12);
        while (SSL_pending(drip.ssl) > 0 || memchr(answer, '}', (size_t)len) == NULL) {
            len = SSL_read(drip.ssl, answer, sizeof answer - 1);
            if (len <= 0) {
                assert_true(take_in(&drip));
                len = 0;
            }
        }
    }
    SSL_free(drip.ssl);
    SSL_CTX_free(drip.context);
    close(drip.fd);
}

static void who_hangs_up_meanwhile_is_forgotten(void **state)
{
    struct echo *echo = *state;
    char answer[4096];
    int fds[CROWD];

    for (size_t len = 0; len <= sizeof HALF; len++) {
        call_halfway(echo, fds, len);
        hang_up(fds);
    }
    for (int i = 0; i < CROWD; i++) { /* and others are served */
        struct raw raw = raw_open(echo->folder, echo->port, "client", TLS1_3_VERSION);

        assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 200);
        raw_close(&raw);
    }
}

static void who_waits_too_long_is_cut(void **state)
{
    struct echo *echo = *state;
    struct qw_http_server_config config;
    int fds[CROWD];
    char byte;

    qw_http_server_free(echo->server);
    echo_config(echo, &config);
    config.request_timeout_ms = 400;
    echo_serve(echo, &config);
    call_halfway(echo, fds, sizeof HALF);
    for (size_t i = 0; i < CROWD; i++) {
        ssize_t got = read(fds[i], &byte, 1);

        assert_true(got == 0 || (got < 0 && errno == ECONNRESET));
    }
    hang_up(fds);
}

static void a_server_ends_with_handshakes_under_way(void **state)
{
    struct echo *echo = *state;
    struct qw_http_server_config config;
    int fds[CROWD];
    char byte;

    for (size_t len = 0; len <= sizeof HALF; len += 5) {
        call_halfway(echo, fds, len);
        qw_http_server_free(echo->server);
        for (size_t i = 0; i < CROWD; i++) {
            ssize_t got = read(fds[i], &byte, 1);

            assert_true(got == 0 || (got < 0 && errno == ECONNRESET));
        }
        hang_up(fds);
        echo_config(echo, &config);
        echo_serve(echo, &config);
    }
}

static void a_connection_that_ends_with_its_server_is_not_looked_at_again(void **state)
{
    static int something; /* its address stands for a connection */
    struct qw_http_wait room;
    int fds[2];

    (void)state;
    sem_init(&staged.has_news, 0, 0);
    sem_init(&staged.goes_on, 0, 0);
    staged.connection = (struct MHD_Connection *)(void *)&something;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(send(fds[1], "x", 1, 0), 1);
    assert_int_equal(qw_http_wait_start(&room), QW_OK);
    staged.waiter =
        (struct qw_http_waiter){ .room = &room, .connection = staged.connection, .fd = fds[0] };
    atomic_store(&staged.holds, true);
    assert_true(qw_http_wait_for(&staged.waiter));
    sem_wait(&staged.has_news);
    qw_http_wait_stop(&room);
    qw_http_wait_close(&room);
    assert_int_equal(atomic_load(&staged.resumed), 1);
    staged.connection = NULL;
    close(fds[0]);
    close(fds[1]);
    sem_destroy(&staged.has_news);
    sem_destroy(&staged.goes_on);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(half_a_handshake_costs_no_processor_time),
        CASE(a_handshake_byte_by_byte_comes_to_its_end),
        CASE(who_hangs_up_meanwhile_is_forgotten),
        CASE(who_waits_too_long_is_cut),
        CASE(a_server_ends_with_handshakes_under_way),
        cmocka_unit_test(a_connection_that_ends_with_its_server_is_not_looked_at_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
