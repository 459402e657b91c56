/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/seal/journal.h"

#include "base/clock.h"

enum { ATTEMPTS = 4 };

static qw_err write_once(const struct qw_store *store, const char *centre_id,
                         const struct qw_audit_event *event)
{
    struct qw_audit audit;
    struct qw_audit_entry entry;
    struct qw_store_op ops[QW_AUDIT_OPS] = { { .len = 0 } };
    bool is_moved = false;
    qw_err err = store->take_turn == NULL ? QW_OK : store->take_turn(store->self, &is_moved);

    if (err == QW_OK) {
        err = qw_audit_open(store, centre_id, 0, &audit);
    }
    if (err == QW_OK) {
        err = qw_audit_prepare(&audit, event, qw_clock_utc_ms(), &entry, ops);
    }
    if (err == QW_OK) {
        err = store->submit(store->self, ops, QW_AUDIT_OPS);
    }
    if (store->give_turn != NULL) {
        store->give_turn(store->self);
    }
    return err;
}

qw_err qw_seal_journal(const struct qw_store *store, const char *centre_id,
                       const struct qw_audit_event *event)
{
    qw_err err = QW_ERR_CONFLICT;

    for (int attempt = 0; attempt < ATTEMPTS && err == QW_ERR_CONFLICT; attempt++) {
        err = write_once(store, centre_id, event); /* another process may have been faster */
    }
    return err;
}
