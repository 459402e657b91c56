/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
/* Queries of the Secure Key Integration Protocol [docs/protocol/skip.md]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/skip/query.h"

#include <string.h>

static const struct qw_skip_limits limits = { .bits_min = 24, .bits_max = 4096 };

#define LONGEST "123456789012345678901234567890123456789012345678901234567890123"

static void takes_what_the_draft_allows(void **state)
{
    static const struct {
        const char *query, *remote;
        uint32_t bits;
    } rows[] = {
        { "remoteSystemID=bob", "bob", 256 },
        { "remoteSystemID=bob&size=128", "bob", 128 },
        { "size=24&remoteSystemID=a%2Fb", "a/b", 24 },
        { "x&remoteSystemID=bob&size=4096&y=%41", "bob", 4096 },
        { "remoteSystemID=" LONGEST "&size=0000256", LONGEST, 256 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_skip_key_query q;
        char remote[QW_SKIP_SYSTEM_CAP];

        assert_int_equal(qw_skip_key_query_decode(rows[i].query, &limits, &q), QW_OK);
        assert_string_equal(q.remote, rows[i].remote);
        assert_int_equal(q.bits, rows[i].bits);
        assert_int_equal(qw_skip_remote_decode(rows[i].query, remote), QW_OK);
        assert_string_equal(remote, rows[i].remote);
    }
}

static void refuses_everything_else_and_touches_nothing(void **state)
{
    static const char *const rows[] = {
        "",
        "remoteSystemID",
        "remoteSystemID=",
        "remoteSystemid=bob",
        "remoteSystemID=bob&remoteSystemID=bob",
        "remoteSystemID=b%00b",
        "remoteSystemID=b%zz",
        "remoteSystemID=%ff",
        "remoteSystemID=" LONGEST "4",
        "remoteSystemID=bob&size=",
        "remoteSystemID=bob&size=16",
        "remoteSystemID=bob&size=25",
        "remoteSystemID=bob&size=4104",
        "remoteSystemID=bob&size=0",
        "remoteSystemID=bob&size=-256",
        "remoteSystemID=bob&size=+256",
        "remoteSystemID=bob&size=256.0",
        "remoteSystemID=bob&size=0x100",
        "remoteSystemID=bob&size=4294967552", /* 2^32 + 256 */
        "remoteSystemID=bob&size=256&size=256",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_skip_key_query q = { .remote = "kept", .bits = 7 };

        assert_int_equal(qw_skip_key_query_decode(rows[i], &limits, &q), QW_ERR_FORMAT);
        assert_string_equal(q.remote, "kept");
        assert_int_equal(q.bits, 7);
    }
}

/* A query that is cut off is another query: shorter numbers and names are legal, parts are not. */
static void every_truncation_and_flip_stays_in_range(void **state)
{
    static const char whole[] = "remoteSystemID=router%2Fb&size=1024";

    (void)state;
    for (size_t at = 0; at < sizeof whole - 1; at++) {
        for (unsigned bit = 0; bit <= 8; bit++) {
            struct qw_skip_key_query q = { .remote = "kept", .bits = 7 };
            char text[sizeof whole];
            qw_err err;

            memcpy(text, whole, sizeof whole);
            text[at] = (char)(bit == 8 ? 0 : text[at] ^ 1 << bit); /* 8: cut here */
            err = qw_skip_key_query_decode(text, &limits, &q);
            assert_true(err == QW_OK || err == QW_ERR_FORMAT);
            assert_true(err == QW_OK ? q.bits >= 24 && q.bits <= 4096 && q.bits % 8 == 0 &&
                                           q.remote[0] != '\0'
                                     : q.bits == 7 && strcmp(q.remote, "kept") == 0);
        }
    }
}

static void entropy_has_a_size_within_limits(void **state)
{
    static const struct {
        const char *query;
        uint32_t bits; /* 0: refused */
    } rows[] = {
        { "", 256 },
        { "minentropy=1", 1 },
        { "minentropy=4096&x=y", 4096 },
        { "minentropy=0", 0 },
        { "minentropy=4097", 0 },
        { "minentropy=", 0 },
        { "minentropy=-1", 0 },
        { "minentropy=8&minentropy=8", 0 },
        { "minentropy=99999999", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t bits = 77;

        assert_int_equal(qw_skip_entropy_query_decode(rows[i].query, &bits),
                         rows[i].bits == 0 ? QW_ERR_FORMAT : QW_OK);
        assert_int_equal(bits, rows[i].bits == 0 ? 77 : rows[i].bits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_the_draft_allows),
        cmocka_unit_test(refuses_everything_else_and_touches_nothing),
        cmocka_unit_test(every_truncation_and_flip_stays_in_range),
        cmocka_unit_test(entropy_has_a_size_within_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
