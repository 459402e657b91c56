/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_HANDOVER_MESSAGE_H
#define QW_QKD_HANDOVER_MESSAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the process of a link's end and the centre of its site say to each other. Bytes and steps:
 * docs/protocol/link-source.md. Decoders give QW_ERR_FORMAT for anything but one message and then
 * leave their output untouched; encoders give the length, out holds [QW_HANDOVER_LEN_MAX]. */
enum {
    QW_HANDOVER_NAME_CAP = 60, /* with NUL */
    QW_HANDOVER_SESSION_LEN = 16,
    QW_HANDOVER_KEY_MIN = 2,
    QW_HANDOVER_KEY_MAX = 1000000,
    QW_HANDOVER_KEY_AT = 1 + QW_HANDOVER_SESSION_LEN + 4 + 4,
    QW_HANDOVER_LEN_MAX = QW_HANDOVER_KEY_AT + QW_HANDOVER_KEY_MAX,
    QW_HANDOVER_SHORT_MAX = 128, /* every message but KEY is shorter */
    QW_HANDOVER_ERRORS_MAX = 500000
};

struct qw_handover_hello {
    uint8_t end; /* enum qw_qkd_end */
    bool is_simulated;
    char name[QW_HANDOVER_NAME_CAP]; /* of the link, never empty */
};
size_t qw_handover_hello_encode(const struct qw_handover_hello *hello, uint8_t *out);
qw_err qw_handover_hello_decode(const uint8_t *message, size_t len,
                                struct qw_handover_hello *hello) QW_MUST_USE;

size_t qw_handover_welcome_encode(uint8_t *out);
qw_err qw_handover_welcome_decode(const uint8_t *message, size_t len) QW_MUST_USE;

struct qw_handover_label { /* names a key of a link for ever */
    uint8_t session[QW_HANDOVER_SESSION_LEN];
    uint32_t block;
};

struct qw_handover_key {
    struct qw_handover_label label;
    uint32_t errors_ppm; /* in the sifted key, <= QW_HANDOVER_ERRORS_MAX */
    const uint8_t *key;  /* borrowed; of a decoded message: inside it */
    size_t len;
};
size_t qw_handover_key_encode(const struct qw_handover_key *key, uint8_t *out);
qw_err qw_handover_key_decode(const uint8_t *message, size_t len,
                              struct qw_handover_key *key) QW_MUST_USE;

enum qw_handover_result { QW_HANDOVER_TAKEN, QW_HANDOVER_TAKEN_BEFORE, QW_HANDOVER_NO_ROOM };
struct qw_handover_taken {
    struct qw_handover_label label;
    uint8_t result; /* enum qw_handover_result */
};
size_t qw_handover_taken_encode(const struct qw_handover_taken *taken, uint8_t *out);
qw_err qw_handover_taken_decode(const uint8_t *message, size_t len,
                                struct qw_handover_taken *taken) QW_MUST_USE;

struct qw_handover_stopped {
    uint8_t reason; /* enum qw_qkd_refusal, never QW_QKD_NONE */
    uint32_t errors_ppm;
};
size_t qw_handover_stopped_encode(const struct qw_handover_stopped *stopped, uint8_t *out);
qw_err qw_handover_stopped_decode(const uint8_t *message, size_t len,
                                  struct qw_handover_stopped *stopped) QW_MUST_USE;

/* The bytes of a key that belong to the centre at this end (enum qw_qkd_end): disjoint, and of the
 * same length. Borrows from key. */
const uint8_t *qw_handover_own_half(const struct qw_handover_key *key, uint8_t end, size_t *len);

/* Whether the block is the mark's own or an older one of its session. */
bool qw_handover_is_old(const struct qw_handover_label *label,
                        const struct qw_handover_label *mark);

#endif
