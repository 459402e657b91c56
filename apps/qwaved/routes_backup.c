/* SPDX-License-Identifier: Apache-2.0 */
/* The word for a backup [C7] [docs/protocol/backup.md B0]. */
#include "centre/backup/backup.h"
#include "routes.h"

void route_backup_begin(struct call *call)
{
    char lock[QW_BACKUP_LOCK_CAP] = "";
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "lock", lock, 1, sizeof lock);
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_backup_begin(call->service->centre, &call->caller, lock);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_empty(call);
}
