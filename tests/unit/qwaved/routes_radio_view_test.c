/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W10 */
/* POST /v1/radio/view: what an access point may show, and that nothing measured on a real channel
 * has a way in [docs/protocol/radio-view.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "events.h"
#include "site.h"

#define HEAD(simulated) \
    "{\"simulated\":" simulated ",\"radio\":\"simulated radio\"," \
    "\"session_id\":\"00112233445566778899aabbccddeeff\",\"dropped\":3"
#define FRAME \
    "{\"sequence\":7,\"first_tone\":-28,\"last_tone\":28,\"levels\":\"gICA\"," \
    "\"terminal\":\"gYGA\",\"eavesdropper\":\"gICB\"}"
#define FRAME_OF(end) \
    "{\"sequence\":7,\"first_tone\":-28,\"last_tone\":28,\"levels\":\"gICA\"," end "}"
#define REALS \
    "\"snr_db\":20.5,\"entropy_bits\":3000.5,\"finite_size_bits\":10,\"eve_correlation\":0.9," \
    "\"amplification_bits\":126,\"channel_time_s\":40,\"onset_deviations\":1.5"
#define LEDGER_WITH(onset) \
    "{\"probes\":1,\"pairs\":2,\"disclosed_pairs\":3,\"coefficients\":4," \
    "\"compared_bits\":40,\"different_bits\":11,\"raw_bits\":5," \
    "\"reconciliation_bits\":6,\"verification_bits\":7,\"selection_bits\":8,\"secret_bits\":9," \
    "\"auth_bits\":10,\"messages\":11,\"refusal\":5," REALS onset "}"
#define LEDGER LEDGER_WITH(",\"onset\":2")
#define WHOLE HEAD("true") ",\"frames\":[" FRAME "," FRAME "],\"ledger\":" LEDGER "}"

static void wake(struct events_waiter *waiter)
{
    waiter->next = NULL;
}

static unsigned show(struct site *site, const char *body)
{
    return ask(site, "urn:qwave:ap:ap-1", "POST", "/v1/radio/view", body);
}

/* The access point is not confirmed by a card here, so the centre refuses it: the reading of bodies
 * is tested with the check out of the way. */
static qw_err standing;
qw_err __wrap_qw_centre_access_point_serves(struct qw_centre *centre,
                                            const struct qw_caller *caller);
qw_err __wrap_qw_centre_access_point_serves(struct qw_centre *centre,
                                            const struct qw_caller *caller)
{
    (void)centre;
    (void)caller;
    return standing;
}

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };
    struct site *site = site_new(config, 4096);

    standing = QW_OK;
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

/* The events behind after, but ticks; count of them, and the last one's data as text. */
static size_t published(struct site *site, uint64_t after, const char *name, char *data)
{
    static struct event event;
    size_t count = 0;

    while (events_next(site->service.events, after, &event)) {
        after = event.number;
        if (event.name != NULL) {
            count++;
        }
        if (event.name != NULL && strcmp(event.name, name) == 0) {
            memcpy(data, event.data, event.len);
            data[event.len] = '\0';
        }
    }
    return count;
}

static uint64_t watch(struct site *site)
{
    static struct events_waiter waiter;

    waiter.wake = wake;
    assert_int_equal(events_wait(site->service.events, 0, &waiter), QW_OK);
    return events_newest(site->service.events);
}

static void says_whether_somebody_looks(void **state)
{
    struct site *site = *state;

    assert_int_equal(show(site, NULL), 200);
    assert_string_equal(site->text, "{\"is_watched\":false}");
    assert_int_equal(show(site, WHOLE), 200);
    assert_int_equal(events_newest(site->service.events), 0);
    watch(site);
    assert_int_equal(show(site, "{}"), 200);
    assert_string_equal(site->text, "{\"is_watched\":true}");
}

static void shows_frames_and_ledger_of_a_simulated_session(void **state)
{
    struct site *site = *state;
    static char data[EVENT_TEXT_MAX + 1];
    uint64_t after = watch(site);

    assert_int_equal(show(site, WHOLE), 200);
    assert_int_equal(events_losses(site->service.events).moments_seen, 2 + 3);
    assert_int_equal(events_losses(site->service.events).moments_dropped, 3);
    assert_int_equal(published(site, after, "radio", data), 2);
    assert_string_equal(data, "{\"access_point\":\"ap-1\",\"session_id\":"
                              "\"00112233445566778899aabbccddeeff\",\"radio\":\"simulated radio\","
                              "\"simulated\":true,\"dropped\":3,\"frames\":[" FRAME "," FRAME "]}");
    assert_int_equal(published(site, after, "session", data), 2);
    assert_non_null(strstr(data, "\"simulated\":true,\"dropped\":0,\"probes\":1,"));
    assert_non_null(strstr(data, "\"refusal\":5,\"snr_db\":20.5,"));
    assert_non_null(strstr(data, "\"onset_deviations\":1.5,\"onset\":2}"));
}

/* An end that heard nothing is left out, and said to be so by that alone. */
static void an_end_may_have_heard_nothing(void **state)
{
    struct site *site = *state;
    static char data[EVENT_TEXT_MAX + 1];
    uint64_t after = watch(site);

    assert_int_equal(
        show(site, HEAD("true") ",\"frames\":[" FRAME_OF("\"eavesdropper\":\"gICB\"") "]}"), 200);
    assert_int_equal(published(site, after, "radio", data), 1);
    assert_non_null(strstr(data, "\"levels\":\"gICA\",\"eavesdropper\":\"gICB\"}"));
    assert_null(strstr(data, "terminal"));
}

/* The largest that an access point can send fits into an event. */
static void the_largest_body_is_shown(void **state)
{
    struct site *site = *state;
    static char data[EVENT_TEXT_MAX + 1], body[8192], levels[400];
    size_t len;
    uint64_t after = watch(site);

    memset(levels, 'A', 340); /* 255 bytes */
    memcpy(levels + 340, "AA==", 5);
    len = (size_t)snprintf(body, sizeof body, "%s", HEAD("true") ",\"frames\":[");
    for (int i = 0; i < 4; i++) {
        len += (size_t)snprintf(body + len, sizeof body - len,
                                "%s{\"sequence\":9007199254740991,\"first_tone\":-4096,"
                                "\"last_tone\":4096,\"levels\":\"%s\",\"terminal\":\"%s\","
                                "\"eavesdropper\":\"%s\"}",
                                i > 0 ? "," : "", levels, levels, levels);
    }
    (void)snprintf(body + len, sizeof body - len, "]}");
    assert_int_equal(show(site, body), 200);
    assert_int_equal(published(site, after, "radio", data), 1);
}

static void nothing_that_is_not_simulated_gets_in(void **state)
{
    struct site *site = *state;
    static char data[EVENT_TEXT_MAX + 1];
    uint64_t after = watch(site);

    assert_int_equal(show(site, HEAD("false") ",\"frames\":[" FRAME "]}"), 403);
    assert_int_equal(show(site, HEAD("false") ",\"ledger\":" LEDGER "}"), 403);
    assert_int_equal(show(site, HEAD("1") ",\"frames\":[" FRAME "]}"), 400);
    assert_int_equal(show(site, "{\"frames\":[" FRAME "]}"), 400);
    assert_int_equal(published(site, after, "", data), 0);
}

static void is_for_access_points_in_service(void **state)
{
    struct site *site = *state;
    static char data[EVENT_TEXT_MAX + 1];
    uint64_t after = watch(site);

    assert_int_equal(ask(site, "urn:qwave:operator:alice", "POST", "/v1/radio/view", WHOLE), 403);
    assert_int_equal(ask(site, "urn:qwave:sae:app-1", "POST", "/v1/radio/view", WHOLE), 403);
    standing = QW_ERR_REFUSED;
    assert_int_equal(show(site, WHOLE), 403);
    assert_int_equal(published(site, after, "", data), 0);
}

static void refuses_whatever_is_cut_or_out_of_range(void **state)
{
    struct site *site = *state;
    static char data[EVENT_TEXT_MAX + 1], body[sizeof WHOLE];
    static const char *const frames[] = {
        "",
        FRAME "," FRAME "," FRAME "," FRAME "," FRAME,
        "{\"sequence\":7,\"first_tone\":-28.5,\"last_tone\":28,\"levels\":\"gICA\"}",
        "{\"sequence\":7,\"first_tone\":-5000,\"last_tone\":28,\"levels\":\"gICA\"}",
        "{\"sequence\":7,\"first_tone\":-28,\"last_tone\":28,\"levels\":\"\"}",
        "{\"sequence\":7,\"first_tone\":-28,\"last_tone\":28,\"levels\":\"g\"}",
        "{\"sequence\":-1,\"first_tone\":-28,\"last_tone\":28,\"levels\":\"gICA\"}",
        "{\"sequence\":7,\"last_tone\":28,\"levels\":\"gICA\"}",
        "7",
        FRAME_OF("\"terminal\":\"gICAgA==\""), /* another number of tones */
        FRAME_OF("\"eavesdropper\":\"gIA=\""),
        FRAME_OF("\"eavesdropper\":null"),
        FRAME_OF("\"terminal\":\"\""),
    };
    uint64_t after = watch(site);

    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        char text[1024];

        snprintf(text, sizeof text, HEAD("true") ",\"frames\":[%s]}", frames[i]);
        assert_int_equal(show(site, text), 400);
    }
    assert_int_equal(show(site, HEAD("true") ",\"ledger\":" LEDGER_WITH(",\"onset\":3") "}"), 400);
    assert_int_equal(show(site, HEAD("true") ",\"ledger\":" LEDGER_WITH("") "}"), 400);
    for (size_t cut = 1; cut < sizeof WHOLE - 1; cut++) {
        memcpy(body, WHOLE, cut);
        body[cut] = '\0';
        assert_int_equal(show(site, body), 400);
    }
    assert_int_equal(published(site, after, "", data), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, close_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(says_whether_somebody_looks),
        CASE(shows_frames_and_ledger_of_a_simulated_session),
        CASE(an_end_may_have_heard_nothing),
        CASE(the_largest_body_is_shown),
        CASE(nothing_that_is_not_simulated_gets_in),
        CASE(is_for_access_points_in_service),
        CASE(refuses_whatever_is_cut_or_out_of_range),
    };

    return cmocka_run_group_tests_name("qwaved.routes_radio_view", tests, NULL, NULL);
}
