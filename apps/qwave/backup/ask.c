/* SPDX-License-Identifier: Apache-2.0 */
/* B0: an officer has the backup made, and two where the centre wants two [C10]. */
#define _GNU_SOURCE
#include "backup/backup.h"

#include "base/hex.h"
#include "operator.h"
#include "qwaved/settings.h"

#include <stdio.h>

void backup_lock_name(const struct backup_work *work, char name[static QW_BACKUP_LOCK_CAP])
{
    uint8_t hash[QW_RECIPIENT_HASH_LEN];
    char digits[QW_BACKUP_RECIPIENT_DIGITS + 1];

    if (work->recipient == NULL) {
        (void)snprintf(name, QW_BACKUP_LOCK_CAP, "passphrase");
        return;
    }
    qw_recipient_hash(work->recipient, hash);
    qw_hex_encode(hash, QW_BACKUP_RECIPIENT_DIGITS / 2, digits);
    (void)snprintf(name, QW_BACKUP_LOCK_CAP, "recipient-%s", digits);
}

static qw_err explain_answer(struct backup_work *work, struct operator_desk *desk, qw_err err,
                             const char *lock)
{
    if (err == QW_ERR_STATE || err == QW_ERR_CONFLICT) {
        return backup_explain(work, QW_ERR_REFUSED,
                              "it takes two officers: `qwave admin request backup %s`, and "
                              "`request approve` by another one",
                              lock);
    }
    return backup_explain(work, err, "%s", operator_message(desk));
}

qw_err backup_ask_centre(const struct backup_arguments *arguments, struct backup_work *work)
{
    char error[OPERATOR_ERROR_CAP] = "";
    char lock[QW_BACKUP_LOCK_CAP];
    char body[QW_BACKUP_LOCK_CAP + 16];
    struct operator_desk *desk = NULL;
    const char *answer = NULL;
    qw_err err;

    backup_lock_name(work, lock);
    if (arguments->operator_path == NULL) {
        return work->settings->dual_control < QW_DUAL_CONTROL_ALL
                   ? QW_OK
                   : backup_explain(work, QW_ERR_REFUSED,
                                    "dual_control is all: --operator FILE, after `qwave admin "
                                    "request backup %s`",
                                    lock);
    }
    err = operator_open(arguments->operator_path, arguments->url, &desk, error);
    if (err != QW_OK) {
        return backup_explain(work, err, "%s", error);
    }
    (void)snprintf(body, sizeof body, "{\"lock\":\"%s\"}", lock);
    err = operator_call(desk, "POST", "/v1/backups", body, &answer);
    if (err != QW_OK) {
        err = explain_answer(work, desk, err, lock);
    }
    operator_close(desk);
    return err;
}
