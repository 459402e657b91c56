/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 C3 C8 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/secret.h"
#include "crypto/custody/pkcs11_object.h"

#include "support/softhsm_token.h"

static struct qw_pkcs11 *token;
static const uint8_t content[] = "what a card holds";

static void log_in(void)
{
    assert_int_equal(qw_pkcs11_open(PKCS11_SHIM, "card", (const uint8_t *)SOFTHSM_PIN, 6, &token),
                     QW_PKCS11_FINE);
}

static size_t count(enum qw_pkcs11_kind kind, const char *label)
{
    struct qw_pkcs11_found found = { .count = 99 };

    assert_int_equal(qw_pkcs11_find(token, kind, label, &found), QW_PKCS11_FINE);
    return found.count;
}

static void data_is_found_by_its_label_and_read(void **state)
{
    uint8_t *data = NULL;
    unsigned long handle = 0;
    struct qw_pkcs11_found found;
    size_t len = 0;

    (void)state;
    assert_int_equal(count(QW_PKCS11_DATA, "a"), 0);
    assert_int_equal(qw_pkcs11_data_make(token, "a", content, sizeof content, &handle),
                     QW_PKCS11_FINE);
    assert_int_equal(count(QW_PKCS11_DATA, "b"), 0);
    assert_int_equal(count(QW_PKCS11_KEY, "a"), 0);
    qw_pkcs11_close(token);
    log_in(); /* it is there to stay */
    assert_int_equal(qw_pkcs11_find(token, QW_PKCS11_DATA, "a", &found), QW_PKCS11_FINE);
    assert_int_equal(found.count, 1);
    assert_int_equal(qw_pkcs11_data_read(token, found.handle[0], sizeof content - 1, &data, &len),
                     QW_PKCS11_FAILED);
    assert_null(data);
    assert_int_equal(qw_pkcs11_data_read(token, found.handle[0], sizeof content, &data, &len),
                     QW_PKCS11_FINE);
    assert_int_equal(len, sizeof content);
    assert_memory_equal(data, content, sizeof content);
    qw_secret_free(data);
    assert_int_equal(qw_pkcs11_destroy(token, found.handle[0]), QW_PKCS11_FINE);
    assert_int_equal(qw_pkcs11_destroy(token, found.handle[0]), QW_PKCS11_FINE);
    assert_int_equal(count(QW_PKCS11_DATA, "a"), 0);
}

static void keys_are_found_by_their_label_and_destroyed(void **state)
{
    static const uint8_t id[QW_PKCS11_ID_LEN] = { 1 };
    struct qw_pkcs11_found found;

    (void)state;
    assert_int_equal(qw_pkcs11_key_make(token, "a", id), QW_PKCS11_FINE);
    assert_int_equal(qw_pkcs11_find(token, QW_PKCS11_KEY, "a", &found), QW_PKCS11_FINE);
    assert_int_equal(found.count, 1);
    assert_true(found.handle[0] == qw_pkcs11_key_handle(token));
    assert_int_equal(qw_pkcs11_destroy(token, found.handle[0]), QW_PKCS11_FINE);
    assert_int_equal(qw_pkcs11_key_by_id(token, id), QW_PKCS11_NO_KEY);
}

static void more_than_fit_are_said_to_be_several(void **state)
{
    struct qw_pkcs11_found found;
    unsigned long handle[QW_PKCS11_FOUND_MAX + 1];

    (void)state;
    for (size_t i = 0; i < QW_PKCS11_FOUND_MAX; i++) {
        assert_int_equal(qw_pkcs11_data_make(token, "m", content, 1, &handle[i]), QW_PKCS11_FINE);
    }
    assert_int_equal(count(QW_PKCS11_DATA, "m"), QW_PKCS11_FOUND_MAX);
    assert_int_equal(qw_pkcs11_data_make(token, "m", content, 1, &handle[QW_PKCS11_FOUND_MAX]),
                     QW_PKCS11_FINE);
    assert_int_equal(qw_pkcs11_find(token, QW_PKCS11_DATA, "m", &found), QW_PKCS11_SEVERAL);
    for (size_t i = 0; i <= QW_PKCS11_FOUND_MAX; i++) {
        assert_int_equal(qw_pkcs11_destroy(token, handle[i]), QW_PKCS11_FINE);
    }
}

static void a_token_has_a_serial_number(void **state)
{
    char serial[QW_PKCS11_SERIAL_LEN + 1] = "", again[QW_PKCS11_SERIAL_LEN + 1] = "";

    (void)state;
    assert_int_equal(qw_pkcs11_serial(token, serial), QW_PKCS11_FINE);
    assert_int_equal(strlen(serial), QW_PKCS11_SERIAL_LEN);
    qw_pkcs11_close(token);
    log_in();
    assert_int_equal(qw_pkcs11_serial(token, again), QW_PKCS11_FINE);
    assert_string_equal(again, serial);
}

static void a_token_that_does_not_answer_has_failed(void **state)
{
    char serial[QW_PKCS11_SERIAL_LEN + 1];
    struct qw_pkcs11_found found;
    unsigned long handle = 77;
    uint8_t *data = NULL;
    size_t len;

    (void)state;
    *shim_is_away = 1;
    assert_int_equal(qw_pkcs11_find(token, QW_PKCS11_DATA, "a", &found), QW_PKCS11_FAILED);
    assert_int_equal(qw_pkcs11_data_make(token, "a", content, 1, &handle), QW_PKCS11_FAILED);
    assert_int_equal(qw_pkcs11_data_read(token, 1, 9, &data, &len), QW_PKCS11_FAILED);
    assert_int_equal(qw_pkcs11_destroy(token, 1), QW_PKCS11_FAILED);
    assert_int_equal(qw_pkcs11_serial(token, serial), QW_PKCS11_FAILED);
    *shim_is_away = 0;
    assert_true(handle == 77 && data == NULL);
}

static int begin(void **state)
{
    (void)state;
    softhsm_begin();
    softhsm_empty();
    softhsm_token("card");
    log_in();
    return 0;
}

static int end(void **state)
{
    (void)state;
    qw_pkcs11_close(token);
    softhsm_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_found_by_its_label_and_read),
        cmocka_unit_test(keys_are_found_by_their_label_and_destroyed),
        cmocka_unit_test(more_than_fit_are_said_to_be_several),
        cmocka_unit_test(a_token_has_a_serial_number),
        cmocka_unit_test(a_token_that_does_not_answer_has_failed),
    };

    if (!softhsm_is_there()) {
        print_message("skipped: softhsm2 is not installed\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, begin, end);
}
