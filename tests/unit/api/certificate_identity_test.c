/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 S3 */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "api/certificate_identity.h"

static int start(void **state)
{
    char *folder = strdup("/tmp/qwave-identity-XXXXXX");

    assert_non_null(mkdtemp(folder));
    make_authority(folder, "ca");
    *state = folder;
    return 0;
}

static int stop(void **state)
{
    remove_folder(*state);
    free(*state);
    return 0;
}

static size_t der_of(const char *folder, const char *name, uint8_t out[static 4096])
{
    char path[512], file_name[64];
    uint8_t *end = out;
    FILE *file;
    X509 *certificate;
    int len;

    snprintf(file_name, sizeof file_name, "%s.pem", name);
    file = fopen(in_folder(folder, file_name, path), "r");
    assert_non_null(file);
    certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    len = i2d_X509(certificate, &end);
    X509_free(certificate);
    assert_in_range(len, 1, 4096);
    return (size_t)len;
}

static struct qw_certificate_identity
identity_of(const char *folder, const char *const *common_names, const char *san, const char *usage)
{
    static int number;
    char name[32];
    uint8_t der[4096];
    size_t len;
    struct qw_certificate_identity identity;

    snprintf(name, sizeof name, "odd-%d", number++);
    issue_odd(folder, name, common_names, san, usage);
    len = der_of(folder, name, der);
    assert_int_equal(qw_certificate_identity_read(der, len, &identity), QW_OK);
    return identity;
}

/* H3, 6.2: "crash without CN", "identity = CN only" */
static void takes_the_one_uri_else_the_one_common_name(void **state)
{
    static const char *const none[] = { NULL };
    static const char *const one[] = { "app-1", NULL };
    static const char *const two[] = { "app-1", "app-2", NULL };
    static const char *const spaced[] = { "Li Hua", NULL };
    static const char *const foreign[] = { "\xE5\xAD\x97", NULL };
    static const struct {
        const char *const *common_names;
        const char *san;
        const char *want;
    } rows[] = {
        { none, "URI:urn:qwave:ap:ap-1", "urn:qwave:ap:ap-1" },
        { one, "URI:urn:qwave:ap:ap-1", "urn:qwave:ap:ap-1" },
        { one, "DNS:a.example,URI:urn:qwave:ap:ap-1,IP:127.0.0.1", "urn:qwave:ap:ap-1" },
        { one, NULL, "app-1" },
        { one, "DNS:a.example", "app-1" },
        { none, NULL, "" },
        { none, "DNS:a.example", "" },
        { two, NULL, "" },
        { spaced, NULL, "" },
        { foreign, NULL, "" },
        { one, "URI:urn:a:1,URI:urn:a:2", "" }, /* and not the common name instead */
        { one, "URI:urn:a:1,URI:urn:a:1", "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_certificate_identity identity =
            identity_of(*state, rows[i].common_names, rows[i].san, "clientAuth");

        assert_string_equal(identity.text, rows[i].want);
        assert_true(identity.is_client);
    }
}

static void takes_no_over_long_uri(void **state)
{
    static const char *const one[] = { "app-1", NULL };

    for (size_t len = QW_HTTP_IDENTITY_CAP - 2; len <= 2000; len = len < 130 ? len + 1 : 2000) {
        char san[2100];
        struct qw_certificate_identity identity;

        memset(san, 'a', sizeof san);
        memcpy(san, "URI:urn:", 8);
        san[4 + len] = '\0';
        identity = identity_of(*state, one, san, "clientAuth");
        assert_string_equal(identity.text, len < QW_HTTP_IDENTITY_CAP ? san + 4 : "");
        if (len == 2000) {
            break;
        }
    }
}

static void sees_the_purpose(void **state)
{
    static const char *const none[] = { NULL };

    assert_false(identity_of(*state, none, "URI:urn:a:1", NULL).is_client);
    assert_false(identity_of(*state, none, "URI:urn:a:1", "serverAuth").is_client);
    assert_false(identity_of(*state, none, "URI:urn:a:1", "anyExtendedKeyUsage").is_client);
    assert_true(identity_of(*state, none, "URI:urn:a:1", "serverAuth,clientAuth").is_client);
}

static void gives_the_end_of_validity_and_the_hash(void **state)
{
    static const char *const none[] = { NULL };
    struct qw_certificate_identity identity =
        identity_of(*state, none, "URI:urn:a:1", "clientAuth");
    int64_t left_ms = identity.not_after_ms - qw_clock_utc_ms();
    uint8_t der[4096];
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned hash_len = 0;
    size_t len;

    assert_in_range(left_ms, 3590000, 3601000);
    issue_odd(*state, "hashed", none, "URI:urn:a:1", "clientAuth");
    len = der_of(*state, "hashed", der);
    assert_int_equal(qw_certificate_identity_read(der, len, &identity), QW_OK);
    assert_int_equal(EVP_Digest(der, len, hash, &hash_len, EVP_sha256(), NULL), 1);
    assert_memory_equal(identity.hash, hash, 32);
}

static void refuses_every_truncation_and_survives_every_bit_flip(void **state)
{
    static const char *const one[] = { "app-1", NULL };
    struct qw_certificate_identity identity = { .text = "keep" };
    uint8_t der[4096];
    size_t len;

    issue_odd(*state, "whole", one, "URI:urn:a:1,DNS:a.example", "clientAuth");
    len = der_of(*state, "whole", der);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut > 0 ? cut : 1);

        memcpy(copy, der, cut);
        assert_int_equal(qw_certificate_identity_read(copy, cut, &identity), QW_ERR_FORMAT);
        free(copy);
    }
    assert_string_equal(identity.text, "keep");
    for (size_t bit = 0; bit < 8 * len; bit++) {
        qw_err err;

        der[bit / 8] = (uint8_t)(der[bit / 8] ^ 1u << (bit % 8));
        err = qw_certificate_identity_read(der, len, &identity);
        assert_true(err == QW_OK || err == QW_ERR_FORMAT);
        assert_true(strlen(identity.text) < QW_HTTP_IDENTITY_CAP);
        der[bit / 8] = (uint8_t)(der[bit / 8] ^ 1u << (bit % 8));
    }
    assert_int_equal(qw_certificate_identity_read(der, 0, &identity), QW_ERR_FORMAT);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(takes_the_one_uri_else_the_one_common_name),
        CASE(takes_no_over_long_uri),
        CASE(sees_the_purpose),
        CASE(gives_the_end_of_validity_and_the_hash),
        CASE(refuses_every_truncation_and_survives_every_bit_flip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
