/* SPDX-License-Identifier: Apache-2.0 */
/* GET_KEY: the same bytes at both ends, each index once, to nobody else. */
#include "conform/check_004.h"

#include "base/secret.h"

#include <stdio.h>

enum { CHUNKS = 8 };

static bool both_ends_get_the_same_bytes(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk chunk = { .index = 0 };
    bool ok = conform_open_pair(play, &conform_qos, &master, &slave);

    for (uint32_t i = 0; ok && i < CHUNKS; i++) { /* now one is first, now the other */
        ok = i % 3 != 0 ? conform_have_both(play, master, slave, i, &chunk)
                        : conform_have_both(play, slave, master, i, &chunk);
    }
    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

static bool chunks_have_the_length_of_the_stream(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk chunk = { .index = 0 };
    bool ok = conform_open_pair(play, &conform_qos, &master, &slave) &&
              conform_have(play, master, 0, &chunk) &&
              (chunk.len == master->qos.chunk_len ||
               conform_play_wrong(play, "a chunk of %u bytes instead of %u", chunk.len,
                                  master->qos.chunk_len));

    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

/* Of two streams: CHUNKS chunks, no two alike. */
static bool no_chunk_comes_twice(struct conform_play *play)
{
    struct conform_line *ends[4];
    struct conform_chunk chunks[CHUNKS];
    bool ok = conform_open_pair(play, &conform_qos, &ends[0], &ends[1]) &&
              conform_open_pair(play, &conform_qos, &ends[2], &ends[3]);

    for (uint32_t i = 0; ok && i < CHUNKS; i++) {
        ok = conform_have(play, ends[i % 2 == 0 ? 0 : 2], i / 2, &chunks[i]);
        for (uint32_t k = 0; ok && k < i; k++) {
            ok = chunks[k].len != chunks[i].len ||
                 !qw_equal_ct(chunks[k].bytes, chunks[i].bytes, chunks[i].len) ||
                 conform_play_wrong(play, "two indices, or two streams, have the same bytes");
        }
    }
    qw_wipe(chunks, sizeof chunks);
    return ok;
}

static bool an_index_that_was_passed_is_gone(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk chunk = { .index = 0 };
    bool ok = conform_open_pair(play, &conform_qos, &master, &slave);

    for (uint32_t i = 0; ok && i < 3; i++) {
        ok = conform_have_both(play, master, slave, i, &chunk);
    }
    qw_wipe(&chunk, sizeof chunk);
    return ok && conform_is_refused(play, master, master->ksid, 0) &&
           conform_is_refused(play, slave, slave->ksid, 0);
}

/* The last index again: a server may refuse, or repeat what was lost on the way. */
static bool a_repeat_is_refused_or_identical(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk first = { .index = 0 }, again = { .index = 0 };
    bool ok = conform_open_pair(play, &conform_qos, &master, &slave) &&
              conform_have_both(play, master, slave, 0, &first) &&
              conform_get(play, master, 0, CONFORM_METADATA_ROOM, &again) &&
              (play->status != QW_ETSI004_DONE || conform_same_chunk(play, &first, &again));

    qw_wipe(&first, sizeof first);
    qw_wipe(&again, sizeof again);
    return ok;
}

static bool a_gap_is_refused_and_the_next_index_is_given(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk chunk = { .index = 0 };
    bool ok = conform_open_pair(play, &conform_qos, &master, &slave) &&
              conform_have(play, master, 0, &chunk) &&
              conform_get(play, master, 5, CONFORM_METADATA_ROOM, &chunk) &&
              (play->status != QW_ETSI004_DONE ||
               conform_play_wrong(play, "index 5 is given after index 0")) &&
              conform_have(play, master, 1, &chunk);

    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

static bool open_with_metadata(struct conform_play *play, struct conform_line **master,
                               struct conform_line **slave)
{
    struct qw_etsi004_qos qos = conform_qos;

    (void)snprintf(qos.mimetype, sizeof qos.mimetype, "application/json");
    return conform_open_pair(play, &qos, master, slave);
}

/* The room that is needed is the last number of the answer. */
static bool too_little_room_is_said(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk chunk = { .index = 0 };
    uint32_t needed;

    if (!open_with_metadata(play, &master, &slave) || !conform_get(play, master, 0, 1, &chunk)) {
        return false;
    }
    qw_wipe(chunk.bytes, sizeof chunk.bytes);
    if (play->status == QW_ETSI004_DONE) {
        return chunk.metadata_len <= 1
                   ? conform_row_skip(play->row, "the server gives no metadata")
                   : conform_play_wrong(play, "more metadata than there is room for");
    }
    if (!conform_status_is_one_of(play, "8")) {
        return false;
    }
    needed = qw_load_u32be(play->frame + play->len - 4);
    if (play->len < QW_ETSI004_HEADER_LEN + 8 || needed <= 1) {
        return conform_play_wrong(play, "status 8 does not say how much room is needed");
    }
    if (needed > CONFORM_FRAME_CAP / 2) {
        return conform_play_wrong(play, "%u bytes of metadata", needed);
    }
    if (!conform_get(play, master, 0, needed + 8, &chunk)) { /* an age may have grown a digit */
        return false;
    }
    qw_wipe(&chunk, sizeof chunk);
    return play->status == QW_ETSI004_DONE ||
           conform_play_wrong(play, "with the room that was asked for: status %u", play->status);
}

static bool no_room_is_no_metadata(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk chunk = { .index = 0 };
    bool ok = conform_open_pair(play, &conform_qos, &master, &slave) &&
              conform_get(play, master, 0, 0, &chunk) && conform_status_is_one_of(play, "0") &&
              (chunk.metadata_len == 0 ||
               conform_play_wrong(play, "%u bytes of metadata without room", chunk.metadata_len));

    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

static bool an_unknown_name_has_no_chunks(struct conform_play *play)
{
    struct conform_line *master, *slave;
    uint8_t ksid[QW_ETSI004_KSID_LEN];

    if (!conform_open_pair(play, &conform_qos, &master, &slave)) {
        return false;
    }
    for (size_t i = 0; i < sizeof ksid; i++) {
        ksid[i] = (uint8_t)~master->ksid[i];
    }
    return conform_is_refused(play, master, ksid, 0);
}

static bool a_stranger_reads_nothing(struct conform_play *play)
{
    struct conform_line *master, *slave, *other;
    struct conform_chunk chunk = { .index = 0 };
    bool ok;

    if (play->server->other_uri == NULL) {
        return conform_row_skip(play->row, "no third application was given");
    }
    ok = conform_open_pair(play, &conform_qos, &master, &slave) &&
         conform_have(play, master, 0, &chunk) && conform_connect(play, CONFORM_OTHER, &other) &&
         conform_is_refused(play, other, master->ksid, 0) &&
         conform_have(play, slave, 0, &chunk); /* and nothing was used up */
    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

static bool who_has_not_opened_reads_nothing(struct conform_play *play)
{
    struct conform_line *master, *slave;

    return conform_open_end(play, CONFORM_MASTER, CONFORM_SLAVE, NULL, &conform_qos, &master) &&
           conform_connect(play, CONFORM_SLAVE, &slave) &&
           conform_is_refused(play, slave, master->ksid, 0);
}

/* clang-format off */
const struct conform_check_004 conform_get_checks[] = {
    { { "G1", "GET_KEY", true,  "both ends get the same bytes, whoever asks first" }, both_ends_get_the_same_bytes },
    { { "G2", "GET_KEY", true,  "chunks are as long as the QoS says" }, chunks_have_the_length_of_the_stream },
    { { "G3", "GET_KEY", true,  "no chunk comes under another index or in another stream" }, no_chunk_comes_twice },
    { { "G4", "GET_KEY", true,  "an index that was passed is not given again" }, an_index_that_was_passed_is_gone },
    { { "G5", "GET_KEY", true,  "the last index again: refused, or identical" }, a_repeat_is_refused_or_identical },
    { { "G6", "GET_KEY", false, "an index further on is refused, and burns nothing" }, a_gap_is_refused_and_the_next_index_is_given },
    { { "G7", "GET_KEY", true,  "metadata without room: status 8, how much it needs, and the chunk stays" }, too_little_room_is_said },
    { { "G8", "GET_KEY", true,  "metadata size 0: none" }, no_room_is_no_metadata },
    { { "G9", "GET_KEY", true,  "an unknown KSID has no chunks" }, an_unknown_name_has_no_chunks },
    { { "G10", "GET_KEY", true,  "another certificate reads nothing of a stream" }, a_stranger_reads_nothing },
    { { "G11", "GET_KEY", false, "an end that has not opened reads nothing" }, who_has_not_opened_reads_nothing },
    { .run = NULL },
};
/* clang-format on */
