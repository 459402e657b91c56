/* SPDX-License-Identifier: Apache-2.0 */
/* The key package; bytes, steps and security argument in docs/protocol/charging.md. */
#define _POSIX_C_SOURCE 200809L
#include "api/package.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

#include <stdbool.h>
#include <string.h>

enum {
    MAGIC = 0x51575001, /* "QWP", version 1 */
    /* magic, kind, id, serial, epoch, first index, two positions, not after, owner length, three
     * counts */
    HEAD_LEN_MIN = 4 + 1 + 16 + 16 + 4 + 4 * 8 + 1 + 3 * 2,
    HEAD_LEN_MAX = HEAD_LEN_MIN + QW_PACKAGE_OWNER_CAP - 1,
    KEY_LEN = 32
};
/* Far above any use, far below overflow of position + length. */
static const uint64_t POSITION_MAX = (uint64_t)1 << 62;

static bool kind_ok(unsigned kind)
{
    return kind >= QW_PACKAGE_BIRTH && kind <= QW_PACKAGE_FUSE;
}

/* 1..63 visible ASCII characters: the owner appears in logs. */
static bool owner_ok(const char *owner)
{
    size_t len = strnlen(owner, QW_PACKAGE_OWNER_CAP);

    for (size_t i = 0; i < len; i++) {
        if (owner[i] <= ' ' || owner[i] > '~') {
            return false;
        }
    }
    return len >= 1 && len < QW_PACKAGE_OWNER_CAP;
}

static bool shape_ok(const struct qw_package *p)
{
    return kind_ok(p->kind) && p->epoch >= 1 && p->first_index <= POSITION_MAX &&
           p->pool_up_position <= POSITION_MAX && p->pool_down_position <= POSITION_MAX &&
           p->not_after_ms >= 0 && owner_ok(p->owner) && p->key_count <= QW_PACKAGE_KEYS_MAX &&
           p->pool_up_len <= QW_PACKAGE_POOL_MAX && p->pool_down_len <= QW_PACKAGE_POOL_MAX &&
           (p->kind != QW_PACKAGE_FRESH || p->key_count == 1);
}

static bool has_card_key(enum qw_package_kind kind)
{
    return kind == QW_PACKAGE_BIRTH || kind == QW_PACKAGE_FUSE;
}

static size_t plain_len(enum qw_package_kind kind, size_t key_count, size_t pool_up_len,
                        size_t pool_down_len)
{
    return key_count * KEY_LEN + pool_up_len + pool_down_len + QW_CARD_TOKEN_LEN +
           (has_card_key(kind) ? QW_CARD_KEY_LEN : 0);
}

size_t qw_package_sealed_len(enum qw_package_kind kind, const char *owner, size_t key_count,
                             size_t pool_up_len, size_t pool_down_len)
{
    return HEAD_LEN_MIN + strnlen(owner, QW_PACKAGE_OWNER_CAP) + QW_AEAD_OVERHEAD +
           plain_len(kind, key_count, pool_up_len, pool_down_len);
}

size_t qw_package_keys_that_fit(size_t cap, const char *owner, size_t pool_up_len,
                                size_t pool_down_len)
{
    size_t fixed = qw_package_sealed_len(QW_PACKAGE_REFILL, owner, 0, pool_up_len, pool_down_len);
    size_t keys = cap < fixed ? 0 : (cap - fixed) / KEY_LEN;

    return keys > QW_PACKAGE_KEYS_MAX ? QW_PACKAGE_KEYS_MAX : keys;
}

static size_t encode_head(const struct qw_package *p, uint8_t out[static HEAD_LEN_MAX])
{
    struct qw_writer w = qw_writer_on(out, HEAD_LEN_MAX);

    qw_write_u32be(&w, MAGIC);
    qw_write_u8(&w, (uint8_t)p->kind);
    qw_write_bytes(&w, p->id, sizeof p->id);
    qw_write_bytes(&w, p->serial, sizeof p->serial);
    qw_write_u32be(&w, p->epoch);
    qw_write_u64be(&w, p->first_index);
    qw_write_u64be(&w, p->pool_up_position);
    qw_write_u64be(&w, p->pool_down_position);
    qw_write_u64be(&w, (uint64_t)p->not_after_ms);
    qw_write_string8(&w, p->owner);
    qw_write_u16be(&w, p->key_count);
    qw_write_u16be(&w, p->pool_up_len);
    qw_write_u16be(&w, p->pool_down_len);
    qw_assert(!w.failed);
    return w.len;
}

/* Fills the clear fields and says where the sealed part starts. */
static qw_err decode_head(const uint8_t *data, size_t len, struct qw_package *package,
                          size_t *head_len)
{
    struct qw_package p = { 0 };
    struct qw_reader r = qw_reader_on(data, len);
    bool ok = qw_read_u32be(&r) == MAGIC;
    uint8_t kind = qw_read_u8(&r);
    uint64_t not_after_ms;

    qw_read_bytes(&r, p.id, sizeof p.id);
    qw_read_bytes(&r, p.serial, sizeof p.serial);
    p.epoch = qw_read_u32be(&r);
    p.first_index = qw_read_u64be(&r);
    p.pool_up_position = qw_read_u64be(&r);
    p.pool_down_position = qw_read_u64be(&r);
    not_after_ms = qw_read_u64be(&r);
    qw_read_string8(&r, p.owner, sizeof p.owner);
    p.key_count = qw_read_u16be(&r);
    p.pool_up_len = qw_read_u16be(&r);
    p.pool_down_len = qw_read_u16be(&r);
    if (!ok || r.failed || !kind_ok(kind) || not_after_ms > INT64_MAX) {
        return QW_ERR_FORMAT;
    }
    p.kind = (enum qw_package_kind)kind;
    p.not_after_ms = (int64_t)not_after_ms;
    if (!shape_ok(&p) || len != qw_package_sealed_len(p.kind, p.owner, p.key_count, p.pool_up_len,
                                                      p.pool_down_len)) {
        return QW_ERR_FORMAT;
    }
    *head_len = r.at;
    *package = p;
    return QW_OK;
}

qw_err qw_package_seal(const struct qw_package *package, const uint8_t wrap_key[static 32],
                       uint8_t *out, size_t cap, size_t *len)
{
    uint8_t head[HEAD_LEN_MAX];
    size_t head_len, body_len, total;
    struct qw_writer w;
    uint8_t *plain;
    qw_err err;

    if (!shape_ok(package)) {
        return QW_ERR_ARG;
    }
    body_len =
        plain_len(package->kind, package->key_count, package->pool_up_len, package->pool_down_len);
    head_len = encode_head(package, head);
    total = head_len + body_len + QW_AEAD_OVERHEAD;
    if (total > cap) {
        return QW_ERR_SPACE;
    }
    plain = qw_secret_new(body_len);
    if (plain == NULL) {
        return QW_ERR_NOMEM;
    }
    w = qw_writer_on(plain, body_len);
    qw_write_bytes(&w, package->keys, (size_t)package->key_count * KEY_LEN);
    qw_write_bytes(&w, package->pool_up, package->pool_up_len);
    qw_write_bytes(&w, package->pool_down, package->pool_down_len);
    qw_write_bytes(&w, package->token, sizeof package->token);
    if (has_card_key(package->kind)) {
        qw_write_bytes(&w, package->card_key, sizeof package->card_key);
    }
    qw_assert(!w.failed && w.len == body_len);
    err = qw_aead_seal(QW_AEAD_AES256_GCM, wrap_key, (struct qw_bytes){ head, head_len }, plain,
                       body_len, out + head_len);
    qw_secret_free(plain);
    if (err == QW_OK) {
        memcpy(out, head, head_len);
        *len = total;
    }
    return err;
}

qw_err qw_package_peek(const uint8_t *sealed, size_t len, enum qw_package_kind *kind,
                       uint8_t serial[static 16], uint32_t *epoch)
{
    struct qw_package p;
    size_t head_len;
    qw_err err = decode_head(sealed, len, &p, &head_len);

    if (err == QW_OK) {
        *kind = p.kind;
        memcpy(serial, p.serial, sizeof p.serial);
        *epoch = p.epoch;
    }
    return err;
}

qw_err qw_package_open(const uint8_t *sealed, size_t len, const uint8_t wrap_key[static 32],
                       struct qw_package *package)
{
    struct qw_package p;
    size_t head_len, body_len;
    uint8_t *block;
    struct qw_reader r;
    qw_err err = decode_head(sealed, len, &p, &head_len);

    if (err != QW_OK) {
        return err;
    }
    body_len = len - head_len - QW_AEAD_OVERHEAD;
    block = qw_secret_new(body_len);
    if (block == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_aead_open(QW_AEAD_AES256_GCM, wrap_key, (struct qw_bytes){ sealed, head_len },
                       sealed + head_len, len - head_len, block);
    if (err != QW_OK) {
        qw_secret_free(block);
        return err;
    }
    p.keys = block; /* also the handle that qw_package_wipe releases */
    p.pool_up = p.keys + (size_t)p.key_count * KEY_LEN;
    p.pool_down = p.pool_up + p.pool_up_len;
    r = qw_reader_on(p.pool_down + p.pool_down_len,
                     body_len - (size_t)p.key_count * KEY_LEN - p.pool_up_len - p.pool_down_len);
    qw_read_bytes(&r, p.token, sizeof p.token);
    if (has_card_key(p.kind)) {
        qw_read_bytes(&r, p.card_key, sizeof p.card_key);
    }
    qw_assert(qw_reader_done(&r)); /* decode_head has compared the length */
    *package = p;
    qw_wipe(&p, sizeof p);
    return QW_OK;
}

void qw_package_wipe(struct qw_package *package)
{
    qw_secret_free(package->keys);
    qw_wipe(package, sizeof *package);
}

qw_err qw_package_key_id(const uint8_t id_key[static 32], const uint8_t package_id[static 16],
                         uint16_t index, uint8_t key_id[static 16])
{
    uint8_t number[2] = { (uint8_t)(index >> 8), (uint8_t)index };
    uint8_t mac[QW_HASH_LEN_MAX];
    struct qw_bytes parts[] = {
        { "qwave key id", 12 },
        { package_id, 16 },
        { number, sizeof number },
    };
    qw_err err = qw_hmac(QW_HASH_SHA256, id_key, 32, parts, 3, mac);

    if (err == QW_OK) {
        mac[6] = (uint8_t)((mac[6] & 0x0f) | 0x80); /* version 8 [RFC 9562 5.8] */
        mac[8] = (uint8_t)((mac[8] & 0x3f) | 0x80); /* variant [RFC 9562 4.1] */
        memcpy(key_id, mac, 16);
    }
    qw_wipe(mac, sizeof mac);
    return err;
}
