/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_CENTRE_STREAM_PLAY_H
#define QW_TESTS_UNIT_CENTRE_STREAM_PLAY_H

/* Alice, bob and carol on a real centre, and a table of streams; clocks are turned by hand. Include
 * after cmocka. */
#include "centre/stream/stream.h"
#include "unit/centre/scene.h"

#include <stdio.h>

enum { WINDOW_MS = 30000, ALICE_AT = 11, BOB_AT = 22, ELSEWHERE = 33 };

struct play {
    struct scene *scene;
    struct qw_stream_table *table;
    struct qw_caller alice, bob, carol;
    int64_t now_ms;
    struct qw_etsi004_open_answer opened;
    struct qw_etsi004_get_answer got;
};

static void add(struct play *play, const char *id, const char *peers)
{
    assert_int_equal(qw_centre_device_register(play->scene->centre, &play->scene->operator_caller,
                                               id, QW_DEVICE_APPLICATION, "", peers),
                     QW_OK);
}

static int make_play(void **state)
{
    struct play *play;
    void *scene;

    assert_int_equal(scene_make(&scene), 0);
    play = calloc(1, sizeof *play);
    assert_non_null(play);
    play->scene = scene;
    scene_close(scene);
    play->scene->config.key_ttl_s = 3600;
    play->scene->config.stock_keys = 640;
    scene_open(scene);
    assert_int_equal(qw_centre_ingest(play->scene->centre), QW_OK);
    add(play, "alice", "bob,carol");
    add(play, "bob", "alice");
    add(play, "carol", "");
    play->alice = caller_of("urn:qwave:sae:alice");
    play->bob = caller_of("urn:qwave:sae:bob");
    play->carol = caller_of("urn:qwave:sae:carol");
    play->now_ms = 1000000;
    assert_int_equal(qw_stream_table_new(play->scene->centre, WINDOW_MS, &play->table), QW_OK);
    *state = play;
    return 0;
}

static int end_play(void **state)
{
    struct play *play = *state;
    void *scene = play->scene;

    qw_stream_table_free(play->table);
    free(play);
    return scene_remove(&scene);
}

static SCENE_UNUSED void turn_clocks(struct play *play, int64_t ms)
{
    play->now_ms += ms;
    scene_now_ms += ms;
}

static enum qw_etsi004_status open_with(struct play *play, const struct qw_caller *caller,
                                        uint64_t at, const char *source, const char *dest,
                                        const struct qw_etsi004_qos *qos, const uint8_t *ksid)
{
    struct qw_etsi004_open open = { .qos = *qos };

    snprintf(open.source, sizeof open.source, "%s", source);
    snprintf(open.dest, sizeof open.dest, "%s", dest);
    if (ksid != NULL) {
        memcpy(open.ksid, ksid, sizeof open.ksid);
    }
    qw_stream_open(
        play->table,
        &(struct qw_stream_call){ .caller = caller, .connection = at, .now_ms = play->now_ms },
        &open, &play->opened);
    return play->opened.status;
}

static const struct qw_etsi004_qos plain = { .chunk_len = 48, .ttl_s = 600 };
static const SCENE_UNUSED struct qw_etsi004_qos with_metadata = { .chunk_len = 48,
                                                                  .ttl_s = 600,
                                                                  .mimetype = "application/json" };

/* Both ends, by a name of the server; the name to ksid. */
static void open_both(struct play *play, const struct qw_etsi004_qos *qos, uint8_t *ksid)
{
    assert_int_equal(open_with(play, &play->alice, ALICE_AT, "qkd://alice", "qkd://bob", qos, NULL),
                     QW_ETSI004_DONE);
    memcpy(ksid, play->opened.ksid, QW_ETSI004_KSID_LEN);
    assert_int_equal(open_with(play, &play->bob, BOB_AT, "bob", "urn:qwave:sae:alice", qos, ksid),
                     QW_ETSI004_DONE);
    assert_memory_equal(play->opened.ksid, ksid, QW_ETSI004_KSID_LEN);
}

/* False: it waits. */
static bool ask(struct play *play, const struct qw_caller *caller, uint64_t at, const uint8_t *ksid,
                const struct qw_etsi004_get *what, int64_t waited_ms)
{
    struct qw_etsi004_get get = *what;
    struct qw_stream_call call = {
        .caller = caller, .connection = at, .now_ms = play->now_ms, .waited_ms = waited_ms
    };

    memcpy(get.ksid, ksid, sizeof get.ksid);
    return qw_stream_get(play->table, &call, &get, &play->got);
}

static enum qw_etsi004_status get(struct play *play, const struct qw_caller *caller, uint64_t at,
                                  const uint8_t *ksid, uint32_t index)
{
    struct qw_etsi004_get get = { .index = index, .metadata_cap = 64 };

    assert_true(ask(play, caller, at, ksid, &get, 0));
    if (play->got.status == QW_ETSI004_DONE) {
        assert_int_equal(play->got.index, index);
    }
    return play->got.status;
}

static SCENE_UNUSED enum qw_etsi004_status
close_end(struct play *play, const struct qw_caller *caller, uint64_t at, const uint8_t *ksid)
{
    struct qw_stream_call call = { .caller = caller, .connection = at, .now_ms = play->now_ms };

    return qw_stream_close(play->table, &call, ksid);
}

static SCENE_UNUSED enum qw_etsi004_status get_alice(struct play *play, const uint8_t *ksid,
                                                     uint32_t index)
{
    return get(play, &play->alice, ALICE_AT, ksid, index);
}

static SCENE_UNUSED enum qw_etsi004_status get_bob(struct play *play, const uint8_t *ksid,
                                                   uint32_t index)
{
    return get(play, &play->bob, BOB_AT, ksid, index);
}

#endif
