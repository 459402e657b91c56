/* SPDX-License-Identifier: Apache-2.0 */
#include "api/card_keys.h"

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
