/* SPDX-License-Identifier: Apache-2.0 */
#include "api/mac_message.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

#include <string.h>

static qw_err mac_of(const uint8_t key[static 32], const uint8_t *body, size_t len,
                     uint8_t mac[static QW_MAC_MESSAGE_TAG_LEN])
{
    struct qw_bytes part = { body, len };

    return qw_hmac(QW_HASH_SHA256, key, 32, &part, 1, mac);
}

qw_err qw_mac_message_seal(const uint8_t key[static 32], const uint8_t *body, size_t len,
                           uint8_t *out)
{
    uint8_t mac[QW_MAC_MESSAGE_TAG_LEN];
    qw_err err = mac_of(key, body, len, mac);

    if (err == QW_OK) {
        memcpy(out, body, len);
        memcpy(out + len, mac, sizeof mac);
    }
    qw_wipe(mac, sizeof mac);
    return err;
}

qw_err qw_mac_message_check(const uint8_t *data, size_t len, size_t total, uint32_t magic,
                            const uint8_t key[static 32])
{
    uint8_t mac[QW_MAC_MESSAGE_TAG_LEN];
    size_t body_len = total - sizeof mac;
    qw_err err;

    if (len != total || qw_load_u32be(data) != magic) {
        return QW_ERR_FORMAT;
    }
    err = mac_of(key, data, body_len, mac);
    if (err == QW_OK && !qw_equal_ct(mac, data + body_len, sizeof mac)) {
        err = QW_ERR_AUTH;
    }
    qw_wipe(mac, sizeof mac); /* the right MAC of a forged message is a secret */
    return err;
}
