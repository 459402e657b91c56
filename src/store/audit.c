/* SPDX-License-Identifier: Apache-2.0 */
/* Hash-chained audit journal [C10]. Whoever can write the file can also rebuild the whole
 * chain with new hashes: signed heads, kept elsewhere, are what will stop that; the chain finds
 * every change that does not rebuild all that follows. */
#include "store/audit.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

#include <string.h>

enum { AUDIT_VERSION = 1, RESULT_MAX = 255 };
static const char head_id[] = "audit-head";

static struct qw_bytes bytes_of(const void *data, size_t len)
{
    return (struct qw_bytes){ .data = data, .len = len };
}

/* Terminated within cap and printable ASCII: what a person reads cannot be forged with controls. */
static bool text_ok(const char *text, size_t cap)
{
    for (size_t i = 0; i < cap; i++) {
        if (text[i] == '\0') {
            return true;
        }
        if (text[i] < ' ' || text[i] > '~') {
            return false;
        }
    }
    return false;
}

static bool event_ok(const struct qw_audit_event *event)
{
    return text_ok(event->actor, sizeof event->actor) && text_ok(event->verb, sizeof event->verb) &&
           text_ok(event->object, sizeof event->object) &&
           text_ok(event->detail, sizeof event->detail) && (unsigned)event->result <= RESULT_MAX;
}

static size_t encode_body(const struct qw_audit *audit, const struct qw_audit_event *event,
                          int64_t utc_ms, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u8(&w, AUDIT_VERSION);
    qw_write_u64be(&w, audit->seq + 1);
    qw_write_u64be(&w, (uint64_t)utc_ms);
    qw_write_string8(&w, audit->node);
    qw_write_u64be(&w, audit->epoch);
    qw_write_string8(&w, event->actor);
    qw_write_bytes(&w, event->certificate_hash, sizeof event->certificate_hash);
    qw_write_string8(&w, event->verb);
    qw_write_string8(&w, event->object);
    qw_write_u8(&w, (uint8_t)event->result);
    qw_write_string8(&w, event->detail);
    qw_write_bytes(&w, audit->head, sizeof audit->head);
    return w.failed ? 0 : w.len;
}

qw_err qw_audit_prepare(const struct qw_audit *audit, const struct qw_audit_event *event,
                        int64_t utc_ms, struct qw_audit_entry *entry,
                        struct qw_store_op ops[static QW_AUDIT_OPS])
{
    struct qw_bytes body;
    qw_err err;

    if (!event_ok(event)) {
        return QW_ERR_ARG;
    }
    entry->len =
        encode_body(audit, event, utc_ms, entry->blob, sizeof entry->blob - QW_AUDIT_HASH_LEN);
    qw_assert(entry->len > 0); /* QW_AUDIT_BLOB_CAP covers the longest texts */
    body = bytes_of(entry->blob, entry->len);
    err = qw_hash_of(QW_HASH_SHA256, &body, 1, entry->hash);
    if (err != QW_OK) {
        return err;
    }
    memcpy(entry->blob + entry->len, entry->hash, sizeof entry->hash);
    entry->len += sizeof entry->hash;
    qw_store_u64be(entry->id, audit->seq + 1);
    qw_store_u64be(entry->head, audit->seq + 1);
    memcpy(entry->head + 8, entry->hash, sizeof entry->hash);
    ops[0] = (struct qw_store_op){ .verb = QW_STORE_INSERT,
                                   .kind = QW_STORE_AUDIT,
                                   .id = entry->id,
                                   .id_len = sizeof entry->id,
                                   .tag = event->result,
                                   .blob = entry->blob,
                                   .len = entry->len };
    ops[1] = (struct qw_store_op){ .verb = audit->seq == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE,
                                   .kind = QW_STORE_META,
                                   .id = head_id,
                                   .id_len = sizeof head_id - 1,
                                   .expected_version = audit->head_version,
                                   .blob = entry->head,
                                   .len = sizeof entry->head };
    return QW_OK;
}

void qw_audit_committed(struct qw_audit *audit, const struct qw_audit_entry *entry)
{
    audit->seq++;
    audit->head_version++;
    memcpy(audit->head, entry->hash, sizeof audit->head);
}

qw_err qw_audit_decode(const uint8_t *blob, size_t len, struct qw_audit_record *record)
{
    struct qw_reader r = qw_reader_on(blob, len);
    struct qw_audit_record m = { 0 };
    bool ok = qw_read_u8(&r) == AUDIT_VERSION;

    m.seq = qw_read_u64be(&r);
    m.utc_ms = (int64_t)qw_read_u64be(&r);
    qw_read_string8(&r, m.node, sizeof m.node);
    m.epoch = qw_read_u64be(&r);
    qw_read_string8(&r, m.event.actor, sizeof m.event.actor);
    qw_read_bytes(&r, m.event.certificate_hash, sizeof m.event.certificate_hash);
    qw_read_string8(&r, m.event.verb, sizeof m.event.verb);
    qw_read_string8(&r, m.event.object, sizeof m.event.object);
    m.event.result = (qw_err)qw_read_u8(&r);
    qw_read_string8(&r, m.event.detail, sizeof m.event.detail);
    qw_read_bytes(&r, m.previous, sizeof m.previous);
    qw_read_bytes(&r, m.hash, sizeof m.hash);
    if (!ok || !qw_reader_done(&r) || !event_ok(&m.event) || !text_ok(m.node, sizeof m.node)) {
        return QW_ERR_FORMAT;
    }
    *record = m;
    return QW_OK;
}

/* The hash in a record is that of everything before it. */
static bool hash_right(const uint8_t *blob, size_t len)
{
    uint8_t hash[QW_AUDIT_HASH_LEN];
    struct qw_bytes body = bytes_of(blob, len - sizeof hash);

    return qw_hash_of(QW_HASH_SHA256, &body, 1, hash) == QW_OK &&
           qw_equal_ct(hash, blob + len - sizeof hash, sizeof hash);
}

struct chain { /* what the walk has seen so far */
    void (*visit)(void *visitor, const struct qw_audit_record *record);
    void *visitor;
    uint64_t seq;
    uint8_t hash[QW_AUDIT_HASH_LEN];
    uint64_t head_seq; /* as read before the walk */
    uint8_t head[QW_AUDIT_HASH_LEN];
    bool is_broken;
};

static int check_record(void *self, const struct qw_store_record *stored)
{
    struct chain *chain = self;
    struct qw_audit_record record;
    bool ok = stored->id_len == 8 && qw_audit_decode(stored->blob, stored->len, &record) == QW_OK &&
              hash_right(stored->blob, stored->len) && record.seq == chain->seq + 1 &&
              qw_load_u64be(stored->id) == record.seq &&
              qw_equal_ct(record.previous, chain->hash, sizeof chain->hash) &&
              (record.seq != chain->head_seq ||
               qw_equal_ct(record.hash, chain->head, sizeof chain->head));

    if (!ok) {
        chain->is_broken = true;
        return 0;
    }
    chain->seq = record.seq;
    memcpy(chain->hash, record.hash, sizeof chain->hash);
    if (chain->visit != NULL) {
        chain->visit(chain->visitor, &record);
    }
    return 1;
}

/* QW_ERR_NOT_FOUND when nothing was ever written. */
static qw_err read_head(const struct qw_store *store, uint64_t *seq,
                        uint8_t hash[static QW_AUDIT_HASH_LEN], uint64_t *version)
{
    struct qw_store_record record = { 0 };
    qw_err err = store->get(store->self, QW_STORE_META, head_id, sizeof head_id - 1, &record);

    if (err != QW_OK) {
        return err;
    }
    if (record.len == QW_AUDIT_HEAD_LEN) {
        *seq = qw_load_u64be(record.blob);
        memcpy(hash, record.blob + 8, QW_AUDIT_HASH_LEN);
        *version = record.version;
    } else {
        err = QW_ERR_FORMAT;
    }
    qw_store_record_free(&record);
    return err;
}

qw_err qw_audit_open(const struct qw_store *store, const char *node, uint64_t epoch,
                     struct qw_audit *audit)
{
    struct qw_store_record last = { 0 };
    struct qw_audit a = { .epoch = epoch };
    uint8_t id[8];
    qw_err err;

    if (strlen(node) >= sizeof a.node || !text_ok(node, sizeof a.node)) {
        return QW_ERR_ARG;
    }
    memcpy(a.node, node, strlen(node));
    err = read_head(store, &a.seq, a.head, &a.head_version);
    if (err == QW_ERR_NOT_FOUND) {
        *audit = a;
        return QW_OK;
    }
    if (err != QW_OK) {
        return err;
    }
    qw_store_u64be(id, a.seq);
    err = store->get(store->self, QW_STORE_AUDIT, id, sizeof id, &last);
    if (err == QW_ERR_NOT_FOUND ||
        (err == QW_OK &&
         (last.len < sizeof a.head ||
          !qw_equal_ct(last.blob + last.len - sizeof a.head, a.head, sizeof a.head)))) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        *audit = a;
    }
    qw_store_record_free(&last);
    return err;
}

qw_err qw_audit_verify(const struct qw_store *store,
                       void (*visit)(void *visitor, const struct qw_audit_record *record),
                       void *visitor, uint64_t *records, uint64_t *broken_seq)
{
    struct chain chain = { .visit = visit, .visitor = visitor };
    uint8_t head[QW_AUDIT_HASH_LEN];
    uint64_t version = 0;
    uint64_t last = 0;
    qw_err err = read_head(store, &chain.head_seq, chain.head, &version);
    bool head_bad = err == QW_ERR_FORMAT;

    if (err != QW_OK && err != QW_ERR_NOT_FOUND && err != QW_ERR_FORMAT) {
        return err;
    }
    err = store->scan(store->self, QW_STORE_AUDIT, QW_STORE_ANY_TAG, NULL, 0, SIZE_MAX,
                      check_record, &chain);
    if (err == QW_OK) { /* again: records may have been written during the walk */
        err = read_head(store, &last, head, &version);
        err = err == QW_ERR_NOT_FOUND || err == QW_ERR_FORMAT ? QW_OK : err;
    }
    if (err != QW_OK) {
        return err;
    }
    if (chain.seq > last) { /* added behind the head */
        chain.is_broken = true;
        chain.seq = last;
    }
    *records = chain.seq;
    *broken_seq = 0;
    if (chain.is_broken || head_bad || chain.seq < chain.head_seq) {
        *broken_seq = chain.seq + 1;
        return QW_ERR_AUTH;
    }
    return QW_OK;
}
