/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/books.h"
#include "centre/device/card_book.h"
#include "centre/key/key_record.h"
#include "centre/key/source_watch.h"
#include "centre/partner/offer.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"

#include <string.h>

static qw_err count(const struct qw_centre *centre, enum qw_store_kind kind, int64_t tag,
                    uint64_t *out)
{
    const struct qw_store *store = centre->config.store;

    return store->count(store->self, kind, tag, out);
}

/* Keys with an owner are counted by their records, the others stand in the books. */
static qw_err count_keys(const struct qw_centre *centre, struct qw_centre_status *status)
{
    uint64_t left = 0; /* of all keys with a record: those that are due at a certain second */
    qw_err err = count(centre, QW_STORE_KEY, QW_STORE_ANY_TAG, &left);

    for (int state = QW_KEY_ASSIGNED; state < QW_KEY_STATE_COUNT && err == QW_OK; state++) {
        if (state == QW_KEY_DESTROYED || state == QW_KEY_DESTROYED_COMPROMISED) {
            continue; /* these have no record */
        }
        err = count(centre, QW_STORE_KEY, state, &status->keys_in_state[state]);
        left -= status->keys_in_state[state];
    }
    status->keys_in_state[QW_KEY_DELIVERED] += left; /* to one party at least, and waiting */
    status->keys_in_state[QW_KEY_STORED] = centre->books.stored;
    status->keys_in_state[QW_KEY_LEASED] = centre->books.leased + centre->books.paired;
    status->keys_in_state[QW_KEY_DESTROYED] = centre->books.destroyed;
    status->keys_ingested = centre->books.ingested;
    return err;
}

static void describe_stock(const struct qw_centre *centre, struct qw_centre_status *status)
{
    for (size_t i = 0; i < QW_STOCK_PARTS; i++) {
        if (centre->books.parts[i].keys > 0) {
            status->stock[status->stock_count++] = centre->books.parts[i];
        }
    }
}

static void describe_more(const struct qw_centre *centre, struct qw_centre_status *status)
{
    for (size_t i = 1; i < qw_sources_count(centre); i++) {
        const struct qw_key_source *source = qw_source_at(centre, i);
        struct qw_source_status *more = &status->more_source[status->more_count++];

        memcpy(more->name, source->name, sizeof more->name - 1);
        more->is_quantum = source->is_quantum;
        more->is_simulated = source->is_simulated;
        more->health = qw_source_health(centre, i);
    }
}

qw_err qw_centre_status(struct qw_centre *centre, const struct qw_caller *caller,
                        struct qw_centre_status *status)
{
    struct qw_deed deed = { .caller = caller, .verb = "status", .object = "" };
    const struct qw_key_source *source = centre->config.source;
    struct qw_centre_status s = { .source_is_quantum = source->is_quantum,
                                  .source_is_simulated = source->is_simulated };
    qw_err err;

    s.custody = centre->custody_name;
    memcpy(s.source, source->name, sizeof s.source - 1);
    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_STATUS_READ, QW_UNIT_ROOT);
    if (err == QW_OK) {
        err = centre->turn_err == QW_OK ? count_keys(centre, &s) : QW_ERR_IO;
    }
    s.devices = centre->books.next_device - 1; /* none ever goes */
    if (err == QW_OK) {
        err = count(centre, QW_STORE_DEVICE, QW_TAG_DEVICE_CLONED, &s.cards_cloned);
    }
    if (err == QW_OK) {
        err = count(centre, QW_STORE_META, QW_OFFER_OPEN, &s.offers_open);
    }
    if (err == QW_OK) {
        err = count(centre, QW_STORE_META, QW_OFFER_GIVEN_UP, &s.offers_void);
    }
    s.audit_records = centre->audit.seq;
    s.source_health = qw_source_health(centre, 0);
    describe_more(centre, &s);
    describe_stock(centre, &s);
    qw_centre_leave(centre);
    if (err == QW_OK) {
        *status = s;
    }
    return err;
}
