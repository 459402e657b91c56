/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W10 */
/* What an access point tells its centre of a session, and what it never does
 * [docs/protocol/radio-view.md]; centre and air are played here. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reporter.h"

#include "api/http_client.h"
#include "radio/air/viewer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 60, BODIES = 16 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t called;
    bool is_watched;  /* what the centre answers */
    unsigned status;  /* of a body with frames; any other is taken */
    int calls, shown; /* all of them; those with frames */
    int viewers;      /* that are open */
    int viewers_made;
    int moments;             /* given */
    qw_err air;              /* what a viewer gets */
    char body[BODIES][8192]; /* the first ones with frames */
    char ledger[8192];       /* body with a ledger */
    atomic_int fail_at;      /* the n-th allocation or thread from now on */
} world = { .lock = PTHREAD_MUTEX_INITIALIZER, .called = PTHREAD_COND_INITIALIZER };

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);

static bool is_failing(void)
{
    return atomic_load(&world.fail_at) > 0 && atomic_fetch_sub(&world.fail_at, 1) == 1;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_failing() ? NULL : __real_calloc(count, size);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
    return is_failing() ? 11 : __real_pthread_create(thread, attributes, start, argument);
}

qw_err __wrap_qw_http_client_new(const struct qw_http_client_config *config,
                                 struct qw_http_client **client);
qw_err __wrap_qw_http_client_new(const struct qw_http_client_config *config,
                                 struct qw_http_client **client)
{
    assert_string_equal(config->base_url, "https://centre");
    *client = NULL;
    return is_failing() ? QW_ERR_NOMEM : QW_OK;
}

void __wrap_qw_http_client_free(struct qw_http_client *client);
void __wrap_qw_http_client_free(struct qw_http_client *client)
{
    assert_null(client);
}

qw_err __wrap_qw_http_client_call(struct qw_http_client *client, const char *method,
                                  const char *path, const char *body, unsigned *status,
                                  const char **answer, size_t *answer_len);
qw_err __wrap_qw_http_client_call(struct qw_http_client *client, const char *method,
                                  const char *path, const char *body, unsigned *status,
                                  const char **answer, size_t *answer_len)
{
    bool has_frames = strstr(body, "\"frames\"") != NULL;

    (void)client;
    assert_string_equal(method, "POST");
    assert_string_equal(path, "/v1/radio/view");
    pthread_mutex_lock(&world.lock);
    world.calls++;
    if (has_frames && world.shown++ < BODIES) {
        (void)snprintf(world.body[world.shown - 1], sizeof world.body[0], "%s", body);
    }
    if (strstr(body, "\"ledger\"") != NULL) {
        (void)snprintf(world.ledger, sizeof world.ledger, "%s", body);
    }
    *status = has_frames ? world.status : 200;
    *answer = world.is_watched ? "{\"is_watched\":true}" : "{\"is_watched\":false}";
    *answer_len = strlen(*answer);
    pthread_cond_broadcast(&world.called);
    pthread_mutex_unlock(&world.lock);
    return QW_OK;
}

qw_err __wrap_qw_air_viewer_new(const char *address, uint16_t port, int timeout_ms,
                                struct qw_air_viewer **viewer);
qw_err __wrap_qw_air_viewer_new(const char *address, uint16_t port, int timeout_ms,
                                struct qw_air_viewer **viewer)
{
    (void)timeout_ms;
    assert_string_equal(address, "127.0.0.1");
    assert_int_equal(port, 4801);
    pthread_mutex_lock(&world.lock);
    world.viewers++;
    world.viewers_made++;
    pthread_cond_broadcast(&world.called);
    pthread_mutex_unlock(&world.lock);
    *viewer = (struct qw_air_viewer *)&world; /* never looked into */
    return QW_OK;
}

void __wrap_qw_air_viewer_free(struct qw_air_viewer *viewer);
void __wrap_qw_air_viewer_free(struct qw_air_viewer *viewer)
{
    pthread_mutex_lock(&world.lock);
    world.viewers -= viewer == NULL ? 0 : 1;
    pthread_mutex_unlock(&world.lock);
}

qw_err __wrap_qw_air_viewer_next(struct qw_air_viewer *viewer, struct qw_air_moment *moment,
                                 int timeout_ms);
qw_err __wrap_qw_air_viewer_next(struct qw_air_viewer *viewer, struct qw_air_moment *moment,
                                 int timeout_ms)
{
    qw_err err;

    (void)viewer;
    (void)timeout_ms;
    memset(moment->is_heard, 0, sizeof moment->is_heard);
    for (size_t end = 0; end < QW_AIR_ENDS; end++) {
        struct qw_csi_frame *frame = &moment->frame[end];

        qw_csi_frame_clear(frame);
        qw_csi_frame_set_tones(frame, QW_CSI_VHT_80);
        for (size_t i = 0; i < frame->tone_count; i++) {
            frame->value[i] = (float)(end + 1 + i % 3);
        }
        moment->is_heard[end] = true;
    }
    pthread_mutex_lock(&world.lock);
    moment->sequence = (uint64_t)++world.moments;
    err = world.air;
    pthread_cond_broadcast(&world.called);
    pthread_mutex_unlock(&world.lock);
    return err;
}

static const struct settings settings = { .centre_url = "https://centre",
                                          .air_address = "127.0.0.1",
                                          .air_port = 4801 };
static const char id[] = "00112233445566778899aabbccddeeff";

static struct reporter *open_reporter(bool is_watched)
{
    struct reporter *reporter = NULL;

    world.is_watched = is_watched;
    world.status = 200;
    world.calls = world.shown = world.viewers = world.viewers_made = world.moments = 0;
    world.air = QW_OK;
    memset(world.body, 0, sizeof world.body);
    world.ledger[0] = '\0';
    assert_int_equal(reporter_new(&settings, NULL, &reporter), QW_OK);
    return reporter;
}

static struct qw_csi_source radio_of(bool is_simulated)
{
    struct qw_csi_source radio = { .is_simulated = is_simulated };

    (void)snprintf(radio.label, sizeof radio.label, "%s", "simulated radio, indoor");
    return radio;
}

/* Until *counter reaches least. */
static void await(const int *counter, int least)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&world.lock);
    while (*counter < least) {
        assert_int_equal(pthread_cond_timedwait(&world.called, &world.lock, &until), 0);
    }
    pthread_mutex_unlock(&world.lock);
}

/* Until something has been written there. */
static void await_text(const char *text)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&world.lock);
    while (text[0] == '\0') {
        assert_int_equal(pthread_cond_timedwait(&world.called, &world.lock, &until), 0);
    }
    pthread_mutex_unlock(&world.lock);
}

static int now(const int *counter)
{
    int value;

    pthread_mutex_lock(&world.lock);
    value = *counter;
    pthread_mutex_unlock(&world.lock);
    return value;
}

static bool says(int shown, const char *text)
{
    return strstr(world.body[shown - 1], text) != NULL;
}

static void shows_what_all_ends_hear_and_then_the_ledger(void **state)
{
    struct reporter *reporter = open_reporter(true);
    struct qw_csi_source radio = radio_of(true);
    struct qw_plkg_ledger ledger = { .is_simulated = 1, .secret_bits = 512 };

    (void)state;
    reporter_begin(reporter, &radio, id);
    await(&world.shown, 3);
    assert_true(says(1, "\"simulated\":true"));
    assert_true(says(1, id));
    assert_true(says(1, "\"levels\":\""));
    assert_true(says(1, "\"terminal\":\""));
    assert_true(says(1, "\"eavesdropper\":\""));
    reporter_end(reporter, &ledger);
    reporter_begin(reporter, &radio, "ffeeddccbbaa99887766554433221100");
    await(&world.shown, now(&world.shown) + 2);
    reporter_free(reporter);
    assert_int_equal(world.viewers, 0);
    assert_int_equal(world.viewers_made, 1);
}

/* The ledger goes out with what waits. */
static void ends_with_the_ledger(void **state)
{
    struct reporter *reporter = open_reporter(true);
    struct qw_csi_source radio = radio_of(true);
    struct qw_plkg_ledger ledger = { .is_simulated = 1, .secret_bits = 512 };

    (void)state;
    reporter_begin(reporter, &radio, id);
    await(&world.shown, 1);
    reporter_end(reporter, &ledger);
    await_text(world.ledger);
    assert_non_null(strstr(world.ledger, "\"secret_bits\":512"));
    assert_non_null(strstr(world.ledger, "\"simulated\":true"));
    reporter_free(reporter);
}

/* What is measured on a real channel is the key: whoever looks, nothing is asked and nothing said.
 * The session over a simulated one afterwards shows that the reporter was at work. */
static void says_nothing_of_a_real_channel(void **state)
{
    struct reporter *reporter = open_reporter(true);
    struct qw_csi_source real = radio_of(false), simulated = radio_of(true);
    struct qw_plkg_ledger ledger = { .is_simulated = 0, .secret_bits = 512 };

    (void)state;
    reporter_begin(reporter, &simulated, "ffeeddccbbaa99887766554433221100");
    await(&world.shown, 1); /* it knows that somebody looks */
    reporter_end(reporter, &ledger);
    reporter_begin(reporter, &real, id);
    reporter_end(reporter, &ledger);
    reporter_begin(reporter, &simulated, "ffeeddccbbaa99887766554433221100");
    await(&world.shown, now(&world.shown) + 2);
    reporter_free(reporter);
    assert_string_equal(world.ledger, "");
    for (int shown = 1; shown <= BODIES; shown++) {
        assert_false(says(shown, id));
    }
}

static void opens_no_air_while_nobody_looks(void **state)
{
    struct reporter *reporter = open_reporter(false);
    struct qw_csi_source radio = radio_of(true);

    (void)state;
    reporter_begin(reporter, &radio, id);
    await(&world.calls, 2);
    assert_int_equal(now(&world.viewers_made), 0);
    assert_int_equal(now(&world.shown), 0);
    pthread_mutex_lock(&world.lock);
    world.is_watched = true;
    pthread_mutex_unlock(&world.lock);
    await(&world.shown, 1);
    reporter_free(reporter);
}

static void counts_what_does_not_arrive(void **state)
{
    struct reporter *reporter = open_reporter(true);
    struct qw_csi_source radio = radio_of(true);

    (void)state;
    world.status = 503;
    reporter_begin(reporter, &radio, id);
    await(&world.shown, 1);
    assert_true(says(1, "\"dropped\":0,"));
    pthread_mutex_lock(&world.lock);
    world.status = 200;
    pthread_mutex_unlock(&world.lock);
    await(&world.shown, 3);
    assert_true(says(2, "\"dropped\":"));
    assert_false(says(2, "\"dropped\":0,"));
    assert_true(says(3, "\"dropped\":0,")); /* said once */
    reporter_free(reporter);
}

/* A viewer that is of no use is closed, and another one made a second later. */
static void comes_back_to_an_air_that_was_away(void **state)
{
    struct reporter *reporter = open_reporter(true);
    struct qw_csi_source radio = radio_of(true);

    (void)state;
    world.air = QW_ERR_CLOSED;
    reporter_begin(reporter, &radio, id);
    await(&world.viewers_made, 2);
    assert_int_equal(now(&world.shown), 0);
    pthread_mutex_lock(&world.lock);
    world.air = QW_OK;
    pthread_mutex_unlock(&world.lock);
    await(&world.shown, 1);
    reporter_free(reporter);
    assert_int_equal(world.viewers, 0);
}

static void without_a_reporter_nothing_happens(void **state)
{
    struct qw_csi_source radio = radio_of(true);
    struct qw_plkg_ledger ledger = { .is_simulated = 1 };

    (void)state;
    reporter_begin(NULL, &radio, id);
    reporter_end(NULL, &ledger);
    reporter_free(NULL);
}

static void a_constructor_that_fails_leaves_nothing(void **state)
{
    struct reporter *reporter = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; n <= 4; n++) { /* the reporter, its client, its threads */
        world.fail_at = n;
        err = reporter_new(&settings, NULL, &reporter);
        if (err == QW_OK) { /* the looker's moment: then it shows nothing */
            reporter_free(reporter);
            reporter = NULL;
        } else {
            assert_int_equal(err, QW_ERR_NOMEM);
            assert_null(reporter);
        }
    }
    world.fail_at = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_all_ends_hear_and_then_the_ledger),
        cmocka_unit_test(ends_with_the_ledger),
        cmocka_unit_test(says_nothing_of_a_real_channel),
        cmocka_unit_test(opens_no_air_while_nobody_looks),
        cmocka_unit_test(counts_what_does_not_arrive),
        cmocka_unit_test(comes_back_to_an_air_that_was_away),
        cmocka_unit_test(without_a_reporter_nothing_happens),
        cmocka_unit_test(a_constructor_that_fails_leaves_nothing),
    };

    return cmocka_run_group_tests_name("qwave-ap.reporter", tests, NULL, NULL);
}
