/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
/* Whom the URI of an end names [docs/protocol/etsi004.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/stream/name.h"

#include <string.h>

static void reads_every_form_of_a_name(void **state)
{
    static const char *const uris[] = {
        "bob",          "urn:qwave:sae:bob",  "qkd://bob",      "qkd://bob@host:1",
        "qkd://bob/x",  "qkd://bob?a=b",      "qkd://bob#x",    "qkd://urn:qwave:sae:bob@host",
        "qkd://bob@@/", "qkd://bob@host/a?b", "qkd://bob?@/#x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        char name[64];

        assert_true(qw_stream_name_read(uris[i], name));
        assert_string_equal(name, "bob");
    }
}

static void refuses_what_names_no_application(void **state)
{
    char uri[256];
    char name[64] = "untouched";

    (void)state;
    assert_false(qw_stream_name_read("qkd://", name));
    assert_false(qw_stream_name_read("qkd://@host", name));
    assert_false(qw_stream_name_read("", name));
    assert_false(qw_stream_name_read("urn:qwave:operator:bob", name));
    assert_false(qw_stream_name_read("qkd://urn:qwave:ap:ap-1", name));
    memset(uri, 'x', sizeof uri);
    uri[255] = '\0';
    assert_false(qw_stream_name_read(uri, name));
    assert_string_equal(name, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form_of_a_name),
        cmocka_unit_test(refuses_what_names_no_application),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
