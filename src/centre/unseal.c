/* SPDX-License-Identifier: Apache-2.0 */
/* From the custody's master key to open books [C6 W14]. The KEK exists in two places: wrapped in
 * the store, clear in this process's locked memory. The custody takes seconds on purpose: it is
 * asked before the centre is entered, or other processes would wait for it. */
#include "centre/unseal.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/books_record.h"
#include "centre/certificate/authority.h"
#include "centre/device/import.h"
#include "centre/device/search_build.h"
#include "centre/group.h"
#include "centre/kek/kek_life.h"
#include "centre/key/old_rows.h"
#include "centre/record.h"
#include "centre/restore/restore.h"
#include "crypto/random.h"

#include <stdio.h>
#include <string.h>

const char qw_kek_id[] = "kek";
_Static_assert(QW_KEK_ID_LEN == sizeof qw_kek_id - 1, "its id");

static qw_err read_books(struct qw_centre *centre)
{
    struct qw_books books;
    uint64_t version;
    size_t len;
    bool is_other;
    qw_err err =
        qw_record_load(centre, QW_STORE_META, qw_books_id, QW_BOOKS_ID_LEN, &version, &len);

    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_FORMAT : err;
    }
    err = qw_books_decode(centre->scratch, len, qw_clock_utc_ms(), &books);
    if (err != QW_OK) {
        return err;
    }
    is_other = books.registry != centre->books.registry;
    if (is_other) { /* pairs and memos ask again */
        atomic_fetch_add(&centre->registry_changes, 1);
    }
    centre->books = books;
    centre->books_version = version;
    return is_other ? qw_maintenance_load(centre) : QW_OK;
}

qw_err qw_centre_reread(struct qw_centre *centre)
{
    uint64_t registry = centre->books.registry;
    struct qw_audit audit;
    qw_err err =
        qw_audit_open(centre->config.store, centre->config.centre_id, centre->start, &audit);

    if (err == QW_OK) {
        err = qw_kek_life_reread(centre);
    }
    if (err == QW_OK) {
        err = read_books(centre);
    }
    if (err == QW_OK && centre->books.registry != registry) {
        err = qw_signer_reload(centre);
    }
    if (err == QW_OK) {
        centre->audit = audit;
    } else {
        centre->books.registry = registry; /* what hangs on it is looked up once more */
    }
    return err;
}

/* A store without a KEK must be empty: anything else is a damaged one, not a new one. */
static qw_err store_is_empty(const struct qw_store *store)
{
    uint64_t count = 0;

    for (int kind = 0; kind < QW_STORE_KIND_COUNT; kind++) {
        qw_err err = store->count(store->self, (enum qw_store_kind)kind, QW_STORE_ANY_TAG, &count);

        if (err != QW_OK) {
            return err;
        }
        if (count != 0) {
            return QW_ERR_FORMAT;
        }
    }
    return QW_OK;
}

struct wrapped_kek {
    uint8_t bytes[QW_WRAPPED_KEK_CAP];
    size_t len;
};

static qw_err make_books(struct qw_centre *centre, const struct wrapped_kek *wrapped)
{
    struct qw_deed deed = { .verb = "init", .object = centre->config.centre_id };
    struct qw_group group;
    qw_err err = store_is_empty(centre->config.store);

    if (err == QW_OK) {
        err = qw_audit_open(centre->config.store, centre->config.centre_id, 1, &centre->audit);
    }
    if (err != QW_OK) {
        return err;
    }
    qw_group_begin(centre, &group);
    group.books.starts = 1;
    centre->start = 1;
    group.books.next_block = 1;
    group.books.next_device = 1;
    group.books.is_indexed = true;
    group.books.swept_s = qw_clock_utc_ms() / 1000 - 1;
    qw_group_add_plain(&group, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, wrapped->bytes,
                       wrapped->len);
    qw_group_fail(&group, qw_signer_open(centre, &group));
    return qw_group_commit(centre, &group, &deed, centre->config.custody->name);
}

/* QW_ERR_CONFLICT: another process was faster. */
static qw_err initialise(struct qw_centre *centre)
{
    const struct qw_store *store = centre->config.store;
    const struct qw_custody *custody = centre->config.custody;
    struct qw_store_record there = { 0 };
    struct wrapped_kek wrapped = { .len = 0 };
    qw_err err = qw_random_bytes(centre->kek, sizeof centre->kek);

    if (err == QW_OK) {
        err = custody->wrap(custody->self, centre->kek, wrapped.bytes, sizeof wrapped.bytes,
                            &wrapped.len);
    }
    if (err != QW_OK) {
        return err;
    }
    qw_centre_enter(centre);
    err = store->get(store->self, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, &there);
    if (err == QW_ERR_NOT_FOUND) {
        err = qw_kek_life_open(centre); /* there is none: the keys beside the KEK come from it */
        if (err == QW_OK) {
            err = make_books(centre, &wrapped);
        }
    } else if (err == QW_OK) {
        err = QW_ERR_CONFLICT;
    }
    qw_centre_leave(centre);
    qw_store_record_free(&there);
    return err;
}

static qw_err count_start(struct qw_centre *centre)
{
    struct qw_deed deed = { .verb = "unseal", .object = centre->config.centre_id };
    struct qw_group group;
    char detail[QW_AUDIT_TEXT_CAP];
    qw_err err;

    centre->start = centre->books.starts + 1;
    centre->audit.epoch = centre->start;
    (void)snprintf(detail, sizeof detail, "start %llu, %s", (unsigned long long)centre->audit.epoch,
                   centre->config.custody->name);
    qw_group_begin(centre, &group);
    group.books.starts++;
    err = qw_signer_open(centre, &group);
    if (err == QW_OK) {
        err = qw_authorities_open(centre);
    }
    if (err != QW_OK) {
        qw_group_drop(&group);
        return err;
    }
    return qw_group_commit(centre, &group, &deed, detail);
}

/* unwrapped: what the custody made of the wrapped KEK. */
static qw_err open_books(struct qw_centre *centre, qw_err unwrapped)
{
    struct qw_deed deed = { .verb = "unseal", .object = centre->config.centre_id };
    qw_err err = qw_audit_open(centre->config.store, centre->config.centre_id, 0, &centre->audit);

    if (err != QW_OK) {
        return err;
    }
    if (unwrapped != QW_OK && unwrapped != QW_ERR_FORMAT && unwrapped != QW_ERR_NOMEM) {
        const char *why = qw_custody_why(centre->config.custody);
        struct qw_group group;

        qw_group_begin(centre, &group); /* without the books the record carries epoch 0 */
        return qw_group_commit_keyless(centre, &group, &deed, unwrapped,
                                       why[0] != '\0'             ? why
                                       : unwrapped == QW_ERR_AUTH ? "wrong master key"
                                                                  : qw_err_text(unwrapped));
    }
    if (centre->config.mark != NULL &&
        qw_high_mark_value(centre->config.mark) > centre->audit.seq) {
        return QW_ERR_STATE; /* nothing is written: enough of it would reach the mark */
    }
    err = unwrapped == QW_OK ? qw_kek_life_open(centre) : unwrapped;
    if (err == QW_OK) {
        err = read_books(centre);
    }
    if (err == QW_OK) {
        err = qw_maintenance_load(centre);
    }
    if (err == QW_OK) {
        err = qw_alarm_load(centre);
    }
    if (err == QW_OK) {
        err = count_start(centre);
    }
    return err == QW_OK ? qw_restored_settle(centre) : err;
}

static qw_err open_existing(struct qw_centre *centre, const struct qw_store_record *wrapped)
{
    const struct qw_custody *custody = centre->config.custody;
    qw_err unwrapped = custody->unwrap(custody->self, wrapped->blob, wrapped->len, centre->kek);
    qw_err err;

    qw_centre_enter(centre);
    err = open_books(centre, unwrapped);
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_unseal(struct qw_centre *centre)
{
    const struct qw_store *store = centre->config.store;
    qw_err err = QW_ERR_CONFLICT;

    for (int attempt = 0; attempt < 2 && err == QW_ERR_CONFLICT; attempt++) {
        struct qw_store_record wrapped = { 0 };

        err = store->get(store->self, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, &wrapped);
        if (err == QW_ERR_NOT_FOUND) {
            err = initialise(centre);
        } else if (err == QW_OK) {
            err = open_existing(centre, &wrapped);
        }
        qw_store_record_free(&wrapped);
    }
    if (err == QW_OK) {
        err = qw_old_rows_move(centre);
    }
    if (err == QW_OK) {
        err = qw_search_build(centre);
    }
    if (err == QW_OK) {
        (void)!qw_import_sweep(centre); /* what was decided is there; else housekeeping says so */
    }
    return err;
}
