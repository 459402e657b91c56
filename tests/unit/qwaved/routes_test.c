/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 C8 W8 S3 */
/* Every route on a real centre with a real store: what docs/protocol/centre-rest.md promises,
 * status by status. Cards are made of the codecs alone. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/http_answer.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/random.h"
#include "router.h"
#include "store/store_sqlite.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

#define SOME_ID "00112233-4455-8677-8899-aabbccddeeff"
#define TWICE_ONE_ID \
    "{\"key_IDs\":[{\"key_ID\":\"" SOME_ID "\"}," \
    "{\"key_ID\":\"00112233-4455-8677-8899-AABBCCDDEEFF\"}]}"
#define ALICE "urn:qwave:operator:alice"
#define AP "urn:qwave:ap:ap-1"
#define OTHER_AP "urn:qwave:ap:ap-2"
#define APP "urn:qwave:sae:app-1"
#define STRANGER "urn:qwave:sae:app-2"

struct card {
    char owner[QW_PACKAGE_OWNER_CAP];
    struct qw_card_keys keys;
    uint8_t serial[16], token[16], package_id[16];
    uint32_t epoch;
    uint64_t counter, next_index, up_position, down_position, up_end, down_end;
};

struct site {
    char folder[64], passphrase[96], database[96];
    struct qw_custody custody;
    struct qw_key_source source;
    struct qw_store store;
    struct qw_centre *centre;
    struct qw_secret_pool *secrets;
    struct service service;
    struct card station, access_point, phone;
    unsigned status; /* of the last answer */
    char text[1 << 17];
    char allow[32];
    unsigned retry_after_s;
};

static int make_site(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    struct qw_centre_config config = { .block_keys = 64,
                                       .stock_keys = 1024,
                                       .window_ms = 30000,
                                       .pool_bytes = 1024,
                                       .centre_id = "centre-1" };
    FILE *file;

    snprintf(site->folder, sizeof site->folder, "/tmp/qwaved-routes-XXXXXX");
    assert_non_null(mkdtemp(site->folder));
    snprintf(site->passphrase, sizeof site->passphrase, "%s/passphrase", site->folder);
    snprintf(site->database, sizeof site->database, "%s/centre.db", site->folder);
    file = fopen(site->passphrase, "w");
    fputs("correct horse battery staple\n", file);
    fclose(file);
    chmod(site->passphrase, 0600);
    assert_int_equal(qw_custody_passphrase_file(site->passphrase, &site->custody), QW_OK);
    assert_int_equal(qw_key_source_kernel(&site->source), QW_OK);
    assert_int_equal(qw_store_sqlite_open(site->database, &site->store), QW_OK);
    config.store = &site->store;
    config.custody = &site->custody;
    config.source = &site->source;
    assert_int_equal(qw_centre_new(&config, &site->centre), QW_OK);
    assert_int_equal(qw_centre_ingest(site->centre), QW_OK);
    assert_int_equal(qw_secret_pool_new(4096, 2, &site->secrets), QW_OK);
    site->service = (struct service){ .table = &routes_for_clients,
                                      .centre = site->centre,
                                      .secrets = site->secrets,
                                      .centre_id = "centre-1",
                                      .version = "test",
                                      .started_ms = qw_clock_monotonic_ms() };
    *state = site;
    return 0;
}

static int remove_site(void **state)
{
    struct site *site = *state;
    char command[128];

    qw_secret_pool_free(site->secrets);
    qw_centre_free(site->centre);
    qw_store_close(&site->store);
    qw_key_source_close(&site->source);
    qw_custody_close(&site->custody);
    snprintf(command, sizeof command, "rm -rf '%s'", site->folder);
    assert_int_equal(system(command), 0);
    free(site);
    return 0;
}

/* One request; target may have a query. Every error must be {"message": text} and JSON. */
static unsigned ask(struct site *site, const char *identity, const char *method, const char *target,
                    const char *body)
{
    static const uint8_t hash[32] = { 1, 2, 3 };
    struct qw_http_answer answer = { .status = 0 };
    char path[8192];
    char *query;
    struct qw_http_request request = { .method = method,
                                       .path = path,
                                       .query = "",
                                       .identity = identity,
                                       .certificate_hash = hash,
                                       .content_type = "application/json",
                                       .body = (const uint8_t *)body,
                                       .body_len = body == NULL ? 0 : strlen(body) };

    snprintf(path, sizeof path, "%s", target);
    query = strchr(path, '?');
    if (query != NULL) {
        *query = '\0';
        request.query = query + 1;
    }
    router_handle(&site->service, &request, &answer);
    site->status = answer.status;
    snprintf(site->text, sizeof site->text, "%.*s", (int)answer.body_len,
             answer.body == NULL ? "" : answer.body);
    snprintf(site->allow, sizeof site->allow, "%s", answer.allow == NULL ? "" : answer.allow);
    site->retry_after_s = answer.retry_after_s;
    assert_string_equal(answer.content_type, "application/json");
    if (answer.status >= 400) {
        struct qw_json_reader r;
        char message[128];

        assert_int_equal(qw_json_open(answer.body, answer.body_len, &r), QW_OK);
        qw_json_get_text(&r, qw_json_root_object(&r), "message", message, 1, sizeof message);
        assert_true(qw_json_ok(&r));
        qw_json_close(&r);
    }
    qw_http_answer_wipe(&answer);
    return site->status;
}

static void assert_message(const struct site *site, unsigned status, const char *message)
{
    char want[256];

    snprintf(want, sizeof want, "{\"message\":\"%s\"}", message);
    assert_int_equal(site->status, status);
    assert_string_equal(site->text, want);
}

/* The base64 member called name of the last answer. */
static size_t take_blob(const struct site *site, const char *name, uint8_t *out, size_t cap)
{
    struct qw_json_reader r;
    size_t len = 0;

    assert_int_equal(qw_json_open(site->text, strlen(site->text), &r), QW_OK);
    qw_json_get_base64(&r, qw_json_root_object(&r), name, out, 1, cap, &len);
    assert_true(qw_json_ok(&r));
    qw_json_close(&r);
    return len;
}

/* {"name": base64}, in a buffer that the next call overwrites. */
static const char *blob_body(struct site *site, const char *name, const uint8_t *data, size_t len)
{
    static char body[4096];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);

    (void)site;
    qw_json_object_begin(&w);
    qw_json_name(&w, name);
    qw_json_base64(&w, data, len);
    qw_json_object_end(&w);
    assert_true(qw_json_done(&w));
    return body;
}

static void take_package(struct card *card, const struct qw_package *package)
{
    memcpy(card->serial, package->serial, 16);
    memcpy(card->token, package->token, 16);
    memcpy(card->package_id, package->id, 16);
    card->epoch = package->epoch;
    card->next_index = package->first_index + package->key_count;
    card->up_end = package->pool_up_position + package->pool_up_len;
    card->down_end = package->pool_down_position + package->pool_down_len;
    if (package->kind == QW_PACKAGE_BIRTH) {
        assert_int_equal(qw_card_keys_derive(package->card_key, &card->keys), QW_OK);
        card->up_position = package->pool_up_position;
        card->down_position = package->pool_down_position;
    }
}

static void send_receipt(struct site *site, const struct card *card, const char *identity,
                         const char *target)
{
    struct qw_receipt receipt = { .counter = card->counter };
    uint8_t sealed[QW_RECEIPT_LEN];

    memcpy(receipt.serial, card->serial, 16);
    memcpy(receipt.package_id, card->package_id, 16);
    assert_int_equal(qw_receipt_seal(&receipt, card->keys.receipt, sealed), QW_OK);
    ask(site, identity, "POST", target, blob_body(site, "receipt", sealed, sizeof sealed));
}

/* Registers, charges and confirms a device over the interface alone. */
static void add_device(struct site *site, struct card *card, const char *id, const char *kind,
                       const char *peer, unsigned keys)
{
    char body[256], target[128];
    uint8_t sealed[65536];
    struct qw_package package;
    size_t len;

    snprintf(card->owner, sizeof card->owner, "%s", id);
    snprintf(body, sizeof body, "{\"id\":\"%s\",\"kind\":\"%s\",\"peer\":\"%s\"}", id, kind, peer);
    assert_int_equal(ask(site, ALICE, "POST", "/v1/devices", body), 201);
    snprintf(target, sizeof target, "/v1/devices/%s/charge", id);
    snprintf(body, sizeof body, "{\"station\":\"station-1\",\"keys\":%u}", keys);
    assert_int_equal(ask(site, ALICE, "POST", target, body), 200);
    len = take_blob(site, "package", sealed, sizeof sealed);
    assert_int_equal(qw_package_open(sealed, len, site->station.keys.wrap, &package), QW_OK);
    assert_int_equal(package.key_count, keys);
    assert_string_equal(package.owner, id);
    take_package(card, &package);
    qw_package_wipe(&package);
    snprintf(target, sizeof target, "/v1/devices/%s/charge/confirm", id);
    send_receipt(site, card, ALICE, target);
    assert_int_equal(site->status, 200);
    assert_string_equal(site->text, "{}");
}

static int make_devices(void **state)
{
    struct site *site;
    struct qw_caller operator_caller;
    struct qw_package birth = { .kind = QW_PACKAGE_BIRTH };

    make_site(state);
    site = *state;
    assert_int_equal(qw_caller_parse(ALICE, &operator_caller), QW_OK);
    assert_int_equal(qw_centre_station_birth(site->centre, &operator_caller, "station-1", &birth),
                     QW_OK);
    take_package(&site->station, &birth);
    qw_package_wipe(&birth);
    add_device(site, &site->access_point, "ap-1", "access-point", "", 1);
    add_device(site, &site->phone, "phone-1", "terminal", "app-1", 4);
    return 0;
}

static void seal_report(struct card *card, uint8_t out[static QW_CONTACT_REPORT_LEN])
{
    struct qw_contact_report report = { .epoch = card->epoch,
                                        .counter = ++card->counter,
                                        .next_index = card->next_index,
                                        .wanted_keys = 8,
                                        .pool_up_position = card->up_position,
                                        .pool_down_position = card->down_position,
                                        .pool_up_end = card->up_end,
                                        .pool_down_end = card->down_end };

    memcpy(report.serial, card->serial, 16);
    memcpy(report.token, card->token, 16);
    assert_int_equal(qw_random_bytes(report.nonce, sizeof report.nonce), QW_OK);
    assert_int_equal(qw_contact_report_seal(&report, card->keys.report, out), QW_OK);
}

static const char *session_target(const struct site *site, const char *verb)
{
    static char target[128];
    const char *id = strstr(site->text, "\"session_id\":\"");

    assert_non_null(id);
    snprintf(target, sizeof target, "/v1/radio/sessions/%.32s/%s", id + 14, verb);
    return target;
}

/* R3, R6, R10, A1 of refill.md: the keys of the card and of the application are equal. */
static void carries_a_refill_from_report_to_application(void **state)
{
    struct site *site = *state;
    uint8_t report[QW_CONTACT_REPORT_LEN], session_id[16], aad[29] = "qwave package";
    uint8_t grant[512], outer[65536], inner[65536];
    struct qw_link_grant link;
    struct qw_package package;
    char target[3][128];
    char body[64], key_ids[1024];
    size_t len, at;

    seal_report(&site->phone, report);
    assert_int_equal(ask(site, AP, "POST", "/v1/radio/sessions",
                         blob_body(site, "report", report, sizeof report)),
                     200);
    snprintf(target[0], sizeof target[0], "%s", session_target(site, "package"));
    snprintf(target[1], sizeof target[1], "%s", session_target(site, "receipt"));
    snprintf(target[2], sizeof target[2], "%s", session_target(site, "end"));
    len = take_blob(site, "grant", grant, sizeof grant);
    assert_int_equal(qw_link_grant_open(grant, len, site->access_point.keys.wrap, &link), QW_OK);
    memcpy(session_id, link.session_id, 16);

    /* Another access point has no part in this session. */
    assert_int_equal(ask(site, OTHER_AP, "POST", target[0], "{\"pad_len\":4096}"), 403);
    assert_message(site, 403, "refused");

    snprintf(body, sizeof body, "{\"pad_len\":%d}", 4096);
    assert_int_equal(ask(site, AP, "POST", target[0], body), 200);
    len = take_blob(site, "package", outer, sizeof outer);
    memcpy(aad + 13, session_id, 16);
    assert_int_equal(qw_aead_open(QW_AEAD_AES256_GCM, site->access_point.keys.wrap,
                                  (struct qw_bytes){ aad, sizeof aad }, outer, len, inner),
                     QW_OK);
    len -= QW_AEAD_OVERHEAD;
    assert_true(len <= 4096);
    assert_int_equal(qw_package_open(inner, len, site->phone.keys.wrap, &package), QW_OK);
    assert_true(package.key_count >= 1);
    take_package(&site->phone, &package);
    send_receipt(site, &site->phone, AP, target[1]);
    assert_int_equal(site->status, 200);
    assert_string_equal(site->text, "{}");

    at = (size_t)snprintf(key_ids, sizeof key_ids, "{\"key_IDs\":[");
    for (uint16_t i = 0; i < package.key_count && i < 4; i++) {
        uint8_t id[16];
        char text[QW_UUID_TEXT_CAP];

        assert_int_equal(qw_package_key_id(site->phone.keys.id, package.id, i, id), QW_OK);
        qw_uuid_encode(id, text);
        at += (size_t)snprintf(key_ids + at, sizeof key_ids - at, "%s{\"key_ID\":\"%s\"}",
                               i == 0 ? "" : ",", text);
    }
    snprintf(key_ids + at, sizeof key_ids - at, "]}");
    assert_int_equal(ask(site, STRANGER, "POST", "/api/v1/keys/phone-1/dec_keys", key_ids), 401);
    for (int repeat = 0; repeat < 2; repeat++) { /* inside the window: the same bytes */
        assert_int_equal(ask(site, APP, "POST", "/api/v1/keys/phone-1/dec_keys", key_ids), 200);
        for (uint16_t i = 0; i < package.key_count && i < 4; i++) {
            char text[QW_BASE64_LEN(32) + 1];

            qw_base64_encode(package.keys + (size_t)i * 32, 32, text);
            assert_non_null(strstr(site->text, text));
        }
    }
    assert_int_equal(ask(site, AP, "POST", target[2], "{\"refusal\":0}"), 200);
    assert_int_equal(ask(site, AP, "POST", target[0], "{\"pad_len\":4096}"), 403); /* it is over */
    qw_package_wipe(&package);
}

static void gives_the_keys_of_a_charge_to_the_peer_alone(void **state)
{
    struct site *site = *state;
    uint8_t id[16];
    char text[QW_UUID_TEXT_CAP], target[256], upper[QW_UUID_TEXT_CAP];

    assert_int_equal(qw_package_key_id(site->phone.keys.id, site->phone.package_id, 0, id), QW_OK);
    qw_uuid_encode(id, text);
    snprintf(target, sizeof target, "/api/v1/keys/phone-1/dec_keys?key_ID=%s", text);
    assert_int_equal(ask(site, STRANGER, "GET", target, NULL), 401);
    assert_message(site, 401, "not authorised");
    for (size_t i = 0; i < sizeof upper; i++) {
        upper[i] = text[i] >= 'a' && text[i] <= 'f' ? (char)(text[i] - 'a' + 'A') : text[i];
    }
    snprintf(target, sizeof target, "/api/v1/keys/phone%%2d1/dec_keys/?key_ID=%s", upper);
    assert_int_equal(ask(site, APP, "GET", target, NULL), 200);
    assert_non_null(strstr(site->text, text));
    snprintf(target, sizeof target, "/api/v1/keys/ap-1/dec_keys?key_ID=%s", text);
    assert_int_equal(ask(site, APP, "GET", target, NULL), 400); /* another master */
    assert_message(site, 400, "one or more keys specified are not found on KME");
}

static void refuses_malformed_key_requests(void **state)
{
    struct site *site = *state;
    static const char *const targets[] = {
        "/api/v1/keys/phone-1/dec_keys",
        "/api/v1/keys/phone-1/dec_keys?key_ID=",
        "/api/v1/keys/phone-1/dec_keys?key_ID=nonsense",
        "/api/v1/keys/phone-1/dec_keys?key_ID=" SOME_ID "&key_ID=" SOME_ID,
        "/api/v1/keys/phone-1/dec_keys?key_IDs=00112233-4455-8677-8899-aabbccddeeff,",
        "/api/v1/keys/phone-1/dec_keys?key_IDs=" SOME_ID "&key_ID=" SOME_ID,
        "/api/v1/keys/%20/dec_keys?key_ID=00112233-4455-8677-8899-aabbccddeeff",
        "/api/v1/keys/%00/dec_keys?key_ID=00112233-4455-8677-8899-aabbccddeeff",
        "/api/v1/keys/%zz/dec_keys?key_ID=00112233-4455-8677-8899-aabbccddeeff",
        "/api/v1/keys//dec_keys?key_ID=00112233-4455-8677-8899-aabbccddeeff",
    };
    static const char *const bodies[] = {
        "",
        "{}",
        "[]",
        "{\"key_IDs\":[]}",
        "{\"key_IDs\":{}}",
        "{\"key_IDs\":[\"00112233-4455-8677-8899-aabbccddeeff\"]}",
        "{\"key_IDs\":[{}]}",
        "{\"key_IDs\":[{\"key_ID\":{}}]}",
        "{\"key_IDs\":[{\"key_ID\":\"00112233-4455-8677-8899-aabbccddeef\"}]}",
        TWICE_ONE_ID,
        "{\"key_IDs\":[{\"key_ID\":\"00112233-4455-8677-8899-aabbccddeeff\"}]",
    };
    char many[16384];
    size_t at = (size_t)snprintf(many, sizeof many, "{\"key_IDs\":[");

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        ask(site, APP, "GET", targets[i], NULL);
        assert_message(site, 400, "malformed request");
    }
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        ask(site, APP, "POST", "/api/v1/keys/phone-1/dec_keys", bodies[i]);
        assert_message(site, 400, "malformed request");
    }
    for (int i = 0; i < 129; i++) {
        at += (size_t)snprintf(many + at, sizeof many - at,
                               "%s{\"key_ID\":\"00112233-4455-8677-8899-%012x\"}",
                               i == 0 ? "" : ",", i);
    }
    snprintf(many + at, sizeof many - at, "]}");
    ask(site, APP, "POST", "/api/v1/keys/phone-1/dec_keys", many);
    assert_message(site, 400, "malformed request");
}

/* 6.2: every route × every role. */
static void fill_holes(const char *pattern, char target[static 256])
{
    target[0] = '\0';
    while (*pattern != '\0') {
        bool is_hole = strncmp(pattern, "{}", 2) == 0;
        size_t len = strlen(target);

        snprintf(target + len, 256 - len, "%.*s", is_hole ? 7 : 1, is_hole ? "phone-1" : pattern);
        pattern += is_hole ? 2 : 1;
    }
}

static void lets_nobody_call_what_is_not_theirs(void **state)
{
    struct site *site = *state;
    static const char *const identities[QW_ROLE_COUNT] = { [QW_ROLE_OPERATOR] = ALICE,
                                                           [QW_ROLE_ACCESS_POINT] = AP,
                                                           [QW_ROLE_SAE] = APP,
                                                           [QW_ROLE_KME] = "urn:qwave:kme:kme-b",
                                                           [QW_ROLE_NODE] = "urn:qwave:node:n-1" };
    unsigned refused = 0;

    for (size_t i = 0; i < routes_for_clients.count; i++) {
        for (unsigned role = 0; role < QW_ROLE_COUNT; role++) {
            char target[256];
            bool is_etsi = strncmp(routes_for_clients.routes[i].pattern, "/api/", 5) == 0;

            if ((routes_for_clients.routes[i].roles & 1u << role) != 0) {
                continue;
            }
            fill_holes(routes_for_clients.routes[i].pattern, target);
            ask(site, identities[role], routes_for_clients.routes[i].method, target, "{}");
            assert_message(site, is_etsi ? 401 : 403, is_etsi ? "not authorised" : "refused");
            refused++;
        }
    }
    /* health, ready, self and the three of the page: all but partners; renewal and authorities:
     * everybody */
    assert_int_equal(refused, 4 * (routes_for_clients.count - 8) + 12);
    assert_int_equal(ask(site, ALICE, "GET", "/v1/devices/phone-1", NULL), 200);
    assert_non_null(strstr(site->text, "\"state\":\"active\""));
}

static void knows_no_caller_without_an_identity(void **state)
{
    struct site *site = *state;

    for (size_t i = 0; i < routes_for_clients.count; i++) {
        ask(site, "", routes_for_clients.routes[i].method, routes_for_clients.routes[i].pattern,
            NULL);
        assert_message(site, 401, "not authorised");
    }
    ask(site, "urn:qwave:operator:", "GET", "/v1/status", NULL);
    assert_message(site, 401, "not authorised");
    ask(site, "urn:qwave:OPERATOR:alice", "GET", "/v1/status", NULL); /* an application's name */
    assert_message(site, 403, "refused");
}

static void knows_no_other_path_and_no_other_verb(void **state)
{
    struct site *site = *state;
    static const char *const unknown[] = { "/",
                                           "/v1",
                                           "/v2/status",
                                           "/v1/status/x",
                                           "/v1/%73tatus",
                                           "/V1/status",
                                           "/v1/devices/a/b",
                                           "/api/v1/keys/x/keys",
                                           "/api/v1/keys/x/status/y",
                                           "/v1/devices/phone-1/../phone-1/suspend" };

    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        ask(site, ALICE, "GET", unknown[i], NULL);
        assert_message(site, 404, "not found");
    }
    ask(site, ALICE, "GET", "/v1//status", NULL);
    assert_message(site, 400, "malformed request");
    ask(site, ALICE, "DELETE", "/v1/devices", NULL);
    assert_message(site, 405, "method not allowed");
    assert_string_equal(site->allow, "GET, POST");
    ask(site, ALICE, "HEAD", "/v1/status", NULL);
    assert_string_equal(site->allow, "GET");
    ask(site, ALICE, "GET", "/v1/devices/x/charge", NULL);
    assert_string_equal(site->allow, "POST");
    assert_int_equal(ask(site, ALICE, "GET", "/v1/status/", NULL), 200);
}

static void registers_lists_and_changes_devices(void **state)
{
    struct site *site = *state;
    char body[256];

    for (int i = 0; i < 5; i++) {
        snprintf(body, sizeof body,
                 "{\"id\":\"d/%d\",\"kind\":\"terminal\",\"owner\":\"Li \\\"Hua\\\"\","
                 "\"extra\":1}",
                 i);
        assert_int_equal(ask(site, ALICE, "POST", "/v1/devices", body), i < 5 ? 201 : 0);
        assert_non_null(strstr(site->text, "\"owner\":\"Li \\\"Hua\\\"\""));
    }
    ask(site, ALICE, "POST", "/v1/devices", body);
    assert_message(site, 409, "conflict");
    assert_int_equal(ask(site, ALICE, "GET", "/v1/devices?limit=2&after=d%2F1", NULL), 200);
    assert_null(strstr(site->text, "\"d/1\""));
    assert_non_null(strstr(site->text, "\"d/2\""));
    assert_non_null(strstr(site->text, "\"d/3\""));
    assert_null(strstr(site->text, "\"d/4\""));
    assert_int_equal(ask(site, ALICE, "GET", "/v1/devices/d%2F4", NULL), 200);
    assert_int_equal(ask(site, ALICE, "GET", "/v1/devices/d", NULL), 404);
    assert_int_equal(ask(site, ALICE, "POST", "/v1/devices/phone-1/suspend", NULL), 200);
    assert_non_null(strstr(site->text, "\"state\":\"suspended\""));
    assert_int_equal(ask(site, ALICE, "POST", "/v1/devices/phone-1/suspend", "{}"), 409);
    assert_int_equal(ask(site, ALICE, "POST", "/v1/devices/phone-1/resume", "{}"), 200);
    assert_non_null(strstr(site->text, "\"state\":\"active\""));
    assert_int_equal(ask(site, ALICE, "POST", "/v1/devices/phone-1/destroy", NULL), 200);
    assert_non_null(strstr(site->text, "\"state\":\"destroyed\""));
    assert_int_equal(ask(site, ALICE, "POST", "/v1/devices/phone-1/resume", NULL), 409);
    assert_int_equal(ask(site, ALICE, "POST", "/v1/devices/nobody/suspend", NULL), 404);
}

static void refuses_malformed_operator_requests(void **state)
{
    struct site *site = *state;
    static const struct {
        const char *method, *target, *body;
    } rows[] = {
        { "POST", "/v1/devices", NULL },
        { "POST", "/v1/devices", "{}" },
        { "POST", "/v1/devices", "{\"id\":\"\",\"kind\":\"terminal\"}" },
        { "POST", "/v1/devices", "{\"id\":\"x\",\"kind\":\"toaster\"}" },
        { "POST", "/v1/devices", "{\"id\":\"x\",\"kind\":\"terminal\",\"owner\":7}" },
        { "POST", "/v1/devices", "{\"id\":\"x\",\"id\":\"y\",\"kind\":\"terminal\"}" },
        { "POST", "/v1/devices",
          "{\"id\":\"0123456789012345678901234567890123456789012345678901234567890123\","
          "\"kind\":\"terminal\"}" },
        { "GET", "/v1/devices?limit=0", NULL },
        { "GET", "/v1/devices?limit=101", NULL },
        { "GET", "/v1/devices?limit=-1", NULL },
        { "GET", "/v1/devices?limit=", NULL },
        { "GET", "/v1/devices?limit=1&limit=2", NULL },
        { "GET", "/v1/devices?limit=99999999999999999999", NULL },
        { "GET", "/v1/devices?after=%ff", NULL },
        { "POST", "/v1/devices/phone-1/charge", NULL },
        { "POST", "/v1/devices/phone-1/charge", "{\"station\":\"station-1\"}" },
        { "POST", "/v1/devices/phone-1/charge", "{\"station\":\"station-1\",\"keys\":0}" },
        { "POST", "/v1/devices/phone-1/charge", "{\"station\":\"station-1\",\"keys\":1025}" },
        { "POST", "/v1/devices/phone-1/charge", "{\"station\":\"station-1\",\"keys\":1.5}" },
        { "POST", "/v1/devices/phone-1/charge", "{\"station\":\"\",\"keys\":1}" },
        { "POST", "/v1/devices/phone-1/charge/confirm", "{\"receipt\":\"\"}" },
        { "POST", "/v1/devices/phone-1/charge/confirm", "{\"receipt\":\"????\"}" },
        { "POST", "/v1/devices/phone-1/suspend", "[]" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(site, ALICE, rows[i].method, rows[i].target, rows[i].body);
        if (site->status != 400) {
            fail_msg("%s %s %s: %u", rows[i].method, rows[i].target, rows[i].body, site->status);
        }
        assert_message(site, 400, "malformed request");
    }
}

/* N4: whatever is wrong with a report, the answer is the same. */
static void refuses_every_bad_report_alike(void **state)
{
    struct site *site = *state;
    uint8_t report[QW_CONTACT_REPORT_LEN];
    static const char sessions[] = "/v1/radio/sessions";

    seal_report(&site->phone, report);
    for (size_t bit = 0; bit < 8 * sizeof report; bit += 5) {
        report[bit / 8] = (uint8_t)(report[bit / 8] ^ 1u << (bit % 8));
        ask(site, AP, "POST", sessions, blob_body(site, "report", report, sizeof report));
        assert_message(site, 403, "refused");
        report[bit / 8] = (uint8_t)(report[bit / 8] ^ 1u << (bit % 8));
    }
    ask(site, AP, "POST", sessions, blob_body(site, "report", report, sizeof report - 1));
    assert_message(site, 403, "refused");
    ask(site, OTHER_AP, "POST", sessions, blob_body(site, "report", report, sizeof report));
    assert_message(site, 403, "refused"); /* no such access point */
    assert_int_equal(
        ask(site, AP, "POST", sessions, blob_body(site, "report", report, sizeof report)), 200);
    ask(site, AP, "POST", sessions, blob_body(site, "report", report, sizeof report));
    assert_message(site, 403, "refused"); /* a replay */
}

static void refuses_malformed_radio_requests(void **state)
{
    struct site *site = *state;
    static const struct {
        const char *target, *body;
    } rows[] = {
        { "/v1/radio/sessions", NULL },
        { "/v1/radio/sessions", "{\"report\":7}" },
        { "/v1/radio/sessions", "{\"report\":\"\"}" },
        { "/v1/radio/sessions", "{\"report\":\"A\"}" },
        { "/v1/radio/sessions/00/package", "{\"pad_len\":1}" },
        { "/v1/radio/sessions/0011223344556677889900112233445g/package", "{\"pad_len\":1}" },
        { "/v1/radio/sessions/00112233445566778899001122334455/package", "{\"pad_len\":0}" },
        { "/v1/radio/sessions/00112233445566778899001122334455/package", "{\"pad_len\":1048577}" },
        { "/v1/radio/sessions/00112233445566778899001122334455/package", "{}" },
        { "/v1/radio/sessions/00112233445566778899001122334455/receipt", "{}" },
        { "/v1/radio/sessions/00112233445566778899001122334455/end", "{\"refusal\":256}" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(site, AP, "POST", rows[i].target, rows[i].body);
        assert_message(site, 400, "malformed request");
    }
    ask(site, AP, "POST", "/v1/radio/sessions/00112233445566778899001122334455/package",
        "{\"pad_len\":1000}");
    assert_message(site, 403, "refused");
}

static void says_503_when_the_stock_is_used_up(void **state)
{
    struct site *site = *state;

    for (int i = 0; i < 4 && site->status != 503; i++) {
        char body[128], target[64];

        snprintf(body, sizeof body, "{\"id\":\"big-%d\",\"kind\":\"terminal\"}", i);
        assert_int_equal(ask(site, ALICE, "POST", "/v1/devices", body), 201);
        snprintf(target, sizeof target, "/v1/devices/big-%d/charge", i);
        ask(site, ALICE, "POST", target, "{\"station\":\"station-1\",\"keys\":900}");
    }
    assert_message(site, 503, "not enough keys");
    assert_int_equal(site->retry_after_s, 5);
}

static void shows_health_and_status(void **state)
{
    struct site *site = *state;
    static const char *const everybody[] = { ALICE, AP, APP, "app-3" };

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(ask(site, everybody[i], "GET", "/v1/health", NULL), 200);
        assert_string_equal(site->text, "{\"status\":\"ok\"}");
    }
    assert_int_equal(ask(site, ALICE, "GET", "/v1/status", NULL), 200);
    assert_non_null(strstr(site->text, "\"centre_id\":\"centre-1\""));
    assert_non_null(strstr(site->text, "\"source\":\"kernel\",\"source_is_quantum\":false"));
    assert_non_null(strstr(site->text, "\"devices\":3"));
}

/* Whichever piece of locked memory is missing: 503, and the key is still there afterwards. */
static void loses_no_key_without_memory(void **state)
{
    struct site *site = *state;
    uint8_t id[16];
    char text[QW_UUID_TEXT_CAP], key_target[256];
    const char *targets[] = { key_target, "/v1/devices", "/v1/status", "/v1/health" };
    const char *identities[] = { APP, ALICE, ALICE, ALICE };

    assert_int_equal(qw_package_key_id(site->phone.keys.id, site->phone.package_id, 1, id), QW_OK);
    qw_uuid_encode(id, text);
    snprintf(key_target, sizeof key_target, "/api/v1/keys/phone-1/dec_keys?key_ID=%s", text);
    for (size_t i = 0; i < 4; i++) {
        int failures = 0;

        for (int n = 1; n < 20; n++) {
            struct qw_http_answer answer = { .status = 0 };
            struct qw_http_request request = {
                .method = "GET", .query = "", .identity = identities[i], .content_type = ""
            };
            static const uint8_t hash[32];
            char path[256];
            char *query;

            snprintf(path, sizeof path, "%s", targets[i]);
            query = strchr(path, '?');
            if (query != NULL) {
                *query = '\0';
                request.query = query + 1;
            }
            request.path = path;
            request.certificate_hash = hash;
            fail_nth = n;
            router_handle(&site->service, &request, &answer);
            fail_nth = 0;
            assert_true(answer.status == 200 || answer.status == 503);
            failures += answer.status == 503;
            qw_http_answer_wipe(&answer);
        }
        assert_in_range(failures, 1, 12);
        assert_int_equal(ask(site, identities[i], "GET", targets[i], NULL), 200);
    }
}

/* "/v1/devices/{id}" is the pattern "/v1/devices/{}". */
static void strip_names(const char *path, char *out)
{
    for (bool inside = false; *path != '\0' && *path != ':'; path++) {
        inside = inside && *path != '}';
        if (!inside) {
            *out++ = *path;
        }
        inside = inside || *path == '{';
    }
    *out = '\0';
}

static bool has_route(const struct route_table *table, const char *method, const char *pattern)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->routes[i].pattern, pattern) == 0 &&
            strcmp(table->routes[i].method, method) == 0) {
            return true;
        }
    }
    return false;
}

static void has_the_routes_that_the_openapi_document_names(void **state)
{
    FILE *file = fopen(QWAVE_SOURCE "/docs/openapi.yaml", "r");
    char line[1024];
    char pattern[1024] = "";
    size_t named = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        const char *method = strcmp(line, "    get:\n") == 0    ? "GET"
                             : strcmp(line, "    post:\n") == 0 ? "POST"
                                                                : NULL;

        if (strncmp(line, "  /", 3) == 0) {
            strip_names(line + 2, pattern);
        }
        if (method == NULL) {
            continue;
        }
        named++;
        if (!has_route(&routes_for_clients, method, pattern) &&
            !has_route(&routes_for_partners, method, pattern)) {
            fail_msg("no route for %s %s", method, pattern);
        }
    }
    fclose(file);
    assert_int_equal(named, routes_for_clients.count + routes_for_partners.count);
}

static void one_caller_gets_no_more_requests_than_the_limit(void **state)
{
    struct site *site = *state;
    atomic_int_fast64_t limit = 1;
    unsigned served = 0;

    assert_int_equal(qw_rate_limit_new(16, &site->service.rate), QW_OK);
    site->service.requests_per_s = &limit;
    while (ask(site, "urn:qwave:sae:alice", "GET", "/v1/health", NULL) == 200) {
        served++;
    }
    assert_in_range(served, 10, 100); /* ten seconds' worth, and what comes meanwhile */
    assert_message(site, 503, "over a limit, later again");
    assert_int_not_equal(site->retry_after_s, 0);
    assert_int_equal(ask(site, "urn:qwave:sae:bob", "GET", "/v1/health", NULL), 200);
    atomic_store(&limit, 0); /* another limit holds at once */
    assert_int_equal(ask(site, "urn:qwave:sae:alice", "GET", "/v1/health", NULL), 200);
    qw_rate_limit_free(site->service.rate);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_devices, remove_site)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(carries_a_refill_from_report_to_application),
        CASE(gives_the_keys_of_a_charge_to_the_peer_alone),
        CASE(refuses_malformed_key_requests),
        CASE(lets_nobody_call_what_is_not_theirs),
        CASE(knows_no_caller_without_an_identity),
        CASE(knows_no_other_path_and_no_other_verb),
        CASE(registers_lists_and_changes_devices),
        CASE(refuses_malformed_operator_requests),
        CASE(refuses_every_bad_report_alike),
        CASE(refuses_malformed_radio_requests),
        CASE(says_503_when_the_stock_is_used_up),
        CASE(shows_health_and_status),
        CASE(one_caller_gets_no_more_requests_than_the_limit),
        CASE(loses_no_key_without_memory),
        cmocka_unit_test(has_the_routes_that_the_openapi_document_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
