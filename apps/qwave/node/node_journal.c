/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_journal.h"

#include "base/clock.h"
#include "node/node.h"
#include "store/audit.h"
#include "store/store_sqlite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { QUIET_MS = 10000, ACTOR_CAP = 32 };

static const struct {
    const char *verb;
    qw_err result;
    const char *unit;
} crowds[NODE_JOURNAL_CROWDS] = {
    [NODE_JOURNAL_REFUSED] = { "neighbour-refused", QW_ERR_REFUSED, "of them" },
    [NODE_JOURNAL_HOP_TAG] = { "hop-tag-wrong", QW_ERR_AUTH, "of them" },
    [NODE_JOURNAL_END_TAG] = { "end-tag-wrong", QW_ERR_AUTH, "of them" },
    [NODE_JOURNAL_END_LIMIT] = { "end-pool-limit", QW_ERR_LIMIT, "of them" },
    [NODE_JOURNAL_VOID] = { "batch-void", QW_OK, "of them" },
    [NODE_JOURNAL_NO_TWO] = { "two-paths-missing", QW_ERR_REFUSED, "of them" },
    [NODE_JOURNAL_TWO_VOID] = { "two-paths-void", QW_ERR_REFUSED, "of them" },
    [NODE_JOURNAL_AGED] = { "keys-aged", QW_OK, "bits" },
};

struct node_journal {
    struct qw_store store;
    struct qw_audit audit;
    struct crowd {
        uint64_t count; /* not written yet */
        char object[QW_AUDIT_TEXT_CAP];
        int64_t quiet_until_ms;
    } crowd[NODE_JOURNAL_CROWDS];
    bool has_failed; /* nothing more is tried */
};

/* The start before: its number, and whether it came to its end. */
static qw_err read_last(struct node_journal *j, uint64_t *start, bool *has_ended)
{
    struct qw_store_record stored = { 0 };
    struct qw_audit_record last;
    uint8_t id[8];
    qw_err err;

    *start = 0;
    *has_ended = true;
    if (j->audit.seq == 0) {
        return QW_OK;
    }
    for (size_t i = 0; i < sizeof id; i++) {
        id[i] = (uint8_t)(j->audit.seq >> (8 * (sizeof id - 1 - i)));
    }
    err = j->store.get(j->store.self, QW_STORE_AUDIT, id, sizeof id, &stored);
    if (err != QW_OK) {
        return err;
    }
    err = qw_audit_decode(stored.blob, stored.len, &last);
    if (err == QW_OK && strcmp(last.node, j->audit.node) != 0) {
        err = QW_ERR_CONFLICT;
    }
    if (err == QW_OK) {
        *start = last.epoch;
        *has_ended = strcmp(last.event.verb, "stop") == 0;
    }
    qw_store_record_free(&stored);
    return err;
}

static qw_err open_chain(const struct node *node, struct node_journal *j, bool *has_ended)
{
    char name[ACTOR_CAP];
    uint64_t start = 0;
    qw_err err = qw_store_sqlite_open(node->settings.journal, &j->store);

    if (err != QW_OK) {
        return err;
    }
    (void)snprintf(name, sizeof name, "node-%lld", (long long)node->settings.node);
    err = qw_audit_open(&j->store, name, 0, &j->audit);
    if (err == QW_OK) {
        err = read_last(j, &start, has_ended);
    }
    j->audit.epoch = start + 1;
    return err;
}

qw_err node_journal_open(struct node *node)
{
    bool has_ended = true;
    struct node_journal *j;
    qw_err err;

    if (node->settings.journal[0] == '\0') {
        return QW_OK;
    }
    j = calloc(1, sizeof *j);
    if (j == NULL) {
        return QW_ERR_NOMEM;
    }
    err = open_chain(node, j, &has_ended);
    if (err != QW_OK) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s: %s", node->settings.journal, qw_err_text(err));
        if (j->store.close != NULL) {
            j->store.close(j->store.self);
        }
        free(j);
        return err;
    }
    node->journal = j;
    node_journal_write(node, "node", "start", "", QW_OK,
                       has_ended ? "" : "the start before it has not come to its end");
    return node->has_failed ? QW_ERR_IO : QW_OK;
}

void node_journal_write(struct node *node, const char *actor, const char *verb, const char *object,
                        qw_err result, const char *detail)
{
    struct node_journal *j = node->journal;
    struct qw_audit_event event = { .result = result };
    struct qw_store_op ops[QW_AUDIT_OPS];
    struct qw_audit_entry entry;
    qw_err err;

    if (j == NULL || j->has_failed) {
        return;
    }
    (void)snprintf(event.actor, sizeof event.actor, "%s", actor);
    (void)snprintf(event.verb, sizeof event.verb, "%s", verb);
    (void)snprintf(event.object, sizeof event.object, "%s", object);
    (void)snprintf(event.detail, sizeof event.detail, "%s", detail);
    err = qw_audit_prepare(&j->audit, &event, qw_clock_utc_ms(), &entry, ops);
    if (err == QW_OK) {
        err = j->store.submit(j->store.self, ops, QW_AUDIT_OPS);
    }
    if (err == QW_OK) {
        qw_audit_committed(&j->audit, &entry);
        return;
    }
    qw_log_write(node->log, QW_LOG_ERROR, "%s: %s; this node ends", node->settings.journal,
                 qw_err_text(err));
    j->has_failed = true;
    node->has_failed = true;
}

void node_journal_write_of(struct node *node, const char *verb, uint32_t other, qw_err result,
                           const char *detail)
{
    char object[ACTOR_CAP];

    (void)snprintf(object, sizeof object, "node %" PRIu32, other);
    node_journal_write(node, "node", verb, object, result, detail);
}

static void write_crowd(struct node *node, size_t kind)
{
    struct crowd *crowd = &node->journal->crowd[kind];
    char detail[QW_AUDIT_TEXT_CAP];

    (void)snprintf(detail, sizeof detail, "%" PRIu64 " %s", crowd->count, crowds[kind].unit);
    crowd->count = 0;
    node_journal_write(node, "node", crowds[kind].verb, crowd->object, crowds[kind].result, detail);
}

void node_journal_count(struct node *node, enum node_journal_crowd kind, const char *object)
{
    node_journal_add(node, kind, 1, object);
}

void node_journal_add(struct node *node, enum node_journal_crowd kind, uint64_t count,
                      const char *object)
{
    if (node->journal != NULL) {
        struct crowd *crowd = &node->journal->crowd[kind];

        crowd->count += count;
        (void)snprintf(crowd->object, sizeof crowd->object, "%s", object);
    }
}

void node_journal_turn(struct node *node, int64_t now_ms)
{
    for (size_t i = 0; node->journal != NULL && i < NODE_JOURNAL_CROWDS; i++) {
        struct crowd *crowd = &node->journal->crowd[i];

        if (crowd->count > 0 && now_ms >= crowd->quiet_until_ms) {
            crowd->quiet_until_ms = now_ms + QUIET_MS;
            write_crowd(node, i);
        }
    }
}

void node_journal_close(struct node *node)
{
    struct node_journal *j = node->journal;

    if (j == NULL) {
        return;
    }
    for (size_t i = 0; i < NODE_JOURNAL_CROWDS; i++) {
        if (j->crowd[i].count > 0) {
            write_crowd(node, i);
        }
    }
    node_journal_write(node, "node", "stop", "", node->has_failed ? QW_ERR_IO : QW_OK,
                       node->is_ended ? "as asked" : "");
    j->store.close(j->store.self);
    free(j);
    node->journal = NULL;
}

uint64_t node_journal_records(const struct node *node)
{
    return node->journal == NULL ? 0 : node->journal->audit.seq;
}

const uint8_t *node_journal_head(const struct node *node)
{
    return node->journal == NULL ? NULL : node->journal->audit.head;
}
