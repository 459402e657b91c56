/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_journal.h"

#include "base/clock.h"
#include "base/secret.h"
#include "node/node.h"
#include "node/node_key_file.h"
#include "store/audit.h"
#include "store/store_sqlite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUIET_MS = 10000,
    ACTOR_CAP = 32,
    GROUP_RECORDS = 3,             /* the key, what happened, the signature */
    GROUP_OPS = GROUP_RECORDS + 2, /* the head, and the key beside it */
    KEY_RECORD_LEN = 1 + QW_SIGNATURE_PUBLIC_LEN
};

/* By what the journal is signed, in clear: whoever starts the node with another key, or without
 * one, is told. The records do not depend on it. */
static const char key_id[] = "journal-key";

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
    struct qw_signing_key *key; /* NULL: not signed */
    struct qw_signed_head head; /* the newest; seq 0: none in this start yet */
    bool is_new_key;            /* no record says so yet */
    struct crowd {
        uint64_t count; /* not written yet */
        char object[QW_AUDIT_TEXT_CAP];
        int64_t quiet_until_ms;
    } crowd[NODE_JOURNAL_CROWDS];
    bool has_failed; /* nothing more is tried */
};

/* A record as it stands. */
static qw_err read_record(struct node_journal *j, uint64_t seq, struct qw_audit_record *record)
{
    struct qw_store_record stored = { 0 };
    uint8_t id[8];
    qw_err err;

    for (size_t i = 0; i < sizeof id; i++) {
        id[i] = (uint8_t)(seq >> (8 * (sizeof id - 1 - i)));
    }
    err = j->store.get(j->store.self, QW_STORE_AUDIT, id, sizeof id, &stored);
    if (err == QW_OK) {
        err = qw_audit_decode(stored.blob, stored.len, record);
        qw_store_record_free(&stored);
    }
    return err;
}

/* The start before: its number, and whether it came to its end. */
static qw_err read_last(struct node_journal *j, uint64_t *start, bool *has_ended)
{
    struct qw_audit_record last;
    qw_err err;

    *start = 0;
    *has_ended = true;
    if (j->audit.seq == 0) {
        return QW_OK;
    }
    err = read_record(j, j->audit.seq, &last);
    if (err == QW_OK && strcmp(last.node, j->audit.node) != 0) {
        err = QW_ERR_CONFLICT;
    }
    if (err == QW_OK && strcmp(last.event.verb, QW_JOURNAL_SIGN) == 0 && last.seq > 1) {
        err = read_record(j, last.seq - 1, &last);
    }
    if (err == QW_OK) {
        *start = last.epoch;
        *has_ended = strcmp(last.event.verb, "stop") == 0;
    }
    return err;
}

static void key_record(const struct node_journal *j, uint8_t out[static KEY_RECORD_LEN])
{
    out[0] = (uint8_t)qw_signing_key_algorithm(j->key);
    memcpy(out + 1, qw_signing_key_point(j->key), QW_SIGNATURE_PUBLIC_LEN);
}

/* The key of the settings against the journal's; QW_ERR_CONFLICT: one has none, or another. */
static qw_err open_key(const struct node *node, struct node_journal *j)
{
    struct qw_store_record stored = { 0 };
    uint8_t own[KEY_RECORD_LEN];
    qw_err err = QW_OK;

    if (node->settings.journal_key[0] != '\0') {
        err = node_key_file_read(node->settings.journal_key, &j->key);
        if (err != QW_OK) {
            qw_log_write(node->log, QW_LOG_ERROR, "%s: no key of a node: %s",
                         node->settings.journal_key, qw_err_text(err));
            return err;
        }
        key_record(j, own);
    }
    err = j->store.get(j->store.self, QW_STORE_META, key_id, sizeof key_id - 1, &stored);
    if (err == QW_ERR_NOT_FOUND) {
        j->is_new_key = j->key != NULL;
        return QW_OK;
    }
    if (err == QW_OK && (j->key == NULL || stored.len != sizeof own ||
                         !qw_equal_ct(stored.blob, own, sizeof own))) {
        qw_log_write(node->log, QW_LOG_ERROR, "journal_key: this journal is signed, by %s key",
                     j->key == NULL ? "a" : "another");
        err = QW_ERR_CONFLICT;
    }
    qw_store_record_free(&stored);
    return err;
}

static void free_journal(struct node_journal *j)
{
    if (j->store.close != NULL) {
        j->store.close(j->store.self);
    }
    qw_signing_key_free(j->key);
    free(j);
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
    return err == QW_OK ? open_key(node, j) : err;
}

qw_err node_journal_open(struct node *node)
{
    bool has_ended = true;
    struct node_journal *j;
    qw_err err;

    if (node->settings.journal[0] == '\0') {
        if (node->settings.journal_key[0] != '\0') {
            qw_log_write(node->log, QW_LOG_ERROR, "journal_key: there is no journal to be signed");
            return QW_ERR_ARG;
        }
        return QW_OK;
    }
    j = calloc(1, sizeof *j);
    if (j == NULL) {
        return QW_ERR_NOMEM;
    }
    err = open_chain(node, j, &has_ended);
    if (err != QW_OK) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s: %s", node->settings.journal, qw_err_text(err));
        free_journal(j);
        return err;
    }
    node->journal = j;
    node_journal_write(node, "node", "start", "", QW_OK,
                       has_ended ? "" : "the start before it has not come to its end");
    return node->has_failed ? QW_ERR_IO : QW_OK;
}

struct group {             /* records that are written together, or not at all */
    struct qw_audit audit; /* where the journal will be */
    struct qw_audit_entry entry[GROUP_RECORDS];
    struct qw_store_op op[GROUP_OPS];
    struct qw_store_op head; /* the newest */
    size_t records;
    qw_err err;
};

static void add(struct group *g, const struct qw_audit_event *event)
{
    struct qw_store_op ops[QW_AUDIT_OPS];
    struct qw_audit_entry *entry = &g->entry[g->records];

    if (g->err == QW_OK) {
        g->err = qw_audit_prepare(&g->audit, event, qw_clock_utc_ms(), entry, ops);
    }
    if (g->err == QW_OK) {
        g->op[g->records++] = ops[0];
        g->head = ops[1];
        qw_audit_committed(&g->audit, entry);
    }
}

static void add_own(struct group *g, struct qw_audit_event *event)
{
    (void)snprintf(event->actor, sizeof event->actor, "node");
    add(g, event);
}

/* The group ends with a signature over all before it: what cannot be signed is not written [J4]. */
static void sign(const struct node_journal *j, struct group *g, struct qw_signed_head *head)
{
    struct qw_audit_event event;

    if (g->err == QW_OK) {
        g->err = qw_signed_head_make(&g->audit, j->key, head);
    }
    if (g->err == QW_OK) {
        qw_signed_head_event(head, &event);
        add_own(g, &event);
    }
}

static qw_err commit(struct node_journal *j, const struct qw_audit_event *event)
{
    struct group g = { .audit = j->audit };
    struct qw_signed_head head = { .seq = 0 };
    struct qw_audit_event named;
    uint8_t key[KEY_RECORD_LEN];
    size_t ops;

    if (j->is_new_key) {
        qw_journal_key_event(j->key, &named);
        add_own(&g, &named);
    }
    add(&g, event);
    if (j->key != NULL) {
        sign(j, &g, &head);
    }
    if (g.err != QW_OK) {
        return g.err;
    }
    ops = g.records;
    g.op[ops] = g.head; /* once for the whole group */
    g.op[ops].verb = j->audit.seq == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE;
    g.op[ops++].expected_version = j->audit.head_version;
    if (j->is_new_key) {
        key_record(j, key);
        g.op[ops++] = (struct qw_store_op){ .verb = QW_STORE_INSERT,
                                            .kind = QW_STORE_META,
                                            .id = key_id,
                                            .id_len = sizeof key_id - 1,
                                            .blob = key,
                                            .len = sizeof key };
    }
    g.err = j->store.submit(j->store.self, g.op, ops);
    if (g.err == QW_OK) {
        g.audit.head_version = j->audit.head_version + 1;
        j->audit = g.audit;
        j->head = head;
        j->is_new_key = false;
    }
    return g.err;
}

void node_journal_write(struct node *node, const char *actor, const char *verb, const char *object,
                        qw_err result, const char *detail)
{
    struct node_journal *j = node->journal;
    struct qw_audit_event event = { .result = result };
    qw_err err;

    if (j == NULL || j->has_failed) {
        return;
    }
    (void)snprintf(event.actor, sizeof event.actor, "%s", actor);
    (void)snprintf(event.verb, sizeof event.verb, "%s", verb);
    (void)snprintf(event.object, sizeof event.object, "%s", object);
    (void)snprintf(event.detail, sizeof event.detail, "%s", detail);
    err = commit(j, &event);
    if (err != QW_OK) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s: %s; this node ends", node->settings.journal,
                     qw_err_text(err));
        j->has_failed = true;
        node->has_failed = true;
    }
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
    free_journal(j);
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

qw_err node_journal_signed(const struct node *node, struct qw_signed_head *head,
                           struct qw_public_key *key)
{
    const struct node_journal *j = node->journal;

    if (j == NULL || j->head.seq == 0) {
        return QW_ERR_NOT_FOUND;
    }
    *head = j->head;
    *key = node_key_public(j->key);
    return QW_OK;
}
