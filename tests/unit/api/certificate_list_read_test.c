/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 C7 */
/* A list of revocations read back: only what the authority has signed counts, the newest of it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate.h"
#include "api/certificate/authority.h"
#include "api/certificate/list.h"

#include <stdlib.h>
#include <string.h>

static struct qw_certificate_authority *found(enum qw_certificate_profile profile)
{
    struct qw_certificate_authority *authority = NULL;

    assert_int_equal(qw_certificate_authority_new("somebody", profile, 0, &authority), QW_OK);
    return authority;
}

static struct qw_certificate_list sign(const struct qw_certificate_authority *authority,
                                       uint64_t number, size_t count)
{
    struct qw_certificate_revoked revoked[3] = { { .revoked_ms = 1700000000000 } };
    struct qw_certificate_list list = { .pem = NULL };

    for (size_t i = 0; i < count; i++) {
        revoked[i].revoked_ms = 1700000000000;
        memset(revoked[i].serial, (int)(0x70 - 0x10 * i), sizeof revoked[i].serial);
    }
    revoked[0].serial[0] = 0; /* a number may begin with zeros */
    assert_int_equal(qw_certificate_list_sign(authority, number, 7, revoked, count, &list), QW_OK);
    return list;
}

static void says_what_the_authority_has_signed(void **state)
{
    (void)state;
    for (int p = 0; p < QW_CERTIFICATE_PROFILE_COUNT; p++) {
        struct qw_certificate_authority *authority = found((enum qw_certificate_profile)p);
        struct qw_certificate_list list = sign(authority, 1, 3);
        struct qw_certificate_list_content content = { .count = 0 };
        uint8_t serial[QW_CERTIFICATE_SERIAL_LEN];

        assert_int_equal(
            qw_certificate_list_read(list.pem, list.pem_len, authority->certificate, &content),
            QW_OK);
        assert_int_equal(content.count, 3);
        assert_true(content.made_ms > 0);
        assert_int_equal(content.revoked[0].revoked_ms, 1700000000000);
        memset(serial, 0x60, sizeof serial);
        assert_true(qw_certificate_list_content_has(&content, serial));
        memset(serial, 0x70, sizeof serial);
        assert_false(qw_certificate_list_content_has(&content, serial));
        serial[0] = 0;
        assert_true(qw_certificate_list_content_has(&content, serial));
        qw_certificate_list_content_free(&content);
        assert_false(qw_certificate_list_content_has(&content, serial));
        qw_certificate_list_free(&list);
        qw_certificate_authority_free(authority);
    }
}

/* One of somebody else stands before it, as in a file with the lists of several authorities. */
static void passes_over_what_others_have_signed(void **state)
{
    struct qw_certificate_authority *authority = found(QW_CERTIFICATE_P256);
    struct qw_certificate_authority *other = found(QW_CERTIFICATE_P256); /* of the same name */
    struct qw_certificate_list list = sign(authority, 1, 1);
    struct qw_certificate_list foreign = sign(other, 2, 3);
    struct qw_certificate_list_content content = { .count = 0 };
    uint8_t *both = malloc(list.pem_len + foreign.pem_len);

    (void)state;
    assert_non_null(both);
    memcpy(both, foreign.pem, foreign.pem_len);
    memcpy(both + foreign.pem_len, list.pem, list.pem_len);
    assert_int_equal(qw_certificate_list_read(both, list.pem_len + foreign.pem_len,
                                              authority->certificate, &content),
                     QW_OK);
    assert_int_equal(content.count, 1);
    qw_certificate_list_content_free(&content);
    assert_int_equal(
        qw_certificate_list_read(foreign.pem, foreign.pem_len, authority->certificate, &content),
        QW_ERR_NOT_FOUND);
    assert_int_equal(qw_certificate_list_read("", 0, authority->certificate, &content),
                     QW_ERR_NOT_FOUND);
    assert_null(content.revoked);
    free(both);
    qw_certificate_list_free(&list);
    qw_certificate_list_free(&foreign);
    qw_certificate_authority_free(authority);
    qw_certificate_authority_free(other);
}

static void an_altered_list_is_none(void **state)
{
    struct qw_certificate_authority *authority = found(QW_CERTIFICATE_P256);
    struct qw_certificate_list list = sign(authority, 1, 2);
    struct qw_certificate_list_content content = { .count = 0 };

    (void)state;
    for (size_t at = 30; at + 30 < list.pem_len; at++) { /* between its first and last line */
        uint8_t before = list.pem[at];

        if (before == '\n') {
            continue;
        }
        /* Its highest bit: the lowest ones of the last character stand for nothing. */
        list.pem[at] = strchr("wxyz0123456789+/", before) != NULL ? 'A' : 'w';
        if (qw_certificate_list_read(list.pem, list.pem_len, authority->certificate, &content) ==
            QW_OK) {
            fail_msg("the %zuth character counts for nothing", at);
        }
        list.pem[at] = before;
    }
    assert_int_equal(
        qw_certificate_list_read(list.pem, list.pem_len, authority->certificate, &content), QW_OK);
    qw_certificate_list_content_free(&content);
    qw_certificate_list_free(&list);
    qw_certificate_authority_free(authority);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_authority_has_signed),
        cmocka_unit_test(passes_over_what_others_have_signed),
        cmocka_unit_test(an_altered_list_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
