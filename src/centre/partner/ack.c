/* SPDX-License-Identifier: Apache-2.0 */
/* What partners answer, and what becomes of offers that nobody waits for any more: X5 to X8 of
 * docs/protocol/etsi020.md. */
#include "base/clock.h"
#include "centre/device/card_book.h"
#include "centre/key/key_record.h"
#include "centre/partner/check.h"
#include "centre/partner/send.h"

#include <stdio.h>
#include <string.h>

enum { LEFTOVER_MS = 10000, ROUND_OFFERS = 64, FAILED_PARTNERS = 16 };

/* A slave elsewhere is served by its own centre from now on. */
static void mark_served(struct qw_key_record *key, const char *who, int64_t now_ms)
{
    if (strcmp(key->peer, who) == 0) {
        key->is_fetched = true;
        key->fetched_ms = now_ms;
    }
    for (uint8_t i = 0; i < key->other_count; i++) {
        if (strcmp(key->others[i].id, who) == 0) {
            key->others[i].is_fetched = true;
            key->others[i].fetched_ms = now_ms;
        }
    }
}

static bool waits_for_nobody(const struct qw_key_record *key)
{
    bool all = key->is_fetched;

    for (uint8_t i = 0; i < key->other_count; i++) {
        all = all && key->others[i].is_fetched;
    }
    return all;
}

/* X6 */
static void settle(struct qw_centre *centre, struct qw_group *group, struct qw_offer *offer)
{
    int64_t now_ms = qw_clock_utc_ms();

    offer->state = QW_OFFER_SETTLED;
    for (uint8_t i = 0; i < offer->key_count && group->err == QW_OK; i++) {
        struct qw_key_record key;

        qw_group_fail(group, qw_key_record_load(centre, offer->key_ids[i], &key));
        if (group->err != QW_OK) {
            return;
        }
        for (uint8_t t = 0; t < offer->target_count; t++) {
            if (offer->targets[t].partner[0] != '\0') {
                mark_served(&key, offer->targets[t].id, now_ms);
            }
        }
        if (waits_for_nobody(&key)) {
            /* of this second the sweep may have been already */
            key.due_ms = now_ms + 1 + (offer->is_named ? (int64_t)centre->config.window_ms : 0);
        }
        qw_key_record_put(centre, group, &key);
    }
    qw_offer_put(centre, group, offer);
}

static struct qw_offer_target *find_target(struct qw_offer *offer, const char *partner,
                                           const struct qw_partner_ack *ack)
{
    for (uint8_t i = 0; i < offer->target_count; i++) {
        if (strcmp(offer->targets[i].partner, partner) == 0 &&
            strcmp(offer->targets[i].id, ack->target) == 0) {
            return strcmp(offer->initiator, ack->initiator) == 0 ? &offer->targets[i] : NULL;
        }
    }
    return NULL;
}

/* All marks on the copy at hand. *is_failure: a target will not get its keys. */
static qw_err mark(struct qw_offer *offer, const char *partner, const struct qw_partner_ack *acks,
                   size_t count, bool *is_failure)
{
    for (size_t i = 0; i < count; i++) {
        struct qw_offer_target *target = find_target(offer, partner, &acks[i]);
        struct qw_offer_target answered;
        qw_err err;

        if (target == NULL) {
            return QW_ERR_NOT_FOUND;
        }
        answered = *target;
        err = qw_offer_mark(offer, &answered, acks[i].ids, acks[i].count);
        if (err != QW_OK) {
            return err;
        }
        if (offer->state == QW_OFFER_OPEN ? acks[i].is_relayed : acks[i].is_gone) {
            *target = answered;
        }
        *is_failure = *is_failure || !acks[i].is_relayed;
    }
    return QW_OK;
}

static qw_err move_offer(struct qw_centre *centre, const struct qw_deed *deed,
                         struct qw_offer *offer, bool is_failure)
{
    const char *detail = "acknowledged";
    struct qw_group group;

    qw_group_begin(centre, &group);
    if (offer->state == QW_OFFER_OPEN && is_failure) {
        qw_offer_give_up(centre, &group, offer);
        detail = "a partner failed: void";
    } else if (offer->state == QW_OFFER_OPEN && qw_offer_all_complete(offer)) {
        settle(centre, &group, offer);
        detail = "every partner has the keys";
    } else if (offer->state == QW_OFFER_GIVEN_UP && qw_offer_all_complete(offer)) {
        qw_offer_remove(centre, &group, offer);
        detail = "every partner has voided the keys";
    } else {
        qw_offer_put(centre, &group, offer);
    }
    return qw_group_commit(centre, &group, deed, detail);
}

static qw_err take_acks(struct qw_centre *centre, const struct qw_deed *deed,
                        const uint8_t offer_id[static 16], const struct qw_partner_ack *acks,
                        size_t count)
{
    struct qw_offer offer;
    bool is_failure = false;
    qw_err err = qw_partner_check(centre, deed);

    if (err == QW_OK) {
        err = qw_offer_load(centre, offer_id, &offer);
    }
    if (err == QW_OK) {
        err = mark(&offer, deed->caller->id, acks, count, &is_failure);
    }
    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "not of an open offer to this partner");
    }
    if (err != QW_OK || offer.state == QW_OFFER_SETTLED) { /* settled: a repeat */
        return err;
    }
    return move_offer(centre, deed, &offer, is_failure);
}

qw_err qw_centre_partner_ack(struct qw_centre *centre, const struct qw_caller *caller,
                             const uint8_t offer_id[static 16], const struct qw_partner_ack *acks,
                             size_t count)
{
    struct qw_deed deed = { .caller = caller, .verb = "offer-ack", .object = "" };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_KME)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    qw_centre_enter(centre);
    err = take_acks(centre, &deed, offer_id, acks, count);
    qw_centre_leave(centre);
    qw_partner_desk_call(centre->partners);
    return err;
}

/* Settled offers are forgotten, open ones that a dead process left are given up. */
static qw_err end_leftovers(struct qw_centre *centre, enum qw_offer_state state)
{
    struct qw_deed deed = { .verb = "offer-end", .object = "offers" };
    uint8_t ids[ROUND_OFFERS][16];
    int64_t now_ms = qw_clock_utc_ms();
    struct qw_group group;
    char detail[64];
    size_t count = 0;
    size_t ended = 0;
    qw_err err = qw_offer_list(centre, state, ids, ROUND_OFFERS, &count);

    qw_group_begin(centre, &group);
    for (size_t i = 0; i < count && err == QW_OK; i++) {
        struct qw_offer offer;

        err = qw_offer_load(centre, ids[i], &offer);
        if (err != QW_OK || (now_ms >= offer.made_ms && now_ms - offer.made_ms < LEFTOVER_MS)) {
            continue;
        }
        if (state == QW_OFFER_OPEN) {
            qw_offer_give_up(centre, &group, &offer);
        } else {
            qw_offer_remove(centre, &group, &offer);
        }
        ended++;
    }
    qw_group_fail(&group, err);
    if (err != QW_OK || ended == 0) {
        qw_group_drop(&group);
        return err;
    }
    (void)snprintf(detail, sizeof detail, "%zu %s", ended,
                   state == QW_OFFER_OPEN ? "left open: void" : "settled");
    return qw_group_commit(centre, &group, &deed, detail);
}

struct round { /* of voids: a partner that does not answer is not asked again in it */
    char failed[FAILED_PARTNERS][64];
    size_t failed_count;
};

static bool has_failed(const struct round *round, const char *partner)
{
    for (size_t i = 0; i < round->failed_count; i++) {
        if (strcmp(round->failed[i], partner) == 0) {
            return true;
        }
    }
    return round->failed_count == FAILED_PARTNERS;
}

static void void_at(struct qw_centre *centre, struct round *round, const struct qw_offer *offer,
                    const char *partner)
{
    const struct qw_partner_port *port = centre->config.partner_port;

    if (port == NULL || !port->knows(port->self, partner) || has_failed(round, partner)) {
        return;
    }
    if (qw_offer_order(centre, offer, partner, NULL) != QW_OK) {
        (void)snprintf(round->failed[round->failed_count++], sizeof round->failed[0], "%s",
                       partner);
    }
}

/* A partner that was destroyed here answers for nothing any more. */
static qw_err drop_destroyed(struct qw_centre *centre, struct qw_offer *offer)
{
    struct qw_deed deed = { .verb = "offer-end", .object = "a partner that is destroyed" };
    bool has_dropped = false;

    for (uint8_t i = 0; i < offer->target_count; i++) {
        struct qw_offer_target *target = &offer->targets[i];
        qw_err err = target->partner[0] == '\0'
                         ? QW_ERR_NOT_FOUND
                         : qw_card_book_load(centre, target->partner, &centre->card);

        if (err == QW_OK && centre->card.device.state == QW_DEVICE_DESTROYED) {
            memset(target->acked, 0xff, sizeof target->acked);
            has_dropped = true;
        } else if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
            return err;
        }
    }
    return has_dropped ? move_offer(centre, &deed, offer, false) : QW_OK;
}

static qw_err void_round(struct qw_centre *centre, struct round *round)
{
    uint8_t ids[ROUND_OFFERS][16];
    size_t count = 0;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_offer_list(centre, QW_OFFER_GIVEN_UP, ids, ROUND_OFFERS, &count);
    qw_centre_leave(centre);
    for (size_t i = 0; i < count && err == QW_OK; i++) {
        struct qw_offer offer;

        qw_centre_enter(centre);
        err = qw_offer_load(centre, ids[i], &offer);
        if (err == QW_OK) {
            err = drop_destroyed(centre, &offer);
        }
        qw_centre_leave(centre);
        for (uint8_t t = 0; err == QW_OK && t < offer.target_count; t++) {
            if (offer.targets[t].partner[0] != '\0' && qw_offer_is_first_of_partner(&offer, t)) {
                void_at(centre, round, &offer, offer.targets[t].partner);
            }
        }
        err = err == QW_ERR_NOT_FOUND ? QW_OK : err; /* acknowledged meanwhile */
    }
    return err;
}

qw_err qw_centre_partner_upkeep(struct qw_centre *centre)
{
    struct round round = { .failed_count = 0 };
    qw_err err;

    qw_centre_enter(centre);
    err = centre->turn_err;
    if (err == QW_OK) {
        err = end_leftovers(centre, QW_OFFER_SETTLED);
    }
    if (err == QW_OK) {
        err = end_leftovers(centre, QW_OFFER_OPEN);
    }
    qw_centre_leave(centre);
    return err == QW_OK ? void_round(centre, &round) : err;
}
