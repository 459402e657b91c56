/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 W10 */
/* What an answer of GET /v1/events holds, and who gets one [docs/protocol/events.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "events.h"
#include "site.h"

#define FOUNDER "urn:qwave:operator:alice"

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };
    struct site *site = site_new(config, 4096);

    assert_int_equal(events_new(&site->service.events), QW_OK);
    *state = site;
    return 0;
}

static int close_site(void **state)
{
    struct site *site = *state;

    events_free(site->service.events);
    return remove_site(state);
}

/* Without a server nothing waits: the answer is what there is. */
static unsigned look(struct site *site, const char *identity, const char *last_event_id)
{
    static const uint8_t hash[32] = { 1 };
    struct qw_http_answer answer = { .status = 0 };
    const struct qw_http_request request = { .method = "GET",
                                             .path = "/v1/events",
                                             .query = "",
                                             .identity = identity,
                                             .certificate_hash = hash,
                                             .content_type = "",
                                             .last_event_id = last_event_id };

    router_handle(&site->service, &request, &answer);
    site->status = answer.status;
    assert_true(answer.body_len < sizeof site->text);
    memcpy(site->text, answer.body, answer.body_len);
    site->text[answer.body_len] = '\0';
    assert_string_equal(answer.content_type,
                        answer.status == 200 ? "text/event-stream" : "application/json");
    qw_http_answer_wipe(&answer);
    return site->status;
}

static void note_wake(struct events_waiter *waiter)
{
    waiter->next = NULL;
}

/* Somebody looks, so that events are kept. */
static void watch(struct site *site)
{
    static struct events_waiter waiter = { .wake = note_wake };

    assert_int_equal(events_wait(site->service.events, 0, &waiter), QW_OK);
}

static void gives_what_is_behind_the_last_event(void **state)
{
    struct site *site = *state;
    char last[24];

    watch(site);
    snprintf(last, sizeof last, "%llu", (unsigned long long)events_newest(site->service.events));
    events_publish(site->service.events, "radio", "{\"x\":1}", 7);
    assert_int_equal(look(site, FOUNDER, last), 200);
    assert_ptr_equal(strstr(site->text, "retry: 10\n\n"), site->text);
    assert_non_null(strstr(site->text, "event: radio\ndata: {\"x\":1}\n\n"));
    assert_int_equal(look(site, FOUNDER, NULL), 200);
    assert_null(strstr(site->text, "radio"));
    assert_int_equal(look(site, FOUNDER, "9007199254740993"), 200); /* of another run */
    assert_null(strstr(site->text, "radio"));
}

/* Whoever comes too late is told how many he has missed. */
static void says_how_many_events_are_gone(void **state)
{
    struct site *site = *state;
    char begin[64];

    watch(site);
    for (int i = 0; i < EVENTS_KEPT + 5; i++) {
        events_publish(site->service.events, "radio", "{}", 2);
    }
    assert_int_equal(look(site, FOUNDER, "1"), 200);
    (void)snprintf(begin, sizeof begin, "event: lost\ndata: {\"events\":%llu}\n\n",
                   (unsigned long long)(events_newest(site->service.events) - EVENTS_KEPT - 1));
    assert_non_null(strstr(site->text, begin));
    assert_int_equal(events_losses(site->service.events).events,
                     events_newest(site->service.events) - EVENTS_KEPT - 1);
}

static void a_tick_is_the_status(void **state)
{
    struct site *site = *state;
    const char *data;

    watch(site);
    events_publish(site->service.events, NULL, NULL, 0);
    assert_int_equal(look(site, FOUNDER, "0"), 200);
    data = strstr(site->text, "event: status\ndata: {\"status\":{\"centre_id\":\"centre-1\"");
    assert_non_null(data);
    assert_non_null(strstr(data, "\"keys\":{\"stored\":64,"));
    assert_non_null(strstr(data, "\"key_requests_answered\":0,\"obstacle\":\"\"}\n\n"));
}

static void is_for_officers_of_the_whole_centre_in_service(void **state)
{
    struct site *site = *state;

    assert_int_equal(look(site, "urn:qwave:sae:app-1", NULL), 403);
    assert_int_equal(look(site, "urn:qwave:ap:ap-1", NULL), 403);
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/officers",
                         "{\"id\":\"bob\",\"role\":\"audit\",\"unit\":\"/north\"}"),
                     201);
    assert_int_equal(look(site, "urn:qwave:officer:bob", NULL), 403);
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/officers",
                         "{\"id\":\"eve\",\"role\":\"audit\",\"unit\":\"/\"}"),
                     201);
    assert_int_equal(look(site, "urn:qwave:officer:eve", NULL), 200);
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/officers/eve/suspend", NULL), 200);
    assert_int_equal(look(site, "urn:qwave:officer:eve", NULL), 403);
    assert_int_equal(look(site, "urn:qwave:officer:stranger", NULL), 403);
}

static void refuses_a_number_that_is_none(void **state)
{
    struct site *site = *state;
    static const char *const bad[] = { "-1",    "x",   " 1", "1 ", "0x10", "99999999999999999999",
                                       "1&n=2", "1%31" };
    char longest[200];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(look(site, FOUNDER, bad[i]), 400);
    }
    memset(longest, '1', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(look(site, FOUNDER, longest), 400);
    assert_int_equal(look(site, FOUNDER, ""), 200);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, close_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(gives_what_is_behind_the_last_event),
        CASE(says_how_many_events_are_gone),
        CASE(a_tick_is_the_status),
        CASE(is_for_officers_of_the_whole_centre_in_service),
        CASE(refuses_a_number_that_is_none),
    };

    return cmocka_run_group_tests_name("qwaved.routes_events", tests, NULL, NULL);
}
