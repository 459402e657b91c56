/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of the card file's body in docs/protocol/card-file.md; what a package may change in
 * docs/protocol/charging.md. */
#define _POSIX_C_SOURCE 200809L
#include "terminal/card_state.h"

#include "base/bytes.h"
#include "base/secret.h"

#include <stdbool.h>
#include <string.h>

enum { KEY_LEN = 32, ENTRY_LEN = 48 };
/* As in api/package.c: far above any use, far below overflow. */
static const uint64_t POSITION_MAX = (uint64_t)1 << 62;

static qw_err pool_add(struct qw_card_pool *pool, uint64_t position, const uint8_t *bytes,
                       size_t len)
{
    if (len == 0) {
        return QW_OK; /* the position of nothing means nothing */
    }
    if (position != pool->position + pool->len) {
        return QW_ERR_CONFLICT;
    }
    if (len > QW_CARD_POOL_MAX - pool->len) {
        return QW_ERR_SPACE;
    }
    memcpy(pool->bytes + pool->len, bytes, len);
    pool->len += (uint32_t)len;
    return QW_OK;
}

qw_err qw_card_pool_take(struct qw_card_pool *pool, uint64_t position, uint8_t *out, size_t len)
{
    size_t skip, left;

    if (position < pool->position) {
        return QW_ERR_ARG;
    }
    if (position - pool->position > pool->len || pool->len - (position - pool->position) < len) {
        return QW_ERR_EXHAUSTED;
    }
    skip = (size_t)(position - pool->position);
    left = pool->len - skip - len;
    memcpy(out, pool->bytes + skip, len);
    memmove(pool->bytes, pool->bytes + skip + len, left);
    qw_wipe(pool->bytes + left, pool->len - left);
    pool->position = position + len;
    pool->len = (uint32_t)left;
    return QW_OK;
}

static qw_err entry_of(const struct qw_package *package, uint16_t index,
                       const uint8_t id_key[static 32], struct qw_card_entry *entry)
{
    memcpy(entry->key, package->keys + (size_t)index * KEY_LEN, KEY_LEN);
    return qw_package_key_id(id_key, package->id, index, entry->id);
}

static qw_err add_keys(struct qw_card_state *state, const struct qw_package *package,
                       const uint8_t id_key[static 32])
{
    if (package->key_count > QW_CARD_KEYS_MAX - state->key_count) {
        return QW_ERR_SPACE;
    }
    for (uint16_t i = 0; i < package->key_count; i++) {
        qw_err err = entry_of(package, i, id_key, &state->entries[state->key_count]);

        if (err != QW_OK) {
            return err;
        }
        state->key_count++;
    }
    return QW_OK;
}

static void remember(struct qw_card_state *state, const struct qw_package *package)
{
    memcpy(state->token, package->token, sizeof state->token);
    memcpy(state->last_package, package->id, sizeof state->last_package);
    state->last_counter = state->counter;
    state->next_index += package->key_count;
}

qw_err qw_card_state_from_birth(const struct qw_package *birth, struct qw_card_state *state)
{
    struct qw_card_keys keys;
    qw_err err;

    if (birth->kind != QW_PACKAGE_BIRTH) {
        return QW_ERR_ARG;
    }
    memcpy(state->owner, birth->owner, sizeof state->owner);
    memcpy(state->serial, birth->serial, sizeof state->serial);
    state->epoch = birth->epoch;
    memcpy(state->card_key, birth->card_key, sizeof state->card_key);
    state->next_index = birth->first_index;
    state->up.position = birth->pool_up_position;
    state->down.position = birth->pool_down_position;
    err = qw_card_keys_derive(state->card_key, &keys);
    if (err == QW_OK) {
        err = add_keys(state, birth, keys.id);
    }
    qw_wipe(&keys, sizeof keys);
    if (err == QW_OK) {
        err = pool_add(&state->up, birth->pool_up_position, birth->pool_up, birth->pool_up_len);
    }
    if (err == QW_OK) {
        err = pool_add(&state->down, birth->pool_down_position, birth->pool_down,
                       birth->pool_down_len);
    }
    if (err == QW_OK) {
        remember(state, birth);
    }
    return err;
}

qw_err qw_card_state_add(struct qw_card_state *state, const struct qw_package *package,
                         const uint8_t id_key[static 32], int64_t now_ms,
                         struct qw_card_entry *fresh)
{
    qw_err err;

    if (!qw_equal_ct(package->serial, state->serial, sizeof state->serial) ||
        package->epoch != state->epoch ||
        strncmp(package->owner, state->owner, sizeof state->owner) != 0) {
        return QW_ERR_AUTH;
    }
    if (package->kind == QW_PACKAGE_BIRTH || package->first_index != state->next_index ||
        (package->not_after_ms != 0 && now_ms > package->not_after_ms)) {
        return QW_ERR_CONFLICT;
    }
    if (package->kind == QW_PACKAGE_FRESH && fresh != NULL) {
        err = entry_of(package, 0, id_key, fresh); /* shape of FRESH: exactly one key */
        state->used_keys++;
    } else {
        err = add_keys(state, package, id_key);
    }
    if (err == QW_OK) {
        err =
            pool_add(&state->up, package->pool_up_position, package->pool_up, package->pool_up_len);
    }
    if (err == QW_OK) {
        err = pool_add(&state->down, package->pool_down_position, package->pool_down,
                       package->pool_down_len);
    }
    if (err == QW_OK) {
        remember(state, package);
    }
    if (err == QW_OK && package->kind == QW_PACKAGE_FUSE) {
        memcpy(state->id_key, id_key, sizeof state->id_key); /* ids go on as they were */
        err =
            qw_card_key_fuse(state->card_key, package->card_key, state->epoch + 1, state->card_key);
        state->epoch++;
    }
    return err;
}

qw_err qw_card_state_take(struct qw_card_state *state, struct qw_card_entry *entry)
{
    if (state->key_count == 0) {
        return QW_ERR_EXHAUSTED;
    }
    *entry = state->entries[0];
    state->key_count--;
    memmove(&state->entries[0], &state->entries[1], state->key_count * sizeof *state->entries);
    qw_wipe(&state->entries[state->key_count], sizeof *state->entries);
    state->used_keys++;
    return QW_OK;
}

static void encode_pool(struct qw_writer *w, const struct qw_card_pool *pool)
{
    qw_write_u64be(w, pool->position);
    qw_write_u32be(w, pool->len);
    qw_write_bytes(w, pool->bytes, pool->len);
}

static bool decode_pool(struct qw_reader *r, struct qw_card_pool *pool)
{
    pool->position = qw_read_u64be(r);
    pool->len = qw_read_u32be(r);
    if (pool->position > POSITION_MAX || pool->len > QW_CARD_POOL_MAX) {
        return false;
    }
    qw_read_bytes(r, pool->bytes, pool->len);
    return !r->failed;
}

size_t qw_card_state_encode(const struct qw_card_state *state, uint8_t *out)
{
    struct qw_writer w = qw_writer_on(out, QW_CARD_STATE_ENCODED_MAX);

    qw_write_u64be(&w, state->generation);
    qw_write_string8(&w, state->owner);
    qw_write_bytes(&w, state->serial, sizeof state->serial);
    qw_write_u32be(&w, state->epoch);
    qw_write_bytes(&w, state->card_key, sizeof state->card_key);
    qw_write_bytes(&w, state->token, sizeof state->token);
    qw_write_u64be(&w, state->counter);
    qw_write_u64be(&w, state->used_keys);
    qw_write_u64be(&w, state->next_index);
    qw_write_bytes(&w, state->last_package, sizeof state->last_package);
    qw_write_u64be(&w, state->last_counter);
    if (state->epoch >= 2) {
        qw_write_bytes(&w, state->id_key, sizeof state->id_key);
    }
    encode_pool(&w, &state->up);
    encode_pool(&w, &state->down);
    qw_write_u32be(&w, state->key_count);
    for (uint32_t i = 0; i < state->key_count; i++) {
        qw_write_bytes(&w, state->entries[i].id, sizeof state->entries[i].id);
        qw_write_bytes(&w, state->entries[i].key, sizeof state->entries[i].key);
    }
    qw_assert(!w.failed); /* QW_CARD_STATE_ENCODED_MAX is the sum of the largest fields */
    return w.len;
}

qw_err qw_card_state_decode(const uint8_t *data, size_t len, struct qw_card_state *state)
{
    struct qw_reader r = qw_reader_on(data, len);

    state->generation = qw_read_u64be(&r);
    qw_read_string8(&r, state->owner, sizeof state->owner);
    qw_read_bytes(&r, state->serial, sizeof state->serial);
    state->epoch = qw_read_u32be(&r);
    qw_read_bytes(&r, state->card_key, sizeof state->card_key);
    qw_read_bytes(&r, state->token, sizeof state->token);
    state->counter = qw_read_u64be(&r);
    state->used_keys = qw_read_u64be(&r);
    state->next_index = qw_read_u64be(&r);
    qw_read_bytes(&r, state->last_package, sizeof state->last_package);
    state->last_counter = qw_read_u64be(&r);
    if (state->epoch >= 2) {
        qw_read_bytes(&r, state->id_key, sizeof state->id_key);
    }
    if (!decode_pool(&r, &state->up) || !decode_pool(&r, &state->down)) {
        return QW_ERR_FORMAT;
    }
    state->key_count = qw_read_u32be(&r);
    if (state->key_count > QW_CARD_KEYS_MAX || qw_reader_left(&r) != state->key_count * ENTRY_LEN) {
        return QW_ERR_FORMAT;
    }
    for (uint32_t i = 0; i < state->key_count; i++) {
        qw_read_bytes(&r, state->entries[i].id, sizeof state->entries[i].id);
        qw_read_bytes(&r, state->entries[i].key, sizeof state->entries[i].key);
    }
    return qw_reader_done(&r) && state->owner[0] != '\0' && state->epoch >= 1 ? QW_OK
                                                                              : QW_ERR_FORMAT;
}
