/* SPDX-License-Identifier: Apache-2.0 */
/* The store on PostgreSQL: the verbs, each under the mutex of its client. The shape of the tables
 * is that of store_sqlite.c; how a group becomes durable: postgres_group.c. */
#include "store/store_postgres.h"

#include "base/bytes.h"
#include "store/postgres_client.h"
#include "store/postgres_group.h"
#include "store/store_kind.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_RECORDS = 32 };

struct postgres_store {
    pthread_mutex_t mutex; /* around the client */
    struct qw_postgres_client client;
};

bool qw_store_postgres_is_uri(const char *text)
{
    static const char *const starts[] = { "postgresql://", "postgres://" };

    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (strncmp(text, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    return false;
}

static qw_err postgres_submit(void *self, const struct qw_store_op *ops, size_t count)
{
    struct postgres_store *s = self;
    qw_err err;

    if (!qw_store_ops_ok(ops, count)) {
        return QW_ERR_ARG;
    }
    pthread_mutex_lock(&s->mutex);
    err = qw_postgres_group_submit(&s->client, ops, count);
    pthread_mutex_unlock(&s->mutex);
    return err;
}

static qw_err locked_ask(struct postgres_store *s, const struct qw_postgres_call *call,
                         PGresult **result)
{
    qw_err err;

    pthread_mutex_lock(&s->mutex);
    err = qw_postgres_client_ask(&s->client, call, result);
    pthread_mutex_unlock(&s->mutex);
    return err;
}

static qw_err postgres_get(void *self, enum qw_store_kind kind, const void *id, size_t id_len,
                           struct qw_store_record *record)
{
    char name[QW_POSTGRES_NAME_CAP];
    struct qw_postgres_call call = { .statement = name };
    struct qw_store_record found;
    PGresult *result = NULL;
    uint8_t *copy;
    qw_err err;

    if (!qw_store_kind_ok(kind) || !qw_store_id_ok(id, id_len)) {
        return QW_ERR_ARG;
    }
    qw_postgres_name(kind, QW_POSTGRES_GET, name);
    qw_postgres_call_add(&call, id, id_len);
    err = locked_ask(self, &call, &result);
    if (err != QW_OK) {
        return err;
    }
    if (PQntuples(result) == 0) {
        err = QW_ERR_NOT_FOUND;
    } else if (!qw_postgres_record(result, 0, &found)) {
        err = QW_ERR_IO;
    } else {
        copy = malloc(found.len > 0 ? found.len : 1);
        err = copy == NULL ? QW_ERR_NOMEM : QW_OK;
        if (copy != NULL) {
            memcpy(copy, found.blob, found.len);
            found.blob = copy;
            *record = found;
        }
    }
    PQclear(result);
    return err;
}

/* One page of a walk; *last becomes the id of its last record. */
struct walk {
    enum qw_store_kind kind;
    int64_t tag;
    uint8_t last[QW_STORE_ID_MAX];
    size_t last_len;
    int (*visit)(void *visitor, const struct qw_store_record *record);
    void *visitor;
    bool is_over;
};

static qw_err next_page(struct postgres_store *s, struct walk *walk, size_t limit)
{
    bool of_tag = walk->tag != QW_STORE_ANY_TAG;
    char name[QW_POSTGRES_NAME_CAP];
    uint8_t tag[8];
    uint8_t wanted[8];
    struct qw_postgres_call call = { .statement = name };
    PGresult *page = NULL;
    qw_err err;

    qw_postgres_name(walk->kind, of_tag ? QW_POSTGRES_NEXT_OF : QW_POSTGRES_NEXT, name);
    qw_store_u64be(wanted, limit);
    qw_store_u64be(tag, (uint64_t)walk->tag);
    qw_postgres_call_add(&call, walk->last, walk->last_len);
    qw_postgres_call_add(&call, wanted, sizeof wanted);
    if (of_tag) {
        qw_postgres_call_add(&call, tag, sizeof tag);
    }
    err = locked_ask(s, &call, &page);
    if (err != QW_OK) {
        return err;
    }
    walk->is_over = (size_t)PQntuples(page) < limit;
    for (int i = 0; i < PQntuples(page) && err == QW_OK; i++) {
        struct qw_store_record record;

        if (!qw_postgres_record(page, i, &record)) {
            err = QW_ERR_IO;
        } else {
            memcpy(walk->last, record.id, record.id_len);
            walk->last_len = record.id_len;
            if (walk->visit(walk->visitor, &record) == 0) {
                walk->is_over = true;
                break;
            }
        }
    }
    PQclear(page);
    return err;
}

/* The visitor runs without the mutex and may use the store. Records that change while their page is
 * being visited are seen as they were. */
static qw_err postgres_scan(void *self, enum qw_store_kind kind, int64_t tag, const void *after,
                            size_t after_len, size_t limit,
                            int (*visit)(void *visitor, const struct qw_store_record *record),
                            void *visitor)
{
    struct walk walk = {
        .kind = kind, .tag = tag, .last_len = after_len, .visit = visit, .visitor = visitor
    };
    qw_err err = QW_OK;

    if (!qw_store_kind_ok(kind) || after_len > sizeof walk.last ||
        (after == NULL && after_len > 0)) {
        return QW_ERR_ARG;
    }
    if (after_len > 0) {
        memcpy(walk.last, after, after_len);
    }
    while (limit > 0 && !walk.is_over && err == QW_OK) {
        size_t page = limit < PAGE_RECORDS ? limit : PAGE_RECORDS;

        err = next_page(self, &walk, page);
        limit -= page;
    }
    return err;
}

static qw_err postgres_count(void *self, enum qw_store_kind kind, int64_t tag, uint64_t *count)
{
    char name[QW_POSTGRES_NAME_CAP];
    uint8_t value[8];
    struct qw_postgres_call call = { .statement = name };
    PGresult *result = NULL;
    int64_t number;
    qw_err err;

    if (!qw_store_kind_ok(kind)) {
        return QW_ERR_ARG;
    }
    qw_postgres_name(kind, tag == QW_STORE_ANY_TAG ? QW_POSTGRES_COUNT : QW_POSTGRES_COUNT_OF,
                     name);
    qw_store_u64be(value, (uint64_t)tag);
    if (tag != QW_STORE_ANY_TAG) {
        qw_postgres_call_add(&call, value, sizeof value);
    }
    err = locked_ask(self, &call, &result);
    if (err != QW_OK) {
        return err;
    }
    number = qw_postgres_number(result);
    PQclear(result);
    if (number < 0) {
        return QW_ERR_IO;
    }
    *count = (uint64_t)number;
    return QW_OK;
}

static qw_err postgres_take_turn(void *self, bool *is_moved)
{
    struct postgres_store *s = self;
    qw_err err;

    pthread_mutex_lock(&s->mutex);
    err = qw_postgres_client_take_turn(&s->client, is_moved);
    pthread_mutex_unlock(&s->mutex);
    return err;
}

static void postgres_give_turn(void *self)
{
    struct postgres_store *s = self;

    pthread_mutex_lock(&s->mutex);
    qw_postgres_client_give_turn(&s->client);
    pthread_mutex_unlock(&s->mutex);
}

static void postgres_close(void *self)
{
    struct postgres_store *s = self;

    if (s == NULL) {
        return;
    }
    qw_postgres_client_wipe(&s->client);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

static qw_err open_as(const char *uri, const struct qw_log *log, const uint8_t *founder,
                      struct qw_store *store)
{
    struct postgres_store *s = calloc(1, sizeof *s);
    qw_err err;

    if (s == NULL) {
        return QW_ERR_NOMEM;
    }
    if (pthread_mutex_init(&s->mutex, NULL) != 0) {
        free(s);
        return QW_ERR_NOMEM;
    }
    err = qw_postgres_client_init(&s->client, uri, log, founder);
    if (err != QW_OK) {
        pthread_mutex_destroy(&s->mutex);
        free(s);
        return err;
    }
    *store = (struct qw_store){ .self = s,
                                .submit = postgres_submit,
                                .get = postgres_get,
                                .scan = postgres_scan,
                                .count = postgres_count,
                                .take_turn = postgres_take_turn,
                                .give_turn = postgres_give_turn,
                                .close = postgres_close };
    return QW_OK;
}

qw_err qw_store_postgres_open(const char *uri, const struct qw_log *log, struct qw_store *store)
{
    return open_as(uri, log, NULL, store);
}

qw_err qw_store_postgres_found(const char *uri, const uint8_t *id, struct qw_store *store)
{
    return open_as(uri, NULL, id, store);
}

const char *qw_store_postgres_why(qw_err err)
{
    switch (err) {
    case QW_ERR_REFUSED:
        return "a password in the URI (use passfile=), a network without sslmode=verify-full, or "
               "fsync, full_page_writes or synchronous_commit off";
    case QW_ERR_FORMAT:
        return "no such URI, or not a database of this version";
    case QW_ERR_IO:
        return "nobody answers, lets us in and takes writes";
    case QW_ERR_STATE:
        return "a new centre is being made in it, or was never finished: `qwave init` says more";
    default:
        return qw_err_text(err);
    }
}
