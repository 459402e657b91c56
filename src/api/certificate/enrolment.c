/* SPDX-License-Identifier: Apache-2.0 */
#include "api/certificate/enrolment.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

#include <string.h>

enum {
    REQUEST_MAGIC = 0x51574501, /* "QWE", version 1 */
    ANSWER_MAGIC = 0x51574601,  /* "QWF", version 1 */
    MAC_LEN = 32,
    ANSWER_MIN = 4 + 16 + QW_ENROLMENT_NONCE_LEN + 2 * 2 + MAC_LEN
};

/* Key of the request's MAC: neither the card's own key nor the one that is used up is enough. */
static qw_err mac_of_request(const uint8_t *data, size_t len, const uint8_t root[static 32],
                             uint8_t mac[static MAC_LEN])
{
    static const char label[] = "qwave enrolment";
    struct qw_bytes part = { data, len };
    uint8_t mixed[32];
    qw_err err = qw_card_root_expand(root, label, sizeof label - 1, mixed);

    if (err == QW_OK) {
        err = qw_hmac(QW_HASH_SHA256, mixed, sizeof mixed, &part, 1, mac);
    }
    qw_wipe(mixed, sizeof mixed);
    return err;
}

static qw_err compare(const uint8_t right[static MAC_LEN], const uint8_t *given)
{
    return qw_equal_ct(right, given, MAC_LEN) ? QW_OK : QW_ERR_AUTH;
}

qw_err qw_enrolment_seal(const struct qw_enrolment *enrolment, const uint8_t root[static 32],
                         uint8_t *out, size_t *len)
{
    struct qw_writer w = qw_writer_on(out, QW_ENROLMENT_MAX);
    size_t request_len = strlen(enrolment->request);
    uint8_t mac[MAC_LEN];
    qw_err err;

    qw_write_u32be(&w, REQUEST_MAGIC);
    qw_write_bytes(&w, enrolment->serial, sizeof enrolment->serial);
    qw_write_u32be(&w, enrolment->epoch);
    qw_write_bytes(&w, enrolment->key_id, sizeof enrolment->key_id);
    qw_write_bytes(&w, enrolment->nonce, sizeof enrolment->nonce);
    qw_write_u16be(&w, (uint16_t)request_len);
    qw_write_bytes(&w, enrolment->request, request_len);
    if (w.failed || request_len == 0) {
        return QW_ERR_ARG;
    }
    err = mac_of_request(out, w.len, root, mac);
    if (err == QW_OK) {
        qw_write_bytes(&w, mac, sizeof mac);
        qw_assert(!w.failed);
        *len = w.len;
    }
    qw_wipe(mac, sizeof mac);
    return err;
}

qw_err qw_enrolment_read(const uint8_t *data, size_t len, struct qw_enrolment *out)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_enrolment e = { .epoch = 0 };
    bool ok = qw_read_u32be(&r) == REQUEST_MAGIC;
    size_t request_len;

    qw_read_bytes(&r, e.serial, sizeof e.serial);
    e.epoch = qw_read_u32be(&r);
    qw_read_bytes(&r, e.key_id, sizeof e.key_id);
    qw_read_bytes(&r, e.nonce, sizeof e.nonce);
    request_len = qw_read_u16be(&r);
    if (!ok || request_len == 0 || request_len >= sizeof e.request) {
        return QW_ERR_FORMAT;
    }
    qw_read_bytes(&r, e.request, request_len);
    (void)qw_read_view(&r, MAC_LEN);
    if (!qw_reader_done(&r) || strlen(e.request) != request_len) {
        return QW_ERR_FORMAT;
    }
    *out = e;
    return QW_OK;
}

qw_err qw_enrolment_check(const uint8_t *data, size_t len, const uint8_t root[static 32])
{
    uint8_t mac[MAC_LEN];
    qw_err err;

    if (len < QW_ENROLMENT_HEAD_LEN + MAC_LEN) {
        return QW_ERR_FORMAT;
    }
    err = mac_of_request(data, len - MAC_LEN, root, mac);
    if (err == QW_OK) {
        err = compare(mac, data + len - MAC_LEN);
    }
    qw_wipe(mac, sizeof mac);
    return err;
}

static void write_text(struct qw_writer *w, const char *text)
{
    size_t len = strlen(text);

    qw_write_u16be(w, (uint16_t)len);
    qw_write_bytes(w, text, len);
}

qw_err qw_enrolment_answer_seal(const struct qw_enrolment_answer *answer,
                                const uint8_t report_key[static 32], uint8_t *out, size_t *len)
{
    struct qw_writer w = qw_writer_on(out, QW_ENROLMENT_ANSWER_MAX);
    struct qw_bytes part = { out, 0 };
    uint8_t mac[MAC_LEN];
    qw_err err;

    qw_write_u32be(&w, ANSWER_MAGIC);
    qw_write_bytes(&w, answer->serial, sizeof answer->serial);
    qw_write_bytes(&w, answer->nonce, sizeof answer->nonce);
    write_text(&w, answer->certificate);
    write_text(&w, answer->authority);
    qw_assert(!w.failed); /* two texts with a bound */
    part.len = w.len;
    err = qw_hmac(QW_HASH_SHA256, report_key, 32, &part, 1, mac);
    if (err == QW_OK) {
        qw_write_bytes(&w, mac, sizeof mac);
        *len = w.len;
    }
    return err;
}

static bool read_text(struct qw_reader *r, char out[static QW_CERTIFICATE_PEM_CAP])
{
    size_t len = qw_read_u16be(r);

    if (len == 0 || len >= QW_CERTIFICATE_PEM_CAP) {
        return false;
    }
    qw_read_bytes(r, out, len);
    out[len] = '\0';
    return !r->failed && strlen(out) == len;
}

qw_err qw_enrolment_answer_check(const uint8_t *data, size_t len,
                                 const uint8_t report_key[static 32])
{
    struct qw_bytes part = { data, len - MAC_LEN };
    uint8_t mac[MAC_LEN];
    qw_err err;

    if (len < ANSWER_MIN || qw_load_u32be(data) != ANSWER_MAGIC) {
        return QW_ERR_FORMAT;
    }
    err = qw_hmac(QW_HASH_SHA256, report_key, 32, &part, 1, mac);
    if (err == QW_OK) {
        err = compare(mac, data + len - MAC_LEN);
    }
    qw_wipe(mac, sizeof mac);
    return err;
}

qw_err qw_enrolment_answer_read(const uint8_t *data, size_t len, struct qw_enrolment_answer *out)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_enrolment_answer a = { .certificate = "" };
    bool ok = qw_read_u32be(&r) == ANSWER_MAGIC;

    qw_read_bytes(&r, a.serial, sizeof a.serial);
    qw_read_bytes(&r, a.nonce, sizeof a.nonce);
    ok = ok && read_text(&r, a.certificate) && read_text(&r, a.authority);
    (void)qw_read_view(&r, MAC_LEN);
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *out = a;
    return QW_OK;
}
