/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "memory_store.h"

#include <stdlib.h>
#include <string.h>

struct entry { /* never changed once it is in a table */
    size_t users;
    uint8_t id[QW_STORE_ID_MAX];
    size_t id_len;
    uint64_t version;
    int64_t tag;
    size_t len;
    uint8_t blob[];
};

struct table {
    struct entry **at; /* sorted by id */
    int64_t *tags;     /* of all of them, sorted: a sweep asks for thousands that are not there */
    size_t count, cap;
};

struct memory_store {
    struct table tables[QW_STORE_KIND_COUNT];
};

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static void release(struct entry *entry)
{
    if (--entry->users == 0) {
        free(entry);
    }
}

static void table_free(struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        release(table->at[i]);
    }
    free(table->at);
    free(table->tags);
}

static void table_copy(const struct table *from, struct table *to)
{
    to->cap = from->count + 8;
    to->at = must(malloc(to->cap * sizeof *to->at));
    to->tags = must(malloc(to->cap * sizeof *to->tags));
    to->count = from->count;
    for (size_t i = 0; i < from->count; i++) {
        to->at[i] = from->at[i];
        to->at[i]->users++;
        to->tags[i] = from->tags[i];
    }
}

struct memory_store *memory_store_new(void)
{
    return must(calloc(1, sizeof(struct memory_store)));
}

struct memory_store *memory_store_copy(const struct memory_store *store)
{
    struct memory_store *copy = memory_store_new();

    for (size_t kind = 0; kind < QW_STORE_KIND_COUNT; kind++) {
        table_copy(&store->tables[kind], &copy->tables[kind]);
    }
    return copy;
}

void memory_store_free(struct memory_store *store)
{
    for (size_t kind = 0; kind < QW_STORE_KIND_COUNT; kind++) {
        table_free(&store->tables[kind]);
    }
    free(store);
}

/* Place of the first that is not below tag. */
static size_t find_tag(const struct table *table, int64_t tag)
{
    size_t low = 0;
    size_t high = table->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (table->tags[middle] < tag) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool has_tag(const struct table *table, int64_t tag)
{
    size_t place = find_tag(table, tag);

    return tag == QW_STORE_ANY_TAG || (place < table->count && table->tags[place] == tag);
}

static int compare(const struct entry *entry, const void *id, size_t id_len)
{
    size_t shorter = entry->id_len < id_len ? entry->id_len : id_len;
    int order = memcmp(entry->id, id, shorter);

    return order != 0 ? order : (entry->id_len > id_len) - (entry->id_len < id_len);
}

/* Place of the first entry that is not before id. */
static size_t find(const struct table *table, const void *id, size_t id_len, bool *is_there)
{
    size_t low = 0;
    size_t high = table->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(table->at[middle], id, id_len) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *is_there = low < table->count && compare(table->at[low], id, id_len) == 0;
    return low;
}

static struct entry *entry_new(const struct qw_store_op *op, uint64_t version)
{
    struct entry *entry = must(malloc(sizeof *entry + op->len));

    *entry = (struct entry){ .users = 1, .version = version, .tag = op->tag };
    entry->id_len = op->id_len;
    memcpy(entry->id, op->id, op->id_len);
    entry->len = op->len;
    if (op->len > 0) {
        memcpy(entry->blob, op->blob, op->len);
    }
    return entry;
}

static void insert(struct table *table, size_t place, struct entry *entry)
{
    size_t tag_place = find_tag(table, entry->tag);

    if (table->count == table->cap) {
        table->cap = 2 * table->cap + 8;
        table->at = must(realloc(table->at, table->cap * sizeof *table->at));
        table->tags = must(realloc(table->tags, table->cap * sizeof *table->tags));
    }
    memmove(&table->at[place + 1], &table->at[place], (table->count - place) * sizeof *table->at);
    memmove(&table->tags[tag_place + 1], &table->tags[tag_place],
            (table->count - tag_place) * sizeof *table->tags);
    table->at[place] = entry;
    table->tags[tag_place] = entry->tag;
    table->count++;
}

static void take_out(struct table *table, size_t place)
{
    size_t tag_place = find_tag(table, table->at[place]->tag);

    release(table->at[place]);
    table->count--;
    memmove(&table->at[place], &table->at[place + 1], (table->count - place) * sizeof *table->at);
    memmove(&table->tags[tag_place], &table->tags[tag_place + 1],
            (table->count - tag_place) * sizeof *table->tags);
}

static qw_err apply(struct memory_store *store, const struct qw_store_op *op)
{
    struct table *table = &store->tables[op->kind];
    bool is_there;
    size_t place;

    if (op->id == NULL || op->id_len < 1 || op->id_len > QW_STORE_ID_MAX ||
        op->len > QW_STORE_BLOB_MAX) {
        return QW_ERR_ARG;
    }
    place = find(table, op->id, op->id_len, &is_there);
    if (op->verb == QW_STORE_INSERT) {
        if (is_there) {
            return QW_ERR_CONFLICT;
        }
        insert(table, place, entry_new(op, 1));
        return QW_OK;
    }
    if (!is_there) {
        return QW_ERR_NOT_FOUND;
    }
    if (table->at[place]->version != op->expected_version) {
        return QW_ERR_CONFLICT;
    }
    take_out(table, place);
    if (op->verb == QW_STORE_UPDATE) {
        insert(table, place, entry_new(op, op->expected_version + 1));
    }
    return QW_OK;
}

static qw_err store_submit(void *self, const struct qw_store_op *ops, size_t count)
{
    struct memory_store *store = self;
    struct memory_store *changed = memory_store_copy(store);
    struct memory_store before = *store;
    qw_err err = QW_OK;

    for (size_t i = 0; i < count && err == QW_OK; i++) {
        err = apply(changed, &ops[i]);
    }
    if (err == QW_OK) {
        *store = *changed;
        *changed = before;
    }
    memory_store_free(changed);
    return err;
}

static struct qw_store_record record_of(const struct entry *entry)
{
    struct qw_store_record record = {
        .id_len = entry->id_len, .version = entry->version, .tag = entry->tag, .len = entry->len
    };

    memcpy(record.id, entry->id, entry->id_len);
    record.blob = must(malloc(entry->len > 0 ? entry->len : 1));
    memcpy(record.blob, entry->blob, entry->len);
    return record;
}

static qw_err store_get(void *self, enum qw_store_kind kind, const void *id, size_t id_len,
                        struct qw_store_record *record)
{
    const struct memory_store *store = self;
    const struct table *table = &store->tables[kind];
    bool is_there;
    size_t place = find(table, id, id_len, &is_there);

    if (!is_there) {
        return QW_ERR_NOT_FOUND;
    }
    *record = record_of(table->at[place]);
    return QW_OK;
}

/* On a copy, because visit may write. */
static qw_err store_scan(void *self, enum qw_store_kind kind, int64_t tag, const void *after,
                         size_t after_len, size_t limit,
                         int (*visit)(void *visitor, const struct qw_store_record *record),
                         void *visitor)
{
    const struct memory_store *store = self;
    struct table table;
    bool is_there = false;
    bool goes_on = true;
    size_t i;

    if (!has_tag(&store->tables[kind], tag)) {
        return QW_OK;
    }
    table_copy(&store->tables[kind], &table);
    i = after_len > 0 ? find(&table, after, after_len, &is_there) : 0;
    for (i += is_there ? 1 : 0; i < table.count && limit > 0 && goes_on; i++) {
        struct qw_store_record record;

        if (tag != QW_STORE_ANY_TAG && tag != table.at[i]->tag) {
            continue;
        }
        limit--;
        record = record_of(table.at[i]);
        goes_on = visit(visitor, &record) != 0;
        qw_store_record_free(&record);
    }
    table_free(&table);
    return QW_OK;
}

static qw_err store_count(void *self, enum qw_store_kind kind, int64_t tag, uint64_t *count)
{
    const struct memory_store *store = self;
    const struct table *table = &store->tables[kind];
    uint64_t found = 0;

    for (size_t i = 0; i < table->count; i++) {
        found += tag == QW_STORE_ANY_TAG || tag == table->at[i]->tag;
    }
    *count = found;
    return QW_OK;
}

struct qw_store memory_store_verbs(struct memory_store *store)
{
    return (struct qw_store){ .self = store,
                              .submit = store_submit,
                              .get = store_get,
                              .scan = store_scan,
                              .count = store_count };
}

bool memory_store_holds(const struct memory_store *store, const void *bytes, size_t len)
{
    for (size_t kind = 0; kind < QW_STORE_KIND_COUNT; kind++) {
        const struct table *table = &store->tables[kind];

        for (size_t i = 0; i < table->count; i++) {
            if (memmem(table->at[i]->blob, table->at[i]->len, bytes, len) != NULL) {
                return true;
            }
        }
    }
    return false;
}
