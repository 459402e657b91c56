/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of keys and their way from the source into the store [C1] [C7].
 * Record: sealed header | material sealed under the block's data key | u32 length of the sealed
 * header. The header holds the data key, so forgetting it forgets the material. */
#include "centre/key/block.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"
#include "centre/key/key_record.h"
#include "centre/key/source_watch.h"
#include "centre/key/stock_part.h"
#include "centre/record.h"
#include "crypto/aead.h"
#include "crypto/random.h"

#include <stdio.h>
#include <string.h>

enum {
    HEADER_CAP = 512,
    DATA_KEY_LEN = 32,
    BLOCK_ID_LEN = 8,
    SEALED_LEN_MAX = 33000,
    SLICE_LEN = 512
};
_Static_assert(QW_BLOCK_KEYS_MAX *QW_KEY_LEN + QW_AEAD_OVERHEAD + 4 <= SEALED_LEN_MAX,
               "block fits");

static size_t gone_len(const struct qw_block *block)
{
    return (block->keys + 7u) / 8u;
}

bool qw_block_is_gone(const struct qw_block *block, uint16_t position)
{
    return (block->gone[position / 8] >> (position % 8)) & 1;
}

static bool all_gone(const struct qw_block *block)
{
    for (uint16_t i = 0; i < block->keys; i++) {
        if (!qw_block_is_gone(block, i)) {
            return false;
        }
    }
    return true;
}

void qw_block_erase(struct qw_block *block, struct qw_group *group, uint16_t position)
{
    qw_assert(position < block->keys && !qw_block_is_gone(block, position));
    qw_wipe(block->material + (size_t)position * QW_KEY_LEN, QW_KEY_LEN);
    block->gone[position / 8] = (uint8_t)(block->gone[position / 8] | 1u << (position % 8));
    group->books.destroyed++;
}

static size_t encode_header(const struct qw_block *block, const uint8_t data_key[DATA_KEY_LEN],
                            uint8_t out[HEADER_CAP])
{
    struct qw_writer w = qw_writer_on(out, HEADER_CAP);

    qw_write_u8(&w, block->master[0] == '\0' ? 1 : block->charge.unit[0] == '\0' ? 2 : 3);
    qw_write_u8(&w, (uint8_t)block->state);
    qw_write_u16be(&w, block->keys);
    qw_write_u16be(&w, block->next);
    qw_write_u64be(&w, block->epoch);
    qw_write_u64be(&w, (uint64_t)block->ingested_ms);
    qw_write_u8(&w, (uint8_t)((block->is_quantum ? 1 : 0) | (block->is_simulated ? 2 : 0)));
    qw_write_string8(&w, block->source);
    qw_write_bytes(&w, data_key, DATA_KEY_LEN);
    qw_write_bytes(&w, block->gone, gone_len(block));
    if (block->master[0] != '\0') {
        qw_write_string8(&w, block->master);
        qw_write_string8(&w, block->slave);
        qw_write_u64be(&w, (uint64_t)block->fetch_until_ms);
        qw_write_u64be(&w, (uint64_t)block->ends_ms);
    }
    if (block->master[0] != '\0' && block->charge.unit[0] != '\0') {
        qw_write_string8(&w, block->charge.unit);
        qw_write_u64be(&w, block->charge.seq);
    }
    qw_assert(!w.failed);
    return w.len;
}

static bool decode_header(struct qw_block *block, const uint8_t *data, size_t len,
                          uint8_t data_key[DATA_KEY_LEN])
{
    struct qw_reader r = qw_reader_on(data, len);
    uint8_t layout = qw_read_u8(&r);
    uint8_t flags;

    block->state = (enum qw_key_state)qw_read_u8(&r);
    block->keys = qw_read_u16be(&r);
    block->next = qw_read_u16be(&r);
    block->epoch = qw_read_u64be(&r);
    block->ingested_ms = (int64_t)qw_read_u64be(&r);
    flags = qw_read_u8(&r);
    block->is_quantum = (flags & 1) != 0;
    block->is_simulated = (flags & 2) != 0;
    qw_read_string8(&r, block->source, sizeof block->source);
    qw_read_bytes(&r, data_key, DATA_KEY_LEN);
    if (layout < 1 || layout > 3 || block->keys > QW_BLOCK_KEYS_MAX || block->next > block->keys) {
        return false;
    }
    qw_read_bytes(&r, block->gone, gone_len(block));
    if (layout >= 2) {
        qw_read_string8(&r, block->master, sizeof block->master);
        qw_read_string8(&r, block->slave, sizeof block->slave);
        block->fetch_until_ms = (int64_t)qw_read_u64be(&r);
        block->ends_ms = (int64_t)qw_read_u64be(&r);
    }
    if (layout == 3) {
        qw_read_string8(&r, block->charge.unit, sizeof block->charge.unit);
        block->charge.seq = qw_read_u64be(&r);
    }
    return qw_reader_done(&r);
}

/* Opens header and material of the record into the workspace. */
static qw_err open_block(struct qw_centre *centre, const struct qw_store_record *record)
{
    struct qw_block *block = &centre->block;
    uint8_t data_key[DATA_KEY_LEN];
    uint8_t plain[HEADER_CAP];
    size_t header_len;
    size_t material_len;
    qw_err err;

    header_len = record->len < 4 ? 0 : qw_load_u32be(record->blob + record->len - 4);
    if (header_len < QW_RECORD_OVERHEAD || header_len > sizeof plain + QW_RECORD_OVERHEAD ||
        header_len > record->len - 4) {
        return QW_ERR_IO;
    }
    err = qw_record_open(centre, QW_STORE_BLOCK, record, header_len, plain);
    if (err == QW_OK && !decode_header(block, plain, header_len - QW_RECORD_OVERHEAD, data_key)) {
        err = QW_ERR_IO;
    }
    qw_wipe(plain, sizeof plain);
    if (err == QW_OK) {
        material_len = (size_t)block->keys * QW_KEY_LEN;
        err = record->len - 4 - header_len == material_len + QW_AEAD_OVERHEAD
                  ? qw_aead_open_through(QW_AEAD_AES256_GCM, data_key,
                                         (struct qw_bytes){ record->id, record->id_len },
                                         record->blob + header_len, material_len + QW_AEAD_OVERHEAD,
                                         centre->block_scratch, block->material)
                  : QW_ERR_IO;
    }
    qw_wipe(data_key, sizeof data_key);
    return err == QW_ERR_AUTH ? QW_ERR_IO : err;
}

qw_err qw_block_load(struct qw_centre *centre, uint64_t number)
{
    const struct qw_store *store = centre->config.store;
    struct qw_store_record record = { 0 };
    uint8_t id[BLOCK_ID_LEN];
    qw_err err;

    qw_wipe(&centre->block, sizeof centre->block);
    qw_store_u64be(id, number);
    err = store->get(store->self, QW_STORE_BLOCK, id, sizeof id, &record);
    if (err != QW_OK) {
        return err;
    }
    err = open_block(centre, &record);
    if (err == QW_OK) {
        centre->block.number = number;
        centre->block.version = record.version;
    } else { /* what is there is not the block: nobody takes it for one */
        qw_wipe(&centre->block, sizeof centre->block);
    }
    qw_store_record_free(&record);
    return err;
}

qw_err qw_block_read_key(struct qw_centre *centre, const struct qw_key_place *place, uint16_t bits,
                         uint8_t *out)
{
    const struct qw_block *block = &centre->block;
    qw_err err = QW_OK;

    if (block->version == 0 || block->number != place->block) {
        err = qw_block_load(centre, place->block);
    }
    if (err == QW_OK && place->position + qw_key_slots(bits) > block->keys) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        memcpy(out, block->material + (size_t)place->position * QW_KEY_LEN, bits / 8u);
    }
    return err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err;
}

void qw_block_put(struct qw_centre *centre, struct qw_group *group)
{
    struct qw_block *block = &centre->block;
    uint8_t id[BLOCK_ID_LEN];
    struct qw_store_op record = { .kind = QW_STORE_BLOCK,
                                  .id = id,
                                  .id_len = sizeof id,
                                  .expected_version = block->version,
                                  .tag = block->master[0] == '\0' ? (int64_t)block->state
                                                                  : QW_TAG_DUE_AT(block->ends_ms) };
    uint8_t data_key[DATA_KEY_LEN];
    uint8_t plain[HEADER_CAP];
    uint8_t sealed[SEALED_LEN_MAX];
    size_t material_len = (size_t)block->keys * QW_KEY_LEN;
    size_t len;
    qw_err err;

    qw_store_u64be(id, block->number);
    if (block->version > 0 && all_gone(block)) {
        qw_group_add(centre, group, QW_STORE_REMOVE, record, NULL, 0);
        return;
    }
    err = qw_random_bytes(data_key, sizeof data_key);
    if (err == QW_OK) {
        err = qw_aead_seal(QW_AEAD_AES256_GCM, data_key, (struct qw_bytes){ id, sizeof id },
                           block->material, material_len, sealed);
    }
    if (err != QW_OK) {
        qw_group_fail(group, err);
    } else {
        len = encode_header(block, data_key, plain);
        qw_store_u32be(sealed + material_len + QW_AEAD_OVERHEAD,
                       (uint32_t)(len + QW_RECORD_OVERHEAD));
        qw_group_add_with_tail(centre, group,
                               block->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, record,
                               plain, len, sealed, material_len + QW_AEAD_OVERHEAD + 4);
    }
    qw_wipe(data_key, sizeof data_key);
    qw_wipe(plain, sizeof plain);
}

void qw_block_remove(struct qw_centre *centre, struct qw_group *group)
{
    uint8_t id[BLOCK_ID_LEN];
    struct qw_store_op record = { .kind = QW_STORE_BLOCK,
                                  .id = id,
                                  .id_len = sizeof id,
                                  .expected_version = centre->block.version };

    qw_store_u64be(id, centre->block.number);
    qw_group_add(centre, group, QW_STORE_REMOVE, record, NULL, 0);
}

static void start_block(struct qw_centre *centre, struct qw_group *group,
                        const struct qw_key_source *source, uint16_t count)
{
    struct qw_block *block = &centre->block;

    qw_wipe(block, sizeof *block);
    block->number = group->books.next_block++;
    block->state = QW_KEY_STORED;
    block->keys = count;
    block->ingested_ms = qw_clock_utc_ms();
    block->is_quantum = source->is_quantum;
    block->is_simulated = source->is_simulated;
    memcpy(block->source, source->name, sizeof block->source);
    block->source[sizeof block->source - 1] = '\0';
    group->books.ingested += count;
}

void qw_block_start(struct qw_centre *centre, struct qw_group *group, uint16_t count)
{
    start_block(centre, group, centre->config.source, count);
}

/* One block of what was taken. Under the mutex. */
static qw_err store_block(struct qw_centre *centre, size_t number, const uint8_t *material,
                          uint16_t count)
{
    struct qw_deed deed = { .verb = "ingest", .object = "" };
    char object[32];
    char detail[QW_AUDIT_TEXT_CAP];
    struct qw_group group;

    qw_group_begin(centre, &group);
    start_block(centre, &group, qw_source_at(centre, number), count);
    memcpy(centre->block.material, material, (size_t)count * QW_KEY_LEN);
    group.books.stored += count;
    qw_stock_part_add(&group.books, &centre->block, count);
    qw_block_put(centre, &group);
    (void)snprintf(object, sizeof object, "block:%llu", (unsigned long long)centre->block.number);
    (void)snprintf(detail, sizeof detail, "%u keys from %s%s", (unsigned)count,
                   centre->block.source, centre->block.is_simulated ? " (simulated)" : "");
    deed.object = object;
    centre->source_state[number].err = QW_OK;
    return qw_group_commit(centre, &group, &deed, detail);
}

/* Keys to take now from this source: a block, or less from a slow one; 0 when there is enough in
 * stock for its rank. */
static uint16_t keys_wanted(struct qw_centre *centre, size_t number)
{
    const struct qw_key_source *source = qw_source_at(centre, number);
    size_t count = qw_sources_count(centre);
    uint32_t wanted = centre->config.block_keys;
    size_t available;
    uint64_t most;
    bool is_full;

    qw_centre_enter(centre); /* a reload changes what the stock may be */
    most = (uint64_t)centre->config.stock_keys * (count - number) / count;
    is_full = centre->books.stored + centre->books.leased >= most;
    qw_centre_leave(centre);
    if (is_full) {
        return 0;
    }
    available = source->available_bits(source->self) / (8 * QW_KEY_LEN);
    if (available < QW_BLOCK_KEYS_MIN && source->health != NULL) {
        return 0; /* it gives by itself, now and then */
    }
    return (uint16_t)(available >= QW_BLOCK_KEYS_MIN && available < wanted ? available : wanted);
}

/* In slices: a slow source is free for a fresh key between them. */
static qw_err take_material(struct qw_centre *centre, const struct qw_key_source *source,
                            uint8_t *material, size_t len)
{
    qw_err err = QW_OK;

    for (size_t at = 0; err == QW_OK && at < len; at += SLICE_LEN) {
        pthread_mutex_lock(&centre->source_mutex);
        while (atomic_load(&centre->fresh_waiting) > 0) {
            pthread_cond_wait(&centre->fresh_taken, &centre->source_mutex);
        }
        err =
            source->take(source->self, material + at, len - at < SLICE_LEN ? len - at : SLICE_LEN);
        pthread_mutex_unlock(&centre->source_mutex);
    }
    return err;
}

/* QW_OK, or what keeps all sources from giving: the store's error. failure: the source's own. */
static qw_err ingest_from(struct qw_centre *centre, size_t number, uint8_t *material,
                          qw_err *failure)
{
    const struct qw_key_source *source = qw_source_at(centre, number);
    qw_err err = QW_OK;
    uint16_t count;

    while (err == QW_OK && *failure == QW_OK && (count = keys_wanted(centre, number)) > 0) {
        *failure = take_material(centre, source, material, (size_t)count * QW_KEY_LEN);
        if (*failure != QW_OK && source->health != NULL) {
            *failure = QW_OK; /* its own account says what there is to say: qw_source_watch */
            break;
        }
        qw_centre_enter(centre);
        err = *failure == QW_OK ? store_block(centre, number, material, count)
                                : qw_source_note_failure(centre, number, *failure);
        qw_centre_leave(centre);
        err = err == *failure ? QW_OK : err;
    }
    return err;
}

qw_err qw_centre_ingest(struct qw_centre *centre)
{
    uint8_t *material = qw_secret_new((size_t)centre->config.block_keys * QW_KEY_LEN);
    qw_err err = material == NULL ? QW_ERR_NOMEM : qw_source_watch(centre);
    qw_err first = QW_OK;

    for (size_t i = 0; err == QW_OK && i < qw_sources_count(centre); i++) {
        qw_err failure = QW_OK;

        err = ingest_from(centre, i, material, &failure);
        first = first == QW_OK ? failure : first;
    }
    qw_secret_free(material);
    return err == QW_OK ? first : err;
}
