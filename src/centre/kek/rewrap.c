/* SPDX-License-Identifier: Apache-2.0 */
/* R4, R5: a walk over every record, kind by kind. What the KEK before has sealed is sealed anew in
 * the group that moves the walk on, so a kill repeats at most one group. A walk that found nothing
 * from the first kind to the last shows that the KEK before opens nothing any more; only then is it
 * destroyed. */
#include "centre/kek/rewrap.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "centre/kek/kek_life.h"
#include "centre/record.h"
#include "centre/restore/restore.h"
#include "centre/unseal.h"

#include <stdio.h>
#include <string.h>

enum {
    GROUP_RECORDS = 64,       /* sealed anew: some milliseconds under the mutex */
    GROUP_BYTES = 512 * 1024, /* of their blobs */
    LOOK_RECORDS = 1024,      /* opened for it: more than a busy centre makes meanwhile */
    LINGER_MS = 5000 /* other processes look at the store every second, and then have the new KEK */
};

struct walk { /* one group */
    struct qw_centre *centre;
    struct qw_group *group;
    struct qw_kek_life life; /* as it will be */
    size_t looked, found, bytes;
    bool is_cut; /* there may be more of the kind */
    qw_err err;
};

bool qw_rewrap_concerns_kind(enum qw_store_kind kind)
{
    return kind != QW_STORE_AUDIT && kind != QW_STORE_SEARCH;
}

bool qw_rewrap_concerns(enum qw_store_kind kind, const void *id, size_t id_len)
{
    static const char *const others[] = { qw_kek_id, qw_kek_life_id, qw_kek_next_id, qw_restored_id,
                                          "audit-head" };

    for (size_t i = 0; kind == QW_STORE_META && i < sizeof others / sizeof others[0]; i++) {
        if (id_len == strlen(others[i]) && qw_equal_ct(id, others[i], id_len)) {
            return false;
        }
    }
    return qw_rewrap_concerns_kind(kind);
}

/* How much of a blob the KEK seals: a block's material behind it is sealed by the data key within.
 * 0: it is no such record. */
static size_t sealed_len_of(enum qw_store_kind kind, const struct qw_store_record *record)
{
    size_t len = record->len;

    if (kind == QW_STORE_BLOCK) {
        len = record->len < 4 ? 0 : qw_load_u32be(record->blob + record->len - 4);
    }
    return len < QW_RECORD_OVERHEAD || len > record->len ? 0 : len;
}

/* Opens with the KEK that does it. *is_before: with the one before. */
static qw_err open_record(struct qw_centre *centre, enum qw_store_kind kind,
                          const struct qw_store_record *record, size_t sealed_len, bool *is_before)
{
    qw_err err;

    if (sealed_len == 0 || sealed_len - QW_RECORD_OVERHEAD > sizeof centre->scratch) {
        return QW_ERR_IO;
    }
    err = qw_record_open_under(centre->kek, kind, record, sealed_len, centre->scratch);
    *is_before = err == QW_ERR_IO;
    return *is_before
               ? qw_record_open_under(centre->kek_before, kind, record, sealed_len, centre->scratch)
               : err;
}

static bool is_books(enum qw_store_kind kind, const struct qw_store_record *record)
{
    return kind == QW_STORE_META && record->id_len == 5 && qw_equal_ct(record->id, "books", 5);
}

static void say_unreadable(const struct qw_centre *centre, enum qw_store_kind kind,
                           const struct qw_store_record *record)
{
    char id[2 * QW_STORE_ID_MAX + 1];

    qw_hex_encode(record->id, record->id_len, id);
    qw_log_write(centre->config.log, QW_LOG_ERROR,
                 "kek: a record of kind %d, id %s, opens with no key: the one before stays",
                 (int)kind, id);
}

static int visit(void *self, const struct qw_store_record *record)
{
    struct walk *walk = self;
    enum qw_store_kind kind = (enum qw_store_kind)walk->life.kind;
    size_t sealed_len = sealed_len_of(kind, record);
    bool is_before = false;

    if (qw_rewrap_concerns(kind, record->id, record->id_len)) {
        walk->err = open_record(walk->centre, kind, record, sealed_len, &is_before);
        if (walk->err != QW_OK) {
            say_unreadable(walk->centre, kind, record);
            return 0;
        }
    }
    if (is_before && is_books(kind, record)) {
        walk->group->moves_books = true;
    } else if (is_before) {
        const struct qw_store_op op = { .kind = kind,
                                        .id = record->id,
                                        .id_len = record->id_len,
                                        .expected_version = record->version,
                                        .tag = record->tag };

        qw_group_add_with_tail(walk->centre, walk->group, QW_STORE_UPDATE, op,
                               walk->centre->scratch, sealed_len - QW_RECORD_OVERHEAD,
                               record->blob + sealed_len, record->len - sealed_len);
    }
    walk->found += is_before;
    walk->looked++;
    walk->bytes += is_before ? record->len : 0;
    memcpy(walk->life.after, record->id, record->id_len);
    walk->life.after_len = record->id_len;
    walk->is_cut =
        walk->found == GROUP_RECORDS || walk->bytes >= GROUP_BYTES || walk->looked == LOOK_RECORDS;
    return !walk->is_cut;
}

/* Further on in the kind at hand; from its last record on to the next kind, for what comes behind
 * it is sealed by the KEK of now. */
static qw_err look_on(struct walk *walk)
{
    const struct qw_store *store = walk->centre->config.store;
    struct qw_kek_life *life = &walk->life;
    qw_err err = QW_OK;

    if (qw_rewrap_concerns_kind((enum qw_store_kind)life->kind)) {
        err = store->scan(store->self, (enum qw_store_kind)life->kind, QW_STORE_ANY_TAG,
                          life->after, life->after_len, LOOK_RECORDS, visit, walk);
    }
    if (err == QW_OK) {
        err = walk->err;
    }
    if (err == QW_OK && !walk->is_cut) {
        life->kind++;
        life->after_len = 0;
    }
    life->seen += walk->looked;
    life->found += walk->found;
    life->rewrapped += walk->found;
    return err;
}

static qw_err commit(struct qw_centre *centre, struct walk *walk)
{
    struct qw_deed deed = { .verb = "kek-rewrap", .object = centre->config.centre_id };
    char detail[QW_AUDIT_TEXT_CAP];
    qw_err err;

    (void)snprintf(detail, sizeof detail, "generation %llu: %llu records",
                   (unsigned long long)walk->life.generation,
                   (unsigned long long)walk->life.rewrapped);
    qw_kek_life_put(centre, walk->group, &walk->life);
    err = qw_group_commit(centre, walk->group, &deed, detail);
    walk->life.version++;
    return err;
}

static qw_err finish(struct qw_centre *centre)
{
    struct qw_deed deed = { .verb = "kek-end", .object = centre->config.centre_id };
    struct qw_kek_life life = centre->kek_life;
    char detail[QW_AUDIT_TEXT_CAP];
    struct qw_group group;
    qw_err err;

    life.phase = QW_KEK_IDLE;
    (void)snprintf(detail, sizeof detail,
                   "generation %llu: nothing is sealed by the one before, which is destroyed",
                   (unsigned long long)life.generation);
    qw_group_begin(centre, &group);
    qw_kek_life_put(centre, &group, &life);
    qw_kek_next_remove(centre, &group);
    err = qw_group_commit(centre, &group, &deed, detail);
    if (err == QW_OK) {
        life.version++;
        centre->kek_life = life;
        qw_wipe(centre->kek_before, sizeof centre->kek_before);
    }
    return err;
}

qw_err qw_rewrap_step(struct qw_centre *centre, bool *is_more)
{
    struct walk walk = { .centre = centre, .life = centre->kek_life };
    struct qw_group group;
    qw_err err;

    *is_more = false;
    if (walk.life.kind == QW_STORE_KIND_COUNT && walk.life.found == 0) {
        if (centre->config.store->take_turn != NULL &&
            qw_clock_utc_ms() - walk.life.made_ms < LINGER_MS) {
            return QW_OK;
        }
        return finish(centre);
    }
    if (walk.life.kind == QW_STORE_KIND_COUNT) { /* once more, to see that there is nothing */
        walk.life.kind = 0;
        walk.life.found = 0;
    }
    qw_group_begin(centre, &group);
    walk.group = &group;
    err = look_on(&walk);
    if (err == QW_OK && walk.found > 0) {
        err = commit(centre, &walk);
    } else {
        qw_group_drop(&group);
    }
    if (err == QW_OK) { /* a walk that changes nothing is not written: it begins again */
        centre->kek_life = walk.life;
        *is_more = true;
    }
    return err;
}
