/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W10 C10 */
/* The files of the operator's page, and who may ask what a page asks. No file is on a disk. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "console/console.h"
#include "site.h"

#define OFFICER "urn:qwave:operator:alice"

static const uint8_t page_bytes[] = "<!doctype html>", page_gzip[] = "packed page";
static const uint8_t script_bytes[] = "let a;", script_gzip[] = "packed script";
static const struct qw_http_page_file files[] = {
    { "assets/index-4f1c.js", "text/javascript; charset=utf-8", "\"s\"", "\"sz\"", true,
      script_bytes, sizeof script_bytes - 1, script_gzip, sizeof script_gzip - 1 },
    { "index.html", "text/html; charset=utf-8", "\"p\"", "\"pz\"", false, page_bytes,
      sizeof page_bytes - 1, page_gzip, sizeof page_gzip - 1 },
};
static const struct qw_http_page console = { files, sizeof files / sizeof files[0] };

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 64, .window_ms = 30000, .centre_id = "centre-1"
    };
    struct site *site = site_new(config, 4096);

    site->service.console = &console;
    *state = site;
    return 0;
}

/* The answer as it is; the caller wipes it. */
static struct qw_http_answer call(struct site *site, struct qw_http_request request)
{
    static const uint8_t hash[32] = { 1 };
    struct qw_http_answer answer = { .status = 0 };

    request.method = request.method == NULL ? "GET" : request.method;
    request.query = "";
    request.identity = request.identity == NULL ? OFFICER : request.identity;
    request.certificate_hash = hash;
    request.content_type = "";
    router_handle(&site->service, &request, &answer);
    return answer;
}

static bool has_header(const struct qw_http_answer *answer, const char *name, const char *part)
{
    for (const struct qw_http_header *h = answer->headers; h != NULL && h->name != NULL; h++) {
        if (strcmp(h->name, name) == 0) {
            return strstr(h->value, part) != NULL;
        }
    }
    return false;
}

static void sends_a_file_with_its_kind_and_the_policy(void **state)
{
    static const char *const pages[] = { "/console", "/console/", "/console/index.html" };
    struct site *site = *state;
    struct qw_http_answer answer;

    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        answer = call(site, (struct qw_http_request){ .path = pages[i] });
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.content_type, "text/html; charset=utf-8");
        assert_ptr_equal(answer.lent, page_bytes);
        assert_int_equal(answer.lent_len, sizeof page_bytes - 1);
        assert_string_equal(answer.cache_control, "no-cache");
        assert_string_equal(answer.entity_tag, "\"p\"");
        assert_null(answer.content_encoding);
        assert_null(answer.body);
        assert_true(has_header(&answer, "Content-Security-Policy", "default-src 'none'"));
        assert_true(has_header(&answer, "Content-Security-Policy", "frame-ancestors 'none'"));
        assert_false(has_header(&answer, "Content-Security-Policy", "unsafe"));
        assert_true(has_header(&answer, "X-Content-Type-Options", "nosniff"));
        assert_true(has_header(&answer, "Cross-Origin-Resource-Policy", "same-origin"));
    }
    answer = call(site, (struct qw_http_request){ .path = "/console/assets/index-4f1c.js" });
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.content_type, "text/javascript; charset=utf-8");
    assert_non_null(strstr(answer.cache_control, "immutable"));
}

static void packs_it_for_who_takes_that(void **state)
{
    static const char *const yes[] = { "gzip", "br, gzip", "deflate,gzip", "gzip\t,br" };
    static const char *const no[] = { "", "br", "gzipped", "x-gzip", "gzip;q=0", ",,", "gzi" };
    struct site *site = *state;

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        struct qw_http_answer answer =
            call(site, (struct qw_http_request){ .path = "/console/", .accept_encoding = yes[i] });

        assert_string_equal(answer.content_encoding, "gzip");
        assert_ptr_equal(answer.lent, page_gzip);
        assert_string_equal(answer.entity_tag, "\"pz\""); /* other bytes, another tag */
        assert_true(has_header(&answer, "Vary", "Accept-Encoding"));
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        struct qw_http_answer answer =
            call(site, (struct qw_http_request){ .path = "/console/", .accept_encoding = no[i] });

        assert_null(answer.content_encoding);
        assert_ptr_equal(answer.lent, page_bytes);
    }
}

static void says_not_modified_to_who_has_the_same_bytes(void **state)
{
    struct site *site = *state;
    struct qw_http_request request = { .path = "/console/", .if_none_match = "\"x\", \"p\"" };
    struct qw_http_answer answer = call(site, request);

    assert_int_equal(answer.status, 304);
    assert_null(answer.lent);
    assert_null(answer.body);
    assert_string_equal(answer.entity_tag, "\"p\"");
    request.accept_encoding = "gzip";
    assert_int_equal(call(site, request).status, 200);
    request.if_none_match = "\"pz\"";
    assert_int_equal(call(site, request).status, 304);
}

static void has_nothing_that_is_not_in_the_table(void **state)
{
    static const char *const paths[] = {
        "/console/none.html",
        "/console/index.htm",
        "/console/INDEX.HTML",
        "/console/assets",
        "/console/assets/",
        "/console/assets/none.js",
        "/console/assets/index.html",
        "/console/..",
        "/console/../index.html",
        "/console/assets/../index.html",
        "/console/%2e%2e%2findex.html",
        "/console/assets%2findex-4f1c.js",
        "/console/assets/..%2findex.html",
        "/console/%2fetc%2fpasswd",
        "/console/index.html%20",
        "/console/index.html/x",
        "/console/assets/a/b",
        "/consoles",
    };
    struct site *site = *state;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ask(site, OFFICER, "GET", paths[i], NULL);
        assert_error(site, 404, "not found");
    }
    ask(site, OFFICER, "GET", "/console/index.html%00", NULL);
    assert_error(site, 400, "malformed request");
    ask(site, OFFICER, "GET", "/console//index.html", NULL);
    assert_error(site, 400, "malformed request");
    ask(site, OFFICER, "GET",
        "/console/"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aa",
        NULL);
    assert_error(site, 400, "malformed request");
    ask(site, OFFICER, "POST", "/console/index.html", NULL);
    assert_error(site, 405, "method not allowed");
}

static void says_so_when_it_was_built_without(void **state)
{
    struct site *site = *state;

    site->service.console = NULL;
    ask(site, OFFICER, "GET", "/console/", NULL);
    assert_error(site, 404, "this qwaved was built without its console");
    ask(site, OFFICER, "GET", "/console/assets/index-4f1c.js", NULL);
    assert_error(site, 404, "this qwaved was built without its console");
}

static unsigned status_for(struct site *site, const char *method, const char *path,
                           const struct qw_http_request *browser)
{
    struct qw_http_request request = *browser;
    struct qw_http_answer answer;

    request.method = method;
    request.path = path;
    answer = call(site, request);
    qw_http_answer_wipe(&answer);
    return answer.status;
}

/* A browser adds the officer's certificate to whatever a page of anybody asks [H9]. */
static void does_nothing_for_a_page_of_another_site(void **state)
{
    static const struct qw_http_request strangers[] = {
        { .fetch_site = "cross-site" },
        { .fetch_site = "same-site" },
        { .fetch_site = "" },
        { .fetch_site = "Same-Origin" },
        { .host = "h:1", .origin = "https://elsewhere" },
        { .host = "h:1", .origin = "https://h:12" },
        { .host = "h:1", .origin = "https://h:" },
        { .host = "h:1", .origin = "http://h:1" },
        { .host = "h:1", .origin = "null" },
        { .host = "h:1", .origin = "" },
        { .origin = "https://h:1" },
        { .host = "h:1", .origin = "https://elsewhere", .fetch_site = "same-origin" },
        { .host = "h:1", .origin = "https://h:1", .fetch_site = "cross-site" },
    };
    static const struct qw_http_request own[] = {
        { .host = "h:1" }, /* no browser */
        { .fetch_site = "none" },
        { .host = "h:1", .origin = "https://h:1", .fetch_site = "same-origin" },
    };
    struct site *site = *state;

    site_add_application(site, "app-1", "");
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        struct qw_http_request sae = strangers[i];

        sae.identity = "urn:qwave:sae:app-1";
        assert_int_equal(status_for(site, "POST", "/v1/devices/app-1/suspend", &strangers[i]), 403);
        assert_int_equal(status_for(site, "GET", "/v1/status", &strangers[i]), 403);
        assert_int_equal(status_for(site, "GET", "/api/v1/keys/app-1/enc_keys", &sae), 401);
        assert_int_equal(status_for(site, "GET", "/console", &strangers[i]), 200); /* a link */
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        assert_int_equal(status_for(site, "POST", "/v1/devices/app-1/suspend", &own[i]), 200);
        assert_int_equal(status_for(site, "POST", "/v1/devices/app-1/resume", &own[i]), 200);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sends_a_file_with_its_kind_and_the_policy),
        CASE(packs_it_for_who_takes_that),
        CASE(says_not_modified_to_who_has_the_same_bytes),
        CASE(has_nothing_that_is_not_in_the_table),
        CASE(says_so_when_it_was_built_without),
        CASE(does_nothing_for_a_page_of_another_site),
    };

    return cmocka_run_group_tests_name("qwaved.routes_console", tests, NULL, NULL);
}
