/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_TOMBSTONE_H
#define QW_TERMINAL_TOMBSTONE_H

#include "api/destruction.h"
#include "base/error.h"

#include <stdbool.h>

enum { QW_TOMBSTONE_LEN = 4 + 1 + QW_DESTROY_PROOF_LEN + 32 };

/* What stands in the place of a card that was destroyed by order of its centre: the proof, which
 * goes to the centre until that has said that it is booked. Holds no secret. Layout and steps:
 * docs/protocol/card-destroy.md. */
struct qw_tombstone {
    bool is_booked;
    uint8_t proof[QW_DESTROY_PROOF_LEN];
    uint8_t done_hash[32];
};

void qw_tombstone_encode(const struct qw_tombstone *tombstone,
                         uint8_t out[static QW_TOMBSTONE_LEN]);
/* QW_ERR_NOT_FOUND: it is something else; QW_ERR_FORMAT. *tombstone is untouched then. */
qw_err qw_tombstone_decode(const uint8_t *data, size_t len,
                           struct qw_tombstone *tombstone) QW_MUST_USE;
/* K7: whether the centre's DONE is for this tombstone. QW_ERR_FORMAT, QW_ERR_AUTH. */
qw_err qw_tombstone_check_done(const struct qw_tombstone *tombstone, const uint8_t *done,
                               size_t len) QW_MUST_USE;

/* K3-K5: the card file at path, whose lock is held, gives way to the tombstone. After an error that
 * is not QW_OK the card is whole when *is_begun is false, and qw_tombstone_finish goes on when it
 * is true. */
qw_err qw_tombstone_put(const char *path, const struct qw_tombstone *tombstone,
                        bool *is_begun) QW_MUST_USE;
/* Goes on with what a process that ended had begun; nothing to do is QW_OK too. QW_ERR_IO. The lock
 * is held. */
qw_err qw_tombstone_finish(const char *path) QW_MUST_USE;

/* In a file. QW_ERR_NOT_FOUND: there is no file, or it is a card; QW_ERR_FORMAT, QW_ERR_IO. */
qw_err qw_tombstone_read(const char *path, struct qw_tombstone *tombstone) QW_MUST_USE;

/* K7: takes the centre's DONE for this tombstone and remembers it, durably. QW_ERR_FORMAT,
 * QW_ERR_AUTH: it is not for this one. QW_ERR_IO. */
qw_err qw_tombstone_book(const char *path, struct qw_tombstone *tombstone, const uint8_t *done,
                         size_t len) QW_MUST_USE;

#endif
