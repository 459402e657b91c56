/* SPDX-License-Identifier: Apache-2.0 */
/* GET_KEY when there is no other end, Timeout, and the highest rate. */
#include "conform/check_004.h"

#include "base/secret.h"

#include <inttypes.h>

enum {
    TIMEOUT_MS = 700,
    EARLY_MS = 100, /* clocks of two machines */
    LATE_MS = 5000,
    LONG_MS = 8000,
    RATE_CHUNKS_PER_S = 4,
    RATE_MS = 1500,
    RATE_CHUNKS_MAX = 64
};

static int64_t now_ms(const struct conform_play *play)
{
    return play->server->now_ms(play->server->self);
}

static bool open_alone(struct conform_play *play, uint32_t timeout_ms, struct conform_line **master)
{
    struct qw_etsi004_qos qos = conform_qos;

    qos.timeout_ms = timeout_ms;
    return conform_open_end(play, CONFORM_MASTER, CONFORM_SLAVE, NULL, &qos, master);
}

static bool without_the_other_end_there_is_no_chunk(struct conform_play *play)
{
    struct conform_line *master;
    struct conform_chunk chunk = { .index = 0 };
    bool ok = open_alone(play, TIMEOUT_MS, &master) &&
              conform_get(play, master, 0, CONFORM_METADATA_ROOM, &chunk) &&
              conform_status_is_one_of(play, "36");

    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

static bool a_call_waits_as_long_as_its_timeout(struct conform_play *play)
{
    struct conform_line *master;
    struct conform_chunk chunk = { .index = 0 };
    int64_t began_ms, took_ms;

    if (!open_alone(play, TIMEOUT_MS, &master)) {
        return false;
    }
    if (master->qos.timeout_ms != TIMEOUT_MS) {
        return conform_row_skip(play->row, "the server does not offer a Timeout of 700 ms");
    }
    began_ms = now_ms(play);
    if (!conform_get(play, master, 0, CONFORM_METADATA_ROOM, &chunk)) {
        return false;
    }
    qw_wipe(&chunk, sizeof chunk);
    took_ms = now_ms(play) - began_ms;
    return (took_ms >= TIMEOUT_MS - EARLY_MS && took_ms <= TIMEOUT_MS + LATE_MS) ||
           conform_play_wrong(play, "an answer after %" PRId64 " ms of %d", took_ms, TIMEOUT_MS);
}

/* The master asks and waits; the slave comes and asks; then both have the chunk. */
static bool a_call_waits_for_the_other_end(struct conform_play *play)
{
    struct conform_line *master, *slave;
    struct conform_chunk mine = { .index = 0 }, his = { .index = 0 };
    bool ok =
        open_alone(play, LONG_MS, &master) &&
        conform_ask_chunk(play, master, master->ksid, 0, CONFORM_METADATA_ROOM) &&
        conform_open_end(play, CONFORM_SLAVE, CONFORM_MASTER, master->ksid, &master->qos, &slave) &&
        conform_have(play, slave, 0, &his) &&
        conform_answer(play, master, QW_ETSI004_GET_REQUEST) &&
        conform_status_is_one_of(play, "0") && conform_read_chunk(play, &mine) &&
        conform_same_chunk(play, &mine, &his);

    qw_wipe(&mine, sizeof mine);
    qw_wipe(&his, sizeof his);
    return ok;
}

static bool who_waits_holds_up_nobody(struct conform_play *play)
{
    struct conform_line *waiting, *master, *slave;
    struct conform_chunk chunk = { .index = 0 };
    int64_t began_ms = now_ms(play);
    bool ok = open_alone(play, LONG_MS, &waiting) &&
              conform_ask_chunk(play, waiting, waiting->ksid, 0, CONFORM_METADATA_ROOM) &&
              conform_open_pair(play, &conform_qos, &master, &slave) &&
              conform_have_both(play, master, slave, 0, &chunk);

    qw_wipe(&chunk, sizeof chunk);
    return ok && (now_ms(play) - began_ms < LONG_MS - LATE_MS / 2 ||
                  conform_play_wrong(play, "others are served after %" PRId64 " ms",
                                     now_ms(play) - began_ms));
}

/* Takes chunks at both ends for RATE_MS; how many there were. */
static bool take_for_a_while(struct conform_play *play, const struct conform_line *master,
                             const struct conform_line *slave, uint32_t *count)
{
    struct conform_chunk chunk = { .index = 0 };
    int64_t ends_ms = now_ms(play) + RATE_MS;
    bool ok = true;

    *count = 0;
    while (ok && *count < RATE_CHUNKS_MAX && now_ms(play) < ends_ms) {
        ok = conform_get(play, master, *count, CONFORM_METADATA_ROOM, &chunk) &&
             conform_status_is_one_of(play, "026");
        if (ok && play->status == QW_ETSI004_DONE) {
            ok = conform_have(play, slave, *count, &chunk);
            ++*count;
        } else if (ok) {
            play->server->pause(play->server->self, 20);
        }
    }
    qw_wipe(&chunk, sizeof chunk);
    return ok;
}

/* A second's worth and one chunk may come at once, and a second's worth is forgiven. */
static bool a_stream_is_not_faster_than_its_highest_rate(struct conform_play *play)
{
    struct qw_etsi004_qos qos = conform_qos;
    struct conform_line *master, *slave;
    int64_t began_ms = now_ms(play);
    uint32_t count, bits, most;

    qos.timeout_ms = TIMEOUT_MS;
    qos.max_bps = qos.chunk_len * 8 * RATE_CHUNKS_PER_S;
    if (!conform_open_pair(play, &qos, &master, &slave)) {
        return false;
    }
    if (master->qos.max_bps == 0 || master->qos.chunk_len != qos.chunk_len ||
        master->qos.max_bps > 2 * qos.max_bps) {
        return conform_row_skip(play->row, "the server does not offer so low a rate");
    }
    if (!take_for_a_while(play, master, slave, &count)) {
        return false;
    }
    bits = count * qos.chunk_len * 8;
    most = (uint32_t)((int64_t)master->qos.max_bps * (now_ms(play) - began_ms + 2000) / 1000) +
           qos.chunk_len * 8;
    return bits <= most ||
           conform_play_wrong(play, "%u bits in %" PRId64 " ms are more than %u bit/s", bits,
                              now_ms(play) - began_ms, master->qos.max_bps);
}

/* clang-format off */
const struct conform_check_004 conform_wait_checks[] = {
    { { "G12", "GET_KEY", true,  "the other end has not come: status 3, or 6" }, without_the_other_end_there_is_no_chunk },
    { { "G13", "QoS", false, "a call waits as long as its Timeout" }, a_call_waits_as_long_as_its_timeout },
    { { "G14", "QoS", false, "a call that waits is answered when the other end comes" }, a_call_waits_for_the_other_end },
    { { "G15", "QoS", true,  "while a call waits, others are served" }, who_waits_holds_up_nobody },
    { { "G16", "QoS", false, "a stream is not faster than its Max_bps" }, a_stream_is_not_faster_than_its_highest_rate },
    { .run = NULL },
};
/* clang-format on */
