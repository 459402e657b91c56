/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q5 C2 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "source/stream_reader.h"
#include "source/stream_source.h"
#include "support/fail_nth.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The real thread; what it reads is this test's (tests.cmake). */
FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

enum { WAIT_MS = 60000, KEY_LEN = 64 };

enum { QUIET, KEY, AWAY };
static atomic_int what; /* the next steps have to say */
static atomic_int keys_given;

struct stream_step __wrap_stream_reader_step(struct stream_reader *reader, int64_t unix_s);
struct stream_step __wrap_stream_reader_step(struct stream_reader *reader, int64_t unix_s)
{
    assert_non_null(reader);
    assert_true(unix_s > 1700000000);
    if (atomic_load(&what) == KEY) {
        atomic_store(&what, QUIET);
        atomic_fetch_add(&keys_given, 1);
        return (struct stream_step){ .has_key = true };
    }
    return (struct stream_step){ .pause = STREAM_PAUSE_SHORT,
                                 .reason = atomic_load(&what) == AWAY ? "it is away" : NULL };
}

struct world {
    char folder[40], mark[64];
    struct qw_log log;
    struct stream_source_config config;
    struct qw_key_source source;
};

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    atomic_store(&what, QUIET);
    strcpy(w->folder, "/tmp/qwave-stream-source-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->mark, sizeof w->mark, "%s/mark", w->folder);
    w->log = (struct qw_log){ .stream = fopen("/dev/null", "w"), .component = "test" };
    w->config = (struct stream_source_config){
        .name = "vendor",
        .mark_path = w->mark,
        .settings = { .local = "a", .remote = "b", .chunk_bytes = 32, .block_chunks = 2 },
        .log = &w->log
    };
    assert_int_equal(stream_source_open(&w->config, &w->source), QW_OK);
    *state = w;
    return 0;
}

static int remove_world(void **state)
{
    struct world *w = *state;

    fail_nth = 0;
    qw_key_source_close(&w->source);
    unlink(w->mark);
    assert_int_equal(rmdir(w->folder), 0);
    fclose(w->log.stream);
    free(w);
    return 0;
}

static struct qw_key_source_health wait_for(struct world *w, bool is_running, const char *reason)
{
    int64_t end_ms = qw_clock_monotonic_ms() + WAIT_MS;
    struct qw_key_source_health health;

    w->source.health(w->source.self, &health);
    while (health.is_running != is_running || strstr(health.reason, reason) == NULL) {
        const struct timespec nap = { .tv_nsec = 1000000 };

        assert_true(qw_clock_monotonic_ms() < end_ms);
        nanosleep(&nap, NULL);
        w->source.health(w->source.self, &health);
    }
    return health;
}

static void says_who_it_is_and_claims_nothing(void **state)
{
    struct world *w = *state;
    uint8_t key[KEY_LEN];

    assert_string_equal(w->source.name, "kme:vendor");
    assert_false(w->source.is_quantum || w->source.is_simulated);
    assert_null(stream_source_pads(&w->source));
    assert_int_equal(w->source.available_bits(w->source.self), 0);
    assert_int_equal(w->source.take(w->source.self, key, sizeof key), QW_ERR_EXHAUSTED);
    assert_true(wait_for(w, false, "no key has come").error_rate < 0);
}

static void says_whether_keys_come_and_why_not(void **state)
{
    struct world *w = *state;

    atomic_store(&what, AWAY);
    (void)wait_for(w, false, "it is away");
    atomic_store(&what, KEY);
    (void)wait_for(w, true, "");
    atomic_store(&what, AWAY);
    (void)wait_for(w, false, "it is away");
}

static void pads_are_there_when_they_are_asked_for(void **state)
{
    struct world *w = *state;

    qw_key_source_close(&w->source);
    w->config.has_pads = true;
    assert_int_equal(stream_source_open(&w->config, &w->source), QW_OK);
    assert_non_null(stream_source_pads(&w->source));
    assert_false(link_pads_are_simulated(stream_source_pads(&w->source)));
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    struct world *w = *state;
    char name[61];

    qw_key_source_close(&w->source);
    memset(name, 'n', 60);
    name[60] = '\0';
    w->config.name = name;
    assert_int_equal(stream_source_open(&w->config, &w->source), QW_ERR_ARG);
    w->config.name = name + 1;
    assert_int_equal(stream_source_open(&w->config, &w->source), QW_OK);
    assert_int_equal(strlen(w->source.name), 63);
}

static void a_failed_allocation_leaves_nothing(void **state)
{
    struct world *w = *state;
    qw_err err = QW_ERR_NOMEM;

    qw_key_source_close(&w->source);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        fail_nth = n;
        err = stream_source_open(&w->config, &w->source);
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)
    const struct CMUnitTest tests[] = {
        TEST(says_who_it_is_and_claims_nothing),      TEST(says_whether_keys_come_and_why_not),
        TEST(pads_are_there_when_they_are_asked_for), TEST(a_name_that_is_too_long_is_refused),
        TEST(a_failed_allocation_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
