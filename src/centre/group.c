/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/group.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "centre/books_record.h"
#include "centre/journal/deed.h"
#include "centre/record.h"

#include <stdlib.h>
#include <string.h>

void qw_group_begin(const struct qw_centre *centre, struct qw_group *group)
{
    *group = (struct qw_group){ .books = centre->books, .err = QW_OK };
}

void qw_group_fail(struct qw_group *group, qw_err err)
{
    if (group->err == QW_OK) {
        group->err = err;
    }
}

void qw_group_drop(struct qw_group *group)
{
    for (size_t i = 0; i < group->memory_count; i++) {
        free(group->memory[i]); /* sealed bytes and ids only */
    }
    free(group->memory);
    free(group->ops);
    free(group->events);
    *group = (struct qw_group){ .err = QW_ERR_STATE };
}

/* Room for one more element of an array that doubles. */
static bool grow(void **array, size_t count, size_t *cap, size_t size)
{
    size_t wanted = *cap == 0 ? 16 : *cap * 2;
    void *larger;

    if (count < *cap) {
        return true;
    }
    larger = realloc(*array, wanted * size);
    if (larger == NULL) {
        return false;
    }
    *array = larger;
    *cap = wanted;
    return true;
}

/* len bytes that live until the group is committed or dropped; NULL leaves the group failed. */
static uint8_t *new_memory(struct qw_group *group, size_t len)
{
    void *array = group->memory;
    uint8_t *bytes = NULL;

    if (grow(&array, group->memory_count, &group->memory_cap, sizeof *group->memory)) {
        group->memory = array;
        bytes = malloc(len);
    }
    if (bytes == NULL) {
        qw_group_fail(group, QW_ERR_NOMEM);
        return NULL;
    }
    group->memory[group->memory_count++] = bytes;
    return bytes;
}

static void push(struct qw_group *group, const struct qw_store_op *op)
{
    void *array = group->ops;

    if (!grow(&array, group->count, &group->cap, sizeof *group->ops)) {
        qw_group_fail(group, QW_ERR_NOMEM);
        return;
    }
    group->ops = array;
    group->ops[group->count++] = *op;
}

void qw_group_add_with_tail(struct qw_centre *centre, struct qw_group *group,
                            enum qw_store_verb verb, struct qw_store_op record,
                            const uint8_t *plain, size_t len, const uint8_t *tail, size_t tail_len)
{
    bool has_blob = verb != QW_STORE_REMOVE;
    uint8_t *id;
    uint8_t *blob;
    qw_err err;

    if (group->err != QW_OK) {
        return;
    }
    id = new_memory(group, record.id_len);
    blob = id == NULL || !has_blob ? NULL : new_memory(group, len + QW_RECORD_OVERHEAD + tail_len);
    if (id == NULL || (has_blob && blob == NULL)) {
        return;
    }
    memcpy(id, record.id, record.id_len);
    record.verb = verb;
    record.id = id;
    if (has_blob) {
        err = qw_record_seal(centre, &record, record.expected_version + 1, plain, len, blob);
        if (err != QW_OK) {
            qw_group_fail(group, err);
            return;
        }
        if (tail_len > 0) {
            memcpy(blob + len + QW_RECORD_OVERHEAD, tail, tail_len);
        }
        record.blob = blob;
        record.len = len + QW_RECORD_OVERHEAD + tail_len;
    }
    push(group, &record);
}

void qw_group_add(struct qw_centre *centre, struct qw_group *group, enum qw_store_verb verb,
                  struct qw_store_op record, const uint8_t *plain, size_t len)
{
    qw_group_add_with_tail(centre, group, verb, record, plain, len, NULL, 0);
}

static void add_unsealed(struct qw_group *group, struct qw_store_op record, const void *id,
                         const uint8_t *blob, size_t len)
{
    size_t id_len = record.id_len;
    uint8_t *memory = group->err == QW_OK ? new_memory(group, id_len + len) : NULL;

    if (memory == NULL) {
        return;
    }
    memcpy(memory, id, id_len);
    if (len > 0) {
        memcpy(memory + id_len, blob, len);
    }
    record.id = memory;
    record.blob = memory + id_len;
    record.len = len;
    push(group, &record);
}

void qw_group_add_plain(struct qw_group *group, enum qw_store_kind kind, const void *id,
                        size_t id_len, const uint8_t *blob, size_t len)
{
    const struct qw_store_op record = { .verb = QW_STORE_INSERT, .kind = kind, .id_len = id_len };

    add_unsealed(group, record, id, blob, len);
}

void qw_group_remove_plain(struct qw_group *group, enum qw_store_kind kind, const void *id,
                           size_t id_len, uint64_t version)
{
    const struct qw_store_op record = {
        .verb = QW_STORE_REMOVE, .kind = kind, .id_len = id_len, .expected_version = version
    };

    add_unsealed(group, record, id, NULL, 0);
}

void qw_group_replace_plain(struct qw_group *group, enum qw_store_kind kind, const void *id,
                            size_t id_len, uint64_t version, const uint8_t *blob, size_t len)
{
    const struct qw_store_op record = {
        .verb = QW_STORE_UPDATE, .kind = kind, .id_len = id_len, .expected_version = version
    };

    add_unsealed(group, record, id, blob, len);
}

static void add_books(struct qw_centre *centre, struct qw_group *group)
{
    struct qw_store_op record = { .kind = QW_STORE_META,
                                  .id = qw_books_id,
                                  .id_len = QW_BOOKS_ID_LEN,
                                  .expected_version = centre->books_version };
    uint8_t plain[QW_BOOKS_CAP];
    size_t len = qw_books_encode(&group->books, plain);

    qw_group_add(centre, group, centre->books_version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE,
                 record, plain, len);
}

static void add_event(struct qw_group *group, const struct qw_audit_event *event)
{
    void *array = group->events;

    if (!grow(&array, group->event_count, &group->event_cap, sizeof *group->events)) {
        qw_group_fail(group, QW_ERR_NOMEM);
        return;
    }
    group->events = array;
    group->events[group->event_count++] = *event;
}

struct journal_end { /* where the journal will be when the group is durable */
    struct qw_audit audit;
    struct qw_signed_head head; /* seq 0: the group ends without a signature */
};

static void add_record(struct qw_group *group, const struct qw_audit_event *event, int64_t now_ms,
                       struct qw_audit_entry *entry, struct journal_end *end,
                       struct qw_store_op ops[static QW_AUDIT_OPS])
{
    if (group->err == QW_OK) {
        group->err = qw_audit_prepare(&end->audit, event, now_ms, entry, ops);
    }
    if (group->err == QW_OK) {
        push(group, &ops[0]);
        qw_audit_committed(&end->audit, entry);
    }
}

/* The journal records of the group, one after the other, a signature when one is due, and the head
 * once; entries are one more than the events. */
static void add_journal(const struct qw_centre *centre, struct qw_group *group,
                        struct qw_audit_entry *entries, struct journal_end *end)
{
    int64_t now_ms = qw_clock_utc_ms();
    struct qw_store_op ops[QW_AUDIT_OPS] = { { .len = 0 } };
    struct qw_audit_event event;

    *end = (struct journal_end){ .audit = centre->audit };
    for (size_t i = 0; i < group->event_count; i++) {
        add_record(group, &group->events[i], now_ms, &entries[i], end, ops);
    }
    if (group->err == QW_OK && qw_signer_is_due(centre, &end->audit, group->is_signed)) {
        group->err = qw_signed_head_make(&end->audit, centre->signer.key, &end->head); /* J2, J4 */
        qw_signed_head_event(&end->head, &event);
        add_record(group, &event, now_ms, &entries[group->event_count], end, ops);
    }
    ops[1].verb = centre->audit.seq == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE;
    ops[1].expected_version = centre->audit.head_version;
    end->audit.head_version = centre->audit.head_version + 1;
    push(group, &ops[1]);
}

/* Keys that nobody had are somebody's from this group on: an older copy of the store does not know
 * it, the mark does [docs/adr/0056]. */
static bool takes_keys(const struct qw_centre *centre, const struct qw_group *group)
{
    return group->books.stored + group->books.leased < centre->books.stored + centre->books.leased;
}

static qw_err submit(struct qw_centre *centre, struct qw_group *group)
{
    const struct qw_store *store = centre->config.store;
    struct qw_audit_entry *entries = NULL;
    struct journal_end end;
    bool is_marked = centre->config.mark != NULL && takes_keys(centre, group);
    bool books_move;

    qw_group_fail(group, centre->turn_err);
    if (centre->turn_err != QW_OK) {
        atomic_store(&centre->write_failed, true);
    }
    books_move = group->moves_books || (centre->books_version == 0 && !group->is_keyless) ||
                 !qw_equal_ct(&group->books, &centre->books, sizeof group->books);
    if (books_move) {
        add_books(centre, group);
    }
    if (group->err == QW_OK) {
        entries = malloc((group->event_count + 1) * sizeof *entries);
        group->err = entries == NULL ? QW_ERR_NOMEM : QW_OK;
    }
    if (group->err == QW_OK) {
        add_journal(centre, group, entries, &end);
    }
    if (group->err == QW_OK) {
        group->err = store->submit(store->self, group->ops, group->count);
        atomic_store(&centre->write_failed, group->err != QW_OK);
    }
    if (group->err == QW_OK) {
        centre->audit = end.audit;
        qw_signer_committed(centre, end.head.seq != 0 ? &end.head : NULL);
        centre->books = group->books;
        centre->books_version += books_move ? 1 : 0;
        group->err = is_marked ? qw_high_mark_raise(centre->config.mark, centre->audit.seq) : QW_OK;
    }
    if (group->err != QW_OK) {
        centre->is_stale = true; /* of a group that timed out nobody knows */
    }
    free(entries);
    return group->err;
}

/* Says why, frees. NOT_FOUND and CONFLICT here: somebody else writes to our store. */
static qw_err finish(struct qw_centre *centre, struct qw_group *group, const char *verb,
                     const char *object)
{
    qw_err err = submit(centre, group);

    if (err != QW_OK) {
        qw_log_write(centre->config.log, QW_LOG_ERROR, "%s %s: not written: %s", verb, object,
                     qw_err_text(err));
        err = err == QW_ERR_NOMEM ? err : QW_ERR_IO;
    }
    qw_group_drop(group);
    return err;
}

void qw_group_note(struct qw_group *group, const struct qw_deed *deed, const char *detail)
{
    struct qw_audit_event event = qw_deed_event(deed, QW_OK, detail);

    add_event(group, &event);
}

qw_err qw_group_commit_noted(struct qw_centre *centre, struct qw_group *group)
{
    qw_assert(group->event_count >= 1 || group->is_signed || group->err != QW_OK);
    return finish(centre, group, "group", "of several callers");
}

static qw_err commit(struct qw_centre *centre, struct qw_group *group, const struct qw_deed *deed,
                     qw_err result, const char *detail)
{
    struct qw_audit_event event = qw_deed_event(deed, result, detail);

    add_event(group, &event);
    return finish(centre, group, event.verb, event.object);
}

qw_err qw_group_commit(struct qw_centre *centre, struct qw_group *group, const struct qw_deed *deed,
                       const char *detail)
{
    return commit(centre, group, deed, QW_OK, detail);
}

qw_err qw_group_commit_refusal(struct qw_centre *centre, struct qw_group *group,
                               const struct qw_deed *deed, qw_err result, const char *cause)
{
    struct qw_audit_event event = qw_deed_event(deed, result, cause);
    qw_err err = commit(centre, group, deed, result, cause);

    qw_log_write(centre->config.log, QW_LOG_WARNING, "%s by %s on %s: %s: %s", event.verb,
                 event.actor, event.object, qw_err_text(result), event.detail);
    return err == QW_OK ? result : err;
}

qw_err qw_group_commit_keyless(struct qw_centre *centre, struct qw_group *group,
                               const struct qw_deed *deed, qw_err result, const char *cause)
{
    group->is_keyless = true;
    return qw_group_commit_refusal(centre, group, deed, result, cause);
}

qw_err qw_centre_refuse(struct qw_centre *centre, const struct qw_deed *deed, qw_err result,
                        const char *cause)
{
    struct qw_group group;

    qw_group_begin(centre, &group);
    return qw_group_commit_refusal(centre, &group, deed, result, cause);
}

qw_err qw_centre_refuse_role(struct qw_centre *centre, const struct qw_deed *deed)
{
    qw_err err;

    qw_centre_enter(centre);
    err = qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "role may not do this");
    qw_centre_leave(centre);
    return err;
}
