/* SPDX-License-Identifier: Apache-2.0 */
#include "conform/check_004.h"

#include "base/secret.h"

#include <stdio.h>
#include <string.h>

const struct qw_etsi004_qos conform_qos = { .chunk_len = 32, .timeout_ms = 2000, .ttl_s = 300 };

bool conform_play_wrong(struct conform_play *play, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)conform_row_wrong(play->row, format, arguments);
    va_end(arguments);
    return false;
}

bool conform_connect(struct conform_play *play, enum conform_who who, struct conform_line **line)
{
    struct conform_line *l = &play->lines[play->line_count];
    qw_err err;

    qw_assert(play->line_count < CONFORM_ENDS_MAX);
    *l = (struct conform_line){ .who = who };
    err = play->server->connect(play->server->self, who, &l->number);
    if (err != QW_OK) {
        return conform_play_wrong(play, "no connection: %s", qw_err_text(err));
    }
    l->is_connected = true;
    play->line_count++;
    *line = l;
    return true;
}

void conform_hang_up(struct conform_play *play, struct conform_line *line)
{
    if (line->is_connected) {
        play->server->hang_up(play->server->self, line->number);
        line->is_connected = false;
    }
}

bool conform_send(struct conform_play *play, const struct conform_line *line, const uint8_t *data,
                  size_t len)
{
    qw_err err = play->server->send(play->server->self, line->number, data, len);

    return err == QW_OK || conform_play_wrong(play, "cannot be sent: %s", qw_err_text(err));
}

size_t conform_message(uint8_t *out, enum qw_etsi004_service service, const uint8_t *payload,
                       size_t len)
{
    qw_etsi004_header_write(out, service, (uint32_t)len);
    if (len > 0) {
        memcpy(out + QW_ETSI004_HEADER_LEN, payload, len);
    }
    return QW_ETSI004_HEADER_LEN + len;
}

bool conform_request(struct conform_play *play, const struct conform_line *line,
                     enum qw_etsi004_service service, const uint8_t *payload, size_t len)
{
    uint8_t message[QW_ETSI004_HEADER_LEN + QW_ETSI004_REQUEST_MAX];

    return conform_send(play, line, message, conform_message(message, service, payload, len));
}

static int patience_ms(const struct conform_line *line)
{
    return CONFORM_ANSWER_MS + (line->qos.timeout_ms > 60000 ? 60000 : (int)line->qos.timeout_ms);
}

static qw_err receive(struct conform_play *play, const struct conform_line *line, int wait_ms)
{
    qw_err err = play->server->receive(play->server->self, line->number, wait_ms, play->frame,
                                       sizeof play->frame, &play->len);

    if (err == QW_OK && play->len < QW_ETSI004_HEADER_LEN + 4) {
        return QW_ERR_FORMAT;
    }
    play->status = err == QW_OK ? qw_load_u32be(play->frame + QW_ETSI004_HEADER_LEN) : 0;
    return err;
}

bool conform_answer(struct conform_play *play, const struct conform_line *line,
                    enum qw_etsi004_service service)
{
    static const uint8_t version[] = { 1, 0, 1 };
    qw_err err = receive(play, line, patience_ms(line));

    if (err != QW_OK) {
        return conform_play_wrong(play, "service %d: no answer: %s", (int)service,
                                  qw_err_text(err));
    }
    if (!qw_equal_ct(play->frame, version, sizeof version)) {
        return conform_play_wrong(play, "an answer of version %u.%u.%u", play->frame[0],
                                  play->frame[1], play->frame[2]);
    }
    return play->frame[3] == (int)service + 1 ||
           conform_play_wrong(play, "service %u answers service %d", play->frame[3], (int)service);
}

bool conform_not_served(struct conform_play *play, const struct conform_line *line, int wait_ms)
{
    qw_err err = receive(play, line, wait_ms);

    if (err == QW_ERR_TIMEOUT) {
        return conform_play_wrong(play, "neither an answer nor an end of the connection");
    }
    return err != QW_OK || play->status != QW_ETSI004_DONE ||
           conform_play_wrong(play, "answered with status 0");
}

const char *conform_uri_of(const struct conform_play *play, enum conform_who who)
{
    switch (who) {
    case CONFORM_MASTER:
        return play->server->master_uri;
    case CONFORM_SLAVE:
        return play->server->slave_uri;
    default:
        return play->server->other_uri;
    }
}

static void read_qos(struct qw_reader *r, struct qw_etsi004_qos *qos)
{
    uint32_t *const fields[] = { &qos->chunk_len, &qos->max_bps,    &qos->min_bps, &qos->jitter_bps,
                                 &qos->priority,  &qos->timeout_ms, &qos->ttl_s };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        *fields[i] = qw_read_u32be(r);
    }
    qw_read_bytes(r, qos->mimetype, sizeof qos->mimetype);
}

bool conform_is_opened(const struct conform_play *play)
{
    return play->status == QW_ETSI004_DONE || play->status == QW_ETSI004_PEER_ABSENT_AT_OPEN;
}

bool conform_open(struct conform_play *play, struct conform_line *line, const char *source,
                  const char *dest, const uint8_t *ksid, const struct qw_etsi004_qos *qos)
{
    struct qw_etsi004_open open = { .qos = *qos };
    uint8_t payload[QW_ETSI004_REQUEST_MAX];
    struct qw_reader r;
    size_t len;

    (void)snprintf(open.source, sizeof open.source, "%s", source);
    (void)snprintf(open.dest, sizeof open.dest, "%s", dest);
    if (ksid != NULL) {
        memcpy(open.ksid, ksid, sizeof open.ksid);
    }
    if (qw_etsi004_open_encode(&open, payload, sizeof payload, &len) != QW_OK) {
        return conform_play_wrong(play, "a URI is not visible ASCII");
    }
    line->qos.timeout_ms = qos->timeout_ms; /* some servers wait for the other end already here */
    if (!conform_request(play, line, QW_ETSI004_OPEN_REQUEST, payload, len) ||
        !conform_answer(play, line, QW_ETSI004_OPEN_REQUEST)) {
        return false;
    }
    if (!conform_is_opened(play) && play->status != QW_ETSI004_QOS_NOT_MET) {
        return true;
    }
    r = qw_reader_on(play->frame + QW_ETSI004_HEADER_LEN + 4,
                     play->len - QW_ETSI004_HEADER_LEN - 4);
    read_qos(&r, &line->qos);
    qw_read_bytes(&r, line->ksid, sizeof line->ksid);
    if (!qw_reader_done(&r)) {
        return conform_play_wrong(play, "status %u with %zu bytes instead of QoS and KSID",
                                  play->status, play->len - QW_ETSI004_HEADER_LEN - 4);
    }
    line->is_open = conform_is_opened(play);
    return true;
}

bool conform_open_end(struct conform_play *play, enum conform_who who, enum conform_who peer,
                      const uint8_t *ksid, const struct qw_etsi004_qos *qos,
                      struct conform_line **line)
{
    struct qw_etsi004_qos asked = *qos;
    bool ok = conform_connect(play, who, line);

    for (int i = 0; ok && i < 2 && !(*line)->is_open; i++) {
        ok = conform_open(play, *line, conform_uri_of(play, who), conform_uri_of(play, peer), ksid,
                          &asked) &&
             (conform_is_opened(play) || (play->status == QW_ETSI004_QOS_NOT_MET && i == 0) ||
              conform_play_wrong(play, "OPEN_CONNECT: status %u", play->status));
        asked = (*line)->qos;
    }
    if (ok && ((*line)->qos.chunk_len == 0 || (*line)->qos.chunk_len > CONFORM_CHUNK_CAP)) {
        return conform_play_wrong(play, "chunks of %u bytes", (*line)->qos.chunk_len);
    }
    return ok;
}

bool conform_open_pair(struct conform_play *play, const struct qw_etsi004_qos *qos,
                       struct conform_line **master, struct conform_line **slave)
{
    return conform_open_end(play, CONFORM_MASTER, CONFORM_SLAVE, NULL, qos, master) &&
           conform_open_end(play, CONFORM_SLAVE, CONFORM_MASTER, (*master)->ksid, &(*master)->qos,
                            slave);
}

bool conform_ask_chunk(struct conform_play *play, const struct conform_line *line,
                       const uint8_t *ksid, uint32_t index, uint32_t room)
{
    uint8_t payload[QW_ETSI004_KSID_LEN + 8];

    memcpy(payload, ksid, QW_ETSI004_KSID_LEN);
    qw_store_u32be(payload + QW_ETSI004_KSID_LEN, index);
    qw_store_u32be(payload + QW_ETSI004_KSID_LEN + 4, room);
    return conform_request(play, line, QW_ETSI004_GET_REQUEST, payload, sizeof payload);
}

bool conform_read_chunk(struct conform_play *play, struct conform_chunk *chunk)
{
    struct qw_reader r = qw_reader_on(play->frame + QW_ETSI004_HEADER_LEN + 4,
                                      play->len - QW_ETSI004_HEADER_LEN - 4);

    chunk->index = qw_read_u32be(&r);
    chunk->len = qw_read_u32be(&r);
    if (chunk->len == 0 || chunk->len > sizeof chunk->bytes) {
        return conform_play_wrong(play, "a chunk of %u bytes", chunk->len);
    }
    qw_read_bytes(&r, chunk->bytes, chunk->len);
    chunk->metadata_len = qw_read_u32be(&r);
    return (!r.failed && qw_reader_left(&r) == chunk->metadata_len) ||
           conform_play_wrong(play, "GET_KEY: the answer is not index, chunk and metadata");
}

bool conform_get(struct conform_play *play, const struct conform_line *line, uint32_t index,
                 uint32_t room, struct conform_chunk *chunk)
{
    return conform_ask_chunk(play, line, line->ksid, index, room) &&
           conform_answer(play, line, QW_ETSI004_GET_REQUEST) &&
           (play->status != QW_ETSI004_DONE || conform_read_chunk(play, chunk));
}

bool conform_have(struct conform_play *play, const struct conform_line *line, uint32_t index,
                  struct conform_chunk *chunk)
{
    if (!conform_get(play, line, index, CONFORM_METADATA_ROOM, chunk)) {
        return false;
    }
    if (play->status != QW_ETSI004_DONE) {
        return conform_play_wrong(play, "GET_KEY of index %u: status %u", index, play->status);
    }
    return chunk->index == index ||
           conform_play_wrong(play, "index %u instead of %u", chunk->index, index);
}

bool conform_same_chunk(struct conform_play *play, const struct conform_chunk *a,
                        const struct conform_chunk *b)
{
    return (a->len == b->len && qw_equal_ct(a->bytes, b->bytes, a->len)) ||
           conform_play_wrong(play, "different bytes for index %u", a->index);
}

bool conform_have_both(struct conform_play *play, const struct conform_line *one,
                       const struct conform_line *two, uint32_t index, struct conform_chunk *chunk)
{
    struct conform_chunk other;
    bool ok = conform_have(play, one, index, chunk) && conform_have(play, two, index, &other) &&
              conform_same_chunk(play, chunk, &other);

    qw_wipe(&other, sizeof other);
    return ok;
}

bool conform_is_refused(struct conform_play *play, const struct conform_line *line,
                        const uint8_t *ksid, uint32_t index)
{
    return conform_ask_chunk(play, line, ksid, index, CONFORM_METADATA_ROOM) &&
           conform_not_served(play, line, patience_ms(line));
}

bool conform_close(struct conform_play *play, struct conform_line *line, const uint8_t *ksid)
{
    bool ok = conform_request(play, line, QW_ETSI004_CLOSE_REQUEST, ksid, QW_ETSI004_KSID_LEN) &&
              conform_answer(play, line, QW_ETSI004_CLOSE_REQUEST);

    if (ok && play->status == QW_ETSI004_DONE) {
        line->is_open = false;
    }
    return ok;
}

bool conform_status_is_one_of(struct conform_play *play, const char *statuses)
{
    char digit = (char)('0' + (play->status < 10 ? play->status : 9));

    return strchr(statuses, digit) != NULL ||
           conform_play_wrong(play, "status %u instead of %s", play->status, statuses);
}

/* Whether another connection of the check holds an end of the stream for that application. */
static bool has_been_opened(const struct conform_play *play, const struct conform_line *line,
                            enum conform_who who)
{
    for (size_t i = 0; i < play->line_count; i++) {
        const struct conform_line *other = &play->lines[i];

        if (other->who == who && qw_equal_ct(other->ksid, line->ksid, sizeof line->ksid)) {
            return true;
        }
    }
    return false;
}

/* A stream whose other end never comes would stay until its TTL is over. */
static void join_alone(struct conform_play *play, const struct conform_line *line)
{
    enum conform_who peer = line->who == CONFORM_MASTER ? CONFORM_SLAVE : CONFORM_MASTER;
    struct conform_line *joined;

    if (!has_been_opened(play, line, peer)) {
        (void)conform_open_end(play, peer, line->who, line->ksid, &line->qos, &joined);
    }
}

/* On a connection of its own when the old one is of no use any more. */
static void close_surely(struct conform_play *play, struct conform_line *line)
{
    enum conform_who peer = line->who == CONFORM_MASTER ? CONFORM_SLAVE : CONFORM_MASTER;

    if (line->is_connected && conform_close(play, line, line->ksid)) {
        return;
    }
    conform_hang_up(play, line);
    if (play->server->connect(play->server->self, line->who, &line->number) == QW_OK) {
        line->is_connected = true;
        if (conform_open(play, line, conform_uri_of(play, line->who), conform_uri_of(play, peer),
                         line->ksid, &line->qos)) {
            (void)conform_close(play, line, line->ksid);
        }
    }
}

void conform_play_finish(struct conform_play *play)
{
    struct conform_row kept = *play->row; /* what goes wrong from here on is not the check's */
    size_t count = play->line_count;

    for (size_t i = 0; i < count && play->line_count < CONFORM_ENDS_MAX; i++) {
        if (play->lines[i].is_open) {
            join_alone(play, &play->lines[i]);
        }
    }
    for (size_t i = 0; i < play->line_count; i++) {
        if (play->lines[i].is_open) {
            close_surely(play, &play->lines[i]);
        }
        conform_hang_up(play, &play->lines[i]);
    }
    *play->row = kept;
}
