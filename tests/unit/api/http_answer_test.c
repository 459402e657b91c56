/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 S3 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/http_answer.h"
#include "base/secret.h"
#include "support/fail_nth.h"

#include <string.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

static void takes_a_body_that_is_there(void **state)
{
    struct qw_http_answer answer = { .status = 0 };
    char *body = qw_secret_new(64);

    (void)state;
    assert_non_null(body);
    memcpy(body, "{\"a\":1}", 7);
    assert_int_equal(qw_http_answer_write(&answer, "gone", 4), QW_OK);
    qw_http_answer_take(&answer, 200, body, 7, 64);
    assert_ptr_equal(answer.body, body);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.content_type, "application/json");
    assert_int_equal(qw_http_answer_write(&answer, " ", 1), QW_OK); /* there is room for more */
    assert_int_equal(answer.body_len, 8);
    assert_ptr_equal(answer.body, body);
    qw_http_answer_wipe(&answer);
    assert_null(answer.body);
}

static void names_a_detail_of_an_error(void **state)
{
    static const char want[] = "{\"message\":\"no\",\"details\":[{\"what\":\"a \\\"b\\\"\"}]}";
    struct qw_http_answer answer = { .status = 0 };

    (void)state;
    qw_http_answer_error_detail(&answer, 400, "no", "what", "a \"b\"");
    assert_int_equal(answer.status, 400);
    assert_int_equal(answer.body_len, sizeof want - 1);
    assert_memory_equal(answer.body, want, sizeof want - 1);
    qw_http_answer_wipe(&answer);
}

static void grows_to_its_limit_and_no_byte_more(void **state)
{
    struct qw_http_answer answer = { .status = 200 };
    static char block[65536];

    (void)state;
    for (size_t i = 0; i < QW_HTTP_ANSWER_MAX / sizeof block; i++) {
        memset(block, (int)i, sizeof block);
        assert_int_equal(qw_http_answer_write(&answer, block, sizeof block), QW_OK);
    }
    assert_int_equal(answer.body_len, QW_HTTP_ANSWER_MAX);
    assert_int_equal(qw_http_answer_write(&answer, "", 0), QW_OK);
    assert_int_equal(qw_http_answer_write(&answer, "x", 1), QW_ERR_SPACE);
    assert_int_equal(answer.body_len, QW_HTTP_ANSWER_MAX);
    for (size_t i = 0; i < QW_HTTP_ANSWER_MAX;
         i += sizeof block) { /* growing has kept everything */
        assert_int_equal(answer.body[i], (char)(i / sizeof block));
    }
    qw_http_answer_wipe(&answer);
    assert_null(answer.body);
    assert_int_equal(qw_http_answer_write(&answer, block, SIZE_MAX), QW_ERR_SPACE);
}

static void gives_an_empty_answer_a_body_to_send(void **state)
{
    struct qw_http_answer answer = { .status = 200 };

    (void)state;
    assert_int_equal(qw_http_answer_write(&answer, "", 0), QW_OK);
    assert_non_null(answer.body);
    assert_int_equal(answer.body_len, 0);
    qw_http_answer_wipe(&answer);
    qw_http_answer_wipe(&answer);
}

static void replaces_what_was_written_by_an_error(void **state)
{
    struct qw_http_answer answer = { .status = 200, .content_type = "text/plain" };

    (void)state;
    assert_int_equal(qw_http_answer_write(&answer, "half a key", 10), QW_OK);
    qw_http_answer_error(&answer, 503, "temporarily unavailable");
    assert_int_equal(answer.status, 503);
    assert_string_equal(answer.content_type, "application/json");
    assert_int_equal(answer.body_len, strlen("{\"message\":\"temporarily unavailable\"}"));
    assert_memory_equal(answer.body, "{\"message\":\"temporarily unavailable\"}", answer.body_len);
    qw_http_answer_wipe(&answer);
}

static void keeps_what_it_has_without_memory(void **state)
{
    struct qw_http_answer answer = { .status = 200 };
    static char block[16384];

    (void)state;
    fail_nth = 1;
    assert_int_equal(qw_http_answer_write(&answer, "x", 1), QW_ERR_NOMEM);
    assert_null(answer.body);
    assert_int_equal(qw_http_answer_write(&answer, "abc", 3), QW_OK);
    fail_nth = 1;
    assert_int_equal(qw_http_answer_write(&answer, block, sizeof block), QW_ERR_NOMEM);
    assert_int_equal(answer.body_len, 3);
    assert_memory_equal(answer.body, "abc", 3);
    fail_nth = 1;
    qw_http_answer_error(&answer, 503, "no memory"); /* the status still says it */
    assert_int_equal(answer.status, 503);
    assert_null(answer.body);
    assert_int_equal(answer.body_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_body_that_is_there),
        cmocka_unit_test(names_a_detail_of_an_error),
        cmocka_unit_test(grows_to_its_limit_and_no_byte_more),
        cmocka_unit_test(gives_an_empty_answer_a_body_to_send),
        cmocka_unit_test(replaces_what_was_written_by_an_error),
        cmocka_unit_test(keeps_what_it_has_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
