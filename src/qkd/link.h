/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_H
#define QW_QKD_LINK_H

#include "base/wire.h"
#include "qkd/auth_pool.h"
#include "qkd/link/clicks.h"
#include "qkd/link_ledger.h"
#include "qkd/link_terms.h"
#include "qkd/optics.h"

#include <stddef.h>
#include <stdint.h>

/* One end of a QKD link: from clicks to secret keys, with the other end over a public wire [Q1 Q7].
 * Steps, bytes, security argument: docs/protocol/qkd-link.md. Blocking; one thread per end; every
 * wait has a time limit. All memory is allocated by new: about 4 bytes per bit of a block, 40 per
 * bit of a frame, and 4 MiB. */
enum qw_qkd_end { QW_QKD_ALICE = 1, QW_QKD_BOB = 2 };

struct qw_qkd_link_config {
    enum qw_qkd_end end;
    struct qw_qkd_terms terms;     /* copied */
    struct qw_wire *wire;          /* borrowed */
    struct qw_qkd_auth_pool *pool; /* borrowed; used up tag by tag, and
                                      refilled as the terms say */
    int timeout_ms;                /* longest wait for one message; 0: 10 s */
    int light_timeout_ms; /* A's longest wait for the first clicks of a block; 0: the same */
    void *self;           /* handed to every callback */
    /* A: what was sent in these pulses. [count] */
    void (*pulses)(void *self, const struct qw_qkd_click *clicks, size_t count,
                   struct qw_pulse *pulses);
    /* B: the next count clicks, rising over all calls. Any error but QW_OK ends the link with it.
     */
    qw_err (*clicks)(void *self, struct qw_qkd_click *clicks, size_t count);
    /* Both: a key of ledger->key_bits, known to both ends; not called for a block that went into
     * the pool as a whole. Borrowed; wiped after the call. An error ends the link with it, and the
     * two ends then differ by this block. */
    qw_err (*key)(void *self, const uint8_t *key, const struct qw_qkd_ledger *ledger);
};

struct qw_qkd_link;

/* QW_ERR_ARG: terms out of range, a callback missing; QW_ERR_NOMEM. */
qw_err qw_qkd_link_new(const struct qw_qkd_link_config *config,
                       struct qw_qkd_link **link) QW_MUST_USE;
void qw_qkd_link_free(struct qw_qkd_link *link); /* wipes; NULL is fine; the wire stays open */

/* Steps A1 and B1; once. QW_ERR_REFUSED: see the ledger. */
qw_err qw_qkd_link_open(struct qw_qkd_link *link) QW_MUST_USE;

/* One block. QW_OK: its key was handed over, at both ends, less what the pool got. At A also
 * QW_ERR_CLOSED when B has said CLOSE. QW_ERR_REFUSED: an honest no, ledger->refusal says why;
 * QW_ERR_AUTH and QW_ERR_FORMAT: the discussion was altered; QW_ERR_TIMEOUT and errors of the wire:
 * nothing was heard. After any error the link is over (QW_ERR_STATE). */
qw_err qw_qkd_link_block(struct qw_qkd_link *link) QW_MUST_USE;

/* B: no further block. */
qw_err qw_qkd_link_close(struct qw_qkd_link *link) QW_MUST_USE;

/* Of the last block, as far as it came. */
const struct qw_qkd_ledger *qw_qkd_link_ledger(const struct qw_qkd_link *link);

/* After open: names the session at both ends, at random [QW_QKD_SESSION_LEN]. With the number of a
 * block it names that block's key for ever. */
enum { QW_QKD_SESSION_LEN = 16 };
const uint8_t *qw_qkd_link_session(const struct qw_qkd_link *link);

#endif
