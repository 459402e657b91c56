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

#include "reload/reload_switch.h"
#include "unit/qwaved/site.h"

#define SOME_ID "00112233445566778899aabbccddeeff"
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
    { "POST", "/v1/devices/none/peers",           "{\"peer\":\"\"}", "-y-y" },
    { "POST", "/v1/devices/none/quota",           "{\"keys_per_s\":1,\"weight\":1}", "y---" },
    { "POST", "/v1/devices/none/home",            "{\"kme\":\"\"}", "y---" },
    { "POST", "/v1/devices/none/describe",        "{\"firmware\":\"1\"}", "---y" },
    { "POST", "/v1/devices/none/move",            "{\"unit\":\"/north\"}", "-y-y" },
    { "POST", "/v1/imports",                      NULL, "---y" },
    { "POST", "/v1/imports/" SOME_ID "/lines",
      "{\"header\":\"id,kind\",\"first_line\":2,\"lines\":\"\"}", "---y" },
    { "POST", "/v1/imports/" SOME_ID "/commit",   NULL, "---y" },
    { "POST", "/v1/imports/" SOME_ID "/drop",     NULL, "---y" },
    { "POST", "/v1/devices/none/psk",             NULL, "---y" },
    { "POST", "/v1/devices/none/psk/revoke",      NULL, "-y-y" },
    { "POST", "/v1/devices/none/charge",          "{\"station\":\"s\",\"keys\":1}", "---y" },
    { "POST", "/v1/devices/none/charge/order",    "{\"station\":\"s\",\"keys\":1}", "---y" },
    { "POST", "/v1/devices/none/charge/cancel",   NULL, "---y" },
    { "GET",  "/v1/charge-orders",                NULL, "yyyy" },
    { "POST", "/v1/devices/none/charge/confirm",  "{\"receipt\":\"AA==\"}", "---y" },
    { "POST", "/v1/certificates",                 "{\"request\":\"x\"}", "-y-y" },
    { "GET",  "/v1/certificates",                 NULL, "yyyy" },
    { "GET",  "/v1/certificates/" SOME_ID,        NULL, "yyyy" },
    { "POST", "/v1/certificates/" SOME_ID "/revoke", NULL, "-y-y" },
    { "POST", "/v1/devices/none/bind",            "{\"user\":\"li\"}", "---y" },
    { "POST", "/v1/devices/none/unbind",          NULL, "-y--" },
    { "POST", "/v1/devices/none/fuse",            NULL, "---y" },
    { "POST", "/v1/devices/none/order",           NULL, "---y" },
    { "POST", "/v1/devices/none/proof",           "{\"proof\":\"AA==\"}", "---y" },
    { "POST", "/v1/officers", "{\"id\":\"a b\",\"role\":\"audit\",\"unit\":\"/\"}", "-y--" },
    { "GET",  "/v1/officers",                     NULL, "yyy-" },
    { "POST", "/v1/officers/none/suspend",        NULL, "-y--" },
    { "POST", "/v1/officers/none/resume",         NULL, "-y--" },
    { "POST", "/v1/officers/none/remove",         NULL, "-y--" },
    { "POST", "/v1/officers/none/password",       "{\"card\":\"none\"}", "-y--" },
    { "POST", "/v1/self/password", "{\"password\":\"twelve bytes\",\"card\":\"none\"}", "yyyy" },
    { "POST", "/v1/requests", "{\"verb\":\"device-destroy\",\"object\":\"none\"}", "-y--" },
    { "GET",  "/v1/requests",                     NULL, "yyyy" },
    { "GET",  "/v1/kek",                          NULL, "yyyy" },
    { "POST", "/v1/kek/rotate",                   NULL, "-y--" },
    { "POST", "/v1/requests", "{\"verb\":\"kek-rotate\"}", "-y--" },
    { "POST", "/v1/backups",                      "{\"lock\":\"passphrase\"}", "yy--" },
    { "POST", "/v1/requests", "{\"verb\":\"backup\",\"object\":\"passphrase\"}", "yy--" },
    { "POST", "/v1/requests", "{\"verb\":\"restore-end\"}", "yy--" },
    { "POST", "/v1/keys/00112233-4455-6677-8899-aabbccddeeff/suspend", NULL, "-y-y" },
    { "POST", "/v1/keys/00112233-4455-6677-8899-aabbccddeeff/resume", NULL, "-y--" },
    { "POST", "/v1/keys/00112233-4455-6677-8899-aabbccddeeff/archive", NULL, "-y--" },
    { "POST", "/v1/keys/00112233-4455-6677-8899-aabbccddeeff/recover", NULL, "-y--" },
    { "POST", "/v1/keys/00112233-4455-6677-8899-aabbccddeeff/void", NULL, "-y-y" },
    { "POST", "/v1/keys/00112233-4455-6677-8899-aabbccddeeff/destroy", NULL, "-y--" },
    { "POST", "/v1/keys/00112233-4455-6677-8899-aabbccddeeff/compromised", NULL, "-y-y" },
    { "GET",  "/v1/keys/00112233-4455-6677-8899-aabbccddeeff", NULL, "yyyy" },
    { "POST", "/v1/requests", "{\"verb\":\"key-suspend\",\"object\":\"00112233-4455-6677-8899-aabbccddeeff\"}", "-y-y" },
    { "POST", "/v1/requests", "{\"verb\":\"charge-order\",\"object\":\"none station-1 1\"}", "---y" },
    { "POST", "/v1/requests", "{\"verb\":\"key-resume\",\"object\":\"00112233-4455-6677-8899-aabbccddeeff\"}", "-y--" },
    { "POST", "/v1/requests", "{\"verb\":\"key-recover\",\"object\":\"00112233-4455-6677-8899-aabbccddeeff\"}", "-y--" },
    { "POST", "/v1/requests", "{\"verb\":\"key-destroy\",\"object\":\"00112233-4455-6677-8899-aabbccddeeff\"}", "-y--" },
    { "POST", "/v1/requests", "{\"verb\":\"unit-quota\",\"object\":\"1,1\",\"unit\":\"/north\"}", "y---" },
    { "GET",  "/v1/audit/head",                   NULL, "-yy-" },
    { "GET",  "/v1/audit/records",                NULL, "-yy-" },
    { "POST", "/v1/audit/key",                    NULL, "-y--" },
    { "POST", "/v1/reload",                       NULL, "y---" },
    { "GET",  "/v1/maintenance",                  NULL, "yyyy" },
    { "GET",  "/v1/alarms",                       NULL, "yyyy" },
    { "GET",  "/v1/pairs",                        NULL, "yyyy" },
    { "POST", "/v1/alarms/7/acknowledge",         NULL, "yy-y" },
    { "POST", "/v1/maintenance",                  "{\"on\":false}", "y---" },
    { "POST", "/v1/requests/" SOME_ID "/approve", "{\"digest\":\"" SOME_ID SOME_ID "\"}", "-y--" },
    { "POST", "/v1/requests/" SOME_ID "/deny",    NULL, "-y--" },
    { "POST", "/v1/requests", "{\"verb\":\"share-change\",\"object\":\"2-of-3\"}", "-y--" },
    { "GET",  "/v1/units",                        NULL, "yyyy" },
    { "POST", "/v1/units", "{\"unit\":\"/\",\"devices_max\":1,\"keys_per_day\":1}", "y---" },
    { "GET",  "/v1/shares",                       NULL, "yyyy" },
    { "POST", "/v1/shares/rehearsal",             "{\"share\":\"AA==\"}", "yy-y" },
    { "POST", "/v1/shares/entry",                 "{\"share\":\"AA==\"}", "yy-y" },
    { "POST", "/v1/shares/rotation",              "{\"share\":\"AA==\"}", "yy-y" },
    { "POST", "/v1/authentication/unlock", "{\"name\":\"urn:qwave:officer:nobody\"}", "-y--" },
    { "POST", "/v1/shares/take",                  NULL, "yy-y" },
    { "POST", "/v1/shares/confirmation",          "{\"share\":\"AA==\"}", "yy-y" },
    { "POST", "/v1/shares/change",                "{\"threshold\":2,\"officers\":3}", "-y--" },
    { "POST", "/v1/shares/cancel",                NULL, "yy--" },
};
/* clang-format on */
enum { ROUTES = sizeof routes / sizeof routes[0] };

/* Of the file in these tests one line is wrong as long as this says so. */
static const char *wrong_line = "";

static qw_err read_again(void *self, const struct qw_caller *caller, struct reload_report *report)
{
    (void)self;
    assert_non_null(caller);
    snprintf(report->error, sizeof report->error, "%s", wrong_line);
    report->change = (struct settings_change){
        .live = { "log_level" }, .live_count = 1, .fixed = { "threads" }, .fixed_count = 1
    };
    return wrong_line[0] == '\0' ? QW_OK : QW_ERR_FORMAT;
}
static const struct reload_switch reload = { .run = read_again };

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };

    struct site *site = site_new(config, 4096);

    site->service.reload = &reload;
    *state = site;
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

/* One answer on every route. */
static void suspend_all_and_ask_again(struct site *site)
{
    for (size_t role = 0; role < ROLES; role++) {
        char path[64];

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

static void every_route_obeys_the_table_and_no_suspended_officer(void **state)
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
    suspend_all_and_ask_again(site);
}

static void a_reload_says_what_has_changed_and_what_is_wrong(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/reload", NULL), 200);
    assert_string_equal(site->text,
                        "{\"changed\":[\"log_level\"],\"needs_restart\":[\"threads\"]}");
    wrong_line = "qwaved.yaml:3: log_level: no";
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/reload", "{}"), 409);
    assert_error(site, 409, wrong_line);
    wrong_line = "";
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/reload", "{"), 400);
    site->service.reload = NULL;
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/reload", NULL), 503);
}

static void maintenance_goes_on_and_off(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask(site, FOUNDER, "GET", "/v1/maintenance", NULL), 200);
    assert_string_equal(site->text, "{\"on\":false}");
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/maintenance", NULL), 400);
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/maintenance", "{\"on\":1}"), 400);
    assert_int_equal(
        ask(site, FOUNDER, "POST", "/v1/maintenance", "{\"on\":true,\"reason\":\"a\\\"b\"}"), 200);
    assert_non_null(strstr(site->text, "\"by\":\"alice\",\"reason\":\"a\\\"b\""));
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/maintenance", "{\"on\":true}"), 409);
    assert_int_equal(ask(site, FOUNDER, "GET", "/v1/ready", NULL), 503);
    site_add_application(site, "app-b", "");
    site_add_application(site, "app-a", "app-b");
    assert_int_equal(ask(site, "urn:qwave:sae:app-a", "GET", "/api/v1/keys/app-b/enc_keys", NULL),
                     503);
    assert_error(site, 503, "in maintenance: a\\\"b");
    assert_int_equal(site->retry_after_s, 60);
    assert_int_equal(ask(site, "urn:qwave:sae:app-a", "GET", "/key?remoteSystemID=app-b", NULL),
                     503);
    assert_error(site, 503, "in maintenance: a\\\"b");
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/maintenance", "{\"on\":false}"), 200);
    assert_string_equal(site->text, "{\"on\":false}");
    assert_int_equal(ask(site, "urn:qwave:sae:app-a", "GET", "/api/v1/keys/app-b/enc_keys", NULL),
                     200);
}

/* Tenants: every route on a device, by every role of the north. */
static void another_provinces_device_answers_as_one_that_is_not_there(void **state)
{
    static const char device[] = "{\"id\":\"app-s\",\"kind\":\"application\",\"unit\":\"/south\"}";
    struct site *site = *state;

    for (size_t role = 0; role < ROLES; role++) {
        add(site, roles[role], roles[role], "/north");
    }
    assert_int_equal(ask(site, FOUNDER, "POST", "/v1/devices", device), 201);
    for (size_t i = 0; i < ROUTES; i++) {
        const char *rest = strstr(routes[i].target, "/none");
        char target[64];

        if (strncmp(routes[i].target, "/v1/devices/", 12) != 0 || rest == NULL) {
            continue;
        }
        snprintf(target, sizeof target, "/v1/devices/app-s%s", rest + 5);
        for (size_t role = 0; role < ROLES; role++) {
            ask(site, identity_of(roles[role]), routes[i].method, target, routes[i].body);
            if (routes[i].may[role] == 'y') {
                assert_error(site, 404, "not found");
            } else {
                assert_error(site, 403, "refused");
            }
        }
    }
    for (size_t role = 0; role < ROLES; role++) {
        assert_int_equal(ask(site, identity_of(roles[role]), "GET", "/v1/devices", NULL), 200);
        assert_string_equal(site->text, "{\"devices\":[]}");
    }
    assert_int_equal(ask(site, FOUNDER, "GET", "/v1/devices/app-s", NULL), 200);
    assert_non_null(strstr(site->text, "\"state\":\"active\""));
    assert_non_null(strstr(site->text, "\"unit\":\"/south\""));
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

static void ask_for_malformed_approvals(struct site *site)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"verb\":\"device-destroy\"}",
        "{\"verb\":\"device-fly\",\"object\":\"x\"}",
        "{\"verb\":\"device-destroy\",\"object\":\"\"}",
        "{\"verb\":\"officer-add\",\"object\":\"bob\"}",
        "{\"verb\":\"officer-add\",\"object\":\"bob\",\"role\":\"king\",\"unit\":\"/\"}",
        "{\"verb\":\"officer-add\",\"object\":\"bob\",\"role\":\"audit\",\"unit\":\"x\"}",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ask(site, FOUNDER, "POST", "/v1/requests", bad[i]);
        assert_error(site, 400, "malformed request");
    }
    ask(site, FOUNDER, "POST", "/v1/requests",
        "{\"verb\":\"officer-add\",\"object\":\"bob\",\"role\":\"audit\",\"unit\":\"/\"}");
    assert_error(site, 409, "conflict"); /* one officer does it alone here */
    ask(site, FOUNDER, "POST", "/v1/requests/" SOME_ID "/approve", "{\"digest\":\"" SOME_ID "\"}");
    assert_error(site, 400, "malformed request");
    ask(site, FOUNDER, "POST", "/v1/requests/x/approve", "{\"digest\":\"" SOME_ID SOME_ID "\"}");
    assert_error(site, 404, "not found");
    ask(site, FOUNDER, "POST", "/v1/requests/" SOME_ID "/deny", NULL);
    assert_error(site, 404, "not found");
    assert_int_equal(ask(site, FOUNDER, "GET", "/v1/requests", NULL), 200);
    assert_string_equal(site->text, "{\"requests\":[]}");
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
    ask_for_malformed_approvals(site);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_route_obeys_the_table_and_no_suspended_officer),
        CASE(a_reload_says_what_has_changed_and_what_is_wrong),
        CASE(maintenance_goes_on_and_off),
        CASE(another_provinces_device_answers_as_one_that_is_not_there),
        CASE(adds_lists_and_changes_officers),
        CASE(refuses_malformed_requests_and_adds_nobody),
    };

    return cmocka_run_group_tests_name("qwaved.routes_officer", tests, NULL, NULL);
}
