/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_BACKUP_FILE_H
#define QW_STORE_BACKUP_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A copy of a store as one sealed file or stream [docs/protocol/backup.md]. */
struct qw_backup_head {
    char centre_id[64]; /* 1..63 bytes */
    int64_t made_ms;    /* UTC */
};
struct qw_recipient;           /* crypto/recipient.h */
struct qw_backup_lock {        /* borrowed: one of the two */
    const uint8_t *passphrase; /* NULL: the recipient */
    size_t passphrase_len;
    const struct qw_recipient *recipient;
};

/* The algorithms by which this lock seals, in words; SM4's 128 bits are named [S1]. */
const char *qw_backup_seal_name(const struct qw_backup_lock *lock);

/* Reads `from` to its end, writes head and sealed chunks to `to`, flushed. QW_ERR_IO: either fails,
 * or the disk is full; QW_ERR_NOMEM; QW_ERR_ARG: no centre id. */
qw_err qw_backup_seal(const struct qw_backup_head *head, const struct qw_backup_lock *lock,
                      FILE *from, FILE *to) QW_MUST_USE;
/* The other way. What was written to `to` counts only after QW_OK, and head as well. QW_ERR_FORMAT:
 * no backup, or it ends before its end or goes on behind it; QW_ERR_AUTH: another passphrase or
 * recipient, or altered; QW_ERR_UNAVAILABLE: sealed by the other of the two; QW_ERR_IO,
 * QW_ERR_NOMEM. */
qw_err qw_backup_open(const struct qw_backup_lock *lock, FILE *from, FILE *to,
                      struct qw_backup_head *head) QW_MUST_USE;

#endif
