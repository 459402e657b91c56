/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_STORE_H
#define QW_STORE_STORE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Durable storage of a centre. Batch-oriented: one submit is one atomic, durable group of
 * operations. No backend ever sees a clear key: blobs arrive sealed. Implementations: SQLite
 * (store_sqlite.h), PostgreSQL (store_postgres.h). Safe from several threads. */
enum qw_store_kind { /* which table a record lives in; names and blob layouts: docs/design/store.md
                      */
                     QW_STORE_META,
                     QW_STORE_DEVICE,
                     QW_STORE_BLOCK,
                     QW_STORE_KEY,
                     QW_STORE_PACKAGE,
                     QW_STORE_SESSION,
                     QW_STORE_TOMBSTONE,
                     QW_STORE_AUDIT,
                     QW_STORE_SEARCH, /* without tags */
                     QW_STORE_STAGED, /* likewise */
                     QW_STORE_KIND_COUNT
};
enum { QW_STORE_ID_MAX = 192, QW_STORE_BLOB_MAX = 1 << 20 };

enum qw_store_verb {
    QW_STORE_INSERT, /* QW_ERR_CONFLICT when the id exists */
    QW_STORE_UPDATE, /* QW_ERR_CONFLICT unless the record's version is expected_version;
                        QW_ERR_NOT_FOUND */
    QW_STORE_REMOVE, /* same checks */
};
struct qw_store_op {
    enum qw_store_verb verb;
    enum qw_store_kind kind;
    const void *id;
    size_t id_len;             /* borrowed, 1..QW_STORE_ID_MAX bytes */
    uint64_t expected_version; /* UPDATE, REMOVE */
    int64_t tag; /* secondary index of the record, chosen by the kind's owner: state of a block,
                    package of a key ... */
    const uint8_t *blob;
    size_t len; /* borrowed */
};
struct qw_store_record {
    uint8_t id[QW_STORE_ID_MAX];
    size_t id_len;
    uint64_t version; /* 1 after INSERT, +1 per UPDATE */
    int64_t tag;
    uint8_t *blob;
    size_t len; /* owned by the record */
};

struct qw_store_lock;

struct qw_store {
    void *self;
    /* All or nothing, durable when it returns QW_OK. The first failing operation's error;
     * QW_ERR_IO: disk full, read-only, database gone: nothing has changed. QW_ERR_TIMEOUT: the
     * database went away with the group under way and did not come back in time: the group may turn
     * out to be durable; what was remembered has to be read again. */
    qw_err (*submit)(void *self, const struct qw_store_op *ops, size_t count);
    qw_err (*get)(void *self, enum qw_store_kind kind, const void *id, size_t id_len,
                  struct qw_store_record *record); /* QW_ERR_NOT_FOUND */
    /* Calls visit for records in id order, after `after` (after_len 0: from the start), of one tag
     * or all (QW_STORE_ANY_TAG), at most limit; visit returns false to stop. */
    qw_err (*scan)(void *self, enum qw_store_kind kind, int64_t tag, const void *after,
                   size_t after_len, size_t limit,
                   int (*visit)(void *visitor, const struct qw_store_record *record),
                   void *visitor);
    qw_err (*count)(void *self, enum qw_store_kind kind, int64_t tag, uint64_t *count);
    /* Turns, where several processes share a store; NULL elsewhere. take waits until this process
     * is the only one that has it, at most some seconds; *is_moved: somebody else has written
     * since, so what was remembered has to be read again. From take to give, also after a take that
     * failed, submit changes nothing unless the turn is still ours. QW_ERR_REFUSED: the store has
     * lost what it had acknowledged; every verb is QW_ERR_IO from now on. One thread at a time. */
    qw_err (*take_turn)(void *self, bool *is_moved);
    void (*give_turn)(void *self);
    void (*close)(void *self);
    struct qw_store_lock *lock; /* owned, of a file that this process alone has; NULL elsewhere */
};
#define QW_STORE_ANY_TAG INT64_MIN
void qw_store_record_free(struct qw_store_record *record); /* wipes the blob */
void qw_store_close(struct qw_store *store);               /* NULL and zeroed are fine */

#endif
