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
    qw_err err = derive_one(card_key, "qwave card wrap", k.wrap);

    if (err == QW_OK) {
        err = derive_one(card_key, "qwave card report", k.report);
    }
    if (err == QW_OK) {
        err = derive_one(card_key, "qwave card receipt", k.receipt);
    }
    if (err == QW_OK) {
        err = derive_one(card_key, "qwave card id", k.id);
    }
    if (err == QW_OK) {
        *keys = k;
    }
    qw_wipe(&k, sizeof k);
    return err;
}
