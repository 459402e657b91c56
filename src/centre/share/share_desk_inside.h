/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_SHARE_SHARE_DESK_INSIDE_H
#define QW_CENTRE_SHARE_SHARE_DESK_INSIDE_H

#include "base/rate_limit.h"
#include "centre/approval/request_record.h"
#include "centre/group.h"
#include "centre/share/share_desk.h"

/* The desk, for the files of its verbs. Under the centre's mutex. */
struct qw_share_place { /* of a share to be */
    char holder[64];    /* "": nobody's yet */
    bool is_confirmed;
};

struct qw_share_desk { /* in secret memory */
    enum qw_share_step step;
    int64_t last_ms;             /* of the last good step, monotonic */
    struct qw_rate_limit *wrong; /* entries by caller */
    struct qw_share_set now;
    struct qw_custody custody; /* QW_SHARE_ROTATING, once all are in: until qw_share_desk_lend */
    struct qw_ceremony next;
    struct qw_share share[QW_OFFICERS_MAX]; /* to be; from QW_SHARE_HANDING on */
    struct qw_share_place place[QW_OFFICERS_MAX];
    uint8_t wrapped[QW_WRAPPED_KEK_CAP]; /* the KEK under the master key to be */
    size_t wrapped_len;
};

/* Ends what is under way and wipes it. */
void qw_share_desk_clear(struct qw_share_desk *desk);

/* X2 with the last share of now: draws the shares to be, and wraps the KEK under theirs. */
qw_err qw_share_change_draw(struct qw_share_desk *desk,
                            const uint8_t kek[static QW_KEK_LEN]) QW_MUST_USE;

/* K2: the custody that officers entered their shares for, which is the caller's then. False: it is
 * not there. */
bool qw_share_desk_lend(struct qw_share_desk *desk, struct qw_custody *custody);

/* X1 in one group with the request that two officers made of it. */
qw_err qw_share_change_approved(struct qw_centre *centre, const struct qw_deed *deed,
                                const struct qw_request_record *request) QW_MUST_USE;

#endif
