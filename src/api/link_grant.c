/* SPDX-License-Identifier: Apache-2.0 */
/* R3 of docs/protocol/refill.md; bytes in docs/protocol/charging.md. */
#include "api/link_grant.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"

#include <string.h>

enum {
    MAGIC = 0x51574701, /* "QWG", version 1 */
    HEAD_LEN = 4 + 16,
    PLAIN_LEN = 2 * 8 + 2 * QW_LINK_GRANT_AUTH_LEN,
    LABEL_LEN = 11,
    AAD_LEN = LABEL_LEN + 16
};
_Static_assert(QW_LINK_GRANT_LEN == HEAD_LEN + PLAIN_LEN + QW_AEAD_OVERHEAD, "layout");

static void make_aad(const uint8_t session_id[static 16], uint8_t aad[static AAD_LEN])
{
    memcpy(aad, "qwave grant", LABEL_LEN);
    memcpy(aad + LABEL_LEN, session_id, 16);
}

qw_err qw_link_grant_seal(const struct qw_link_grant *grant, const uint8_t wrap_key[static 32],
                          uint8_t out[static QW_LINK_GRANT_LEN])
{
    uint8_t plain[PLAIN_LEN], sealed[PLAIN_LEN + QW_AEAD_OVERHEAD], aad[AAD_LEN];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);
    qw_err err;

    qw_write_u64be(&w, grant->up_position);
    qw_write_u64be(&w, grant->down_position);
    qw_write_bytes(&w, grant->up, sizeof grant->up);
    qw_write_bytes(&w, grant->down, sizeof grant->down);
    qw_assert(!w.failed && w.len == sizeof plain);
    make_aad(grant->session_id, aad);
    err = qw_aead_seal(QW_AEAD_AES256_GCM, wrap_key, (struct qw_bytes){ aad, sizeof aad }, plain,
                       sizeof plain, sealed);
    qw_wipe(plain, sizeof plain);
    if (err == QW_OK) {
        qw_store_u32be(out, MAGIC);
        memcpy(out + 4, grant->session_id, 16);
        memcpy(out + HEAD_LEN, sealed, sizeof sealed);
    }
    return err;
}

qw_err qw_link_grant_open(const uint8_t *data, size_t len, const uint8_t wrap_key[static 32],
                          struct qw_link_grant *grant)
{
    uint8_t plain[PLAIN_LEN], aad[AAD_LEN];
    struct qw_reader r;
    qw_err err;

    if (len != QW_LINK_GRANT_LEN || qw_load_u32be(data) != MAGIC) {
        return QW_ERR_FORMAT;
    }
    make_aad(data + 4, aad);
    err = qw_aead_open(QW_AEAD_AES256_GCM, wrap_key, (struct qw_bytes){ aad, sizeof aad },
                       data + HEAD_LEN, len - HEAD_LEN, plain);
    if (err == QW_OK) {
        memcpy(grant->session_id, data + 4, 16);
        r = qw_reader_on(plain, sizeof plain);
        grant->up_position = qw_read_u64be(&r);
        grant->down_position = qw_read_u64be(&r);
        qw_read_bytes(&r, grant->up, sizeof grant->up);
        qw_read_bytes(&r, grant->down, sizeof grant->down);
    }
    qw_wipe(plain, sizeof plain);
    return err;
}
