/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_SESSION_H
#define QW_CENTRE_DEVICE_SESSION_H

#include "centre/group.h"

/* One radio session between a card and an access point, from contact to end, in QW_STORE_SESSION
 * under its id. A card has at most one: a new contact ends the one before. */
enum { QW_SESSION_LIFE_MS = 10 * 60 * 1000 };

struct qw_session {
    uint8_t id[16];
    uint64_t version;
    char device[64];
    char access_point[64];
    bool wants_fresh; /* and has not got it yet */
    uint32_t wanted_keys;
    int64_t created_ms;
};

qw_err qw_session_load(struct qw_centre *centre, const uint8_t id[static 16],
                       struct qw_session *session) QW_MUST_USE;
qw_err qw_session_open(struct qw_centre *centre, const struct qw_store_record *record,
                       struct qw_session *session) QW_MUST_USE;
void qw_session_put(struct qw_centre *centre, struct qw_group *group,
                    const struct qw_session *session);
void qw_session_remove(struct qw_centre *centre, struct qw_group *group,
                       const struct qw_session *session);

/* Removes those that nobody ended in time. Under the mutex. */
qw_err qw_session_sweep(struct qw_centre *centre) QW_MUST_USE;

/* An access point with a card that is in service, into centre->holder. QW_ERR_REFUSED. */
qw_err qw_access_point_load(struct qw_centre *centre, const char *id) QW_MUST_USE;

/* The session with this id, if it belongs to the caller, is its card's current one, and both ends
 * are in service: session out, card in centre->card, access point in centre->holder. QW_ERR_REFUSED
 * with the reason in *cause. */
qw_err qw_session_enter(struct qw_centre *centre, const struct qw_caller *caller,
                        const uint8_t id[static 16], struct qw_session *session,
                        const char **cause) QW_MUST_USE;

#endif
