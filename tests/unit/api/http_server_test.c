/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 S3 */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "base/secret.h"
#include "base/socket.h"
#include "support/fail_nth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <sys/resource.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(int, pthread_create, EAGAIN,
         (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *self),
         (thread, attributes, run, self));
FAIL_NTH(int, gnutls_certificate_allocate_credentials, GNUTLS_E_MEMORY_ERROR,
         (gnutls_certificate_credentials_t * credentials), (credentials));
FAIL_NTH(int, pthread_condattr_init, ENOMEM, (pthread_condattr_t * attributes), (attributes));
FAIL_NTH(struct MHD_Response *, MHD_create_response_from_buffer_with_free_callback, NULL,
         (size_t size, void *buffer, MHD_ContentReaderFreeCallback release),
         (size, buffer, release));

/* How far the clock of the server is ahead of the time. */
static atomic_int_fast64_t ahead_ms;
int64_t __real_qw_clock_utc_ms(void);
int64_t __wrap_qw_clock_utc_ms(void);

int64_t __wrap_qw_clock_utc_ms(void)
{
    return __real_qw_clock_utc_ms() + atomic_load(&ahead_ms);
}

/* Descriptors that were closed when they were closed already. */
static atomic_int closed_again;
void __real_qw_socket_close(int fd);
void __wrap_qw_socket_close(int fd);

void __wrap_qw_socket_close(int fd)
{
    if (fd >= 0 && fcntl(fd, F_GETFD) < 0) {
        atomic_fetch_add(&closed_again, 1);
    }
    __real_qw_socket_close(fd);
}

static const char GET[] = "GET /v1/health?a=%31 HTTP/1.1\r\nHost: localhost\r\n\r\n";

static unsigned ask_as(struct echo *echo, const char *name, const char *request, char answer[4096])
{
    struct raw raw = raw_open(echo->folder, echo->port, name, TLS1_3_VERSION);
    unsigned status = raw_ask(&raw, request, answer, 4096);

    raw_close(&raw);
    return status;
}

static int start(void **state)
{
    struct echo *echo = calloc(1, sizeof *echo);

    echo_start(echo);
    *state = echo;
    return 0;
}

enum { IMPATIENT_MS = 3000 }; /* long enough for a handshake on a machine that is busy */

static int start_impatient(void **state)
{
    struct echo *echo = calloc(1, sizeof *echo);
    struct qw_http_server_config config;

    echo_prepare(echo);
    echo_config(echo, &config);
    config.request_timeout_ms = IMPATIENT_MS;
    echo_serve(echo, &config);
    *state = echo;
    return 0;
}

static int stop(void **state)
{
    echo_stop(*state);
    free(*state);
    return 0;
}

static void serves_a_client_with_a_certificate_of_the_authority(void **state)
{
    struct echo *echo = *state;
    char answer[4096];

    assert_int_equal(ask_as(echo, "client", GET, answer), 200);
    assert_non_null(strstr(answer, "\"identity\":\"urn:qwave:operator:alice\""));
    assert_non_null(strstr(answer, "\"query\":\"a=%31\""));
    assert_non_null(strstr(answer, "Cache-Control: no-store"));
    assert_non_null(strstr(answer, "Content-Length: "));
    assert_int_equal(echo->calls, 1);
}

/* N1 H2 */
static void speaks_no_http_without_a_good_certificate(void **state)
{
    struct echo *echo = *state;
    static const char *const none[] = { NULL };
    static const char *const names[] = { NULL, "stranger", "expired", "server", "no-usage" };
    char answer[4096];

    issue_odd(echo->folder, "no-usage", none, "URI:urn:qwave:operator:mallory", NULL);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        answer[0] = '\0';
        assert_int_equal(ask_as(echo, names[i], GET, answer), 0);
        assert_string_equal(answer, "");
    }
    assert_int_equal(echo->calls, 0);
}

/* H1 */
static void speaks_tls_1_3_only(void **state)
{
    struct echo *echo = *state;
    char answer[4096];
    struct raw raw = raw_open(echo->folder, echo->port, "client", TLS1_2_VERSION);

    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 0);
    raw_close(&raw);
    assert_int_equal(ask_as(echo, "client", GET, answer), 200);
}

static void passes_the_path_undecoded(void **state)
{
    struct echo *echo = *state;
    char answer[4096];

    assert_int_equal(ask_as(echo, "client",
                            "GET /a%2Fb/../%00c?key_ID=%41&x HTTP/1.1\r\nHost: h\r\n\r\n", answer),
                     200);
    assert_non_null(strstr(answer, "\"path\":\"/a%2Fb/../%00c\""));
    assert_non_null(strstr(answer, "\"query\":\"key_ID=%41&x\""));
}

static void passes_bodies_of_both_framings(void **state)
{
    struct echo *echo = *state;
    char answer[4096];

    assert_int_equal(ask_as(echo, "client",
                            "POST /x HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                            "Content-Length: 2\r\n\r\n{}",
                            answer),
                     200);
    assert_non_null(strstr(answer, "\"body_len\":2,\"first\":123"));
    assert_non_null(strstr(answer, "\"content_type\":\"application/json\""));
    assert_int_equal(ask_as(echo, "client",
                            "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                            answer),
                     200);
    assert_non_null(strstr(answer, "\"body_len\":5,\"first\":97"));
    assert_int_equal(
        ask_as(echo, "client", "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", answer),
        200);
    assert_non_null(strstr(answer, "\"body_len\":0"));
}

static unsigned ask_with_body(struct echo *echo, size_t len, char answer[4096])
{
    char *request = malloc(len + 256);
    int head =
        snprintf(request, 256, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", len);
    unsigned status;

    memset(request + head, ' ', len);
    request[(size_t)head + len] = '\0';
    status = ask_as(echo, "client", request, answer);
    free(request);
    return status;
}

static void takes_a_body_of_64_kib_and_no_byte_more(void **state)
{
    struct echo *echo = *state;
    char answer[4096];

    assert_int_equal(ask_with_body(echo, QW_HTTP_BODY_MAX, answer), 200);
    assert_non_null(strstr(answer, "\"body_len\":65536"));
    assert_int_equal(echo->calls, 1);
    assert_int_equal(ask_with_body(echo, QW_HTTP_BODY_MAX + 1, answer), 400);
    assert_non_null(strstr(answer, "{\"message\":\"malformed request\"}"));
    assert_int_equal(ask_with_body(echo, 8 * QW_HTTP_BODY_MAX, answer), 400);
    assert_int_equal(echo->calls, 1);
}

static void hangs_up_on_an_endless_body(void **state)
{
    struct echo *echo = *state;
    struct raw raw = raw_open(echo->folder, echo->port, "client", TLS1_3_VERSION);
    char head[] = "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    char *chunk = malloc(65536 + 16);
    bool is_open = SSL_connect(raw.ssl) == 1 && raw_send(&raw, head, strlen(head));
    int chunks = 0;

    assert_true(is_open);
    memcpy(chunk, "10000\r\n", 7);
    memset(chunk + 7, 'x', 65536);
    memcpy(chunk + 7 + 65536, "\r\n", 2);
    while (is_open && chunks < 200) {
        is_open = raw_send(&raw, chunk, 65536 + 9);
        chunks++;
    }
    assert_true(chunks < 200);
    assert_int_equal(echo->calls, 0);
    free(chunk);
    raw_close(&raw);
}

static void refuses_a_target_that_is_too_long_or_no_path(void **state)
{
    struct echo *echo = *state;
    char request[16384], answer[4096];
    char target[QW_HTTP_BODY_MAX / 8];

    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[4097] = '\0';
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
    assert_int_equal(ask_as(echo, "client", request, answer), 400);
    target[4096] = '\0';
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
    assert_int_equal(ask_as(echo, "client", request, answer), 200);
    assert_int_equal(ask_as(echo, "client", "GET http://h/v1 HTTP/1.1\r\nHost: h\r\n\r\n", answer),
                     400);
    assert_int_equal(ask_as(echo, "client", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", answer), 400);
    assert_int_equal(echo->calls, 1);
}

/* What is no HTTP gets no handler and does no harm. */
static void survives_malformed_requests(void **state)
{
    struct echo *echo = *state;
    static const char *const requests[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        " / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nno colon here\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2x\r\n\r\n{}",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n",
        "\x01\x02\x03\xff\xfe\r\n\r\n",
    };
    char answer[4096];
    unsigned calls;

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        unsigned status;

        calls = echo->calls;
        status = ask_as(echo, "client", requests[i], answer);
        assert_true(status == 0 || status >= 400 || echo->calls == calls + 1);
    }
    calls = echo->calls;
    assert_int_equal(ask_as(echo, "client", GET, answer), 200);
    assert_int_equal(echo->calls, calls + 1);
}

static void keeps_the_connection_for_further_requests(void **state)
{
    struct echo *echo = *state;
    struct raw raw = raw_open(echo->folder, echo->port, "client", TLS1_3_VERSION);
    char answer[4096];

    assert_int_equal(SSL_connect(raw.ssl), 1);
    for (int i = 0; i < 20; i++) {
        assert_true(raw_send(&raw, GET, strlen(GET)));
        raw_receive(&raw, answer, sizeof answer);
        assert_non_null(strstr(answer, "HTTP/1.1 200"));
    }
    assert_int_equal(echo->calls, 20);
    raw_close(&raw);
}

/* N5: a client that says nothing, one that stops in the middle, one that drips. */
static void cuts_slow_clients_at_an_absolute_deadline(void **state)
{
    struct echo *echo = *state;
    int64_t from_ms = qw_clock_monotonic_ms();
    struct raw raw = raw_open(echo->folder, echo->port, "client", TLS1_3_VERSION);
    int silent = plain_connect(echo->port);
    char byte;
    bool is_open;

    assert_int_equal(SSL_connect(raw.ssl), 1);
    assert_true(raw_send(&raw, "GET / HTTP/1.1\r\n", 16));
    is_open = true;
    for (int i = 0; i < 600 && is_open; i++) { /* each byte resets an inactivity timer */
        usleep(100000);
        is_open = raw_send(&raw, i % 2 == 0 ? "a" : ":", 1);
    }
    assert_false(is_open);
    assert_true(qw_clock_monotonic_ms() - from_ms >= IMPATIENT_MS - 100);
    assert_int_equal(recv(silent, &byte, 1, 0), 0);
    assert_int_equal(echo->calls, 0);
    close(silent);
    raw_close(&raw);
}

static void cuts_a_client_that_does_not_read_its_answer(void **state)
{
    struct echo *echo = *state;
    struct raw raw = raw_open(echo->folder, echo->port, "client", TLS1_3_VERSION);
    int small = 2048;
    char answer[65536];
    size_t total = 0;
    int n;

    setsockopt(raw.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_int_equal(SSL_connect(raw.ssl), 1);
    for (int i = 0; i < 8; i++) {
        static const char large[] = "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";

        assert_true(raw_send(&raw, large, strlen(large)));
    }
    usleep(1000 * 2 * IMPATIENT_MS);
    while ((n = SSL_read(raw.ssl, answer, sizeof answer)) > 0) {
        total += (size_t)n;
    }
    assert_true(total < 8u << 20);
    raw_close(&raw);
}

static void answers_with_the_headers_of_the_handler(void **state)
{
    struct echo *echo = *state;
    char answer[4096];

    assert_int_equal(ask_as(echo, "client", "DELETE /odd HTTP/1.1\r\nHost: h\r\n\r\n", answer),
                     405);
    assert_non_null(strstr(answer, "Allow: GET\r\n"));
    assert_non_null(strstr(answer, "Retry-After: 7\r\n"));
    assert_non_null(strstr(answer, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\n{\"message\":\"method not allowed\"}"));
    assert_int_equal(ask_as(echo, "client", "GET /empty HTTP/1.1\r\nHost: h\r\n\r\n", answer), 200);
    assert_non_null(strstr(answer, "Content-Length: 0\r\n"));
}

static void lends_bytes_of_the_program_with_headers_of_their_own(void **state)
{
    struct echo *echo = *state;
    char answer[4096];

    assert_int_equal(ask_as(echo, "client", "GET /lent HTTP/1.1\r\nHost: h\r\n\r\n", answer), 200);
    assert_non_null(strstr(answer, "Cache-Control: no-cache\r\n"));
    assert_null(strstr(answer, "no-store"));
    assert_non_null(strstr(answer, "ETag: \"tag\"\r\n"));
    assert_non_null(strstr(answer, "Content-Encoding: identity\r\n"));
    assert_non_null(strstr(answer, "X-One: 1\r\n"));
    assert_non_null(strstr(answer, "X-Two: 2\r\n"));
    assert_non_null(strstr(answer, "Content-Length: 10\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\nlent bytes"));
    assert_int_equal(ask_as(echo, "client", "GET /empty HTTP/1.1\r\nHost: h\r\n\r\n", answer), 200);
    assert_non_null(strstr(answer, "Cache-Control: no-store\r\n")); /* unless told otherwise */
}

static void hands_over_what_a_browser_says_of_the_page_that_asks(void **state)
{
    struct echo *echo = *state;
    char answer[4096];

    assert_int_equal(ask_as(echo, "client",
                            "GET /fields HTTP/1.1\r\nHost: h:1\r\norigin: https://h:1\r\n"
                            "Sec-Fetch-Site: same-origin\r\nAccept-Encoding: gzip, br\r\n"
                            "If-None-Match: \"t\"\r\n\r\n",
                            answer),
                     200);
    assert_non_null(
        strstr(answer, "[\"h:1\",\"https://h:1\",\"same-origin\",\"gzip, br\",\"\\\"t\\\"\"]"));
    assert_int_equal(ask_as(echo, "client", "GET /fields HTTP/1.1\r\nHost: h\r\n\r\n", answer),
                     200);
    assert_non_null(strstr(answer, "[\"h\",\"none\",\"none\",\"none\",\"none\"]"));
}

struct asker {
    struct echo *echo;
    int requests, good;
};

static void *ask_often(void *self)
{
    struct asker *asker = self;
    struct qw_http_client *client =
        client_for(asker->echo->folder, asker->echo->port, "client", "ca", "127.0.0.1");

    for (int i = 0; i < asker->requests; i++) {
        unsigned status = 0;
        const char *answer;
        size_t len;

        if (qw_http_client_call(client, "POST", "/x", "{}", &status, &answer, &len) == QW_OK &&
            status == 200) {
            asker->good++;
        }
    }
    qw_http_client_free(client);
    return NULL;
}

static void serves_many_clients_at_once(void **state)
{
    struct echo *echo = *state;
    enum { ASKERS = 16, REQUESTS = 20 };
    struct asker askers[ASKERS];
    pthread_t threads[ASKERS];

    echo->pause_ms = 1;
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){ .echo = echo, .requests = REQUESTS };
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &askers[i]), 0);
    }
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].good, REQUESTS);
    }
    assert_int_equal(echo->calls, ASKERS * REQUESTS);
    assert_in_range(echo->running_most, 1, 2); /* and no third thread */
}

static unsigned running_now(struct echo *echo)
{
    unsigned running;

    pthread_mutex_lock(&echo->lock);
    running = echo->running;
    pthread_mutex_unlock(&echo->lock);
    return running;
}

/* The second client comes while the first one's handler is busy. */
static void serves_another_client_while_a_handler_is_busy(void **state)
{
    struct echo *echo = *state;
    struct asker askers[2] = { { .echo = echo, .requests = 1 }, { .echo = echo, .requests = 1 } };
    pthread_t threads[2];

    echo->meet = 2;
    assert_int_equal(pthread_create(&threads[0], NULL, ask_often, &askers[0]), 0);
    while (running_now(echo) == 0) {
        usleep(1000);
    }
    assert_int_equal(pthread_create(&threads[1], NULL, ask_often, &askers[1]), 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    assert_int_equal(askers[0].good + askers[1].good, 2);
    assert_int_equal(echo->running_most, 2);
}

static void limits_the_connections_of_an_address(void **state)
{
    struct echo *echo = *state;
    struct qw_http_server_config config;
    struct qw_http_server *server;
    uint16_t port;
    struct raw held[4], extra;
    char answer[4096];

    echo_config(echo, &config);
    config.connections_per_address_max = 4;
    assert_int_equal(qw_http_server_new(&config, &server, &port), QW_OK);
    for (int i = 0; i < 4; i++) {
        held[i] = raw_open(echo->folder, port, "client", TLS1_3_VERSION);
        assert_int_equal(raw_ask(&held[i], GET, answer, sizeof answer), 200);
    }
    extra = raw_open(echo->folder, port, "client", TLS1_3_VERSION);
    assert_int_equal(raw_ask(&extra, GET, answer, sizeof answer), 0);
    raw_close(&extra);
    for (int i = 0; i < 4; i++) {
        raw_close(&held[i]);
    }
    qw_http_server_free(server);
}

static void finishes_running_requests_when_it_stops(void **state)
{
    struct echo *echo = *state;
    struct asker asker = { .echo = echo, .requests = 1 };
    pthread_t thread;

    echo->pause_ms = 300;
    assert_int_equal(pthread_create(&thread, NULL, ask_often, &asker), 0);
    while (running_now(echo) == 0) {
        usleep(1000);
    }
    qw_http_server_free(echo->server);
    echo->server = NULL;
    pthread_join(thread, NULL);
    assert_int_equal(asker.good, 1);
}

/* Nobody else gets the port, and who calls meanwhile waits. */
static void a_lent_listener_goes_from_one_server_to_the_next(void **state)
{
    struct echo *echo = *state;
    struct qw_http_server_config config;
    struct asker asker = { .echo = echo, .requests = 1 };
    pthread_t thread;
    int listener = -1;
    uint16_t port = 0;

    echo_config(echo, &config);
    qw_http_server_free(echo->server);
    echo->server = NULL;
    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    echo->port = port;
    config.listener = listener;
    config.port = 0;
    for (int turn = 1; turn <= 2; turn++) {
        asker.good = 0;
        assert_int_equal(pthread_create(&thread, NULL, ask_often, &asker), 0);
        usleep(50000); /* it has called by then, most often */
        assert_int_equal(qw_http_server_new(&config, &echo->server, &port), QW_OK);
        pthread_join(thread, NULL);
        assert_int_equal(asker.good, 1);
        qw_http_server_free(echo->server);
        echo->server = NULL;
    }
    qw_socket_close(listener);
}

static void refuses_what_it_cannot_serve(void **state)
{
    struct echo *echo = *state;
    struct qw_http_server_config good, config;
    struct qw_http_server *server = NULL;
    uint16_t port = 7;
    char path[512];
    FILE *file = fopen(in_folder(echo->folder, "rubbish.pem", path), "w");

    fputs("rubbish", file);
    fclose(file);
    echo_config(echo, &good);
    config = good;
    config.threads = 0;
    assert_int_equal(qw_http_server_new(&config, &server, &port), QW_ERR_ARG);
    config.threads = 65;
    assert_int_equal(qw_http_server_new(&config, &server, &port), QW_ERR_ARG);
    config = good;
    config.connections_max = 1;
    assert_int_equal(qw_http_server_new(&config, &server, &port), QW_ERR_ARG);
    config = good;
    config.certificate_path = "/nonexistent";
    assert_int_equal(qw_http_server_new(&config, &server, &port), QW_ERR_NOT_FOUND);
    config.certificate_path = path;
    assert_int_equal(qw_http_server_new(&config, &server, &port), QW_ERR_FORMAT);
    config = good;
    config.client_ca_path = path;
    assert_int_equal(qw_http_server_new(&config, &server, &port), QW_ERR_FORMAT);
    config = good;
    config.certificate_path = in_folder(echo->folder, "client.pem", path); /* another key's */
    assert_int_equal(qw_http_server_new(&config, &server, &port), QW_ERR_FORMAT);
    config = good;
    config.port = echo->port;
    assert_int_not_equal(qw_http_server_new(&config, &server, &port), QW_OK);
    assert_null(server);
    assert_int_equal(port, 7);
    qw_http_server_free(NULL);
}

static void starts_as_a_whole_or_not_at_all(void **state)
{
    struct echo *echo = *state;
    struct qw_http_server_config config;
    struct qw_http_server *server = NULL;
    uint16_t port = 0;
    qw_err err = QW_ERR_NOMEM;
    int failures = -1;

    echo_config(echo, &config);
    for (int n = 1; err != QW_OK; n++) {
        fail_nth = n;
        err = qw_http_server_new(&config, &server, &port);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && server == NULL));
        failures++;
        assert_true(n < 50);
    }
    assert_true(failures >= 10);
    qw_http_server_free(server);
}

static size_t count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* The n-th descriptor is one too many, for us or for the library. */
static void closes_each_descriptor_once_when_there_are_not_enough(void **state)
{
    struct echo *echo = *state;
    size_t before = count_descriptors();
    struct qw_http_server_config config;
    struct qw_http_server *server = NULL;
    struct rlimit all, few;
    uint16_t port = 0;
    qw_err err = QW_ERR_IO;
    int first_free = dup(STDERR_FILENO);

    assert_true(first_free >= 0);
    close(first_free);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
    few = all;
    echo_config(echo, &config);
    for (rlim_t n = 0; err != QW_OK; n++) {
        assert_true(n < 50);
        few.rlim_cur = (rlim_t)first_free + n;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        err = qw_http_server_new(&config, &server, &port);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
        if (err != QW_OK) {
            assert_null(server);
            assert_int_equal(count_descriptors(), before);
        }
    }
    assert_int_equal(atomic_load(&closed_again), 0);
    qw_http_server_free(server);
    assert_int_equal(count_descriptors(), before);
}

/* The n-th allocation of a request fails: the connection ends, or the answer is whole. */
static void never_sends_half_an_answer_without_memory(void **state)
{
    struct echo *echo = *state;
    unsigned lost = 0;

    for (int n = 1; n <= 8; n++) {
        char answer[4096] = "";
        unsigned status;

        fail_nth = n;
        status = ask_as(echo, "client", GET, answer);
        fail_nth = 0;
        assert_true(status == 0 || status == 200 || status == 503);
        assert_true(status != 200 || strstr(answer, "urn:qwave:operator:alice") != NULL);
        lost += status != 200;
    }
    assert_int_equal(lost, 4); /* connection, exchange, body, response */
}

static void refuses_a_certificate_that_ran_out_on_an_open_connection(void **state)
{
    struct echo *echo = *state;
    struct raw raw = raw_open(echo->folder, echo->port, "client", TLS1_3_VERSION);
    char answer[4096];

    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 200);
    atomic_store(&ahead_ms, 2 * (int64_t)86400000); /* it is for a day */
    assert_true(raw_send(&raw, GET, strlen(GET)));
    raw_receive(&raw, answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 401"));
    assert_non_null(strstr(answer, "WWW-Authenticate: Certificate"));
    assert_non_null(strstr(answer, "{\"message\":\"not authorised\"}"));
    assert_int_equal(raw_receive(&raw, answer, sizeof answer), 0); /* and it is closed */
    assert_int_equal(echo->calls, 1);
    atomic_store(&ahead_ms, 0);
    raw_close(&raw);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define IMPATIENT_CASE(test) cmocka_unit_test_setup_teardown(test, start_impatient, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(serves_a_client_with_a_certificate_of_the_authority),
        CASE(speaks_no_http_without_a_good_certificate),
        CASE(speaks_tls_1_3_only),
        CASE(passes_the_path_undecoded),
        CASE(passes_bodies_of_both_framings),
        CASE(takes_a_body_of_64_kib_and_no_byte_more),
        CASE(hangs_up_on_an_endless_body),
        CASE(refuses_a_target_that_is_too_long_or_no_path),
        CASE(survives_malformed_requests),
        CASE(keeps_the_connection_for_further_requests),
        IMPATIENT_CASE(cuts_slow_clients_at_an_absolute_deadline),
        IMPATIENT_CASE(cuts_a_client_that_does_not_read_its_answer),
        CASE(answers_with_the_headers_of_the_handler),
        CASE(lends_bytes_of_the_program_with_headers_of_their_own),
        CASE(hands_over_what_a_browser_says_of_the_page_that_asks),
        CASE(serves_many_clients_at_once),
        CASE(serves_another_client_while_a_handler_is_busy),
        CASE(limits_the_connections_of_an_address),
        CASE(finishes_running_requests_when_it_stops),
        CASE(a_lent_listener_goes_from_one_server_to_the_next),
        CASE(refuses_what_it_cannot_serve),
        CASE(starts_as_a_whole_or_not_at_all),
        CASE(closes_each_descriptor_once_when_there_are_not_enough),
        CASE(never_sends_half_an_answer_without_memory),
        CASE(refuses_a_certificate_that_ran_out_on_an_open_connection),
    };

    signal(SIGPIPE, SIG_IGN); /* the raw client writes to closed connections */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
