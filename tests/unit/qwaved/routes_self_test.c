/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
/* What a caller is told about himself: exactly what he may do, without a trace in the journal. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/people/right.h"
#include "site.h"

#define FOUNDER "urn:qwave:operator:alice"
#define HEAD "{\"centre_id\":\"centre-1\",\"id\":"

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };

    *state = site_new(config, 4096);
    return 0;
}

static uint64_t journal_records(struct site *site)
{
    struct qw_caller caller = { .role = QW_ROLE_OPERATOR, .id = "alice" };
    struct qw_centre_status status;

    assert_int_equal(qw_centre_status(site->service.centre, &caller, &status), QW_OK);
    return status.audit_records;
}

static void tells_a_founder_and_others_what_they_are(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask(site, FOUNDER, "GET", "/v1/self", NULL), 200);
    assert_non_null(strstr(site->text, HEAD "\"alice\",\"role\":\"officer\",\"state\":\"active\","
                                            "\"unit\":\"/\",\"roles\":[\"system\",\"security\","
                                            "\"operator\"],\"rights\":[\"status-read\""));
    assert_non_null(strstr(site->text, "\"device-destroy\""));
    assert_int_equal(ask(site, "urn:qwave:sae:app-1", "GET", "/v1/self", NULL), 200);
    assert_string_equal(site->text,
                        HEAD "\"app-1\",\"role\":\"application\",\"state\":\"none\","
                             "\"unit\":\"\",\"roles\":[],\"rights\":[],\"by\":\"certificate\"}");
    assert_int_equal(ask(site, "urn:qwave:ap:ap-1", "GET", "/v1/self", NULL), 200);
    assert_non_null(strstr(site->text, "\"role\":\"access-point\",\"state\":\"none\""));
    ask(site, "", "GET", "/v1/self", NULL);
    assert_error(site, 401, "not authorised");
    ask(site, FOUNDER, "POST", "/v1/self", "{}");
    assert_error(site, 405, "method not allowed");
}

static void tells_an_officer_his_rights_while_he_has_them(void **state)
{
    struct site *site = *state;
    static const char bob[] = "{\"id\":\"bob\",\"role\":\"audit\",\"unit\":\"/north\"}";
    static const char who[] = "urn:qwave:officer:bob";
    uint64_t before;

    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/officers", bob), 201);
    before = journal_records(site);
    assert_int_equal(ask(site, who, "GET", "/v1/self", NULL), 200);
    assert_string_equal(
        site->text, HEAD
        "\"bob\",\"role\":\"officer\",\"state\":\"active\",\"unit\":\"/north\","
        "\"roles\":[\"audit\"],\"rights\":[\"status-read\",\"device-read\",\"certificate-read\","
        "\"officer-read\",\"password-own\",\"request-read\",\"journal-read\",\"unit-read\",\"share-"
        "read\"],"
        "\"by\":\"certificate\"}");
    assert_int_equal(ask(site, "urn:qwave:officer:stranger", "GET", "/v1/self", NULL), 200);
    assert_string_equal(site->text,
                        HEAD "\"stranger\",\"role\":\"officer\",\"state\":\"none\","
                             "\"unit\":\"\",\"roles\":[],\"rights\":[],\"by\":\"certificate\"}");
    assert_int_equal(journal_records(site), before);
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/officers/bob/suspend", NULL), 200);
    assert_int_equal(ask(site, who, "GET", "/v1/self", NULL), 200);
    assert_non_null(strstr(site->text, "\"state\":\"suspended\""));
    assert_non_null(strstr(site->text, "\"rights\":[],\"by\":\"certificate\"}"));
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/officers/bob/remove", NULL), 200);
    assert_int_equal(ask(site, who, "GET", "/v1/self", NULL), 200);
    assert_non_null(strstr(site->text, "\"state\":\"gone\""));
    assert_non_null(strstr(site->text, "\"rights\":[],\"by\":\"certificate\"}"));
}

static void names_every_right_once(void **state)
{
    (void)state;
    for (int i = 0; i < QW_RIGHT_COUNT; i++) {
        assert_non_null(qw_right_names[i]);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(qw_right_names[i], qw_right_names[j]);
        }
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(tells_a_founder_and_others_what_they_are),
        CASE(tells_an_officer_his_rights_while_he_has_them),
        cmocka_unit_test(names_every_right_once),
    };

    return cmocka_run_group_tests_name("qwaved.routes_self", tests, NULL, NULL);
}
