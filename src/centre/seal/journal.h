/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_SEAL_JOURNAL_H
#define QW_CENTRE_SEAL_JOURNAL_H

#include "store/audit.h"

/* Writes one record to the journal of a store whose centre is sealed: the journal is clear text, so
 * no key is needed. It carries epoch 0. Other processes may write to the same store meanwhile.
 * QW_ERR_IO and others of the store: nothing is written. */
qw_err qw_seal_journal(const struct qw_store *store, const char *centre_id,
                       const struct qw_audit_event *event) QW_MUST_USE;

#endif
