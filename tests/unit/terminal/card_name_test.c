/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W8 C8 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_name.h"

#include <string.h>

static void a_path_is_a_file(void **state)
{
    static const char *const paths[] = { "phone-1.card", "/var/lib/qwave/card", "./pkcs11:x",
                                         "PKCS11:token=a;object=b", "" };
    struct qw_card_name name;

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(qw_card_name_read(paths[i], &name), QW_OK);
        assert_int_equal(name.kind, QW_CARD_IN_FILE);
        assert_int_equal(qw_card_name_kind(paths[i]), QW_CARD_IN_FILE);
    }
}

static void a_uri_names_token_object_and_module(void **state)
{
    struct qw_card_name name;

    (void)state;
    assert_int_equal(
        qw_card_name_read("pkcs11:object=phone-1;token=my%20token?module-path=/usr/lib/a%2Fb.so",
                          &name),
        QW_OK);
    assert_int_equal(name.kind, QW_CARD_ON_TOKEN);
    assert_string_equal(name.token, "my token");
    assert_string_equal(name.object, "phone-1");
    assert_string_equal(name.module, "/usr/lib/a/b.so");
    assert_int_equal(qw_card_name_read("pkcs11:token=a;object=b", &name), QW_OK);
    assert_string_equal(name.module, "p11-kit-proxy.so");
}

static void labels_have_at_most_32_characters(void **state)
{
    struct qw_card_name name;

    (void)state;
    assert_int_equal(
        qw_card_name_read("pkcs11:token=12345678901234567890123456789012;object=b", &name), QW_OK);
    assert_int_equal(strlen(name.token), 32);
    assert_int_equal(
        qw_card_name_read("pkcs11:token=123456789012345678901234567890123;object=b", &name),
        QW_ERR_FORMAT);
}

static void a_uri_that_is_not_followed_is_refused(void **state)
{
    static const char *const texts[] = {
        "pkcs11:",
        "pkcs11:token=a",
        "pkcs11:object=b",
        "pkcs11:token=;object=b",
        "pkcs11:token=a;object=b;object=c",
        "pkcs11:token=a;object=b;type=private",
        "pkcs11:token=a;;object=b",
        "pkcs11:token=a&object=b",
        "pkcs11:token=a;object=b;module-path=/x.so",
        "pkcs11:token=a;object=b?pin-value=1234",
        "pkcs11:token=a;object=b?pin-source=/pin",
        "pkcs11:token=a;object=b?token=c",
        "pkcs11:token=%;object=b",
        "pkcs11:token=a%00;object=b",
        "pkcs11:token=a;object=b?module-path",
    };
    struct qw_card_name name = { .kind = QW_CARD_IN_READER };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (qw_card_name_read(texts[i], &name) != QW_ERR_FORMAT) {
            fail_msg("%s is followed", texts[i]);
        }
    }
    assert_int_equal(name.kind, QW_CARD_IN_READER); /* untouched */
}

static void a_reader_is_named_by_its_beginning(void **state)
{
    struct qw_card_name name;
    char text[200] = "pcsc:";

    (void)state;
    assert_int_equal(qw_card_name_read("pcsc:Virtual PCD", &name), QW_OK);
    assert_int_equal(name.kind, QW_CARD_IN_READER);
    assert_string_equal(name.reader, "Virtual PCD");
    assert_int_equal(qw_card_name_read("pcsc:", &name), QW_OK);
    assert_string_equal(name.reader, "");
    memset(text + 5, 'x', 128);
    assert_int_equal(qw_card_name_read(text, &name), QW_ERR_FORMAT);
    text[5 + 127] = '\0';
    assert_int_equal(qw_card_name_read(text, &name), QW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_a_file),
        cmocka_unit_test(a_uri_names_token_object_and_module),
        cmocka_unit_test(labels_have_at_most_32_characters),
        cmocka_unit_test(a_uri_that_is_not_followed_is_refused),
        cmocka_unit_test(a_reader_is_named_by_its_beginning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
