/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
/* GET /v1/alarms and POST /v1/alarms/{}/acknowledge, and what officers who look are told. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alarm_text.h"
#include "events.h"
#include "site.h"

#define FOUNDER "urn:qwave:operator:alice"

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };
    struct site *site = site_new(config, 1 << 16);

    assert_int_equal(events_new(&site->service.events), QW_OK);
    events_stop(site->service.events); /* no ticks */
    *state = site;
    return 0;
}

static int close_site(void **state)
{
    struct site *site = *state;

    events_free(site->service.events);
    return remove_site(state);
}

static void raise_alarm(struct site *site, const char *subject)
{
    static struct qw_alarm changed[QW_ALARMS_MAX];
    struct qw_alarm_condition partner = { .kind = QW_ALARM_PARTNER,
                                          .severity = QW_ALARM_MINOR,
                                          .text = "it \"sleeps\"" };
    size_t count;

    snprintf(partner.subject, sizeof partner.subject, "%s", subject);
    qw_centre_alarm_watch(site->service.centre, &partner, 1, changed, &count);
}

static void wake(struct events_waiter *waiter)
{
    (void)waiter;
}

static void lists_what_is_wrong(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask(site, FOUNDER, "GET", "/v1/alarms", NULL), 200);
    assert_string_equal(site->text, "{\"alarms\":[]}");
    raise_alarm(site, "kme-b");
    assert_int_equal(ask(site, FOUNDER, "GET", "/v1/alarms", NULL), 200);
    assert_ptr_equal(strstr(site->text,
                            "{\"alarms\":[{\"number\":1,\"kind\":\"partner\",\"subject\":"
                            "\"kme-b\",\"severity\":\"minor\",\"state\":\"active\","
                            "\"text\":\"it \\\"sleeps\\\"\",\"first_ms\":"),
                     site->text);
    assert_null(strstr(site->text, "acknowledged_"));
    assert_null(strstr(site->text, "cleared_ms"));
}

static void an_acknowledgement_is_told_to_those_who_look(void **state)
{
    struct site *site = *state;
    static struct events_waiter waiter = { .wake = wake };
    static struct event event;

    raise_alarm(site, "kme-b");
    assert_int_equal(events_wait(site->service.events, 0, &waiter), QW_OK);
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/alarms/1/acknowledge", NULL), 200);
    assert_non_null(strstr(site->text, "\"state\":\"acknowledged\""));
    assert_non_null(strstr(site->text, "\"acknowledged_by\":\"alice\""));
    assert_true(events_next(site->service.events, 0, &event));
    assert_string_equal(event.name, "alarm");
    assert_int_equal(event.len, strlen(site->text));
    assert_memory_equal(event.data, site->text, event.len);
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/alarms/1/acknowledge", "{}"), 409);
}

static void what_is_no_alarm_is_not_there(void **state)
{
    struct site *site = *state;
    static const char *const numbers[] = { "1", "0", "-1", "1x", "9999999999999999", "x", "1.0" };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char path[64];

        snprintf(path, sizeof path, "/v1/alarms/%s/acknowledge", numbers[i]);
        assert_int_equal(ask(site, FOUNDER, "POST", path, NULL), 404);
    }
    raise_alarm(site, "kme-b");
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/alarms/1/acknowledge", "["), 400);
    assert_int_equal(ask(site, "urn:qwave:sae:app-1", "POST", "/v1/alarms/1/acknowledge", NULL),
                     403);
    assert_int_equal(ask(site, "urn:qwave:sae:app-1", "GET", "/v1/alarms", NULL), 403);
    assert_int_equal(ask(site, FOUNDER, "GET", "/v1/alarms", NULL), 200);
    assert_non_null(strstr(site->text, "\"state\":\"active\""));
}

/* The longest texts, all of them escaped, fit. */
static void the_longest_alarm_fits(void **state)
{
    static struct qw_alarm alarm = { .number = UINT64_MAX >> 11,
                                     .count = UINT64_MAX >> 11,
                                     .first_ms = INT64_MAX >> 11,
                                     .last_ms = INT64_MAX >> 11,
                                     .cleared_ms = INT64_MAX >> 11,
                                     .acknowledged_ms = INT64_MAX >> 11,
                                     .kind = QW_ALARM_AUTHENTICATION };
    char text[ALARM_TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    (void)state;
    memset(alarm.subject, 1, sizeof alarm.subject - 1);
    memset(alarm.text, 2, sizeof alarm.text - 1);
    memset(alarm.acknowledged_by, '"', sizeof alarm.acknowledged_by - 1);
    alarm_text_write(&w, &alarm);
    assert_true(qw_json_done(&w));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, close_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(lists_what_is_wrong),
        CASE(an_acknowledgement_is_told_to_those_who_look),
        CASE(what_is_no_alarm_is_not_there),
        CASE(the_longest_alarm_fits),
    };

    return cmocka_run_group_tests_name("qwaved.routes_alarm", tests, NULL, NULL);
}
