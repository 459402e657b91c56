/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 C6 */
/* A certificate with its key in a file for browsers: opened again with its passphrase alone. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate.h"
#include "api/certificate/bundle.h"

#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pem {
    char certificate[4096], key[4096], authorities[4096], other_key[4096];
};

static void read_text(const char *folder, const char *name, char out[static 4096])
{
    char path[128];
    FILE *file;
    size_t len;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "r");
    assert_non_null(file);
    len = fread(out, 1, 4095, file);
    out[len] = '\0';
    fclose(file);
}

static int make(void **state)
{
    static struct pem pem;
    char folder[] = "/tmp/qwave-bundle.XXXXXX";
    char ca[64], ca_key[64], leaf[64], leaf_key[64], command[128];
    struct qw_certificate_authority *authority = NULL;
    const struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_CLIENT,
                                                    .uri = "urn:qwave:officer:audit-1" };

    assert_non_null(mkdtemp(folder));
    (void)snprintf(ca, sizeof ca, "%s/ca.pem", folder);
    (void)snprintf(ca_key, sizeof ca_key, "%s/ca.key", folder);
    (void)snprintf(leaf, sizeof leaf, "%s/a.pem", folder);
    (void)snprintf(leaf_key, sizeof leaf_key, "%s/a.key", folder);
    assert_int_equal(qw_certificate_authority_create("test", 1, ca, ca_key), QW_OK);
    assert_int_equal(qw_certificate_authority_open(ca, ca_key, &authority), QW_OK);
    assert_int_equal(qw_certificate_issue(authority, &request, leaf, leaf_key), QW_OK);
    qw_certificate_authority_free(authority);
    read_text(folder, "a.pem", pem.certificate);
    read_text(folder, "a.key", pem.key);
    read_text(folder, "ca.pem", pem.authorities);
    read_text(folder, "ca.key", pem.other_key);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    *state = &pem;
    return system(command);
}

static struct qw_certificate_bundle bundle_of(const struct pem *pem)
{
    return (struct qw_certificate_bundle){ .certificate = pem->certificate,
                                           .key = pem->key,
                                           .authorities = pem->authorities,
                                           .name = "audit-1 of c",
                                           .passphrase = "0123456789ab" };
}

static void it_opens_with_its_passphrase_alone(void **state)
{
    const struct pem *pem = *state;
    const struct qw_certificate_bundle bundle = bundle_of(pem);
    static uint8_t out[QW_CERTIFICATE_BUNDLE_CAP];
    const uint8_t *at = out;
    size_t len = 0;
    PKCS12 *read;
    EVP_PKEY *key = NULL;
    X509 *certificate = NULL;
    STACK_OF(X509) *authorities = NULL;

    assert_int_equal(qw_certificate_bundle_seal(&bundle, out, &len), QW_OK);
    read = d2i_PKCS12(NULL, &at, (long)len);
    assert_non_null(read);
    assert_ptr_equal(at, out + len);
    assert_int_equal(PKCS12_parse(read, "0123456789aB", &key, &certificate, &authorities), 0);
    assert_int_equal(PKCS12_parse(read, "0123456789ab", &key, &certificate, &authorities), 1);
    assert_int_equal(X509_check_private_key(certificate, key), 1);
    assert_int_equal(sk_X509_num(authorities), 1);
    assert_null(memmem(out, len, pem->key + 40, 20)); /* no key in clear */
    sk_X509_pop_free(authorities, X509_free);
    X509_free(certificate);
    EVP_PKEY_free(key);
    PKCS12_free(read);
}

static void what_does_not_belong_together_is_refused(void **state)
{
    const struct pem *pem = *state;
    struct qw_certificate_bundle bundle = bundle_of(pem);
    static uint8_t out[QW_CERTIFICATE_BUNDLE_CAP];
    size_t len = 7;

    bundle.key = pem->other_key;
    assert_int_equal(qw_certificate_bundle_seal(&bundle, out, &len), QW_ERR_AUTH);
    bundle = bundle_of(pem);
    bundle.certificate = pem->key;
    assert_int_equal(qw_certificate_bundle_seal(&bundle, out, &len), QW_ERR_FORMAT);
    bundle = bundle_of(pem);
    bundle.key = "";
    assert_int_equal(qw_certificate_bundle_seal(&bundle, out, &len), QW_ERR_FORMAT);
    bundle = bundle_of(pem);
    bundle.authorities = "none";
    assert_int_equal(qw_certificate_bundle_seal(&bundle, out, &len), QW_ERR_FORMAT);
    assert_int_equal(len, 7);
    assert_int_equal(out[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_with_its_passphrase_alone),
        cmocka_unit_test(what_does_not_belong_together_is_refused),
    };

    return cmocka_run_group_tests(tests, make, NULL);
}
