/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CONFORM_CHECK_004_H
#define QWAVE_CONFORM_CHECK_004_H

#include "api/etsi004/frame.h"
#include "api/etsi004/open_connect.h"
#include "conform/conform_004.h"

/* What the checks of ETSI GS QKD 004 share [docs/operation/conformance.md]. A check plays one or
 * both ends of streams of its own; the bytes are those of docs/protocol/etsi004.md. All functions
 * that give false have said what is wrong. */
enum {
    CONFORM_ENDS_MAX = 6, /* connections of one check */
    CONFORM_FRAME_CAP = 4096,
    CONFORM_CHUNK_CAP = 1024,
    CONFORM_ANSWER_MS = 10000, /* for an answer, beside the Timeout of the stream */
    CONFORM_HALF_MS = 35000,   /* until half a message is not waited for any more */
    CONFORM_METADATA_ROOM = 256
};

struct conform_line { /* one connection of an application, and the stream it has opened there */
    enum conform_who who;
    int number;
    bool is_connected, is_open;
    uint8_t ksid[QW_ETSI004_KSID_LEN];
    struct qw_etsi004_qos qos; /* as answered */
};

struct conform_play { /* one check */
    const struct conform_streams *server;
    struct conform_row *row;
    struct conform_line lines[CONFORM_ENDS_MAX];
    size_t line_count;
    uint8_t frame[CONFORM_FRAME_CAP]; /* the last answer */
    size_t len;
    uint32_t status; /* of it */
};

struct conform_chunk { /* of an answer with status 0 */
    uint32_t index, len, metadata_len;
    uint8_t bytes[CONFORM_CHUNK_CAP];
};

struct conform_check_004 {
    struct conform_title title;
    bool (*run)(struct conform_play *play);
};
/* In the order they are run; each ends with a check without a function. */
extern const struct conform_check_004 conform_frame_checks[];
extern const struct conform_check_004 conform_open_checks[];
extern const struct conform_check_004 conform_get_checks[];
extern const struct conform_check_004 conform_wait_checks[];
extern const struct conform_check_004 conform_close_checks[];

/* What most streams are asked for. */
extern const struct qw_etsi004_qos conform_qos;

bool conform_play_wrong(struct conform_play *play, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Closes both ends of all streams and hangs up. */
void conform_play_finish(struct conform_play *play);

bool conform_connect(struct conform_play *play, enum conform_who who, struct conform_line **line);
void conform_hang_up(struct conform_play *play, struct conform_line *line);
bool conform_send(struct conform_play *play, const struct conform_line *line, const uint8_t *data,
                  size_t len);
/* Builds the whole message; returns its length. */
size_t conform_message(uint8_t *out, enum qw_etsi004_service service, const uint8_t *payload,
                       size_t len);
bool conform_request(struct conform_play *play, const struct conform_line *line,
                     enum qw_etsi004_service service, const uint8_t *payload, size_t len);
/* The answer to a request of that service: a message of version 1 0 1 with a status. */
bool conform_answer(struct conform_play *play, const struct conform_line *line,
                    enum qw_etsi004_service service);
/* Whether what was sent is left without success: another status, or the connection ends. */
bool conform_not_served(struct conform_play *play, const struct conform_line *line, int wait_ms);

const char *conform_uri_of(const struct conform_play *play, enum conform_who who);
/* OPEN_CONNECT towards dest; ksid NULL: to be assigned. True for an answer of any status. */
bool conform_open(struct conform_play *play, struct conform_line *line, const char *source,
                  const char *dest, const uint8_t *ksid, const struct qw_etsi004_qos *qos);
bool conform_is_opened(const struct conform_play *play); /* status 0 or 1 */
/* Connects and opens; takes a counter-offer once. */
bool conform_open_end(struct conform_play *play, enum conform_who who, enum conform_who peer,
                      const uint8_t *ksid, const struct qw_etsi004_qos *qos,
                      struct conform_line **line);
/* Master and slave, by a name of the server's. */
bool conform_open_pair(struct conform_play *play, const struct qw_etsi004_qos *qos,
                       struct conform_line **master, struct conform_line **slave);

bool conform_ask_chunk(struct conform_play *play, const struct conform_line *line,
                       const uint8_t *ksid, uint32_t index, uint32_t room);
/* True for an answer of any status; *chunk with status 0. */
bool conform_get(struct conform_play *play, const struct conform_line *line, uint32_t index,
                 uint32_t room, struct conform_chunk *chunk);
bool conform_read_chunk(struct conform_play *play, struct conform_chunk *chunk);
/* Must be given. */
bool conform_have(struct conform_play *play, const struct conform_line *line, uint32_t index,
                  struct conform_chunk *chunk);
/* Both ends, and the same bytes. */
bool conform_have_both(struct conform_play *play, const struct conform_line *one,
                       const struct conform_line *two, uint32_t index, struct conform_chunk *chunk);
bool conform_same_chunk(struct conform_play *play, const struct conform_chunk *a,
                        const struct conform_chunk *b);
/* Must not be given, by status or by the end of the connection. */
bool conform_is_refused(struct conform_play *play, const struct conform_line *line,
                        const uint8_t *ksid, uint32_t index);

/* True for an answer of any status. */
bool conform_close(struct conform_play *play, struct conform_line *line, const uint8_t *ksid);
bool conform_status_is_one_of(struct conform_play *play, const char *statuses);

#endif
