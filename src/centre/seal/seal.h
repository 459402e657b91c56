/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_SEAL_SEAL_H
#define QW_CENTRE_SEAL_SEAL_H

#include "centre/centre.h"
#include "centre/share/share_set.h"

/* A centre that is sealed: its store and its journal, the officers' shares as they come in, no key
 * [docs/protocol/ceremony.md C1 to C5]. Safe from several threads. */
struct qw_seal;

enum { QW_SEAL_TIMEOUT_S_MIN = 10, QW_SEAL_TIMEOUT_S_MAX = 86400 };
struct qw_seal_config {
    struct qw_store *store;   /* borrowed */
    const struct qw_log *log; /* borrowed */
    char centre_id[64];
    uint32_t timeout_s; /* shares are forgotten when no further one comes so long */
};

struct qw_seal_state {
    uint8_t threshold, officers;
    uint8_t entered; /* threshold: open, or about to be */
    uint8_t ceremony[QW_CEREMONY_ID_LEN];
};

/* Reads whose shares the store waits for. QW_ERR_NOT_FOUND: the store is empty. QW_ERR_STATE: its
 * master key is in another custody. QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_seal_new(const struct qw_seal_config *config, struct qw_seal **seal) QW_MUST_USE;
void qw_seal_free(struct qw_seal *seal); /* wipes; NULL is fine */

void qw_seal_look(struct qw_seal *seal, struct qw_seal_state *state);

/* An officer's share as it came over the wire. The verdict is in the journal before it is told.
 * QW_ERR_REFUSED: no operator. QW_ERR_LIMIT: too many wrong ones of this caller, not looked at.
 * QW_ERR_IO: the journal cannot be written, the share was not taken. */
qw_err qw_seal_enter(struct qw_seal *seal, const struct qw_caller *caller, const uint8_t *bytes,
                     size_t len, enum qw_seal_verdict *verdict) QW_MUST_USE;

/* Forgets what was entered, with a record when there was something; QW_ERR_IO: forgotten all the
 * same, and no record. */
qw_err qw_seal_forget(struct qw_seal *seal, const struct qw_caller *caller) QW_MUST_USE;
/* The same when the time is over; to be called about once a second. */
void qw_seal_tick(struct qw_seal *seal);

/* After QW_SEAL_OPENED, once: the custody, which the caller closes. QW_ERR_STATE before. */
qw_err qw_seal_custody(struct qw_seal *seal, struct qw_custody *custody) QW_MUST_USE;

/* For a centre that is open: an operator seals it, or a share comes too late. In the journal;
 * QW_ERR_REFUSED: no operator; QW_ERR_IO. */
qw_err qw_centre_note_seal(struct qw_centre *centre, const struct qw_caller *caller) QW_MUST_USE;
qw_err qw_centre_note_late_share(struct qw_centre *centre,
                                 const struct qw_caller *caller) QW_MUST_USE;

#endif
