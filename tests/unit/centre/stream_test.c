/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C12 C14 */
/* Streams of ETSI GS QKD 004 on a real centre [docs/protocol/etsi004.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/fail_nth.h"
#include "unit/centre/stream_play.h"

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

/* E1: the same bytes at both ends, whoever asks first, and no chunk twice. */
static void both_ends_get_the_same_bytes(void **state)
{
    struct play *play = *state;
    uint8_t ksid[16];
    uint8_t chunks[20][48];

    open_both(play, &plain, ksid);
    for (uint32_t i = 0; i < 20; i++) {
        bool alice_first = i % 3 != 0;

        assert_int_equal(alice_first ? get_alice(play, ksid, i) : get_bob(play, ksid, i),
                         QW_ETSI004_DONE);
        assert_int_equal(play->got.chunk_len, 48);
        memcpy(chunks[i], play->got.chunk, 48);
        assert_int_equal(alice_first ? get_bob(play, ksid, i) : get_alice(play, ksid, i),
                         QW_ETSI004_DONE);
        assert_memory_equal(play->got.chunk, chunks[i], 48);
        for (uint32_t k = 0; k < i; k++) {
            assert_memory_not_equal(chunks[i], chunks[k], 48);
        }
    }
}

/* E2: each index once per end, but for the last one inside the window. */
static void an_index_is_given_once_to_each_end(void **state)
{
    struct play *play = *state;
    uint8_t ksid[16];
    uint8_t chunk[48];

    open_both(play, &plain, ksid);
    assert_int_equal(get_alice(play, ksid, 0), QW_ETSI004_DONE);
    assert_int_equal(get_alice(play, ksid, 1), QW_ETSI004_DONE);
    memcpy(chunk, play->got.chunk, sizeof chunk);
    assert_int_equal(get_alice(play, ksid, 0), QW_ETSI004_NO_KEY); /* passed */
    assert_int_equal(get_alice(play, ksid, 3), QW_ETSI004_NO_KEY); /* a gap */
    turn_clocks(play, WINDOW_MS - 1);
    assert_int_equal(get_alice(play, ksid, 1), QW_ETSI004_DONE);
    assert_memory_equal(play->got.chunk, chunk, sizeof chunk);
    turn_clocks(play, 1);
    assert_int_equal(get_alice(play, ksid, 1), QW_ETSI004_NO_KEY); /* a repeat did not stretch it */
    qw_stream_sweep(play->table, play->now_ms);
    assert_int_equal(get_bob(play, ksid, 0), QW_ETSI004_DONE);
    assert_int_equal(get_bob(play, ksid, 1), QW_ETSI004_DONE);
    assert_memory_equal(play->got.chunk, chunk, sizeof chunk);
    assert_int_equal(get_bob(play, ksid, 1), QW_ETSI004_DONE);
    assert_memory_equal(play->got.chunk, chunk, sizeof chunk);
    turn_clocks(play, WINDOW_MS);
    assert_int_equal(get_bob(play, ksid, 1), QW_ETSI004_NO_KEY);
    assert_int_equal(get_bob(play, ksid, 2), QW_ETSI004_DONE);
}

/* E3: a stream belongs to two, each on the connection that opened it. */
static void nobody_else_gets_anything(void **state)
{
    static const uint8_t unknown[16] = { 1 };
    struct play *play = *state;
    uint8_t ksid[16];

    open_both(play, &plain, ksid);
    assert_int_equal(
        open_with(play, &play->carol, ELSEWHERE, "qkd://carol", "qkd://alice", &plain, ksid),
        QW_ETSI004_KSID_IN_USE);
    assert_int_equal(
        open_with(play, &play->bob, ELSEWHERE, "qkd://bob", "qkd://carol", &plain, ksid),
        QW_ETSI004_KSID_IN_USE);
    assert_int_equal(
        open_with(play, &play->bob, ELSEWHERE, "qkd://bob", "qkd://alice", &plain, ksid),
        QW_ETSI004_KSID_IN_USE); /* from a second connection, while the first one is there */
    assert_int_equal(open_with(play, &play->bob, BOB_AT, "qkd://bob", "qkd://alice", &plain, ksid),
                     QW_ETSI004_KSID_IN_USE); /* and from the same one: it is open */
    assert_int_equal(
        open_with(play, &play->carol, ELSEWHERE, "qkd://bob", "qkd://alice", &plain, ksid),
        QW_ETSI004_NO_CONNECTION); /* the certificate says another name */
    assert_int_equal(get(play, &play->carol, ELSEWHERE, ksid, 0), QW_ETSI004_PEER_ABSENT);
    assert_int_equal(get(play, &play->carol, BOB_AT, ksid, 0), QW_ETSI004_PEER_ABSENT);
    assert_int_equal(get(play, &play->bob, ALICE_AT, ksid, 0), QW_ETSI004_PEER_ABSENT);
    assert_int_equal(get(play, &play->bob, BOB_AT, unknown, 0), QW_ETSI004_PEER_ABSENT);
    assert_int_equal(open_with(play, &play->carol, ELSEWHERE, "carol", "alice", &plain, NULL),
                     QW_ETSI004_NO_CONNECTION); /* no peer */
    assert_int_equal(open_with(play, &play->alice, ELSEWHERE, "alice", "nobody", &plain, NULL),
                     QW_ETSI004_NO_CONNECTION);
    assert_int_equal(open_with(play, &play->alice, ELSEWHERE, "alice", "alice", &plain, NULL),
                     QW_ETSI004_NO_CONNECTION);
    assert_int_equal(
        open_with(play, &play->scene->operator_caller, ELSEWHERE, "op", "bob", &plain, NULL),
        QW_ETSI004_NO_CONNECTION);
    assert_int_equal(get_alice(play, ksid, 0), QW_ETSI004_DONE); /* and nothing was disturbed */
}

/* E4: no chunk before both are there, and after one has left. */
static void no_chunk_without_the_other_end(void **state)
{
    struct play *play = *state;
    uint8_t ksid[16];

    assert_int_equal(open_with(play, &play->alice, ALICE_AT, "alice", "bob", &plain, NULL),
                     QW_ETSI004_DONE);
    memcpy(ksid, play->opened.ksid, sizeof ksid);
    assert_int_equal(get_alice(play, ksid, 0), QW_ETSI004_PEER_ABSENT);
    assert_int_equal(open_with(play, &play->bob, BOB_AT, "bob", "alice", &plain, ksid),
                     QW_ETSI004_DONE);
    assert_int_equal(get_alice(play, ksid, 0), QW_ETSI004_DONE);
    assert_int_equal(close_end(play, &play->alice, BOB_AT, ksid), QW_ETSI004_PEER_ABSENT);
    assert_int_equal(close_end(play, &play->alice, ALICE_AT, ksid), QW_ETSI004_DONE);
    assert_int_equal(get_bob(play, ksid, 0), QW_ETSI004_PEER_ABSENT);
    assert_int_equal(get_alice(play, ksid, 1), QW_ETSI004_PEER_ABSENT);
    assert_int_equal(open_with(play, &play->alice, ALICE_AT, "alice", "bob", &plain, ksid),
                     QW_ETSI004_KSID_IN_USE);
    assert_int_equal(close_end(play, &play->bob, BOB_AT, ksid), QW_ETSI004_DONE);
    /* O6: the name of a stream that was, never a new one under it */
    assert_int_equal(open_with(play, &play->alice, ALICE_AT, "alice", "bob", &plain, ksid),
                     QW_ETSI004_PEER_ABSENT);
}

/* G5: an end that lost its connection opens again and goes on where it likes, but not back. */
static void an_end_that_comes_back_may_pass_over_what_it_lost(void **state)
{
    struct play *play = *state;
    uint8_t ksid[16];
    uint8_t chunk[48];

    open_both(play, &plain, ksid);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(get_bob(play, ksid, i), QW_ETSI004_DONE);
    }
    memcpy(chunk, play->got.chunk, sizeof chunk);
    assert_int_equal(get_alice(play, ksid, 0), QW_ETSI004_DONE);
    assert_int_equal(get_alice(play, ksid, 4), QW_ETSI004_NO_KEY);
    qw_stream_hang_up(play->table, ALICE_AT);
    assert_int_equal(get_alice(play, ksid, 1), QW_ETSI004_PEER_ABSENT);
    assert_int_equal(open_with(play, &play->alice, ELSEWHERE, "alice", "bob", &plain, ksid),
                     QW_ETSI004_DONE);
    assert_int_equal(get(play, &play->alice, ELSEWHERE, ksid, 6), QW_ETSI004_NO_KEY);
    assert_int_equal(get(play, &play->alice, ELSEWHERE, ksid, 4), QW_ETSI004_DONE);
    assert_memory_equal(play->got.chunk, chunk, sizeof chunk);
    assert_int_equal(get(play, &play->alice, ELSEWHERE, ksid, 2), QW_ETSI004_NO_KEY);
    assert_int_equal(get(play, &play->alice, ELSEWHERE, ksid, 6), QW_ETSI004_NO_KEY);
    assert_int_equal(get(play, &play->alice, ELSEWHERE, ksid, 5), QW_ETSI004_DONE);
}

static void one_end_is_not_far_ahead_of_the_other(void **state)
{
    struct play *play = *state;
    uint8_t ksid[16];
    uint8_t chunks[QW_STREAM_AHEAD_MAX][48];

    open_both(play, &plain, ksid);
    for (uint32_t i = 0; i < QW_STREAM_AHEAD_MAX; i++) {
        assert_int_equal(get_bob(play, ksid, i), QW_ETSI004_DONE);
        memcpy(chunks[i], play->got.chunk, 48);
    }
    assert_int_equal(get_bob(play, ksid, QW_STREAM_AHEAD_MAX), QW_ETSI004_NO_KEY);
    for (uint32_t i = 0; i < QW_STREAM_AHEAD_MAX; i++) {
        assert_int_equal(get_alice(play, ksid, i), QW_ETSI004_DONE);
        assert_memory_equal(play->got.chunk, chunks[i], 48);
        assert_int_equal(get_bob(play, ksid, QW_STREAM_AHEAD_MAX + i), QW_ETSI004_DONE);
        assert_int_equal(get_alice(play, ksid, i),
                         QW_ETSI004_DONE); /* again, after the ring moved */
        assert_memory_equal(play->got.chunk, chunks[i], 48);
    }
}

/* O3 */
static void a_quality_that_cannot_be_had_is_answered_with_one_that_can(void **state)
{
    static const struct qw_etsi004_qos rows[] = {
        { .chunk_len = 2, .ttl_s = 1 },
        { .chunk_len = 513, .ttl_s = 1 },
        { .chunk_len = 0, .ttl_s = 1 },
        { .chunk_len = UINT32_MAX, .ttl_s = UINT32_MAX, .timeout_ms = UINT32_MAX, .min_bps = 1 },
        { .chunk_len = 32, .ttl_s = 0 },
        { .chunk_len = 32, .ttl_s = 1, .min_bps = 5000 },
        { .chunk_len = 32, .ttl_s = 1, .mimetype = "text/plain" },
    };
    struct play *play = *state;
    uint8_t ksid[16];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_etsi004_qos offer;

        assert_int_equal(open_with(play, &play->alice, ALICE_AT, "alice", "bob", &rows[i], NULL),
                         QW_ETSI004_QOS_NOT_MET);
        assert_int_equal(play->opened.ksid[6], 0); /* nothing was made */
        offer = play->opened.qos;
        assert_int_equal(open_with(play, &play->alice, ALICE_AT, "alice", "bob", &offer, NULL),
                         QW_ETSI004_DONE);
        memcpy(ksid, play->opened.ksid, sizeof ksid);
        assert_int_equal(ksid[6] >> 4, 8);
    }
    /* the second opener gets the quality of the stream that is there */
    assert_int_equal(open_with(play, &play->bob, BOB_AT, "bob", "alice", &plain, ksid),
                     QW_ETSI004_QOS_NOT_MET);
    assert_int_equal(play->opened.qos.chunk_len, 32);
}

static void metadata_says_age_and_hops_or_how_much_room_it_needs(void **state)
{
    struct play *play = *state;
    struct qw_etsi004_get small = { .index = 0, .metadata_cap = 5 };
    uint8_t ksid[16];

    open_both(play, &with_metadata, ksid);
    assert_true(ask(play, &play->bob, BOB_AT, ksid, &small, 0));
    assert_int_equal(play->got.status, QW_ETSI004_METADATA_TOO_SMALL);
    assert_int_equal(play->got.metadata_len, strlen("{\"age\":0,\"hops\":0}"));
    turn_clocks(play, 250);
    assert_int_equal(get_bob(play, ksid, 0), QW_ETSI004_DONE);
    assert_int_equal(play->got.metadata_len, strlen("{\"age\":250,\"hops\":0}"));
    assert_memory_equal(play->got.metadata, "{\"age\":250,\"hops\":0}", play->got.metadata_len);
    small.metadata_cap = 0; /* wants none */
    assert_true(ask(play, &play->alice, ALICE_AT, ksid, &small, 0));
    assert_int_equal(play->got.status, QW_ETSI004_DONE);
    assert_int_equal(play->got.metadata_len, 0);
}

static void ends_with_its_time_and_gives_its_place_free(void **state)
{
    struct play *play = *state;
    uint8_t ksid[16], last[16];

    open_both(play, &plain, ksid);
    for (int i = 1; i < QW_STREAMS_PER_MASTER; i++) {
        assert_int_equal(open_with(play, &play->alice, ALICE_AT, "alice", "bob", &plain, NULL),
                         QW_ETSI004_DONE);
        assert_memory_not_equal(play->opened.ksid, ksid, sizeof ksid);
    }
    assert_int_equal(open_with(play, &play->alice, ALICE_AT, "alice", "bob", &plain, NULL),
                     QW_ETSI004_NO_CONNECTION);
    turn_clocks(play, 599999);
    assert_int_equal(get_alice(play, ksid, 0), QW_ETSI004_DONE);
    turn_clocks(play, 1);
    assert_int_equal(get_alice(play, ksid, 1), QW_ETSI004_PEER_ABSENT);
    open_both(play, &plain, last);
}

static void an_empty_store_is_no_key_and_the_stream_goes_on(void **state)
{
    static const struct qw_etsi004_qos large = { .chunk_len = 512, .ttl_s = 600 };
    struct play *play = *state;
    uint8_t ksid[16];
    uint32_t given = 0;

    open_both(play, &large, ksid);
    while (get_alice(play, ksid, given) == QW_ETSI004_DONE) {
        assert_int_equal(get_bob(play, ksid, given), QW_ETSI004_DONE);
        given++;
        assert_true(given < 100);
    }
    assert_int_equal(play->got.status, QW_ETSI004_NO_KEY);
    assert_true(given >= 10);
    assert_int_equal(qw_centre_ingest(play->scene->centre), QW_OK);
    assert_int_equal(get_alice(play, ksid, given), QW_ETSI004_DONE);
}

/* E5: the process ends and comes back: no chunk of before is given by the new one. */
static void nothing_comes_twice_after_a_restart(void **state)
{
    struct play *play = *state;
    uint8_t ksid[16];
    uint8_t before[8][48];

    open_both(play, &plain, ksid);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(i % 2 == 0 ? get_alice(play, ksid, i / 2) : get_bob(play, ksid, i / 2),
                         QW_ETSI004_DONE);
        memcpy(before[i], play->got.chunk, 48);
    }
    qw_stream_table_free(play->table);
    scene_restart(play->scene);
    assert_int_equal(qw_stream_table_new(play->scene->centre, WINDOW_MS, &play->table), QW_OK);
    assert_int_equal(open_with(play, &play->bob, BOB_AT, "bob", "alice", &plain, ksid),
                     QW_ETSI004_PEER_ABSENT); /* O6 */
    open_both(play, &plain, ksid);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(get_alice(play, ksid, i), QW_ETSI004_DONE);
        for (size_t k = 0; k < 8; k++) {
            assert_memory_not_equal(play->got.chunk, before[k], 48);
        }
    }
}

static void is_made_as_a_whole_or_not_at_all(void **state)
{
    struct play *play = *state;
    struct qw_stream_table *table = NULL;
    qw_err err = QW_ERR_NOMEM;
    enum qw_etsi004_status status = QW_ETSI004_NO_CONNECTION;

    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_nth = n;
        err = qw_stream_table_new(play->scene->centre, WINDOW_MS, &table);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && table == NULL));
    }
    fail_nth = 0;
    qw_stream_table_free(table);
    qw_stream_table_free(NULL);
    for (int n = 1; status != QW_ETSI004_DONE; n++) {
        assert_true(n < 50);
        fail_nth = n;
        status = open_with(play, &play->alice, ALICE_AT, "alice", "bob", &plain, NULL);
        assert_true(status == QW_ETSI004_DONE || status == QW_ETSI004_NO_CONNECTION);
    }
    fail_nth = 0;
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, make_play, end_play)
    const struct CMUnitTest tests[] = {
        CASE(both_ends_get_the_same_bytes),
        CASE(an_index_is_given_once_to_each_end),
        CASE(nobody_else_gets_anything),
        CASE(no_chunk_without_the_other_end),
        CASE(an_end_that_comes_back_may_pass_over_what_it_lost),
        CASE(one_end_is_not_far_ahead_of_the_other),
        CASE(a_quality_that_cannot_be_had_is_answered_with_one_that_can),
        CASE(metadata_says_age_and_hops_or_how_much_room_it_needs),
        CASE(ends_with_its_time_and_gives_its_place_free),
        CASE(an_empty_store_is_no_key_and_the_stream_goes_on),
        CASE(nothing_comes_twice_after_a_restart),
        CASE(is_made_as_a_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
