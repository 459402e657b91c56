/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_KEY_LIFE_H
#define QW_CENTRE_KEY_KEY_LIFE_H

#include "base/error.h"

/* Life cycle of a key [C7]: one table, states down, events across; what is not in it is
 * refused and audited. */
enum qw_key_state {
    QW_KEY_STORED,
    QW_KEY_LEASED,
    QW_KEY_ASSIGNED,
    QW_KEY_DELIVERED,
    QW_KEY_SUSPENDED,
    QW_KEY_CONSUMED,
    QW_KEY_VOIDED,
    QW_KEY_EXPIRED,
    QW_KEY_COMPROMISED,
    QW_KEY_DESTROYED,
    QW_KEY_DESTROYED_COMPROMISED,
    QW_KEY_ARCHIVED, /* the last: states stand in records as numbers */
    QW_KEY_STATE_COUNT
};
enum qw_key_event {
    QW_KEY_LEASE,
    QW_KEY_ASSIGN,
    QW_KEY_DELIVER,
    QW_KEY_CLOSE,
    QW_KEY_EXPIRE,
    QW_KEY_VOID,
    QW_KEY_SUSPEND,
    QW_KEY_RESUME,
    QW_KEY_COMPROMISE,
    QW_KEY_DESTROY,
    QW_KEY_ARCHIVE,
    QW_KEY_RECOVER,
    QW_KEY_EVENT_COUNT
};
extern const char *const qw_key_state_names[QW_KEY_STATE_COUNT];

/* Next state, or QW_ERR_STATE. RESUME and RECOVER go back to what it was (before: STORED,
 * ASSIGNED or DELIVERED). */
qw_err qw_key_next(enum qw_key_state state, enum qw_key_event event, enum qw_key_state before,
                   enum qw_key_state *next) QW_MUST_USE;

#endif
