/* SPDX-License-Identifier: Apache-2.0 */
#include "api/certificate/status.h"

#include "base/clock.h"

#include <openssl/ocsp.h>
#include <stdlib.h>
#include <string.h>

struct asked { /* one certificate of a request; borrowed from it */
    OCSP_CERTID *id;
    uint8_t serial[QW_CERTIFICATE_SERIAL_LEN];
    bool is_ours; /* the serial number has the form of ours */
};

static bool id_names(OCSP_CERTID *id, const struct qw_certificate_authority *authority)
{
    ASN1_OBJECT *algorithm = NULL;
    const EVP_MD *hash;
    OCSP_CERTID *own;
    bool names;

    if (OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, id) != 1) {
        return false;
    }
    hash = EVP_get_digestbyobj(algorithm);
    if (hash == NULL || (EVP_MD_is_a(hash, "SHA1") != 1 && EVP_MD_is_a(hash, "SHA256") != 1)) {
        return false;
    }
    own = OCSP_cert_id_new(hash, X509_get_subject_name(authority->certificate),
                           X509_get0_pubkey_bitstr(authority->certificate), NULL);
    names = own != NULL && OCSP_id_issuer_cmp(own, id) == 0;
    OCSP_CERTID_free(own);
    return names;
}

static OCSP_CERTID *id_at(OCSP_REQUEST *request, int index)
{
    return OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, index));
}

static bool names_all(OCSP_REQUEST *request, const struct qw_certificate_authority *authority)
{
    for (int i = 0; i < OCSP_request_onereq_count(request); i++) {
        if (!id_names(id_at(request, i), authority)) {
            return false;
        }
    }
    return true;
}

/* One signature is for the certificates of one authority. */
static const struct qw_certificate_authority *authority_of(const struct qw_status_register *reg,
                                                           OCSP_REQUEST *request)
{
    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT; i++) {
        if (reg->authorities[i] != NULL && names_all(request, reg->authorities[i])) {
            return reg->authorities[i];
        }
    }
    return NULL;
}

/* Negative and longer ones are none of ours. */
static bool serial_of(OCSP_CERTID *id, uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN])
{
    ASN1_INTEGER *number = NULL;
    int len;

    if (OCSP_id_get0_info(NULL, NULL, NULL, &number, id) != 1) {
        return false;
    }
    len = ASN1_STRING_length(number);
    if (ASN1_STRING_type(number) != V_ASN1_INTEGER || len < 0 || len > QW_CERTIFICATE_SERIAL_LEN) {
        return false;
    }
    memset(serial, 0, QW_CERTIFICATE_SERIAL_LEN);
    memcpy(serial + QW_CERTIFICATE_SERIAL_LEN - len, ASN1_STRING_get0_data(number), (size_t)len);
    return true;
}

struct times {
    ASN1_TIME *now, *next;
};

static bool add_one(OCSP_BASICRESP *basic, const struct asked *asked,
                    const struct qw_status_register *reg,
                    const struct qw_certificate_authority *authority, const struct times *times)
{
    struct qw_certificate_status status = { .is_revoked = false };
    int kind = V_OCSP_CERTSTATUS_UNKNOWN;
    int reason = OCSP_REVOKED_STATUS_NOSTATUS;
    ASN1_TIME *since = NULL;
    qw_err err = QW_ERR_NOT_FOUND;
    bool ok;

    if (asked->is_ours) {
        err = reg->look_up(reg->self, authority->profile, asked->serial, &status);
    }
    if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
        return false;
    }
    if (err == QW_OK) {
        kind = status.is_revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD;
    }
    if (status.is_revoked) {
        reason = status.reason == 0 ? OCSP_REVOKED_STATUS_NOSTATUS : (int)status.reason;
        since = ASN1_TIME_set(NULL, (time_t)(status.revoked_ms / 1000));
    }
    ok = (!status.is_revoked || since != NULL) &&
         OCSP_basic_add1_status(basic, asked->id, kind, reason, since, times->now, times->next) !=
             NULL;
    ASN1_TIME_free(since);
    return ok;
}

static bool sign(OCSP_BASICRESP *basic, const struct qw_certificate_authority *authority)
{
    EVP_MD_CTX *signing = qw_certificate_signing_new(authority->profile, authority->key);
    bool ok = signing != NULL &&
              OCSP_basic_sign_ctx(basic, authority->certificate, signing, NULL, 0) == 1;

    qw_certificate_signing_free(signing);
    return ok;
}

/* NULL: it could not be made. */
static OCSP_BASICRESP *make(const struct qw_status_register *reg, OCSP_REQUEST *request,
                            const struct qw_certificate_authority *authority)
{
    time_t now = (time_t)(qw_clock_utc_ms() / 1000);
    struct times times = { .now = ASN1_TIME_set(NULL, now),
                           .next = ASN1_TIME_set(NULL, now + QW_STATUS_LIFE_S) };
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    bool ok = basic != NULL && times.now != NULL && times.next != NULL;

    for (int i = 0; ok && i < OCSP_request_onereq_count(request); i++) {
        struct asked asked = { .id = id_at(request, i) };

        asked.is_ours = serial_of(asked.id, asked.serial);
        ok = add_one(basic, &asked, reg, authority, &times);
    }
    ok = ok && OCSP_copy_nonce(basic, request) != 0 && sign(basic, authority);
    ASN1_TIME_free(times.now);
    ASN1_TIME_free(times.next);
    if (!ok) {
        OCSP_BASICRESP_free(basic);
        return NULL;
    }
    return basic;
}

/* Takes request, which may be NULL. */
static OCSP_RESPONSE *respond(const struct qw_status_register *reg, OCSP_REQUEST *request)
{
    const struct qw_certificate_authority *authority = NULL;
    OCSP_BASICRESP *basic = NULL;
    OCSP_RESPONSE *response;
    int count = request == NULL ? 0 : OCSP_request_onereq_count(request);
    int result = OCSP_RESPONSE_STATUS_MALFORMEDREQUEST;

    if (count >= 1 && count <= QW_STATUS_CERTIFICATES_MAX) {
        authority = authority_of(reg, request);
        result = OCSP_RESPONSE_STATUS_UNAUTHORIZED; /* nobody here may say anything about it */
    }
    if (authority != NULL) {
        basic = make(reg, request, authority);
        result = basic == NULL ? OCSP_RESPONSE_STATUS_TRYLATER : OCSP_RESPONSE_STATUS_SUCCESSFUL;
    }
    response = OCSP_response_create(result, basic);
    OCSP_BASICRESP_free(basic);
    OCSP_REQUEST_free(request);
    return response;
}

qw_err qw_certificate_status_answer(const struct qw_status_register *reg, const uint8_t *request,
                                    size_t len, uint8_t **answer, size_t *answer_len)
{
    const unsigned char *at = request;
    OCSP_REQUEST *read =
        len > QW_STATUS_REQUEST_MAX ? NULL : d2i_OCSP_REQUEST(NULL, &at, (long)len);
    OCSP_RESPONSE *response;
    unsigned char *out;
    int size;

    if (read != NULL && at != request + len) { /* something behind it */
        OCSP_REQUEST_free(read);
        read = NULL;
    }
    response = respond(reg, read);
    size = response == NULL ? -1 : i2d_OCSP_RESPONSE(response, NULL);
    out = size <= 0 ? NULL : malloc((size_t)size);
    if (out == NULL) {
        OCSP_RESPONSE_free(response);
        return QW_ERR_NOMEM;
    }
    *answer = out;
    *answer_len = (size_t)i2d_OCSP_RESPONSE(response, &out);
    OCSP_RESPONSE_free(response);
    return QW_OK;
}
