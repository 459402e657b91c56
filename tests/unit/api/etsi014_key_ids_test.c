/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/etsi014/key_ids.h"

#include <stdio.h>
#include <string.h>

#define A "00112233-4455-8677-8899-aabbccddeeff"
#define A_UPPER "00112233-4455-8677-8899-AABBCCDDEEFF"
#define B "00112233-4455-8677-8899-aabbccddee00"

static enum qw_etsi014_fault decode_len(const char *query, const char *body, size_t len,
                                        struct qw_etsi014_key_ids *ids)
{
    struct qw_etsi014_text text = {
        .query = query, .content_type = "", .body = body, .body_len = len
    };

    return qw_etsi014_key_ids_decode(&text, ids);
}

static void takes_ids_from_query_or_body(void **state)
{
    static const struct {
        const char *query, *body;
        size_t count;
    } rows[] = {
        { "key_ID=" A, "", 1 },
        { "key_ID=" A_UPPER "&x=1", "", 1 },
        { "key_ID=" B "&key_ID=" A, "", 2 },
        { "key_IDs=" B "," A, "", 2 },
        { "key_IDs=" B "%2C" A, "", 2 },
        { "", "{\"key_IDs\":[{\"key_ID\":\"" A "\"}]}", 1 },
        { "", "{\"key_IDs\":[{\"key_ID\":\"" B "\",\"x\":1},{\"key_ID\":\"" A "\"}]}", 2 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_etsi014_key_ids ids;

        assert_int_equal(decode_len(rows[i].query, rows[i].body, strlen(rows[i].body), &ids),
                         QW_ETSI014_NONE);
        assert_int_equal(ids.count, rows[i].count);
        assert_int_equal(ids.id[ids.count - 1][15], 0xff);
    }
}

static void refuses_everything_else(void **state)
{
    static const struct {
        const char *query, *body;
        enum qw_etsi014_fault fault;
    } rows[] = {
        { "", "", QW_ETSI014_MALFORMED },
        { "key_ID=", "", QW_ETSI014_MALFORMED },
        { "key_ID=" A ",", "", QW_ETSI014_MALFORMED },
        { "key_ID=" A "0", "", QW_ETSI014_MALFORMED },
        { "key_ID=" A "&key_IDs=" A_UPPER, "", QW_ETSI014_MALFORMED }, /* one twice */
        { "key_ID=" A, "{\"key_IDs\":[{\"key_ID\":\"" B "\"}]}", QW_ETSI014_CONFLICT },
        { "", "{\"key_IDs\":[]}", QW_ETSI014_MALFORMED },
        { "", "{\"key_IDs\":[\"" A "\"]}", QW_ETSI014_MALFORMED },
        { "", "{\"key_IDs\":[{\"key_ID\":{\"id\":\"" A "\"}}]}", QW_ETSI014_MALFORMED },
        { "", "[]", QW_ETSI014_MALFORMED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_etsi014_key_ids ids = { .count = 77 };

        if (decode_len(rows[i].query, rows[i].body, strlen(rows[i].body), &ids) != rows[i].fault) {
            fail_msg("row %zu", i);
        }
        assert_int_equal(ids.count, 77);
    }
}

static void takes_128_ids_and_not_one_more(void **state)
{
    static char body[16384];
    struct qw_etsi014_key_ids ids;

    (void)state;
    for (int count = 128; count <= 129; count++) {
        size_t at = (size_t)snprintf(body, sizeof body, "{\"key_IDs\":[");

        for (int i = 0; i < count; i++) {
            at += (size_t)snprintf(body + at, sizeof body - at,
                                   "%s{\"key_ID\":\"00112233-4455-8677-8899-%012x\"}",
                                   i == 0 ? "" : ",", (unsigned)i);
        }
        at += (size_t)snprintf(body + at, sizeof body - at, "]}");
        assert_int_equal(decode_len("", body, at, &ids),
                         count == 128 ? QW_ETSI014_NONE : QW_ETSI014_MALFORMED);
    }
}

static void survives_truncation_and_bit_flips(void **state)
{
    static const char good[] = "{\"key_IDs\":[{\"key_ID\":\"" A "\"},{\"key_ID\":\"" B "\"}]}";
    struct qw_etsi014_key_ids ids;
    char text[sizeof good];

    (void)state;
    for (size_t len = 0; len < sizeof good - 1; len++) {
        assert_int_equal(decode_len("", good, len, &ids), QW_ETSI014_MALFORMED);
    }
    for (size_t bit = 0; bit < 8 * (sizeof good - 1); bit++) {
        memcpy(text, good, sizeof good);
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        if (decode_len("", text, sizeof good - 1, &ids) == QW_ETSI014_NONE) {
            assert_int_equal(ids.count, 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_ids_from_query_or_body),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(takes_128_ids_and_not_one_more),
        cmocka_unit_test(survives_truncation_and_bit_flips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
