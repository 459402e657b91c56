/* SPDX-License-Identifier: Apache-2.0 */
#include "link/record.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/aead.h"

#include <string.h>

static const uint8_t magic[4] = { 'Q', 'W', 'N', 1 };
enum { HAS_KEY = 1, HAS_OTHER = 2, SEALED_LEN = QW_LINK_RECORD_LEN + QW_AEAD_OVERHEAD };

void qw_link_record_encode(const struct qw_link_record *record,
                           uint8_t out[static QW_LINK_RECORD_LEN])
{
    static const struct qw_link_key none;
    const struct qw_link_key *key = record->has_key ? &record->key : &none;
    const struct qw_link_key *other = record->has_other ? &record->other : &none;
    struct qw_writer w = qw_writer_on(out, QW_LINK_RECORD_LEN);

    qw_write_bytes(&w, magic, sizeof magic);
    qw_write_u8(&w, (uint8_t)record->state);
    qw_write_u64be(&w, record->turn);
    qw_write_u8(&w,
                (uint8_t)((record->has_key ? HAS_KEY : 0) | (record->has_other ? HAS_OTHER : 0)));
    qw_write_u64be(&w, (uint64_t)record->since_utc_ms);
    qw_write_bytes(&w, key->id, sizeof key->id);
    qw_write_bytes(&w, key->bytes, sizeof key->bytes);
    qw_write_bytes(&w, other->id, sizeof other->id);
    qw_write_bytes(&w, other->bytes, sizeof other->bytes);
    qw_assert(!w.failed && w.len == QW_LINK_RECORD_LEN);
}

/* Which keys there are follows from the state, but for the first rotation, which has no old one. */
static bool is_possible(const struct qw_link_record *r)
{
    switch (r->state) {
    case QW_LINK_DEGRADED:
        return !r->has_other;
    case QW_LINK_STEADY:
        return r->has_key && !r->has_other;
    case QW_LINK_PREPARE:
    case QW_LINK_PROBE:
    case QW_LINK_PROMOTE:
        return r->has_other;
    case QW_LINK_RETIRE:
        return r->has_key;
    default:
        return false;
    }
}

qw_err qw_link_record_decode(const uint8_t *data, size_t len, struct qw_link_record *record)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_link_record m = { .state = QW_LINK_DEGRADED };
    uint8_t head[sizeof magic];
    uint8_t flags;
    qw_err err = QW_ERR_FORMAT;

    qw_read_bytes(&r, head, sizeof head);
    m.state = (enum qw_link_state)qw_read_u8(&r);
    m.turn = qw_read_u64be(&r);
    flags = qw_read_u8(&r);
    m.since_utc_ms = (int64_t)qw_read_u64be(&r);
    qw_read_bytes(&r, m.key.id, sizeof m.key.id);
    qw_read_bytes(&r, m.key.bytes, sizeof m.key.bytes);
    qw_read_bytes(&r, m.other.id, sizeof m.other.id);
    qw_read_bytes(&r, m.other.bytes, sizeof m.other.bytes);
    m.has_key = (flags & HAS_KEY) != 0;
    m.has_other = (flags & HAS_OTHER) != 0;
    if (qw_reader_done(&r) && qw_equal_ct(head, magic, sizeof magic) &&
        (flags & ~(HAS_KEY | HAS_OTHER)) == 0 && m.since_utc_ms >= 0 && is_possible(&m)) {
        *record = m;
        err = QW_OK;
    }
    qw_wipe(&m, sizeof m);
    return err;
}

static struct qw_bytes aad_of(const char *name)
{
    return (struct qw_bytes){ name, strlen(name) };
}

qw_err qw_link_record_save(const char *path, const char *name,
                           const uint8_t vault_key[static QW_LINK_VAULT_KEY_LEN],
                           const struct qw_link_record *record)
{
    uint8_t plain[QW_LINK_RECORD_LEN];
    uint8_t sealed[SEALED_LEN];
    qw_err err;

    qw_link_record_encode(record, plain);
    err = qw_aead_seal(QW_AEAD_AES256_GCM, vault_key, aad_of(name), plain, sizeof plain, sealed);
    qw_wipe(plain, sizeof plain);
    return err == QW_OK ? qw_file_replace(path, sealed, sizeof sealed) : err;
}

qw_err qw_link_record_load(const char *path, const char *name,
                           const uint8_t vault_key[static QW_LINK_VAULT_KEY_LEN],
                           struct qw_link_record *record)
{
    uint8_t plain[QW_LINK_RECORD_LEN];
    uint8_t *sealed = NULL;
    size_t len = 0;
    qw_err err = qw_file_read_private(path, SEALED_LEN, &sealed, &len);

    if (err == QW_ERR_SPACE || (err == QW_OK && len != SEALED_LEN)) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        err = qw_aead_open(QW_AEAD_AES256_GCM, vault_key, aad_of(name), sealed, len, plain);
    }
    if (err == QW_OK) {
        err = qw_link_record_decode(plain, sizeof plain, record);
    }
    qw_wipe(plain, sizeof plain);
    qw_secret_free(sealed);
    return err;
}
