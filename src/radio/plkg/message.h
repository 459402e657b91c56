/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_MESSAGE_H
#define QW_RADIO_PLKG_MESSAGE_H

#include "base/error.h"
#include "base/wire.h"
#include "radio/ledger.h"

#include <stddef.h>
#include <stdint.h>

/* The frame around every message of a session; bodies are in plkg_<noun>.h. Bytes and ranges:
 * docs/protocol/plkg.md. */
enum qw_plkg_type {
    QW_PLKG_OPEN = 1,
    QW_PLKG_OPEN_ACK = 2,
    QW_PLKG_PAIRS = 3,
    QW_PLKG_ESTIMATE = 4,
    QW_PLKG_SYNDROME = 5,
    QW_PLKG_DECODED = 6,
    QW_PLKG_MORE = 7,
    QW_PLKG_AMPLIFY = 8,
    QW_PLKG_FINISH = 9,
    QW_PLKG_DATA = 10,
    QW_PLKG_REFUSE = 11,
    QW_PLKG_PACE = 12,
    QW_PLKG_ORDER = 13
};

enum {
    QW_PLKG_VERSION = 4,
    QW_PLKG_SESSION_ID_LEN = 16,
    QW_PLKG_NONCE_LEN = 16,
    QW_PLKG_HEADER_LEN = 1 + QW_PLKG_SESSION_ID_LEN + 4 + 4,
    QW_PLKG_BODY_MAX = QW_WIRE_MESSAGE_MAX - QW_PLKG_HEADER_LEN,
    QW_PLKG_PROBES_MIN = 64,
    QW_PLKG_PROBES_MAX = 20000
};

struct qw_plkg_header {
    enum qw_plkg_type type;
    uint8_t session_id[QW_PLKG_SESSION_ID_LEN]; /* zero in OPEN */
    uint32_t counter;                           /* of the sender's messages, from 0 */
    uint32_t len;                               /* of the body that follows */
};

void qw_plkg_header_encode(const struct qw_plkg_header *header,
                           uint8_t out[static QW_PLKG_HEADER_LEN]);
/* message is the whole of it: header->len must be what follows. QW_ERR_FORMAT. */
qw_err qw_plkg_header_decode(const uint8_t *message, size_t len,
                             struct qw_plkg_header *header) QW_MUST_USE;

/* Body of REFUSE: one byte. NONE is not a refusal. */
qw_err qw_plkg_refuse_decode(const uint8_t *body, size_t len,
                             enum qw_plkg_refusal *refusal) QW_MUST_USE;

#endif
