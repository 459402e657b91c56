/* SPDX-License-Identifier: Apache-2.0 */
#include "api/card_keys.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

#include <stddef.h>
#include <string.h>

static qw_err derive_one(const uint8_t *card_key, const char *label, uint8_t out[static 32])
{
    struct qw_bytes no_salt = { NULL, 0 };
    struct qw_bytes key = { card_key, QW_CARD_KEY_LEN };
    struct qw_bytes info = { label, strlen(label) };

    return qw_hkdf(QW_HASH_SHA256, no_salt, key, info, out, 32); /* [RFC 5869] */
}

qw_err qw_card_keys_derive(const uint8_t card_key[static QW_CARD_KEY_LEN],
                           struct qw_card_keys *keys)
{
    struct qw_card_keys k;
    const struct {
        const char *label;
        uint8_t *key;
    } rows[] = {
        { "qwave card wrap", k.wrap },       { "qwave card report", k.report },
        { "qwave card receipt", k.receipt }, { "qwave card id", k.id },
        { "qwave card order", k.order },     { "qwave card proof", k.proof },
    };
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < sizeof rows / sizeof rows[0]; i++) {
        err = derive_one(card_key, rows[i].label, rows[i].key);
    }
    if (err == QW_OK) {
        *keys = k;
    }
    qw_wipe(&k, sizeof k);
    return err;
}

qw_err qw_card_root(const uint8_t report_key[static 32], const uint8_t key[static 32],
                    uint8_t root[static QW_CARD_ROOT_LEN])
{
    const struct qw_bytes part = { key, 32 };

    return qw_hmac(QW_HASH_SHA256, report_key, 32, &part, 1, root);
}

qw_err qw_card_root_expand(const uint8_t root[static QW_CARD_ROOT_LEN], const void *info,
                           size_t info_len, uint8_t out[static 32])
{
    static const uint8_t first_block = 1;
    const struct qw_bytes parts[] = { { info, info_len }, { &first_block, 1 } };

    return qw_hmac(QW_HASH_SHA256, root, QW_CARD_ROOT_LEN, parts, 2, out);
}

qw_err qw_card_key_fuse(const uint8_t card_key[static QW_CARD_KEY_LEN],
                        const uint8_t quantum[static QW_CARD_KEY_LEN], uint32_t next_epoch,
                        uint8_t out[static QW_CARD_KEY_LEN])
{
    static const char label[17] = "qwave card fusion";
    struct qw_bytes no_salt = { NULL, 0 };
    uint8_t both[2 * QW_CARD_KEY_LEN];
    uint8_t info[sizeof label + 4];
    struct qw_writer w = qw_writer_on(info, sizeof info);
    qw_err err;

    qw_write_bytes(&w, label, sizeof label);
    qw_write_u32be(&w, next_epoch);
    memcpy(both, card_key, QW_CARD_KEY_LEN);
    memcpy(both + QW_CARD_KEY_LEN, quantum, QW_CARD_KEY_LEN);
    err = qw_hkdf(QW_HASH_SHA256, no_salt, (struct qw_bytes){ both, sizeof both },
                  (struct qw_bytes){ info, sizeof info }, out, QW_CARD_KEY_LEN); /* [RFC 5869] */
    qw_wipe(both, sizeof both);
    return err;
}
