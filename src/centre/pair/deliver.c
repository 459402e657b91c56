/* SPDX-License-Identifier: Apache-2.0 */
/* New keys for a pair of applications: enc_keys and status [ETSI 014 5.2, 5.3] [C12 C14]. A key
 * needs no record of its own until somebody fetches it: its block belongs to the pair, durably,
 * before any key of it leaves, and its id leads back to it. Keys for several slaves get a record at
 * once, because the block knows one slave only; so do keys for another centre, with an offer to it
 * [docs/protocol/etsi020.md]. */
#include "base/clock.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/key/key_record.h"
#include "centre/key/stock.h"
#include "centre/pair/answer_record.h"
#include "centre/pair/lease_ahead.h"
#include "centre/pair/quota.h"
#include "centre/partner/send.h"
#include "centre/people/unit_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool others_ok(const struct qw_caller *caller, const struct qw_key_wish *wish)
{
    if (wish->other_count > QW_KEY_OTHERS_MAX) {
        return false;
    }
    for (size_t i = 0; i < wish->other_count; i++) {
        if (!qw_device_id_ok(wish->others[i]) || strcmp(wish->others[i], caller->id) == 0 ||
            strcmp(wish->others[i], wish->slave) == 0) {
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(wish->others[i], wish->others[k]) == 0) {
                return false;
            }
        }
    }
    return true;
}

static bool wish_ok(const struct qw_caller *caller, const struct qw_key_wish *wish)
{
    return wish->count >= 1 && wish->count <= QW_DELIVERY_KEYS_MAX &&
           wish->bits >= QW_KEY_BITS_MIN && wish->bits <= QW_KEY_BITS_MAX && wish->bits % 8 == 0 &&
           strlen(wish->slave) < 64 && strcmp(wish->slave, caller->id) != 0 &&
           others_ok(caller, wish);
}

/* Both demands as one: the mandatory one is never weakened. */
static struct qw_key_demand join_demands(const struct qw_key_wish *wish)
{
    struct qw_key_demand both = wish->mandatory;
    const struct qw_key_demand *preferred = &wish->preferred;

    if (both.source[0] == '\0') {
        memcpy(both.source, preferred->source, sizeof both.source);
    }
    if (preferred->max_age_ms >= 0 &&
        (both.max_age_ms < 0 || preferred->max_age_ms < both.max_age_ms)) {
        both.max_age_ms = preferred->max_age_ms;
    }
    both.is_fresh = both.is_fresh || preferred->is_fresh;
    return both; /* is_relayed as demanded: nothing here is relayed, so a preference changes nothing
                  */
}

/* A shortage, or a quota that is used up, is in the journal once, not at every try. */
static qw_err note_shortage(struct qw_centre *centre, struct qw_pair *pair,
                            const struct qw_deed *deed, qw_err err)
{
    if ((err != QW_ERR_EXHAUSTED && err != QW_ERR_LIMIT && err != QW_ERR_FULL) ||
        pair->was_exhausted) {
        return err;
    }
    pair->was_exhausted = true;
    qw_centre_enter(centre);
    err = qw_centre_refuse(centre, deed, err,
                           err == QW_ERR_EXHAUSTED ? "not enough keys in stock"
                                                   : qw_unit_use_cause(err));
    qw_centre_leave(centre);
    return err;
}

static qw_err lease(struct qw_centre *centre, struct qw_pair *pair, const struct qw_deed *deed,
                    const struct qw_key_wish *wish, struct qw_key_demand *demand)
{
    qw_err err;

    *demand = join_demands(wish);
    err = qw_pair_lease(centre, pair, deed, wish, demand);
    if (err == QW_ERR_UNAVAILABLE || (err == QW_ERR_EXHAUSTED && demand->is_fresh)) {
        *demand = wish->mandatory;
        err = qw_pair_lease(centre, pair, deed, wish, demand);
    }
    if (err == QW_OK) {
        pair->was_exhausted = false;
    }
    return note_shortage(centre, pair, deed, err);
}

/* A call's keys between carving and giving. */
struct delivery {
    struct qw_carved carved[QW_DELIVERY_KEYS_MAX];
    uint8_t ids[QW_DELIVERY_KEYS_MAX][16];
    uint32_t count;
};

static qw_err carve(const struct qw_centre *centre, struct qw_pair *pair,
                    const struct qw_key_wish *wish, const struct qw_key_demand *demand,
                    struct delivery *delivery)
{
    struct qw_key_spot spots[QW_DELIVERY_KEYS_MAX];
    int64_t now_ms = qw_clock_utc_ms();

    if (qw_pair_left(pair, wish->bits, demand, now_ms) < wish->count) {
        return QW_ERR_EXHAUSTED; /* the clock has jumped over the lease's end */
    }
    for (uint32_t i = 0; i < wish->count; i++) {
        struct qw_carved *carved = &delivery->carved[i];

        qw_pair_carve(pair, wish->bits, demand, now_ms, carved);
        spots[i] = (struct qw_key_spot){ .block = carved->place.block,
                                         .position = carved->place.position,
                                         .bits = (uint16_t)wish->bits };
        memcpy(delivery->ids[i], carved->id, sizeof delivery->ids[i]);
    }
    delivery->count = wish->count;
    return wish->bits == QW_KEY_BITS_STANDARD
               ? QW_OK
               : qw_key_id_make(centre, spots, wish->count, delivery->ids);
}

static void share_key(struct qw_centre *centre, struct qw_group *group, const struct qw_pair *pair,
                      const struct qw_key_wish *wish, const struct qw_key_place *place,
                      const uint8_t id[static 16])
{
    struct qw_key_record key = { .state = QW_KEY_LEASED,
                                 .place = *place,
                                 .bits = (uint16_t)wish->bits,
                                 .other_count = (uint8_t)wish->other_count,
                                 .assigned_ms = qw_clock_utc_ms() };
    qw_err err = qw_key_next(key.state, QW_KEY_ASSIGN, key.state, &key.state);

    if (err == QW_OK) {
        err = qw_key_next(key.state, QW_KEY_DELIVER, key.state, &key.state); /* to the master */
    }
    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    key.due_ms = key.assigned_ms + (int64_t)centre->config.key_ttl_s * 1000;
    memcpy(key.id, id, sizeof key.id);
    memcpy(key.master, pair->master, sizeof key.master);
    memcpy(key.peer, pair->slave, sizeof key.peer);
    for (size_t i = 0; i < wish->other_count; i++) {
        (void)snprintf(key.others[i].id, sizeof key.others[i].id, "%s", wish->others[i]);
    }
    group->books.paired--;
    qw_key_record_put(centre, group, &key);
}

/* X2 */
static void offer_keys(struct qw_centre *centre, struct qw_group *group, struct qw_offer *offer,
                       const struct delivery *delivery)
{
    const struct qw_key_place *first = &delivery->carved[0].place;

    memcpy(offer->source, first->source, sizeof offer->source);
    offer->is_quantum = true;
    for (uint32_t i = 0; i < delivery->count; i++) { /* the label of the least */
        offer->is_quantum = offer->is_quantum && delivery->carved[i].place.is_quantum;
        offer->is_simulated = offer->is_simulated || delivery->carved[i].place.is_simulated;
        memcpy(offer->key_ids[i], delivery->ids[i], sizeof offer->key_ids[i]);
    }
    offer->key_count = (uint8_t)delivery->count;
    qw_offer_put(centre, group, offer);
}

/* All assignments durable, or none. offer: NULL when every slave is at home here. */
static qw_err share(struct qw_centre *centre, const struct qw_pair *pair,
                    const struct qw_deed *deed, const struct qw_key_wish *wish,
                    const struct delivery *delivery, struct qw_offer *offer)
{
    struct qw_group group;
    char detail[64];
    qw_err err;

    qw_centre_enter(centre);
    qw_group_begin(centre, &group);
    if (wish->other_count > 0 || offer != NULL) {
        for (uint32_t i = 0; i < wish->count && group.err == QW_OK; i++) {
            share_key(centre, &group, pair, wish, &delivery->carved[i].place, delivery->ids[i]);
        }
    }
    if (offer != NULL) { /* its answer is kept when it is settled */
        offer_keys(centre, &group, offer, delivery);
    } else {
        qw_group_fail(&group, qw_answer_put(centre, &group, pair->master, wish,
                                            (const uint8_t(*)[16])delivery->ids));
    }
    (void)snprintf(detail, sizeof detail, "%u keys for %zu slaves", (unsigned)wish->count,
                   wish->other_count + 1);
    err = qw_group_commit(centre, &group, deed, detail);
    qw_centre_leave(centre);
    return err;
}

/* The answer of a named wish is durable before it leaves. */
static qw_err keep_answer(struct qw_centre *centre, const struct qw_deed *deed,
                          const struct qw_key_wish *wish, const struct qw_offer *offer)
{
    struct qw_group group;
    qw_err err;

    if (wish->request_id == NULL) {
        return QW_OK;
    }
    qw_centre_enter(centre);
    qw_group_begin(centre, &group);
    qw_group_fail(&group, qw_answer_put(centre, &group, deed->caller->id, wish,
                                        (const uint8_t(*)[16])offer->key_ids));
    err = qw_group_commit(centre, &group, deed, "answer kept");
    qw_centre_leave(centre);
    return err;
}

static qw_err check_slave(struct qw_centre *centre, const struct qw_deed *deed, const char *slave,
                          struct qw_offer *offer)
{
    struct qw_offer_target *target = &offer->targets[offer->target_count++];

    (void)snprintf(target->id, sizeof target->id, "%s", slave);
    return qw_pair_permit(centre, deed, slave, target->partner);
}

/* Who may have what and where, before any key moves. One pair is locked at a time: two calls that
 * name each other's slaves would wait for each other for ever. */
static qw_err check(struct qw_centre *centre, const struct qw_deed *deed,
                    const struct qw_key_wish *wish, struct qw_offer *offer)
{
    qw_err err = check_slave(centre, deed, wish->slave, offer);

    for (size_t i = 0; i < wish->other_count && err == QW_OK; i++) {
        err = check_slave(centre, deed, wish->others[i], offer);
    }
    return err;
}

/* The places are wiped whether their keys are given or not: they are nobody else's any more. */
static void hand_over(struct delivery *delivery, uint32_t bits, struct qw_given_key *keys)
{
    for (uint32_t i = 0; i < delivery->count; i++) {
        const struct qw_carved *carved = &delivery->carved[i];

        if (keys != NULL) {
            memcpy(keys[i].id, delivery->ids[i], sizeof keys[i].id);
            keys[i].bits = (uint16_t)bits;
            memcpy(keys[i].bytes, carved->material, bits / 8);
        }
        qw_wipe(carved->material, carved->len);
    }
}

static struct qw_quota_account account_of(const struct qw_pair *pair)
{
    return (struct qw_quota_account){ .master = pair->master,
                                      .slave = pair->slave,
                                      .keys_per_s = pair->keys_per_s };
}

/* With the pair locked. */
static qw_err deliver(struct qw_centre *centre, struct qw_pair *pair, const struct qw_deed *deed,
                      const struct qw_key_wish *wish, struct qw_offer *offer,
                      struct qw_given_key *keys)
{
    struct qw_quota_account account = account_of(pair);
    struct delivery delivery;
    struct qw_key_demand demand;
    qw_err err = qw_quota_has_keys(centre->quota, &account) ? QW_OK : QW_ERR_LIMIT;

    if (err == QW_OK && atomic_load(&centre->is_set_back)) {
        err = QW_ERR_IO; /* what is open here may be somebody else's by now */
    }
    if (err == QW_OK) {
        err = lease(centre, pair, deed, wish, &demand);
    }
    delivery.count = 0;
    if (err == QW_OK) {
        err = carve(centre, pair, wish, &demand, &delivery);
    }
    if (err == QW_OK) {
        qw_lease_ahead_ask(centre, pair, deed->caller, wish, &demand);
    }
    if (err == QW_OK && (wish->other_count > 0 || offer != NULL || wish->request_id != NULL)) {
        err = share(centre, pair, deed, wish, &delivery, offer);
    }
    if (err == QW_OK) {
        qw_quota_spend_keys(centre->quota, &account,
                            (uint64_t)wish->count * qw_key_slots(wish->bits));
        pair->given_keys += wish->count;
        pair->given_ms = qw_clock_utc_ms();
    }
    hand_over(&delivery, wish->bits, err == QW_OK ? keys : NULL);
    return err;
}

static qw_err enter_and_deliver(struct qw_centre *centre, const struct qw_deed *deed,
                                const struct qw_key_wish *wish, struct qw_offer *offer,
                                struct qw_given_key *keys)
{
    struct qw_pair *pair;
    qw_err err = qw_pair_enter(centre->pairs, deed->caller->id, wish->slave, &pair);

    if (err == QW_OK) {
        /* under the pair's lock: the second of two that are the same waits for the first */
        err = offer == NULL ? qw_answer_recall(centre, deed->caller, wish, keys) : QW_ERR_NOT_FOUND;
        if (err == QW_ERR_NOT_FOUND) {
            err = deliver(centre, pair, deed, wish, offer, keys);
        }
        qw_pair_leave(centre->pairs, pair);
    }
    return err;
}

/* Nothing is locked while partners are waited for. */
static qw_err deliver_elsewhere(struct qw_centre *centre, const struct qw_deed *deed,
                                const struct qw_key_wish *wish, struct qw_offer *offer,
                                struct qw_given_key *keys)
{
    qw_err err = qw_answer_recall(centre, deed->caller, wish, keys);

    if (err != QW_ERR_NOT_FOUND) {
        return err;
    }
    offer->is_named = wish->request_id != NULL;
    err = qw_offer_begin(centre, deed->caller, offer);
    if (err != QW_OK) {
        return err;
    }
    err = enter_and_deliver(centre, deed, wish, offer, keys);
    if (err == QW_OK) {
        err = qw_offer_settle(centre, offer, keys);
        err = err == QW_OK ? keep_answer(centre, deed, wish, offer) : err;
        if (err != QW_OK) {
            qw_wipe(keys, wish->count * sizeof *keys);
        }
    }
    qw_offer_end(centre);
    return err;
}

static bool is_elsewhere(const struct qw_offer *offer)
{
    for (uint8_t i = 0; i < offer->target_count; i++) {
        if (offer->targets[i].partner[0] != '\0') {
            return true;
        }
    }
    return false;
}

qw_err qw_centre_deliver(struct qw_centre *centre, const struct qw_caller *caller,
                         const struct qw_key_wish *wish, struct qw_given_key *keys)
{
    struct qw_deed deed = { .caller = caller, .verb = "deliver", .object = wish->slave };
    struct qw_offer offer = { .version = 0 };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (!wish_ok(caller, wish)) {
        return QW_ERR_ARG;
    }
    if (!qw_device_id_ok(wish->slave)) {
        return QW_ERR_NOT_FOUND;
    }
    if (qw_centre_is_paused(centre)) {
        return QW_ERR_PAUSED;
    }
    err = check(centre, &deed, wish, &offer);
    if (err != QW_OK) {
        return err;
    }
    return is_elsewhere(&offer) ? deliver_elsewhere(centre, &deed, wish, &offer, keys)
                                : enter_and_deliver(centre, &deed, wish, NULL, keys);
}

qw_err qw_centre_pair_status(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *slave, struct qw_pair_status *status)
{
    struct qw_deed deed = { .caller = caller, .verb = "pair-status", .object = slave };
    struct qw_pair_status s;
    struct qw_quota_account account;
    struct qw_pair *pair;
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (strcmp(slave, caller->id) == 0) {
        return QW_ERR_ARG;
    }
    if (!qw_device_id_ok(slave)) {
        return QW_ERR_NOT_FOUND;
    }
    err = qw_pair_enter(centre->pairs, caller->id, slave, &pair);
    if (err != QW_OK) {
        return err;
    }
    err = qw_pair_check(centre, pair, &deed);
    if (err == QW_OK) {
        struct qw_key_charge charge;
        uint64_t left = 0;

        s.stored_keys =
            qw_pair_left(pair, QW_KEY_BITS_STANDARD, &qw_key_demand_none, qw_clock_utc_ms());
        qw_centre_enter(centre);
        err = qw_unit_keys_left(centre, pair->unit, &left, &charge);
        s.stored_keys += left < centre->books.stored ? left : centre->books.stored;
        s.max_keys = (uint64_t)centre->config.stock_keys + centre->config.block_keys;
        qw_centre_leave(centre);
        if (s.max_keys < s.stored_keys) { /* what a pair has open comes on top */
            s.max_keys = s.stored_keys;
        }
        memcpy(s.slave_kme, pair->slave_kme, sizeof s.slave_kme);
        account = account_of(pair);
        if (!qw_quota_has_keys(centre->quota, &account)) {
            s.stored_keys = 0;
        }
    }
    qw_pair_leave(centre->pairs, pair);
    if (err == QW_OK) {
        *status = s;
    }
    return err;
}
