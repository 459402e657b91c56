/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W10 C6 C10 */
/* A page's files out of a table, and whose page it is that asks. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/http_page.h"

#include <string.h>

static const uint8_t plain[] = "<!doctype html>", packed[] = "packed";
static const struct qw_http_page_file files[] = {
    { "assets/a-1.js", "text/javascript", "\"s\"", "\"sz\"", true, plain, 3, packed, 2 },
    { "index.html", "text/html", "\"p\"", "\"pz\"", false, plain, sizeof plain - 1, packed,
      sizeof packed - 1 },
};
static const struct qw_http_page page = { files, 2 };

static struct qw_http_answer send(const char *path, struct qw_http_request request, bool expected)
{
    struct qw_http_answer answer = { .status = 0 };

    assert_int_equal(qw_http_page_send(&page, path, &request, &answer), expected);
    return answer;
}

static void a_file_goes_out_packed_where_that_is_taken(void **state)
{
    struct qw_http_answer answer = send("index.html", (struct qw_http_request){ 0 }, true);

    (void)state;
    assert_int_equal(answer.status, 200);
    assert_ptr_equal(answer.lent, plain);
    assert_string_equal(answer.cache_control, "no-cache");
    assert_null(answer.content_encoding);
    answer = send("assets/a-1.js",
                  (struct qw_http_request){ .accept_encoding = "br, gzip;q=1, gzip" }, true);
    assert_ptr_equal(answer.lent, packed);
    assert_string_equal(answer.entity_tag, "\"sz\"");
    assert_non_null(strstr(answer.cache_control, "immutable"));
    answer = send("index.html", (struct qw_http_request){ .accept_encoding = "gzipped" }, true);
    assert_ptr_equal(answer.lent, plain);
}

static void who_has_it_gets_no_second_copy(void **state)
{
    struct qw_http_answer answer =
        send("index.html", (struct qw_http_request){ .if_none_match = "\"x\", \"p\"" }, true);

    (void)state;
    assert_int_equal(answer.status, 304);
    assert_null(answer.lent);
    answer = send("index.html", (struct qw_http_request){ .if_none_match = "\"pz\"" }, true);
    assert_int_equal(answer.status, 200);
}

static void what_is_not_in_the_table_is_not_there(void **state)
{
    static const char *const paths[] = { "", "index", "index.html/", "assets/", "../index.html" };

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(send(paths[i], (struct qw_http_request){ 0 }, false).status, 0);
    }
}

static void every_file_has_the_policy(void **state)
{
    struct qw_http_answer answer = send("index.html", (struct qw_http_request){ 0 }, true);

    (void)state;
    assert_string_equal(answer.headers[0].name, "Content-Security-Policy");
    assert_non_null(strstr(answer.headers[0].value, "default-src 'none'"));
    assert_null(strstr(answer.headers[0].value, "unsafe"));
}

static void another_sites_page_is_told_by_what_the_browser_says(void **state)
{
    static const struct {
        struct qw_http_request request;
        bool is_other;
    } cases[] = {
        { { 0 }, false },
        { { .fetch_site = "same-origin" }, false },
        { { .fetch_site = "none" }, false },
        { { .fetch_site = "same-site" }, true },
        { { .fetch_site = "cross-site" }, true },
        { { .origin = "https://a:1", .host = "a:1" }, false },
        { { .origin = "https://a:1", .host = "a:2" }, true },
        { { .origin = "http://a:1", .host = "a:1" }, true },
        { { .origin = "null", .host = "a:1" }, true },
        { { .origin = "https://a:1" }, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(qw_http_page_is_of_another_site(&cases[i].request), cases[i].is_other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_goes_out_packed_where_that_is_taken),
        cmocka_unit_test(who_has_it_gets_no_second_copy),
        cmocka_unit_test(what_is_not_in_the_table_is_not_there),
        cmocka_unit_test(every_file_has_the_policy),
        cmocka_unit_test(another_sites_page_is_told_by_what_the_browser_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
