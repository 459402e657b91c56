/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 C10 */
/* Running networks of QKD links as they are reported, and who sees them
 * [docs/protocol/network-view.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "events.h"
#include "network_board.h"
#include "site.h"

#define OFFICER "urn:qwave:operator:alice"
#define NODE "urn:qwave:node:site-1"
#define PLACES \
    "[{\"id\":\"a\",\"kind\":\"relay\",\"x\":0,\"y\":1.5}," \
    "{\"id\":\"s\",\"kind\":\"switch\",\"x\":1,\"y\":0}," \
    "{\"id\":\"u\",\"kind\":\"user\",\"x\":2,\"y\":-1}]"
#define FIBRE "{\"a\":0,\"b\":2,\"kind\":\"switched\",\"km\":12.5,\"rate_bps\":1000,\"via\":1}"
#define TOPOLOGY "{\"text\":\"three\",\"nodes\":" PLACES ",\"links\":[" FIBRE "]}"
#define COUNTS \
    "\"links_up\":1,\"under_way\":2,\"delivered_keys\":3,\"received_keys\":4," \
    "\"passed_batches\":5,\"void_batches\":6,\"wrong_tags\":7,\"ignored_messages\":8"
#define LINK \
    "{\"neighbour\":2,\"up\":true,\"quarantined\":false,\"simulated\":true," \
    "\"stored_bits\":4096,\"capacity_bits\":8192,\"cut\":false,\"qkd_runs\":true," \
    "\"joined\":false,\"qkd_bits\":512,\"qkd_errors_ppm\":11000,\"qkd_reason\":\"\"," \
    "\"pass\":{\"passing\":false,\"passes\":3,\"clear_passes\":2,\"next_s\":7.5}}"
#define ORDER \
    "{\"target\":2,\"wanted_keys\":100,\"delivered_keys\":3,\"waits\":0,\"class\":\"silver\"," \
    "\"second_route\":\"0,1,2\",\"route\":\"0,2\",\"route_age_ms\":7}"
#define STATUS "{" COUNTS ",\"links\":[" LINK "],\"orders\":[" ORDER "]}"
#define NODES "[{\"node\":0,\"status\":" STATUS "},{\"node\":2}]"
#define WHOLE "{\"network\":\"three\",\"topology\":" TOPOLOGY ",\"nodes\":" NODES "}"
#define SEEN_NODE \
    "{\"node\":0,\"answers\":true," COUNTS ",\"links\":[" LINK "],\"orders\":[" ORDER "]}"

static void add_node(struct site *site, const char *id, enum qw_device_kind kind)
{
    struct qw_caller alice = { .role = QW_ROLE_OPERATOR, .id = "alice" };

    assert_int_equal(qw_centre_device_register(site->service.centre, &alice, id, kind, "", ""),
                     QW_OK);
}

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };
    struct site *site = site_new(config, 4096);

    assert_int_equal(events_new(&site->service.events), QW_OK);
    assert_int_equal(network_board_new(1000, &site->service.networks), QW_OK);
    add_node(site, "site-1", QW_DEVICE_NODE);
    add_node(site, "site-2", QW_DEVICE_NODE);
    *state = site;
    return 0;
}

static int close_site(void **state)
{
    struct site *site = *state;

    network_board_free(site->service.networks);
    events_free(site->service.events);
    return remove_site(state);
}

static unsigned say(struct site *site, const char *body)
{
    return ask(site, NODE, "POST", "/v1/network/report", body);
}

static unsigned look(struct site *site, const char *query)
{
    char target[64];

    snprintf(target, sizeof target, "/v1/network%s", query);
    return ask(site, OFFICER, "GET", target, NULL);
}

static void nothing_is_known_and_nobody_looks(void **state)
{
    struct site *site = *state;

    assert_int_equal(say(site, "{\"network\":\"three\"}"), 200);
    assert_string_equal(site->text, "{\"is_watched\":false,\"wants_topology\":true}");
    assert_int_equal(say(site, "{\"network\":\"three\",\"nodes\":" NODES "}"), 200);
    assert_string_equal(site->text, "{\"is_watched\":false,\"wants_topology\":true}");
    assert_int_equal(look(site, ""), 200);
    assert_string_equal(site->text, "{\"version\":1000,\"networks\":[]}");
}

static void shows_what_was_reported_to_who_looks(void **state)
{
    struct site *site = *state;

    assert_int_equal(say(site, WHOLE), 200);
    assert_string_equal(site->text, "{\"is_watched\":false,\"wants_topology\":false}");
    assert_int_equal(look(site, ""), 200);
    assert_non_null(strstr(site->text, "{\"version\":1003,\"networks\":[{\"name\":\"three\","
                                       "\"topology\":" TOPOLOGY ",\"nodes\":[{\"age_ms\":"));
    assert_non_null(strstr(site->text, "\"reporter\":\"site-1\",\"state\":" SEEN_NODE "}"));
    assert_non_null(strstr(site->text, "\"state\":{\"node\":2,\"answers\":false}}]}]}"));
    assert_int_equal(say(site, "{\"network\":\"three\"}"), 200);
    assert_string_equal(site->text, "{\"is_watched\":true,\"wants_topology\":false}");
}

static void says_only_what_is_newer(void **state)
{
    struct site *site = *state;

    assert_int_equal(say(site, WHOLE), 200);
    assert_int_equal(look(site, "?after=1001"), 200); /* the topology */
    assert_null(strstr(site->text, "topology"));
    assert_non_null(strstr(site->text, "\"node\":0"));
    assert_int_equal(look(site, "?after=1003"), 200);
    assert_string_equal(site->text,
                        "{\"version\":1003,\"networks\":[{\"name\":\"three\",\"nodes\":[]}]}");
    assert_int_equal(look(site, "?after=9999"), 200); /* of another run: everything */
    assert_non_null(strstr(site->text, "topology"));
    assert_int_equal(look(site, "?after=-1"), 400);
    assert_int_equal(look(site, "?after=x"), 400);
}

static void wake(struct events_waiter *waiter)
{
    waiter->next = NULL;
}

static void tells_who_looks_that_there_is_something_new(void **state)
{
    struct site *site = *state;
    static struct events_waiter waiter;
    static struct event event;
    uint64_t after;
    bool is_found = false;

    waiter.wake = wake;
    assert_int_equal(events_wait(site->service.events, 0, &waiter), QW_OK);
    after = events_newest(site->service.events);
    assert_int_equal(say(site, WHOLE), 200); /* nobody looks at networks */
    assert_int_equal(look(site, ""), 200);
    assert_int_equal(say(site, "{\"network\":\"three\",\"nodes\":[{\"node\":2}]}"), 200);
    while (events_next(site->service.events, after, &event)) {
        after = event.number;
        if (event.name != NULL) {
            assert_false(is_found);
            assert_string_equal(event.name, "network");
            event.data[event.len] = '\0';
            assert_string_equal(event.data, "{\"version\":1004}");
            is_found = true;
        }
    }
    assert_true(is_found);
}

static void is_for_nodes_in_service(void **state)
{
    struct site *site = *state;
    static const char *const others[] = { OFFICER,
                                          "urn:qwave:ap:site-1",
                                          "urn:qwave:sae:site-1",
                                          "urn:qwave:kme:site-1",
                                          "urn:qwave:node:nobody",
                                          "urn:qwave:node:meter-1" };

    add_node(site, "meter-1", QW_DEVICE_METER);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(ask(site, others[i], "POST", "/v1/network/report", WHOLE), 403);
    }
    assert_int_equal(say(site, WHOLE), 200);
    assert_int_equal(ask(site, OFFICER, "POST", "/v1/devices/site-1/suspend", NULL), 200);
    assert_int_equal(say(site, WHOLE), 403);
}

static void is_seen_by_officers_of_the_whole_centre(void **state)
{
    struct site *site = *state;
    static const char *const north = "{\"id\":\"north\",\"role\":\"audit\",\"unit\":\"/north\"}";

    assert_int_equal(say(site, WHOLE), 200);
    assert_int_equal(ask(site, OFFICER, "POST", "/v1/officers", north), 201);
    assert_int_equal(ask(site, "urn:qwave:officer:north", "GET", "/v1/network", NULL), 403);
    assert_int_equal(ask(site, NODE, "GET", "/v1/network", NULL), 403);
    assert_int_equal(ask(site, "urn:qwave:sae:app-1", "GET", "/v1/network", NULL), 403);
    assert_int_equal(look(site, ""), 200);
    assert_int_equal(ask(site, OFFICER, "POST", "/v1/officers/north/suspend", NULL), 200);
    assert_int_equal(ask(site, "urn:qwave:officer:north", "GET", "/v1/network", NULL), 403);
}

static void nobody_speaks_for_the_nodes_of_another(void **state)
{
    struct site *site = *state;
    static const char *const other = "urn:qwave:node:site-2";

    assert_int_equal(say(site, WHOLE), 200);
    assert_int_equal(ask(site, other, "POST", "/v1/network/report", WHOLE), 409);
    assert_int_equal(ask(site, other, "POST", "/v1/network/report",
                         "{\"network\":\"three\",\"nodes\":[{\"node\":1},{\"node\":2}]}"),
                     409);
    assert_int_equal(ask(site, other, "POST", "/v1/network/report",
                         "{\"network\":\"three\",\"topology\":{\"text\":\"mine\",\"nodes\":" PLACES
                         ",\"links\":[]}}"),
                     409);
    assert_int_equal(look(site, ""), 200);
    assert_null(strstr(site->text, "site-2"));
    assert_null(strstr(site->text, "\"node\":1,"));
    assert_non_null(strstr(site->text, TOPOLOGY));
    assert_int_equal(ask(site, other, "POST", "/v1/network/report",
                         "{\"network\":\"three\",\"nodes\":[{\"node\":1}]}"),
                     200);
    assert_int_equal(look(site, ""), 200);
    assert_non_null(strstr(site->text, "\"reporter\":\"site-2\",\"state\":{\"node\":1,"));
}

static void refuses_whatever_is_cut(void **state)
{
    struct site *site = *state;
    static char body[sizeof WHOLE];

    for (size_t cut = 0; cut < sizeof WHOLE - 1; cut++) {
        memcpy(body, WHOLE, cut);
        body[cut] = '\0';
        assert_int_equal(say(site, body), 400);
    }
    assert_int_equal(look(site, ""), 200);
    assert_string_equal(site->text, "{\"version\":1000,\"networks\":[]}");
}

/* Each is WHOLE with one thing in it replaced. */
static void refuses_what_is_out_of_range(void **state)
{
    struct site *site = *state;
    static const struct {
        const char *was, *is;
    } rows[] = {
        { "\"network\":\"three\"", "\"network\":\"\"" },
        { "\"network\":\"three\"", "\"network\":7" },
        { "\"kind\":\"relay\"", "\"kind\":\"palace\"" },
        { "\"kind\":\"switched\"", "\"kind\":\"string\"" },
        { "\"id\":\"a\"", "\"id\":\"a123456789012345678901234567890123456789\"" },
        { "\"x\":0", "\"x\":\"0\"" },
        { "\"y\":1.5", "\"y\":1e999" },
        { "\"km\":12.5", "\"km\":-1" },
        { "\"a\":0", "\"a\":3" },
        { "\"b\":2", "\"b\":-1" },
        { "\"via\":1", "\"via\":1.5" },
        { PLACES, "[]" },
        { "\"node\":0", "\"node\":3" },
        { "\"node\":0", "\"node\":2" }, /* twice */
        { "\"node\":0", "\"nod\":0" },
        { NODES, "[]" },
        { NODES, "7" },
        { NODES, "[7]" },
        { STATUS, "7" },
        { "\"links_up\":1", "\"links_up\":-1" },
        { "\"links_up\":1,", "" },
        { "\"up\":true", "\"up\":1" },
        { "\"stored_bits\":4096", "\"stored_bits\":1e300" },
        { "\"capacity_bits\":8192,", "" },
        { "\"neighbour\":2", "\"neighbour\":512" },
        { "\"qkd_reason\":\"\"", "\"qkd_reason\":[]" },
        { "\"route\":\"0,2\"", "\"route\":\"\"" },
        { "\"route\":\"0,2\"", "\"route\":\"0,,2\"" },
        { "\"route\":\"0,2\"", "\"route\":\"0,2,\"" },
        { "\"route\":\"0,2\"", "\"route\":\"<b>\"" },
        { "\"route\":\"0,2\"", "\"route\":\"1234567890\"" },
        { "\"class\":\"silver\"", "\"class\":\"iron\"" },
        { "\"second_route\":\"0,1,2\"", "\"second_route\":\"0,1+2\"" },
        { "\"passing\":false", "\"passing\":2" },
        { "\"joined\":false", "\"joined\":null" },
        { "\"target\":2", "\"target\":512" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[sizeof WHOLE + 256];
        const char *at = strstr(WHOLE, rows[i].was);

        assert_non_null(at);
        snprintf(body, sizeof body, "%.*s%s%s", (int)(at - WHOLE), WHOLE, rows[i].is,
                 at + strlen(rows[i].was));
        if (say(site, body) != 400) {
            fail_msg("%s is taken: %s", rows[i].is, site->text);
        }
    }
}

/* What a page gets is what the document names: other members of a body go no further. */
static void passes_on_no_other_member(void **state)
{
    struct site *site = *state;

    assert_int_equal(say(site, "{\"network\":\"three\",\"secret\":\"s3cret\",\"topology\":{"
                               "\"secret\":\"s3cret\",\"text\":\"\",\"nodes\":" PLACES
                               ",\"links\":[]},\"nodes\":[{\"node\":0,\"secret\":\"s3cret\"}]}"),
                     200);
    assert_int_equal(look(site, ""), 200);
    assert_non_null(strstr(site->text, "\"node\":0"));
    assert_null(strstr(site->text, "s3cret"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, close_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nothing_is_known_and_nobody_looks),
        CASE(shows_what_was_reported_to_who_looks),
        CASE(says_only_what_is_newer),
        CASE(tells_who_looks_that_there_is_something_new),
        CASE(is_for_nodes_in_service),
        CASE(is_seen_by_officers_of_the_whole_centre),
        CASE(nobody_speaks_for_the_nodes_of_another),
        CASE(refuses_whatever_is_cut),
        CASE(refuses_what_is_out_of_range),
        CASE(passes_on_no_other_member),
    };

    return cmocka_run_group_tests_name("qwaved.routes_network", tests, NULL, NULL);
}
