/* SPDX-License-Identifier: Apache-2.0 */
#include "api/etsi004/open_connect.h"

#include <stdbool.h>
#include <string.h>

static bool is_visible(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return true;
}

static bool carries_qos(enum qw_etsi004_status status)
{
    return status == QW_ETSI004_DONE || status == QW_ETSI004_QOS_NOT_MET;
}

/* Up to and with its NUL. */
static bool read_uri(struct qw_reader *r, char out[static QW_ETSI004_URI_CAP])
{
    const uint8_t *start = r->data + r->at;
    const uint8_t *end = r->failed ? NULL : memchr(start, '\0', qw_reader_left(r));
    size_t len = end == NULL ? 0 : (size_t)(end - start);

    if (len == 0 || len >= QW_ETSI004_URI_CAP) {
        r->failed = true;
        return false;
    }
    qw_read_bytes(r, out, len + 1);
    return is_visible(out, len);
}

static void write_uri(struct qw_writer *w, const char *uri)
{
    qw_write_bytes(w, uri, strlen(uri) + 1);
}

static bool uri_ok(const char *uri)
{
    const char *end = memchr(uri, '\0', QW_ETSI004_URI_CAP);

    return end != NULL && end != uri && is_visible(uri, (size_t)(end - uri));
}

/* The text, and nothing but zeros behind it. */
static bool mimetype_ok(const char text[static QW_ETSI004_MIMETYPE_LEN])
{
    const char *end = memchr(text, '\0', QW_ETSI004_MIMETYPE_LEN);

    if (end == NULL || !is_visible(text, (size_t)(end - text))) {
        return false;
    }
    while (end < text + QW_ETSI004_MIMETYPE_LEN) {
        if (*end++ != '\0') {
            return false;
        }
    }
    return true;
}

static bool read_qos(struct qw_reader *r, struct qw_etsi004_qos *qos)
{
    qos->chunk_len = qw_read_u32be(r);
    qos->max_bps = qw_read_u32be(r);
    qos->min_bps = qw_read_u32be(r);
    qos->jitter_bps = qw_read_u32be(r);
    qos->priority = qw_read_u32be(r);
    qos->timeout_ms = qw_read_u32be(r);
    qos->ttl_s = qw_read_u32be(r);
    qw_read_bytes(r, qos->mimetype, sizeof qos->mimetype);
    return mimetype_ok(qos->mimetype);
}

static void write_qos(struct qw_writer *w, const struct qw_etsi004_qos *qos)
{
    qw_write_u32be(w, qos->chunk_len);
    qw_write_u32be(w, qos->max_bps);
    qw_write_u32be(w, qos->min_bps);
    qw_write_u32be(w, qos->jitter_bps);
    qw_write_u32be(w, qos->priority);
    qw_write_u32be(w, qos->timeout_ms);
    qw_write_u32be(w, qos->ttl_s);
    qw_write_bytes(w, qos->mimetype, sizeof qos->mimetype);
}

static qw_err finish(const struct qw_writer *w, size_t *len)
{
    if (w->failed) {
        return QW_ERR_SPACE;
    }
    *len = w->len;
    return QW_OK;
}

qw_err qw_etsi004_open_encode(const struct qw_etsi004_open *open, uint8_t *out, size_t cap,
                              size_t *len)
{
    struct qw_writer w = qw_writer_on(out, cap);

    if (!uri_ok(open->source) || !uri_ok(open->dest) || !mimetype_ok(open->qos.mimetype)) {
        return QW_ERR_ARG;
    }
    write_uri(&w, open->source);
    write_uri(&w, open->dest);
    write_qos(&w, &open->qos);
    qw_write_bytes(&w, open->ksid, sizeof open->ksid);
    return finish(&w, len);
}

qw_err qw_etsi004_open_decode(const uint8_t *payload, size_t len, struct qw_etsi004_open *open)
{
    struct qw_reader r = qw_reader_on(payload, len);
    struct qw_etsi004_open m = { .source = "" };
    bool ok = len <= QW_ETSI004_REQUEST_MAX && read_uri(&r, m.source) && read_uri(&r, m.dest) &&
              read_qos(&r, &m.qos);

    qw_read_bytes(&r, m.ksid, sizeof m.ksid);
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *open = m;
    return QW_OK;
}

qw_err qw_etsi004_open_answer_encode(const struct qw_etsi004_open_answer *answer, uint8_t *out,
                                     size_t cap, size_t *len)
{
    struct qw_writer w = qw_writer_on(out, cap);

    if ((unsigned)answer->status >= QW_ETSI004_STATUS_COUNT || !mimetype_ok(answer->qos.mimetype)) {
        return QW_ERR_ARG;
    }
    qw_write_u32be(&w, (uint32_t)answer->status);
    if (carries_qos(answer->status)) {
        write_qos(&w, &answer->qos);
        qw_write_bytes(&w, answer->ksid, sizeof answer->ksid);
    }
    return finish(&w, len);
}

qw_err qw_etsi004_open_answer_decode(const uint8_t *payload, size_t len,
                                     struct qw_etsi004_open_answer *answer)
{
    struct qw_reader r = qw_reader_on(payload, len);
    struct qw_etsi004_open_answer m = { .status = QW_ETSI004_DONE };
    uint32_t status = qw_read_u32be(&r);
    bool ok = status < QW_ETSI004_STATUS_COUNT;

    m.status = (enum qw_etsi004_status)status;
    if (ok && carries_qos(m.status)) {
        ok = read_qos(&r, &m.qos);
        qw_read_bytes(&r, m.ksid, sizeof m.ksid);
    }
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *answer = m;
    return QW_OK;
}
