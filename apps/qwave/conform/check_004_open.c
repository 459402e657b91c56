/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN_CONNECT: names, both ends, quality. */
#include "conform/check_004.h"

#include "base/secret.h"
#include "crypto/random.h"

#include <string.h>

static bool is_zero(const uint8_t *ksid)
{
    static const uint8_t none[QW_ETSI004_KSID_LEN] = { 0 };

    return qw_equal_ct(ksid, none, sizeof none);
}

static bool a_name_is_assigned(struct conform_play *play)
{
    struct conform_line *one, *two;

    if (!conform_open_end(play, CONFORM_MASTER, CONFORM_SLAVE, NULL, &conform_qos, &one) ||
        !conform_open_end(play, CONFORM_MASTER, CONFORM_SLAVE, NULL, &conform_qos, &two)) {
        return false;
    }
    if (is_zero(one->ksid) || is_zero(two->ksid)) {
        return conform_play_wrong(play, "the KSID of the answer is zero");
    }
    return !qw_equal_ct(one->ksid, two->ksid, sizeof one->ksid) ||
           conform_play_wrong(play, "two streams have one KSID");
}

static bool the_other_end_joins(struct conform_play *play)
{
    struct conform_line *master, *slave;

    if (!conform_open_pair(play, &conform_qos, &master, &slave)) {
        return false;
    }
    if (!qw_equal_ct(master->ksid, slave->ksid, sizeof master->ksid)) {
        return conform_play_wrong(play, "the other end gets another KSID");
    }
    return master->qos.chunk_len == slave->qos.chunk_len ||
           conform_play_wrong(play, "chunks of %u bytes at one end, %u at the other",
                              master->qos.chunk_len, slave->qos.chunk_len);
}

/* A UUID of version 4, as an application would make one. */
static bool make_name(struct conform_play *play, uint8_t *ksid)
{
    if (qw_random_bytes(ksid, QW_ETSI004_KSID_LEN) != QW_OK) {
        return conform_play_wrong(play, "no random numbers on this machine");
    }
    ksid[6] = (uint8_t)(0x40 | (ksid[6] & 0x0f));
    ksid[8] = (uint8_t)(0x80 | (ksid[8] & 0x3f));
    return true;
}

static bool a_name_of_the_applications_is_kept(struct conform_play *play)
{
    struct conform_line *master, *slave;
    uint8_t ksid[QW_ETSI004_KSID_LEN];

    if (!make_name(play, ksid) ||
        !conform_open_end(play, CONFORM_MASTER, CONFORM_SLAVE, ksid, &conform_qos, &master)) {
        return false;
    }
    if (!qw_equal_ct(master->ksid, ksid, sizeof ksid)) {
        return conform_play_wrong(play, "the answer has another KSID than was asked for");
    }
    return conform_open_end(play, CONFORM_SLAVE, CONFORM_MASTER, ksid, &master->qos, &slave);
}

static bool quality_is_given_as_asked(struct conform_play *play)
{
    struct conform_line *line;
    const struct qw_etsi004_qos *asked = &conform_qos;
    const struct qw_etsi004_qos *got;

    if (!conform_connect(play, CONFORM_MASTER, &line) ||
        !conform_open(play, line, play->server->master_uri, play->server->slave_uri, NULL, asked)) {
        return false;
    }
    if (play->status == QW_ETSI004_QOS_NOT_MET) {
        return conform_row_skip(play->row, "the server does not offer chunks of 32 bytes");
    }
    got = &line->qos;
    if (!conform_is_opened(play)) {
        return conform_play_wrong(play, "OPEN_CONNECT: status %u", play->status);
    }
    return (got->chunk_len == asked->chunk_len && got->timeout_ms == asked->timeout_ms &&
            got->ttl_s == asked->ttl_s) ||
           conform_play_wrong(play, "asked for %u bytes, %u ms, %u s, got %u, %u, %u",
                              asked->chunk_len, asked->timeout_ms, asked->ttl_s, got->chunk_len,
                              got->timeout_ms, got->ttl_s);
}

/* What cannot be had: status 7, and the counter-offer opens. */
static bool is_countered(struct conform_play *play, const struct qw_etsi004_qos *asked)
{
    struct conform_line *line;
    struct qw_etsi004_qos offer;

    if (!conform_connect(play, CONFORM_MASTER, &line) ||
        !conform_open(play, line, play->server->master_uri, play->server->slave_uri, NULL, asked) ||
        !conform_status_is_one_of(play, "7")) {
        return false;
    }
    offer = line->qos;
    if (offer.chunk_len == asked->chunk_len && offer.min_bps == asked->min_bps) {
        return conform_play_wrong(play, "the counter-offer is what was refused");
    }
    if (!conform_open(play, line, play->server->master_uri, play->server->slave_uri, NULL,
                      &offer)) {
        return false;
    }
    return conform_is_opened(play) ||
           conform_play_wrong(play, "the counter-offer is refused: status %u", play->status);
}

static bool a_huge_chunk_is_countered(struct conform_play *play)
{
    struct qw_etsi004_qos qos = conform_qos;

    qos.chunk_len = UINT32_MAX;
    return is_countered(play, &qos);
}

static bool a_lowest_rate_that_nobody_has_is_countered(struct conform_play *play)
{
    struct qw_etsi004_qos qos = conform_qos;

    qos.min_bps = UINT32_MAX;
    qos.max_bps = UINT32_MAX;
    return is_countered(play, &qos);
}

/* Once more, from a connection of its own. */
static bool open_again(struct conform_play *play, enum conform_who who, const char *source,
                       const char *dest, const struct conform_line *first)
{
    struct conform_line *line;

    return conform_connect(play, who, &line) &&
           conform_open(play, line, source, dest, first->ksid, &first->qos);
}

static bool an_end_that_is_open_is_in_use(struct conform_play *play)
{
    struct conform_line *master, *slave;

    return conform_open_pair(play, &conform_qos, &master, &slave) &&
           open_again(play, CONFORM_MASTER, play->server->master_uri, play->server->slave_uri,
                      master) &&
           conform_status_is_one_of(play, "5");
}

static bool is_not_opened(struct conform_play *play)
{
    return !conform_is_opened(play) || conform_play_wrong(play, "is opened");
}

static bool a_stranger_does_not_join(struct conform_play *play)
{
    struct conform_line *master;

    if (play->server->other_uri == NULL) {
        return conform_row_skip(play->row, "no third application was given");
    }
    return conform_open_end(play, CONFORM_MASTER, CONFORM_SLAVE, NULL, &conform_qos, &master) &&
           open_again(play, CONFORM_OTHER, play->server->other_uri, play->server->master_uri,
                      master) &&
           is_not_opened(play) &&
           open_again(play, CONFORM_OTHER, play->server->slave_uri, play->server->master_uri,
                      master) &&
           is_not_opened(play);
}

static bool nobody_opens_in_anothers_name(struct conform_play *play)
{
    struct conform_line *line;

    return conform_connect(play, CONFORM_MASTER, &line) &&
           conform_open(play, line, play->server->slave_uri, play->server->master_uri, NULL,
                        &conform_qos) &&
           is_not_opened(play);
}

static bool nobody_is_no_peer(struct conform_play *play)
{
    struct conform_line *line;

    return conform_connect(play, CONFORM_MASTER, &line) &&
           conform_open(play, line, play->server->master_uri, "qkd://no-such-application", NULL,
                        &conform_qos) &&
           is_not_opened(play);
}

/* clang-format off */
const struct conform_check_004 conform_open_checks[] = {
    { { "O1", "OPEN_CONNECT", true,  "KSID zero: the server assigns one, and never twice" }, a_name_is_assigned },
    { { "O2", "OPEN_CONNECT", true,  "the other end joins with the KSID" }, the_other_end_joins },
    { { "O3", "OPEN_CONNECT", true,  "a KSID of the application's is kept" }, a_name_of_the_applications_is_kept },
    { { "O4", "QoS", true,  "a quality that can be had is answered as asked" }, quality_is_given_as_asked },
    { { "O5", "QoS", true,  "chunks of 4 GiB: status 7 and an offer that can be had" }, a_huge_chunk_is_countered },
    { { "O6", "QoS", true,  "a lowest rate that nobody has: the same" }, a_lowest_rate_that_nobody_has_is_countered },
    { { "O7", "OPEN_CONNECT", true,  "an end that is open: status 5" }, an_end_that_is_open_is_in_use },
    { { "O8", "OPEN_CONNECT", true,  "a third application does not join" }, a_stranger_does_not_join },
    { { "O9", "OPEN_CONNECT", false, "nobody opens in another's name" }, nobody_opens_in_anothers_name },
    { { "O10", "OPEN_CONNECT", false, "an application that does not exist is no peer" }, nobody_is_no_peer },
    { .run = NULL },
};
/* clang-format on */
