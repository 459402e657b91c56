/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_ETSI020_MESSAGE_H
#define QW_API_ETSI020_MESSAGE_H

#include "api/json_writer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages between key management entities, draft ETSI GS QKD 020 [docs/protocol/etsi020.md].
 * Sizes are in bits. Decoders: QW_ERR_FORMAT for whatever is missing, repeated, malformed or out of
 * range; outputs are then wiped. */
enum {
    QW_ETSI020_KEYS_MAX = 128,
    QW_ETSI020_TARGETS_MAX = 9, /* a slave and eight additional ones */
    QW_ETSI020_KEY_BITS_MIN = 24,
    QW_ETSI020_KEY_BITS_MAX = 4096,
    QW_ETSI020_NAME_CAP = 64,
    QW_ETSI020_URL_CAP = 256,
    QW_ETSI020_MESSAGE_CAP = 128,
    QW_ETSI020_PAD_LEN = 16 + 4 + 4 + 12,
    QW_ETSI020_ACKS_MAX = 64 /* elements of one acknowledgement */
};

struct qw_etsi020_ids {
    size_t count; /* 1..QW_ETSI020_KEYS_MAX, no two alike */
    uint8_t id[QW_ETSI020_KEYS_MAX][16];
};

struct qw_etsi020_parties {
    char initiator[QW_ETSI020_NAME_CAP];
    char targets[QW_ETSI020_TARGETS_MAX][QW_ETSI020_NAME_CAP]; /* no two alike */
    size_t target_count;                                       /* at least 1 */
    char ack_url[QW_ETSI020_URL_CAP];
};

struct qw_etsi020_value { /* a secret */
    uint16_t bits;
    uint8_t bytes[QW_ETSI020_KEY_BITS_MAX / 8];
};

struct qw_etsi020_pad { /* of a link, that the values are XORed with; qwave_pad, in hex */
    uint8_t session[16];
    uint32_t block, offset; /* big-endian, as all of it in this order */
    uint8_t tag[12];
};

struct qw_etsi020_ext_keys { /* holds secrets: in secret memory */
    struct qw_etsi020_parties parties;
    struct qw_etsi020_ids ids;
    struct qw_etsi020_value values[QW_ETSI020_KEYS_MAX]; /* in the order of the ids */
    char source[QW_ETSI020_NAME_CAP];                    /* claimed provenance; "" none */
    bool is_quantum, is_simulated;                       /* claimed as well */
    bool has_pad;                                        /* the values are ciphertext */
    struct qw_etsi020_pad pad;
};

struct qw_etsi020_void {
    struct qw_etsi020_parties parties;
    struct qw_etsi020_ids ids;
};

enum qw_etsi020_outcome {
    QW_ETSI020_RELAYED,
    QW_ETSI020_FAILED,
    QW_ETSI020_VOIDED,
    QW_ETSI020_NOT_VOIDED, /* a target has fetched it */
    QW_ETSI020_NOT_PRESENT,
    QW_ETSI020_OUTCOME_COUNT
};
extern const char *const qw_etsi020_outcome_names[QW_ETSI020_OUTCOME_COUNT]; /* "relayed" ... */

struct qw_etsi020_ack { /* one element of an acknowledgement */
    struct qw_etsi020_ids ids;
    enum qw_etsi020_outcome outcome;
    char initiator[QW_ETSI020_NAME_CAP], target[QW_ETSI020_NAME_CAP];
    char message[QW_ETSI020_MESSAGE_CAP]; /* "" is fine */
};

qw_err qw_etsi020_ext_keys_decode(const void *text, size_t len,
                                  struct qw_etsi020_ext_keys *ext_keys) QW_MUST_USE;
qw_err qw_etsi020_void_decode(const void *text, size_t len,
                              struct qw_etsi020_void *out) QW_MUST_USE;
/* acks: room for QW_ETSI020_ACKS_MAX; *count of them. */
qw_err qw_etsi020_acks_decode(const void *text, size_t len, struct qw_etsi020_ack *acks,
                              size_t *count) QW_MUST_USE;

/* The caller asks qw_json_done. values in the order of the ids. */
void qw_etsi020_ext_keys_write(struct qw_json_writer *w,
                               const struct qw_etsi020_ext_keys *ext_keys);
void qw_etsi020_void_write(struct qw_json_writer *w, const struct qw_etsi020_void *out);
void qw_etsi020_acks_write(struct qw_json_writer *w, const struct qw_etsi020_ack *acks,
                           size_t count);

#endif
