/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_BACKUP_BACKUP_H
#define QW_CENTRE_BACKUP_BACKUP_H

#include "centre/books.h"

/* Who has a backup of the centre made, and for whom [C7] [docs/protocol/backup.md B0]. The copy
 * itself is made beside the centre, by who may read the database: what stands here is the word for
 * it, in the journal, of two officers where the policy wants two.
 *
 * lock: "passphrase", or "recipient-" and the first 32 hex digits of the recipient's hash
 * (crypto/recipient.h): what the backup opens with. */
enum { QW_BACKUP_LOCK_CAP = 48, QW_BACKUP_RECIPIENT_DIGITS = 32 };
bool qw_backup_lock_ok(const char *lock);

/* System and security administrators of the whole tree. Where two are needed, uses up what they
 * approved (QW_REQUEST_BACKUP) for this lock: QW_ERR_STATE: nothing was, for this one, or not
 * within `approval_s`. QW_ERR_ARG: no such lock. */
qw_err qw_centre_backup_begin(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *lock) QW_MUST_USE;

struct qw_request_record; /* approval/request_record.h */
/* What two persons decided, in one group with their request; under the mutex. */
qw_err qw_backup_approved(struct qw_centre *centre, const struct qw_deed *deed,
                          const struct qw_request_record *request) QW_MUST_USE;

#endif
