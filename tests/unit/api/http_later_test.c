/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
/* Requests that are put aside until their answer can be given (docs/adr/0057). */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "api/http_connection_set.h"

#include <netinet/tcp.h>
#include <stdatomic.h>

enum { CALLERS = 12, IMPATIENT_MS = 2000, HOUR_MS = 3600000 };

/* How far the clocks of the server are ahead of the time. */
static atomic_int_fast64_t utc_ahead_ms, monotonic_ahead_ms;
int64_t __real_qw_clock_utc_ms(void);
int64_t __wrap_qw_clock_utc_ms(void);
int64_t __real_qw_clock_monotonic_ms(void);
int64_t __wrap_qw_clock_monotonic_ms(void);

int64_t __wrap_qw_clock_utc_ms(void)
{
    return __real_qw_clock_utc_ms() + atomic_load(&utc_ahead_ms);
}

int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return __real_qw_clock_monotonic_ms() + atomic_load(&monotonic_ahead_ms);
}

/* A request that stands just before it is counted while the server is told to stop. */
static atomic_bool is_held, stands_there;
bool __real_qw_http_connection_answer_begin(struct qw_http_connection *connection);
bool __wrap_qw_http_connection_answer_begin(struct qw_http_connection *connection);

static bool is_stopping(struct qw_http_connection_set *set)
{
    bool is;

    pthread_mutex_lock(&set->lock);
    is = set->is_stopping;
    pthread_mutex_unlock(&set->lock);
    return is;
}

bool __wrap_qw_http_connection_answer_begin(struct qw_http_connection *connection)
{
    atomic_store(&stands_there, true);
    while (atomic_load(&is_held) && !is_stopping(connection->set)) {
        usleep(1000);
    }
    if (atomic_load(&is_held)) {
        usleep(200000); /* _drain is content meanwhile */
    }
    return __real_qw_http_connection_answer_begin(connection);
}

struct aside { /* one request that waits */
    struct desk *desk;
    struct qw_http_later *later;
    char path[64];
    unsigned fills;
    bool is_over;
};

struct desk {
    struct echo echo;
    char list[512]; /* of revocations */
    pthread_mutex_t lock;
    pthread_cond_t came;
    unsigned waiting; /* requests that are put aside, ever */
    unsigned filled;
    struct aside asides[64];
};

static void fill(void *work, const struct qw_http_request *request, struct qw_http_answer *answer)
{
    struct aside *aside = work;
    char text[128];
    int len = snprintf(text, sizeof text, "{\"path\":\"%s\",\"identity\":\"%s\",\"body\":\"%.*s\"}",
                       request->path, request->identity, (int)request->body_len,
                       (const char *)(request->body_len > 0 ? request->body : (const uint8_t *)""));

    assert_string_equal(request->path, aside->path);
    aside->fills++;
    answer->status = 200;
    answer->content_type = "application/json";
    assert_int_equal(qw_http_answer_write(answer, text, (size_t)len), QW_OK);
    pthread_mutex_lock(&aside->desk->lock);
    aside->desk->filled++;
    pthread_cond_broadcast(&aside->desk->came);
    pthread_mutex_unlock(&aside->desk->lock);
}

static void end(struct aside *aside)
{
    aside->is_over = true;
    qw_http_later_end(aside->later);
}

/* /now answers at once, /early is over before the handler returns, all else waits for the test. */
static void handle(void *self, const struct qw_http_request *request, struct qw_http_answer *answer)
{
    struct desk *desk = self;
    struct aside *aside;

    if (strcmp(request->path, "/now") == 0) {
        qw_http_answer_error(answer, 200, "now");
        return;
    }
    pthread_mutex_lock(&desk->lock);
    assert_true(desk->waiting < sizeof desk->asides / sizeof desk->asides[0]);
    aside = &desk->asides[desk->waiting];
    aside->desk = desk;
    aside->later = request->later;
    snprintf(aside->path, sizeof aside->path, "%s", request->path);
    qw_http_later_begin(request->later, fill, aside);
    desk->waiting++;
    pthread_cond_broadcast(&desk->came);
    pthread_mutex_unlock(&desk->lock);
    if (strcmp(request->path, "/early") == 0) {
        end(aside);
        usleep(20000);
    }
}

static void wait_until(struct desk *desk, const unsigned *count, unsigned wanted)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    pthread_mutex_lock(&desk->lock);
    while (*count < wanted) {
        assert_int_equal(pthread_cond_timedwait(&desk->came, &desk->lock, &until), 0);
    }
    pthread_mutex_unlock(&desk->lock);
}

/* One thread serves all connections. */
static int start_with(void **state, int request_timeout_ms)
{
    struct desk *desk = calloc(1, sizeof *desk);
    struct qw_http_server_config config;

    assert_non_null(desk);
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->came, NULL);
    echo_prepare(&desk->echo);
    echo_config(&desk->echo, &config);
    make_list(desk->echo.folder, "ca", in_folder(desk->echo.folder, "revoked.pem", desk->list));
    config.revocation_list_path = desk->list;
    config.threads = 1;
    config.request_timeout_ms = request_timeout_ms;
    config.self = desk;
    config.handle = handle;
    echo_serve(&desk->echo, &config);
    *state = desk;
    return 0;
}

static int start(void **state)
{
    return start_with(state, 60000);
}

static int start_impatient(void **state)
{
    return start_with(state, IMPATIENT_MS);
}

/* A test that failed has left some behind, for which the server would wait. */
static int stop(void **state)
{
    struct desk *desk = *state;

    for (unsigned i = 0; i < desk->waiting; i++) {
        if (!desk->asides[i].is_over) {
            end(&desk->asides[i]);
        }
    }
    atomic_store(&is_held, false);
    echo_stop(&desk->echo);
    atomic_store(&utc_ahead_ms, 0);
    atomic_store(&monotonic_ahead_ms, 0);
    for (unsigned i = 0; i < desk->waiting; i++) {
        assert_int_equal(desk->asides[i].fills, 1);
    }
    pthread_cond_destroy(&desk->came);
    pthread_mutex_destroy(&desk->lock);
    free(desk);
    return 0;
}

static struct raw caller_of(struct desk *desk)
{
    struct raw raw = raw_open(desk->echo.folder, desk->echo.port, "client", TLS1_3_VERSION);

    assert_int_equal(SSL_connect(raw.ssl), 1);
    return raw;
}

static void say(struct raw *raw, const char *path, const char *body)
{
    char text[256];
    int len =
        snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n%s",
                 path, strlen(body), body);

    assert_true(raw_send(raw, text, (size_t)len));
}

static void hear(struct raw *raw, const char *what)
{
    char answer[4096];

    assert_true(raw_receive(raw, answer, sizeof answer) > 0);
    assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
    assert_non_null(strstr(answer, what));
}

static void the_answer_comes_when_what_it_waits_for_is_there(void **state)
{
    struct desk *desk = *state;
    struct raw raw = caller_of(desk);

    say(&raw, "/a", "its body");
    wait_until(desk, &desk->waiting, 1);
    assert_int_equal(desk->filled, 0);
    end(&desk->asides[0]);
    hear(&raw, "{\"path\":\"/a\",\"identity\":\"urn:qwave:operator:alice\","
               "\"body\":\"its body\"}");
    say(&raw, "/now", "");
    hear(&raw, "now"); /* and the connection goes on */
    raw_close(&raw);
}

static void it_may_be_there_before_the_handler_returns(void **state)
{
    struct desk *desk = *state;
    struct raw raw = caller_of(desk);

    for (int i = 0; i < 5; i++) {
        say(&raw, "/early", "");
        hear(&raw, "\"path\":\"/early\"");
    }
    raw_close(&raw);
}

/* All of them wait in the one thread there is, which meanwhile serves others. */
static void who_waits_holds_no_thread(void **state)
{
    struct desk *desk = *state;
    struct raw callers[CALLERS], other;
    char path[32];

    for (int i = 0; i < CALLERS; i++) {
        callers[i] = caller_of(desk);
        snprintf(path, sizeof path, "/%d", i);
        say(&callers[i], path, "");
    }
    wait_until(desk, &desk->waiting, CALLERS);
    other = caller_of(desk);
    say(&other, "/now", "");
    hear(&other, "now");
    for (int i = CALLERS - 1; i >= 0; i--) {
        end(&desk->asides[i]);
    }
    for (int i = 0; i < CALLERS; i++) {
        snprintf(path, sizeof path, "\"path\":\"/%d\"", i);
        hear(&callers[i], path);
        raw_close(&callers[i]);
    }
    raw_close(&other);
}

/* The deadline is for slow clients; how long we take is not their fault. */
static void who_waits_is_not_cut(void **state)
{
    struct desk *desk = *state;
    struct raw raw = caller_of(desk);

    say(&raw, "/long", "");
    wait_until(desk, &desk->waiting, 1);
    usleep(1000 * (IMPATIENT_MS + 500));
    end(&desk->asides[0]);
    hear(&raw, "\"path\":\"/long\"");
    raw_close(&raw);
}

static void a_caller_who_hangs_up_meanwhile_harms_nobody(void **state)
{
    struct desk *desk = *state;
    struct raw raw = caller_of(desk), other;

    say(&raw, "/gone", "");
    wait_until(desk, &desk->waiting, 1);
    raw_close(&raw);
    end(&desk->asides[0]);
    wait_until(desk, &desk->filled, 1);
    other = caller_of(desk);
    say(&other, "/now", "");
    hear(&other, "now");
    raw_close(&other);
}

/* Who was good when he asked, and is not when there is something to say. */
static void who_may_not_call_any_more_is_told_nothing(void **state)
{
    struct desk *desk = *state;
    struct raw raw = caller_of(desk);
    char answer[4096];

    say(&raw, "/old", "");
    wait_until(desk, &desk->waiting, 1);
    atomic_store(&utc_ahead_ms, 48 * (int64_t)HOUR_MS); /* the certificate is for a day */
    end(&desk->asides[0]);
    assert_true(raw_receive(&raw, answer, sizeof answer) > 0);
    assert_int_equal(strncmp(answer, "HTTP/1.1 401", 12), 0);
    assert_non_null(strstr(answer, "Connection: close"));
    assert_null(strstr(answer, "/old"));
    assert_int_equal(desk->filled, 1);
    raw_close(&raw);
}

static void who_is_revoked_meanwhile_is_cut_before_there_is_an_answer(void **state)
{
    struct desk *desk = *state;
    struct qw_certificate_request bob = { .purpose = QW_CERTIFICATE_CLIENT,
                                          .uri = "urn:qwave:operator:bob",
                                          .days = 1 };
    struct raw raw = caller_of(desk), other;
    char answer[4096];

    issue(desk->echo.folder, "ca", "bob", &bob);
    say(&raw, "/revoked", "");
    wait_until(desk, &desk->waiting, 1);
    take_back(desk->echo.folder, "ca", "client", desk->list);
    assert_int_equal(raw_receive(&raw, answer, sizeof answer), 0);
    end(&desk->asides[0]);
    wait_until(desk, &desk->filled, 1);
    other = raw_open(desk->echo.folder, desk->echo.port, "bob", TLS1_3_VERSION);
    assert_int_equal(SSL_connect(other.ssl), 1);
    say(&other, "/now", "");
    hear(&other, "now");
    raw_close(&other);
    raw_close(&raw);
}

/* The TLS library keeps a ticket key as long as a session that was begun with it. */
static void a_connection_lasts_no_longer_than_its_ticket_key(void **state)
{
    struct desk *desk = *state;
    struct raw raw = caller_of(desk);
    char answer[4096];

    say(&raw, "/now", "");
    assert_true(raw_receive(&raw, answer, sizeof answer) > 0);
    assert_null(strstr(answer, "Connection: close"));
    say(&raw, "/long", ""); /* without a deadline */
    wait_until(desk, &desk->waiting, 1);
    atomic_store(&monotonic_ahead_ms, HOUR_MS + 1);
    end(&desk->asides[0]);
    assert_true(raw_receive(&raw, answer, sizeof answer) > 0);
    assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
    assert_non_null(strstr(answer, "Connection: close"));
    assert_int_equal(raw_receive(&raw, answer, sizeof answer), 0);
    raw_close(&raw);
}

/* In one segment: the second and third are with the server before it has answered the first. */
static void requests_of_a_connection_are_answered_in_their_order(void **state)
{
    struct desk *desk = *state;
    struct raw raw = caller_of(desk);
    int on = 1, off = 0;

    say(&raw, "/now", ""); /* from the second request on the server reads ahead */
    hear(&raw, "now");
    for (unsigned round = 0; round < 5; round++) {
        assert_int_equal(setsockopt(raw.fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on), 0);
        say(&raw, "/first", "");
        say(&raw, "/second", "");
        say(&raw, "/now", "");
        assert_int_equal(setsockopt(raw.fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off), 0);
        wait_until(desk, &desk->waiting, 2 * round + 1);
        end(&desk->asides[2 * round]);
        hear(&raw, "\"path\":\"/first\"");
        wait_until(desk, &desk->waiting, 2 * round + 2);
        end(&desk->asides[2 * round + 1]);
        hear(&raw, "\"path\":\"/second\"");
        hear(&raw, "now");
    }
    raw_close(&raw);
}

static void *free_server(void *self)
{
    struct desk *desk = self;

    qw_http_server_free(desk->echo.server);
    pthread_mutex_lock(&desk->lock);
    desk->echo.server = NULL;
    pthread_mutex_unlock(&desk->lock);
    return NULL;
}

static void a_server_that_stops_waits_for_those_who_are_put_aside(void **state)
{
    struct desk *desk = *state;
    struct raw raw = caller_of(desk);
    pthread_t thread;
    bool is_there;

    say(&raw, "/last", "");
    wait_until(desk, &desk->waiting, 1);
    assert_int_equal(pthread_create(&thread, NULL, free_server, desk), 0);
    usleep(1000 * (IMPATIENT_MS + 500)); /* longer than it waits for slow readers */
    pthread_mutex_lock(&desk->lock);
    is_there = desk->echo.server != NULL;
    pthread_mutex_unlock(&desk->lock);
    assert_true(is_there);
    end(&desk->asides[0]);
    hear(&raw, "Connection: close");
    pthread_join(thread, NULL);
    assert_null(desk->echo.server);
    raw_close(&raw);
}

/* Else the library would stop with a connection that is put aside, and end the program. */
static void a_request_that_comes_while_a_server_stops_is_not_put_aside(void **state)
{
    struct desk *desk = *state;
    struct raw raw = caller_of(desk);
    char answer[4096];
    pthread_t thread;

    atomic_store(&stands_there, false);
    atomic_store(&is_held, true);
    say(&raw, "/late", "");
    while (!atomic_load(&stands_there)) {
        usleep(1000);
    }
    assert_int_equal(pthread_create(&thread, NULL, free_server, desk), 0);
    (void)raw_receive(&raw, answer, sizeof answer);
    pthread_join(thread, NULL);
    assert_int_equal(desk->waiting, 0);
    assert_true(answer[0] == '\0' || strncmp(answer, "HTTP/1.1 503", 12) == 0);
    raw_close(&raw);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define IMPATIENT_CASE(test) cmocka_unit_test_setup_teardown(test, start_impatient, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_answer_comes_when_what_it_waits_for_is_there),
        CASE(it_may_be_there_before_the_handler_returns),
        CASE(who_waits_holds_no_thread),
        IMPATIENT_CASE(who_waits_is_not_cut),
        CASE(a_caller_who_hangs_up_meanwhile_harms_nobody),
        CASE(who_may_not_call_any_more_is_told_nothing),
        CASE(who_is_revoked_meanwhile_is_cut_before_there_is_an_answer),
        CASE(a_connection_lasts_no_longer_than_its_ticket_key),
        CASE(requests_of_a_connection_are_answered_in_their_order),
        CASE(a_request_that_comes_while_a_server_stops_is_not_put_aside),
        IMPATIENT_CASE(a_server_that_stops_waits_for_those_who_are_put_aside),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
