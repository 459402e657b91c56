/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 C16 */
/* Pages of the registry over the interface, and what a device shows of itself. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/qwaved/site.h"

#define OFFICER "urn:qwave:operator:alice"
#define SHA256 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };
    static const char *const bodies[] = {
        "{\"id\":\"a-1\",\"kind\":\"meter\",\"owner\":\"Li\",\"unit\":\"/north\"}",
        "{\"id\":\"a-2\",\"kind\":\"meter\",\"owner\":\"Li Hua\",\"unit\":\"/north/gas\"}",
        "{\"id\":\"b-1\",\"kind\":\"sd-card\",\"owner\":\"Li\",\"unit\":\"/south\"}",
        "{\"id\":\"b-2\",\"kind\":\"application\",\"owner\":\"Wang\"}",
        "{\"id\":\"c-1\",\"kind\":\"usb-key\",\"owner\":\"\"}",
        "{\"id\":\"c-2\",\"kind\":\"chip\"}",
        "{\"id\":\"c-3\",\"kind\":\"pcie-card\"}",
        "{\"id\":\"c-4\",\"kind\":\"cipher-machine\"}",
    };
    struct site *site = site_new(config, 4096);

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(ask(site, OFFICER, "POST", "/v1/devices", bodies[i]), 201);
    }
    *state = site;
    return 0;
}

/* The ids of an answer, with a space behind each; what goes on at the end. */
static const char *ids(struct site *site, const char *query)
{
    static char found[512];
    char target[256];
    const char *next;
    size_t len = 0;

    snprintf(target, sizeof target, "/v1/devices%s", query);
    assert_int_equal(ask(site, OFFICER, "GET", target, NULL), 200);
    found[0] = '\0';
    for (const char *at = site->text; (at = strstr(at, "{\"id\":\"")) != NULL;) {
        at += 7;
        len +=
            (size_t)snprintf(found + len, sizeof found - len, "%.*s ", (int)strcspn(at, "\""), at);
    }
    next = strstr(site->text, "],\"next\":\"");
    if (next != NULL) {
        snprintf(found + len, sizeof found - len, "> %.*s", (int)strcspn(next + 10, "\""),
                 next + 10);
    }
    return found;
}

static void lists_by_each_condition(void **state)
{
    static const struct {
        const char *query, *ids;
    } cases[] = {
        { "", "a-1 a-2 b-1 b-2 c-1 c-2 c-3 c-4 " },
        { "?kind=meter", "a-1 a-2 " },
        { "?kind=cipher-machine", "c-4 " },
        { "?state=active", "b-2 " },
        { "?owner=Li", "a-1 b-1 " },
        { "?owner=Li%20Hua", "a-2 " },
        { "?owner_prefix=Li", "a-1 b-1 a-2 " },
        { "?unit=/north", "a-1 a-2 " },
        { "?unit=%2Fnorth%2Fgas", "a-2 " },
        { "?prefix=c-", "c-1 c-2 c-3 c-4 " },
        { "?prefix=c-&kind=chip", "c-2 " },
        { "?kind=meter&state=active", "" },
        { "?owner=nobody", "" },
        { "?limit=3", "a-1 a-2 b-1 > b-1" },
        { "?limit=3&after=b-1", "b-2 c-1 c-2 > c-2" },
        { "?after=c-2", "c-3 c-4 " },
        { "?owner_prefix=Li&limit=2", "a-1 b-1 > b-1 Li" },
        { "?owner_prefix=Li&limit=2&after=b-1%20Li", "a-2 " },
        { "?unit=/north&owner=Li&state=registered&kind=meter&prefix=a", "a-1 " },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(ids(*state, cases[i].query), cases[i].ids);
    }
}

static void refuses_conditions_that_are_none(void **state)
{
    static const char *const queries[] = {
        "?kind=teapot",
        "?state=tired",
        "?unit=north",
        "?prefix=a%20b",
        "?limit=0",
        "?limit=101",
        "?owner=Li&owner_prefix=L",
        "?owner_prefix=Li&after=a-1",
        "?kind=meter&kind=chip",
        "?after=1234567890123456789012345678901234567890123456789012345678901234",
    };

    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct site *site = *state;
        char target[256];

        snprintf(target, sizeof target, "/v1/devices%s", queries[i]);
        ask(site, OFFICER, "GET", target, NULL);
        assert_error(site, 400, "malformed request");
    }
}

static void shows_what_was_written_down(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask(site, OFFICER, "POST", "/v1/devices/a-1/describe",
                         "{\"firmware\":\"2.7\",\"certificate_sha256\":\"" SHA256
                         "\",\"certificate_serial\":\"0a\"}"),
                     200);
    assert_non_null(strstr(site->text, "\"firmware\":\"2.7\",\"certificate_sha256\":\"" SHA256
                                       "\",\"certificate_serial\":\"0a\""));
    assert_non_null(strstr(site->text, "\"last_refill_ms\":0"));
    assert_int_equal(ask(site, OFFICER, "POST", "/v1/devices/a-1/describe",
                         "{\"owner\":\"Zhao\",\"certificate_sha256\":\"\"}"),
                     200);
    assert_non_null(strstr(site->text, "\"owner\":\"Zhao\""));
    assert_non_null(strstr(site->text, "\"firmware\":\"2.7\",\"certificate_sha256\":\"\""));
    ask(site, OFFICER, "POST", "/v1/devices/a-1/describe", "{\"certificate_sha256\":\"0a\"}");
    assert_error(site, 400, "malformed request");
    ask(site, OFFICER, "POST", "/v1/devices/a-1/describe", "{\"certificate_serial\":\"0A\"}");
    assert_error(site, 400, "malformed request");
    assert_int_equal(ask(site, OFFICER, "POST", "/v1/devices/a-1/move", "{\"unit\":\"/south\"}"),
                     200);
    assert_non_null(strstr(site->text, "\"unit\":\"/south\""));
    ask(site, OFFICER, "POST", "/v1/devices/a-1/move", "{\"unit\":\"south\"}");
    assert_error(site, 400, "malformed request");
    ask(site, OFFICER, "POST", "/v1/devices/none/move", "{\"unit\":\"/south\"}");
    assert_error(site, 404, "not found");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_site, remove_site)
    const struct CMUnitTest tests[] = {
        CASE(lists_by_each_condition),
        CASE(refuses_conditions_that_are_none),
        CASE(shows_what_was_written_down),
    };

    return cmocka_run_group_tests_name("qwaved.routes_device_list", tests, NULL, NULL);
}
