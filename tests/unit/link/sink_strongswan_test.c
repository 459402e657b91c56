/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_charon.h"
#include "link/vici/sink_strongswan.h"
#include "support/fail_nth.h"

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

#define NAME_A "net1.01000000-0000-0000-0000-000000000000"
#define NAME_B "net1.02000000-0000-0000-0000-000000000000"
static const struct qw_link_key key_a = { { 1 }, { 0xa1, 0xa2 } }, key_b = { { 2 }, { 0xb1 } };
static const struct qw_log quiet = { .stream = NULL };
static int64_t now_ms;

static int64_t test_clock(void)
{
    return now_ms;
}

static struct qw_swanctl_connection *a_connection(void)
{
    static const char text[] =
        "connections { net1 { version = 2\n ppk_required = yes\n children { net { } } } }";
    struct qw_swanctl_connection *connection = calloc(1, sizeof *connection);
    const struct qw_swanctl_source source = { .text = text,
                                              .len = sizeof text - 1,
                                              .connection = "net1" };
    char why[QW_SWANCTL_WHY_CAP];

    assert_non_null(connection);
    assert_int_equal(qw_swanctl_connection_read(&source, connection, why), QW_OK);
    return connection;
}

static struct qw_sink_strongswan_config config_of(bool is_initiator)
{
    return (struct qw_sink_strongswan_config){ .socket_path = charon.path,
                                               .name = "net1",
                                               .connection = a_connection(),
                                               .is_initiator = is_initiator,
                                               .timeout_ms = 20000,
                                               .initiate_ms = 5000,
                                               .now_ms = test_clock,
                                               .log = &quiet };
}

static struct qw_key_sink open_sink(bool is_initiator)
{
    struct qw_sink_strongswan_config config = config_of(is_initiator);
    struct qw_key_sink sink;

    assert_int_equal(qw_sink_strongswan(&config, &sink), QW_OK);
    return sink;
}

static void assert_names(const struct charon_names *names, size_t count, const char *first)
{
    assert_int_equal(names->count, count);
    if (count > 0) {
        assert_string_equal(names->names[0], first);
    }
}

/* k in use, with its tunnel. */
static struct qw_key_sink steady_initiator(void)
{
    struct qw_key_sink sink = open_sink(true);

    assert_int_equal(sink.prepare(sink.self, NULL, &key_a), QW_OK);
    assert_int_equal(sink.probe(sink.self, &key_a), QW_OK);
    assert_int_equal(sink.promote(sink.self, &key_a, NULL), QW_OK);
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_names(&charon.sas, 1, NAME_A);
    return sink;
}

static void an_initiator_makes_the_next_tunnel_beside_the_last_and_ends_that(void **state)
{
    struct qw_key_sink sink = steady_initiator();

    (void)state;
    assert_int_equal(charon.last_key[1], 0xa2);
    assert_non_null(strstr(charon.last_conn, "unique=never "));
    assert_non_null(strstr(charon.last_conn, "ppk_id=01000000-0000-0000-0000-000000000000 "));
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b), QW_OK);
    assert_names(&charon.sas, 1, NAME_A); /* nothing is tried before the proofs */
    assert_int_equal(sink.probe(sink.self, &key_b), QW_OK);
    assert_names(&charon.sas, 2, NAME_A);
    assert_int_equal(sink.promote(sink.self, &key_b, &key_a), QW_OK);
    assert_int_equal(sink.promote(sink.self, &key_b, &key_a), QW_OK);
    assert_names(&charon.sas, 2, NAME_A);
    assert_int_equal(sink.settle(sink.self, &key_b), QW_OK);
    assert_int_equal(sink.settle(sink.self, &key_b), QW_OK);
    assert_names(&charon.sas, 1, NAME_B);
    assert_names(&charon.keys, 1, NAME_B);
    assert_names(&charon.conns, 1, NAME_B);
    assert_true(sink.is_well(sink.self));
    sink.close(sink.self);
}

static void a_responder_holds_keys_and_names_none(void **state)
{
    struct qw_key_sink sink = open_sink(false);

    (void)state;
    assert_null(strstr(charon.last_conn, "ppk_id"));
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b), QW_OK);
    assert_names(&charon.keys, 2, NAME_A);
    assert_names(&charon.conns, 1, "net1");
    assert_null(strstr(charon.last_conn, "ppk_id"));
    names_add(&charon.sas, "net1");
    assert_int_equal(sink.promote(sink.self, &key_b, &key_a), QW_OK);
    assert_int_equal(sink.settle(sink.self, &key_b), QW_OK);
    assert_names(&charon.keys, 1, NAME_B);
    assert_names(&charon.sas, 1, "net1");
    assert_null(strstr(charon.asked, "initiate"));
    assert_null(strstr(charon.asked, "terminate"));
    sink.close(sink.self);
}

static void a_tunnel_that_does_not_come_about_leaves_the_last(void **state)
{
    struct qw_key_sink sink = steady_initiator();

    (void)state;
    charon.fails_initiate = true;
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b), QW_OK);
    assert_int_equal(sink.probe(sink.self, &key_b), QW_ERR_REFUSED);
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_names(&charon.sas, 1, NAME_A);
    assert_names(&charon.keys, 1, NAME_A);
    sink.close(sink.self);
}

static void a_tunnel_without_a_ppk_is_none(void **state)
{
    struct qw_key_sink sink = open_sink(true);

    (void)state;
    charon.has_no_ppk = true;
    assert_int_equal(sink.prepare(sink.self, NULL, &key_a), QW_OK);
    assert_int_equal(sink.probe(sink.self, &key_a), QW_ERR_REFUSED);
    sink.close(sink.self);
}

static void blocked_nothing_of_the_link_is_left_and_nothing_else_is_touched(void **state)
{
    (void)state;
    for (int is_initiator = 0; is_initiator <= 1; is_initiator++) {
        struct qw_key_sink sink = open_sink(is_initiator == 1);

        charon.keys.count = charon.conns.count = charon.sas.count = 0;
        names_add(&charon.keys, "net1x");
        names_add(&charon.keys, NAME_A);
        names_add(&charon.conns, "net1");
        names_add(&charon.sas, "net10");
        names_add(&charon.sas, is_initiator == 1 ? NAME_A : "net1");
        assert_int_equal(sink.block(sink.self), QW_OK);
        assert_names(&charon.keys, 1, "net1x");
        assert_names(&charon.conns, 1, "net1");
        assert_names(&charon.sas, 1, "net10");
        assert_true(sink.is_well(sink.self));
        sink.close(sink.self);
    }
}

static void what_the_daemon_has_lost_is_loaded_again(void **state)
{
    struct qw_key_sink sink = steady_initiator();

    (void)state;
    charon.keys.count = charon.conns.count = charon.sas.count = 0;
    assert_true(sink.is_well(sink.self));
    assert_names(&charon.keys, 1, NAME_A);
    assert_names(&charon.conns, 1, NAME_A);
    assert_names(&charon.sas, 1, NAME_A);
    sink.close(sink.self);
}

static void no_tunnel_for_too_long_is_not_well(void **state)
{
    (void)state;
    for (int is_initiator = 0; is_initiator <= 1; is_initiator++) {
        struct qw_key_sink sink = open_sink(is_initiator == 1);

        now_ms = 1000;
        charon.sas.count = 0;
        charon.fails_initiate = false;
        assert_int_equal(sink.prepare(sink.self, NULL, &key_a), QW_OK);
        names_add(&charon.sas, is_initiator == 1 ? NAME_A : "net1");
        assert_int_equal(sink.promote(sink.self, &key_a, NULL), QW_OK);
        assert_true(sink.is_well(sink.self));
        charon.sas.count = 0;
        charon.fails_initiate = true;
        assert_true(sink.is_well(sink.self));
        now_ms += 4999;
        assert_true(sink.is_well(sink.self));
        now_ms += 1;
        assert_false(sink.is_well(sink.self));
        names_add(&charon.sas, is_initiator == 1 ? NAME_A : "net1");
        assert_true(sink.is_well(sink.self));
        sink.close(sink.self);
    }
}

/* What charon has counted when the sink looks. */
static uint64_t bytes_after(const struct qw_key_sink *sink, unsigned child, unsigned in,
                            unsigned out)
{
    pthread_mutex_lock(&charon.lock);
    charon.child_id = child;
    charon.bytes_in = in;
    charon.bytes_out = out;
    pthread_mutex_unlock(&charon.lock);
    assert_true(sink->is_well(sink->self));
    return sink->bytes(sink->self);
}

static void bytes_are_counted_for_each_key_over_all_its_children(void **state)
{
    struct qw_key_sink sink = steady_initiator();

    (void)state;
    assert_int_equal(sink.bytes(sink.self), 0);
    assert_int_equal(bytes_after(&sink, 1, 100, 20), 120);
    assert_int_equal(bytes_after(&sink, 2, 5, 0), 125); /* made anew: charon counts from nought */
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(sink.bytes(sink.self), 125);
    charon.child_id = 3;
    charon.bytes_in = charon.bytes_out = 0;
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b), QW_OK);
    assert_int_equal(sink.probe(sink.self, &key_b), QW_OK);
    assert_int_equal(sink.bytes(sink.self), 125);
    assert_int_equal(sink.promote(sink.self, &key_b, &key_a), QW_OK);
    assert_int_equal(sink.bytes(sink.self), 0);
    assert_int_equal(sink.settle(sink.self, &key_b), QW_OK);
    assert_int_equal(bytes_after(&sink, 3, 1, 1), 2);
    assert_int_equal(sink.block(sink.self), QW_OK);
    assert_true(sink.bytes(sink.self) == UINT64_MAX);
    sink.close(sink.self);
}

static void without_a_daemon_nothing_passes_and_nothing_is_done(void **state)
{
    struct qw_sink_strongswan_config config = config_of(true);
    struct qw_key_sink sink;

    (void)state;
    config.socket_path = "/tmp/no-such-folder/charon.vici";
    assert_int_equal(qw_sink_strongswan(&config, &sink), QW_OK);
    assert_int_equal(sink.block(sink.self), QW_OK);
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_true(sink.is_well(sink.self));
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b), QW_ERR_NOT_FOUND);
    assert_int_equal(sink.probe(sink.self, &key_b), QW_ERR_NOT_FOUND);
    assert_int_equal(sink.promote(sink.self, &key_b, &key_a), QW_ERR_NOT_FOUND);
    sink.close(sink.self);
}

static void a_daemon_that_misbehaves_is_an_error_of_every_verb(void **state)
{
    static const enum misbehaviour cases[] = { CHARON_CLOSES, CHARON_CUT, CHARON_HUGE,
                                               CHARON_GARBLED, CHARON_UNKNOWN };
    struct qw_key_sink sink = steady_initiator();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        charon.how = cases[i];
        assert_int_not_equal(sink.prepare(sink.self, &key_a, &key_b), QW_OK);
        assert_int_not_equal(sink.probe(sink.self, &key_b), QW_OK);
        assert_int_not_equal(sink.promote(sink.self, &key_b, &key_a), QW_OK);
        assert_int_not_equal(sink.settle(sink.self, &key_a), QW_OK);
    }
    charon.how = CHARON_GOOD;
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_names(&charon.sas, 1, NAME_A);
    sink.close(sink.self);
}

static void what_cannot_be_is_refused(void **state)
{
    char long_path[QW_VICI_PATH_CAP + 1] = "";
    struct qw_sink_strongswan_config config = config_of(true);
    struct qw_key_sink sink;

    (void)state;
    memset(long_path, 'x', QW_VICI_PATH_CAP);
    config.socket_path = long_path;
    assert_int_equal(qw_sink_strongswan(&config, &sink), QW_ERR_ARG);
    config = config_of(true);
    config.initiate_ms = 0;
    assert_int_equal(qw_sink_strongswan(&config, &sink), QW_ERR_ARG);
    config = config_of(true);
    config.name = "";
    assert_int_equal(qw_sink_strongswan(&config, &sink), QW_ERR_ARG);
    config = config_of(true);
    fail_nth = 1;
    assert_int_equal(qw_sink_strongswan(&config, &sink), QW_ERR_NOMEM);
    fail_nth = 0;
}

#define WITH_CHARON(test) cmocka_unit_test_setup_teardown(test, charon_start, charon_stop)
int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CHARON(an_initiator_makes_the_next_tunnel_beside_the_last_and_ends_that),
        WITH_CHARON(a_responder_holds_keys_and_names_none),
        WITH_CHARON(a_tunnel_that_does_not_come_about_leaves_the_last),
        WITH_CHARON(a_tunnel_without_a_ppk_is_none),
        WITH_CHARON(blocked_nothing_of_the_link_is_left_and_nothing_else_is_touched),
        WITH_CHARON(what_the_daemon_has_lost_is_loaded_again),
        WITH_CHARON(no_tunnel_for_too_long_is_not_well),
        WITH_CHARON(bytes_are_counted_for_each_key_over_all_its_children),
        cmocka_unit_test(without_a_daemon_nothing_passes_and_nothing_is_done),
        WITH_CHARON(a_daemon_that_misbehaves_is_an_error_of_every_verb),
        cmocka_unit_test(what_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
