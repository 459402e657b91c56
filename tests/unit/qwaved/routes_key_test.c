/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C12 C14 */
/* ETSI GS QKD 014 on a real centre without the network: every status and text of the standard, and
 * one request for each habit of real clients [docs/protocol/etsi014.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/json_reader.h"
#include "unit/qwaved/site.h"

#define OPERATOR "urn:qwave:operator:op"
#define ALICE "urn:qwave:sae:alice"
#define BOB "urn:qwave:sae:bob"
#define CAROL "urn:qwave:sae:carol"
#define DAVE "urn:qwave:sae:dave"
#define ENC "/api/v1/keys/bob/enc_keys"
#define DEC "/api/v1/keys/alice/dec_keys"
#define STATUS "/api/v1/keys/bob/status"
#define NO_KEY "one or more keys specified are not found on KME"
#define NO_ID "00112233-4455-8677-8899-aabbccddeeff"

struct key {
    char id[40], text[1024];
    size_t len; /* of the key itself */
};

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 256, .stock_keys = 4096, .window_ms = 30000, .centre_id = "centre-1"
    };
    struct site *site = site_new(config, 4096);

    site_add_application(site, "alice", "bob,carol");
    site_add_application(site, "bob", "alice");
    site_add_application(site, "carol", "");
    site_add_application(site, "dave", "");
    *state = site;
    return 0;
}

/* The keys of the answer, which must be a Key container and nothing else. */
static size_t keys_of(const struct site *site, struct key *keys, size_t cap)
{
    struct qw_json_reader r;
    const struct qw_json_node *array;
    size_t count = 0;

    assert_int_equal(site->status, 200);
    assert_int_equal(qw_json_open(site->text, site->len, &r), QW_OK);
    array = qw_json_get_array(&r, qw_json_root_object(&r), "keys", 1, cap, &count);
    for (size_t i = 0; i < count; i++) {
        const struct qw_json_node *item = qw_json_item(array, i);
        uint8_t bytes[600];
        uint8_t id[16];

        qw_json_get_text(&r, item, "key_ID", keys[i].id, 36, sizeof keys[i].id);
        qw_json_get_uuid(&r, item, "key_ID", id);
        qw_json_get_text(&r, item, "key", keys[i].text, 4, sizeof keys[i].text);
        qw_json_get_base64(&r, item, "key", bytes, 1, sizeof bytes, &keys[i].len);
        assert_string_equal(keys[i].id + strspn(keys[i].id, "0123456789abcdef-"), "");
    }
    assert_true(qw_json_ok(&r));
    qw_json_close(&r);
    return count;
}

static uint64_t number_of(const struct site *site, const char *name)
{
    struct qw_json_reader r;
    uint64_t value = UINT64_MAX;

    assert_int_equal(qw_json_open(site->text, site->len, &r), QW_OK);
    qw_json_get_uint(&r, qw_json_root_object(&r), name, 0, QW_JSON_UINT_MAX, &value);
    assert_true(qw_json_ok(&r));
    qw_json_close(&r);
    return value;
}

static void ask_for(struct site *site, const char *identity, const struct key *key)
{
    char target[128];

    snprintf(target, sizeof target, DEC "?key_ID=%.36s", key->id);
    ask(site, identity, "GET", target, NULL);
}

/* 5.2, 6.1: eleven fields, consistent, and at once what the calls have changed. */
static void status_has_all_fields_and_follows_consumption(void **state)
{
    struct site *site = *state;
    uint64_t stored;

    ask(site, ALICE, "GET", STATUS, NULL);
    assert_int_equal(site->status, 200);
    for (const char *const *text =
             (const char *const[]){ "\"source_KME_ID\":\"centre-1\"",
                                    "\"target_KME_ID\":\"centre-1\"", "\"master_SAE_ID\":\"alice\"",
                                    "\"slave_SAE_ID\":\"bob\"", NULL };
         *text != NULL; text++) {
        assert_non_null(strstr(site->text, *text));
    }
    stored = number_of(site, "stored_key_count");
    assert_true(stored >= 4096 && stored <= number_of(site, "max_key_count"));
    assert_int_equal(number_of(site, "key_size"), 256);
    assert_true(number_of(site, "min_key_size") <= 24);
    assert_true(number_of(site, "max_key_size") >= 1024);
    assert_true(number_of(site, "max_key_per_request") >= 128);
    assert_int_equal(number_of(site, "max_SAE_ID_count"), 8);
    assert_int_equal(ask(site, ALICE, "POST", ENC, "{\"number\":9}"), 200);
    ask(site, ALICE, "GET", STATUS, NULL);
    assert_int_equal(number_of(site, "stored_key_count"), stored - 9);
    assert_int_equal(ask(site, ALICE, "POST", STATUS, "{}"), 405);
}

/* 5.3, 5.4, 6.2, 6.3 */
static void enc_and_dec_give_the_same_container(void **state)
{
    static const struct {
        const char *method, *target, *body;
        size_t count, len;
    } rows[] = {
        { "GET", ENC, NULL, 1, 32 },
        { "GET", ENC "?number=3&size=1024", NULL, 3, 128 },
        { "GET", ENC "/?size=64", NULL, 1, 8 },
        { "POST", ENC, "{}", 1, 32 },
        { "POST", ENC, "{\"number\":5,\"size\":1024}", 5, 128 },
        { "POST", ENC, "{\"number\":128}", 128, 32 },
        { "POST", ENC, "{\"size\":24}", 1, 3 },
        { "POST", ENC, "{\"size\":4096}", 1, 512 },
        { "POST", ENC, "{\"extension_mandatory\":[],\"extension_optional\":[{\"x_y\":1}]}", 1, 32 },
        { "POST", ENC, "{\"extension_mandatory\":[{\"qwave_source\":\"kernel\"}]}", 1, 32 },
        { "POST", ENC,
          "{\"extension_mandatory\":[{\"qwave_max_age\":3600000,\"qwave_route_type\":\"direct\"}],"
          "\"extension_optional\":[{\"qwave_source\":\"qkd\"},{\"qwave_route_type\":\"relayed\"}]}",
          1, 32 },
    };
    struct site *site = *state;
    static struct key keys[128];
    static char given[1 << 17];
    static char body[16384];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t count;
        size_t at = 0;

        ask(site, ALICE, rows[i].method, rows[i].target, rows[i].body);
        count = keys_of(site, keys, 128);
        assert_int_equal(count, rows[i].count);
        assert_int_equal(keys[0].len, rows[i].len);
        memcpy(given, site->text, site->len + 1);
        at += (size_t)snprintf(body, sizeof body, "{\"key_IDs\":[");
        for (size_t k = 0; k < count; k++) {
            at += (size_t)snprintf(body + at, sizeof body - at, "%s{\"key_ID\":\"%s\"}",
                                   k == 0 ? "" : ",", keys[k].id);
        }
        snprintf(body + at, sizeof body - at, "]}");
        assert_int_equal(ask(site, BOB, "POST", DEC, body), 200);
        assert_string_equal(site->text, given); /* byte for byte */
        assert_int_equal(ask(site, BOB, "POST", DEC, body), 200);
        assert_string_equal(site->text, given); /* and again */
    }
}

static void every_mandated_text_is_given(void **state)
{
    static const struct {
        const char *method, *target, *body, *message;
    } rows[] = {
        { "POST", ENC, "{\"size\":129}", "size shall be a multiple of 8" },
        { "GET", ENC "?size=25", NULL, "size shall be a multiple of 8" },
        { "POST", ENC, "{\"extension_mandatory\":[{\"qwave_source\":\"qkd\"}]}",
          "not all extension_mandatory request options could be met" },
        { "POST", ENC, "{\"extension_mandatory\":[{\"qwave_route_type\":\"relayed\"}]}",
          "not all extension_mandatory request options could be met" },
        { "POST", ENC, "{\"extension_mandatory\":[{\"qwave_max_age\":\"old\"}]}",
          "not all extension_mandatory request options could be met" },
        { "GET", DEC "?key_ID=" NO_ID, NULL, NO_KEY },
    };
    struct site *site = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(site, strcmp(rows[i].message, NO_KEY) == 0 ? BOB : ALICE, rows[i].method,
            rows[i].target, rows[i].body);
        assert_error(site, 400, rows[i].message);
    }
    ask(site, ALICE, "POST", ENC,
        "{\"extension_mandatory\":[{\"qwave_source\":\"qkd\"},{\"abc_route_type\":\"direct\"}]}");
    assert_int_equal(site->status, 400);
    assert_string_equal(
        site->text,
        "{\"message\":\"not all extension_mandatory parameters are supported\",\"details\":"
        "[{\"extension_mandatory_unsupported\":\"abc_route_type is not supported\"}]}");
}

static void wrong_key_requests_move_no_key(void **state)
{
    static const char *const bodies[] = {
        "{\"number\":0}",
        "{\"number\":129}",
        "{\"number\":-1}",
        "{\"number\":1.5}",
        "{\"number\":\"3\"}",
        "{\"number\":1e400}",
        "{\"number\":null}",
        "{\"size\":\"abc\"}",
        "{\"size\":0}",
        "{\"size\":-8}",
        "{\"size\":8}",
        "{\"size\":4104}",
        "{\"size\":true}",
        "[]",
        "7",
        "{",
        "{\"number\":1,\"number\":1}",
        "{\"additional_slave_SAE_IDs\":[]}",
        "{\"additional_slave_SAE_IDs\":[\"carol\",\"carol\"]}",
        "{\"additional_slave_SAE_IDs\":[\" \"]}",
        "{\"additional_slave_SAE_IDs\":[\"\"]}",
        "{\"additional_slave_SAE_IDs\":[\"bob\"]}",
        "{\"additional_slave_SAE_IDs\":[\"alice\"]}",
        "{\"additional_slave_SAE_IDs\":\"carol\"}",
        "{\"additional_slave_SAE_IDs\":[7]}",
        "{\"additional_slave_SAE_IDs\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]}",
        "{\"additional_slave_SAE_IDs\":[\"nobody\"]}",
        "{\"extension_mandatory\":{}}",
        "{\"extension_mandatory\":[7]}",
        "{\"extension_optional\":7}",
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}",
    };
    static const char *const targets[] = {
        ENC "?number=0",
        ENC "?number=x",
        ENC "?number=",
        ENC "?number=1&number=1",
        ENC "?size=-8",
        ENC "?size=%zz",
        ENC "?size=0x40",
        "/api/v1/keys/%20/enc_keys",
        "/api/v1/keys/%00/enc_keys",
        "/api/v1/keys/alice/enc_keys",
        "/api/v1/keys/nobody/enc_keys",
        "/api/v1/keys/b%20b/enc_keys",
        "/api/v1/keys/nobody/status",
        "/api/v1/keys/alice/status",
        "/api/v1/keys/0123456789012345678901234567890123456789012345678901234567890123/status",
    };
    struct site *site = *state;
    uint64_t stored;

    assert_int_equal(ask(site, ALICE, "GET", ENC, NULL), 200);
    ask(site, ALICE, "GET", STATUS, NULL);
    stored = number_of(site, "stored_key_count");
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        if (ask(site, ALICE, "POST", ENC, bodies[i]) != 400) {
            fail_msg("%s: %u", bodies[i], site->status);
        }
        assert_non_null(strstr(site->text, "\"message\":"));
    }
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        if (ask(site, ALICE, "GET", targets[i], NULL) != 400) {
            fail_msg("%s: %u", targets[i], site->status);
        }
    }
    site->content_type = "text/plain";
    assert_int_equal(ask(site, ALICE, "POST", ENC, "{\"number\":1}"), 400);
    assert_int_equal(ask(site, ALICE, "POST", ENC, NULL), 200); /* says nothing, means nothing */
    stored--;
    site->content_type = "application/json";
    ask(site, ALICE, "GET", STATUS, NULL);
    assert_int_equal(number_of(site, "stored_key_count"), stored);
}

/* 401 [ETSI 014 5.4]: whoever was not named learns nothing else. */
static void only_named_parties_get_a_key(void **state)
{
    struct site *site = *state;
    struct key keys[2];
    char body[512];

    assert_int_equal(ask(site, CAROL, "GET", ENC, NULL), 401);
    assert_int_equal(ask(site, DAVE, "GET", STATUS, NULL), 401);
    assert_int_equal(ask(site, ALICE, "GET", "/api/v1/keys/dave/enc_keys", NULL), 401);
    assert_int_equal(ask(site, OPERATOR, "GET", ENC, NULL), 401);
    assert_int_equal(ask(site, "", "GET", ENC, NULL), 401);
    assert_int_equal(ask(site, "urn:qwave:sae:nobody", "GET", ENC, NULL), 401);
    ask(site, ALICE, "POST", ENC, "{\"number\":2,\"additional_slave_SAE_IDs\":[\"carol\"]}");
    assert_int_equal(keys_of(site, keys, 2), 2);
    ask_for(site, DAVE, &keys[0]);
    assert_error(site, 401, "not authorised");
    ask_for(site, ALICE, &keys[0]); /* the master is no slave */
    assert_error(site, 401, "not authorised");
    snprintf(body, sizeof body, "{\"key_IDs\":[{\"key_ID\":\"%s\"},{\"key_ID\":\"" NO_ID "\"}]}",
             keys[0].id);
    ask(site, DAVE, "POST", DEC, body);
    assert_error(site, 401, "not authorised");
    ask(site, BOB, "POST", DEC, body);
    assert_error(site, 400, NO_KEY); /* all or nothing: nothing is burnt */
    for (int i = 0; i < 2; i++) {
        ask_for(site, i == 0 ? BOB : CAROL, &keys[0]);
        assert_non_null(strstr(site->text, keys[0].text));
    }
    ask(site, BOB, "GET", "/api/v1/keys/carol/dec_keys?key_ID=" NO_ID, NULL);
    assert_error(site, 400, NO_KEY);
}

/* The table of habits, by its numbers. */
static void tolerates_what_real_clients_do(void **state)
{
    struct site *site = *state;
    struct key keys[3];
    struct key first;
    char target[256];
    char body[512];

    site->content_type = "application/json"; /* 1: GET with the header and no body */
    assert_int_equal(ask(site, ALICE, "GET", ENC, NULL), 200);
    site->content_type = "";
    assert_int_equal(ask(site, ALICE, "POST", ENC, NULL), 200);            /* 2 */
    assert_int_equal(ask(site, ALICE, "GET", ENC, "{\"number\":2}"), 200); /* 3 */
    assert_int_equal(keys_of(site, keys, 3), 2);
    assert_int_equal(ask(site, ALICE, "GET", ENC "?number=2", "{\"number\":2}"), 200);
    assert_int_equal(ask(site, ALICE, "GET", ENC "?number=3", "{\"number\":2}"), 400);
    assert_int_equal(ask(site, ALICE, "POST", ENC "?number=3&size=128", NULL), 200); /* 4 */
    assert_int_equal(keys_of(site, keys, 3), 3);
    assert_int_equal(keys[0].len, 16);
    assert_int_equal(ask(site, ALICE, "POST", ENC "?size=128", "{\"size\":256}"), 400);
    snprintf(body, sizeof body,
             "{\"key_IDs\":[{\"key_ID\":\"%s\",\"master_SAE_ID\":\"x\",\"key_ID_extension\":{}}],"
             "\"additional_slaves\":[],\"key_IDs_extension\":{\"a\":1}}",
             keys[0].id);
    assert_int_equal(ask(site, BOB, "POST", DEC, body), 200); /* 5 */
    snprintf(target, sizeof target, DEC "?key_IDs=%s%%2C%s,%s", keys[0].id, keys[1].id, keys[2].id);
    assert_int_equal(ask(site, BOB, "GET", target, NULL), 200); /* 7 */
    assert_int_equal(keys_of(site, keys, 3), 3);
    snprintf(target, sizeof target, DEC "?key_ID=%s&key_ID=%s", keys[1].id, keys[2].id);
    assert_int_equal(ask(site, BOB, "GET", target, NULL), 200);
    snprintf(body, sizeof body, "{\"key_IDs\":[{\"key_ID\":{\"id\":\"%s\"}}]}", keys[1].id);
    assert_int_equal(ask(site, BOB, "POST", DEC, body), 400); /* 8 */
    ask(site, ALICE, "GET", ENC, NULL);                       /* 9: new keys every time */
    keys_of(site, &first, 1);
    ask(site, ALICE, "GET", ENC, NULL);
    keys_of(site, keys, 1);
    assert_string_not_equal(first.id, keys[0].id);
    for (char *c = first.id; *c != '\0'; c++) { /* 11: upper case */
        *c = *c >= 'a' && *c <= 'f' ? (char)(*c - 'a' + 'A') : *c;
    }
    ask_for(site, BOB, &first);
    assert_non_null(strstr(site->text, first.text));
    assert_int_equal(ask(site, ALICE, "GET", ENC "?size=24", NULL), 200);         /* 12 */
    assert_int_equal(ask(site, ALICE, "GET", ENC "/?something=else", NULL), 200); /* 16 */
    assert_int_equal(ask(site, ALICE, "GET", "/api/v1/keys/%62ob/enc_keys", NULL), 200);
}

/* Never fewer keys than asked for: 503 with the time to try again. */
static void an_empty_store_is_503(void **state)
{
    struct site *site = *state;
    unsigned status = 200;

    for (int i = 0; i < 64 && status == 200; i++) {
        status = ask(site, ALICE, "POST", ENC, "{\"number\":128}");
    }
    assert_error(site, 503, "not enough keys");
    assert_true(site->retry_after_s >= 1);
    ask(site, ALICE, "GET", STATUS, NULL);
    assert_true(number_of(site, "stored_key_count") < 128);
}

static void operators_change_the_peers_of_an_application(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask(site, CAROL, "GET", ENC, NULL), 401);
    assert_int_equal(ask(site, OPERATOR, "POST", "/v1/devices/carol/peers", "{\"peer\":\"bob\"}"),
                     200);
    assert_non_null(strstr(site->text, "\"peer\":\"bob\""));
    assert_int_equal(ask(site, CAROL, "GET", ENC, NULL), 200);
    assert_int_equal(ask(site, OPERATOR, "POST", "/v1/devices/carol/peers", "{\"peer\":\",\"}"),
                     400);
    assert_int_equal(ask(site, OPERATOR, "POST", "/v1/devices/carol/peers", "{}"), 400);
    assert_int_equal(ask(site, OPERATOR, "POST", "/v1/devices/erin/peers", "{\"peer\":\"\"}"), 404);
    assert_int_equal(ask(site, CAROL, "POST", "/v1/devices/carol/peers", "{\"peer\":\"\"}"), 403);
}

/* Q1 */
static void an_operator_sets_what_an_application_may_take(void **state)
{
    struct site *site = *state;
    static const char *const bad[] = { "{}",
                                       "{\"keys_per_s\":1}",
                                       "{\"keys_per_s\":-1,\"weight\":1}",
                                       "{\"keys_per_s\":10000001,\"weight\":1}",
                                       "{\"keys_per_s\":1,\"weight\":0}",
                                       "{\"keys_per_s\":1,\"weight\":101}",
                                       "{\"keys_per_s\":\"1\",\"weight\":1}" };

    assert_int_equal(
        ask(site, OPERATOR, "POST", "/v1/devices/alice/quota", "{\"keys_per_s\":1,\"weight\":5}"),
        200);
    assert_non_null(strstr(site->text, "\"keys_per_s\":1,\"weight\":5"));
    assert_int_equal(ask(site, ALICE, "GET", "/api/v1/keys/bob/enc_keys?number=100", NULL), 200);
    assert_int_equal(ask(site, ALICE, "GET", "/api/v1/keys/bob/enc_keys", NULL), 503);
    assert_non_null(strstr(site->text, "over a limit, later again"));
    assert_int_equal(site->retry_after_s, 1);
    assert_int_equal(ask(site, ALICE, "GET", "/api/v1/keys/bob/status", NULL), 200);
    assert_non_null(strstr(site->text, "\"stored_key_count\":0,"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(ask(site, OPERATOR, "POST", "/v1/devices/alice/quota", bad[i]), 400);
    }
    assert_int_equal(
        ask(site, ALICE, "POST", "/v1/devices/alice/quota", "{\"keys_per_s\":9,\"weight\":9}"),
        403);
}

/* G1 to G5 */
static void a_group_shares_a_key_that_changes_with_its_members(void **state)
{
    struct site *site = *state;
    static const char *const bad[] = {
        "{}",
        "{\"name\":\"f\",\"add\":[\"bob\"]}",
        "{\"name\":\"f\",\"add\":\"bob\",\"lead_ms\":0}",
        "{\"name\":\"f\",\"add\":[7],\"lead_ms\":0}",
        "{\"name\":\"\",\"add\":[\"bob\"],\"lead_ms\":0}",
        "{\"name\":\"f\",\"add\":[],\"lead_ms\":0}",
        "{\"name\":\"f\",\"add\":[\"bob\"],\"lead_ms\":3600001}",
    };
    char key[64];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(ask(site, ALICE, "POST", "/v1/groups", bad[i]), 400);
    }
    assert_int_equal(ask(site, ALICE, "POST", "/v1/groups",
                         "{\"name\":\"fleet\",\"add\":[\"bob\"],\"lead_ms\":0}"),
                     201);
    assert_non_null(strstr(site->text, "\"owner\":\"alice\",\"members\":[\"bob\"],\"epoch\":1,"));
    assert_int_equal(ask(site, ALICE, "POST", "/v1/groups",
                         "{\"name\":\"fleet\",\"add\":[\"bob\"],\"lead_ms\":0}"),
                     409);
    assert_int_equal(ask(site, ALICE, "GET", "/v1/groups/fleet/keys/1", NULL), 200);
    snprintf(key, sizeof key, "%.50s", strstr(site->text, "\"key\":"));
    assert_int_equal(ask(site, BOB, "GET", "/v1/groups/fleet/keys/1", NULL), 200);
    assert_non_null(strstr(site->text, key));
    assert_int_equal(ask(site, CAROL, "GET", "/v1/groups/fleet/keys/1", NULL), 404);
    assert_int_equal(ask(site, CAROL, "GET", "/v1/groups/fleet", NULL), 404);
    assert_int_equal(ask(site, BOB, "GET", "/v1/groups/fleet/keys/0", NULL), 400);
    assert_int_equal(ask(site, BOB, "GET", "/v1/groups/fleet/keys/+1", NULL), 400);
    assert_int_equal(ask(site, BOB, "GET", "/v1/groups/fleet/keys/99999999999", NULL), 400);
    assert_int_equal(ask(site, BOB, "GET", "/v1/groups/fleet/keys/2", NULL), 404);
    assert_int_equal(ask(site, BOB, "POST", "/v1/groups/fleet/change",
                         "{\"add\":[],\"remove\":[],\"lead_ms\":0}"),
                     404);
    assert_int_equal(ask(site, ALICE, "POST", "/v1/groups/fleet/change",
                         "{\"add\":[],\"remove\":[],\"lead_ms\":0}"),
                     200);
    assert_int_equal(ask(site, BOB, "GET", "/v1/groups/fleet/keys/1", NULL), 404);
    assert_int_equal(ask(site, BOB, "GET", "/v1/groups/fleet/keys/2", NULL), 200);
    assert_null(strstr(site->text, key));
    assert_int_equal(ask(site, OPERATOR, "GET", "/v1/groups/fleet/keys/2", NULL), 403);
    assert_int_equal(ask(site, ALICE, "POST", "/v1/groups/fleet/end", NULL), 200);
    assert_int_equal(ask(site, BOB, "GET", "/v1/groups/fleet/keys/2", NULL), 404);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, remove_site)

static void who_has_a_key_can_close_its_window(void **state)
{
    struct site *site = *state;
    char body[128];
    char fetch[256];
    const char *id;

    assert_int_equal(ask(site, ALICE, "GET", ENC, NULL), 200);
    id = strstr(site->text, "\"key_ID\":\"") + 10;
    snprintf(body, sizeof body, "{\"key_IDs\":[{\"key_ID\":\"%.36s\"}]}", id);
    snprintf(fetch, sizeof fetch, DEC "?key_ID=%.36s", id);
    ask(site, BOB, "POST", "/v1/keys/ack", body);
    assert_error(site, 400, "one or more keys specified are not found on KME");
    assert_int_equal(ask(site, BOB, "GET", fetch, NULL), 200);
    ask(site, CAROL, "POST", "/v1/keys/ack", body);
    assert_error(site, 401, "not authorised");
    assert_int_equal(ask(site, BOB, "POST", "/v1/keys/ack", body), 200);
    assert_string_equal(site->text, "{}");
    assert_int_equal(ask(site, BOB, "POST", "/v1/keys/ack", body), 200);
    ask(site, BOB, "GET", fetch, NULL);
    assert_error(site, 400, "one or more keys specified are not found on KME");
    ask(site, BOB, "POST", "/v1/keys/ack", "{\"key_IDs\":[]}");
    assert_int_equal(site->status, 400);
}

static void a_strict_centre_refuses_what_others_take(void **state)
{
    struct site *site = *state;
    struct key keys[2];
    char target[256];

    ask(site, ALICE, "GET", ENC "?number=2", NULL);
    assert_int_equal(keys_of(site, keys, 2), 2);
    site->service.refuses_empty_post = true;
    site->service.refuses_key_id_lists = true;
    ask(site, ALICE, "POST", ENC, NULL);
    assert_error(site, 400, "malformed request");
    assert_int_equal(ask(site, ALICE, "GET", ENC, NULL), 200);
    assert_int_equal(ask(site, ALICE, "POST", ENC, "{}"), 200);
    assert_int_equal(ask(site, ALICE, "POST", ENC "?number=1", NULL), 200);
    snprintf(target, sizeof target, DEC "?key_IDs=%.36s,%.36s", keys[0].id, keys[1].id);
    ask(site, BOB, "GET", target, NULL);
    assert_error(site, 400, "malformed request");
    snprintf(target, sizeof target, DEC "?key_ID=%.36s&key_ID=%.36s", keys[0].id, keys[1].id);
    ask(site, BOB, "GET", target, NULL);
    assert_error(site, 400, "malformed request");
    for (size_t i = 0; i < 2; i++) { /* nothing is used up */
        ask_for(site, BOB, &keys[i]);
        assert_int_equal(site->status, 200);
    }
}

static void a_named_request_can_be_repeated(void **state)
{
#define NAMED(where, name) \
    "{\"number\":2,\"" where "\":[{\"qwave_request_id\":\"00000000-0000-4000-8000-" name "\"}]}"
    struct site *site = *state;
    char *first;

    assert_int_equal(ask(site, ALICE, "POST", ENC, NAMED("extension_mandatory", "00000000000A")),
                     200);
    first = strdup(site->text);
    assert_non_null(first);
    assert_int_equal(ask(site, ALICE, "POST", ENC, NAMED("extension_optional", "00000000000a")),
                     200);
    assert_string_equal(site->text, first);
    ask(site, ALICE, "GET", "/api/v1/keys/carol/enc_keys",
        NAMED("extension_mandatory", "00000000000a"));
    assert_error(site, 400, "not all extension_mandatory request options could be met");
    ask(site, ALICE, "GET", "/api/v1/keys/carol/enc_keys",
        NAMED("extension_optional", "00000000000a"));
    assert_error(site, 400, "not all extension_optional request options handled");
    assert_int_equal(ask(site, ALICE, "POST", ENC, NAMED("extension_optional", "00000000000b")),
                     200);
    assert_string_not_equal(site->text, first);
    ask(site, ALICE, "POST", ENC, "{\"extension_mandatory\":[{\"qwave_request_id\":\"x\"}]}");
    assert_error(site, 400, "not all extension_mandatory request options could be met");
    free(first);
}

static void a_party_takes_a_key_back(void **state)
{
    struct site *site = *state;
    char body[128];
    char fetch[256];
    const char *id;

    assert_int_equal(ask(site, ALICE, "GET", ENC, NULL), 200);
    id = strstr(site->text, "\"key_ID\":\"") + 10;
    snprintf(body, sizeof body, "{\"key_IDs\":[{\"key_ID\":\"%.36s\"}]}", id);
    snprintf(fetch, sizeof fetch, DEC "?key_ID=%.36s", id);
    ask(site, CAROL, "POST", "/v1/keys/void", body);
    assert_error(site, 401, "not authorised");
    assert_int_equal(ask(site, OPERATOR, "POST", "/v1/keys/void", body), 403);
    assert_int_equal(ask(site, ALICE, "POST", "/v1/keys/void", body), 200);
    assert_string_equal(site->text, "{\"withdrawn\":1}");
    ask(site, BOB, "GET", fetch, NULL);
    assert_error(site, 400, "one or more keys specified are not found on KME");
    assert_int_equal(ask(site, BOB, "POST", "/v1/keys/compromised", body), 200);
    assert_string_equal(site->text, "{\"withdrawn\":0}"); /* void before, now worse */
    assert_int_equal(ask(site, ALICE, "POST", "/v1/keys/compromised", body), 200);
    assert_string_equal(site->text, "{\"withdrawn\":0}");
    ask(site, ALICE, "POST", "/v1/keys/void", "{\"key_IDs\":[]}");
    assert_int_equal(site->status, 400);
    ask(site, ALICE, "POST", "/v1/keys/void",
        "{\"key_IDs\":[{\"key_ID\":\"00000000-0000-0000-0000-000000000005\"}]}");
    assert_error(site, 400, "one or more keys specified are not found on KME");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(status_has_all_fields_and_follows_consumption),
        CASE(enc_and_dec_give_the_same_container),
        CASE(every_mandated_text_is_given),
        CASE(wrong_key_requests_move_no_key),
        CASE(only_named_parties_get_a_key),
        CASE(who_has_a_key_can_close_its_window),
        CASE(a_strict_centre_refuses_what_others_take),
        CASE(a_named_request_can_be_repeated),
        CASE(a_party_takes_a_key_back),
        CASE(tolerates_what_real_clients_do),
        CASE(an_empty_store_is_503),
        CASE(operators_change_the_peers_of_an_application),
        CASE(an_operator_sets_what_an_application_may_take),
        CASE(a_group_shares_a_key_that_changes_with_its_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
