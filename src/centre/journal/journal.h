/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_JOURNAL_JOURNAL_H
#define QW_CENTRE_JOURNAL_JOURNAL_H

#include "centre/centre.h"
#include "store/journal/signed_head.h"

#include <stddef.h>
#include <stdint.h>

/* The journal for those who may read it: operators, and parts of this process (caller NULL). */

/* Where the journal ends now, signed: what is unsigned is signed first [J3]. QW_ERR_REFUSED;
 * QW_ERR_IO: it cannot be signed and written. */
qw_err qw_centre_journal_head(struct qw_centre *centre, const struct qw_caller *caller,
                              struct qw_signed_head *head, struct qw_public_key *key) QW_MUST_USE;

/* J8: a new signing key, signed by the one before inside the chain; then as qw_centre_journal_head,
 * signed by the new one. For security administrators. */
qw_err qw_centre_journal_rotate(struct qw_centre *centre, const struct qw_caller *caller,
                                struct qw_signed_head *head, struct qw_public_key *key) QW_MUST_USE;

/* Records so far. Does not wait for the store. */
uint64_t qw_centre_journal_length(struct qw_centre *centre);

struct qw_journal_record { /* as it stands in the store */
    uint8_t blob[QW_AUDIT_BLOB_CAP];
    size_t len;
};
/* The records behind number `after`, in their order, at most cap. QW_ERR_REFUSED; QW_ERR_FORMAT: a
 * record is longer than any of ours; QW_ERR_IO. */
qw_err qw_centre_journal_read(struct qw_centre *centre, const struct qw_caller *caller,
                              uint64_t after, struct qw_journal_record *records, size_t cap,
                              size_t *count) QW_MUST_USE;

#endif
