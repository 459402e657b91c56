/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_QWAVE_LITTLE_004_H
#define QW_TESTS_UNIT_QWAVE_LITTLE_004_H

/* A little server of ETSI GS QKD 004 without a network, with a clock that stands still unless
 * somebody waits. It is right, or wrong in one way. Include after cmocka. */
#include "api/etsi004/get_key.h"
#include "api/etsi004/open_connect.h"
#include "conform/conform_004.h"

#include <stdio.h>
#include <string.h>

#define LITTLE_WRONGNESSES(X) /* and the check that must find it */ \
    X(SERVES_NOBODY, "F1") \
    X(HAS_ANOTHER_VERSION, "F2") \
    X(ANSWERS_WITH_THE_REQUESTS_SERVICE, "F2") \
    X(TAKES_ANY_VERSION, "F3") \
    X(TAKES_UNKNOWN_SERVICES, "F4") \
    X(TAKES_ANSWERS, "F5") \
    X(TAKES_SHORT_PAYLOADS, "F6") \
    X(TAKES_LONG_PAYLOADS, "F7") \
    X(WAITS_FOR_HUGE_MESSAGES, "F8") \
    X(WANTS_WHOLE_MESSAGES, "F9") \
    X(DROPS_WHAT_COMES_TOGETHER, "F10") \
    X(IS_HELD_UP_BY_HALVES, "F11") \
    X(WAITS_FOR_HALVES, "F12") \
    X(ASSIGNS_ZERO, "O1") \
    X(ASSIGNS_ONE_NAME, "O1") \
    X(GIVES_THE_SLAVE_ANOTHER_NAME, "O2") \
    X(REPLACES_NAMES, "O3") \
    X(CHANGES_WHAT_WAS_ASKED, "O4") \
    X(TAKES_ANY_CHUNK_LENGTH, "O5") \
    X(OFFERS_WHAT_IT_REFUSES, "O5") \
    X(REFUSES_WHAT_IT_OFFERS, "O6") \
    X(PROMISES_ANY_RATE, "O6") \
    X(OPENS_AN_END_TWICE, "O7") \
    X(LETS_STRANGERS_JOIN, "O8") \
    X(BELIEVES_NAMES, "O9") \
    X(KNOWS_EVERYBODY, "O10") \
    X(GIVES_THE_SLAVE_OTHER_BYTES, "G1") \
    X(GIVES_ANOTHER_INDEX, "G1") \
    X(GIVES_SHORT_CHUNKS, "G2") \
    X(HAS_ONE_CHUNK_FOR_ALL_STREAMS, "G3") \
    X(HAS_ONE_CHUNK_FOR_ALL_INDICES, "G3") \
    X(GIVES_PASSED_INDICES, "G4") \
    X(CHANGES_A_REPEAT, "G5") \
    X(GIVES_INDICES_FURTHER_ON, "G6") \
    X(BURNS_AT_A_GAP, "G6") \
    X(IGNORES_ROOM, "G7") \
    X(DOES_NOT_SAY_HOW_MUCH_ROOM, "G7") \
    X(BURNS_WITHOUT_ROOM, "G7") \
    X(GIVES_METADATA_WITHOUT_ROOM, "G8") \
    X(GIVES_UNKNOWN_NAMES, "G9") \
    X(GIVES_TO_STRANGERS, "G10") \
    X(GIVES_BEFORE_OPENING, "G11") \
    X(GIVES_TO_ONE_ALONE, "G12") \
    X(NEVER_WAITS, "G13") \
    X(WAITS_FOR_EVER, "G13") \
    X(WAITS_IN_VAIN, "G14") \
    X(IS_HELD_UP_BY_WAITING, "G15") \
    X(IGNORES_THE_RATE, "G16") \
    X(CLOSES_NOTHING, "C1") \
    X(GIVES_TO_CLOSED_ENDS, "C2") \
    X(GIVES_WHEN_THE_OTHER_HAS_CLOSED, "C3") \
    X(CLOSES_UNKNOWN_NAMES, "C4") \
    X(LETS_STRANGERS_CLOSE, "C5") \
    X(USES_NAMES_AGAIN, "C6") \
    X(NEVER_OPENS_AGAIN, "C7") \
    X(BEGINS_AGAIN_AFTER_A_LOSS, "C7") \
    X(CONNECTS_NOBODY, "F2") \
    X(SAYS_NOTHING, "F2")

enum wrongness {
    RIGHT,
#define LITTLE_ENUM(name, check) name,
    LITTLE_WRONGNESSES(LITTLE_ENUM)
#undef LITTLE_ENUM
        WRONGNESS_COUNT
};

enum { STREAMS = 512, IN_CAP = 2048, CHUNK_LEN = 32, CHUNK_LEN_MAX = 64, METADATA_LEN = 20 };

struct little_line {
    enum conform_who who;
    bool is_up, is_over; /* over: the server has hung up */
    uint8_t in[IN_CAP];
    size_t in_len;
    int64_t came_ms; /* the message at the front */
    bool came_alone; /* before the stream had its other end */
};

struct little_end {
    int line; /* -1: none */
    bool has_opened, has_closed;
    uint32_t next;
    unsigned repeats;
};

struct little_stream {
    uint8_t ksid[16];
    struct qw_etsi004_qos qos;
    int64_t opened_ms;
    uint32_t made;
    struct little_end ends[2]; /* of master and slave */
};

struct little {
    enum wrongness wrongness;
    int64_t now_ms;
    struct little_line lines[CONFORM_LINES_MAX];
    struct little_stream streams[STREAMS];
    size_t count;
    unsigned left_open; /* ends, at the end of all checks */
};

static const char *const little_uris[] = { "qkd://alice", "qkd://bob", "qkd://carol" };

static qw_err little_connect(void *self, enum conform_who who, int *number)
{
    struct little *s = self;

    if (s->wrongness == CONNECTS_NOBODY ||
        (who == CONFORM_NOBODY && s->wrongness != SERVES_NOBODY)) {
        return QW_ERR_AUTH;
    }
    for (*number = 0; s->lines[*number].is_up; ++*number) {
        assert_true(*number + 1 < CONFORM_LINES_MAX);
    }
    s->lines[*number] = (struct little_line){ .who = who, .is_up = true };
    return QW_OK;
}

static void leave_streams(struct little *s, int number)
{
    for (size_t i = 0; i < s->count; i++) {
        for (int e = 0; e < 2; e++) {
            if (s->streams[i].ends[e].line == number) {
                s->streams[i].ends[e].line = -1;
            }
        }
    }
}

static qw_err end_line(struct little *s, int number)
{
    s->lines[number].is_over = true;
    leave_streams(s, number);
    return QW_ERR_CLOSED;
}

static void little_hang_up(void *self, int number)
{
    struct little *s = self;

    assert_true(s->lines[number].is_up);
    s->lines[number].is_up = false;
    leave_streams(s, number);
}

/* How long the message at the front is; 0: not yet known. */
static size_t message_len(const struct little_line *l)
{
    return l->in_len < QW_ETSI004_HEADER_LEN
               ? 0
               : QW_ETSI004_HEADER_LEN + (size_t)qw_load_u32be(l->in + 4);
}

static bool is_whole(const struct little_line *l)
{
    return message_len(l) != 0 && l->in_len >= message_len(l);
}

static struct little_stream *find_stream(struct little *s, const uint8_t *ksid)
{
    for (size_t i = s->count; i > 0; i--) {
        if (memcmp(s->streams[i - 1].ksid, ksid, 16) == 0) {
            return &s->streams[i - 1];
        }
    }
    return NULL;
}

static qw_err little_send(void *self, int number, const uint8_t *data, size_t len)
{
    struct little *s = self;
    struct little_line *l = &s->lines[number];

    if (l->is_over) {
        return QW_ERR_CLOSED;
    }
    assert_true(l->in_len + len <= sizeof l->in);
    memcpy(l->in + l->in_len, data, len);
    l->in_len += len;
    l->came_ms = s->now_ms;
    if (is_whole(l) && l->in[3] == QW_ETSI004_GET_REQUEST) {
        const struct little_stream *stream = find_stream(s, l->in + QW_ETSI004_HEADER_LEN);

        l->came_alone =
            stream != NULL && !(stream->ends[0].has_opened && stream->ends[1].has_opened);
    }
    return s->wrongness == WANTS_WHOLE_MESSAGES && !is_whole(l) ? end_line(s, number) : QW_OK;
}

static void join(struct little_end *end, int line)
{
    end->line = line;
    end->has_opened = true;
}

static void settle(const struct little *s, struct qw_etsi004_qos *qos)
{
    if (qos->chunk_len > CHUNK_LEN_MAX && s->wrongness != OFFERS_WHAT_IT_REFUSES) {
        qos->chunk_len = s->wrongness == REFUSES_WHAT_IT_OFFERS ? CHUNK_LEN_MAX + 1 : CHUNK_LEN;
    }
    qos->min_bps = s->wrongness == REFUSES_WHAT_IT_OFFERS ? qos->min_bps / 2 : 0;
}

static void open_new(struct little *s, int line, const struct qw_etsi004_open *open,
                     struct qw_etsi004_open_answer *answer)
{
    static const uint8_t none[16] = { 0 };
    struct little_stream *stream = &s->streams[s->count];
    bool is_bad = (open->qos.chunk_len > CHUNK_LEN_MAX && s->wrongness != TAKES_ANY_CHUNK_LENGTH) ||
                  (open->qos.min_bps > 0 && s->wrongness != PROMISES_ANY_RATE);

    answer->qos = open->qos;
    if (is_bad) {
        answer->status = QW_ETSI004_QOS_NOT_MET;
        settle(s, &answer->qos);
        return;
    }
    answer->qos.ttl_s -= s->wrongness == CHANGES_WHAT_WAS_ASKED ? 1 : 0;
    assert_true(++s->count < STREAMS);
    *stream = (struct little_stream){ .qos = answer->qos, .opened_ms = s->now_ms };
    memcpy(stream->ksid, open->ksid, 16);
    if (memcmp(open->ksid, none, 16) == 0 || s->wrongness == REPLACES_NAMES) {
        size_t number = s->wrongness == ASSIGNS_ONE_NAME ? 1 : s->count;

        memset(stream->ksid, 0x55, 16);
        qw_store_u32be(stream->ksid, (uint32_t)number);
        stream->ksid[6] = 0x80;
        if (s->wrongness == ASSIGNS_ZERO) {
            memset(stream->ksid, 0, 16);
        }
    }
    stream->ends[1].line = -1;
    join(&stream->ends[0], line);
    memcpy(answer->ksid, stream->ksid, 16);
    answer->status = QW_ETSI004_DONE;
}

static void open_known(struct little *s, int line, struct little_stream *stream, int which,
                       const struct qw_etsi004_open *open, struct qw_etsi004_open_answer *answer)
{
    struct little_end *end = &stream->ends[which];
    bool is_open = end->line >= 0 && s->wrongness != OPENS_AN_END_TWICE;
    bool was_lost = end->has_opened && s->wrongness == NEVER_OPENS_AGAIN;

    if (is_open || was_lost || end->has_closed || open->qos.chunk_len != stream->qos.chunk_len) {
        answer->status = QW_ETSI004_KSID_IN_USE;
        return;
    }
    if (end->has_opened && s->wrongness == BEGINS_AGAIN_AFTER_A_LOSS) {
        end->next = 0;
    }
    join(end, line);
    answer->status = QW_ETSI004_DONE;
    answer->qos = stream->qos;
    memcpy(answer->ksid, stream->ksid, 16);
    answer->ksid[15] ^= s->wrongness == GIVES_THE_SLAVE_ANOTHER_NAME ? 1 : 0;
}

static size_t answer_open(struct little *s, int line, const uint8_t *payload, size_t len,
                          uint8_t *out)
{
    enum conform_who who = s->lines[line].who;
    struct qw_etsi004_open open;
    struct qw_etsi004_open_answer answer = { .status = QW_ETSI004_NO_CONNECTION };
    struct little_stream *stream;
    bool may, is_over;

    assert_int_equal(qw_etsi004_open_decode(payload, len, &open), QW_OK);
    stream = find_stream(s, open.ksid);
    may = who != CONFORM_NOBODY && strcmp(open.source, little_uris[who]) == 0 &&
          who != CONFORM_OTHER && strcmp(open.dest, little_uris[1 - (int)who]) == 0;
    may = may || (s->wrongness == BELIEVES_NAMES && who == CONFORM_MASTER);
    may = may || (s->wrongness == KNOWS_EVERYBODY && strstr(open.dest, "no-such") != NULL);
    may = may || (s->wrongness == LETS_STRANGERS_JOIN && who == CONFORM_OTHER);
    is_over = stream != NULL && stream->ends[0].has_closed && stream->ends[1].has_closed;
    if (may && stream != NULL && !(is_over && s->wrongness == USES_NAMES_AGAIN)) {
        open_known(s, line, stream, who == CONFORM_MASTER ? 0 : 1, &open, &answer);
    } else if (may) {
        open_new(s, line, &open, &answer);
    }
    assert_int_equal(qw_etsi004_open_answer_encode(&answer, out, QW_ETSI004_ANSWER_MAX, &len),
                     QW_OK);
    return len;
}

static void make_chunk(const struct little *s, size_t stream, const struct qw_etsi004_get *get,
                       int which, unsigned repeats, struct qw_etsi004_get_answer *answer)
{
    answer->chunk_len = CHUNK_LEN - (s->wrongness == GIVES_SHORT_CHUNKS ? 1 : 0);
    memset(answer->chunk, 0, sizeof answer->chunk);
    answer->chunk[0] = (uint8_t)(s->wrongness == HAS_ONE_CHUNK_FOR_ALL_STREAMS ? 0 : stream);
    answer->chunk[1] = (uint8_t)(s->wrongness == HAS_ONE_CHUNK_FOR_ALL_STREAMS ? 0 : stream >> 8);
    answer->chunk[2] = (uint8_t)(s->wrongness == HAS_ONE_CHUNK_FOR_ALL_INDICES ? 0 : get->index);
    answer->chunk[30] = (uint8_t)(s->wrongness == CHANGES_A_REPEAT ? repeats : 0);
    answer->chunk[29] = (uint8_t)(s->wrongness == GIVES_THE_SLAVE_OTHER_BYTES ? which : 0);
    answer->index = get->index + (s->wrongness == GIVES_ANOTHER_INDEX ? 1 : 0);
}

/* False: the room is too small. */
static bool put_metadata(const struct little *s, const struct little_stream *stream, uint32_t room,
                         struct qw_etsi004_get_answer *answer)
{
    bool is_wanted = stream->qos.mimetype[0] != '\0' && (room > 0 || s->wrongness == IGNORES_ROOM);

    if (is_wanted || (s->wrongness == GIVES_METADATA_WITHOUT_ROOM && room == 0)) {
        answer->metadata_len = METADATA_LEN;
        memset(answer->metadata, ' ', METADATA_LEN);
        return room >= METADATA_LEN || s->wrongness == IGNORES_ROOM || room == 0;
    }
    return true;
}

/* What the caller may have of the stream: DONE, NO_KEY, PEER_ABSENT; TIMEOUT: it waits. */
static enum qw_etsi004_status may_have(struct little *s, int line, struct little_stream *stream,
                                       int *which, const struct qw_etsi004_get *get)
{
    enum conform_who who = s->lines[line].who;
    struct little_end *end, *other;
    uint64_t bits = (uint64_t)CHUNK_LEN * 8 * stream->made;
    uint64_t rate = stream->qos.max_bps * (uint64_t)(s->now_ms - stream->opened_ms + 1000) / 1000;
    bool is_open;

    *which = who == CONFORM_MASTER ? 0 : 1;
    end = &stream->ends[*which];
    other = &stream->ends[1 - *which];
    is_open = end->line == line;
    is_open = is_open || (s->wrongness == GIVES_TO_CLOSED_ENDS && end->has_closed);
    is_open = is_open || (s->wrongness == GIVES_BEFORE_OPENING && !end->has_opened);
    is_open = (is_open && who != CONFORM_OTHER) ||
              (s->wrongness == GIVES_TO_STRANGERS && who == CONFORM_OTHER);
    if (!is_open || (other->has_closed && s->wrongness != GIVES_WHEN_THE_OTHER_HAS_CLOSED)) {
        return QW_ETSI004_PEER_ABSENT;
    }
    if (get->index + 1 < end->next && s->wrongness != GIVES_PASSED_INDICES) {
        return QW_ETSI004_NO_KEY;
    }
    if (get->index > end->next && s->wrongness != GIVES_INDICES_FURTHER_ON) {
        end->next += s->wrongness == BURNS_AT_A_GAP ? 2 : 0;
        return QW_ETSI004_NO_KEY;
    }
    if (!other->has_opened && s->wrongness != GIVES_TO_ONE_ALONE) {
        return QW_ETSI004_TIMEOUT;
    }
    if (get->index >= stream->made && stream->qos.max_bps != 0 && bits > rate &&
        s->wrongness != IGNORES_THE_RATE) {
        return QW_ETSI004_TIMEOUT;
    }
    return QW_ETSI004_DONE;
}

/* 0: it waits. */
static size_t answer_get(struct little *s, int line, const uint8_t *payload, size_t len,
                         int64_t waited_ms, uint8_t *out)
{
    struct qw_etsi004_get get;
    struct qw_etsi004_get_answer answer = { .status = QW_ETSI004_PEER_ABSENT };
    struct little_stream *stream;
    int which = 0;

    assert_int_equal(qw_etsi004_get_decode(payload, len, &get), QW_OK);
    stream = find_stream(s, get.ksid);
    if (stream == NULL && s->wrongness == GIVES_UNKNOWN_NAMES) {
        stream = &s->streams[s->count - 1];
    }
    if (stream != NULL) {
        answer.status = may_have(s, line, stream, &which, &get);
    }
    if (answer.status == QW_ETSI004_TIMEOUT ||
        (s->wrongness == WAITS_IN_VAIN && stream != NULL && s->lines[line].came_alone)) {
        if (s->wrongness == WAITS_FOR_EVER ||
            (waited_ms < stream->qos.timeout_ms && s->wrongness != NEVER_WAITS)) {
            return 0;
        }
        answer.status =
            stream->ends[1 - which].has_opened ? QW_ETSI004_TIMEOUT : QW_ETSI004_PEER_ABSENT;
    }
    if (answer.status == QW_ETSI004_DONE) {
        struct little_end *end = &stream->ends[which];

        if (put_metadata(s, stream, get.metadata_cap, &answer)) {
            make_chunk(s, (size_t)(stream - s->streams) + 1, &get, which, end->repeats, &answer);
            end->repeats++;
        } else {
            answer.status = QW_ETSI004_METADATA_TOO_SMALL;
        }
        if (answer.status == QW_ETSI004_DONE || s->wrongness == BURNS_WITHOUT_ROOM) {
            end->next = get.index < end->next ? end->next : get.index + 1;
            end->next += answer.status == QW_ETSI004_DONE ? 0 : 1;
            stream->made = end->next > stream->made ? end->next : stream->made;
        }
    }
    assert_int_equal(qw_etsi004_get_answer_encode(&answer, out, QW_ETSI004_ANSWER_MAX, &len),
                     QW_OK);
    return answer.status == QW_ETSI004_METADATA_TOO_SMALL &&
                   s->wrongness == DOES_NOT_SAY_HOW_MUCH_ROOM
               ? 4
               : len;
}

static size_t answer_close(struct little *s, int line, const uint8_t *payload, size_t len,
                           uint8_t *out)
{
    enum conform_who who = s->lines[line].who;
    enum qw_etsi004_status status = QW_ETSI004_PEER_ABSENT;
    struct little_stream *stream = find_stream(s, payload);
    struct little_end *end = stream == NULL ? NULL : &stream->ends[who == CONFORM_MASTER ? 0 : 1];
    bool is_his = end != NULL && end->line == line && who <= CONFORM_SLAVE;

    is_his =
        is_his || (end != NULL && s->wrongness == LETS_STRANGERS_CLOSE && who == CONFORM_OTHER);
    if (is_his && s->wrongness != CLOSES_NOTHING) {
        end->has_closed = true;
        end->line = -1;
        status = QW_ETSI004_DONE;
    }
    if (stream == NULL && s->wrongness == CLOSES_UNKNOWN_NAMES) {
        status = QW_ETSI004_DONE;
    }
    assert_int_equal(qw_etsi004_close_answer_encode(status, out, QW_ETSI004_ANSWER_MAX, &len),
                     QW_OK);
    return len;
}

/* The service that the header asks for; 0: none that is served. */
static int service_of(const struct little *s, const uint8_t *header)
{
    int service = header[3];

    if (header[0] != 1 && s->wrongness != TAKES_ANY_VERSION) {
        return 0;
    }
    if ((service == 0x66 && s->wrongness == TAKES_UNKNOWN_SERVICES) ||
        (service == QW_ETSI004_GET_ANSWER && s->wrongness == TAKES_ANSWERS)) {
        return QW_ETSI004_GET_REQUEST;
    }
    return service == QW_ETSI004_OPEN_REQUEST || service == QW_ETSI004_GET_REQUEST ||
                   service == QW_ETSI004_CLOSE_REQUEST
               ? service
               : 0;
}

/* Payloads of a wrong length are put right by those who take them. 0: the message is refused. */
static size_t payload_len(const struct little *s, int service, size_t len)
{
    size_t want = service == QW_ETSI004_GET_REQUEST ? 24 : 16;

    if (service == QW_ETSI004_OPEN_REQUEST || len == want) {
        return len;
    }
    if ((len < want && s->wrongness == TAKES_SHORT_PAYLOADS) ||
        (len > want && s->wrongness == TAKES_LONG_PAYLOADS)) {
        return want;
    }
    return 0;
}

/* The whole message at the front of the line. 0: it waits; negative: the line is over. */
static long answer_message(struct little *s, int number, int64_t waited_ms, uint8_t *frame)
{
    struct little_line *l = &s->lines[number];
    uint8_t *out = frame + QW_ETSI004_HEADER_LEN;
    uint8_t payload[IN_CAP] = { 0 };
    int service = service_of(s, l->in);
    size_t taken = message_len(l);
    size_t len = service == 0 ? 0 : payload_len(s, service, taken - QW_ETSI004_HEADER_LEN);

    if (len == 0) {
        return -1;
    }
    memcpy(payload, l->in + QW_ETSI004_HEADER_LEN, sizeof l->in - QW_ETSI004_HEADER_LEN);
    len = service == QW_ETSI004_OPEN_REQUEST  ? answer_open(s, number, payload, len, out)
          : service == QW_ETSI004_GET_REQUEST ? answer_get(s, number, payload, len, waited_ms, out)
                                              : answer_close(s, number, payload, len, out);
    if (len == 0) {
        return 0;
    }
    qw_etsi004_header_write(frame, (enum qw_etsi004_service)(service + 1), (uint32_t)len);
    frame[0] = s->wrongness == HAS_ANOTHER_VERSION ? 2 : 1;
    frame[3] = (uint8_t)(service + (s->wrongness == ANSWERS_WITH_THE_REQUESTS_SERVICE ? 0 : 1));
    l->in_len = s->wrongness == DROPS_WHAT_COMES_TOGETHER ? 0 : l->in_len - taken;
    memmove(l->in, l->in + taken, l->in_len);
    return (long)(QW_ETSI004_HEADER_LEN + len);
}

/* Whether another line stops the whole of a server that is wrong in this way. */
static bool is_held_up(const struct little *s, int number)
{
    for (int i = 0; i < CONFORM_LINES_MAX; i++) {
        const struct little_line *l = &s->lines[i];
        bool is_half = l->in_len > 0 && !is_whole(l);

        if (i != number && l->is_up &&
            ((is_half && s->wrongness == IS_HELD_UP_BY_HALVES) ||
             (is_whole(l) && s->wrongness == IS_HELD_UP_BY_WAITING))) {
            return true;
        }
    }
    return false;
}

static qw_err wait_in_vain(struct little *s, int wait_ms)
{
    s->now_ms += wait_ms;
    return QW_ERR_TIMEOUT;
}

static qw_err little_receive(void *self, int number, int wait_ms, uint8_t *frame, size_t cap,
                             size_t *len)
{
    struct little *s = self;
    struct little_line *l = &s->lines[number];
    int64_t began_ms = s->now_ms;
    bool is_huge = message_len(l) > QW_ETSI004_HEADER_LEN + QW_ETSI004_REQUEST_MAX;

    assert_true(cap >= QW_ETSI004_HEADER_LEN + QW_ETSI004_ANSWER_MAX);
    if (l->is_over) {
        return QW_ERR_CLOSED;
    }
    if (s->wrongness == SAYS_NOTHING || l->in_len == 0 || is_held_up(s, number) ||
        (is_huge && s->wrongness == WAITS_FOR_HUGE_MESSAGES) ||
        (!is_whole(l) && !is_huge && s->wrongness == WAITS_FOR_HALVES)) {
        return wait_in_vain(s, wait_ms);
    }
    if (is_huge || !is_whole(l)) {
        return end_line(s, number);
    }
    for (;;) {
        long got = answer_message(s, number, s->now_ms - l->came_ms, frame);

        if (got != 0) {
            *len = (size_t)got;
            return got > 0 ? QW_OK : end_line(s, number);
        }
        if (s->now_ms - began_ms >= wait_ms) {
            return QW_ERR_TIMEOUT;
        }
        s->now_ms += 10;
    }
}

static int64_t little_now_ms(void *self)
{
    return ((struct little *)self)->now_ms;
}

static void little_pause(void *self, int ms)
{
    ((struct little *)self)->now_ms += ms;
}

static void little_run(struct little *s, enum wrongness wrongness, bool has_other,
                       struct conform_report *report)
{
    struct conform_streams server = { .self = s,
                                      .connect = little_connect,
                                      .send = little_send,
                                      .receive = little_receive,
                                      .hang_up = little_hang_up,
                                      .now_ms = little_now_ms,
                                      .pause = little_pause,
                                      .master_uri = little_uris[0],
                                      .slave_uri = little_uris[1],
                                      .other_uri = has_other ? little_uris[2] : NULL };

    memset(s, 0, sizeof *s);
    s->wrongness = wrongness;
    conform_004(&server, report);
    for (size_t i = 0; i < s->count; i++) {
        for (int e = 0; e < 2; e++) {
            s->left_open += s->streams[i].ends[e].has_closed ? 0 : 1;
        }
    }
    for (int i = 0; i < CONFORM_LINES_MAX; i++) {
        assert_false(s->lines[i].is_up); /* whatever a server does, nothing is kept open */
    }
}

#endif
