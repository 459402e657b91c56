/* SPDX-License-Identifier: Apache-2.0 */
#include "partner_judge.h"

#include "api/etsi014/key_request.h"
#include "api/etsi020/message.h"
#include "base/hex.h"
#include "centre/key/key_life.h"
#include "http_form.h"

#include <stdlib.h>
#include <string.h>

static const struct qw_etsi014_limits limits = { .keys_max = QW_DELIVERY_KEYS_MAX,
                                                 .bits_min = QW_KEY_BITS_MIN,
                                                 .bits_standard = QW_KEY_BITS_STANDARD,
                                                 .bits_max = QW_KEY_BITS_MAX,
                                                 .slaves_max = QW_KEY_OTHERS_MAX };

static bool has_moved(const struct qw_centre_status *before, const struct qw_centre_status *after)
{
    return before->keys_ingested != after->keys_ingested || before->devices != after->devices ||
           memcmp(before->keys_in_state, after->keys_in_state, sizeof after->keys_in_state) != 0;
}

/* X3 X-1 */
void partner_judge_order(struct partner_judge *judge, const struct qw_partner_order *order)
{
    qw_assert(order->target_count > 0 && order->count > 0);
    if (judge->offer_count < PARTNER_JUDGE_OFFERS_MAX) {
        memcpy(judge->offers[judge->offer_count].id, order->offer_id, 16);
        (void)snprintf(judge->offers[judge->offer_count].partner, 64, "%s", order->partner);
        judge->offer_count++;
    }
    qw_uuid_encode(order->offer_id, judge->known.offer);
    for (size_t i = 0; i < order->count && order->keys != NULL; i++) {
        struct ledger_key key = { .len = order->keys[i].bits / 8u, .is_void = true };

        memcpy(key.id, order->ids[i], sizeof key.id);
        memcpy(key.bytes, order->keys[i].bytes, key.len);
        (void)snprintf(key.master, sizeof key.master, "%s", order->initiator);
        if (ledger_find(judge->ledger, key.id) == NULL) { /* of another partner's part */
            ledger_issue(judge->ledger, &key);
        }
    }
}

/* Bytes that a sender chose may stand anywhere; these are never there by chance. */
static bool is_telling(const struct ledger_key *key)
{
    size_t differ = 0;

    for (size_t i = 1; i < key->len && i < 12; i++) {
        differ += key->bytes[i] != key->bytes[i - 1] ? 1 : 0;
    }
    return differ > 8;
}

/* X4 X-2 X-3: an initiator at home with the sender, targets in service here and peers of it. */
static void judge_taken_keys(struct partner_judge *judge, const struct http_asked *asked,
                             const char *partner)
{
    static struct qw_etsi020_ext_keys message;
    struct qw_device initiator;

    qw_assert(qw_etsi020_ext_keys_decode(asked->body, asked->body_len, &message) == QW_OK);
    qw_assert(site_find(judge->known.site, message.parties.initiator, &initiator));
    qw_assert(strcmp(initiator.home, partner) == 0 && initiator.state == QW_DEVICE_ACTIVE);
    for (size_t i = 0; i < message.ids.count; i++) {
        struct ledger_key key = { .len = message.values[i].bits / 8u };

        memcpy(key.id, message.ids.id[i], sizeof key.id);
        memcpy(key.bytes, message.values[i].bytes, key.len);
        memcpy(key.master, message.parties.initiator, sizeof key.master);
        (void)snprintf(key.sender, sizeof key.sender, "%s", partner);
        for (size_t t = 0; t < message.parties.target_count; t++) {
            qw_assert(site_serves(judge->known.site, message.parties.targets[t]));
            qw_assert(qw_device_has_peer(&initiator, message.parties.targets[t]));
            memcpy(key.parties[key.party_count++], message.parties.targets[t], 64);
        }
        ledger_issue(judge->ledger, &key);
        if (is_telling(&key)) {
            ledger_check_leaks(judge->known.site, &key);
        }
    }
}

/* X8 X-3: nothing goes but keys that the sender sent itself. */
static void judge_void(struct partner_judge *judge, const struct http_asked *asked,
                       const char *partner, const struct qw_centre_status *before,
                       const struct qw_centre_status *after)
{
    static struct qw_etsi020_void message;
    uint64_t own = 0, gone = 0;

    qw_assert(qw_etsi020_void_decode(asked->body, asked->body_len, &message) == QW_OK);
    for (size_t i = 0; i < message.ids.count; i++) {
        struct ledger_key *key = ledger_open(judge->ledger, message.ids.id[i]);

        if (key != NULL && strcmp(key->sender, partner) == 0 &&
            strcmp(key->master, message.parties.initiator) == 0) {
            own++;
            key->is_void = key->is_void || !key->is_fetched[0];
        }
    }
    for (size_t i = QW_KEY_STORED; i <= QW_KEY_DELIVERED; i++) {
        gone += before->keys_in_state[i] - after->keys_in_state[i];
    }
    qw_assert(before->keys_ingested == after->keys_ingested && gone <= own);
}

/* X5: for an offer that was made to this partner. */
static void judge_ack(const struct partner_judge *judge, const char *partner, const char *offer)
{
    uint8_t id[16];
    bool is_made = false;

    qw_assert(qw_uuid_decode(offer, id) == QW_OK);
    for (size_t i = 0; i < judge->offer_count; i++) {
        is_made = is_made || (memcmp(judge->offers[i].id, id, sizeof id) == 0 &&
                              strcmp(judge->offers[i].partner, partner) == 0);
    }
    qw_assert(is_made);
}

/* {"type", "status", "title", "details"} and nothing else. */
static void check_problem(const cJSON *body, unsigned status)
{
    qw_assert(http_form_text(body, "type")[0] != '\0' && http_form_text(body, "title")[0] != '\0');
    qw_assert(cJSON_GetObjectItemCaseSensitive(body, "status")->valueint == (int)status);
    qw_assert(cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(body, "details")));
    qw_assert(cJSON_GetArraySize(body) == 4);
}

void partner_judge_partner(struct partner_judge *judge, const struct http_asked *asked,
                           const struct qw_centre_status *before,
                           const struct qw_http_answer *answer)
{
    struct qw_caller caller;
    struct qw_centre_status after;
    cJSON *body = cJSON_ParseWithLength(answer->body, answer->body_len);
    char parameter[2][64];
    bool is_partner;

    site_totals(judge->known.site, &after);
    qw_assert(cJSON_IsObject(body) && strcmp(answer->content_type, "application/json") == 0);
    qw_assert((answer->status == 405) == (answer->allow != NULL));
    if (answer->status >= 400) {
        qw_assert(!has_moved(before, &after) || answer->status == 503);
        check_problem(body, answer->status);
        cJSON_Delete(body);
        return;
    }
    is_partner = qw_caller_parse(asked->identity, &caller) == QW_OK && caller.role == QW_ROLE_KME;
    qw_assert(is_partner);
    if (http_form_is(asked, "POST", "/kmapi/v1/ext_keys", parameter)) {
        qw_assert(answer->status == 202);
        judge_taken_keys(judge, asked, caller.id);
    } else if (http_form_is(asked, "POST", "/kmapi/v1/void", parameter)) {
        qw_assert(answer->status == 202);
        judge_void(judge, asked, caller.id, before, &after);
    } else if (http_form_is(asked, "POST", "/kmapi/v1/acks/{}", parameter)) {
        judge_ack(judge, caller.id, parameter[0]);
    } else {
        qw_assert(http_form_is(asked, "GET", "/kmapi/versions", parameter));
        qw_assert(!has_moved(before, &after));
    }
    cJSON_Delete(body);
}

/* A key that partners got is the master's when each of them has it, and not before. */
static void judge_new_key(struct partner_judge *judge, const struct ledger_key *key)
{
    struct ledger_key *known = ledger_open(judge->ledger, key->id);

    if (known == NULL) {
        ledger_issue(judge->ledger, key);
        return;
    }
    qw_assert(!judge->has_failed && known->is_void && known->sender[0] == '\0');
    qw_assert(known->len == key->len && memcmp(known->bytes, key->bytes, key->len) == 0);
    qw_assert(strcmp(known->master, key->master) == 0);
    memcpy(known->parties, key->parties, sizeof known->parties);
    known->party_count = key->party_count;
    known->is_void = false;
}

static void judge_new_keys(struct partner_judge *judge, const struct http_asked *asked,
                           const char *master, const char *slave, const cJSON *body)
{
    struct qw_etsi014_text text = { .query = asked->query,
                                    .content_type = asked->content_type,
                                    .body = asked->body,
                                    .body_len = asked->body_len };
    struct qw_etsi014_key_request wish;
    char unsupported[QW_ETSI014_NAME_CAP];
    uint32_t count = 0;

    qw_assert(qw_etsi014_key_request_decode(&text, &limits, &wish, unsupported) == QW_ETSI014_NONE);
    for (const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, "keys")->child; item != NULL;
         item = item->next) {
        struct ledger_key key;

        http_form_key(item, false, &key);
        (void)snprintf(key.master, sizeof key.master, "%s", master);
        memcpy(key.parties[0], slave, sizeof key.parties[0]);
        memcpy(key.parties[1], wish.slaves, wish.slave_count * sizeof wish.slaves[0]);
        key.party_count = 1 + wish.slave_count;
        judge_new_key(judge, &key);
        ledger_check_leaks(judge->known.site, &key);
        count++;
    }
    qw_assert(count == wish.number);
}

static void judge_fetch(struct partner_judge *judge, const char *caller, const char *master,
                        const cJSON *body)
{
    struct qw_device device;

    qw_assert(site_find(judge->known.site, caller, &device) && device.home[0] == '\0');
    for (const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, "keys")->child; item != NULL;
         item = item->next) {
        struct ledger_key key;

        http_form_key(item, false, &key);
        ledger_fetch(judge->ledger, &key, master, caller);
    }
}

void partner_judge_client(struct partner_judge *judge, const struct http_asked *asked,
                          const struct qw_centre_status *before,
                          const struct qw_http_answer *answer)
{
    struct qw_caller caller;
    struct qw_centre_status after;
    cJSON *body = http_form_check(asked, answer);
    char parameter[2][64];

    site_totals(judge->known.site, &after);
    if (answer->status >= 400) {
        qw_assert(!has_moved(before, &after) || judge->has_failed); /* X7: they are void */
    } else if (http_form_is(asked, NULL, "/api/v1/keys/{}/enc_keys", parameter)) {
        qw_assert(qw_caller_parse(asked->identity, &caller) == QW_OK);
        judge_new_keys(judge, asked, caller.id, parameter[0], body);
    } else if (http_form_is(asked, NULL, "/api/v1/keys/{}/dec_keys", parameter)) {
        qw_assert(qw_caller_parse(asked->identity, &caller) == QW_OK);
        judge_fetch(judge, caller.id, parameter[0], body);
    }
    cJSON_Delete(body);
}
