/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 S4 */
/* OCSP answers, read by OpenSSL's own client side [RFC 6960]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate.h"
#include "api/certificate/leaf.h"
#include "api/certificate/status.h"
#include "base/secret.h"

#include <openssl/ocsp.h>
#include <stdlib.h>
#include <string.h>

struct office {
    struct qw_certificate_authority *authorities[QW_CERTIFICATE_PROFILE_COUNT];
    struct qw_status_register reg;
    struct qw_certificate_made good, revoked;
    X509 *good_leaf, *revoked_leaf;
    qw_err look_up_err; /* instead of an answer */
};

static qw_err look_up(void *self, enum qw_certificate_profile profile,
                      const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN],
                      struct qw_certificate_status *status)
{
    const struct office *office = self;

    if (office->look_up_err != QW_OK) {
        return office->look_up_err;
    }
    if (profile != QW_CERTIFICATE_P256) {
        return QW_ERR_NOT_FOUND;
    }
    if (qw_equal_ct(serial, office->good.serial, QW_CERTIFICATE_SERIAL_LEN)) {
        *status = (struct qw_certificate_status){ .is_revoked = false };
        return QW_OK;
    }
    if (qw_equal_ct(serial, office->revoked.serial, QW_CERTIFICATE_SERIAL_LEN)) {
        *status = (struct qw_certificate_status){ .is_revoked = true,
                                                  .revoked_ms = 1795370000000,
                                                  .reason = 1 };
        return QW_OK;
    }
    return QW_ERR_NOT_FOUND;
}

static X509 *leaf_of(const struct office *office, enum qw_certificate_profile profile)
{
    struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_CLIENT, .uri = "urn:a" };
    EVP_PKEY *key = qw_certificate_key_new(profile);
    X509 *leaf = qw_certificate_leaf_new(office->authorities[profile], &request, key);

    assert_non_null(leaf);
    EVP_PKEY_free(key);
    return leaf;
}

static int start(void **state)
{
    struct office *office = calloc(1, sizeof *office);

    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT; i++) {
        assert_int_equal(qw_certificate_authority_new("ca", (enum qw_certificate_profile)i, 0,
                                                      &office->authorities[i]),
                         QW_OK);
    }
    office->good_leaf = leaf_of(office, QW_CERTIFICATE_P256);
    office->revoked_leaf = leaf_of(office, QW_CERTIFICATE_P256);
    assert_int_equal(qw_certificate_describe(office->good_leaf, &office->good), QW_OK);
    assert_int_equal(qw_certificate_describe(office->revoked_leaf, &office->revoked), QW_OK);
    office->reg = (struct qw_status_register){ .self = office,
                                               .look_up = look_up,
                                               .authorities = office->authorities };
    *state = office;
    return 0;
}

static int stop(void **state)
{
    struct office *office = *state;

    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT; i++) {
        qw_certificate_authority_free(office->authorities[i]);
    }
    X509_free(office->good_leaf);
    X509_free(office->revoked_leaf);
    free(office);
    return 0;
}

struct question {
    OCSP_REQUEST *request;
    uint8_t *der;
    int len;
};

static void add(struct question *q, const EVP_MD *hash, const X509 *leaf, const X509 *issuer)
{
    assert_non_null(OCSP_request_add0_id(q->request, OCSP_cert_to_id(hash, leaf, issuer)));
}

static OCSP_RESPONSE *ask(const struct office *office, struct question *q)
{
    uint8_t *answer = NULL;
    const unsigned char *at;
    size_t len = 0;
    OCSP_RESPONSE *response;

    q->len = i2d_OCSP_REQUEST(q->request, &q->der);
    assert_true(q->len > 0);
    assert_int_equal(
        qw_certificate_status_answer(&office->reg, q->der, (size_t)q->len, &answer, &len), QW_OK);
    at = answer;
    response = d2i_OCSP_RESPONSE(NULL, &at, (long)len);
    assert_non_null(response);
    free(answer);
    return response;
}

static void drop(struct question *q, OCSP_RESPONSE *response)
{
    OCSP_RESPONSE_free(response);
    OCSP_REQUEST_free(q->request);
    OPENSSL_free(q->der);
}

static int status_at(OCSP_BASICRESP *basic, int index, int *reason)
{
    return OCSP_single_get0_status(OCSP_resp_get0(basic, index), reason, NULL, NULL, NULL);
}

static void good_revoked_and_unknown_in_one_signed_answer(void **state)
{
    const struct office *office = *state;
    X509 *issuer = office->authorities[QW_CERTIFICATE_P256]->certificate;
    X509 *stranger = leaf_of(office, QW_CERTIFICATE_P256);
    const EVP_MD *hashes[] = { EVP_sha1(), EVP_sha256() };

    for (size_t i = 0; i < 2; i++) {
        struct question q = { .request = OCSP_REQUEST_new() };
        X509_STORE *store = X509_STORE_new();
        OCSP_RESPONSE *response;
        OCSP_BASICRESP *basic;
        int reason = -1;

        add(&q, hashes[i], office->good_leaf, issuer);
        add(&q, hashes[i], office->revoked_leaf, issuer);
        add(&q, hashes[i], stranger, issuer);
        OCSP_request_add1_nonce(q.request, NULL, -1);
        response = ask(office, &q);
        assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        basic = OCSP_response_get1_basic(response);
        X509_STORE_add_cert(store, issuer);
        assert_int_equal(OCSP_basic_verify(basic, NULL, store, 0), 1);
        assert_int_equal(OCSP_check_nonce(q.request, basic), 1);
        assert_int_equal(OCSP_resp_count(basic), 3);
        assert_int_equal(status_at(basic, 0, &reason), V_OCSP_CERTSTATUS_GOOD);
        assert_int_equal(status_at(basic, 1, &reason), V_OCSP_CERTSTATUS_REVOKED);
        assert_int_equal(reason, 1);
        assert_int_equal(status_at(basic, 2, &reason), V_OCSP_CERTSTATUS_UNKNOWN);
        OCSP_BASICRESP_free(basic);
        X509_STORE_free(store);
        drop(&q, response);
    }
    X509_free(stranger);
}

static void every_authority_answers_for_itself_and_nobody_for_others(void **state)
{
    const struct office *office = *state;
    struct qw_certificate_authority *other = NULL;
    struct question q = { .request = OCSP_REQUEST_new() };
    OCSP_RESPONSE *response;

    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT; i++) {
        struct question own = { .request = OCSP_REQUEST_new() };
        X509 *leaf = leaf_of(office, (enum qw_certificate_profile)i);

        add(&own, EVP_sha256(), leaf, office->authorities[i]->certificate);
        response = ask(office, &own);
        assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
        drop(&own, response);
        X509_free(leaf);
    }
    assert_int_equal(qw_certificate_authority_new("ca", QW_CERTIFICATE_P256, 0, &other), QW_OK);
    add(&q, EVP_sha256(), office->good_leaf, office->authorities[QW_CERTIFICATE_P256]->certificate);
    add(&q, EVP_sha256(), office->good_leaf, other->certificate);
    response = ask(office, &q);
    assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
    drop(&q, response);
    qw_certificate_authority_free(other);
}

static void a_register_that_cannot_be_read_is_later_and_not_good(void **state)
{
    struct office *office = *state;
    struct question q = { .request = OCSP_REQUEST_new() };
    OCSP_RESPONSE *response;

    add(&q, EVP_sha256(), office->good_leaf, office->authorities[QW_CERTIFICATE_P256]->certificate);
    office->look_up_err = QW_ERR_IO;
    response = ask(office, &q);
    office->look_up_err = QW_OK;
    assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_TRYLATER);
    drop(&q, response);
}

static int status_of(const struct office *office, const uint8_t *request, size_t len)
{
    uint8_t *answer = NULL;
    const unsigned char *at;
    size_t answer_len = 0;
    OCSP_RESPONSE *response;
    int status;

    assert_int_equal(qw_certificate_status_answer(&office->reg, request, len, &answer, &answer_len),
                     QW_OK);
    at = answer;
    response = d2i_OCSP_RESPONSE(NULL, &at, (long)answer_len);
    assert_non_null(response);
    status = OCSP_response_status(response);
    OCSP_RESPONSE_free(response);
    free(answer);
    return status;
}

/* A changed bit may ask about another certificate, never crash; half a request is malformed. */
static void halves_and_flipped_bits_have_an_answer_too(void **state)
{
    const struct office *office = *state;
    struct question q = { .request = OCSP_REQUEST_new() };
    OCSP_RESPONSE *response;
    uint8_t long_request[QW_STATUS_REQUEST_MAX + 1] = { 0x30 };

    add(&q, EVP_sha1(), office->good_leaf, office->authorities[QW_CERTIFICATE_P256]->certificate);
    response = ask(office, &q);
    for (int cut = 0; cut < q.len; cut++) {
        assert_int_equal(status_of(office, q.der, (size_t)cut),
                         OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    }
    for (int i = 0; i < q.len * 8; i++) {
        q.der[i / 8] ^= (uint8_t)(1 << i % 8);
        (void)status_of(office, q.der, (size_t)q.len);
        q.der[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_int_equal(status_of(office, long_request, sizeof long_request),
                     OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    drop(&q, response);
}

static void too_many_questions_are_malformed(void **state)
{
    const struct office *office = *state;
    struct question q = { .request = OCSP_REQUEST_new() };
    OCSP_RESPONSE *response;

    for (int i = 0; i <= QW_STATUS_CERTIFICATES_MAX; i++) {
        add(&q, EVP_sha1(), office->good_leaf,
            office->authorities[QW_CERTIFICATE_P256]->certificate);
    }
    response = ask(office, &q);
    assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    drop(&q, response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_revoked_and_unknown_in_one_signed_answer),
        cmocka_unit_test(every_authority_answers_for_itself_and_nobody_for_others),
        cmocka_unit_test(a_register_that_cannot_be_read_is_later_and_not_good),
        cmocka_unit_test(halves_and_flipped_bits_have_an_answer_too),
        cmocka_unit_test(too_many_questions_are_malformed),
    };

    return cmocka_run_group_tests_name("api.certificate_status", tests, start, stop);
}
