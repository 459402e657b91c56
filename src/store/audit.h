/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_AUDIT_H
#define QW_STORE_AUDIT_H

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The audit journal: hash-chained records over QW_STORE_AUDIT [C10]. A record is submitted in the
 * same atomic group as the change it tells of, so neither exists without the other. Each record
 * carries the hash of the one before it; the head (sequence number and hash of the last record) is
 * a META record moved in the same group, so a cut tail shows as well. Two writers on one store
 * collide at the head: the second one's group is QW_ERR_CONFLICT and changes nothing. Bytes:
 * docs/design/store.md. No key, no part of a key, no hash of a key ever goes in. */
enum {
    QW_AUDIT_NAME_CAP = 64,
    QW_AUDIT_VERB_CAP = 32,
    QW_AUDIT_TEXT_CAP = 128,
    QW_AUDIT_HASH_LEN = 32,
    QW_AUDIT_BLOB_CAP = 640,
    QW_AUDIT_HEAD_LEN = 40,
    QW_AUDIT_OPS = 2 /* operations that one record adds to a group */
};

struct qw_audit_event {
    char actor[QW_AUDIT_TEXT_CAP]; /* "operator:alice" */
    uint8_t certificate_hash[32];  /* zero for local calls */
    char verb[QW_AUDIT_VERB_CAP];
    char object[QW_AUDIT_TEXT_CAP];
    qw_err result;
    char detail[QW_AUDIT_TEXT_CAP]; /* the cause of a refusal, counts; "" for none */
};

struct qw_audit_record {
    uint64_t seq; /* starts at 1 */
    int64_t utc_ms;
    char node[QW_AUDIT_NAME_CAP];
    uint64_t epoch; /* number of the start of the centre that wrote it */
    struct qw_audit_event event;
    uint8_t previous[QW_AUDIT_HASH_LEN]; /* zero in the first record */
    uint8_t hash[QW_AUDIT_HASH_LEN];     /* SHA-256 of everything before it */
};

struct qw_audit { /* the writing end; a value, used under the owner's mutex */
    char node[QW_AUDIT_NAME_CAP];
    uint64_t epoch;
    uint64_t seq; /* of the last record, 0: none yet */
    uint8_t head[QW_AUDIT_HASH_LEN];
    uint64_t head_version; /* of the META record, 0: none yet */
};

/* Where the chain ends now. QW_ERR_FORMAT: the last record and the head do not belong together. */
qw_err qw_audit_open(const struct qw_store *store, const char *node, uint64_t epoch,
                     struct qw_audit *audit) QW_MUST_USE;

struct qw_audit_entry { /* memory of the two operations until the submit has returned */
    uint8_t id[8];
    uint8_t blob[QW_AUDIT_BLOB_CAP];
    size_t len;
    uint8_t head[QW_AUDIT_HEAD_LEN];
    uint8_t hash[QW_AUDIT_HASH_LEN];
};
/* Makes the record for event and the operations to append to the caller's group; ops borrow from
 * entry. QW_ERR_ARG: a text is not terminated or not printable. */
qw_err qw_audit_prepare(const struct qw_audit *audit, const struct qw_audit_event *event,
                        int64_t utc_ms, struct qw_audit_entry *entry,
                        struct qw_store_op ops[static QW_AUDIT_OPS]) QW_MUST_USE;
/* Moves the writing end; call exactly when the submit with these operations returned QW_OK. */
void qw_audit_committed(struct qw_audit *audit, const struct qw_audit_entry *entry);

qw_err qw_audit_decode(const uint8_t *blob, size_t len, struct qw_audit_record *record) QW_MUST_USE;

/* Walks the whole chain. *records: good records from the start; *broken_seq: number of the first
 * record that is altered, missing, added or out of order, 0 when the chain is whole. visit may be
 * NULL. QW_ERR_AUTH: broken (both outputs are set), QW_ERR_IO: cannot be read. */
qw_err qw_audit_verify(const struct qw_store *store,
                       void (*visit)(void *visitor, const struct qw_audit_record *record),
                       void *visitor, uint64_t *records, uint64_t *broken_seq) QW_MUST_USE;

#endif
