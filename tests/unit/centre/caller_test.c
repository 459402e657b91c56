/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/centre.h"

#include <string.h>

static void reads_role_and_id_from_the_identity(void **state)
{
    static const struct {
        const char *identity;
        enum qw_role role;
        const char *id;
    } rows[] = {
        { "urn:qwave:operator:alice", QW_ROLE_OPERATOR, "alice" },
        { "urn:qwave:ap:ap-1", QW_ROLE_ACCESS_POINT, "ap-1" },
        { "urn:qwave:sae:app-1", QW_ROLE_SAE, "app-1" },
        { "urn:qwave:root:bob", QW_ROLE_SAE, "urn:qwave:root:bob" },
        { "URN:QWAVE:OPERATOR:bob", QW_ROLE_SAE, "URN:QWAVE:OPERATOR:bob" },
        { "encryptor.example", QW_ROLE_SAE, "encryptor.example" },
        { "urn:qwave:sae:urn:qwave:operator:x", QW_ROLE_SAE, "urn:qwave:operator:x" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_caller caller;

        memset(&caller, 0xff, sizeof caller);
        assert_int_equal(qw_caller_parse(rows[i].identity, &caller), QW_OK);
        assert_int_equal(caller.role, rows[i].role);
        assert_string_equal(caller.id, rows[i].id);
        assert_int_equal(caller.certificate_hash[0], 0);
    }
}

static void refuses_identities_that_are_no_names(void **state)
{
    static const char *const bad[] = {
        "",          "urn:qwave:operator:", "urn:qwave:ap:",     "urn:qwave:sae:",
        "two words", "line\nbreak",         "\xc3\xa9t\xc3\xa9", "urn:qwave:ap:a\x7f"
    };
    char text[128];
    struct qw_caller caller = { .role = QW_ROLE_COUNT };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(qw_caller_parse(bad[i], &caller), QW_ERR_FORMAT);
    }
    memset(text, 'a', sizeof text);
    text[64] = '\0';
    assert_int_equal(qw_caller_parse(text, &caller), QW_ERR_FORMAT);
    assert_int_equal(caller.role, QW_ROLE_COUNT);
    text[63] = '\0';
    assert_int_equal(qw_caller_parse(text, &caller), QW_OK);
    assert_int_equal(strlen(caller.id), 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_role_and_id_from_the_identity),
        cmocka_unit_test(refuses_identities_that_are_no_names),
    };

    return cmocka_run_group_tests_name("centre.caller", tests, NULL, NULL);
}
