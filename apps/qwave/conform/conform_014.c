/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of ETSI GS QKD 014 V1.1.1, numbered, each with its clause. A check asks, looks at the
 * answer and says in one sentence what is wrong with it. No check stands on another's keys. */
#include "api/json_reader.h"
#include "api/url.h"
#include "base/secret.h"
#include "conform/conform.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    PATH_CAP = 512,
    BODY_CAP = 4096,
    KEYS_MAX = 16,
    KEY_TEXT_CAP = 2048,
    KEY_LEN_MAX = 1536,
    UNKNOWN_SIZE = 0
};

struct run { /* of one check */
    const struct conform_server *server;
    struct conform_row *row;
    unsigned status;
    const char *answer;
};

struct given { /* one key of a container */
    char id[64];
    char text[KEY_TEXT_CAP];
    size_t len;
};

struct container {
    size_t count;
    struct given keys[KEYS_MAX];
};

struct limits { /* of the server, from its Status */
    uint64_t key_size, stored, max_stored, per_request, size_max, size_min, slaves_max;
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct run *run, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(run->row->reason, sizeof run->row->reason, format, arguments);
    va_end(arguments);
    for (char *c = run->row->reason; *c != '\0'; c++) { /* a server's text may be anything */
        *c = *c < ' ' || *c > '~' ? '?' : *c;
    }
    run->row->result = CONFORM_FAILED;
    return false;
}

static bool skip(struct run *run, const char *reason)
{
    (void)snprintf(run->row->reason, sizeof run->row->reason, "%s", reason);
    run->row->result = CONFORM_SKIPPED;
    return false;
}

static bool ask(struct run *run, enum conform_who who, const char *method, const char *path,
                const char *body)
{
    qw_err err =
        run->server->ask(run->server->self, who, method, path, body, &run->status, &run->answer);

    return err == QW_OK || wrong(run, "%s %s: no answer: %s", method, path, qw_err_text(err));
}

/* tail begins behind ".../keys/{id}/". */
static bool ask_about(struct run *run, enum conform_who who, const char *method,
                      const char *other_end, const char *tail, const char *body)
{
    char encoded[PATH_CAP / 2];
    char path[PATH_CAP];

    if (qw_url_encode(other_end, encoded, sizeof encoded) != QW_OK || /* [ETSI 014 5.1] */
        (size_t)snprintf(path, sizeof path, "/api/v1/keys/%s/%s", encoded, tail) >= sizeof path) {
        return wrong(run, "an id is too long");
    }
    return ask(run, who, method, path, body);
}

static bool enc(struct run *run, const char *method, const char *query, const char *body)
{
    char tail[PATH_CAP];

    (void)snprintf(tail, sizeof tail, "enc_keys%s", query);
    return ask_about(run, CONFORM_MASTER, method, run->server->slave_id, tail, body);
}

static bool status_is(struct run *run, unsigned status)
{
    return run->status == status || wrong(run, "status %u instead of %u", run->status, status);
}

/* The Error body [ETSI 014 6.5]; want: the mandated text, NULL for any. */
static bool error_is(struct run *run, unsigned status, const char *want)
{
    struct qw_json_reader r;
    char message[256] = "";
    bool ok;

    if (!status_is(run, status)) {
        return false;
    }
    if (qw_json_open(run->answer, strlen(run->answer), &r) != QW_OK) {
        return wrong(run, "the body of the error is not JSON");
    }
    qw_json_get_text(&r, qw_json_root_object(&r), "message", message, 1, sizeof message);
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    if (!ok) {
        return wrong(run, "the Error body has no message");
    }
    return want == NULL || strcmp(want, message) == 0 ||
           wrong(run, "message is '%.60s', not '%s'", message, want);
}

static void read_key(struct qw_json_reader *r, const struct qw_json_node *item, struct given *key)
{
    uint8_t bytes[KEY_LEN_MAX];
    uint8_t id[16];

    qw_json_get_uuid(r, item, "key_ID", id);
    qw_json_get_text(r, item, "key_ID", key->id, 1, sizeof key->id);
    qw_json_get_text(r, item, "key", key->text, 1, sizeof key->text);
    qw_json_get_base64(r, item, "key", bytes, 1, sizeof bytes, &key->len);
    qw_wipe(bytes, sizeof bytes);
}

/* 200 with a Key container of count keys of bits (UNKNOWN_SIZE: any) [ETSI 014 6.3]. */
static bool container_is(struct run *run, size_t count, uint64_t bits, struct container *container)
{
    struct qw_json_reader r;
    const struct qw_json_node *array;
    size_t found = 0;
    bool ok;

    if (!status_is(run, 200)) {
        return false;
    }
    if (qw_json_open(run->answer, strlen(run->answer), &r) != QW_OK) {
        return wrong(run, "the body is not JSON");
    }
    array = qw_json_get_array(&r, qw_json_root_object(&r), "keys", 1, KEYS_MAX, &found);
    for (size_t i = 0; i < found; i++) {
        read_key(&r, qw_json_item(array, i), &container->keys[i]);
    }
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    container->count = found;
    if (!ok) {
        return wrong(run, "no Key container: keys, key_ID (UUID) and key (base64) are required");
    }
    if (found != count) {
        return wrong(run, "%zu keys instead of %zu", found, count);
    }
    for (size_t i = 0; bits != UNKNOWN_SIZE && i < found; i++) {
        if (container->keys[i].len != (bits + 7) / 8) {
            return wrong(run, "a key of %zu bits instead of %" PRIu64, 8 * container->keys[i].len,
                         bits);
        }
    }
    return true;
}

static bool get_limits(struct run *run, struct limits *limits)
{
    static const char *const names[] = { "key_size",        "stored_key_count",
                                         "max_key_count",   "max_key_per_request",
                                         "max_key_size",    "min_key_size",
                                         "max_SAE_ID_count" };
    uint64_t *const values[] = { &limits->key_size,    &limits->stored,   &limits->max_stored,
                                 &limits->per_request, &limits->size_max, &limits->size_min,
                                 &limits->slaves_max };
    struct qw_json_reader r;
    const struct qw_json_node *object;
    bool ok = true;

    if (!ask_about(run, CONFORM_MASTER, "GET", run->server->slave_id, "status", NULL) ||
        !status_is(run, 200)) {
        return false;
    }
    if (qw_json_open(run->answer, strlen(run->answer), &r) != QW_OK) {
        return wrong(run, "Status is not JSON");
    }
    object = qw_json_root_object(&r);
    for (size_t i = 0; ok && i < sizeof names / sizeof names[0]; i++) {
        qw_json_get_uint(&r, object, names[i], 0, QW_JSON_UINT_MAX, values[i]);
        ok = qw_json_ok(&r) || wrong(run, "%s is missing or no whole number", names[i]);
    }
    qw_json_close(&r);
    return ok;
}

static bool get_keys(struct run *run, size_t count, struct container *container)
{
    char query[64];

    (void)snprintf(query, sizeof query, "?number=%zu", count);
    return enc(run, "GET", query, NULL) && container_is(run, count, UNKNOWN_SIZE, container);
}

/* dec_keys by POST; extra: one more element of key_IDs, NULL for none. */
static bool dec(struct run *run, enum conform_who who, const struct container *keys,
                const char *extra)
{
    char body[BODY_CAP];
    size_t at = (size_t)snprintf(body, sizeof body, "{\"key_IDs\":[");

    for (size_t i = 0; i < keys->count; i++) {
        at += (size_t)snprintf(body + at, sizeof body - at, "%s{\"key_ID\":\"%s\"}",
                               i == 0 ? "" : ",", keys->keys[i].id);
    }
    (void)snprintf(body + at, sizeof body - at, "%s]}", extra == NULL ? "" : extra);
    return ask_about(run, who, "POST", run->server->master_id, "dec_keys", body);
}

static bool same_keys(struct run *run, const struct container *a, const struct container *b)
{
    for (size_t i = 0; i < a->count; i++) {
        bool found = false;

        for (size_t k = 0; k < b->count; k++) {
            found = found || (strcmp(a->keys[i].id, b->keys[k].id) == 0 &&
                              strcmp(a->keys[i].text, b->keys[k].text) == 0);
        }
        if (!found) {
            return wrong(run, "the two ends hold different keys for %s", a->keys[i].id);
        }
    }
    return true;
}

/* ---- the checks ---- */

static bool needs_a_certificate(struct run *run)
{
    static const char path[] = "/api/v1/keys/conform/status";

    if (!run->server->has_nobody) {
        return skip(run, "not tried");
    }
    return run->server->ask(run->server->self, CONFORM_NOBODY, "GET", path, NULL, &run->status,
                            &run->answer) != QW_OK ||
           run->status == 401 || run->status == 400 || run->status == 403 ||
           wrong(run, "status %u without a client certificate", run->status);
}

static bool status_has_all_fields(struct run *run)
{
    static const char *const names[] = { "source_KME_ID", "target_KME_ID", "master_SAE_ID",
                                         "slave_SAE_ID" };
    struct limits limits;
    struct qw_json_reader r;
    char text[256];
    bool ok = true;

    if (!get_limits(run, &limits)) {
        return false;
    }
    if (qw_json_open(run->answer, strlen(run->answer), &r) != QW_OK) {
        return wrong(run, "Status is not JSON");
    }
    for (size_t i = 0; ok && i < sizeof names / sizeof names[0]; i++) {
        qw_json_get_text(&r, qw_json_root_object(&r), names[i], text, 1, sizeof text);
        ok = qw_json_ok(&r) || wrong(run, "%s is missing or no text", names[i]);
    }
    qw_json_close(&r);
    return ok;
}

static bool status_names_both_ends(struct run *run)
{
    struct limits limits;
    struct qw_json_reader r;
    char master[256] = "";
    char slave[256] = "";

    if (!get_limits(run, &limits) || qw_json_open(run->answer, strlen(run->answer), &r) != QW_OK) {
        return false;
    }
    qw_json_get_text(&r, qw_json_root_object(&r), "master_SAE_ID", master, 1, sizeof master);
    qw_json_get_text(&r, qw_json_root_object(&r), "slave_SAE_ID", slave, 1, sizeof slave);
    qw_json_close(&r);
    if (strcmp(master, run->server->master_id) != 0) {
        return wrong(run, "master_SAE_ID is '%.60s', the certificate says '%.60s'", master,
                     run->server->master_id);
    }
    return strcmp(slave, run->server->slave_id) == 0 ||
           wrong(run, "slave_SAE_ID is '%.60s'", slave);
}

static bool status_is_consistent(struct run *run)
{
    struct limits l;

    if (!get_limits(run, &l)) {
        return false;
    }
    return (l.size_min <= l.key_size && l.key_size <= l.size_max && l.key_size > 0 &&
            l.per_request >= 1 && l.stored <= l.max_stored) ||
           wrong(run, "not min_key_size <= key_size <= max_key_size, stored <= max, per request >= "
                      "1");
}

static bool an_empty_get_gives_one_key(struct run *run)
{
    struct container keys;
    struct limits limits;

    return get_limits(run, &limits) && enc(run, "GET", "", NULL) &&
           container_is(run, 1, limits.key_size, &keys);
}

static bool get_with_number_and_size(struct run *run)
{
    struct container keys;
    struct limits limits;
    char query[96];

    if (!get_limits(run, &limits)) {
        return false;
    }
    (void)snprintf(query, sizeof query, "?number=2&size=%" PRIu64, limits.key_size);
    return limits.per_request < 2
               ? skip(run, "max_key_per_request is 1")
               : enc(run, "GET", query, NULL) && container_is(run, 2, limits.key_size, &keys);
}

static bool an_empty_object_gives_one_key(struct run *run)
{
    struct container keys;
    struct limits limits;

    return get_limits(run, &limits) && enc(run, "POST", "", "{}") &&
           container_is(run, 1, limits.key_size, &keys);
}

static bool an_empty_post_gives_one_key(struct run *run)
{
    struct container keys;

    return enc(run, "POST", "", NULL) && container_is(run, 1, UNKNOWN_SIZE, &keys);
}

static bool post_with_number_and_size(struct run *run)
{
    struct container keys;
    struct limits limits;
    char body[96];

    if (!get_limits(run, &limits)) {
        return false;
    }
    (void)snprintf(body, sizeof body, "{\"number\":%d,\"size\":%" PRIu64 "}",
                   limits.per_request < 3 ? 1 : 3, limits.key_size);
    return enc(run, "POST", "", body) &&
           container_is(run, limits.per_request < 3 ? 1 : 3, limits.key_size, &keys);
}

/* The smallest and the largest size that Status promises, exactly. */
static bool sizes_are_exact(struct run *run)
{
    struct container keys;
    struct limits limits;
    uint64_t sizes[2];

    if (!get_limits(run, &limits)) {
        return false;
    }
    sizes[0] = (limits.size_min + 7) / 8 * 8;
    sizes[1] = limits.size_max / 8 * 8;
    for (size_t i = 0; i < 2; i++) {
        char body[64];

        if (sizes[i] / 8 > KEY_LEN_MAX || sizes[i] == 0) {
            continue; /* more than these checks take in */
        }
        (void)snprintf(body, sizeof body, "{\"size\":%" PRIu64 "}", sizes[i]);
        if (!enc(run, "POST", "", body) || !container_is(run, 1, sizes[i], &keys)) {
            return false;
        }
    }
    return true;
}

static bool refuses_body(struct run *run, const char *body, const char *message)
{
    return enc(run, "POST", "", body) && error_is(run, 400, message);
}

static bool too_many_keys_are_refused(struct run *run)
{
    struct limits limits;
    char body[64];

    if (!get_limits(run, &limits)) {
        return false;
    }
    (void)snprintf(body, sizeof body, "{\"number\":%" PRIu64 "}", limits.per_request + 1);
    return refuses_body(run, body, NULL);
}

static bool sizes_out_of_range_are_refused(struct run *run)
{
    struct limits limits;
    char body[64];

    if (!get_limits(run, &limits)) {
        return false;
    }
    (void)snprintf(body, sizeof body, "{\"size\":%" PRIu64 "}", (limits.size_max / 8 + 1) * 8);
    if (!refuses_body(run, body, NULL)) {
        return false;
    }
    if (limits.size_min <= 8) {
        return true;
    }
    (void)snprintf(body, sizeof body, "{\"size\":%" PRIu64 "}", (limits.size_min - 1) / 8 * 8);
    return refuses_body(run, body, NULL);
}

static bool odd_sizes_have_the_mandated_answer(struct run *run)
{
    struct container keys;
    struct limits limits;
    char body[64];

    if (!get_limits(run, &limits)) {
        return false;
    }
    (void)snprintf(body, sizeof body, "{\"size\":%" PRIu64 "}", limits.key_size / 8 * 8 + 1);
    if (!enc(run, "POST", "", body)) {
        return false;
    }
    return run->status == 200 ? container_is(run, 1, limits.key_size / 8 * 8 + 1, &keys)
                              : error_is(run, 400, "size shall be a multiple of 8");
}

static bool wrong_values_are_refused(struct run *run)
{
    static const char *const bodies[] = { "{\"number\":0}", "{\"number\":-1}", "{\"number\":1.5}",
                                          "{\"size\":\"abc\"}", "{\"size\":0}" };

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        if (!refuses_body(run, bodies[i], NULL)) {
            char why[CONFORM_REASON_CAP];

            (void)snprintf(why, sizeof why, "%s", run->row->reason);
            return wrong(run, "%s: %.100s", bodies[i], why);
        }
    }
    return true;
}

static bool malformed_json_is_refused(struct run *run)
{
    return refuses_body(run, "{\"number\":", NULL) && refuses_body(run, "[]", NULL);
}

static bool unknown_mandatory_extensions_are_refused(struct run *run)
{
    return refuses_body(run, "{\"extension_mandatory\":[{\"conform_unknown\":\"1\"}]}",
                        "not all extension_mandatory parameters are supported");
}

static bool unknown_optional_extensions_may_be_ignored(struct run *run)
{
    struct container keys;

    if (!enc(run, "POST", "", "{\"extension_optional\":[{\"conform_unknown\":\"1\"}]}")) {
        return false;
    }
    return run->status == 200
               ? container_is(run, 1, UNKNOWN_SIZE, &keys)
               : error_is(run, 400, "not all extension_optional request options handled");
}

static bool keys_are_never_repeated(struct run *run)
{
    struct container first;
    struct container second;

    if (!get_keys(run, 1, &first) || !get_keys(run, 1, &second)) {
        return false;
    }
    return (strcmp(first.keys[0].id, second.keys[0].id) != 0 &&
            strcmp(first.keys[0].text, second.keys[0].text) != 0) ||
           wrong(run, "two calls of enc_keys gave the same key or the same id");
}

static bool unknown_slaves_are_refused(struct run *run)
{
    if (!ask_about(run, CONFORM_MASTER, "GET", "conform-no-such-sae", "enc_keys", NULL)) {
        return false;
    }
    return run->status == 401 ? error_is(run, 401, NULL) : error_is(run, 400, NULL);
}

static bool the_slave_gets_the_same_key(struct run *run)
{
    struct container master;
    struct container slave;

    return get_keys(run, 1, &master) && dec(run, CONFORM_SLAVE, &master, NULL) &&
           container_is(run, 1, UNKNOWN_SIZE, &slave) && same_keys(run, &master, &slave);
}

static bool one_id_may_be_fetched_by_get(struct run *run)
{
    struct container master;
    struct container slave;
    char tail[128];

    if (!get_keys(run, 1, &master)) {
        return false;
    }
    (void)snprintf(tail, sizeof tail, "dec_keys?key_ID=%s", master.keys[0].id);
    return ask_about(run, CONFORM_SLAVE, "GET", run->server->master_id, tail, NULL) &&
           container_is(run, 1, UNKNOWN_SIZE, &slave) && same_keys(run, &master, &slave);
}

static bool several_ids_at_once(struct run *run)
{
    struct container master;
    struct container slave;
    struct limits limits;

    if (!get_limits(run, &limits)) {
        return false;
    }
    return limits.per_request < 4
               ? skip(run, "max_key_per_request is below 4")
               : get_keys(run, 4, &master) && dec(run, CONFORM_SLAVE, &master, NULL) &&
                     container_is(run, 4, UNKNOWN_SIZE, &slave) && same_keys(run, &master, &slave);
}

/* The list of issued keys is a list: a second call does not overwrite the first. */
static bool earlier_keys_stay_fetchable(struct run *run)
{
    struct container first;
    struct container second;
    struct container slave;

    return get_keys(run, 1, &first) && get_keys(run, 1, &second) &&
           dec(run, CONFORM_SLAVE, &first, NULL) && container_is(run, 1, UNKNOWN_SIZE, &slave) &&
           same_keys(run, &first, &slave) && dec(run, CONFORM_SLAVE, &second, NULL) &&
           container_is(run, 1, UNKNOWN_SIZE, &slave) && same_keys(run, &second, &slave);
}

#define UNKNOWN_ID "{\"key_ID\":\"c04f04a1-0000-4000-8000-00000000dead\"}"

static bool unknown_ids_have_the_mandated_answer(struct run *run)
{
    static const struct container none = { .count = 0 };

    return dec(run, CONFORM_SLAVE, &none, UNKNOWN_ID) &&
           error_is(run, 400, "one or more keys specified are not found on KME");
}

static bool all_or_nothing(struct run *run)
{
    struct container master;
    struct container slave;

    return get_keys(run, 1, &master) && dec(run, CONFORM_SLAVE, &master, "," UNKNOWN_ID) &&
           error_is(run, 400, "one or more keys specified are not found on KME") &&
           dec(run, CONFORM_SLAVE, &master, NULL) && container_is(run, 1, UNKNOWN_SIZE, &slave) &&
           same_keys(run, &master, &slave);
}

static bool malformed_ids_are_refused(struct run *run)
{
    static const struct container none = { .count = 0 };

    return dec(run, CONFORM_SLAVE, &none, NULL) && error_is(run, 400, NULL) &&
           dec(run, CONFORM_SLAVE, &none, "{\"key_ID\":7}") && error_is(run, 400, NULL);
}

static bool the_master_is_no_slave(struct run *run)
{
    struct container master;

    return get_keys(run, 1, &master) && dec(run, CONFORM_MASTER, &master, NULL) &&
           error_is(run, 401, NULL);
}

static bool others_get_nothing(struct run *run)
{
    struct container master;

    if (run->server->other_id == NULL) {
        return skip(run, "no third application was given");
    }
    return get_keys(run, 1, &master) && dec(run, CONFORM_OTHER, &master, NULL) &&
           error_is(run, 401, NULL);
}

static bool a_repeat_never_differs(struct run *run)
{
    struct container master;
    struct container slave;

    if (!get_keys(run, 1, &master) || !dec(run, CONFORM_SLAVE, &master, NULL) ||
        !container_is(run, 1, UNKNOWN_SIZE, &slave) || !dec(run, CONFORM_SLAVE, &master, NULL)) {
        return false;
    }
    return run->status == 200
               ? container_is(run, 1, UNKNOWN_SIZE, &slave) && same_keys(run, &master, &slave)
               : error_is(run, 400, "one or more keys specified are not found on KME");
}

static bool status_follows_consumption(struct run *run)
{
    struct container keys;
    struct limits before;
    struct limits after;

    if (!get_limits(run, &before) || !get_keys(run, 1, &keys) || !get_limits(run, &after)) {
        return false;
    }
    return after.stored < before.stored ||
           wrong(run, "stored_key_count stayed at %" PRIu64 " although a key was taken",
                 after.stored);
}

static bool too_many_slaves_are_refused(struct run *run)
{
    struct limits limits;
    char body[BODY_CAP];
    size_t at = (size_t)snprintf(body, sizeof body, "{\"additional_slave_SAE_IDs\":[");

    if (!get_limits(run, &limits)) {
        return false;
    }
    if (limits.slaves_max > 100) {
        return skip(run, "max_SAE_ID_count is above 100");
    }
    for (uint64_t i = 0; i <= limits.slaves_max; i++) {
        at += (size_t)snprintf(body + at, sizeof body - at, "%s\"conform-%" PRIu64 "\"",
                               i == 0 ? "" : ",", i);
    }
    (void)snprintf(body + at, sizeof body - at, "]}");
    return refuses_body(run, body, NULL);
}

static bool additional_slaves_get_the_same_key(struct run *run)
{
    struct container master;
    struct container slave;
    struct limits limits;
    char body[512];

    if (!get_limits(run, &limits)) {
        return false;
    }
    if (limits.slaves_max == 0 || run->server->other_id == NULL) {
        return skip(run, limits.slaves_max == 0 ? "the server offers no additional slaves"
                                                : "no third application was given");
    }
    (void)snprintf(body, sizeof body, "{\"additional_slave_SAE_IDs\":[\"%s\"]}",
                   run->server->other_id);
    return enc(run, "POST", "", body) && container_is(run, 1, UNKNOWN_SIZE, &master) &&
           dec(run, CONFORM_OTHER, &master, NULL) && container_is(run, 1, UNKNOWN_SIZE, &slave) &&
           same_keys(run, &master, &slave) && dec(run, CONFORM_SLAVE, &master, NULL) &&
           container_is(run, 1, UNKNOWN_SIZE, &slave) && same_keys(run, &master, &slave);
}

static bool unknown_members_are_ignored(struct run *run)
{
    struct container keys;

    return enc(run, "POST", "", "{\"number\":1,\"conform_unknown\":{\"a\":[1]}}") &&
           container_is(run, 1, UNKNOWN_SIZE, &keys);
}

/* clang-format off */
static const struct {
    const char *id, *clause;
    bool is_mandatory;
    const char *text;
    bool (*run)(struct run *run);
} checks[] = {
    { "T1", "5.1", true,  "a request without a client certificate is refused", needs_a_certificate },
    { "S1", "6.1", true,  "Status has its eleven fields", status_has_all_fields },
    { "S2", "6.1", true,  "Status names the caller as master and the path as slave", status_names_both_ends },
    { "S3", "6.1", true,  "the numbers of Status are consistent", status_is_consistent },
    { "S4", "5.2", false, "stored_key_count follows consumption", status_follows_consumption },
    { "E1", "5.3", true,  "GET enc_keys without parameters: one key of the standard size", an_empty_get_gives_one_key },
    { "E2", "6.2", true,  "GET enc_keys with number and size", get_with_number_and_size },
    { "E3", "6.2", true,  "POST enc_keys with {}: one key of the standard size", an_empty_object_gives_one_key },
    { "E4", "6.2", false, "POST enc_keys without a body", an_empty_post_gives_one_key },
    { "E5", "6.2", true,  "POST enc_keys with number and size", post_with_number_and_size },
    { "E6", "6.2", true,  "the smallest and the largest size are exact", sizes_are_exact },
    { "E7", "6.2", true,  "more keys than max_key_per_request: 400", too_many_keys_are_refused },
    { "E8", "6.2", true,  "sizes below min_key_size or above max_key_size: 400", sizes_out_of_range_are_refused },
    { "E9", "6.2", true,  "a size that is no multiple of 8: exact, or 400 with the mandated text", odd_sizes_have_the_mandated_answer },
    { "E10", "6.2", true, "values that are no positive whole numbers: 400", wrong_values_are_refused },
    { "E11", "5.3", true, "a body that is no JSON object: 400", malformed_json_is_refused },
    { "E12", "6.2", true, "unknown extension_mandatory: 400 with the mandated text", unknown_mandatory_extensions_are_refused },
    { "E13", "6.2", true, "unknown extension_optional: ignored, or 400 with the mandated text", unknown_optional_extensions_may_be_ignored },
    { "E14", "5.3", true, "no key and no id is given twice", keys_are_never_repeated },
    { "E15", "5.3", true, "an unknown slave: 400 or 401", unknown_slaves_are_refused },
    { "E16", "6.2", false, "members nobody knows are ignored", unknown_members_are_ignored },
    { "D1", "5.4", true,  "the slave fetches the same key by POST", the_slave_gets_the_same_key },
    { "D2", "5.4", true,  "and by GET, one id", one_id_may_be_fetched_by_get },
    { "D3", "6.4", true,  "and several at once", several_ids_at_once },
    { "D4", "5.4", true,  "keys of earlier calls stay fetchable", earlier_keys_stay_fetchable },
    { "D5", "6.4", true,  "unknown ids: 400 with the mandated text", unknown_ids_have_the_mandated_answer },
    { "D6", "6.4", false, "one unknown id burns none of the others", all_or_nothing },
    { "D7", "6.4", true,  "malformed ids: 400", malformed_ids_are_refused },
    { "D8", "5.4", true,  "the master is no slave: 401", the_master_is_no_slave },
    { "D9", "5.4", true,  "an application that was not named: 401", others_get_nothing },
    { "D10", "5.4", true, "fetched again: the same bytes, or 400 with the mandated text", a_repeat_never_differs },
    { "M1", "6.2", true,  "more additional slaves than max_SAE_ID_count: 400", too_many_slaves_are_refused },
    { "M2", "6.2", true,  "additional slaves get the same key", additional_slaves_get_the_same_key },
};
/* clang-format on */

void conform_014(const struct conform_server *server, struct conform_report *report)
{
    *report = (struct conform_report){ .count = sizeof checks / sizeof checks[0] };
    for (size_t i = 0; i < report->count; i++) {
        struct conform_row *row = &report->rows[i];
        struct run run = { .server = server, .row = row };

        *row = (struct conform_row){ .id = checks[i].id,
                                     .clause = checks[i].clause,
                                     .text = checks[i].text,
                                     .is_mandatory = checks[i].is_mandatory,
                                     .result = CONFORM_PASSED };
        if (!checks[i].run(&run) && row->result == CONFORM_PASSED) {
            row->result = CONFORM_FAILED;
        }
        report->passed += row->result == CONFORM_PASSED ? 1 : 0;
        report->failed += row->result == CONFORM_FAILED ? 1 : 0;
        report->skipped += row->result == CONFORM_SKIPPED ? 1 : 0;
        report->mandatory_failed += row->result == CONFORM_FAILED && row->is_mandatory ? 1 : 0;
    }
}
