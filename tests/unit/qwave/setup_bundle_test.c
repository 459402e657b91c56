/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 */
/* An officer's certificate out of the new centre's folder. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "setup/setup_bundle.h"

#include "api/certificate.h"

#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[] = "/tmp/qwave-setup-bundle.XXXXXX";

static const char *in(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static int make(void **state)
{
    struct qw_certificate_authority *authority = NULL;
    const struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_CLIENT,
                                                    .uri = "urn:qwave:officer:security-1" };

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(mkdir(in("ca"), 0700) | mkdir(in("officers"), 0700), 0);
    assert_int_equal(qw_certificate_authority_create("t", 1, in("ca/ca.pem"), in("ca/ca.key")),
                     QW_OK);
    assert_int_equal(qw_certificate_authority_open(in("ca/ca.pem"), in("ca/ca.key"), &authority),
                     QW_OK);
    assert_int_equal(qw_certificate_issue(authority, &request, in("officers/security.pem"),
                                          in("officers/security.key")),
                     QW_OK);
    qw_certificate_authority_free(authority);
    return 0;
}

static int end(void **state)
{
    char command[128];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void an_officers_key_goes_out_under_his_passphrase(void **state)
{
    const struct setup_bundle wanted = { .officer = "security-1", .passphrase = "0123456789ab" };
    static uint8_t out[QW_CERTIFICATE_BUNDLE_CAP];
    const uint8_t *at = out;
    size_t len = 0;
    PKCS12 *read;

    (void)state;
    assert_int_equal(setup_bundle_make(folder, "c-1", &wanted, out, &len), QW_OK);
    read = d2i_PKCS12(NULL, &at, (long)len);
    assert_non_null(read);
    assert_int_equal(PKCS12_verify_mac(read, "0123456789ab", -1), 1);
    assert_int_equal(PKCS12_verify_mac(read, "0123456789aX", -1), 0);
    PKCS12_free(read);
}

static void nobody_else_and_no_other_file_is_given(void **state)
{
    static const char *const names[] = { "", "audit-1", "../ca/ca", "security", "centre" };
    static uint8_t out[QW_CERTIFICATE_BUNDLE_CAP];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) { /* audit-1 has no file here */
        struct setup_bundle wanted = { .passphrase = "0123456789ab" };

        (void)snprintf(wanted.officer, sizeof wanted.officer, "%s", names[i]);
        assert_int_equal(setup_bundle_make(folder, "c-1", &wanted, out, &len), QW_ERR_NOT_FOUND);
    }
    assert_int_equal(len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_officers_key_goes_out_under_his_passphrase),
        cmocka_unit_test(nobody_else_and_no_other_file_is_given),
    };

    return cmocka_run_group_tests(tests, make, end);
}
