/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_JOURNAL_SIGNED_HEAD_H
#define QW_STORE_JOURNAL_SIGNED_HEAD_H

#include "base/error.h"
#include "crypto/signature/signature.h"
#include "store/audit.h"

#include <stdbool.h>
#include <stdint.h>

/* A signature over the head of the journal: it binds every record up to it [docs/protocol/
 * journal.md]. Inside the chain it is a record of the verb QW_JOURNAL_SIGN. */
#define QW_JOURNAL_SIGN "sign"
#define QW_JOURNAL_KEY "journal-key"
#define QW_JOURNAL_NEXT_KEY "journal-key-next"
#define QW_JOURNAL_CONFIGURATION "configuration"

struct qw_signed_head {
    char centre[QW_AUDIT_NAME_CAP];
    uint64_t seq; /* >= 1 */
    uint8_t hash[QW_AUDIT_HASH_LEN];
    enum qw_signature_algorithm algorithm;
    uint8_t signature[QW_SIGNATURE_LEN];
};

/* Signs where the writing end stands. QW_ERR_ARG: nothing was written yet; QW_ERR_NOMEM. */
qw_err qw_signed_head_make(const struct qw_audit *audit, const struct qw_signing_key *key,
                           struct qw_signed_head *head) QW_MUST_USE;
/* QW_ERR_AUTH: not signed by that key. */
qw_err qw_signed_head_check(const struct qw_signed_head *head,
                            const struct qw_public_key *key) QW_MUST_USE;

/* The events that the journal writes about itself. */
void qw_signed_head_event(const struct qw_signed_head *head, struct qw_audit_event *event);
void qw_journal_key_event(const struct qw_signing_key *key, struct qw_audit_event *event);
void qw_journal_next_key_event(const struct qw_signing_key *key, struct qw_audit_event *event);

/* The signed head that a record of QW_JOURNAL_SIGN carries: of the record before it. QW_ERR_FORMAT:
 * it is none, or names another. */
qw_err qw_signed_head_of(const struct qw_audit_record *record,
                         enum qw_signature_algorithm algorithm,
                         struct qw_signed_head *head) QW_MUST_USE;
/* The key that a record of QW_JOURNAL_KEY or QW_JOURNAL_NEXT_KEY names. QW_ERR_FORMAT. */
qw_err qw_journal_key_of(const struct qw_audit_record *record,
                         struct qw_public_key *key) QW_MUST_USE;

#endif
