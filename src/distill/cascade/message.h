/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_CASCADE_MESSAGE_H
#define QW_DISTILL_CASCADE_MESSAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the messages of Cascade (docs/protocol/cascade.md). Positions are written as differences
 * to the one before, so most questions take one byte. */
enum qw_cascade_kind {
    QW_CASCADE_OPEN = 1,
    QW_CASCADE_ASK = 2,
    QW_CASCADE_FINISH = 3,
    QW_CASCADE_REPLY = 4
};

enum {
    QW_CASCADE_OPEN_LEN = 18,
    QW_CASCADE_FINISH_LEN = 9,
    QW_CASCADE_ASK_HEAD_LEN = 6,     /* kind, number, opened passes */
    QW_CASCADE_SECTION_HEAD_LEN = 5, /* pass, count */
    QW_CASCADE_REPLY_HEAD_LEN = 5,   /* kind, number */
    QW_CASCADE_QUESTION_LEN_MAX = 4
};

struct qw_cascade_open {
    uint8_t variant;
    uint32_t bits;
    uint32_t qber_ppm;
    uint64_t seed;
};

void qw_cascade_open_encode(const struct qw_cascade_open *open,
                            uint8_t message[static QW_CASCADE_OPEN_LEN]);
qw_err qw_cascade_open_decode(const uint8_t *message, size_t len,
                              struct qw_cascade_open *open) QW_MUST_USE;
void qw_cascade_finish_encode(uint64_t leaked_bits, uint8_t message[static QW_CASCADE_FINISH_LEN]);
qw_err qw_cascade_finish_decode(const uint8_t *message, size_t len,
                                uint64_t *leaked_bits) QW_MUST_USE;

/* Writes an ASK question by question. */
struct qw_cascade_ask_writer {
    uint8_t *message; /* borrowed */
    size_t cap;
    size_t len;
    size_t section_at; /* of the count of the open section */
    uint32_t section_count;
    uint32_t position_before;
};

/* cap >= QW_CASCADE_ASK_HEAD_LEN. */
struct qw_cascade_ask_writer qw_cascade_ask_begin(uint8_t *message, size_t cap, uint32_t number);
void qw_cascade_ask_open_passes(struct qw_cascade_ask_writer *writer, uint8_t count);
/* Passes rise. False: no room for the section with one question. */
bool qw_cascade_ask_section(struct qw_cascade_ask_writer *writer, uint8_t pass);
/* position 0..2^23 - 1. False: no room. */
bool qw_cascade_ask_question(struct qw_cascade_ask_writer *writer, uint32_t position);
/* A section without questions is taken back. */
void qw_cascade_ask_end_section(struct qw_cascade_ask_writer *writer);

/* Reads an ASK question by question: begin, then section and its questions, until section gives
 * false; done says whether the message was whole. */
struct qw_cascade_ask_reader {
    const uint8_t *message; /* borrowed */
    size_t len;
    size_t at;
    uint32_t number;
    uint8_t opened_passes;
    int pass;      /* of the section, -1 before the first */
    uint32_t left; /* questions of the section */
    uint32_t position_before;
    bool failed;
};

struct qw_cascade_ask_reader qw_cascade_ask_read(const uint8_t *message, size_t len);
bool qw_cascade_ask_next_section(struct qw_cascade_ask_reader *reader);
/* The next question of the section (left > 0); 0 when the reader failed. */
uint32_t qw_cascade_ask_next_question(struct qw_cascade_ask_reader *reader);
bool qw_cascade_ask_done(const struct qw_cascade_ask_reader *reader);

void qw_cascade_reply_head(uint32_t number, uint8_t message[static QW_CASCADE_REPLY_HEAD_LEN]);
/* The bits of a reply to request number that has to say bit_count bits; NULL when it is not one. */
const uint8_t *qw_cascade_reply_bits(const uint8_t *message, size_t len, uint32_t number,
                                     size_t bit_count);

#endif
