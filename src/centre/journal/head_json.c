/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/journal/head_json.h"

qw_err qw_signed_head_write(struct qw_json_writer *w, const struct qw_signed_head *head,
                            const struct qw_public_key *key)
{
    char pem[QW_SIGNATURE_PEM_CAP];
    qw_err err = qw_public_key_write(key, pem);

    if (err != QW_OK) {
        return err;
    }
    qw_json_object_begin(w);
    qw_json_name(w, "centre_id");
    qw_json_text(w, head->centre);
    qw_json_name(w, "seq");
    qw_json_uint(w, head->seq);
    qw_json_name(w, "hash");
    qw_json_hex(w, head->hash, sizeof head->hash);
    qw_json_name(w, "algorithm");
    qw_json_text(w, qw_signature_name(head->algorithm));
    qw_json_name(w, "signature");
    qw_json_base64(w, head->signature, sizeof head->signature);
    qw_json_name(w, "public_key");
    qw_json_text(w, pem);
    qw_json_object_end(w);
    return QW_OK;
}
