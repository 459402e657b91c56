/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 W5 C10 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/centre_client.h"

#include "base/base64.h"

#include <stdio.h>
#include <string.h>

/* Stands in for the HTTP client: keeps what was asked, gives what the test says. */
static char asked_path[128], asked_body[4096];
static unsigned given_status;
static const char *given_answer;
static qw_err given_err;

qw_err qw_http_client_call(struct qw_http_client *client, const char *method, const char *path,
                           const char *body, unsigned *status, const char **answer,
                           size_t *answer_len)
{
    (void)client;
    assert_string_equal(method, "POST");
    snprintf(asked_path, sizeof asked_path, "%s", path);
    snprintf(asked_body, sizeof asked_body, "%s", body);
    if (given_err == QW_OK) {
        *status = given_status;
        *answer = given_answer;
        *answer_len = strlen(given_answer);
    }
    return given_err;
}

static const uint8_t id[16] = { 0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
#define ID_TEXT "ab0102030405060708090a0b0c0d0e0f"

static int reset(void **state)
{
    (void)state;
    given_err = QW_OK;
    given_status = 200;
    given_answer = "{}";
    return 0;
}

static void a_contact_gives_session_and_grant(void **state)
{
    uint8_t session_id[16], grant[8];
    size_t len = 0;

    (void)state;
    given_answer = "{\"session_id\":\"" ID_TEXT "\",\"grant\":\"AQID\"}";
    assert_int_equal(qw_centre_client_contact(NULL, (const uint8_t *)"report", 6, session_id, grant,
                                              sizeof grant, &len),
                     QW_OK);
    assert_string_equal(asked_path, "/v1/radio/sessions");
    assert_string_equal(asked_body, "{\"report\":\"cmVwb3J0\"}");
    assert_memory_equal(session_id, id, 16);
    assert_int_equal(len, 3);
    assert_memory_equal(grant, "\x01\x02\x03", 3);
}

static void an_order_comes_in_place_of_a_grant(void **state)
{
    uint8_t session_id[16] = { 7 }, grant[8];
    size_t len = 0;

    (void)state;
    given_answer = "{\"order\":\"AQID\"}";
    assert_int_equal(qw_centre_client_contact(NULL, (const uint8_t *)"report", 6, session_id, grant,
                                              sizeof grant, &len),
                     QW_ERR_STATE);
    assert_int_equal(len, 3);
    assert_memory_equal(grant, "\x01\x02\x03", 3);
    assert_int_equal(session_id[0], 7);
}

static void a_package_is_asked_for_with_the_pad_at_hand(void **state)
{
    uint8_t package[8];
    size_t len = 0;

    (void)state;
    given_answer = "{\"package\":\"AQIDBA==\"}";
    assert_int_equal(qw_centre_client_package(NULL, id, 1234, package, sizeof package, &len),
                     QW_OK);
    assert_string_equal(asked_path, "/v1/radio/sessions/" ID_TEXT "/package");
    assert_string_equal(asked_body, "{\"pad_len\":1234}");
    assert_int_equal(len, 4);
}

static void receipts_and_ends_are_passed_on(void **state)
{
    (void)state;
    assert_int_equal(qw_centre_client_receipt(NULL, id, (const uint8_t *)"\xff", 1), QW_OK);
    assert_string_equal(asked_path, "/v1/radio/sessions/" ID_TEXT "/receipt");
    assert_string_equal(asked_body, "{\"receipt\":\"/w==\"}");
    assert_int_equal(qw_centre_client_end(NULL, id, 5), QW_OK);
    assert_string_equal(asked_path, "/v1/radio/sessions/" ID_TEXT "/end");
    assert_string_equal(asked_body, "{\"refusal\":5}");
}

static void every_status_has_its_error(void **state)
{
    static const struct {
        unsigned status;
        qw_err err;
    } rows[] = {
        { 200, QW_OK },
        { 400, QW_ERR_FORMAT },
        { 401, QW_ERR_REFUSED },
        { 403, QW_ERR_REFUSED },
        { 404, QW_ERR_NOT_FOUND },
        { 409, QW_ERR_CONFLICT },
        { 503, QW_ERR_EXHAUSTED },
        { 500, QW_ERR_IO },
        { 301, QW_ERR_IO },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        given_status = rows[i].status;
        given_answer = rows[i].status == 200 ? "{}" : "{\"message\":\"no\"}";
        assert_int_equal(qw_centre_client_end(NULL, id, 0), rows[i].err);
    }
}

static void an_unreachable_centre_is_passed_on_as_it_is(void **state)
{
    uint8_t out[8];
    size_t len = 0;

    (void)state;
    given_err = QW_ERR_TIMEOUT;
    assert_int_equal(qw_centre_client_end(NULL, id, 0), QW_ERR_TIMEOUT);
    assert_int_equal(qw_centre_client_receipt(NULL, id, out, 0), QW_ERR_TIMEOUT);
    assert_int_equal(qw_centre_client_package(NULL, id, 1, out, sizeof out, &len), QW_ERR_TIMEOUT);
}

/* Every answer here is refused and nothing is written. */
static void answers_of_another_shape_are_malformed(void **state)
{
    static const char *const contacts[] = {
        "",
        "null",
        "[]",
        "3",
        "{",
        "{}",
        "{\"session_id\":\"" ID_TEXT "\"}",
        "{\"grant\":\"AQID\"}",
        "{\"session_id\":3,\"grant\":\"AQID\"}",
        "{\"session_id\":\"" ID_TEXT "\",\"grant\":7}",
        "{\"session_id\":\"" ID_TEXT "\",\"grant\":\"AQI\"}",
        "{\"session_id\":\"" ID_TEXT "00\",\"grant\":\"AQID\"}",
        "{\"session_id\":\"zz0102030405060708090a0b0c0d0e0f\",\"grant\":\"AQID\"}",
        "{\"session_id\":\"" ID_TEXT "\",\"grant\":\"AQID\"",
    };
    uint8_t session_id[16] = { 0x77 }, grant[8] = { 0x77 };
    size_t len = 4711;

    (void)state;
    for (size_t i = 0; i < sizeof contacts / sizeof contacts[0]; i++) {
        given_answer = contacts[i];
        assert_int_equal(qw_centre_client_contact(NULL, (const uint8_t *)"r", 1, session_id, grant,
                                                  sizeof grant, &len),
                         QW_ERR_FORMAT);
        assert_int_equal(session_id[0], 0x77);
        assert_int_equal(grant[0], 0x77);
        assert_int_equal(len, 4711);
    }
    given_answer = "{\"package\":[]}";
    assert_int_equal(qw_centre_client_package(NULL, id, 1, grant, sizeof grant, &len),
                     QW_ERR_FORMAT);
}

static void a_blob_that_does_not_fit_is_said_so(void **state)
{
    uint8_t package[3] = { 0x77 };
    size_t len = 4711;

    (void)state;
    given_answer = "{\"package\":\"AQIDBA==\"}";
    assert_int_equal(qw_centre_client_package(NULL, id, 1, package, sizeof package, &len),
                     QW_ERR_SPACE);
    assert_int_equal(package[0], 0x77);
    assert_int_equal(len, 4711);
}

static void a_message_that_no_card_makes_is_not_sent(void **state)
{
    static uint8_t large[1025];

    (void)state;
    asked_path[0] = '\0';
    assert_int_equal(qw_centre_client_receipt(NULL, id, large, sizeof large), QW_ERR_ARG);
    assert_string_equal(asked_path, "");
    assert_int_equal(qw_centre_client_receipt(NULL, id, large, sizeof large - 1), QW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_contact_gives_session_and_grant, reset),
        cmocka_unit_test_setup(an_order_comes_in_place_of_a_grant, reset),
        cmocka_unit_test_setup(a_package_is_asked_for_with_the_pad_at_hand, reset),
        cmocka_unit_test_setup(receipts_and_ends_are_passed_on, reset),
        cmocka_unit_test_setup(every_status_has_its_error, reset),
        cmocka_unit_test_setup(an_unreachable_centre_is_passed_on_as_it_is, reset),
        cmocka_unit_test_setup(answers_of_another_shape_are_malformed, reset),
        cmocka_unit_test_setup(a_blob_that_does_not_fit_is_said_so, reset),
        cmocka_unit_test_setup(a_message_that_no_card_makes_is_not_sent, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
