/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/device/card_book.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "centre/device/search_key.h"
#include "centre/record.h"

#include <string.h>

enum { SERIAL_ID_LEN = 4 + 16 };

bool qw_device_id_ok(const char *id)
{
    size_t len = strlen(id);

    for (size_t i = 0; i < len; i++) {
        if (id[i] <= ' ' || id[i] > '~') {
            return false;
        }
    }
    return len >= 1 && len < 64;
}

enum { RECORD_VERSION = 8 };

static void write_pool(struct qw_writer *w, const struct qw_pool *pool)
{
    qw_write_u64be(w, pool->position);
    qw_write_u16be(w, pool->len);
    qw_write_bytes(w, pool->bytes, pool->len);
}

static bool read_pool(struct qw_reader *r, struct qw_pool *pool)
{
    pool->position = qw_read_u64be(r);
    pool->len = qw_read_u16be(r);
    if (pool->len > sizeof pool->bytes) {
        return false;
    }
    qw_read_bytes(r, pool->bytes, pool->len);
    return true;
}

static void write_device(struct qw_writer *w, const struct qw_device *device)
{
    qw_write_string8(w, device->id);
    qw_write_u8(w, (uint8_t)device->kind);
    qw_write_u8(w, (uint8_t)device->state);
    qw_write_string8(w, device->owner);
    qw_write_string8(w, device->peers);
    qw_write_bytes(w, device->serial, sizeof device->serial);
    qw_write_u32be(w, device->epoch);
    qw_write_u64be(w, device->counter);
    qw_write_u64be(w, device->keys_delivered);
    qw_write_u32be(w, device->remaining_keys);
    qw_write_u64be(w, (uint64_t)device->last_contact_ms);
    qw_write_u32be(w, device->keys_per_s);
    qw_write_u8(w, device->weight);
    qw_write_string8(w, device->home);
    qw_write_string8(w, device->unit);
    qw_write_string8(w, device->peers_unit);
    qw_write_u8(w, (uint8_t)device->destruction);
    qw_write_string8(w, device->user);
    qw_write_u64be(w, (uint64_t)device->bound_ms);
    qw_write_u8(w, device->is_cloned ? 1 : 0);
    qw_write_u8(w, (uint8_t)device->fusion);
    qw_write_u64be(w, (uint64_t)device->last_refill_ms);
    qw_write_string8(w, device->firmware);
    qw_write_bytes(w, device->certificate_hash, sizeof device->certificate_hash);
    qw_write_string8(w, device->certificate_serial);
}

/* What a record of before the tree says: everybody is at its root. */
static void read_units(struct qw_reader *r, uint8_t version, struct qw_device *device)
{
    if (version >= 4) {
        qw_read_string8(r, device->unit, sizeof device->unit);
        qw_read_string8(r, device->peers_unit, sizeof device->peers_unit);
    } else {
        memcpy(device->unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
        memcpy(device->peers_unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
    }
}

/* Version 1 knew no quotas, version 2 no other centres, version 3 no units, version 4 no orders to
 * cards, version 5 no users and no alarms, version 6 no fusion, version 7 nothing of refills,
 * firmware and certificates. */
static bool read_device(struct qw_reader *r, uint8_t version, struct qw_device *device)
{
    uint8_t kind;
    uint8_t state;
    uint8_t destruction;
    uint8_t fusion;

    qw_read_string8(r, device->id, sizeof device->id);
    kind = qw_read_u8(r);
    state = qw_read_u8(r);
    qw_read_string8(r, device->owner, sizeof device->owner);
    qw_read_string8(r, device->peers, sizeof device->peers);
    qw_read_bytes(r, device->serial, sizeof device->serial);
    device->epoch = qw_read_u32be(r);
    device->counter = qw_read_u64be(r);
    device->keys_delivered = qw_read_u64be(r);
    device->remaining_keys = qw_read_u32be(r);
    device->last_contact_ms = (int64_t)qw_read_u64be(r);
    device->keys_per_s = version == 1 ? 0 : qw_read_u32be(r);
    device->weight = version == 1 ? 1 : qw_read_u8(r);
    if (version >= 3) {
        qw_read_string8(r, device->home, sizeof device->home);
    }
    read_units(r, version, device);
    destruction = version >= 5 ? qw_read_u8(r) : QW_DESTRUCTION_NONE;
    if (destruction >= QW_DESTRUCTION_STATE_COUNT) {
        return false;
    }
    device->destruction = (enum qw_destruction_state)destruction;
    if (version >= 6) {
        qw_read_string8(r, device->user, sizeof device->user);
        device->bound_ms = (int64_t)qw_read_u64be(r);
        device->is_cloned = qw_read_u8(r) == 1;
    }
    fusion = version >= 7 ? qw_read_u8(r) : QW_FUSION_NONE;
    if (fusion >= QW_FUSION_STATE_COUNT) {
        return false;
    }
    device->fusion = (enum qw_fusion_state)fusion;
    if (version >= 8) {
        device->last_refill_ms = (int64_t)qw_read_u64be(r);
        qw_read_string8(r, device->firmware, sizeof device->firmware);
        qw_read_bytes(r, device->certificate_hash, sizeof device->certificate_hash);
        qw_read_string8(r, device->certificate_serial, sizeof device->certificate_serial);
    }
    if (kind >= QW_DEVICE_KIND_COUNT || state >= QW_DEVICE_STATE_COUNT ||
        !qw_unit_ok(device->unit) || !qw_unit_ok(device->peers_unit)) {
        return false;
    }
    device->kind = (enum qw_device_kind)kind;
    device->state = (enum qw_device_state)state;
    return true;
}

enum { HAS_CARD = 1, IS_CONFIRMED = 2, HAS_PENDING = 4, HAS_SESSION = 8 };

static uint8_t flags_of(const struct qw_card_book *book)
{
    return (uint8_t)((book->has_card ? HAS_CARD : 0) | (book->is_confirmed ? IS_CONFIRMED : 0) |
                     (book->has_pending ? HAS_PENDING : 0) | (book->has_session ? HAS_SESSION : 0));
}

void qw_card_book_put(struct qw_centre *centre, struct qw_group *group, struct qw_card_book *book)
{
    struct qw_store_op record = { .kind = QW_STORE_DEVICE,
                                  .id = book->device.id,
                                  .id_len = strlen(book->device.id),
                                  .expected_version = book->version,
                                  .tag = book->device.is_cloned ? QW_TAG_DEVICE_CLONED
                                                                : (int64_t)book->device.state };
    struct qw_writer w = qw_writer_on(centre->scratch, sizeof centre->scratch);

    qw_write_u8(&w, RECORD_VERSION);
    write_device(&w, &book->device);
    qw_write_u64be(&w, book->number);
    qw_write_u8(&w, flags_of(book));
    qw_write_bytes(&w, book->card_key, sizeof book->card_key);
    qw_write_u64be(&w, book->next_index);
    qw_write_bytes(&w, book->token, sizeof book->token);
    qw_write_bytes(&w, book->pending_id, sizeof book->pending_id);
    qw_write_bytes(&w, book->pending_token, sizeof book->pending_token);
    qw_write_bytes(&w, book->last_id, sizeof book->last_id);
    qw_write_bytes(&w, book->session_id, sizeof book->session_id);
    qw_write_string8(&w, book->station);
    write_pool(&w, &book->up);
    write_pool(&w, &book->down);
    qw_write_u16be(&w, book->seen_count);
    for (uint16_t i = 0; i < book->seen_count; i++) {
        qw_write_u64be(&w, book->seen[i].counter);
        qw_write_bytes(&w, book->seen[i].digest, sizeof book->seen[i].digest);
    }
    if (book->device.epoch >= 2) {
        qw_write_bytes(&w, book->id_key, sizeof book->id_key);
    }
    if (book->device.fusion == QW_FUSION_PENDING) {
        qw_write_bytes(&w, book->next_card_key, sizeof book->next_card_key);
    }
    if (book->device.destruction != QW_DESTRUCTION_NONE) {
        qw_write_bytes(&w, book->order_nonce, sizeof book->order_nonce);
        qw_write_bytes(&w, book->order_done, sizeof book->order_done);
        qw_write_bytes(&w, book->proof_digest, sizeof book->proof_digest);
    }
    qw_assert(!w.failed); /* the scratch holds the longest record */
    qw_group_add(centre, group, book->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, record,
                 centre->scratch, w.len);
    qw_wipe(centre->scratch, w.len);
    qw_search_move(group, book->version == 0 ? NULL : &book->indexed, &book->device);
}

size_t qw_device_encode(const struct qw_device *device, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u8(&w, RECORD_VERSION);
    write_device(&w, device);
    qw_assert(!w.failed);
    return w.len;
}

qw_err qw_device_decode(const uint8_t *plain, size_t len, struct qw_device *device)
{
    struct qw_reader r = qw_reader_on(plain, len);
    struct qw_device read = { .id = "" };
    uint8_t version = qw_read_u8(&r);

    if (version < 1 || version > RECORD_VERSION || !read_device(&r, version, &read) ||
        !qw_reader_done(&r)) {
        return QW_ERR_IO;
    }
    *device = read;
    return QW_OK;
}

qw_err qw_card_book_decode(const uint8_t *plain, size_t len, struct qw_card_book *book)
{
    struct qw_reader r = qw_reader_on(plain, len);
    uint8_t version = qw_read_u8(&r);
    bool ok = version >= 1 && version <= RECORD_VERSION && read_device(&r, version, &book->device);
    uint8_t flags;

    book->number = qw_read_u64be(&r);
    flags = qw_read_u8(&r);
    book->has_card = (flags & HAS_CARD) != 0;
    book->is_confirmed = (flags & IS_CONFIRMED) != 0;
    book->has_pending = (flags & HAS_PENDING) != 0;
    book->has_session = (flags & HAS_SESSION) != 0;
    qw_read_bytes(&r, book->card_key, sizeof book->card_key);
    book->next_index = qw_read_u64be(&r);
    qw_read_bytes(&r, book->token, sizeof book->token);
    qw_read_bytes(&r, book->pending_id, sizeof book->pending_id);
    qw_read_bytes(&r, book->pending_token, sizeof book->pending_token);
    qw_read_bytes(&r, book->last_id, sizeof book->last_id);
    qw_read_bytes(&r, book->session_id, sizeof book->session_id);
    qw_read_string8(&r, book->station, sizeof book->station);
    ok = ok && read_pool(&r, &book->up) && read_pool(&r, &book->down);
    book->seen_count = qw_read_u16be(&r);
    ok = ok && book->seen_count <= QW_SIGHTING_COUNT;
    for (uint16_t i = 0; ok && i < book->seen_count; i++) {
        book->seen[i].counter = qw_read_u64be(&r);
        qw_read_bytes(&r, book->seen[i].digest, sizeof book->seen[i].digest);
    }
    if (ok && book->device.epoch >= 2) {
        qw_read_bytes(&r, book->id_key, sizeof book->id_key);
    }
    if (ok && book->device.fusion == QW_FUSION_PENDING) {
        qw_read_bytes(&r, book->next_card_key, sizeof book->next_card_key);
    }
    if (ok && book->device.destruction != QW_DESTRUCTION_NONE) {
        qw_read_bytes(&r, book->order_nonce, sizeof book->order_nonce);
        qw_read_bytes(&r, book->order_done, sizeof book->order_done);
        qw_read_bytes(&r, book->proof_digest, sizeof book->proof_digest);
    }
    book->indexed = qw_device_terms_of(&book->device);
    return ok && qw_reader_done(&r) ? QW_OK : QW_ERR_IO;
}

qw_err qw_card_book_load(struct qw_centre *centre, const char *device_id, struct qw_card_book *book)
{
    uint64_t version;
    size_t len;
    qw_err err;

    if (!qw_device_id_ok(device_id)) {
        return QW_ERR_NOT_FOUND;
    }
    err = qw_record_load(centre, QW_STORE_DEVICE, device_id, strlen(device_id), &version, &len);
    if (err != QW_OK) {
        return err;
    }
    qw_wipe(book, sizeof *book);
    err = qw_card_book_decode(centre->scratch, len, book);
    book->version = version;
    qw_wipe(centre->scratch, len);
    return err;
}

static void serial_id(const uint8_t serial[static 16], uint8_t id[static SERIAL_ID_LEN])
{
    memcpy(id, "card", 4);
    memcpy(id + 4, serial, 16);
}

qw_err qw_card_book_load_by_serial(struct qw_centre *centre, const uint8_t serial[static 16],
                                   struct qw_card_book *book)
{
    uint8_t id[SERIAL_ID_LEN];
    char device_id[64] = { 0 };
    uint64_t version;
    size_t len;
    qw_err err;

    serial_id(serial, id);
    err = qw_record_load(centre, QW_STORE_META, id, sizeof id, &version, &len);
    if (err != QW_OK) {
        return err;
    }
    if (len >= sizeof device_id) {
        return QW_ERR_IO;
    }
    memcpy(device_id, centre->scratch, len);
    return qw_card_book_load(centre, device_id, book);
}

void qw_serial_put(struct qw_centre *centre, struct qw_group *group,
                   const struct qw_card_book *book)
{
    uint8_t id[SERIAL_ID_LEN];
    struct qw_store_op record = { .kind = QW_STORE_META, .id = id, .id_len = sizeof id };

    serial_id(book->device.serial, id);
    qw_group_add(centre, group, QW_STORE_INSERT, record, (const uint8_t *)book->device.id,
                 strlen(book->device.id));
}

void qw_serial_remove(struct qw_centre *centre, struct qw_group *group,
                      const struct qw_card_book *book)
{
    const struct qw_store *store = centre->config.store;
    struct qw_store_record there = { 0 };
    uint8_t id[SERIAL_ID_LEN];
    struct qw_store_op record = { .kind = QW_STORE_META, .id = id, .id_len = sizeof id };
    qw_err err;

    serial_id(book->device.serial, id);
    err = store->get(store->self, QW_STORE_META, id, sizeof id, &there);
    if (err != QW_OK) {
        qw_group_fail(group, err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err);
        return;
    }
    record.expected_version = there.version; /* more than 1 when it was wrapped anew */
    qw_group_add(centre, group, QW_STORE_REMOVE, record, NULL, 0);
    qw_store_record_free(&there);
}
