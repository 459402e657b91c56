/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shipping/syslog_line.h"

#include <string.h>

static struct qw_audit_record some_record(void)
{
    struct qw_audit_record record = { .seq = 17,
                                      .utc_ms = 1795370000123,
                                      .node = "centre-1",
                                      .epoch = 3,
                                      .event = { .actor = "operator:alice",
                                                 .verb = "device-register",
                                                 .object = "meter-7",
                                                 .result = QW_OK,
                                                 .detail = "application" } };

    memset(record.hash, 0xa5, sizeof record.hash);
    return record;
}

static void is_as_the_protocol_page_has_it(void **state)
{
    struct qw_audit_record record = some_record();
    char line[SYSLOG_LINE_CAP];
    size_t len = 0;

    (void)state;
    assert_int_equal(syslog_line_write(&record, line, &len), QW_OK);
    assert_string_equal(
        line, "<109>1 2026-11-22T17:53:20.123Z centre-1 qwaved - device-register [qwave@32473 "
              "seq=\"17\" start=\"3\" result=\"0\" "
              "hash=\"a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5\"] "
              "operator:alice device-register meter-7: success, application");
    assert_int_equal(len, strlen(line));
}

static void what_was_refused_is_a_warning(void **state)
{
    struct qw_audit_record record = some_record();
    char line[SYSLOG_LINE_CAP];
    size_t len = 0;

    (void)state;
    record.event.result = QW_ERR_REFUSED;
    record.event.object[0] = '\0';
    record.event.detail[0] = '\0';
    assert_int_equal(syslog_line_write(&record, line, &len), QW_OK);
    assert_memory_equal(line, "<108>1 ", 7);
    assert_non_null(strstr(line, "] operator:alice device-register -: "));
    assert_null(strchr(strstr(line, "] "), ','));
}

static void the_longest_texts_fit(void **state)
{
    struct qw_audit_record record = some_record();
    char line[SYSLOG_LINE_CAP];
    size_t len = 0;

    (void)state;
    record.seq = UINT64_MAX;
    record.epoch = UINT64_MAX;
    memset(record.node, 'n', sizeof record.node - 1);
    memset(record.event.actor, 'a', sizeof record.event.actor - 1);
    memset(record.event.verb, 'v', sizeof record.event.verb - 1);
    memset(record.event.object, 'o', sizeof record.event.object - 1);
    memset(record.event.detail, 'd', sizeof record.event.detail - 1);
    for (int result = 0; result < 256; result++) {
        record.event.result = (qw_err)result;
        assert_int_equal(syslog_line_write(&record, line, &len), QW_OK);
    }
    assert_non_null(strstr(line, "seq=\"18446744073709551615\""));
}

/* A header field with a space would shift all that follow. */
static void header_fields_have_no_spaces(void **state)
{
    struct qw_audit_record record = some_record();
    char line[SYSLOG_LINE_CAP];
    size_t len = 0;

    (void)state;
    strcpy(record.node, "");
    strcpy(record.event.verb, "a b");
    assert_int_equal(syslog_line_write(&record, line, &len), QW_OK);
    assert_non_null(strstr(line, "Z - qwaved - a_b [qwave@"));
}

static void a_time_that_no_calendar_has_is_none(void **state)
{
    static const int64_t times[] = { -1, INT64_MIN, INT64_MAX, 253402300800000 };
    struct qw_audit_record record = some_record();
    char line[SYSLOG_LINE_CAP];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        record.utc_ms = times[i];
        assert_int_equal(syslog_line_write(&record, line, &len), QW_OK);
        assert_memory_equal(line, "<109>1 - centre-1 ", 18);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_as_the_protocol_page_has_it),
        cmocka_unit_test(what_was_refused_is_a_warning),
        cmocka_unit_test(the_longest_texts_fit),
        cmocka_unit_test(header_fields_have_no_spaces),
        cmocka_unit_test(a_time_that_no_calendar_has_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
