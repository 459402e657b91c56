/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_BACKUP_BACKUP_H
#define QWAVE_BACKUP_BACKUP_H

#include "base/config.h"
#include "base/error.h"
#include "centre/backup/backup.h"
#include "crypto/recipient.h"
#include "store/backup_file.h"

#include <stdbool.h>
#include <stdio.h>

/* What `qwave backup` and `qwave restore` share [C7] [docs/protocol/backup.md]. */
struct backup_arguments {
    const char *config, *passphrase_file, *file;
    const char *recipient; /* of a backup: who can read it */
    const char *key;       /* of a restore: his private key */
    const char *revocations;
    const char *operator_path,
        *url;              /* who has a backup made, at the running centre; NULL: nobody */
    int64_t made_after_ms; /* of a restore: an older one is not what was meant; 0: any */
    bool without_revocations;
    bool is_restore;
    bool as_json;
};

enum { BACKUP_PATH_CAP = 4096 };
enum { BACKUP_TIME_CAP = 32 };
struct settings; /* qwaved/settings.h */
struct backup_work {
    struct settings *settings; /* borrowed; backup_prepare fills it */
    uint8_t *passphrase;       /* bytes; NULL: the recipient */
    struct qw_recipient *recipient;
    struct qw_backup_lock lock;
    uint8_t *lists; /* of revocations, PEM */
    size_t lists_len;
    int64_t lists_ms;             /* when the newest of them was made, UTC; 0: none */
    char beside[BACKUP_PATH_CAP]; /* the copy, in the folder of the database; "" for none */
    struct qw_backup_head head;
    char error[QW_CONFIG_ERROR_CAP];
};

/* Keeps the first sentence; gives err back. */
qw_err backup_explain(struct backup_work *work, qw_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "2026-11-28T17:00:00Z" */
void backup_time_text(int64_t utc_ms, char text[static BACKUP_TIME_CAP]);

/* Settings and lock; of a restore the lists of revocations as well. */
qw_err backup_prepare(const struct backup_arguments *arguments,
                      struct backup_work *work) QW_MUST_USE;
void backup_clean_up(struct backup_work *work);

/* What the backup opens with, in a word (centre/backup/backup.h). */
void backup_lock_name(const struct backup_work *work, char name[static QW_BACKUP_LOCK_CAP]);
/* The centre's word that it may be made; it is in the centre's journal then. Where the settings ask
 * for two officers there has to be one [docs/protocol/backup.md B0]. */
qw_err backup_ask_centre(const struct backup_arguments *arguments,
                         struct backup_work *work) QW_MUST_USE;

/* An empty file of ours in the folder of the database: renaming within it is one step. */
qw_err backup_make_beside(struct backup_work *work) QW_MUST_USE;
/* A file without a name, for what is sealed later or was opened: in TMPDIR, else /var/tmp. */
qw_err backup_make_scratch(struct backup_work *work, FILE **scratch) QW_MUST_USE;

qw_err backup_make(const struct backup_arguments *arguments, struct backup_work *work) QW_MUST_USE;
qw_err backup_restore(const struct backup_arguments *arguments,
                      struct backup_work *work) QW_MUST_USE;

#endif
