/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/partner/offer.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "centre/record.h"

#include <string.h>

enum { RECORD_VERSION = 1, PLAIN_MAX = 4096, ID_LEN = 6 + 16 };
_Static_assert(QW_DELIVERY_KEYS_MAX * 16 +
                       QW_PARTNER_TARGETS_MAX * (64 + 64 + QW_DELIVERY_KEYS_MAX / 8) + 256 <=
                   (int)PLAIN_MAX,
               "the longest offer fits");

static void record_id(const uint8_t id[static 16], uint8_t out[static ID_LEN])
{
    memcpy(out, "offer:", 6);
    memcpy(out + 6, id, 16);
}

static void write_target(struct qw_writer *w, const struct qw_offer_target *target)
{
    qw_write_string8(w, target->id);
    qw_write_string8(w, target->partner);
    qw_write_bytes(w, target->acked, sizeof target->acked);
}

void qw_offer_put(struct qw_centre *centre, struct qw_group *group, const struct qw_offer *offer)
{
    uint8_t id[ID_LEN];
    struct qw_store_op record = { .kind = QW_STORE_META,
                                  .id = id,
                                  .id_len = sizeof id,
                                  .expected_version = offer->version,
                                  .tag = (int64_t)offer->state };
    uint8_t plain[PLAIN_MAX];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    record_id(offer->id, id);
    qw_write_u8(&w, RECORD_VERSION);
    qw_write_u8(&w, (uint8_t)offer->state);
    qw_write_u64be(&w, (uint64_t)offer->made_ms);
    qw_write_string8(&w, offer->initiator);
    qw_write_string8(&w, offer->source);
    qw_write_u8(&w, (uint8_t)((offer->is_quantum ? 1 : 0) | (offer->is_simulated ? 2 : 0) |
                              (offer->is_named ? 4 : 0)));
    qw_write_u8(&w, offer->target_count);
    for (uint8_t i = 0; i < offer->target_count; i++) {
        write_target(&w, &offer->targets[i]);
    }
    qw_write_u8(&w, offer->key_count);
    for (uint8_t i = 0; i < offer->key_count; i++) {
        qw_write_bytes(&w, offer->key_ids[i], 16);
    }
    qw_assert(!w.failed);
    qw_group_add(centre, group, offer->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, record,
                 plain, w.len);
}

void qw_offer_remove(struct qw_centre *centre, struct qw_group *group, const struct qw_offer *offer)
{
    uint8_t id[ID_LEN];
    struct qw_store_op record = {
        .kind = QW_STORE_META, .id = id, .id_len = sizeof id, .expected_version = offer->version
    };

    record_id(offer->id, id);
    qw_group_add(centre, group, QW_STORE_REMOVE, record, NULL, 0);
}

static bool decode(const uint8_t *plain, size_t len, struct qw_offer *offer)
{
    struct qw_reader r = qw_reader_on(plain, len);
    bool ok = qw_read_u8(&r) == RECORD_VERSION;
    uint8_t state = qw_read_u8(&r);
    uint8_t flags;

    offer->made_ms = (int64_t)qw_read_u64be(&r);
    qw_read_string8(&r, offer->initiator, sizeof offer->initiator);
    qw_read_string8(&r, offer->source, sizeof offer->source);
    flags = qw_read_u8(&r);
    offer->is_quantum = (flags & 1) != 0;
    offer->is_simulated = (flags & 2) != 0;
    offer->is_named = (flags & 4) != 0;
    offer->target_count = qw_read_u8(&r);
    ok = ok && offer->target_count <= QW_PARTNER_TARGETS_MAX;
    for (uint8_t i = 0; ok && i < offer->target_count; i++) {
        struct qw_offer_target *target = &offer->targets[i];

        qw_read_string8(&r, target->id, sizeof target->id);
        qw_read_string8(&r, target->partner, sizeof target->partner);
        qw_read_bytes(&r, target->acked, sizeof target->acked);
    }
    offer->key_count = qw_read_u8(&r);
    ok = ok && offer->key_count <= QW_DELIVERY_KEYS_MAX;
    for (uint8_t i = 0; ok && i < offer->key_count; i++) {
        qw_read_bytes(&r, offer->key_ids[i], 16);
    }
    offer->state = (enum qw_offer_state)state;
    return ok && qw_reader_done(&r) && state >= QW_OFFER_OPEN && state <= QW_OFFER_GIVEN_UP;
}

qw_err qw_offer_load(struct qw_centre *centre, const uint8_t id[static 16], struct qw_offer *out)
{
    struct qw_offer offer = { .version = 0 };
    uint8_t name[ID_LEN];
    size_t len;
    qw_err err;

    record_id(id, name);
    err = qw_record_load(centre, QW_STORE_META, name, sizeof name, &offer.version, &len);
    if (err != QW_OK) {
        return err;
    }
    if (!decode(centre->scratch, len, &offer)) {
        return QW_ERR_IO;
    }
    memcpy(offer.id, id, sizeof offer.id);
    *out = offer;
    return QW_OK;
}

struct listing {
    uint8_t (*ids)[16];
    size_t cap, count;
};

/* Other records of META have other tags; this is for those that will come. */
static bool is_offer(const struct qw_store_record *record)
{
    return record->id_len == ID_LEN && strncmp((const char *)record->id, "offer:", 6) == 0;
}

static int list_offer(void *self, const struct qw_store_record *record)
{
    struct listing *listing = self;

    if (is_offer(record)) {
        memcpy(listing->ids[listing->count++], record->id + 6, 16);
    }
    return listing->count < listing->cap;
}

qw_err qw_offer_list(struct qw_centre *centre, enum qw_offer_state state, uint8_t (*ids)[16],
                     size_t cap, size_t *count)
{
    const struct qw_store *store = centre->config.store;
    struct qw_offer_walk *walk = &centre->offer_walks[state - QW_OFFER_OPEN];
    struct listing listing = { .ids = ids, .cap = cap };
    uint8_t after[ID_LEN];
    qw_err err;

    record_id(walk->last, after);
    err = store->scan(store->self, QW_STORE_META, (int64_t)state, after,
                      walk->is_begun ? sizeof after : 0, cap, list_offer, &listing);
    if (err != QW_OK) {
        return err;
    }
    walk->is_begun = listing.count == cap;
    if (walk->is_begun) {
        memcpy(walk->last, ids[cap - 1], sizeof walk->last);
    }
    *count = listing.count;
    return QW_OK;
}

static size_t index_of(const struct qw_offer *offer, const uint8_t id[static 16])
{
    size_t i = 0;

    while (i < offer->key_count && !qw_equal_ct(offer->key_ids[i], id, 16)) {
        i++;
    }
    return i;
}

qw_err qw_offer_mark(const struct qw_offer *offer, struct qw_offer_target *target,
                     const uint8_t (*ids)[16], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = index_of(offer, ids[i]);

        if (at == offer->key_count) {
            return QW_ERR_NOT_FOUND;
        }
        target->acked[at / 8] = (uint8_t)(target->acked[at / 8] | 1u << (at % 8));
    }
    return QW_OK;
}

bool qw_offer_is_complete(const struct qw_offer *offer, const struct qw_offer_target *target)
{
    for (size_t i = 0; i < offer->key_count; i++) {
        if (((target->acked[i / 8] >> (i % 8)) & 1) == 0) {
            return false;
        }
    }
    return true;
}

bool qw_offer_all_complete(const struct qw_offer *offer)
{
    for (uint8_t i = 0; i < offer->target_count; i++) {
        const struct qw_offer_target *target = &offer->targets[i];

        if (target->partner[0] != '\0' && !qw_offer_is_complete(offer, target)) {
            return false;
        }
    }
    return true;
}
