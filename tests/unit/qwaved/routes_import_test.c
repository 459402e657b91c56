/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 */
/* Lists of devices over the interface [docs/protocol/device-list.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/qwaved/site.h"

#define OFFICER "urn:qwave:operator:alice"

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };

    *state = site_new(config, 4096);
    return 0;
}

/* Begins one; its path with the action behind it. */
static void begin(struct site *site, char path[static 64])
{
    assert_int_equal(ask(site, OFFICER, "POST", "/v1/imports", NULL), 201);
    assert_memory_equal(site->text, "{\"import\":\"", 11);
    snprintf(path, 64, "/v1/imports/%.32s", site->text + 11);
}

static unsigned act(struct site *site, const char *path, const char *action, const char *body)
{
    char target[128];

    snprintf(target, sizeof target, "%s/%s", path, action);
    return ask(site, OFFICER, "POST", target, body);
}

static void registers_a_list_in_chunks(void **state)
{
    struct site *site = *state;
    char path[64];

    begin(site, path);
    assert_int_equal(act(site, path, "lines",
                         "{\"header\":\"\\ufeffid,kind,peer\\r\",\"first_line\":2,"
                         "\"lines\":\"app-1,application,\\\"x,y\\\"\\r\\nm-1,meter,app-1\\n\"}"),
                     200);
    assert_int_equal(act(site, path, "lines",
                         "{\"header\":\"\\ufeffid,kind,peer\\r\",\"first_line\":4,"
                         "\"lines\":\"m-2,meter,app-1\"}"),
                     200);
    assert_int_equal(ask(site, OFFICER, "GET", "/v1/devices/m-1", NULL), 404);
    assert_int_equal(act(site, path, "commit", NULL), 200);
    assert_string_equal(site->text, "{\"devices\":3,\"left\":0}");
    assert_int_equal(act(site, path, "commit", "{}"), 200);
    assert_int_equal(ask(site, OFFICER, "GET", "/v1/devices/app-1", NULL), 200);
    assert_non_null(strstr(site->text, "\"peer\":\"x,y\""));
    assert_int_equal(act(site, path, "drop", NULL), 409);
}

static void names_the_bad_line(void **state)
{
    struct site *site = *state;
    char path[64];

    begin(site, path);
    act(site, path, "lines",
        "{\"header\":\"id,kind\",\"first_line\":7,\"lines\":\"a,meter\\nb,teapot\\n\"}");
    assert_error(site, 400, "line 8: no such kind; nothing is imported");
    act(site, path, "commit", NULL);
    assert_error(site, 404, "not found");
    assert_int_equal(ask(site, OFFICER, "GET", "/v1/devices", NULL), 200);
    assert_string_equal(site->text, "{\"devices\":[]}");
}

static void one_at_a_time_and_one_can_be_dropped(void **state)
{
    struct site *site = *state;
    char path[64];

    begin(site, path);
    assert_int_equal(ask(site, "urn:qwave:operator:bob", "POST", "/v1/imports", NULL), 409);
    assert_int_equal(act(site, path, "drop", NULL), 200);
    assert_int_equal(ask(site, "urn:qwave:operator:bob", "POST", "/v1/imports", NULL), 201);
}

static void refuses_what_is_no_request(void **state)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "{\"header\":\"id,kind\",\"lines\":\"\"}",
        "{\"header\":\"id,kind\",\"first_line\":1,\"lines\":\"\"}",
        "{\"header\":\"id,kind\",\"first_line\":2}",
        "{\"first_line\":2,\"lines\":\"\"}",
        "{\"header\":5,\"first_line\":2,\"lines\":\"\"}",
        "{\"header\":\"id,kind\",\"first_line\":2,\"lines\":[]}",
    };
    struct site *site = *state;
    char path[64];

    begin(site, path);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        act(site, path, "lines", bodies[i]);
        assert_error(site, 400, "malformed request");
    }
    assert_int_equal(act(site, "/v1/imports/xyz", "lines", bodies[2]), 404);
    assert_int_equal(act(site, "/v1/imports/xyz", "commit", NULL), 404);
    assert_int_equal(act(site, "/v1/imports/00112233445566778899aabbccddeeff", "drop", NULL), 404);
    assert_int_equal(act(site, path, "commit", "[]"), 400);
    assert_int_equal(ask(site, OFFICER, "POST", "/v1/imports", "7"), 400);
    assert_int_equal(act(site, path, "commit", NULL), 200); /* it is still the same import */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_site, remove_site)
    const struct CMUnitTest tests[] = {
        CASE(registers_a_list_in_chunks),
        CASE(names_the_bad_line),
        CASE(one_at_a_time_and_one_can_be_dropped),
        CASE(refuses_what_is_no_request),
    };

    return cmocka_run_group_tests_name("qwaved.routes_import", tests, NULL, NULL);
}
