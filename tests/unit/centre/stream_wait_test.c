/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 C16 */
/* Calls of a stream that wait, and its max rate [docs/protocol/etsi004.md G6 to G8]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/stream/quality.h"
#include "unit/centre/stream_play.h"

static const struct qw_etsi004_qos patient = { .chunk_len = 48, .ttl_s = 600, .timeout_ms = 500 };

static const struct qw_etsi004_get first_index = { .index = 0 };

static void waits_for_the_other_end_and_says_that_it_has_not_come(void **state)
{
    struct play *play = *state;
    uint8_t ksid[16];

    assert_int_equal(open_with(play, &play->alice, ALICE_AT, "alice", "bob", &patient, NULL),
                     QW_ETSI004_DONE);
    memcpy(ksid, play->opened.ksid, sizeof ksid);
    assert_false(ask(play, &play->alice, ALICE_AT, ksid, &first_index, 0));
    turn_clocks(play, 499);
    assert_false(ask(play, &play->alice, ALICE_AT, ksid, &first_index, 499));
    turn_clocks(play, 1);
    assert_true(ask(play, &play->alice, ALICE_AT, ksid, &first_index, 500));
    assert_int_equal(play->got.status, QW_ETSI004_PEER_ABSENT);
    assert_false(ask(play, &play->alice, ALICE_AT, ksid, &first_index, 0));
    assert_int_equal(open_with(play, &play->bob, BOB_AT, "bob", "alice", &plain, ksid),
                     QW_ETSI004_DONE);
    assert_true(ask(play, &play->alice, ALICE_AT, ksid, &first_index, 20));
    assert_int_equal(play->got.status, QW_ETSI004_DONE);
}

static void waits_for_nothing_that_cannot_come(void **state)
{
    static const struct qw_etsi004_get gap = { .index = 2 };
    static const struct qw_etsi004_get small = { .index = 1, .metadata_cap = 3 };
    struct qw_etsi004_qos qos = patient;
    struct play *play = *state;
    uint8_t ksid[16];

    snprintf(qos.mimetype, sizeof qos.mimetype, "application/json");
    open_both(play, &qos, ksid);
    assert_int_equal(get_alice(play, ksid, 0), QW_ETSI004_DONE);
    assert_true(ask(play, &play->alice, ALICE_AT, ksid, &gap, 0));
    assert_int_equal(play->got.status, QW_ETSI004_NO_KEY);
    assert_true(ask(play, &play->alice, ALICE_AT, ksid, &small, 0));
    assert_int_equal(play->got.status, QW_ETSI004_METADATA_TOO_SMALL);
    assert_true(ask(play, &play->carol, ELSEWHERE, ksid, &gap, 0));
    assert_int_equal(play->got.status, QW_ETSI004_PEER_ABSENT);
    assert_int_equal(get_alice(play, ksid, 1), QW_ETSI004_DONE);
    assert_true(ask(play, &play->alice, ALICE_AT, ksid, &first_index, 0)); /* passed */
    assert_int_equal(play->got.status, QW_ETSI004_NO_KEY);
    assert_int_equal(close_end(play, &play->bob, BOB_AT, ksid), QW_ETSI004_DONE);
    assert_true(ask(play, &play->alice, ALICE_AT, ksid, &gap, 0));
    assert_int_equal(play->got.status, QW_ETSI004_PEER_ABSENT);
}

/* Takes the stock until a call waits; gives the index that it waits for. */
static uint32_t drain(struct play *play, const uint8_t *ksid)
{
    struct qw_etsi004_get get = { .index = 0 };

    while (ask(play, &play->alice, ALICE_AT, ksid, &get, 0)) {
        assert_int_equal(play->got.status, QW_ETSI004_DONE);
        assert_int_equal(get_bob(play, ksid, get.index), QW_ETSI004_DONE);
        get.index++;
        assert_true(get.index < 100);
    }
    return get.index;
}

static void waits_for_stock_and_runs_out_of_time(void **state)
{
    static const struct qw_etsi004_qos large = { .chunk_len = 512,
                                                 .ttl_s = 600,
                                                 .timeout_ms = 2000 };
    struct play *play = *state;
    struct qw_etsi004_get get = { .index = 0 };
    uint8_t ksid[16];

    open_both(play, &large, ksid);
    get.index = drain(play, ksid);
    turn_clocks(play, 1999);
    assert_false(ask(play, &play->alice, ALICE_AT, ksid, &get, 1999));
    turn_clocks(play, 1);
    assert_true(ask(play, &play->alice, ALICE_AT, ksid, &get, 2000));
    assert_int_equal(play->got.status, QW_ETSI004_TIMEOUT);
    assert_false(ask(play, &play->bob, BOB_AT, ksid, &get, 0)); /* the other end as well */
    assert_int_equal(qw_centre_ingest(play->scene->centre), QW_OK);
    turn_clocks(play, QW_STREAM_STOCK_AGAIN_MS - 1);
    assert_false(ask(play, &play->bob, BOB_AT, ksid, &get, QW_STREAM_STOCK_AGAIN_MS - 1));
    turn_clocks(play, 1);
    assert_true(ask(play, &play->bob, BOB_AT, ksid, &get, QW_STREAM_STOCK_AGAIN_MS));
    assert_int_equal(play->got.status, QW_ETSI004_DONE);
    assert_int_equal(get_alice(play, ksid, get.index), QW_ETSI004_DONE);
}

static void waits_for_an_end_that_is_far_behind(void **state)
{
    static const struct qw_etsi004_get ahead = { .index = QW_STREAM_AHEAD_MAX };
    struct play *play = *state;
    uint8_t ksid[16];

    open_both(play, &patient, ksid);
    for (uint32_t i = 0; i < QW_STREAM_AHEAD_MAX; i++) {
        assert_int_equal(get_bob(play, ksid, i), QW_ETSI004_DONE);
    }
    assert_false(ask(play, &play->bob, BOB_AT, ksid, &ahead, 0));
    assert_true(ask(play, &play->bob, BOB_AT, ksid, &ahead, 500));
    assert_int_equal(play->got.status, QW_ETSI004_TIMEOUT);
    assert_int_equal(get_alice(play, ksid, 0), QW_ETSI004_DONE);
    assert_true(ask(play, &play->bob, BOB_AT, ksid, &ahead, 20));
    assert_int_equal(play->got.status, QW_ETSI004_DONE);
}

/* O4: a second opener has his own patience, and the lower of two max rates holds. */
static void a_second_opener_is_offered_what_he_can_have(void **state)
{
    struct qw_etsi004_qos qos = { .chunk_len = 48, .ttl_s = 600, .max_bps = 4000 };
    struct qw_etsi004_qos asked = qos;
    struct play *play = *state;
    uint8_t ksid[16];

    assert_int_equal(open_with(play, &play->alice, ALICE_AT, "alice", "bob", &qos, NULL),
                     QW_ETSI004_DONE);
    memcpy(ksid, play->opened.ksid, sizeof ksid);
    asked.min_bps = 1;
    asked.timeout_ms = QW_STREAM_TIMEOUT_MS_MAX + 1;
    asked.max_bps = 3000;
    assert_int_equal(open_with(play, &play->bob, BOB_AT, "bob", "alice", &asked, ksid),
                     QW_ETSI004_QOS_NOT_MET);
    assert_int_equal(play->opened.qos.min_bps, 0);
    assert_int_equal(play->opened.qos.timeout_ms, QW_STREAM_TIMEOUT_MS_MAX);
    assert_int_equal(play->opened.qos.max_bps, 3000);
    asked = play->opened.qos;
    assert_int_equal(open_with(play, &play->bob, BOB_AT, "bob", "alice", &asked, ksid),
                     QW_ETSI004_DONE);
    assert_int_equal(play->opened.qos.max_bps, 3000);
    assert_true(ask(play, &play->alice, ALICE_AT, ksid, &(struct qw_etsi004_get){ .index = 1 }, 0));
    qw_stream_hang_up(play->table, ALICE_AT);
    assert_int_equal(open_with(play, &play->alice, ELSEWHERE, "alice", "bob", &qos, ksid),
                     QW_ETSI004_DONE); /* 4000 and 3000: it comes back to what holds */
    assert_int_equal(play->opened.qos.max_bps, 3000);
}

/* G8: ten seconds of asking all the time, in steps as the server makes them. */
static void a_stream_is_not_faster_than_its_max_rate(void **state)
{
    static const struct qw_etsi004_qos slow = {
        .chunk_len = 48, .ttl_s = 600, .timeout_ms = 60000, .max_bps = 4 * 384
    };
    struct play *play = *state;
    struct qw_etsi004_get get = { .index = 0 };
    uint8_t ksid[16];
    int64_t waited_ms = 0;

    open_both(play, &slow, ksid);
    for (int64_t ms = 0; ms < 10000; ms += 20) {
        while (ask(play, &play->alice, ALICE_AT, ksid, &get, waited_ms)) {
            assert_int_equal(play->got.status, QW_ETSI004_DONE);
            assert_int_equal(get_bob(play, ksid, get.index), QW_ETSI004_DONE);
            get.index++;
            waited_ms = 0;
            assert_true(get.index <= (uint32_t)(4 * (ms + 1000) / 1000 + 1));
        }
        turn_clocks(play, 20);
        waited_ms += 20;
    }
    assert_true(get.index >= 4 * 10);
    assert_int_equal(get.index, 4 * 11);
}

static void without_patience_a_rate_that_is_used_up_is_no_key(void **state)
{
    static const struct qw_etsi004_qos slow = { .chunk_len = 48, .ttl_s = 600, .max_bps = 384 };
    struct play *play = *state;
    uint8_t ksid[16];

    open_both(play, &slow, ksid);
    assert_int_equal(get_alice(play, ksid, 0), QW_ETSI004_DONE);
    assert_int_equal(get_alice(play, ksid, 1), QW_ETSI004_DONE); /* a second's worth and a chunk */
    assert_int_equal(get_alice(play, ksid, 2), QW_ETSI004_NO_KEY);
    assert_int_equal(get_alice(play, ksid, 1), QW_ETSI004_DONE); /* again: nothing is made */
    assert_int_equal(get_bob(play, ksid, 0), QW_ETSI004_DONE);
    turn_clocks(play, 999);
    assert_int_equal(get_alice(play, ksid, 2), QW_ETSI004_NO_KEY);
    turn_clocks(play, 1);
    assert_int_equal(get_alice(play, ksid, 2), QW_ETSI004_DONE);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, make_play, end_play)
    const struct CMUnitTest tests[] = {
        CASE(waits_for_the_other_end_and_says_that_it_has_not_come),
        CASE(waits_for_nothing_that_cannot_come),
        CASE(waits_for_stock_and_runs_out_of_time),
        CASE(waits_for_an_end_that_is_far_behind),
        CASE(a_second_opener_is_offered_what_he_can_have),
        CASE(a_stream_is_not_faster_than_its_max_rate),
        CASE(without_patience_a_rate_that_is_used_up_is_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
