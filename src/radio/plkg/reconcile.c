/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/reconcile.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "distill/verify.h"

#include <string.h>

void qw_plkg_check_of(const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *string, size_t n,
                      uint8_t check[static QW_PLKG_CHECK_LEN])
{
    uint8_t tag[QW_VERIFY_TAG_LEN];

    qw_verify_tag(key, string, n, tag);
    memcpy(check, tag, QW_PLKG_CHECK_LEN);
    qw_wipe(tag, sizeof tag); /* what was cut off is not in the account */
}

size_t qw_plkg_syndrome_encode_head(const struct qw_plkg_syndrome *syndrome,
                                    uint8_t out[static QW_PLKG_SYNDROME_HEAD_MAX])
{
    uint8_t model[QW_MODEL_LEN_MAX];
    size_t model_len = qw_model_encode(&syndrome->model, model);
    struct qw_writer w = qw_writer_on(out, QW_PLKG_SYNDROME_HEAD_MAX);

    qw_write_bytes(&w, model, model_len);
    qw_write_bytes(&w, syndrome->check_key, sizeof syndrome->check_key);
    qw_write_bytes(&w, syndrome->check, sizeof syndrome->check);
    qw_assert(!w.failed);
    return w.len;
}

qw_err qw_plkg_syndrome_decode(const uint8_t *body, size_t len, struct qw_plkg_syndrome *syndrome)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_plkg_syndrome m = { 0 };

    if (!qw_model_read(&r, &m.model)) {
        return QW_ERR_FORMAT;
    }
    qw_read_bytes(&r, m.check_key, sizeof m.check_key);
    qw_read_bytes(&r, m.check, sizeof m.check);
    m.said_len = qw_reader_left(&r);
    m.said = qw_read_view(&r, m.said_len);
    if (m.said_len == 0 || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *syndrome = m;
    return QW_OK;
}

uint8_t qw_plkg_decoded_encode(const struct qw_plkg_decoded *decoded)
{
    return (uint8_t)(decoded->wants_more ? 1 + decoded->level : 0);
}

qw_err qw_plkg_decoded_decode(const uint8_t *body, size_t len, struct qw_plkg_decoded *decoded)
{
    struct qw_reader r = qw_reader_on(body, len);
    uint8_t value = qw_read_u8(&r);

    if (!qw_reader_done(&r) || value > QW_MULTILEVEL_DEPTH_MAX) {
        return QW_ERR_FORMAT;
    }
    *decoded = (struct qw_plkg_decoded){ value > 0, (uint8_t)(value > 0 ? value - 1 : 0) };
    return QW_OK;
}
