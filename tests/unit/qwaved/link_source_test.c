/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C2 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/socket.h"
#include "qkd/handover/frame.h"
#include "qkd/link.h"
#include "source/link_source.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The real thread on a real socket; the link process is this test. */
FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(qw_err, qw_file_replace, QW_ERR_IO, (const char *path, const uint8_t *data, size_t len),
         (path, data, len));

enum { WAIT_MS = 60000, KEY_LEN = 64 };

struct world {
    char folder[40], path[64], mark[64];
    struct qw_log log;
    struct link_source_config config;
    struct qw_key_source source;
    int fd;
    struct qw_handover_inbox inbox;
};

static void open_source(struct world *w)
{
    assert_int_equal(link_source_open(&w->config, &w->source), QW_OK);
}

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    strcpy(w->folder, "/tmp/qwave-link-source-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->path, sizeof w->path, "%s/link", w->folder);
    (void)snprintf(w->mark, sizeof w->mark, "%s/link.mark", w->folder);
    w->log = (struct qw_log){ .stream = fopen("/dev/null", "w"), .component = "test" };
    w->config = (struct link_source_config){
        .name = "north", .path = w->path, .is_simulated = true, .log = &w->log
    };
    w->inbox.message = malloc(QW_HANDOVER_LEN_MAX);
    assert_non_null(w->inbox.message);
    w->fd = -1;
    open_source(w);
    *state = w;
    return 0;
}

static int remove_world(void **state)
{
    struct world *w = *state;

    fail_nth = 0;
    qw_socket_close(w->fd);
    qw_key_source_close(&w->source);
    unlink(w->mark);
    assert_int_equal(access(w->path, F_OK), -1); /* closing takes the socket away */
    assert_int_equal(rmdir(w->folder), 0);
    fclose(w->log.stream);
    free(w->inbox.message);
    free(w);
    return 0;
}

/* ---- the link process ---- */

static void say(struct world *w, const uint8_t *message, size_t len)
{
    assert_int_equal(qw_handover_send(w->fd, message, len, qw_clock_monotonic_ms() + WAIT_MS),
                     QW_OK);
}

static qw_err hear(struct world *w, size_t *len)
{
    return qw_handover_receive(w->fd, &w->inbox, len, qw_clock_monotonic_ms() + WAIT_MS);
}

static void connect_only(struct world *w)
{
    qw_socket_close(w->fd);
    w->inbox.head_got = 0;
    w->inbox.body_got = 0;
    assert_int_equal(qw_socket_connect_unix(w->path, WAIT_MS, &w->fd), QW_OK);
}

static void greet(struct world *w, enum qw_qkd_end end, const char *name, bool is_simulated)
{
    struct qw_handover_hello hello = { .end = (uint8_t)end, .is_simulated = is_simulated };
    uint8_t message[QW_HANDOVER_SHORT_MAX];

    strcpy(hello.name, name);
    connect_only(w);
    say(w, message, qw_handover_hello_encode(&hello, message));
}

static void come(struct world *w, enum qw_qkd_end end)
{
    size_t len;

    greet(w, end, "north", true);
    assert_int_equal(hear(w, &len), QW_OK);
    assert_int_equal(qw_handover_welcome_decode(w->inbox.message, len), QW_OK);
}

/* A key whose bytes count up from first. */
static void send_key(struct world *w, uint8_t session, uint32_t block, uint8_t first,
                     size_t key_len)
{
    uint8_t *bytes = malloc(key_len + QW_HANDOVER_LEN_MAX);
    struct qw_handover_key key = { .errors_ppm = 21000, .key = bytes, .len = key_len };

    assert_non_null(bytes);
    memset(key.label.session, session, sizeof key.label.session);
    key.label.block = block;
    for (size_t i = 0; i < key_len; i++) {
        bytes[i] = (uint8_t)(first + i);
    }
    say(w, bytes + key_len, qw_handover_key_encode(&key, bytes + key_len));
    free(bytes);
}

static enum qw_handover_result give(struct world *w, uint8_t session, uint32_t block, uint8_t first,
                                    size_t key_len)
{
    struct qw_handover_taken taken;
    size_t len;

    send_key(w, session, block, first, key_len);
    assert_int_equal(hear(w, &len), QW_OK);
    assert_int_equal(qw_handover_taken_decode(w->inbox.message, len, &taken), QW_OK);
    assert_int_equal(taken.label.block, block);
    assert_int_equal(taken.label.session[15], session);
    return (enum qw_handover_result)taken.result;
}

static struct qw_key_source_health health_of(struct world *w)
{
    struct qw_key_source_health health;

    w->source.health(w->source.self, &health);
    return health;
}

/* Waits until the thread has seen what happened. */
static struct qw_key_source_health wait_for(struct world *w, bool is_running, const char *reason)
{
    int64_t end_ms = qw_clock_monotonic_ms() + WAIT_MS;
    struct qw_key_source_health health = health_of(w);

    while (health.is_running != is_running || strstr(health.reason, reason) == NULL) {
        const struct timespec nap = { .tv_nsec = 1000000 };

        assert_true(qw_clock_monotonic_ms() < end_ms);
        nanosleep(&nap, NULL);
        health = health_of(w);
    }
    return health;
}

static void assert_gives(struct world *w, uint8_t first, size_t len)
{
    uint8_t key[KEY_LEN];

    assert_int_equal(w->source.available_bits(w->source.self), 8 * len);
    assert_int_equal(w->source.take(w->source.self, key, len), QW_OK);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(key[i], (uint8_t)(first + i));
    }
    assert_int_equal(w->source.take(w->source.self, key, 1), QW_ERR_EXHAUSTED);
}

/* ---- tests ---- */

static void gives_the_half_of_its_end_and_says_that_it_runs(void **state)
{
    struct world *w = *state;
    struct qw_key_source_health health = health_of(w);
    struct stat info;

    assert_string_equal(w->source.name, "qkd:north");
    assert_true(w->source.is_simulated && !w->source.is_quantum);
    assert_false(health.is_running);
    assert_non_null(strstr(health.reason, "not come yet"));
    assert_int_equal(stat(w->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    come(w, QW_QKD_ALICE);
    assert_int_equal(give(w, 1, 0, 10, 41), QW_HANDOVER_TAKEN);
    assert_gives(w, 10, 20);
    health = wait_for(w, true, "");
    assert_true(health.error_rate > 0.0209 && health.error_rate < 0.0211);
    come(w, QW_QKD_BOB);
    assert_int_equal(give(w, 2, 0, 10, 41), QW_HANDOVER_TAKEN);
    assert_gives(w, 30, 20);
}

/* S2 */
static void a_label_is_taken_once(void **state)
{
    struct world *w = *state;

    come(w, QW_QKD_ALICE);
    assert_int_equal(give(w, 1, 4, 0, 8), QW_HANDOVER_TAKEN);
    assert_int_equal(give(w, 1, 4, 0, 8), QW_HANDOVER_TAKEN_BEFORE);
    assert_int_equal(give(w, 1, 3, 0, 8), QW_HANDOVER_TAKEN_BEFORE);
    come(w, QW_QKD_ALICE);
    assert_int_equal(give(w, 1, 4, 0, 8), QW_HANDOVER_TAKEN_BEFORE);
    assert_gives(w, 0, 4);
    assert_int_equal(give(w, 1, 5, 50, 8), QW_HANDOVER_TAKEN);
    assert_gives(w, 50, 4);
}

static void also_after_a_restart(void **state)
{
    struct world *w = *state;

    come(w, QW_QKD_ALICE);
    assert_int_equal(give(w, 1, 4, 0, 8), QW_HANDOVER_TAKEN);
    qw_key_source_close(&w->source); /* what was not taken is lost, and never comes again */
    open_source(w);
    come(w, QW_QKD_ALICE);
    assert_int_equal(give(w, 1, 4, 0, 8), QW_HANDOVER_TAKEN_BEFORE);
    assert_int_equal(w->source.available_bits(w->source.self), 0);
    assert_int_equal(give(w, 9, 0, 70, 8), QW_HANDOVER_TAKEN); /* another session is another key */
    assert_gives(w, 70, 4);
}

static void a_mark_that_cannot_be_written_keeps_the_key_out(void **state)
{
    struct world *w = *state;
    size_t len;

    come(w, QW_QKD_ALICE);
    fail_nth = 1;
    send_key(w, 1, 0, 0, 8);
    assert_int_equal(hear(w, &len), QW_ERR_CLOSED);
    fail_nth = 0;
    (void)wait_for(w, false, "no mark can be written");
    assert_int_equal(w->source.available_bits(w->source.self), 0);
    come(w, QW_QKD_ALICE);
    assert_int_equal(give(w, 1, 0, 0, 8), QW_HANDOVER_TAKEN);
    assert_gives(w, 0, 4);
}

static void what_does_not_fit_is_not_kept_and_not_marked(void **state)
{
    struct world *w = *state;
    uint8_t *all = malloc(512 * 1024);

    assert_non_null(all);
    come(w, QW_QKD_BOB);
    assert_int_equal(give(w, 1, 0, 0, 1000000), QW_HANDOVER_TAKEN); /* 500000 of 524288 bytes */
    assert_int_equal(give(w, 1, 1, 0, 100000), QW_HANDOVER_NO_ROOM);
    assert_int_equal(w->source.take(w->source.self, all, 500000), QW_OK);
    assert_int_equal(give(w, 1, 1, 0, 100000), QW_HANDOVER_TAKEN);
    free(all);
}

/* Steps C1 and S4. */
static void another_link_and_other_light_are_refused(void **state)
{
    struct world *w = *state;
    size_t len;

    greet(w, QW_QKD_ALICE, "south", true);
    assert_int_equal(hear(w, &len), QW_ERR_CLOSED);
    greet(w, QW_QKD_ALICE, "north", false);
    assert_int_equal(hear(w, &len), QW_ERR_CLOSED);
    assert_false(health_of(w).is_running);
    come(w, QW_QKD_ALICE);
    assert_true(health_of(w).is_running || wait_for(w, true, "").is_running);
}

static void a_real_link_is_quantum_and_takes_no_simulated_light(void **state)
{
    struct world *w = *state;
    size_t len;

    qw_key_source_close(&w->source);
    w->config.is_simulated = false;
    open_source(w);
    assert_true(w->source.is_quantum && !w->source.is_simulated);
    greet(w, QW_QKD_ALICE, "north", true);
    assert_int_equal(hear(w, &len), QW_ERR_CLOSED);
}

static void a_reason_to_stop_stays_until_the_next_process_comes(void **state)
{
    const struct qw_handover_stopped stopped = { QW_QKD_QBER, 251000 };
    struct world *w = *state;
    uint8_t message[QW_HANDOVER_SHORT_MAX];
    struct qw_key_source_health health;

    come(w, QW_QKD_ALICE);
    assert_int_equal(give(w, 1, 0, 0, 8), QW_HANDOVER_TAKEN);
    say(w, message, qw_handover_stopped_encode(&stopped, message));
    health = wait_for(w, false, "QBER: the error rate is above the limit");
    assert_true(health.error_rate > 0.2509 && health.error_rate < 0.2511);
    qw_socket_close(w->fd);
    w->fd = -1;
    assert_gives(w, 0, 4); /* what came before is good */
    assert_non_null(strstr(health_of(w).reason, "QBER"));
    come(w, QW_QKD_ALICE);
    (void)wait_for(w, true, "");
}

static void a_process_that_dies_is_missed(void **state)
{
    struct world *w = *state;

    come(w, QW_QKD_ALICE);
    (void)wait_for(w, true, "");
    qw_socket_close(w->fd);
    w->fd = -1;
    (void)wait_for(w, false, "its process is gone");
}

static void anything_else_than_the_protocol_ends_the_connection(void **state)
{
    static const uint8_t strange[][2] = { { 2, 1 }, { 9, 9 }, { 4, 0 } };
    struct world *w = *state;
    size_t len;

    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        connect_only(w); /* before HELLO */
        say(w, strange[i], sizeof strange[i]);
        assert_int_equal(hear(w, &len), QW_ERR_CLOSED);
        come(w, QW_QKD_ALICE); /* and after */
        say(w, strange[i], sizeof strange[i]);
        assert_int_equal(hear(w, &len), QW_ERR_CLOSED);
    }
    connect_only(w);
    assert_int_equal(
        qw_socket_write(w->fd, "\xff\xff\xff\xff", 4, qw_clock_monotonic_ms() + WAIT_MS), QW_OK);
    assert_int_equal(hear(w, &len), QW_ERR_CLOSED);
    assert_int_equal(w->source.available_bits(w->source.self), 0);
}

/* P1: three quarters of the half are stock, the last one is for the other end's centre. */
static void a_quarter_is_set_aside_for_the_centre_at_the_other_end(void **state)
{
    struct world *w = *state;
    struct link_pad_place place;
    uint8_t pad[16];

    assert_null(link_source_pads(&w->source));
    qw_key_source_close(&w->source);
    w->config.has_pads = true;
    open_source(w);
    come(w, QW_QKD_ALICE);
    assert_int_equal(give(w, 1, 0, 0, 128), QW_HANDOVER_TAKEN);
    assert_gives(w, 0, 48);
    assert_int_equal(link_pads_draw(link_source_pads(&w->source), 16, pad, &place), QW_OK);
    assert_int_equal(place.label.block, 0);
    assert_int_equal(pad[0], 48);
    assert_int_equal(pad[15], 63);
    assert_int_equal(link_pads_draw(link_source_pads(&w->source), 1, pad, &place),
                     QW_ERR_EXHAUSTED);
    place.offset = 0;
    assert_int_equal(link_pads_look(link_source_pads(&w->source), &place, 16, pad), QW_OK);
    assert_int_equal(pad[0], 112); /* of bob's half */
}

static void refuses_a_socket_in_use_a_false_mark_and_names_that_are_too_long(void **state)
{
    struct world *w = *state;
    struct link_source_config config = w->config;
    struct qw_key_source source = { .name = "untouched" };
    char long_path[1100];

    assert_int_equal(link_source_open(&config, &source), QW_ERR_CONFLICT);
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    config.path = long_path;
    assert_int_equal(link_source_open(&config, &source), QW_ERR_ARG);
    config.path = w->path;
    config.name = long_path;
    assert_int_equal(link_source_open(&config, &source), QW_ERR_ARG);
    qw_key_source_close(&w->source);
    for (size_t len = 19; len <= 21; len += 2) {
        assert_int_equal(qw_file_replace(w->mark, (const uint8_t *)long_path, len), QW_OK);
        assert_int_equal(link_source_open(&w->config, &source), QW_ERR_FORMAT);
    }
    assert_int_equal(chmod(w->mark, 0644), 0);
    assert_int_equal(link_source_open(&w->config, &source), QW_ERR_REFUSED);
    assert_string_equal(source.name, "untouched");
    unlink(w->mark);
    open_source(w);
}

static void comes_up_whole_or_not_at_all(void **state)
{
    struct world *w = *state;
    struct qw_key_source source = { .self = NULL };
    qw_err err = QW_ERR_NOMEM;

    qw_key_source_close(&w->source);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_nth = n;
        err = link_source_open(&w->config, &source);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && source.self == NULL));
    }
    fail_nth = 0;
    w->source = source;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)
    const struct CMUnitTest tests[] = {
        TEST(gives_the_half_of_its_end_and_says_that_it_runs),
        TEST(a_label_is_taken_once),
        TEST(also_after_a_restart),
        TEST(a_mark_that_cannot_be_written_keeps_the_key_out),
        TEST(what_does_not_fit_is_not_kept_and_not_marked),
        TEST(another_link_and_other_light_are_refused),
        TEST(a_real_link_is_quantum_and_takes_no_simulated_light),
        TEST(a_reason_to_stop_stays_until_the_next_process_comes),
        TEST(a_process_that_dies_is_missed),
        TEST(anything_else_than_the_protocol_ends_the_connection),
        TEST(a_quarter_is_set_aside_for_the_centre_at_the_other_end),
        TEST(refuses_a_socket_in_use_a_false_mark_and_names_that_are_too_long),
        TEST(comes_up_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
