/* SPDX-License-Identifier: Apache-2.0 */
/* The server with a worker that does what the test says: a real card, a real socket. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server.h"

#include "api/local_message.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/socket.h"
#include "unit/terminal/card_fixture.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

enum { ASK_MS = 5000 };

/* The radio: one job at a time, ended by the test. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int event;
    bool is_busy, wants_fresh;
    unsigned started; /* jobs so far */
    uint32_t wanted_keys;
    uint8_t context; /* first byte of an authentication's */
    struct qw_refill_result result;
    qw_err err;
} radio = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

bool worker_is_busy(const struct worker *worker)
{
    bool is_busy;

    (void)worker;
    pthread_mutex_lock(&radio.mutex);
    is_busy = radio.is_busy;
    pthread_mutex_unlock(&radio.mutex);
    return is_busy;
}

void worker_start(struct worker *worker, bool wants_fresh, uint32_t wanted_keys)
{
    (void)worker;
    pthread_mutex_lock(&radio.mutex);
    radio.is_busy = true;
    radio.wants_fresh = wants_fresh;
    radio.wanted_keys = wanted_keys;
    radio.started++;
    pthread_cond_broadcast(&radio.changed);
    pthread_mutex_unlock(&radio.mutex);
}

void worker_authenticate(struct worker *worker, const uint8_t context[static 32])
{
    (void)worker;
    pthread_mutex_lock(&radio.mutex);
    radio.is_busy = true;
    radio.context = context[0];
    radio.started++;
    pthread_cond_broadcast(&radio.changed);
    pthread_mutex_unlock(&radio.mutex);
}

int worker_fd(const struct worker *worker)
{
    (void)worker;
    return radio.event;
}

qw_err worker_finish(struct worker *worker, struct qw_refill_result *result)
{
    uint64_t ended;
    qw_err err;

    (void)worker;
    pthread_mutex_lock(&radio.mutex);
    assert_int_equal(read(radio.event, &ended, sizeof ended), sizeof ended);
    *result = radio.result;
    err = radio.err;
    radio.is_busy = false;
    pthread_mutex_unlock(&radio.mutex);
    return err;
}

/* The statement's id begins with the context's byte. */
qw_err worker_authenticated(struct worker *worker, struct qw_auth_outcome *outcome)
{
    struct qw_refill_result unused;
    qw_err err = worker_finish(worker, &unused);

    *outcome = (struct qw_auth_outcome){ .id = { radio.context }, .until_ms = 5 };
    return err;
}

static void wait_for_job(unsigned number)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    pthread_mutex_lock(&radio.mutex);
    while (radio.started < number) {
        assert_int_equal(pthread_cond_timedwait(&radio.changed, &radio.mutex, &until), 0);
    }
    pthread_mutex_unlock(&radio.mutex);
}

static void end_job(qw_err err, enum qw_plkg_refusal refusal, uint32_t added_keys, bool has_fresh)
{
    uint64_t one = 1;

    pthread_mutex_lock(&radio.mutex);
    radio.err = err;
    radio.result = (struct qw_refill_result){ .added_keys = added_keys,
                                              .has_fresh = has_fresh,
                                              .fresh_id = { 0xf1 },
                                              .fresh_key = { 0xf2 } };
    radio.result.ledger.probes = 77;
    radio.result.ledger.refusal = (uint8_t)refusal;
    assert_int_equal(write(radio.event, &one, sizeof one), sizeof one);
    pthread_mutex_unlock(&radio.mutex);
}

static struct settings settings;
static struct server_context context;
static atomic_bool stop;
static int listener = -1;
static char socket_path[96];
static pthread_t thread;

static void *serve(void *self)
{
    (void)self;
    assert_int_equal(server_run(&context, listener), QW_OK);
    return NULL;
}

static void start_server(bool automatic_refill)
{
    atomic_store(&stop, false);
    settings.automatic_refill = automatic_refill;
    assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
}

static int set_up(void **state)
{
    fixture_set_up(state);
    snprintf(socket_path, sizeof socket_path, "%s/s", fixture_folder);
    assert_int_equal(fixture_open(&context.card), QW_OK);
    radio.started = 0;
    radio.is_busy = false;
    radio.event = eventfd(0, EFD_CLOEXEC);
    assert_true(radio.event >= 0);
    settings = (struct settings){ .terminal_id = "terminal-1",
                                  .low_water_keys = 3,
                                  .high_water_keys = 10,
                                  .retry_interval_s = 1000 };
    context.settings = &settings;
    context.stop = &stop;
    assert_int_equal(qw_socket_listen_unix(socket_path, &listener), QW_OK);
    return 0;
}

static int tear_down(void **state)
{
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    qw_socket_close(listener);
    close(radio.event);
    qw_card_close(context.card);
    return fixture_tear_down(state);
}

static struct qw_local_answer ask(enum qw_local_request_kind kind)
{
    struct qw_local_answer answer;

    assert_int_equal(qw_local_ask(socket_path, kind, ASK_MS, &answer), QW_OK);
    return answer;
}

/* Asks without waiting; the answer is read later. */
static uint8_t context_byte; /* of an authentication */
static int ask_later(enum qw_local_request_kind kind)
{
    struct qw_local_request request = { .kind = kind };
    uint8_t frame[4 + QW_LOCAL_REQUEST_MAX];
    size_t len;
    int fd = -1;

    request.context[0] = kind == QW_LOCAL_AUTHENTICATE ? context_byte : 0;
    len = qw_local_request_encode(&request, frame + 4);
    assert_int_equal(qw_socket_connect_unix(socket_path, 1000, &fd), QW_OK);
    qw_store_u32be(frame, (uint32_t)len);
    assert_int_equal(qw_socket_write(fd, frame, 4 + len, qw_clock_monotonic_ms() + 1000), QW_OK);
    return fd;
}

static struct qw_local_answer answer_of(int fd)
{
    uint8_t head[4], data[QW_LOCAL_ANSWER_MAX];
    int64_t deadline_ms = qw_clock_monotonic_ms() + ASK_MS;
    struct qw_local_answer answer;

    assert_int_equal(qw_socket_read(fd, head, sizeof head, deadline_ms), QW_OK);
    assert_int_equal(qw_socket_read(fd, data, qw_load_u32be(head), deadline_ms), QW_OK);
    assert_int_equal(qw_local_answer_decode(data, qw_load_u32be(head), &answer), QW_OK);
    qw_socket_close(fd);
    return answer;
}

static void keys_and_status_are_given(void **state)
{
    struct qw_local_answer answer;
    uint8_t expected[32];

    (void)state;
    start_server(false);
    answer = ask(QW_LOCAL_STATUS);
    assert_int_equal(answer.result, QW_OK);
    assert_string_equal(answer.status.terminal_id, "terminal-1");
    assert_int_equal(answer.status.remaining_keys, FIXTURE_KEYS);
    assert_int_equal(answer.status.low_water_keys, 3);
    assert_int_equal(answer.status.pool_bits_up, 8 * FIXTURE_POOL);
    assert_true(answer.status.lasts_s == -1);
    for (uint64_t index = 100; index < 100 + FIXTURE_KEYS; index++) {
        answer = ask(QW_LOCAL_KEY);
        fixture_key(index, expected);
        assert_int_equal(answer.result, QW_OK);
        assert_memory_equal(answer.key, expected, 32);
    }
    assert_int_equal(ask(QW_LOCAL_KEY).result, QW_ERR_EXHAUSTED);
    answer = ask(QW_LOCAL_STATUS);
    assert_int_equal(answer.status.used_keys, FIXTURE_KEYS);
    assert_true(answer.status.keys_per_day > 0);
    assert_true(answer.status.lasts_s == 0);
    assert_int_equal(ask(QW_LOCAL_LEDGER).result, QW_ERR_NOT_FOUND);
    assert_int_equal(radio.started, 0);
}

static void a_low_stock_refills_itself_and_keys_are_given_meanwhile(void **state)
{
    struct qw_local_answer answer;

    (void)state;
    start_server(true);
    assert_int_equal(ask(QW_LOCAL_KEY).result, QW_OK); /* 3 left: not below the mark */
    assert_int_equal(ask(QW_LOCAL_KEY).result, QW_OK);
    wait_for_job(1);
    assert_false(radio.wants_fresh);
    assert_int_equal(radio.wanted_keys, 8);
    assert_int_equal(ask(QW_LOCAL_KEY).result, QW_OK);
    answer = ask(QW_LOCAL_STATUS);
    assert_true(answer.status.is_refilling);
    assert_int_equal(answer.status.remaining_keys, 1);
    end_job(QW_OK, QW_PLKG_NONE, 2, false); /* a part only: it goes on */
    wait_for_job(2);
    answer = ask(QW_LOCAL_STATUS);
    assert_int_equal(answer.status.refills, 1);
    assert_true(answer.status.is_refilling);
}

static void a_refused_refill_is_said_and_not_tried_again_soon(void **state)
{
    struct qw_local_answer answer;
    struct qw_plkg_ledger ledger;

    (void)state;
    start_server(true);
    assert_int_equal(ask(QW_LOCAL_KEY).result, QW_OK);
    assert_int_equal(ask(QW_LOCAL_KEY).result, QW_OK);
    wait_for_job(1);
    end_job(QW_ERR_REFUSED, QW_PLKG_STATIC, 0, false);
    do {
        answer = ask(QW_LOCAL_STATUS);
    } while (answer.status.is_refilling);
    poll(NULL, 0, 600); /* two rounds of the server */
    answer = ask(QW_LOCAL_STATUS);
    assert_false(answer.status.is_refilling);
    assert_int_equal(answer.status.refusals, 1);
    assert_int_equal(answer.status.last_refusal, QW_PLKG_STATIC);
    assert_int_equal(radio.started, 1);
    answer = ask(QW_LOCAL_LEDGER);
    assert_int_equal(answer.result, QW_OK);
    assert_int_equal(qw_plkg_ledger_decode(answer.ledger, answer.ledger_len, &ledger), QW_OK);
    assert_int_equal(ledger.probes, 77);
    assert_int_equal(ledger.refusal, QW_PLKG_STATIC);
}

static void everybody_who_waits_for_a_refill_gets_the_answer_of_the_same_one(void **state)
{
    int first, second;

    (void)state;
    start_server(false);
    first = ask_later(QW_LOCAL_REFILL);
    wait_for_job(1);
    second = ask_later(QW_LOCAL_REFILL);
    assert_int_equal(ask(QW_LOCAL_STATUS).result, QW_OK); /* second has been read by then */
    end_job(QW_OK, QW_PLKG_NONE, 6, false);
    assert_int_equal(answer_of(first).result, QW_OK);
    assert_int_equal(answer_of(second).result, QW_OK);
    assert_int_equal(radio.started, 1);
}

static void a_refusal_by_chance_is_tried_three_times_before_the_answer(void **state)
{
    int client;

    (void)state;
    start_server(false);
    client = ask_later(QW_LOCAL_REFILL);
    for (unsigned number = 1; number <= 3; number++) {
        wait_for_job(number);
        end_job(QW_ERR_REFUSED, QW_PLKG_DECODE, 0, false);
    }
    assert_int_equal(answer_of(client).result, QW_ERR_REFUSED);
    assert_int_equal(ask(QW_LOCAL_STATUS).status.refusals, 3);
    assert_int_equal(radio.started, 3);
}

static void a_full_card_needs_no_refill(void **state)
{
    struct qw_package p = fixture_package(QW_PACKAGE_CHARGE, 2, 104, 6, 0, 0);
    uint8_t receipt[QW_RECEIPT_LEN];

    (void)state;
    assert_int_equal(
        qw_card_take_package(context.card, fixture_sealed, fixture_seal(&p), receipt, NULL, NULL),
        QW_OK);
    start_server(true);
    assert_int_equal(ask(QW_LOCAL_REFILL).result, QW_OK);
    assert_int_equal(radio.started, 0);
}

static void a_fresh_key_goes_to_the_one_who_has_waited_longest(void **state)
{
    struct qw_local_answer answer;
    int first, second;

    (void)state;
    start_server(false);
    first = ask_later(QW_LOCAL_FRESH);
    wait_for_job(1);
    assert_true(radio.wants_fresh);
    second = ask_later(QW_LOCAL_FRESH);
    end_job(QW_OK, QW_PLKG_NONE, 0, true);
    answer = answer_of(first);
    assert_int_equal(answer.result, QW_OK);
    assert_int_equal(answer.key_id[0], 0xf1);
    assert_int_equal(answer.key[0], 0xf2);
    wait_for_job(2);
    end_job(QW_ERR_CLOSED, QW_PLKG_NONE, 0, false);
    answer = answer_of(second);
    assert_int_equal(answer.result, QW_ERR_CLOSED);
}

static void a_package_that_was_pending_comes_before_the_fresh_key(void **state)
{
    int client, other;

    (void)state;
    start_server(false);
    client = ask_later(QW_LOCAL_FRESH);
    wait_for_job(1);
    end_job(QW_OK, QW_PLKG_NONE, 3, false);
    wait_for_job(2);
    assert_true(radio.wants_fresh);
    end_job(QW_OK, QW_PLKG_NONE, 0, true);
    assert_int_equal(answer_of(client).key[0], 0xf2);
    other = ask_later(QW_LOCAL_FRESH);
    for (unsigned number = 3; number < 6; number++) {
        wait_for_job(number);
        end_job(QW_OK, QW_PLKG_NONE, 1, false);
    }
    assert_int_equal(answer_of(other).result, QW_ERR_UNAVAILABLE);
}

static void a_refill_that_adds_nothing_is_a_failure(void **state)
{
    int client;

    (void)state;
    start_server(false);
    client = ask_later(QW_LOCAL_REFILL);
    wait_for_job(1);
    end_job(QW_OK, QW_PLKG_NONE, 0, false);
    assert_int_equal(answer_of(client).result, QW_ERR_EXHAUSTED);
    assert_int_equal(ask(QW_LOCAL_STATUS).status.refusals, 1);
}

static void a_statement_is_for_the_context_it_was_asked_with(void **state)
{
    struct qw_local_answer answer;
    int first, second, gone;

    (void)state;
    start_server(false);
    context_byte = 0xa1;
    first = ask_later(QW_LOCAL_AUTHENTICATE);
    wait_for_job(1);
    context_byte = 0xa2;
    gone = ask_later(QW_LOCAL_AUTHENTICATE);
    end_job(QW_OK, QW_PLKG_NONE, 0, false);
    answer = answer_of(first);
    assert_int_equal(answer.result, QW_OK);
    assert_int_equal(answer.key_id[0], 0xa1);
    assert_int_equal(answer.until_ms, 5);

    wait_for_job(2); /* whoever asked for this one hangs up */
    qw_socket_close(gone);
    context_byte = 0xa3;
    second = ask_later(QW_LOCAL_AUTHENTICATE);
    assert_int_equal(ask(QW_LOCAL_STATUS).result, QW_OK);
    end_job(QW_OK, QW_PLKG_NONE, 0, false);
    wait_for_job(3);
    end_job(QW_ERR_REFUSED, QW_PLKG_NONE, 0, false);
    answer = answer_of(second); /* its own, with its reason */
    assert_int_equal(answer.result, QW_ERR_REFUSED);
    qw_socket_close(first);
    qw_socket_close(second);
}

static void who_hangs_up_withdraws_the_request(void **state)
{
    int client;

    (void)state;
    start_server(false);
    client = ask_later(QW_LOCAL_FRESH);
    wait_for_job(1);
    qw_socket_close(client);
    poll(NULL, 0, 300);
    end_job(QW_OK, QW_PLKG_NONE, 0, true); /* the key is lost, nobody else gets it */
    poll(NULL, 0, 300);
    assert_int_equal(radio.started, 1);
    assert_int_equal(ask(QW_LOCAL_STATUS).result, QW_OK);
}

static void assert_is_shown_the_door(const void *data, size_t len)
{
    int fd = -1;
    char heard;

    assert_int_equal(qw_socket_connect_unix(socket_path, 1000, &fd), QW_OK);
    assert_int_equal(qw_socket_write(fd, data, len, qw_clock_monotonic_ms() + 1000), QW_OK);
    assert_int_equal(qw_socket_read(fd, &heard, 1, qw_clock_monotonic_ms() + 2000), QW_ERR_CLOSED);
    qw_socket_close(fd);
}

static void whoever_talks_nonsense_is_shown_the_door(void **state)
{
    static const char too_long[4 + 37] = "\0\0\0\45QWL\1\2"; /* KEY with a context */

    (void)state;
    start_server(false);
    assert_is_shown_the_door("\0\0\0\4QWL\1", 8);
    assert_is_shown_the_door("\xff\xff\xff\xff", 4);
    assert_is_shown_the_door("\0\0\0\5QWL\1\0", 9);
    assert_is_shown_the_door("\0\0\0\5QWL\1\6", 9); /* no context */
    assert_is_shown_the_door("\0\0\0\5QWL\1\7", 9);
    assert_is_shown_the_door(too_long, sizeof too_long);
    assert_is_shown_the_door("\0\0\0\5QWX\1\1", 9);
    assert_int_equal(ask(QW_LOCAL_STATUS).result, QW_OK);
}

static void a_request_may_come_byte_by_byte_and_several_on_one_connection(void **state)
{
    static const char frame[] = "\0\0\0\5QWL\1\2";
    uint8_t head[4], data[QW_LOCAL_ANSWER_MAX], expected[32];
    struct qw_local_answer answer;
    int fd = -1;

    (void)state;
    start_server(false);
    assert_int_equal(qw_socket_connect_unix(socket_path, 1000, &fd), QW_OK);
    for (uint64_t index = 100; index < 103; index++) {
        int64_t deadline_ms = qw_clock_monotonic_ms() + ASK_MS;

        for (size_t i = 0; i < 9; i++) {
            assert_int_equal(qw_socket_write(fd, frame + i, 1, deadline_ms), QW_OK);
        }
        assert_int_equal(qw_socket_read(fd, head, 4, deadline_ms), QW_OK);
        assert_int_equal(qw_socket_read(fd, data, qw_load_u32be(head), deadline_ms), QW_OK);
        assert_int_equal(qw_local_answer_decode(data, qw_load_u32be(head), &answer), QW_OK);
        fixture_key(index, expected);
        assert_memory_equal(answer.key, expected, 32);
    }
    qw_socket_close(fd);
}

static void idle_connections_make_room_for_a_new_one(void **state)
{
    int fds[40];

    (void)state;
    start_server(false);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        assert_int_equal(qw_socket_connect_unix(socket_path, 1000, &fds[i]), QW_OK);
    }
    assert_int_equal(ask(QW_LOCAL_STATUS).result, QW_OK);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        qw_socket_close(fds[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_and_status_are_given),
        TEST(a_low_stock_refills_itself_and_keys_are_given_meanwhile),
        TEST(a_refused_refill_is_said_and_not_tried_again_soon),
        TEST(everybody_who_waits_for_a_refill_gets_the_answer_of_the_same_one),
        TEST(a_refusal_by_chance_is_tried_three_times_before_the_answer),
        TEST(a_full_card_needs_no_refill),
        TEST(a_fresh_key_goes_to_the_one_who_has_waited_longest),
        TEST(a_package_that_was_pending_comes_before_the_fresh_key),
        TEST(a_refill_that_adds_nothing_is_a_failure),
        TEST(a_statement_is_for_the_context_it_was_asked_with),
        TEST(who_hangs_up_withdraws_the_request),
        TEST(whoever_talks_nonsense_is_shown_the_door),
        TEST(a_request_may_come_byte_by_byte_and_several_on_one_connection),
        TEST(idle_connections_make_room_for_a_new_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
