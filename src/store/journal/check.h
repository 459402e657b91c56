/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_JOURNAL_CHECK_H
#define QW_STORE_JOURNAL_CHECK_H

#include "crypto/signature/signature.h"
#include "store/audit.h"
#include "store/journal/signed_head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a journal is the one that was written and signed, record by record, without its centre
 * [J6, J7 of docs/protocol/journal.md]. Keeps one record's worth of memory however long it is. */
enum qw_journal_fault {
    QW_JOURNAL_WHOLE,
    QW_JOURNAL_ALTERED,      /* not a record, or not with the hash it carries */
    QW_JOURNAL_PLACE,        /* another number than the next one: missing, added or moved */
    QW_JOURNAL_CHAIN,        /* not the one that was written after the record before it */
    QW_JOURNAL_CENTRE,       /* of another centre */
    QW_JOURNAL_SIGNATURE,    /* a signature in the journal is wrong */
    QW_JOURNAL_OTHER_KEY,    /* the key that was brought is none of the journal's */
    QW_JOURNAL_CUT,          /* ends before the head says, or goes on behind it */
    QW_JOURNAL_HEAD,         /* the head itself is wrong, or is of another journal */
    QW_JOURNAL_KEPT_BAD,     /* the head that was kept elsewhere is not signed by the key */
    QW_JOURNAL_SET_BACK,     /* the kept head is of a journal that went on otherwise, or further */
    QW_JOURNAL_NEXT_KEY_BAD, /* a new key that the one before it did not sign, at once */
    QW_JOURNAL_SIGNED,       /* it is signed, and no key was brought */
    QW_JOURNAL_FAULT_COUNT
};
/* What a person is told, "record 17 was altered" without the number. */
const char *qw_journal_fault_text(enum qw_journal_fault fault);

struct qw_journal_report {
    enum qw_journal_fault fault;
    uint64_t fault_seq;        /* number of the first record that is wrong; 0: whole */
    uint64_t records;          /* good ones, from the start */
    uint64_t signed_seq;       /* the last record that a good signature binds; 0: none */
    uint64_t unsigned_records; /* after that, without the signature's own record */
    uint64_t keys;             /* that signed it, one after the other */
    struct qw_public_key key;  /* the last of them */
    char centre[QW_AUDIT_NAME_CAP];
};

struct qw_journal_check {               /* a value */
    bool is_unsigned;                   /* nothing but the chain is asked for */
    struct qw_public_key brought, next; /* the key that signs is report.key */
    struct qw_signed_head kept;         /* seq 0: none */
    struct qw_journal_report report;
    uint8_t hash[QW_AUDIT_HASH_LEN]; /* of the last good record */
    bool has_key_record;
    bool is_trusted;       /* the brought key is the first one, or has signed */
    bool has_next;         /* the next record is the signature over the new key, by the old one */
    uint64_t first_key_at; /* the record that says which the first key is */
    uint64_t settled;      /* number of the last record that needs no further signature */
};

/* key: brought by who checks, any of those that signed the journal: the first, and the others
 * follow from it; or a later one, whose signatures bind what was before it. kept: a head from
 * elsewhere, NULL for none. */
void qw_journal_check_begin(struct qw_journal_check *check, const struct qw_public_key *key,
                            const struct qw_signed_head *kept);
/* Of a journal that nobody signs, a node's: the chain alone, and the hash that record seq had when
 * it was kept elsewhere (seq 0: none). One that names a key is refused: it has to be checked by it.
 */
void qw_journal_check_begin_unsigned(struct qw_journal_check *check, uint64_t seq,
                                     const uint8_t hash[static QW_AUDIT_HASH_LEN]);
/* The next record. False: it is wrong; the report says how, and nothing after it counts. */
bool qw_journal_check_record(struct qw_journal_check *check, const uint8_t *blob, size_t len);
/* The head under which the journal was handed over, signed. False as above. */
bool qw_journal_check_front(struct qw_journal_check *check, const struct qw_signed_head *front);
/* A fault that the caller has found, at the next record. */
void qw_journal_check_fail(struct qw_journal_check *check, enum qw_journal_fault fault);
/* There are no more records. */
void qw_journal_check_end(struct qw_journal_check *check);

#endif
