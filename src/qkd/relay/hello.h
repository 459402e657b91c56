/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_HELLO_H
#define QW_QKD_RELAY_HELLO_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* The messages that begin a session on a hop (docs/protocol/relay.md H1 to H4). */
enum { QW_HELLO_TYPE = 0x01, QW_MEET_TYPE = 0x02, QW_OPEN_TYPE = 0x03 };
enum {
    QW_HELLO_NONCE_LEN = 16,
    QW_HELLO_LEN = 2 + 4 + 4 + QW_HELLO_NONCE_LEN + 5 * 8,
    QW_MEET_PROOF_LEN = 32,
    QW_MEET_LEN = 1 + QW_MEET_PROOF_LEN,
    QW_OPEN_TAG_LEN = 12,
    QW_OPEN_LEN = 1 + 8 + QW_OPEN_TAG_LEN + QW_MEET_PROOF_LEN
};

struct qw_hello {
    uint32_t from, to; /* nodes */
    uint8_t nonce[QW_HELLO_NONCE_LEN];
    uint64_t used[2], end[2]; /* of the stream from -> to, and of to -> from; used <= end */
    uint64_t sure;            /* of to -> from: below this `from` has taken it all; <= used[1] */
};

void qw_hello_encode(const struct qw_hello *hello, uint8_t out[static QW_HELLO_LEN]);
/* QW_ERR_FORMAT; out untouched. */
qw_err qw_hello_decode(const uint8_t *message, size_t len, struct qw_hello *out) QW_MUST_USE;

/* The position of OPEN; tag and proof point into the message. */
struct qw_open {
    uint64_t position;
    const uint8_t *tag;
    const uint8_t *proof;
};
qw_err qw_open_decode(const uint8_t *message, size_t len, struct qw_open *out) QW_MUST_USE;

#endif
