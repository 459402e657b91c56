/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SEAL_SWITCH_H
#define QWAVED_SEAL_SWITCH_H

#include "centre/seal/seal.h"

/* What the routes of sealing and unsealing work on, when the custody is a quorum
 * [docs/protocol/ceremony.md]. */
struct seal_switch {
    struct qw_seal *sealed;      /* NULL while the centre is open */
    struct qw_seal_state quorum; /* while it is open: whose shares opened it */
    void (*turn)(void *self);    /* to be opened, or sealed again: soon, by the main thread */
    void *self;
};

#endif
