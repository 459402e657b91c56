/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/prove/key_list.h"
#include "support/fail_nth.h"

#include <string.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

#define ONE "{\"keys\":[{\"key_ID\":\"One\",\"key\":\"AAECAwQFBgcICQoLDA0ODw==\"}]}"
#define TWO "{\"keys\":[{\"key_ID\":\"two\",\"key\":\"//////////////////////8=\",\"x\":1}]}"
#define ONE_OTHER "{\"keys\":[{\"key_ID\":\"one\",\"key\":\"AAECAwQFBgcICQoLDA0ODg==\"}]}"

static struct qw_key_list *list;

static int set_up(void **state)
{
    (void)state;
    return qw_key_list_new(&list) == QW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    qw_key_list_free(list);
    qw_key_list_free(NULL);
    return 0;
}

static qw_err add(const char *text)
{
    return qw_key_list_add(list, text, strlen(text));
}

static void keys_of_several_answers_are_found_by_id(void **state)
{
    const struct qw_delivered_key *key;

    (void)state;
    assert_int_equal(add(ONE "\n" TWO "\n" ONE), QW_OK);
    assert_int_equal(add(TWO), QW_OK);
    assert_int_equal(qw_key_list_count(list), 2);
    key = qw_key_list_find(list, "oNE");
    assert_non_null(key);
    assert_int_equal(key->len, 16);
    assert_int_equal(key->bytes[15], 15);
    assert_null(qw_key_list_find(list, "on"));
    assert_null(qw_key_list_find(list, ""));
}

static void a_container_may_have_lines(void **state)
{
    (void)state;
    assert_int_equal(add("{\n\"keys\": [\n\n]\n}\n"), QW_OK);
    assert_int_equal(qw_key_list_count(list), 0);
}

static void another_key_under_the_same_id_is_a_conflict(void **state)
{
    (void)state;
    assert_int_equal(add(ONE), QW_OK);
    assert_int_equal(add(ONE_OTHER), QW_ERR_CONFLICT);
}

static void what_is_no_container_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":[{\"key_ID\":\"a\"}]}",
        "{\"keys\":[{\"key_ID\":\"\",\"key\":\"AAECAwQFBgcICQoLDA0ODw==\"}]}",
        "{\"keys\":[{\"key_ID\":\"a\",\"key\":\"AAECAwQFBgcICQoLDA0O\"}]}",
        "{\"keys\":[{\"key_ID\":\"a\",\"key\":\"?\"}]}",
        ONE "\n\n" TWO,
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(add(bad[i]), QW_ERR_FORMAT);
    }
    for (size_t cut = 0; cut < strlen(ONE); cut++) {
        assert_int_equal(qw_key_list_add(list, ONE, cut), QW_ERR_FORMAT);
    }
}

static void says_when_memory_is_short(void **state)
{
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        struct qw_key_list *one = NULL;

        assert_true(n < 50);
        fail_nth = n;
        err = qw_key_list_new(&one);
        if (err == QW_OK) {
            err = qw_key_list_add(one, ONE, strlen(ONE));
        }
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
        qw_key_list_free(one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_of_several_answers_are_found_by_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_container_may_have_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_key_under_the_same_id_is_a_conflict, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_container_is_refused, set_up, tear_down),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
