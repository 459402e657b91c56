/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_SHARE_SHARE_DESK_H
#define QW_CENTRE_SHARE_SHARE_DESK_H

#include "centre/centre.h"
#include "centre/share/share_set.h"

/* What officers do with their shares while the centre is open and serves: a rehearsal, which shows
 * that a quorum of them works and changes nothing, a change to other shares, and the KEK's rotation
 * [docs/protocol/ceremony.md E1 to K3]. One of them at a time, in the memory of this process;
 * sealing, the end of the process and share_timeout_s without a step end it, and nothing of the
 * store has changed then. */
struct qw_share_desk;
qw_err qw_share_desk_new(struct qw_share_desk **desk) QW_MUST_USE;
void qw_share_desk_free(struct qw_share_desk *desk); /* wipes; NULL is fine */

enum qw_share_step {
    QW_SHARE_IDLE,
    QW_SHARE_REHEARSING, /* a rehearsal: shares come in */
    QW_SHARE_ENTERING,   /* a change: shares of now come in */
    QW_SHARE_HANDING,    /* a change: shares to be are given out */
    QW_SHARE_ROTATING,   /* for a KEK that was ordered: shares come in, or all are in */
    QW_SHARE_STEP_COUNT
};
extern const char *const qw_share_step_names[QW_SHARE_STEP_COUNT]; /* "idle" ... */

struct qw_share_state {
    enum qw_share_step step;
    uint8_t threshold, officers; /* of the shares that are worth something now */
    uint8_t ceremony[QW_CEREMONY_ID_LEN];
    uint8_t entered;                       /* of them, for what is under way */
    uint8_t next_threshold, next_officers; /* in a change */
    uint8_t handed, confirmed;             /* of the shares to be */
};

/* Officers. Every function: QW_ERR_REFUSED for who may not; QW_ERR_STATE: no quorum keeps the
 * master key, or it is not the time for it; QW_ERR_IO: the journal cannot be written, nothing has
 * happened. */
qw_err qw_centre_share_look(struct qw_centre *centre, const struct qw_caller *caller,
                            struct qw_share_state *state) QW_MUST_USE;

/* X1: threshold of officers instead of those of now. QW_ERR_STATE: also that it needs two persons
 * (approval/approval.h), or that something is under way. QW_ERR_ARG: not 2..officers..16. */
qw_err qw_centre_share_begin(struct qw_centre *centre, const struct qw_caller *caller,
                             uint8_t threshold, uint8_t officers) QW_MUST_USE;
/* "3-of-5", as a request to change the shares names it. False: it is no such thing. */
bool qw_share_change_parse(const char *text, uint8_t *threshold, uint8_t *officers);

/* What an officer says that he enters his share for. */
enum qw_share_purpose {
    QW_SHARE_TO_REHEARSE, /* E1 */
    QW_SHARE_TO_CHANGE,   /* X2: the change that was begun */
    QW_SHARE_TO_ROTATE,   /* K1: the KEK that was ordered */
    QW_SHARE_PURPOSE_COUNT
};
/* A share of now. The verdict is in the journal before it is told; QW_SEAL_OPENED is the last one:
 * rehearsed, the shares to be are there, or the rotation goes on by itself. QW_ERR_LIMIT: too many
 * wrong ones of this caller, not looked at. */
qw_err qw_centre_share_enter(struct qw_centre *centre, const struct qw_caller *caller,
                             enum qw_share_purpose purpose, const uint8_t *bytes, size_t len,
                             enum qw_seal_verdict *verdict) QW_MUST_USE;

/* X3: the caller's share of those to be, the same one until it is confirmed. [out: QW_SHARE_LEN
 * bytes, in secret memory] QW_ERR_CONFLICT: his is confirmed, or all are others'. */
qw_err qw_centre_share_take(struct qw_centre *centre, const struct qw_caller *caller,
                            uint8_t out[static QW_SHARE_LEN]) QW_MUST_USE;
/* X4, X5: what he reads back from where he keeps it. With the last one the shares of now are worth
 * nothing, and is_done. QW_ERR_AUTH: not what he was given; QW_ERR_CONFLICT: confirmed already. */
qw_err qw_centre_share_confirm(struct qw_centre *centre, const struct qw_caller *caller,
                               const uint8_t *bytes, size_t len, bool *is_done) QW_MUST_USE;

/* X6, K3: ends what is under way, and an order of a KEK that waits for shares; nothing of it stays.
 */
qw_err qw_centre_share_cancel(struct qw_centre *centre, const struct qw_caller *caller) QW_MUST_USE;

/* The same when the time is over; about once a second, under the mutex. */
void qw_share_desk_sweep(struct qw_centre *centre);

#endif
