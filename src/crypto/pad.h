/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_PAD_H
#define QW_CRYPTO_PAD_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One-time pad with bookkeeping: bytes leave after the new position is durable. A crash may lose
 * pad; it never gives a byte twice. */
struct qw_pad {
    uint8_t *bytes; /* borrowed secret memory; used bytes are wiped */
    size_t len;
    size_t used;    /* <= len; only grows; durable before the bytes leave */
    bool is_closed; /* after a failed commit: a second fsync may report success for data that never
                       reached the disk */
    void *self;
    qw_err (*commit_used)(void *self,
                          size_t used); /* returns QW_OK when the position is durable; NULL: pad
                                           lives in memory only and dies with the process */
};

/* Copies the next len unused bytes to out. QW_ERR_EXHAUSTED (nothing moved), QW_ERR_IO (closed for
 * good). */
qw_err qw_pad_take(struct qw_pad *pad, uint8_t *out, size_t len) QW_MUST_USE;

/* Gives up everything before position used (the peer is ahead): durable, wiped. QW_ERR_ARG when
 * used < pad->used or > len. */
qw_err qw_pad_skip_to(struct qw_pad *pad, size_t used) QW_MUST_USE;

size_t qw_pad_left(const struct qw_pad *pad);

/* data ^= the next len bytes of pad. */
qw_err qw_pad_apply(struct qw_pad *pad, uint8_t *data, size_t len) QW_MUST_USE;

#endif
