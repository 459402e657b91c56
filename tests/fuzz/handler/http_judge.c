/* SPDX-License-Identifier: Apache-2.0 */
#include "http_judge.h"

#include "api/etsi014/key_ids.h"
#include "api/etsi014/key_request.h"
#include "api/skip/query.h"
#include "base/base64.h"
#include "base/hex.h"
#include "centre/key/key_record.h"
#include "crypto/aead.h"
#include "http_form.h"
#include "http_groups.h"

#include <stdlib.h>
#include <string.h>

/* So many blocks a pair has open at once; of more the oldest goes with what it had left. */
enum { OPEN_BLOCKS = 8 };

static const struct qw_etsi014_limits limits = { .keys_max = QW_DELIVERY_KEYS_MAX,
                                                 .bits_min = QW_KEY_BITS_MIN,
                                                 .bits_standard = QW_KEY_BITS_STANDARD,
                                                 .bits_max = QW_KEY_BITS_MAX,
                                                 .slaves_max = QW_KEY_OTHERS_MAX };
static const struct qw_skip_limits skip_limits = { .bits_min = QW_KEY_BITS_MIN,
                                                   .bits_max = QW_KEY_BITS_MAX };

static struct qw_etsi014_text text_of(const struct http_asked *asked)
{
    return (struct qw_etsi014_text){ .query = asked->query,
                                     .content_type = asked->content_type,
                                     .body = asked->body,
                                     .body_len = asked->body_len };
}

/* What a request for new keys asks for, whichever interface it came by; false: it is none. */
static bool read_wish(const struct http_asked *asked, struct qw_etsi014_key_request *wish,
                      char slave[static 64], bool *is_skip)
{
    char unsupported[QW_ETSI014_NAME_CAP];
    char parameter[2][64];
    struct qw_etsi014_text text = text_of(asked);
    struct qw_skip_key_query query;

    *is_skip = http_form_is(asked, "GET", "/key", parameter);
    if (*is_skip) {
        if (qw_skip_key_query_decode(asked->query, &skip_limits, &query) != QW_OK) {
            return false;
        }
        *wish = (struct qw_etsi014_key_request){ .number = 1, .size = query.bits };
        memcpy(slave, query.remote, sizeof query.remote);
        return true;
    }
    if (!http_form_is(asked, NULL, "/api/v1/keys/{}/enc_keys", parameter) ||
        qw_etsi014_key_request_decode(&text, &limits, wish, unsupported) != QW_ETSI014_NONE) {
        return false;
    }
    memcpy(slave, parameter[0], sizeof parameter[0]);
    return true;
}

void http_judge_look(struct http_judge *judge, const struct http_asked *asked,
                     struct http_judge_view *view)
{
    struct site *site = judge->known.site;
    struct qw_etsi014_key_request wish;
    char slave[64];
    bool is_skip;

    *view = (struct http_judge_view){ .is_caller = false };
    view->is_caller = qw_caller_parse(asked->identity, &view->caller) == QW_OK;
    view->is_registered = view->is_caller && view->caller.role == QW_ROLE_SAE &&
                          site_find(site, view->caller.id, &view->device);
    if (view->is_registered && view->device.keys_per_s == 0 &&
        read_wish(asked, &wish, slave, &is_skip)) {
        view->left = site_left(site, &view->caller, slave);
    }
    site_totals(site, &view->totals);
}

/* An application in service, and each slave a peer of it in service. */
static void check_permitted(struct site *site, const struct http_judge_view *before,
                            const char *slave)
{
    qw_assert(before->is_registered && before->device.kind == QW_DEVICE_APPLICATION &&
              before->device.state == QW_DEVICE_ACTIVE);
    qw_assert(qw_device_has_peer(&before->device, slave) && site_serves(site, slave));
}

static void check_left(const struct http_judge *judge, const struct http_judge_view *before,
                       const struct qw_centre_status *after, const char *slave, uint64_t spent)
{
    uint64_t left = site_left(judge->known.site, &before->caller, slave);
    uint64_t came = after->keys_ingested - before->totals.keys_ingested;

    if (before->left == 0) {
        return; /* not known: it has a quota */
    }
    qw_assert(before->left + came >= left + spent);
    qw_assert(before->left + came == left + spent ||
              judge->keys_drawn > OPEN_BLOCKS * SITE_BLOCK_KEYS);
}

/* A key of a named request that was answered before: the same bytes, and nothing moves. */
static void check_repeated(const struct http_judge *judge,
                           const struct qw_etsi014_key_request *wish, const char *master,
                           const struct ledger_key *key)
{
    const struct ledger_key *known = ledger_find(judge->ledger, key->id);

    qw_assert(wish->mandatory.has_request_id || wish->optional.has_request_id);
    qw_assert(known->len == key->len && memcmp(known->bytes, key->bytes, key->len) == 0);
    qw_assert(strcmp(known->master, master) == 0 && !known->is_void);
}

static void judge_new_keys(struct http_judge *judge, const struct http_asked *asked,
                           const struct http_judge_view *before,
                           const struct qw_centre_status *after, const cJSON *body)
{
    struct qw_etsi014_key_request wish;
    struct ledger_key key;
    char slave[64];
    bool is_skip;
    const cJSON *list;
    uint32_t count = 0;
    uint32_t repeated = 0;

    qw_assert(read_wish(asked, &wish, slave, &is_skip));
    check_permitted(judge->known.site, before, slave);
    for (size_t i = 0; i < wish.slave_count; i++) {
        check_permitted(judge->known.site, before, wish.slaves[i]);
    }
    list = is_skip ? body : cJSON_GetObjectItemCaseSensitive(body, "keys")->child;
    for (const cJSON *item = list; item != NULL; item = is_skip ? NULL : item->next) {
        http_form_key(item, is_skip, &key);
        qw_assert(key.len == wish.size / 8);
        memcpy(key.master, before->caller.id, sizeof key.master);
        memcpy(key.parties[0], slave, sizeof key.parties[0]);
        memcpy(key.parties[1], wish.slaves, wish.slave_count * sizeof wish.slaves[0]);
        key.party_count = 1 + wish.slave_count;
        if (ledger_find(judge->ledger, key.id) != NULL) {
            check_repeated(judge, &wish, key.master, &key);
            repeated++;
        } else {
            ledger_issue(judge->ledger, &key);
        }
        count++;
    }
    qw_assert(count == wish.number && (repeated == 0 || repeated == count));
    ledger_check_leaks(judge->known.site, &key);
    check_left(judge, before, after, slave, (uint64_t)(count - repeated) * qw_key_slots(wish.size));
}

/* Who is not registered has keys of a terminal alone. */
static void check_may_fetch(struct site *site, const struct http_judge_view *before,
                            const char *master)
{
    struct qw_device device;

    qw_assert(before->is_caller && before->caller.role == QW_ROLE_SAE);
    if (before->is_registered) {
        qw_assert(before->device.kind != QW_DEVICE_APPLICATION ||
                  before->device.state == QW_DEVICE_ACTIVE);
    } else {
        qw_assert(site_find(site, master, &device) && device.kind == QW_DEVICE_TERMINAL);
    }
}

static void judge_fetch(struct http_judge *judge, const struct http_asked *asked,
                        const struct http_judge_view *before, const cJSON *body, const char *master)
{
    struct qw_etsi014_key_ids ids;
    struct qw_etsi014_text text = text_of(asked);
    struct ledger_key key;
    size_t count = 0;

    check_may_fetch(judge->known.site, before, master);
    qw_assert(qw_etsi014_key_ids_decode(&text, &ids) == QW_ETSI014_NONE);
    for (const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, "keys")->child; item != NULL;
         item = item->next) {
        http_form_key(item, false, &key);
        qw_assert(count < ids.count && memcmp(key.id, ids.id[count], sizeof key.id) == 0);
        ledger_fetch(judge->ledger, &key, master, before->caller.id);
        count++;
    }
    qw_assert(count == ids.count);
    ledger_check_leaks(judge->known.site, &key);
}

static void judge_skip_fetch(struct http_judge *judge, const struct http_asked *asked,
                             const struct http_judge_view *before, const cJSON *body)
{
    char remote[QW_SKIP_SYSTEM_CAP];
    struct ledger_key key;

    qw_assert(qw_skip_remote_decode(asked->query, remote) == QW_OK);
    check_may_fetch(judge->known.site, before, remote);
    http_form_key(body, true, &key);
    ledger_fetch(judge->ledger, &key, remote, before->caller.id);
    ledger_check_leaks(judge->known.site, &key);
}

/* The keys of a package for phone-1 become known, and its card takes it. */
static void open_package(struct http_judge *judge, const uint8_t *sealed, size_t len)
{
    struct site_card *phone = &judge->known.site->phone;
    struct qw_package package;

    if (qw_package_open(sealed, len, phone->keys.wrap, &package) != QW_OK) {
        return;
    }
    for (uint16_t i = 0; i < package.key_count; i++) {
        struct ledger_key key = { .len = 32, .lasts = true, .master = "phone-1" };

        qw_assert(qw_package_key_id(phone->keys.id, package.id, i, key.id) == QW_OK);
        memcpy(key.bytes, package.keys + (size_t)i * 32, 32);
        (void)snprintf(key.parties[0], sizeof key.parties[0], "app-1");
        key.party_count = 1;
        if (ledger_find(judge->ledger, key.id) == NULL) { /* not the pending package again */
            ledger_issue(judge->ledger, &key);
        }
    }
    site_card_take(phone, &package);
    qw_package_wipe(&package);
}

/* What a charge gives is sealed once, what an access point gets once more. */
static void judge_package(struct http_judge *judge, const cJSON *body, bool is_for_radio)
{
    static uint8_t outer[64 * 1024], inner[64 * 1024];
    uint8_t aad[13 + 16] = "qwave package";
    const char *text = http_form_text(body, "package");
    size_t len = 0;

    qw_assert(qw_base64_decode(text, strlen(text), outer, sizeof outer, &len) == QW_OK);
    if (!is_for_radio) {
        open_package(judge, outer, len);
        return;
    }
    if (qw_hex_decode(judge->known.session, aad + 13, 16) == QW_OK &&
        qw_aead_open(QW_AEAD_AES256_GCM, judge->known.site->access_point.keys.wrap,
                     (struct qw_bytes){ aad, sizeof aad }, outer, len, inner) == QW_OK) {
        open_package(judge, inner, len - QW_AEAD_OVERHEAD);
    }
}

static void judge_success(struct http_judge *judge, const struct http_asked *asked,
                          const struct http_judge_view *before,
                          const struct qw_centre_status *after, const cJSON *body)
{
    char parameter[2][64];
    struct http_known *known = &judge->known;

    if (http_form_is(asked, NULL, "/api/v1/keys/{}/enc_keys", parameter) ||
        http_form_is(asked, "GET", "/key", parameter)) {
        judge_new_keys(judge, asked, before, after, body);
    } else if (http_form_is(asked, NULL, "/api/v1/keys/{}/dec_keys", parameter)) {
        judge_fetch(judge, asked, before, body, parameter[0]);
    } else if (http_form_is(asked, "GET", "/key/{}", parameter)) {
        judge_skip_fetch(judge, asked, before, body);
    } else if (http_form_is(asked, "POST", "/v1/radio/sessions", parameter)) {
        (void)snprintf(known->session, sizeof known->session, "%s",
                       http_form_text(body, "session_id"));
    } else if (http_form_is(asked, "POST", "/v1/radio/sessions/{}/package", parameter)) {
        judge_package(judge, body, true);
    } else if (http_form_is(asked, "POST", "/v1/devices/{}/charge", parameter)) {
        judge_package(judge, body, false);
    } else {
        http_groups_judge(judge, asked, before, body);
    }
}

void http_judge_answer(struct http_judge *judge, const struct http_asked *asked,
                       const struct http_judge_view *before, const struct qw_http_answer *answer)
{
    struct qw_centre_status after;
    cJSON *body = http_form_check(asked, answer);

    site_totals(judge->known.site, &after);
    judge->keys_drawn += before->totals.keys_in_state[QW_KEY_STORED] + after.keys_ingested -
                         before->totals.keys_ingested - after.keys_in_state[QW_KEY_STORED];
    if (answer->status < 400) {
        judge_success(judge, asked, before, &after, body);
    } else {
        qw_assert(memcmp(before->totals.keys_in_state, after.keys_in_state,
                         sizeof after.keys_in_state) == 0);
        qw_assert(before->totals.keys_ingested == after.keys_ingested);
        qw_assert(before->totals.devices == after.devices);
    }
    cJSON_Delete(body);
}
