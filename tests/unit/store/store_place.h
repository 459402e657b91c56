/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_STORE_PLACE_H
#define QW_TESTS_STORE_PLACE_H

/* Where one test of a store keeps its records, and short forms of the verbs. Included after
 * cmocka.h. */
#include "store/store.h"

#include <stdio.h>
#include <string.h>

struct place {
    char folder[64]; /* "" when it is not ours */
    char path[160];  /* file or URI: what open takes */
    qw_err (*open)(const char *path, struct qw_store *store);
    struct qw_store store;
};

static inline void reopen(struct place *place)
{
    qw_store_close(&place->store);
    assert_int_equal(place->open(place->path, &place->store), QW_OK);
}

static inline struct qw_store_op op_of(enum qw_store_verb verb, enum qw_store_kind kind,
                                       const char *id, uint64_t version, int64_t tag,
                                       const char *blob)
{
    return (struct qw_store_op){ .verb = verb,
                                 .kind = kind,
                                 .id = id,
                                 .id_len = strlen(id),
                                 .expected_version = version,
                                 .tag = tag,
                                 .blob = (const uint8_t *)blob,
                                 .len = blob == NULL ? 0 : strlen(blob) };
}

static inline qw_err submit(struct qw_store *store, const struct qw_store_op *ops, size_t count)
{
    return store->submit(store->self, ops, count);
}

static inline qw_err insert(struct qw_store *store, const char *id, int64_t tag, const char *blob)
{
    struct qw_store_op op = op_of(QW_STORE_INSERT, QW_STORE_KEY, id, 0, tag, blob);

    return submit(store, &op, 1);
}

static inline void assert_record(struct qw_store *store, const char *id, uint64_t version,
                                 int64_t tag, const char *blob)
{
    struct qw_store_record record = { 0 };

    assert_int_equal(store->get(store->self, QW_STORE_KEY, id, strlen(id), &record), QW_OK);
    assert_int_equal(record.id_len, strlen(id));
    assert_memory_equal(record.id, id, record.id_len);
    assert_int_equal(record.version, version);
    assert_int_equal(record.tag, tag);
    assert_int_equal(record.len, strlen(blob));
    assert_memory_equal(record.blob, blob, record.len);
    qw_store_record_free(&record);
    assert_null(record.blob);
}

static inline void assert_absent(struct qw_store *store, const char *id)
{
    struct qw_store_record record = { .len = 77 };

    assert_int_equal(store->get(store->self, QW_STORE_KEY, id, strlen(id), &record),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(record.len, 77);
}

static inline uint64_t count_of(struct qw_store *store, int64_t tag)
{
    uint64_t count = UINT64_MAX;

    assert_int_equal(store->count(store->self, QW_STORE_KEY, tag, &count), QW_OK);
    return count;
}

#endif
