/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_APDU_H
#define QW_TERMINAL_CARD_APDU_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Commands and answers between a card and whoever has its reader: ISO/IEC 7816-4 short form, with
 * the instructions of docs/protocol/card-apdu.md. */
enum {
    QW_APDU_DATA_MAX = 255,
    QW_APDU_COMMAND_MAX = 5 + QW_APDU_DATA_MAX + 1,
    QW_APDU_REPLY_MAX = 256,
    QW_APDU_ANSWER_MAX = QW_APDU_REPLY_MAX + 2 /* with the status word */
};

enum { QW_APDU_ISO = 0x00, QW_APDU_OURS = 0x80 };                  /* class */
enum { QW_APDU_SELECT = 0xa4, QW_APDU_VERIFY = 0x20 };             /* of class ISO */
enum { QW_APDU_SELECT_BY_NAME = 0x04, QW_APDU_PIN_NUMBER = 0x80 }; /* P1 of one, P2 of the other */
enum qw_apdu_instruction {                                         /* of class OURS */
                           QW_APDU_INFO = 0x10,
                           QW_APDU_LOAD = 0x20,
                           QW_APDU_BIRTH = 0x22,
                           QW_APDU_TAKE_KEY = 0x30,
                           QW_APDU_REPORT = 0x32,
                           QW_APDU_TAKE_AUTH = 0x34,
                           QW_APDU_TAKE_PACKAGE = 0x36,
                           QW_APDU_RECEIPT = 0x38,
                           QW_APDU_DESTROY = 0x3a,
                           QW_APDU_TOMBSTONE = 0x3c,
                           QW_APDU_BOOK = 0x3e,
                           QW_APDU_TAKE_ROOT = 0x40,
                           QW_APDU_PENDING_KEY = 0x42,
                           QW_APDU_CHECK_ENROLMENT = 0x44,
                           QW_APDU_OPEN_GRANT = 0x50,
                           QW_APDU_OPEN_OUTER = 0x52,
                           QW_APDU_OPEN_BIRTH = 0x54,
                           QW_APDU_GIVE = 0x56
};

enum { QW_APDU_PIN_MIN = 4, QW_APDU_PIN_MAX = 16 };
enum { QW_APDU_AID_LEN = 7 };
extern const uint8_t qw_apdu_aid[QW_APDU_AID_LEN]; /* name of the application on the card */

struct qw_apdu {
    uint8_t cla, ins, p1, p2;
    const uint8_t *data; /* borrowed; [len] */
    size_t len;          /* 0..QW_APDU_DATA_MAX */
};

/* out: QW_APDU_COMMAND_MAX bytes; gives the length. Any reply is expected, as long as it comes. */
size_t qw_apdu_encode(const struct qw_apdu *apdu, uint8_t out[static QW_APDU_COMMAND_MAX]);
/* QW_ERR_FORMAT: shorter than its head, a length that is not that of the data, extended form. */
qw_err qw_apdu_decode(const uint8_t *data, size_t len, struct qw_apdu *apdu) QW_MUST_USE;

/* Status words. */
enum {
    QW_APDU_DONE = 0x9000,
    QW_APDU_WRONG_PIN = 0x63c0, /* + tries left, at most 15 */
    QW_APDU_WRONG_LENGTH = 0x6700,
    QW_APDU_NO_PIN = 0x6982,
    QW_APDU_PIN_LOCKED = 0x6983,
    QW_APDU_NOT_SELECTED = 0x6999,
    QW_APDU_NO_APPLICATION = 0x6a82,
    QW_APDU_WRONG_PARAMETER = 0x6a86,
    QW_APDU_NO_INSTRUCTION = 0x6d00,
    QW_APDU_NO_CLASS = 0x6e00
};
/* What a card says when its work ends so, and what that means to whoever asked: one is the inverse
 * of the other for the errors of terminal/card.h. */
uint16_t qw_apdu_status(qw_err err);
qw_err qw_apdu_err(uint16_t status);

#endif
