/* SPDX-License-Identifier: Apache-2.0 */
#include "api/etsi004/get_key.h"

#include "base/secret.h"

#include <stdbool.h>
#include <string.h>

static qw_err finish(const struct qw_writer *w, size_t *len)
{
    if (w->failed) {
        return QW_ERR_SPACE;
    }
    *len = w->len;
    return QW_OK;
}

qw_err qw_etsi004_get_encode(const struct qw_etsi004_get *get, uint8_t *out, size_t cap,
                             size_t *len)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_bytes(&w, get->ksid, sizeof get->ksid);
    qw_write_u32be(&w, get->index);
    qw_write_u32be(&w, get->metadata_cap);
    return finish(&w, len);
}

qw_err qw_etsi004_get_decode(const uint8_t *payload, size_t len, struct qw_etsi004_get *get)
{
    struct qw_reader r = qw_reader_on(payload, len);
    struct qw_etsi004_get m;

    qw_read_bytes(&r, m.ksid, sizeof m.ksid);
    m.index = qw_read_u32be(&r);
    m.metadata_cap = qw_read_u32be(&r);
    if (!qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *get = m;
    return QW_OK;
}

static bool lengths_ok(const struct qw_etsi004_get_answer *m)
{
    return m->chunk_len >= 1 && m->chunk_len <= QW_ETSI004_CHUNK_MAX &&
           m->metadata_len <= QW_ETSI004_METADATA_MAX;
}

qw_err qw_etsi004_get_answer_encode(const struct qw_etsi004_get_answer *answer, uint8_t *out,
                                    size_t cap, size_t *len)
{
    struct qw_writer w = qw_writer_on(out, cap);

    if ((unsigned)answer->status >= QW_ETSI004_STATUS_COUNT ||
        (answer->status == QW_ETSI004_DONE && !lengths_ok(answer))) {
        return QW_ERR_ARG;
    }
    qw_write_u32be(&w, (uint32_t)answer->status);
    if (answer->status == QW_ETSI004_DONE) {
        qw_write_u32be(&w, answer->index);
        qw_write_u32be(&w, answer->chunk_len);
        qw_write_bytes(&w, answer->chunk, answer->chunk_len);
        qw_write_u32be(&w, answer->metadata_len);
        qw_write_bytes(&w, answer->metadata, answer->metadata_len);
    } else if (answer->status == QW_ETSI004_METADATA_TOO_SMALL) {
        qw_write_u32be(&w, answer->metadata_len);
    }
    return finish(&w, len);
}

/* The lengths are checked before anything of that length is read. */
static bool read_chunk(struct qw_reader *r, struct qw_etsi004_get_answer *m)
{
    m->index = qw_read_u32be(r);
    m->chunk_len = qw_read_u32be(r);
    if (m->chunk_len < 1 || m->chunk_len > sizeof m->chunk) {
        return false;
    }
    qw_read_bytes(r, m->chunk, m->chunk_len);
    m->metadata_len = qw_read_u32be(r);
    if (m->metadata_len > sizeof m->metadata) {
        return false;
    }
    qw_read_bytes(r, m->metadata, m->metadata_len);
    return true;
}

qw_err qw_etsi004_get_answer_decode(const uint8_t *payload, size_t len,
                                    struct qw_etsi004_get_answer *answer)
{
    struct qw_reader r = qw_reader_on(payload, len);
    struct qw_etsi004_get_answer m = { .status = QW_ETSI004_DONE };
    uint32_t status = qw_read_u32be(&r);
    bool ok = status < QW_ETSI004_STATUS_COUNT;

    m.status = (enum qw_etsi004_status)status;
    if (ok && m.status == QW_ETSI004_DONE) {
        ok = read_chunk(&r, &m);
    } else if (ok && m.status == QW_ETSI004_METADATA_TOO_SMALL) {
        m.metadata_len = qw_read_u32be(&r);
    }
    ok = ok && qw_reader_done(&r);
    if (ok) {
        *answer = m;
    }
    qw_wipe(&m, sizeof m);
    return ok ? QW_OK : QW_ERR_FORMAT;
}

qw_err qw_etsi004_close_encode(const uint8_t ksid[static QW_ETSI004_KSID_LEN], uint8_t *out,
                               size_t cap, size_t *len)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_bytes(&w, ksid, QW_ETSI004_KSID_LEN);
    return finish(&w, len);
}

qw_err qw_etsi004_close_decode(const uint8_t *payload, size_t len,
                               uint8_t ksid[static QW_ETSI004_KSID_LEN])
{
    if (len != QW_ETSI004_KSID_LEN) {
        return QW_ERR_FORMAT;
    }
    memcpy(ksid, payload, len);
    return QW_OK;
}

qw_err qw_etsi004_close_answer_encode(enum qw_etsi004_status status, uint8_t *out, size_t cap,
                                      size_t *len)
{
    struct qw_writer w = qw_writer_on(out, cap);

    if ((unsigned)status >= QW_ETSI004_STATUS_COUNT) {
        return QW_ERR_ARG;
    }
    qw_write_u32be(&w, (uint32_t)status);
    return finish(&w, len);
}

qw_err qw_etsi004_close_answer_decode(const uint8_t *payload, size_t len,
                                      enum qw_etsi004_status *status)
{
    struct qw_reader r = qw_reader_on(payload, len);
    uint32_t value = qw_read_u32be(&r);

    if (value >= QW_ETSI004_STATUS_COUNT || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *status = (enum qw_etsi004_status)value;
    return QW_OK;
}
