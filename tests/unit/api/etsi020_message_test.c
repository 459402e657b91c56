/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
/* Messages between centres [docs/protocol/etsi020.md]: one golden text each, every truncation, and
 * what is not acceptable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/etsi020/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ext_keys_text[] =
    "{\"keys\":[{\"key_id\":\"00112233-4455-6677-8899-aabbccddeeff\",\"value\":\"AQID\"},"
    "{\"key_id\":\"00112233-4455-6677-8899-aabbccddee00\",\"value\":\"BAUGBw==\"}],"
    "\"initiator_sae_id\":\"alice\",\"target_sae_ids\":[\"bob\",\"carol\"],"
    "\"ack_callback_url\":\"https://kme-a:1/kmapi/v1/acks/x\","
    "\"extension_optional\":[{\"qwave_source\":\"qkd:link-1\"},{\"qwave_quantum\":true},"
    "{\"qwave_simulated\":true}]}";
static const char void_text[] =
    "{\"key_ids\":[{\"key_id\":\"00112233-4455-6677-8899-aabbccddeeff\"}],"
    "\"initiator_sae_id\":\"alice\",\"target_sae_ids\":[\"bob\"],"
    "\"ack_callback_url\":\"https://kme-a:1/kmapi/v1/acks/x\"}";
static const char acks_text[] =
    "[{\"key_ids\":[{\"key_id\":\"00112233-4455-6677-8899-aabbccddeeff\"}],"
    "\"ack_status\":\"failed to void\",\"initiator_sae_id\":\"alice\",\"target_sae_id\":\"bob\","
    "\"message\":\"fetched\"},"
    "{\"key_ids\":[{\"key_id\":\"00112233-4455-6677-8899-aabbccddeeff\"}],"
    "\"ack_status\":\"voided\",\"initiator_sae_id\":\"alice\",\"target_sae_id\":\"carol\","
    "\"message\":\"\"}]";

static qw_err decode_keys(const char *text, struct qw_etsi020_ext_keys *out)
{
    return qw_etsi020_ext_keys_decode(text, strlen(text), out);
}

/* The golden text with one part of it replaced. */
static const char *with(const char *text, const char *part, const char *other)
{
    static char changed[4096];
    const char *at = strstr(text, part);

    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, other, at + strlen(part));
    return changed;
}

static void test_keys_are_read_and_written_the_same(void **state)
{
    static struct qw_etsi020_ext_keys keys;
    char text[1024];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    (void)state;
    assert_int_equal(decode_keys(ext_keys_text, &keys), QW_OK);
    assert_int_equal(keys.ids.count, 2);
    assert_int_equal(keys.ids.id[1][15], 0);
    assert_int_equal(keys.values[0].bits, 24);
    assert_memory_equal(keys.values[0].bytes, "\1\2\3", 3);
    assert_int_equal(keys.values[1].bits, 32);
    assert_string_equal(keys.parties.initiator, "alice");
    assert_int_equal(keys.parties.target_count, 2);
    assert_string_equal(keys.parties.targets[1], "carol");
    assert_string_equal(keys.source, "qkd:link-1");
    assert_true(keys.is_quantum && keys.is_simulated);
    qw_etsi020_ext_keys_write(&w, &keys);
    assert_true(qw_json_done(&w));
    assert_string_equal(text, ext_keys_text);
}

static void test_a_void_is_read_and_written_the_same(void **state)
{
    struct qw_etsi020_void message;
    char text[1024];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    (void)state;
    assert_int_equal(qw_etsi020_void_decode(void_text, strlen(void_text), &message), QW_OK);
    assert_int_equal(message.ids.count, 1);
    assert_string_equal(message.parties.ack_url, "https://kme-a:1/kmapi/v1/acks/x");
    qw_etsi020_void_write(&w, &message);
    assert_true(qw_json_done(&w));
    assert_string_equal(text, void_text);
}

static void test_acknowledgements_are_read_and_written_the_same(void **state)
{
    static struct qw_etsi020_ack acks[QW_ETSI020_ACKS_MAX];
    size_t count = 0;
    char text[1024];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    (void)state;
    assert_int_equal(qw_etsi020_acks_decode(acks_text, strlen(acks_text), acks, &count), QW_OK);
    assert_int_equal(count, 2);
    assert_int_equal(acks[0].outcome, QW_ETSI020_NOT_VOIDED);
    assert_int_equal(acks[1].outcome, QW_ETSI020_VOIDED);
    assert_string_equal(acks[0].message, "fetched");
    qw_etsi020_acks_write(&w, acks, count);
    assert_true(qw_json_done(&w));
    assert_string_equal(text, acks_text);
}

static void test_every_truncation_is_refused(void **state)
{
    static struct qw_etsi020_ext_keys keys;
    static struct qw_etsi020_ack acks[QW_ETSI020_ACKS_MAX];
    static const struct qw_etsi020_ext_keys zero;
    struct qw_etsi020_void message;
    size_t count = 77;

    (void)state;
    for (size_t len = 0; len < strlen(ext_keys_text); len++) {
        assert_int_equal(qw_etsi020_ext_keys_decode(ext_keys_text, len, &keys), QW_ERR_FORMAT);
        assert_memory_equal(&keys, &zero, sizeof keys); /* no key is left behind */
    }
    for (size_t len = 0; len < strlen(void_text); len++) {
        assert_int_equal(qw_etsi020_void_decode(void_text, len, &message), QW_ERR_FORMAT);
    }
    for (size_t len = 0; len < strlen(acks_text); len++) {
        assert_int_equal(qw_etsi020_acks_decode(acks_text, len, acks, &count), QW_ERR_FORMAT);
    }
    assert_int_equal(count, 77);
}

static void test_what_is_not_acceptable_is_refused(void **state)
{
    static const char *const changes[][2] = {
        { "\"AQID\"", "\"AQI=\"" },  /* 16 bits */
        { "\"AQID\"", "\"AQID*\"" }, /* no base64 */
        { "\"AQID\"", "7" },
        { "ddeeff\"", "ddee00\"" }, /* the same id twice */
        { "ddeeff\"", "ddeef\"" },  /* no UUID */
        { "\"carol\"", "\"bob\"" }, /* the same target twice */
        { "[\"bob\",\"carol\"]", "[]" },
        { "[\"bob\",\"carol\"]", "\"bob\"" },
        { "[\"bob\",\"carol\"]", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\"]" },
        { "\"alice\"", "\"\"" },
        { "\"initiator_sae_id\"", "\"initiator\"" },
        { "\"ack_callback_url\"", "\"callback\"" },
        { "\"extension_optional\"", "\"extension_mandatory\"" },
        { "\"target_sae_ids\"", "\"initiator_sae_id\"" }, /* a member twice */
    };
    static struct qw_etsi020_ext_keys keys;

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (decode_keys(with(ext_keys_text, changes[i][0], changes[i][1]), &keys) !=
            QW_ERR_FORMAT) {
            fail_msg("'%s' for '%s' was taken", changes[i][1], changes[i][0]);
        }
    }
}

static void test_claims_that_are_no_claims_say_nothing(void **state)
{
    static struct qw_etsi020_ext_keys keys;

    (void)state;
    assert_int_equal(decode_keys(with(ext_keys_text, "\"qkd:link-1\"", "[1]"), &keys), QW_OK);
    assert_string_equal(keys.source, "");
    assert_true(keys.is_quantum);
    assert_int_equal(decode_keys(with(ext_keys_text, "\"qwave_quantum\":true", "\"x\":1"), &keys),
                     QW_OK);
    assert_false(keys.is_quantum);
}

static void test_an_unknown_outcome_or_no_list_is_refused(void **state)
{
    static struct qw_etsi020_ack acks[QW_ETSI020_ACKS_MAX];
    size_t count = 0;
    const char *text = with(acks_text, "failed to void", "perhaps");

    (void)state;
    assert_int_equal(qw_etsi020_acks_decode(text, strlen(text), acks, &count), QW_ERR_FORMAT);
    assert_int_equal(qw_etsi020_acks_decode("[]", 2, acks, &count), QW_ERR_FORMAT);
    assert_int_equal(qw_etsi020_acks_decode("{}", 2, acks, &count), QW_ERR_FORMAT);
    text = with(acks_text, "[{\"key_ids\"", "{\"a\":{\"key_ids\"");
    assert_int_equal(qw_etsi020_acks_decode(text, strlen(text), acks, &count), QW_ERR_FORMAT);
}

#define PAD \
    "000102030405060708090a0b0c0d0e0f" \
    "00000007" \
    "00000130" \
    "f0f1f2f3f4f5f6f7f8f9fafb"

static void test_a_pad_is_named_and_nothing_else_is_mandatory(void **state)
{
    static const char *const bad[] = {
        "[{\"qwave_pad\":\"" PAD "00\"}]",
        "[{\"qwave_pad\":\"00\"}]",
        "[{\"qwave_pad\":7}]",
        "[{\"qwave_pad\":\"" PAD "\",\"other\":1}]",
        "[{\"qwave_pad\":\"" PAD "\"},{\"qwave_pad\":\"" PAD "\"}]",
        "[\"" PAD "\"]",
        "[{\"other\":1}]",
    };
    static struct qw_etsi020_ext_keys keys;
    static char golden[2048];
    char text[2048];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    (void)state;
    strcpy(golden,
           with(ext_keys_text, "\"extension_optional\"",
                "\"extension_mandatory\":[{\"qwave_pad\":\"" PAD "\"}],\"extension_optional\""));
    assert_int_equal(decode_keys(golden, &keys), QW_OK);
    assert_true(keys.has_pad);
    assert_int_equal(keys.pad.session[15], 15);
    assert_int_equal(keys.pad.block, 7);
    assert_int_equal(keys.pad.offset, 0x130);
    assert_int_equal(keys.pad.tag[11], 0xfb);
    qw_etsi020_ext_keys_write(&w, &keys);
    assert_true(qw_json_done(&w));
    assert_string_equal(text, golden);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(decode_keys(with(golden, "[{\"qwave_pad\":\"" PAD "\"}]", bad[i]), &keys),
                         QW_ERR_FORMAT);
        assert_false(keys.has_pad);
    }
    assert_int_equal(decode_keys(with(golden, "[{\"qwave_pad\":\"" PAD "\"}]", "[]"), &keys),
                     QW_OK);
    assert_false(keys.has_pad);
}

static void test_the_most_keys_are_taken_and_one_more_is_not(void **state)
{
    static struct qw_etsi020_ext_keys keys, back;
    static char text[128 * 1024];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    char *at;

    (void)state;
    assert_int_equal(decode_keys(ext_keys_text, &keys), QW_OK);
    keys.ids.count = QW_ETSI020_KEYS_MAX;
    for (size_t i = 0; i < keys.ids.count; i++) {
        memset(keys.ids.id[i], (int)i, 16);
        keys.values[i].bits = QW_ETSI020_KEY_BITS_MAX;
        memset(keys.values[i].bytes, (int)i, sizeof keys.values[i].bytes);
    }
    qw_etsi020_ext_keys_write(&w, &keys);
    assert_true(qw_json_done(&w));
    assert_int_equal(qw_etsi020_ext_keys_decode(text, w.len, &back), QW_OK);
    assert_memory_equal(&back, &keys, sizeof keys);
    at = strstr(text, "{\"key_id\"");
    memmove(at + 70, at, strlen(at) + 1);
    memcpy(at, "{\"key_id\":\"ffffffff-ffff-ffff-ffff-ffffffffffff\",\"value\":\"AQIDBAUG\"}    ",
           70);
    at[69] = ',';
    assert_int_equal(qw_etsi020_ext_keys_decode(text, strlen(text), &back), QW_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_read_and_written_the_same),
        cmocka_unit_test(test_a_void_is_read_and_written_the_same),
        cmocka_unit_test(test_acknowledgements_are_read_and_written_the_same),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_what_is_not_acceptable_is_refused),
        cmocka_unit_test(test_claims_that_are_no_claims_say_nothing),
        cmocka_unit_test(test_an_unknown_outcome_or_no_list_is_refused),
        cmocka_unit_test(test_a_pad_is_named_and_nothing_else_is_mandatory),
        cmocka_unit_test(test_the_most_keys_are_taken_and_one_more_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
