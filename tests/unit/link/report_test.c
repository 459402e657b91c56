/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 C10 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/report.h"
#include "support/metric_names.h"

#include <string.h>

static const struct qw_link_report_agent site_a = { "site-a", "https://kme.example" };
static const struct qw_link_report_row rows[] = {
    { "site-b",
      "main",
      "psk-file",
      false,
      { .state = QW_LINK_STEADY,
        .has_key = true,
        .key_id = { 0xab, 1 },
        .age_ms = 1500,
        .bytes = UINT64_MAX,
        .proof_ms = 250,
        .turn = 7,
        .rotations = 3,
        .rotation_ms = 42,
        .is_in_touch = true } },
    { "site \"c\\",
      "spare",
      "psk-file",
      true,
      { .state = QW_LINK_DEGRADED,
        .role = QW_LINK_RESPONDER,
        .bytes = 77,
        .proof_ms = -1,
        .rotation_ms = -1,
        .alarms = 2,
        .is_blocked = true,
        .alarm = "no new key: timed out" } },
};

static char out[8192];
static size_t len;

static void json_says_what_is_known_and_null_for_the_rest(void **state)
{
    (void)state;
    assert_int_equal(qw_link_report(QW_LINK_REPORT_JSON, &site_a, rows, 2, out, sizeof out, &len),
                     QW_OK);
    assert_int_equal(strlen(out), len);
    assert_string_equal(
        out,
        "{\"agent\":\"site-a\",\"key_server\":\"https://"
        "kme.example\",\"links\":[{\"peer\":\"site-b\",\"link\":\"main\",\"sink\":\"psk-"
        "file\",\"role\":\"initiator\",\"fail\":\"closed\",\"state\":\"STEADY\",\"key_ID\":"
        "\"ab010000-0000-0000-0000-000000000000\",\"key_age_s\":1.5,\"bytes\":null,\"proof_age_s\":"
        "0.25,\"turn\":7,\"rotations\":3,\"rotation_ms\":42,\"in_touch\":true,\"blocked\":false,"
        "\"alarms\":0,\"alarm\":\"\"},{\"peer\":\"site \\\"c\\\\\",\"link\":\"spare\",\"sink\":"
        "\"psk-file\",\"role\":\"responder\",\"fail\":\"open\",\"state\":\"DEGRADED\",\"key_ID\":"
        "null,\"key_age_s\":null,\"bytes\":77,\"proof_age_s\":null,\"turn\":0,\"rotations\":0,"
        "\"rotation_ms\":null,\"in_touch\":false,\"blocked\":true,\"alarms\":2,\"alarm\":\"no new "
        "key: timed out\"}]}");
}

static void text_has_a_line_for_each_link(void **state)
{
    (void)state;
    assert_int_equal(qw_link_report(QW_LINK_REPORT_TEXT, &site_a, rows, 2, out, sizeof out, &len),
                     QW_OK);
    assert_non_null(strstr(out,
                           "\nsite-b               main       STEADY    ab010000-0000-0000-0000-"
                           "000000000000      1.5      0.2            -         3  \n"));
    assert_memory_equal(out, "site-a, keys from https://kme.example\n", 38);
    assert_non_null(strstr(out, "BLOCKED no contact no new key: timed out\n"));
}

static void prometheus_gets_one_value_for_each_link_and_metric(void **state)
{
    (void)state;
    assert_int_equal(
        qw_link_report(QW_LINK_REPORT_PROMETHEUS, &site_a, rows, 2, out, sizeof out, &len), QW_OK);
    assert_non_null(strstr(out,
                           "# TYPE qwave_link_steady gauge\nqwave_link_steady{agent=\"site-a\","
                           "peer=\"site-b\",link=\"main\"} 1\n"));
    assert_non_null(strstr(
        out, "qwave_link_blocked{agent=\"site-a\",peer=\"site \\\"c\\\\\",link=\"spare\"} 1\n"));
    assert_non_null(strstr(out, "qwave_link_key_age_seconds{agent=\"site-a\",peer=\"site-b\",link="
                                "\"main\"} 1.5\n"));
    assert_non_null(strstr(out,
                           "qwave_link_key_bytes{agent=\"site-a\",peer=\"site \\\"c\\\\\",link="
                           "\"spare\"} 77\n"));
    assert_non_null(strstr(out,
                           "\nqwave_link_key_info{agent=\"site-a\",peer=\"site-b\",link=\"main\","
                           "sink=\"psk-file\",key_id=\"ab010000-0000-0000-0000-000000000000\","
                           "key_server=\"https://kme.example\"} 1\n"));
}

static void prometheus_gets_no_line_for_what_is_not_known(void **state)
{
    (void)state;
    assert_int_equal(
        qw_link_report(QW_LINK_REPORT_PROMETHEUS, &site_a, rows, 2, out, sizeof out, &len), QW_OK);
    assert_null(strstr(out, "nan"));
    assert_null(strstr(out, "key_bytes{agent=\"site-a\",peer=\"site-b\""));
    assert_null(strstr(out, "proof_age_seconds{agent=\"site-a\",peer=\"site \\\"c"));
}

static void rules_and_dashboard_ask_for_what_there_is(void **state)
{
    static char page[sizeof out + 1] = "\n";

    (void)state;
    assert_int_equal(
        qw_link_report(QW_LINK_REPORT_PROMETHEUS, &site_a, rows, 2, out, sizeof out, &len), QW_OK);
    memcpy(page + 1, out, len + 1);
    assert_asked_is_there(QWAVE_SOURCE "/share/prometheus/qwave-alerts.yaml", "qwave_link_", page,
                          3);
    assert_asked_is_there(QWAVE_SOURCE "/share/grafana/qwave-network.json", "qwave_link_", page, 7);
    assert_said_is_described(QWAVE_SOURCE "/docs/operation/monitoring.md", page);
}

static void no_form_writes_behind_its_space(void **state)
{
    (void)state;
    for (int form = 0; form < QW_LINK_REPORT_FORM_COUNT; form++) {
        size_t whole;

        assert_int_equal(qw_link_report((enum qw_link_report_form)form, &site_a, rows, 2, out,
                                        sizeof out, &whole),
                         QW_OK);
        for (size_t cap = 1; cap <= whole; cap++) {
            out[cap] = 'x';
            assert_int_equal(
                qw_link_report((enum qw_link_report_form)form, &site_a, rows, 2, out, cap, &len),
                QW_ERR_SPACE);
            assert_int_equal(out[cap], 'x');
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_says_what_is_known_and_null_for_the_rest),
        cmocka_unit_test(text_has_a_line_for_each_link),
        cmocka_unit_test(prometheus_gets_one_value_for_each_link_and_metric),
        cmocka_unit_test(prometheus_gets_no_line_for_what_is_not_known),
        cmocka_unit_test(rules_and_dashboard_ask_for_what_there_is),
        cmocka_unit_test(no_form_writes_behind_its_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
