/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/journal/journal.h"

#include "base/bytes.h"
#include "centre/books.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"

#include <string.h>

/* Under the mutex. No caller: the centre itself, which ships its journal. */
static qw_err may_read(struct qw_centre *centre, const struct qw_deed *deed)
{
    return deed->caller == NULL ? QW_OK
                                : qw_right_check(centre, deed, QW_RIGHT_JOURNAL_READ, QW_UNIT_ROOT);
}

static void give_head(const struct qw_centre *centre, struct qw_signed_head *head,
                      struct qw_public_key *key)
{
    *head = centre->signer.last;
    key->algorithm = qw_signing_key_algorithm(centre->signer.key);
    memcpy(key->point, qw_signing_key_point(centre->signer.key), sizeof key->point);
}

qw_err qw_centre_journal_head(struct qw_centre *centre, const struct qw_caller *caller,
                              struct qw_signed_head *head, struct qw_public_key *key)
{
    struct qw_deed deed = { .caller = caller, .verb = "journal-head", .object = "" };
    qw_err err;

    qw_centre_enter(centre);
    err = may_read(centre, &deed);
    if (err == QW_OK) {
        err = centre->turn_err == QW_OK ? qw_signer_sign(centre) : QW_ERR_IO;
    }
    if (err == QW_OK) {
        give_head(centre, head, key);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_journal_rotate(struct qw_centre *centre, const struct qw_caller *caller,
                                struct qw_signed_head *head, struct qw_public_key *key)
{
    struct qw_deed deed = { .caller = caller,
                            .verb = "journal-key-rotate",
                            .object = centre->config.centre_id };
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_JOURNAL_KEY, QW_UNIT_ROOT);
    if (err == QW_OK) {
        err = qw_signer_rotate(centre, &deed);
    }
    if (err == QW_OK) {
        give_head(centre, head, key);
    }
    qw_centre_leave(centre);
    return err;
}

struct page {
    struct qw_journal_record *records;
    size_t count;
    qw_err err;
};

static int take(void *self, const struct qw_store_record *stored)
{
    struct page *page = self;
    struct qw_journal_record *record = &page->records[page->count];

    if (stored->len > sizeof record->blob) {
        page->err = QW_ERR_FORMAT;
        return 0;
    }
    memcpy(record->blob, stored->blob, stored->len);
    record->len = stored->len;
    page->count++;
    return 1;
}

qw_err qw_centre_journal_read(struct qw_centre *centre, const struct qw_caller *caller,
                              uint64_t after, struct qw_journal_record *records, size_t cap,
                              size_t *count)
{
    struct qw_deed deed = { .caller = caller, .verb = "journal-read", .object = "" };
    const struct qw_store *store = centre->config.store;
    struct page page = { .records = records, .err = QW_OK };
    uint8_t id[8];
    qw_err err;

    qw_centre_enter(centre);
    err = may_read(centre, &deed);
    qw_centre_leave(centre);
    if (err != QW_OK) {
        return err;
    }
    qw_store_u64be(id, after);
    err = store->scan(store->self, QW_STORE_AUDIT, QW_STORE_ANY_TAG, id, sizeof id, cap, take,
                      &page); /* records never change: no need of the mutex */
    err = err == QW_OK ? page.err : err;
    if (err == QW_OK) {
        *count = page.count;
    }
    return err;
}

uint64_t qw_centre_journal_length(struct qw_centre *centre)
{
    uint64_t length;

    pthread_mutex_lock(&centre->mutex); /* not _enter: the store is not asked */
    length = centre->audit.seq;
    pthread_mutex_unlock(&centre->mutex);
    return length;
}
