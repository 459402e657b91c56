/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 C11 */
/* The calls of the listener without TLS, and everything that is none [docs/protocol/public.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/certificate/certificate.h"
#include "public/public_door.h"
#include "unit/qwaved/site.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>

static struct public_door door;

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };
    struct qw_caller founder = { .role = QW_ROLE_OPERATOR, .id = "op" };
    struct site *site = site_new(config, 4096);

    assert_int_equal(qw_centre_authority_found(site->service.centre, &founder, QW_CERTIFICATE_P256),
                     QW_OK);
    door = (struct public_door){ .centre = site->service.centre };
    *state = site;
    return 0;
}

static unsigned knock(struct site *site, const char *method, const char *path, const char *type,
                      const void *body, size_t len)
{
    struct qw_http_answer answer = { .status = 0 };
    const struct qw_http_request request = { .method = method,
                                             .path = path,
                                             .query = "",
                                             .identity = "",
                                             .content_type = type,
                                             .body = body,
                                             .body_len = len };

    public_door_handle(&door, &request, &answer);
    site->status = answer.status;
    site->len = answer.body_len;
    assert_true(answer.body_len < sizeof site->text);
    memcpy(site->text, answer.body, answer.body_len);
    site->text[answer.body_len] = '\0';
    qw_http_answer_wipe(&answer);
    return site->status;
}

static unsigned get(struct site *site, const char *path)
{
    return knock(site, "GET", path, "", NULL, 0);
}

static X509 *authority(struct site *site)
{
    BIO *bio;
    X509 *found;

    assert_int_equal(get(site, "/authority/p256.pem"), 200);
    bio = BIO_new_mem_buf(site->text, (int)site->len);
    found = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(found);
    return found;
}

/* O1 */
static void answers_about_certificates(void **state)
{
    struct site *site = *state;
    X509 *ca = authority(site);
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_RESPONSE *response;
    const unsigned char *at;
    uint8_t *der = NULL;
    int len;

    OCSP_request_add0_id(request, OCSP_cert_to_id(EVP_sha1(), ca, ca));
    len = i2d_OCSP_REQUEST(request, &der);
    assert_int_equal(knock(site, "POST", "/ocsp", "application/ocsp-request", der, (size_t)len),
                     200);
    at = (const unsigned char *)site->text;
    response = d2i_OCSP_RESPONSE(NULL, &at, (long)site->len);
    assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    OCSP_RESPONSE_free(response);
    assert_int_equal(knock(site, "POST", "/ocsp/", "application/ocsp-request", der, (size_t)len),
                     200);
    assert_int_equal(knock(site, "POST", "/ocsp", "text/plain", der, (size_t)len), 400);
    OPENSSL_free(der);
    OCSP_REQUEST_free(request);
    X509_free(ca);
}

/* O3 */
static void gives_the_last_list_and_signs_no_other_without_need(void **state)
{
    struct site *site = *state;
    char first[4096];
    size_t len;

    assert_int_equal(get(site, "/crl/p256.crl"), 200);
    len = site->len;
    assert_true(len < sizeof first);
    memcpy(first, site->text, len);
    assert_int_equal(get(site, "/crl/p256.crl"), 200);
    assert_int_equal(site->len, len);
    assert_memory_equal(site->text, first, len);
}

static unsigned post(struct site *site, const char *path, const char *body)
{
    return knock(site, "POST", path, "application/json", body, strlen(body));
}

/* C1, C2 of docs/protocol/authentication.md: a challenge for every name, one refusal for all. */
static void challenges_everybody_and_refuses_alike(void **state)
{
    struct site *site = *state;

    assert_int_equal(post(site, "/authentication/challenge", "{\"name\":\"nobody\"}"), 200);
    assert_non_null(strstr(site->text, "{\"challenge\":\"UVdJA"));
    assert_int_equal(post(site, "/authentication/challenge", "{\"name\":\"\"}"), 400);
    assert_int_equal(post(site, "/authentication/challenge", "{}"), 400);
    assert_int_equal(post(site, "/authentication/challenge", "x"), 400);
    assert_int_equal(post(site, "/authentication", "{\"proof\":\"UVdOAQ==\"}"), 403);
    assert_string_equal(site->text, "{\"message\":\"refused\"}");
    assert_int_equal(post(site, "/authentication", "{\"proof\":\"no-base64!\"}"), 400);
    assert_int_equal(post(site, "/authentication", "{}"), 400);
    assert_int_equal(get(site, "/authentication"), 405);
}

static void has_nothing_else(void **state)
{
    struct site *site = *state;
    static const char *const nothing[] = {
        "/",         "/v1/status",        "/crl/sm2.crl",       "/crl/",
        "/crl/p256", "/crl/p256.crl.crl", "/authority/sm2.pem", "/authority/",
        "/ocspx"
    };

    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        assert_int_equal(get(site, nothing[i]), 404);
        assert_string_equal(site->text, "{\"message\":\"not found\"}");
    }
    assert_int_equal(get(site, "/ocsp"), 405);
    assert_int_equal(knock(site, "DELETE", "/crl/p256.crl", "", NULL, 0), 405);
    assert_int_equal(get(site, "/ocsp/%00"), 400);
    assert_int_equal(get(site, "/ocsp/no-base64!"), 400);
    assert_int_equal(get(site, "/ocsp/AAAA"), 200); /* an answer in form: malformed */
}

#define ON_SITE(test) cmocka_unit_test_setup_teardown(test, make_site, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SITE(answers_about_certificates),
        ON_SITE(gives_the_last_list_and_signs_no_other_without_need),
        ON_SITE(challenges_everybody_and_refuses_alike),
        ON_SITE(has_nothing_else),
    };

    return cmocka_run_group_tests_name("qwaved.public_door", tests, NULL, NULL);
}
