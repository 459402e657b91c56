/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C6 */
/* Officers over the interface, and every management route asked by every role
 * [docs/design/people.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/qwaved/site.h"

#define TOO_LONG \
    "{\"id\":\"12345678901234567890123456789012345678901234567890123456\"," \
    "\"role\":\"audit\",\"unit\":\"/\"}"
#define FOUNDER "urn:qwave:operator:alice"

/* In the order of the columns below. */
static const char *const roles[] = { "system", "security", "audit", "operator" };
enum { ROLES = sizeof roles / sizeof roles[0] };

/* clang-format off */
static const struct {
    const char *method, *target, *body;
    const char *may; /* y or -, by role */
} routes[] = {
    { "GET",  "/v1/status",                       NULL, "yyyy" },
    { "POST", "/v1/devices",                      "{\"id\":\"a b\",\"kind\":\"terminal\"}", "---y" },
    { "GET",  "/v1/devices",                      NULL, "yyyy" },
    { "GET",  "/v1/devices/none",                 NULL, "yyyy" },
    { "POST", "/v1/devices/none/suspend",         NULL, "-y-y" },
    { "POST", "/v1/devices/none/resume",          NULL, "-y--" },
    { "POST", "/v1/devices/none/destroy",         NULL, "-y--" },
    { "POST", "/v1/devices/none/peers",           "{\"peer\":\"\"}", "-y--" },
    { "POST", "/v1/devices/none/quota",           "{\"keys_per_s\":1,\"weight\":1}", "y---" },
    { "POST", "/v1/devices/none/home",            "{\"kme\":\"\"}", "y---" },
    { "POST", "/v1/devices/none/psk",             NULL, "---y" },
    { "POST", "/v1/devices/none/psk/revoke",      NULL, "-y-y" },
    { "POST", "/v1/devices/none/charge",          "{\"station\":\"s\",\"keys\":1}", "---y" },
    { "POST", "/v1/devices/none/charge/confirm",  "{\"receipt\":\"AA==\"}", "---y" },
    { "POST", "/v1/officers", "{\"id\":\"a b\",\"role\":\"audit\",\"unit\":\"/\"}", "-y--" },
    { "GET",  "/v1/officers",                     NULL, "yyy-" },
    { "POST", "/v1/officers/none/suspend",        NULL, "-y--" },
    { "POST", "/v1/officers/none/resume",         NULL, "-y--" },
    { "POST", "/v1/officers/none/remove",         NULL, "-y--" },
};
/* clang-format on */
enum { ROUTES = sizeof routes / sizeof routes[0] };

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };

    *state = site_new(config, 4096);
    return 0;
}

static const char *identity_of(const char *name)
{
    static char identity[128];

    snprintf(identity, sizeof identity, "urn:qwave:officer:%s", name);
    return identity;
}

static void add(struct site *site, const char *id, const char *role, const char *unit)
{
    char body[256];

    snprintf(body, sizeof body, "{\"id\":\"%s\",\"role\":\"%s\",\"unit\":\"%s\"}", id, role, unit);
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/officers", body), 201);
}

static void every_route_obeys_the_table_for_every_role(void **state)
{
    struct site *site = *state;

    for (size_t role = 0; role < ROLES; role++) {
        add(site, roles[role], roles[role], "/");
    }
    for (size_t i = 0; i < ROUTES; i++) {
        for (size_t role = 0; role < ROLES; role++) {
            unsigned status = ask(site, identity_of(roles[role]), routes[i].method,
                                  routes[i].target, routes[i].body);

            if (routes[i].may[role] == 'y') {
                assert_int_not_equal(status, 403);
                assert_true(status < 500);
            } else {
                assert_error(site, 403, "refused");
            }
        }
        ask(site, identity_of("stranger"), routes[i].method, routes[i].target, routes[i].body);
        assert_error(site, 403, "refused");
        ask(site, "urn:qwave:sae:app-1", routes[i].method, routes[i].target, routes[i].body);
        assert_error(site, 403, "refused");
    }
}

static void a_suspended_officer_gets_one_answer_on_every_route(void **state)
{
    struct site *site = *state;

    for (size_t role = 0; role < ROLES; role++) {
        char path[64];

        add(site, roles[role], roles[role], "/");
        snprintf(path, sizeof path, "/v1/officers/%s/suspend", roles[role]);
        assert_int_equal(ask(site, FOUNDER, "POST", path, NULL), 200);
    }
    for (size_t i = 0; i < ROUTES; i++) {
        for (size_t role = 0; role < ROLES; role++) {
            ask(site, identity_of(roles[role]), routes[i].method, routes[i].target, routes[i].body);
            assert_error(site, 403, "refused");
        }
    }
}

static void adds_lists_and_changes_officers(void **state)
{
    struct site *site = *state;

    add(site, "bob", "operator", "/north");
    assert_non_null(strstr(site->text, "{\"id\":\"bob\",\"roles\":[\"operator\"],"
                                       "\"unit\":\"/north\",\"state\":\"active\","));
    assert_non_null(strstr(site->text, "\"added_by\":\"alice\"}"));
    assert_int_equal(ask(site, FOUNDER, "GET", "/v1/officers", NULL), 200);
    assert_non_null(strstr(site->text, "{\"officers\":[{\"id\":\"alice\",\"roles\":[\"system\","
                                       "\"security\",\"operator\"],\"unit\":\"/\""));
    assert_non_null(strstr(site->text, "{\"id\":\"bob\""));
    assert_int_equal(ask(site, FOUNDER, "GET", "/v1/officers?after=bob", NULL), 200);
    assert_string_equal(site->text, "{\"officers\":[]}");
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/officers/bob/suspend", "{}"), 200);
    assert_non_null(strstr(site->text, "\"state\":\"suspended\""));
    ask(site, FOUNDER, "POST", "/v1/officers/bob/suspend", "{}");
    assert_error(site, 409, "conflict");
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/officers/bob/resume", NULL), 200);
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/officers/bob/remove", NULL), 200);
    assert_non_null(strstr(site->text, "\"state\":\"gone\""));
}

static void refuses_malformed_requests_and_adds_nobody(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"id\":\"bob\",\"role\":\"audit\"}",
        "{\"id\":\"bob\",\"role\":\"king\",\"unit\":\"/\"}",
        "{\"id\":\"bob\",\"role\":\"audit\",\"unit\":\"north\"}",
        "{\"id\":\"bob\",\"role\":\"audit\",\"unit\":\"/\",\"role\":\"system\"}",
        "{\"id\":\"\",\"role\":\"audit\",\"unit\":\"/\"}",
        "{\"id\":\"b b\",\"role\":\"audit\",\"unit\":\"/\"}",
        TOO_LONG,
    };
    struct site *site = *state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ask(site, FOUNDER, "POST", "/v1/officers", bad[i]);
        assert_error(site, 400, "malformed request");
    }
    ask(site, FOUNDER, "POST", "/v1/officers/bob/suspend", "[]");
    assert_error(site, 400, "malformed request");
    ask(site, FOUNDER, "POST", "/v1/officers/bob/suspend", NULL);
    assert_error(site, 404, "not found");
    assert_int_equal(ask(site, FOUNDER, "GET", "/v1/officers", NULL), 200);
    assert_string_equal(site->text, "{\"officers\":[]}");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_route_obeys_the_table_for_every_role),
        CASE(a_suspended_officer_gets_one_answer_on_every_route),
        CASE(adds_lists_and_changes_officers),
        CASE(refuses_malformed_requests_and_adds_nobody),
    };

    return cmocka_run_group_tests_name("qwaved.routes_officer", tests, NULL, NULL);
}
