/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
/* Against the kernel's own key management; where it is not allowed, only what needs none. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/keyring/kernel_keys.h"
#include "link/keyring/sink_keyring.h"

#include "support/fail_nth.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(qw_err, qw_kernel_key_add, QW_ERR_LIMIT,
         (const char *type, const char *name, const void *data, size_t len, qw_key_serial ring,
          qw_key_serial *key),
         (type, name, data, len, ring, key));
FAIL_NTH(qw_err, qw_kernel_key_hand_over, QW_ERR_UNAVAILABLE,
         (qw_key_serial key, uint32_t uid, uint32_t timeout_s), (key, uid, timeout_s));
FAIL_NTH(qw_err, qw_kernel_key_link, QW_ERR_LIMIT, (qw_key_serial key, qw_key_serial ring),
         (key, ring));
FAIL_NTH(qw_err, qw_kernel_keyring_of, QW_ERR_UNAVAILABLE, (uint32_t uid, qw_key_serial *ring),
         (uid, ring));

static const struct qw_link_key key_a = { { 0xaa, 1 }, { 1, 2, 3 } },
                                key_b = { { 0xbb, 2 }, { 0xff, 0xfe } };
static const char id_a[] = "aa010000-0000-0000-0000-000000000000",
                  id_b[] = "bb020000-0000-0000-0000-000000000000";
static char name[64];
static int64_t now_ms;
static FILE *said;
static struct qw_log log_to;

static int64_t now(void)
{
    return now_ms;
}

static struct qw_key_sink open_sink(bool is_logon, int64_t life_ms)
{
    const struct qw_sink_keyring_config config = { name,    is_logon, (uint32_t)geteuid(),
                                                   life_ms, now,      &log_to };
    struct qw_key_sink sink;

    assert_int_equal(qw_sink_keyring(&config, &sink), QW_OK);
    return sink;
}

static qw_key_serial own_ring(void)
{
    qw_key_serial ring = 0;

    assert_int_equal(qw_kernel_keyring_of((uint32_t)geteuid(), &ring), QW_OK);
    return ring;
}

static int start(void **state)
{
    (void)state;
    (void)snprintf(name, sizeof name, "qwave-test-%d", (int)getpid());
    now_ms = 1000;
    said = tmpfile();
    assert_non_null(said);
    log_to = (struct qw_log){ .stream = said, .component = "test", .level = QW_LOG_INFO };
    return 0;
}

static int stop(void **state)
{
    struct qw_key_sink sink = open_sink(false, 0);

    (void)state;
    fail_nth = 0;
    (void)!sink.block(sink.self);
    sink.close(sink.self);
    return fclose(said);
}

/* What a reader gets who looks the ring up now; "" for nothing. */
static const char *read_key(qw_key_serial ring, const char *which, size_t *len)
{
    static char text[64];
    char full[128];
    qw_key_serial key;

    memset(text, 0, sizeof text);
    *len = 0;
    (void)snprintf(full, sizeof full, "%s:%s", name, which);
    if (qw_kernel_key_find(ring, "user", full, &key) == QW_OK) {
        assert_int_equal(qw_kernel_key_read(key, text, sizeof text - 1, len), QW_OK);
    }
    return text;
}

static void expect(const char *current, const char *other)
{
    qw_key_serial ring;
    size_t len;

    assert_int_equal(qw_kernel_key_find(own_ring(), "keyring", name, &ring), QW_OK);
    assert_string_equal(read_key(ring, "current-id", &len), current);
    assert_string_equal(read_key(ring, "other-id", &len), other);
    if (current[0] != '\0') {
        const struct qw_link_key *key = current == id_a ? &key_a : &key_b;

        assert_memory_equal(read_key(ring, "current", &len), key->bytes, sizeof key->bytes);
        assert_int_equal(len, sizeof key->bytes);
    }
    (void)read_key(ring, "other", &len);
    assert_int_equal(len, other[0] == '\0' ? 0 : QW_LINK_KEY_LEN);
}

static bool kernel_has_keys(void)
{
    qw_key_serial ring;

    return qw_kernel_keyring_of((uint32_t)geteuid(), &ring) == QW_OK;
}

#define NEED_KERNEL() \
    if (!kernel_has_keys()) { \
        print_message("no key management here\n"); \
        skip(); \
    }

static void both_keys_change_places_in_one_step(void **state)
{
    struct qw_key_sink sink = open_sink(false, 60000);
    qw_key_serial ring, later, key;
    char full[128];

    (void)state;
    NEED_KERNEL();
    assert_int_equal(sink.prepare(sink.self, NULL, &key_a), QW_OK);
    expect("", id_a); /* accepted, and nothing to send with yet */
    assert_int_equal(sink.promote(sink.self, &key_a, NULL), QW_OK);
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    expect(id_a, "");
    assert_int_equal(qw_kernel_key_find(own_ring(), "keyring", name, &ring), QW_OK);
    (void)snprintf(full, sizeof full, "%s:current", name);
    assert_int_equal(qw_kernel_key_find(ring, "user", full, &key), QW_OK);
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b), QW_OK);
    expect(id_a, id_b);
    assert_int_equal(qw_kernel_key_find(own_ring(), "keyring", name, &later), QW_OK);
    assert_int_not_equal(ring, later); /* a reader holds the one or the other */
    assert_int_equal(sink.promote(sink.self, &key_b, &key_a), QW_OK);
    expect(id_b, id_a);
    assert_int_equal(sink.settle(sink.self, &key_b), QW_OK);
    expect(id_b, "");
    assert_int_not_equal(qw_kernel_key_read(key, full, sizeof full, &(size_t){ 0 }), QW_OK);
    assert_true(sink.is_well(sink.self));
    sink.close(sink.self);
}

static void what_is_there_already_is_not_made_again(void **state)
{
    struct qw_key_sink sink = open_sink(false, 60000);
    qw_key_serial ring, again;

    (void)state;
    NEED_KERNEL();
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    sink.close(sink.self);
    assert_int_equal(qw_kernel_key_find(own_ring(), "keyring", name, &ring), QW_OK);
    sink = open_sink(false, 60000); /* the agent starts again */
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(qw_kernel_key_find(own_ring(), "keyring", name, &again), QW_OK);
    assert_int_equal(ring, again); /* so its end is not put off either */
    sink.close(sink.self);
}

static void the_kernel_forgets_a_key_over_its_life(void **state)
{
    struct qw_key_sink sink = open_sink(false, 2000);
    qw_key_serial ring;
    size_t len = 1;

    (void)state;
    NEED_KERNEL();
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    now_ms += 1500; /* it is prepared anew beside the next one, and gets no new life by that */
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b), QW_OK);
    expect(id_a, id_b);
    for (int tries = 0; len > 0 && tries < 100; tries++) { /* a second of the kernel's */
        (void)usleep(100000);
        assert_int_equal(qw_kernel_key_find(own_ring(), "keyring", name, &ring), QW_OK);
        (void)read_key(ring, "current", &len);
    }
    assert_int_equal(len, 0);
    sink.close(sink.self);
}

static void a_blocked_keyring_is_gone_and_so_are_its_keys(void **state)
{
    struct qw_key_sink sink = open_sink(false, 0);
    qw_key_serial ring;

    (void)state;
    NEED_KERNEL();
    assert_int_equal(sink.block(sink.self), QW_OK); /* nothing there: as good */
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(sink.block(sink.self), QW_OK);
    assert_int_equal(qw_kernel_key_find(own_ring(), "keyring", name, &ring), QW_ERR_NOT_FOUND);
    assert_true(sink.is_well(sink.self));
    sink.close(sink.self);
}

static void a_keyring_that_somebody_takes_away_is_noticed(void **state)
{
    struct qw_key_sink sink = open_sink(false, 0);
    qw_key_serial ring;

    (void)state;
    NEED_KERNEL();
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(qw_kernel_key_find(own_ring(), "keyring", name, &ring), QW_OK);
    assert_int_equal(qw_kernel_key_unlink(ring, own_ring()), QW_OK);
    assert_false(sink.is_well(sink.self));
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_true(sink.is_well(sink.self));
    sink.close(sink.self);
}

static void a_logon_key_is_for_the_kernel_alone(void **state)
{
    struct qw_key_sink sink = open_sink(true, 60000);
    qw_key_serial ring, key;
    char full[128];
    size_t len;

    (void)state;
    NEED_KERNEL();
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(qw_kernel_key_find(own_ring(), "keyring", name, &ring), QW_OK);
    (void)snprintf(full, sizeof full, "%s:current", name);
    assert_int_equal(qw_kernel_key_find(ring, "logon", full, &key), QW_OK);
    assert_int_not_equal(qw_kernel_key_read(key, full, sizeof full, &len), QW_OK);
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b), QW_OK);
    assert_int_equal(sink.block(sink.self), QW_OK);
    sink.close(sink.self);
}

/* The n-th call of the kernel fails, n = 1, 2 ...: the keys of before are whole, and the verb can
 * be said again. */
static void a_failure_leaves_the_keys_of_before(void **state)
{
    struct qw_key_sink sink = open_sink(false, 60000);
    int nth = 0;
    qw_err err;

    (void)state;
    NEED_KERNEL();
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    do {
        fail_nth = ++nth;
        err = sink.prepare(sink.self, &key_a, &key_b);
        fail_nth = 0;
        if (err != QW_OK) {
            expect(id_a, "");
        }
    } while (err != QW_OK);
    assert_true(nth > 8);
    expect(id_a, id_b);
    sink.close(sink.self);
}

static void why_is_said_once(void **state)
{
    struct qw_key_sink sink = open_sink(false, 60000);
    char line[400];

    (void)state;
    for (int i = 0; i < 2; i++) {
        fail_nth = 1;
        assert_int_equal(sink.settle(sink.self, &key_a), QW_ERR_UNAVAILABLE);
    }
    fail_nth = 1;
    assert_int_equal(sink.block(sink.self), QW_ERR_UNAVAILABLE);
    rewind(said);
    assert_non_null(fgets(line, sizeof line, said));
    assert_non_null(strstr(line, "a container that forbids keyctl"));
    assert_null(fgets(line, sizeof line, said));
    sink.close(sink.self);
}

static void settings_without_sense_are_refused(void **state)
{
    char large[QW_KEYRING_NAME_CAP + 1];
    struct qw_sink_keyring_config config = { "", false, 0, 1, now, &log_to };
    struct qw_key_sink sink = { .self = NULL };

    (void)state;
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_int_equal(qw_sink_keyring(&config, &sink), QW_ERR_ARG);
    config.name = large;
    assert_int_equal(qw_sink_keyring(&config, &sink), QW_ERR_ARG);
    config.name = name;
    config.life_ms = -1;
    assert_int_equal(qw_sink_keyring(&config, &sink), QW_ERR_ARG);
    config.life_ms = 0;
    fail_nth = 1;
    assert_int_equal(qw_sink_keyring(&config, &sink), QW_ERR_NOMEM);
    fail_nth = 0;
    assert_null(sink.self);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)
    static const struct CMUnitTest tests[] = {
        CASE(both_keys_change_places_in_one_step),
        CASE(what_is_there_already_is_not_made_again),
        CASE(the_kernel_forgets_a_key_over_its_life),
        CASE(a_blocked_keyring_is_gone_and_so_are_its_keys),
        CASE(a_keyring_that_somebody_takes_away_is_noticed),
        CASE(a_logon_key_is_for_the_kernel_alone),
        CASE(a_failure_leaves_the_keys_of_before),
        CASE(why_is_said_once),
        CASE(settings_without_sense_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
