/* SPDX-License-Identifier: Apache-2.0 */
#include "link/proof.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

#include <string.h>

enum { CONTEXT_CAP = 1 + 255 + 8 + 16 };

qw_err qw_link_proof(enum qw_link_role role, const char *link, uint64_t turn,
                     const struct qw_link_key *key, const uint8_t nonce[static QW_LINK_NONCE_LEN],
                     uint8_t proof[static QW_LINK_PROOF_LEN])
{
    static const char salt[] = "qwave link proof";
    uint8_t context[CONTEXT_CAP];
    uint8_t derived[QW_LINK_KEY_LEN];
    struct qw_writer w = qw_writer_on(context, sizeof context);
    qw_err err;

    qw_write_string8(&w, link);
    qw_write_u64be(&w, turn);
    qw_write_bytes(&w, key->id, sizeof key->id);
    qw_assert(!w.failed);
    err = qw_hkdf(QW_HASH_SHA256, (struct qw_bytes){ salt, sizeof salt - 1 },
                  (struct qw_bytes){ key->bytes, sizeof key->bytes },
                  (struct qw_bytes){ context, w.len }, derived, sizeof derived);
    if (err == QW_OK) {
        const struct qw_bytes parts[] = { { role == QW_LINK_INITIATOR ? "I" : "R", 1 },
                                          { context, w.len },
                                          { nonce, QW_LINK_NONCE_LEN } };

        err = qw_hmac(QW_HASH_SHA256, derived, sizeof derived, parts, 3, proof);
    }
    qw_wipe(derived, sizeof derived);
    return err;
}
