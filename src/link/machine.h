/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_MACHINE_H
#define QW_LINK_MACHINE_H

#include "base/error.h"

/* The life of one link as a table: at which state what may happen, and what then is. Both ends and
 * every sink go by it [docs/design/link.md]. */
#define QW_LINK_STATES(X) \
    X(DEGRADED) /* no key yet, or the one in use is over its hard lifetime */ \
    X(STEADY)   /* k in use both ways */ \
    X(PREPARE)  /* k in use, k' at hand at this end */ \
    X(PROBE)    /* k in use, both ends hold k'; is it the same? */ \
    X(PROMOTE)  /* only forward: senders go over to k' */ \
    X(RETIRE)   /* senders use k', k is still accepted */
#define QW_LINK_EVENTS(X) \
    X(KEY)      /* a new key is at hand, a rotation begins */ \
    X(PREPARED) /* both ends accept it */ \
    X(PROVED)   /* both ends hold the same bytes */ \
    X(SWITCHED) /* senders of both ends use it */ \
    X(RETIRED)  /* the old one is gone */ \
    X(GIVEN_UP) /* the new one goes, an old one is there */ \
    X(EMPTIED)  /* the new one goes, and there was none before, or one over its lifetime */ \
    X(EXPIRED)  /* the key in use is over its hard lifetime */ \
    X(LOST)     /* the peer does not know the new key any more */

#define QW_LINK_ENUM(name) QW_LINK_##name,
enum qw_link_state { QW_LINK_STATES(QW_LINK_ENUM) QW_LINK_STATE_COUNT };
enum qw_link_event { QW_LINK_EVENTS(QW_LINK_ENUM) QW_LINK_EVENT_COUNT };
#undef QW_LINK_ENUM

extern const char *const qw_link_state_names[QW_LINK_STATE_COUNT]; /* "STEADY" */

/* QW_ERR_STATE: must not happen there; *state is untouched. */
qw_err qw_link_machine_apply(enum qw_link_state *state, enum qw_link_event event) QW_MUST_USE;

#endif
