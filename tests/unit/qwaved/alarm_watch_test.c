/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
/* What the program knows and its centre does not: certificate, collector, partners. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alarm_watch.h"
#include "base/clock.h"
#include "events.h"
#include "partners.h"
#include "shipping/shipper.h"
#include "site.h"
#include "support/fail_nth.h"

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

static struct shipper_state shipped;
static bool partner_is_away;
static atomic_int_fast64_t ends_s;
static struct alarm_watch *watch;

struct shipper_state __wrap_shipper_look(struct shipper *shipper);
struct shipper_state __wrap_shipper_look(struct shipper *shipper)
{
    (void)shipper;
    return shipped;
}

bool __wrap_partners_look(const struct partners *partners, size_t index, const char **id,
                          bool *is_away);
bool __wrap_partners_look(const struct partners *partners, size_t index, const char **id,
                          bool *is_away)
{
    (void)partners;
    *id = "kme-b";
    *is_away = partner_is_away;
    return index == 0;
}

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };
    struct site *site = site_new(config, 1 << 16);

    shipped = (struct shipper_state){ .shipped_seq = 1, .has_tried = true };
    partner_is_away = false;
    atomic_store(&ends_s, qw_clock_utc_ms() / 1000 + 90 * 86400);
    assert_int_equal(events_new(&site->service.events), QW_OK);
    events_stop(site->service.events);
    site->service.certificate_ends_s = &ends_s;
    site->service.shipper = (struct shipper *)site; /* never looked into */
    assert_int_equal(alarm_watch_new(&site->service, NULL, &watch), QW_OK);
    *state = site;
    return 0;
}

static int close_site(void **state)
{
    struct site *site = *state;

    alarm_watch_free(watch);
    events_free(site->service.events);
    return remove_site(state);
}

/* After one look: what is listed. */
static const char *look(struct site *site)
{
    alarm_watch_look(watch);
    assert_int_equal(ask(site, "urn:qwave:operator:alice", "GET", "/v1/alarms", NULL), 200);
    return site->text;
}

static void all_is_well(void **state)
{
    struct site *site = *state;

    assert_string_equal(look(site), "{\"alarms\":[]}");
    site->service.shipper = NULL; /* not shipped: nothing to be behind with */
    atomic_store(&ends_s, 0);     /* not known */
    assert_string_equal(look(site), "{\"alarms\":[]}");
}

static void a_certificate_that_ends_soon_gets_worse(void **state)
{
    struct site *site = *state;

    atomic_store(&ends_s, qw_clock_utc_ms() / 1000 + 13 * 86400);
    assert_non_null(strstr(look(site), "\"kind\":\"certificate\",\"subject\":\"centre-1\","
                                       "\"severity\":\"minor\",\"state\":\"active\""));
    atomic_store(&ends_s, qw_clock_utc_ms() / 1000 - 5);
    assert_non_null(strstr(look(site), "\"severity\":\"major\",\"state\":\"active\""));
    atomic_store(&ends_s, qw_clock_utc_ms() / 1000 + 90 * 86400);
    assert_non_null(strstr(look(site), "\"state\":\"cleared\""));
}

static void a_collector_that_is_away_is_minor(void **state)
{
    struct site *site = *state;

    shipped.is_down = true;
    assert_non_null(strstr(look(site), "\"kind\":\"journal\",\"subject\":\"centre-1\","
                                       "\"severity\":\"minor\""));
    shipped.is_down = false;
    assert_non_null(strstr(look(site), "\"state\":\"cleared\""));
}

static void what_was_on_stands_until_the_collector_was_tried(void **state)
{
    struct site *site = *state;

    shipped.is_down = true;
    assert_non_null(strstr(look(site), "\"state\":\"active\""));
    shipped = (struct shipper_state){ .shipped_seq = 1 }; /* started again */
    assert_non_null(strstr(look(site), "\"state\":\"active\""));
    shipped.has_tried = true;
    assert_non_null(strstr(look(site), "\"state\":\"cleared\""));
}

uint64_t __wrap_qw_centre_journal_length(struct qw_centre *centre);
static uint64_t journal_length = 2;
uint64_t __wrap_qw_centre_journal_length(struct qw_centre *centre)
{
    (void)centre;
    return journal_length;
}

static void a_journal_that_is_far_behind_is_major(void **state)
{
    struct site *site = *state;

    journal_length = 10001;
    assert_string_equal(look(site), "{\"alarms\":[]}");
    journal_length = 10002;
    assert_non_null(strstr(look(site), "\"severity\":\"major\",\"state\":\"active\""));
    journal_length = 2;
    assert_non_null(strstr(look(site), "\"state\":\"cleared\""));
}

static void a_partner_that_does_not_answer_is_named(void **state)
{
    struct site *site = *state;
    static struct event event;

    partner_is_away = true;
    assert_non_null(strstr(look(site), "\"kind\":\"partner\",\"subject\":\"kme-b\""));
    assert_false(events_next(site->service.events, 0, &event)); /* nobody looks: nobody is told */
}

static void a_watch_that_cannot_be_made_leaves_nothing(void **state)
{
    struct site *site = *state;
    struct alarm_watch *other = NULL;

    fail_nth = 1;
    assert_int_equal(alarm_watch_new(&site->service, NULL, &other), QW_ERR_NOMEM);
    fail_nth = 0;
    assert_null(other);
    alarm_watch_look(NULL);
    alarm_watch_free(NULL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, close_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(all_is_well),
        CASE(a_certificate_that_ends_soon_gets_worse),
        CASE(a_collector_that_is_away_is_minor),
        CASE(what_was_on_stands_until_the_collector_was_tried),
        CASE(a_journal_that_is_far_behind_is_major),
        CASE(a_partner_that_does_not_answer_is_named),
        CASE(a_watch_that_cannot_be_made_leaves_nothing),
    };

    return cmocka_run_group_tests_name("qwaved.alarm_watch", tests, NULL, NULL);
}
