/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/etsi014/key_request.h"

#include <string.h>

static const struct qw_etsi014_limits limits = {
    .keys_max = 128, .bits_min = 24, .bits_standard = 256, .bits_max = 4096, .slaves_max = 2
};
static char unsupported[QW_ETSI014_NAME_CAP];

static enum qw_etsi014_fault decode_len(const char *query, const char *body, size_t len,
                                        struct qw_etsi014_key_request *request)
{
    struct qw_etsi014_text text = {
        .query = query, .content_type = "", .body = body, .body_len = len
    };

    return qw_etsi014_key_request_decode(&text, &limits, request, unsupported);
}

static enum qw_etsi014_fault decode(const char *query, const char *body,
                                    struct qw_etsi014_key_request *request)
{
    return decode_len(query, body, body == NULL ? 0 : strlen(body), request);
}

static void reads_every_field(void **state)
{
    struct qw_etsi014_key_request r;

    (void)state;
    assert_int_equal(
        decode("",
               "{\"number\":128,\"size\":4096,\"additional_slave_SAE_IDs\":[\"a\",\"b/c\"],"
               "\"extension_mandatory\":[{\"qwave_source\":\"qkd\"},{\"qwave_max_age\":7,"
               "\"qwave_route_type\":\"direct\",\"qwave_fresh\":true}],\"extension_optional\":[{"
               "\"qwave_route_type\""
               ":\"relayed\"}]}",
               &r),
        QW_ETSI014_NONE);
    assert_int_equal(r.number, 128);
    assert_int_equal(r.size, 4096);
    assert_int_equal(r.slave_count, 2);
    assert_string_equal(r.slaves[1], "b/c");
    assert_string_equal(r.mandatory.source, "qkd");
    assert_int_equal(r.mandatory.max_age_ms, 7);
    assert_int_equal(r.mandatory.is_relayed, 0);
    assert_true(r.mandatory.is_fresh);
    assert_false(r.optional.is_fresh);
    assert_string_equal(r.optional.source, "");
    assert_int_equal(r.optional.max_age_ms, -1);
    assert_int_equal(r.optional.is_relayed, 1);
    assert_false(r.mandatory.has_request_id || r.optional.has_request_id);
}

static void a_request_may_have_a_name(void **state)
{
    static const uint8_t name[16] = { 0x1d, 0x85, 0x61, 0x3e, 0xaa, 0xf4, 0x4d, 0x63,
                                      0x8e, 0xb2, 0x11, 0x0f, 0x1e, 0x60, 0x72, 0x46 };
    struct qw_etsi014_key_request r;

    (void)state;
    assert_int_equal(decode("",
                            "{\"extension_mandatory\":[{\"qwave_request_id\":"
                            "\"1D85613e-aaf4-4d63-8eb2-110f1e607246\"}],\"extension_optional\":"
                            "[{\"qwave_request_id\":\"1d85613e-aaf4-4d63-8eb2\"}]}",
                            &r),
                     QW_ETSI014_NONE);
    assert_true(r.mandatory.has_request_id);
    assert_memory_equal(r.mandatory.request_id, name, sizeof name);
    assert_false(r.optional.has_request_id); /* no UUID, and optional */
}

static void an_empty_request_is_one_key_of_the_standard_size(void **state)
{
    static const char *const bodies[] = { NULL, "{}", " { } ", "{\"unknown\":{\"a\":1}}" };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct qw_etsi014_key_request r;

        assert_int_equal(decode("", bodies[i], &r), QW_ETSI014_NONE);
        assert_int_equal(r.number, 1);
        assert_int_equal(r.size, 256);
        assert_int_equal(r.slave_count, 0);
        assert_int_equal(r.mandatory.is_relayed, -1);
    }
}

static void query_and_body_must_agree(void **state)
{
    struct qw_etsi014_key_request r;

    (void)state;
    assert_int_equal(decode("number=2&size=64", "{\"number\":2}", &r), QW_ETSI014_NONE);
    assert_int_equal(r.number, 2);
    assert_int_equal(r.size, 64);
    assert_int_equal(decode("number=2", "{\"number\":3}", &r), QW_ETSI014_CONFLICT);
    assert_int_equal(decode("size=64", "{\"size\":72}", &r), QW_ETSI014_CONFLICT);
}

static void names_the_first_fault(void **state)
{
    static const struct {
        const char *query, *body;
        enum qw_etsi014_fault fault;
    } rows[] = {
        { "number=0", NULL, QW_ETSI014_NUMBER },
        { "number=129", NULL, QW_ETSI014_NUMBER },
        { "number=+1", NULL, QW_ETSI014_NUMBER },
        { "number=1&number=2", NULL, QW_ETSI014_NUMBER },
        { "number=99999999999999999999", NULL, QW_ETSI014_NUMBER },
        { "size=23", NULL, QW_ETSI014_SIZE_NOT_BYTES },
        { "size=16", NULL, QW_ETSI014_SIZE },
        { "size=4104", NULL, QW_ETSI014_SIZE },
        { "", "{\"size\":\"abc\"}", QW_ETSI014_SIZE },
        { "", "{\"size\":1e400}", QW_ETSI014_SIZE },
        { "", "{\"number\":1.5}", QW_ETSI014_NUMBER },
        { "", "{\"additional_slave_SAE_IDs\":[\"a\",\"a\"]}", QW_ETSI014_SLAVES },
        { "", "{\"additional_slave_SAE_IDs\":[\"a\",\"b\",\"c\"]}", QW_ETSI014_SLAVES },
        { "", "{\"additional_slave_SAE_IDs\":null}", QW_ETSI014_SLAVES },
        { "", "{\"extension_mandatory\":[{\"qwave_max_age\":-1},{\"x\":1}]}",
          QW_ETSI014_MANDATORY_UNKNOWN },
        { "", "{\"extension_mandatory\":[{\"qwave_max_age\":-1}]}", QW_ETSI014_MANDATORY_UNMET },
        { "", "{\"extension_mandatory\":[{\"qwave_fresh\":1}]}", QW_ETSI014_MANDATORY_UNMET },
        { "", "{\"extension_mandatory\":[{\"qwave_request_id\":7}]}", QW_ETSI014_MANDATORY_UNMET },
        { "", "{\"extension_mandatory\":[{\"qwave_request_id\":\"7\"}]}",
          QW_ETSI014_MANDATORY_UNMET },
        { "", "{\"extension_mandatory\":[{\"qwave_route_type\":\"x\"}]}",
          QW_ETSI014_MANDATORY_UNMET },
        { "", "{\"extension_mandatory\":[\"x\"]}", QW_ETSI014_MALFORMED },
        { "", "{\"extension_optional\":{}}", QW_ETSI014_MALFORMED },
        { "", "{", QW_ETSI014_MALFORMED },
        { "", "7", QW_ETSI014_MALFORMED },
        { "", "{\"number\":1,\"number\":1}", QW_ETSI014_MALFORMED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_etsi014_key_request r = { .number = 77 };

        if (decode(rows[i].query, rows[i].body, &r) != rows[i].fault) {
            fail_msg("row %zu: %s %s", i, rows[i].query, rows[i].body);
        }
        assert_int_equal(r.number, 77); /* untouched */
    }
    assert_string_equal(unsupported, "x");
}

static void what_is_optional_may_be_wrong(void **state)
{
    struct qw_etsi014_key_request r;

    (void)state;
    assert_int_equal(decode("",
                            "{\"extension_optional\":[{\"qwave_max_age\":\"x\",\"a_b\":1},"
                            "{\"qwave_route_type\":7}]}",
                            &r),
                     QW_ETSI014_NONE);
    assert_int_equal(r.optional.max_age_ms, -1);
    assert_int_equal(r.optional.is_relayed, -1);
}

/* Every truncation is refused; every flipped bit is refused or gives a request in range. */
static void survives_truncation_and_bit_flips(void **state)
{
    static const char good[] =
        "{\"number\":3,\"size\":512,\"additional_slave_SAE_IDs\":[\"carol\"],"
        "\"extension_mandatory\":[{\"qwave_max_age\":7}]}";
    struct qw_etsi014_key_request r;
    char text[sizeof good];

    (void)state;
    for (size_t len = 1; len < sizeof good - 1; len++) {
        assert_int_equal(decode_len("", good, len, &r), QW_ETSI014_MALFORMED);
    }
    memcpy(text, good, sizeof good);
    text[sizeof good - 1] = '}';
    assert_int_equal(decode_len("", text, sizeof good, &r), QW_ETSI014_MALFORMED);
    for (size_t bit = 0; bit < 8 * (sizeof good - 1); bit++) {
        memcpy(text, good, sizeof good);
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        if (decode_len("", text, sizeof good - 1, &r) == QW_ETSI014_NONE) {
            assert_in_range(r.number, 1, 128);
            assert_in_range(r.size, 24, 4096);
            assert_true(r.slave_count <= 1);
        }
    }
}

static void only_json_may_have_a_body(void **state)
{
    static const struct {
        const char *type;
        size_t len;
        enum qw_etsi014_fault fault;
    } rows[] = {
        { "", 2, QW_ETSI014_NONE },
        { "application/json", 2, QW_ETSI014_NONE },
        { "Application/JSON; charset=utf-8", 2, QW_ETSI014_NONE },
        { "text/plain", 2, QW_ETSI014_CONTENT_TYPE },
        { "application/jsonx", 2, QW_ETSI014_CONTENT_TYPE },
        { "application/jso", 2, QW_ETSI014_CONTENT_TYPE },
        { "text/plain", 0, QW_ETSI014_NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_etsi014_text text = {
            .query = "", .content_type = rows[i].type, .body = "{}", .body_len = rows[i].len
        };

        assert_int_equal(qw_etsi014_check_content_type(&text), rows[i].fault);
    }
}

/* [ETSI 014 6.2, 6.4]: to the letter, because clients compare them. */
static void has_the_texts_of_the_standard(void **state)
{
    (void)state;
    assert_string_equal(qw_etsi014_answers[QW_ETSI014_SIZE_NOT_BYTES].message,
                        "size shall be a multiple of 8");
    assert_string_equal(qw_etsi014_answers[QW_ETSI014_MANDATORY_UNKNOWN].message,
                        "not all extension_mandatory parameters are supported");
    assert_string_equal(qw_etsi014_answers[QW_ETSI014_MANDATORY_UNMET].message,
                        "not all extension_mandatory request options could be met");
    assert_string_equal(qw_etsi014_answers[QW_ETSI014_OPTIONAL_UNHANDLED].message,
                        "not all extension_optional request options handled");
    assert_string_equal(qw_etsi014_answers[QW_ETSI014_NO_KEY].message,
                        "one or more keys specified are not found on KME");
    for (int i = QW_ETSI014_NONE + 1; i < QW_ETSI014_FAULT_COUNT; i++) {
        unsigned status = qw_etsi014_answers[i].status;

        assert_true(status == 400 || status == 401 || status == 503);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_field),
        cmocka_unit_test(a_request_may_have_a_name),
        cmocka_unit_test(an_empty_request_is_one_key_of_the_standard_size),
        cmocka_unit_test(query_and_body_must_agree),
        cmocka_unit_test(names_the_first_fault),
        cmocka_unit_test(what_is_optional_may_be_wrong),
        cmocka_unit_test(survives_truncation_and_bit_flips),
        cmocka_unit_test(only_json_may_have_a_body),
        cmocka_unit_test(has_the_texts_of_the_standard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
