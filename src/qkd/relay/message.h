/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_MESSAGE_H
#define QW_QKD_RELAY_MESSAGE_H

#include "qkd/relay/path.h"

#include "base/error.h"
#include "qkd/node/pool.h"

/* Bodies of the messages that carry batches of keys (docs/protocol/relay.md). Encoders write to a
 * body of QW_RELAY_BODY_MAX bytes and return its length; decoders give QW_ERR_FORMAT. */
enum {
    QW_RELAY_RESERVE = 0x10,
    QW_RELAY_RESERVED = 0x11,
    QW_RELAY_DATA = 0x12,
    QW_RELAY_CONFIRM = 0x13,
    QW_RELAY_FAIL = 0x14,
    QW_RELAY_VOID = 0x15,
    QW_RELAY_VOIDED = 0x16
};

enum {
    QW_RELAY_BATCH_ID_LEN = 12,
    QW_RELAY_END_TAG_LEN = 12,
    QW_RELAY_TAGGED_LEN = QW_RELAY_BATCH_ID_LEN + 8 + QW_RELAY_END_TAG_LEN,
    QW_RELAY_BODY_MAX = QW_RELAY_BATCH_ID_LEN + 4 + 2 + 1 + 8 + 1 + 1 + 4 * QW_RELAY_NODES_MAX
};

enum qw_relay_reason { /* values of the wire */
                       QW_RELAY_NO_LINK = 1,
                       QW_RELAY_EMPTY = 2,
                       QW_RELAY_BUSY = 3,
                       QW_RELAY_REFUSED = 4,
                       QW_RELAY_WRONG_TAG = 5,
                       QW_RELAY_TIMEOUT = 6,
                       QW_RELAY_SIZE = 7
};
/* A few words for people; never NULL. */
const char *qw_relay_reason_text(enum qw_relay_reason reason);

struct qw_relay_reserve {
    uint8_t batch[QW_RELAY_BATCH_ID_LEN];
    uint32_t count;   /* >= 1 */
    uint16_t key_len; /* >= 1 */
    enum qw_node_class class;
    uint64_t end_mark;
    uint8_t index; /* of the sender; not the last */
    struct qw_relay_path path;
};
size_t qw_relay_reserve_encode(const struct qw_relay_reserve *m, uint8_t *body);
qw_err qw_relay_reserve_decode(const uint8_t *body, size_t len,
                               struct qw_relay_reserve *m) QW_MUST_USE;

struct qw_relay_reserved {
    uint8_t batch[QW_RELAY_BATCH_ID_LEN];
    uint64_t end_mark;
};
size_t qw_relay_reserved_encode(const struct qw_relay_reserved *m, uint8_t *body);
qw_err qw_relay_reserved_decode(const uint8_t *body, size_t len,
                                struct qw_relay_reserved *m) QW_MUST_USE;

struct qw_relay_tagged { /* CONFIRM, and DATA before its keys */
    uint8_t batch[QW_RELAY_BATCH_ID_LEN];
    uint64_t position;
    uint8_t tag[QW_RELAY_END_TAG_LEN];
};
size_t qw_relay_tagged_encode(const struct qw_relay_tagged *m, uint8_t *body);
qw_err qw_relay_tagged_decode(const uint8_t *body, size_t len,
                              struct qw_relay_tagged *m) QW_MUST_USE;

struct qw_relay_fail {
    uint8_t batch[QW_RELAY_BATCH_ID_LEN];
    enum qw_relay_reason reason;
    uint32_t node; /* where */
};
size_t qw_relay_fail_encode(const struct qw_relay_fail *m, uint8_t *body);
qw_err qw_relay_fail_decode(const uint8_t *body, size_t len, struct qw_relay_fail *m) QW_MUST_USE;

struct qw_relay_void { /* VOID and VOIDED */
    uint8_t batch[QW_RELAY_BATCH_ID_LEN];
    uint8_t index; /* of the sender */
    struct qw_relay_path path;
};
size_t qw_relay_void_encode(const struct qw_relay_void *m, uint8_t *body);
qw_err qw_relay_void_decode(const uint8_t *body, size_t len, struct qw_relay_void *m) QW_MUST_USE;

#endif
