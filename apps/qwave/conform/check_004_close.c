/* SPDX-License-Identifier: Apache-2.0 */
/* CLOSE, and connections that are lost. */
#include "conform/check_004.h"

#include "base/secret.h"

enum { TRIES = 50, TRY_MS = 20 };

static bool an_end_is_closed(struct conform_play *play)
{
    struct conform_line *master, *slave;

    return conform_open_pair(play, &conform_qos, &master, &slave) &&
           conform_close(play, master, master->ksid) && conform_status_is_one_of(play, "0") &&
           conform_close(play, slave, slave->ksid) && conform_status_is_one_of(play, "0");
}

static bool a_closed_end_gets_nothing_more(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk chunk = { .index = 0 };
    bool ok = conform_open_pair(play, &conform_qos, &master, &slave) &&
              conform_have_both(play, master, slave, 0, &chunk) &&
              conform_close(play, master, master->ksid) &&
              conform_is_refused(play, master, master->ksid, 1);

    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

static bool no_new_chunk_without_the_other_end(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk chunk = { .index = 0 };
    bool ok = conform_open_pair(play, &conform_qos, &master, &slave) &&
              conform_have_both(play, master, slave, 0, &chunk) &&
              conform_close(play, slave, slave->ksid) &&
              conform_get(play, master, 1, CONFORM_METADATA_ROOM, &chunk) &&
              conform_status_is_one_of(play, "36");

    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

static bool what_is_not_open_is_not_closed(struct conform_play *play)
{
    static const uint8_t unknown[QW_ETSI004_KSID_LEN] = { 0xc0, 0x4f, 0x02 };
    struct conform_line *line;

    return conform_connect(play, CONFORM_MASTER, &line) && conform_close(play, line, unknown) &&
           (play->status != QW_ETSI004_DONE || conform_play_wrong(play, "status 0"));
}

static bool a_stranger_ends_no_stream(struct conform_play *play)
{
    struct conform_line *master, *slave, *other;
    struct conform_chunk chunk = { .index = 0 };
    bool ok;

    if (play->server->other_uri == NULL) {
        return conform_row_skip(play->row, "no third application was given");
    }
    ok =
        conform_open_pair(play, &conform_qos, &master, &slave) &&
        conform_connect(play, CONFORM_OTHER, &other) &&
        conform_request(play, other, QW_ETSI004_CLOSE_REQUEST, master->ksid, sizeof master->ksid) &&
        conform_not_served(play, other, CONFORM_ANSWER_MS) &&
        conform_have_both(play, master, slave, 0, &chunk);
    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

static bool the_name_of_a_closed_stream_is_not_used_again(struct conform_play *play)
{
    struct conform_line *master, *slave;

    if (!conform_open_pair(play, &conform_qos, &master, &slave) ||
        !conform_close(play, master, master->ksid) || !conform_close(play, slave, slave->ksid) ||
        !conform_open(play, master, play->server->master_uri, play->server->slave_uri, master->ksid,
                      &master->qos)) {
        return false;
    }
    return !conform_is_opened(play) || conform_play_wrong(play, "is opened as a new stream");
}

/* A server may see the end of the old connection a moment later. */
static bool open_after_loss(struct conform_play *play, const struct conform_line *lost,
                            struct conform_line **line)
{
    if (!conform_connect(play, lost->who, line)) {
        return false;
    }
    for (int i = 0; i < TRIES; i++) {
        if (!conform_open(play, *line, play->server->master_uri, play->server->slave_uri,
                          lost->ksid, &lost->qos)) {
            return false;
        }
        if (play->status != QW_ETSI004_KSID_IN_USE) {
            break;
        }
        play->server->pause(play->server->self, TRY_MS);
    }
    return conform_is_opened(play) ||
           conform_play_wrong(play, "is not opened again: status %u", play->status);
}

static bool a_lost_connection_is_made_good(struct conform_play *play)
{
    struct conform_line *lost, *slave, *master;
    struct conform_chunk chunk = { .index = 0 };
    bool ok = conform_open_pair(play, &conform_qos, &lost, &slave);

    for (uint32_t i = 0; ok && i < 3; i++) {
        ok = conform_have_both(play, lost, slave, i, &chunk);
    }
    if (ok) {
        conform_hang_up(play, lost);
        lost->is_open = false;
        ok = open_after_loss(play, lost, &master) &&
             conform_have_both(play, master, slave, 3, &chunk) &&
             conform_is_refused(play, master, master->ksid, 0);
    }
    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

/* clang-format off */
const struct conform_check_004 conform_close_checks[] = {
    { { "C1", "CLOSE", true,  "both ends are closed with status 0" }, an_end_is_closed },
    { { "C2", "CLOSE", true,  "an end that is closed gets nothing more" }, a_closed_end_gets_nothing_more },
    { { "C3", "CLOSE", false, "when one end is closed, the other gets status 3, or 6" }, no_new_chunk_without_the_other_end },
    { { "C4", "CLOSE", false, "an unknown KSID is not closed" }, what_is_not_open_is_not_closed },
    { { "C5", "CLOSE", true,  "another certificate ends no stream" }, a_stranger_ends_no_stream },
    { { "C6", "CLOSE", false, "an assigned KSID is not used again" }, the_name_of_a_closed_stream_is_not_used_again },
    { { "C7", "CLOSE", false, "after a lost connection an end opens again, and gets nothing twice" }, a_lost_connection_is_made_good },
    { .run = NULL },
};
/* clang-format on */
