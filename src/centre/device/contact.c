/* SPDX-License-Identifier: Apache-2.0 */
/* R3 of docs/protocol/refill.md: a card reports, through an access point, and the centre judges.
 *
 * How a copied card is told from a replayed message. Every report is MAC'd under the card's key and
 * carries a counter that was durable on the card before the report left, so one card never makes
 * two different reports with one counter. The centre remembers the last reports it accepted.
 *
 *   J1  known counter, same bytes: somebody sends a recorded report again. Refused, nothing else:
 *       whoever can listen could otherwise put any device out of service.
 *   J2  known counter, other bytes, right MAC: there are two cards. Suspended.
 *   J3  unknown counter, not above the last: a report that was held back on its way, or a card set
 *       back so far that its counters are forgotten. Refused; its next tries hit J2 or J4.
 *   J4  counter above the last, token neither confirmed nor pending: the card has not got what the
 *       receipt of another copy says it has got. Suspended. An honest report that was held back
 *       cannot look like this: the receipt moved the counter past all reports made before it.
 *   J5  counter above the last, pending token: the card took the package, its receipt was lost. The
 *       report is the receipt (S3).
 *   J6  counter above the last, confirmed token: good; gaps in the counter are lost reports. */
#include "base/clock.h"
#include "base/secret.h"
#include "centre/authentication/inside.h"
#include "centre/device/binding.h"
#include "centre/device/card_book.h"
#include "centre/device/destruction.h"
#include "centre/device/fusion.h"
#include "centre/device/issue.h"
#include "centre/device/session.h"
#include "crypto/hash.h"
#include "crypto/random.h"

#include <stdio.h>
#include <string.h>

struct contact { /* one call */
    const struct qw_caller *caller;
    const uint8_t *data;
    size_t len;
    struct qw_contact_report report;
    bool is_of_next; /* under the card key of the next epoch: the card has taken the package */
    uint8_t digest[16];
    struct qw_session session;
    uint8_t grant[QW_LINK_GRANT_LEN];
    uint8_t order[QW_CONTACT_ORDER_MAX];
    size_t order_len;
};

enum verdict { GOOD, GOOD_AND_RECEIPT, REFUSED, CLONED };

static enum verdict judge(const struct qw_card_book *card, const struct contact *contact,
                          const char **cause)
{
    const struct qw_contact_report *report = &contact->report;

    for (uint16_t i = 0; i < card->seen_count; i++) {
        if (card->seen[i].counter != report->counter) {
            continue;
        }
        if (qw_equal_ct(card->seen[i].digest, contact->digest, sizeof contact->digest)) {
            *cause = "replayed report"; /* J1 */
            return REFUSED;
        }
        *cause = "two reports under one counter: cloned or set back; suspended"; /* J2 */
        return CLONED;
    }
    if (report->counter <= card->device.counter) {
        *cause = "old report"; /* J3 */
        return REFUSED;
    }
    if (card->has_pending &&
        qw_equal_ct(report->token, card->pending_token, sizeof report->token)) {
        return GOOD_AND_RECEIPT; /* J5 */
    }
    if (card->is_confirmed && qw_equal_ct(report->token, card->token, sizeof report->token)) {
        return GOOD; /* J6 */
    }
    if (!card->is_confirmed) { /* the birth token is the only one there is */
        *cause = "token of no package";
        return REFUSED;
    }
    *cause = "stale token: cloned or set back; suspended"; /* J4 */
    return CLONED;
}

static qw_err open_report(struct qw_centre *centre, struct contact *contact, const char **cause)
{
    const struct qw_card_book *card = &centre->card;
    struct qw_bytes part = { contact->data, contact->len };
    uint8_t serial[16];
    uint8_t digest[QW_HASH_LEN_MAX];
    struct qw_card_keys keys;
    qw_err err = qw_contact_report_peek(contact->data, contact->len, serial);

    *cause = "malformed report";
    if (err != QW_OK) {
        return QW_ERR_REFUSED;
    }
    *cause = "unknown card";
    err = qw_card_book_load_by_serial(centre, serial, &centre->card);
    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_REFUSED : err;
    }
    *cause = "forged report";
    err = qw_card_keys_derive(card->card_key, &keys);
    if (err != QW_OK) {
        return err;
    }
    err = qw_contact_report_open(contact->data, contact->len, keys.report, &contact->report);
    if (err == QW_ERR_AUTH && qw_fusion_next_keys(card, &keys) == QW_OK) { /* F4 */
        contact->is_of_next = true;
        err = qw_contact_report_open(contact->data, contact->len, keys.report, &contact->report);
    }
    qw_wipe(&keys, sizeof keys);
    if (err != QW_OK) {
        return err == QW_ERR_NOMEM ? err : QW_ERR_REFUSED;
    }
    err = qw_hash_of(QW_HASH_SHA256, &part, 1, digest);
    memcpy(contact->digest, digest, sizeof contact->digest);
    return err;
}

/* The card may contact at all. QW_ERR_STATE: it is to be destroyed. */
static qw_err check_card(const struct qw_centre *centre, const struct contact *contact,
                         const char **cause)
{
    const struct qw_card_book *card = &centre->card;
    uint32_t epoch = card->device.epoch + (contact->is_of_next ? 1 : 0);

    *cause = qw_device_state_names[card->device.state];
    if (card->device.destruction == QW_DESTRUCTION_ORDERED &&
        qw_device_is_carrier(card->device.kind) && contact->report.epoch == epoch) {
        return QW_ERR_STATE;
    }
    if (card->device.state != QW_DEVICE_ACTIVE && card->device.state != QW_DEVICE_CHARGED) {
        return QW_ERR_REFUSED;
    }
    *cause = "not a card with keys";
    if (!qw_device_is_carrier(card->device.kind)) {
        return QW_ERR_REFUSED;
    }
    *cause = "the card is nobody's"; /* U4 */
    if (card->device.state == QW_DEVICE_ACTIVE && !qw_card_may_work(centre, &card->device)) {
        return QW_ERR_REFUSED;
    }
    *cause = "another epoch";
    return contact->report.epoch == epoch ? QW_OK : QW_ERR_REFUSED;
}

/* Spends one session's bytes at max(centre's position, card's position) and gives up all before. */
static qw_err spend(struct qw_pool *pool, uint64_t card_position, uint64_t *position,
                    uint8_t out[static QW_LINK_GRANT_AUTH_LEN])
{
    uint64_t at = card_position > pool->position ? card_position : pool->position;
    uint64_t end = pool->position + pool->len;
    size_t skip;
    size_t left;

    if (at > end || end - at < QW_LINK_GRANT_AUTH_LEN) {
        return QW_ERR_EXHAUSTED;
    }
    skip = (size_t)(at - pool->position);
    left = pool->len - skip - QW_LINK_GRANT_AUTH_LEN;
    memcpy(out, pool->bytes + skip, QW_LINK_GRANT_AUTH_LEN);
    memmove(pool->bytes, pool->bytes + skip + QW_LINK_GRANT_AUTH_LEN, left);
    qw_wipe(pool->bytes + left, pool->len - left);
    pool->position = at + QW_LINK_GRANT_AUTH_LEN;
    pool->len = (uint16_t)left;
    *position = at;
    return QW_OK;
}

static qw_err make_grant(struct qw_centre *centre, struct contact *contact)
{
    struct qw_card_book *card = &centre->card;
    struct qw_link_grant grant = { 0 };
    struct qw_card_keys keys = { 0 };
    qw_err err = qw_random_bytes(contact->session.id, sizeof contact->session.id);

    memcpy(grant.session_id, contact->session.id, sizeof grant.session_id);
    if (err == QW_OK) {
        err = spend(&card->up, contact->report.pool_up_position, &grant.up_position, grant.up);
    }
    if (err == QW_OK) {
        err = spend(&card->down, contact->report.pool_down_position, &grant.down_position,
                    grant.down);
    }
    if (err == QW_OK) {
        err = qw_card_keys_derive(centre->holder.card_key, &keys);
    }
    if (err == QW_OK) {
        err = qw_link_grant_seal(&grant, keys.wrap, contact->grant);
    }
    qw_wipe(&keys, sizeof keys);
    qw_wipe(&grant, sizeof grant);
    return err;
}

static void note_sighting(struct qw_card_book *card, const struct contact *contact)
{
    memmove(&card->seen[1], &card->seen[0], (QW_SIGHTING_COUNT - 1) * sizeof card->seen[0]);
    card->seen[0].counter = contact->report.counter;
    memcpy(card->seen[0].digest, contact->digest, sizeof contact->digest);
    if (card->seen_count < QW_SIGHTING_COUNT) {
        card->seen_count++;
    }
    card->device.counter = contact->report.counter;
    card->device.remaining_keys = contact->report.remaining_keys;
    card->device.last_contact_ms = qw_clock_utc_ms();
}

/* Ends the session before, if there is one, and begins the new one. */
static void begin_session(struct qw_centre *centre, struct qw_group *group, struct contact *contact)
{
    struct qw_card_book *card = &centre->card;
    struct qw_session before;
    qw_err err =
        card->has_session ? qw_session_load(centre, card->session_id, &before) : QW_ERR_NOT_FOUND;

    if (err == QW_OK) {
        qw_session_remove(centre, group, &before);
    } else if (err != QW_ERR_NOT_FOUND) {
        qw_group_fail(group, err);
    }
    memcpy(contact->session.device, card->device.id, sizeof contact->session.device);
    memcpy(contact->session.access_point, contact->caller->id,
           sizeof contact->session.access_point);
    contact->session.wants_fresh = contact->report.wants_fresh;
    contact->session.wanted_keys = contact->report.wanted_keys;
    contact->session.created_ms = card->device.last_contact_ms;
    qw_session_put(centre, group, &contact->session);
    card->has_session = true;
    memcpy(card->session_id, contact->session.id, sizeof card->session_id);
}

static qw_err suspend(struct qw_centre *centre, const struct qw_deed *deed, const char *cause)
{
    struct qw_card_book *card = &centre->card;
    struct qw_group group;

    qw_group_begin(centre, &group);
    qw_group_fail(&group,
                  qw_device_next(card->device.state, QW_DEVICE_SUSPEND, &card->device.state));
    card->device.is_cloned = true;
    qw_card_end_session(centre, &group, card);
    qw_card_book_put(centre, &group, card);
    return qw_group_commit_refusal(centre, &group, deed, QW_ERR_REFUSED, cause);
}

/* The report is good: everything that follows from it, in one group. */
static qw_err accept_report(struct qw_centre *centre, const struct qw_deed *deed,
                            struct contact *contact, bool is_receipt)
{
    struct qw_card_book *card = &centre->card;
    const struct qw_contact_report *report = &contact->report;
    struct qw_group group;
    const char *cause = NULL;
    qw_err err = QW_OK;

    qw_group_begin(centre, &group);
    if (is_receipt) {
        qw_confirm_pending(centre, &group, card);
        err = group.err;
    }
    if (err == QW_OK && (report->next_index != card->next_index ||
                         report->pool_up_end != card->up.position + card->up.len ||
                         report->pool_down_end != card->down.position + card->down.len)) {
        cause = "index or pools are not those of the card's last package";
        err = QW_ERR_REFUSED;
    }
    if (err == QW_OK) {
        err = make_grant(centre, contact);
        cause = err == QW_ERR_EXHAUSTED ? "authentication pool used up" : NULL;
    }
    if (err != QW_OK) {
        qw_group_drop(&group);
        return cause == NULL ? err : qw_centre_refuse(centre, deed, err, cause);
    }
    note_sighting(card, contact);
    begin_session(centre, &group, contact);
    qw_card_book_put(centre, &group, card);
    return qw_group_commit(centre, &group, deed, is_receipt ? "and receipt of the package" : "");
}

/* C2 of docs/protocol/card-destroy.md. */
static qw_err give_order(struct qw_centre *centre, const struct qw_deed *deed,
                         struct contact *contact)
{
    struct qw_card_book *card = &centre->card;
    struct qw_group group;
    qw_err err = contact->is_of_next ? qw_fusion_end(card) : QW_OK; /* the order has to fit it */

    if (err == QW_OK) {
        err = qw_destruction_order(card, contact->order);
    }
    if (err != QW_OK) {
        return err;
    }
    contact->order_len = QW_ORDER_LEN;
    qw_group_begin(centre, &group);
    if (contact->is_of_next) {
        qw_card_book_put(centre, &group, card);
    }
    return qw_group_commit_refusal(centre, &group, deed, QW_ERR_STATE,
                                   "destroyed: the order goes to the card");
}

/* C3: the contact of a card that is gone. */
static qw_err take_proof(struct qw_centre *centre, struct contact *contact,
                         const uint8_t serial[static 16])
{
    struct qw_deed deed = { .caller = contact->caller, .verb = "destroy-proof", .object = "card" };
    qw_err err = qw_card_book_load_by_serial(centre, serial, &centre->card);

    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND
                   ? qw_centre_refuse(centre, &deed, QW_ERR_REFUSED, "unknown card")
                   : err;
    }
    deed.object = centre->card.device.id;
    err = qw_destruction_book(centre, &deed, contact->data, contact->len, contact->order);
    if (err != QW_OK) {
        return err;
    }
    contact->order_len = QW_ORDER_DONE_MESSAGE_LEN;
    return QW_ERR_STATE;
}

/* C1 to C6 of docs/protocol/authentication.md over the air. QW_ERR_FORMAT: it is none of that. */
static qw_err take_authentication(struct qw_centre *centre, struct contact *contact)
{
    char name[QW_CERTIFICATE_URI_CAP];
    struct qw_auth_proof proof;
    size_t len = QW_AUTH_ANSWER_LEN;
    qw_err err;

    if (qw_auth_ask_read(contact->data, contact->len, name) == QW_OK) {
        err = qw_auth_challenge_inside(centre, name, contact->order, &len);
    } else if (qw_auth_proof_read(contact->data, contact->len, &proof) == QW_OK) {
        err = qw_authenticate_inside(centre, contact->caller, contact->data, contact->len,
                                     contact->order);
    } else {
        return QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        contact->order_len = len;
        return QW_ERR_STATE;
    }
    return err == QW_ERR_IO || err == QW_ERR_NOMEM || err == QW_ERR_TIMEOUT ? err : QW_ERR_REFUSED;
}

static qw_err make_contact(struct qw_centre *centre, struct contact *contact)
{
    struct qw_deed deed = { .caller = contact->caller, .verb = "contact", .object = "card" };
    uint8_t serial[16];
    const char *cause = NULL;
    enum verdict verdict;
    qw_err err = qw_access_point_load(centre, contact->caller->id);

    if (err == QW_ERR_REFUSED) {
        return qw_centre_refuse(centre, &deed, err, "the access point is not in service");
    }
    if (err == QW_OK && qw_destroy_proof_peek(contact->data, contact->len, serial) == QW_OK) {
        return take_proof(centre, contact, serial);
    }
    if (err == QW_OK) {
        err = take_authentication(centre, contact);
        if (err != QW_ERR_FORMAT) {
            return err;
        }
        err = open_report(centre, contact, &cause);
    }
    if (err == QW_OK) {
        deed.object = centre->card.device.id;
        err = check_card(centre, contact, &cause);
    }
    if (err == QW_ERR_REFUSED) {
        return qw_centre_refuse(centre, &deed, err, cause);
    }
    if (err == QW_ERR_STATE) {
        return give_order(centre, &deed, contact);
    }
    if (err != QW_OK) {
        return err;
    }
    verdict = judge(&centre->card, contact, &cause);
    if (verdict == CLONED) {
        return suspend(centre, &deed, cause); /* S6 */
    }
    if (verdict == REFUSED) {
        return qw_centre_refuse(centre, &deed, QW_ERR_REFUSED, cause);
    }
    if (qw_centre_is_paused(centre)) { /* orders go out all the same; nothing is spent yet */
        return QW_ERR_PAUSED;
    }
    return accept_report(centre, &deed, contact, verdict == GOOD_AND_RECEIPT);
}

qw_err qw_centre_contact(struct qw_centre *centre, const struct qw_caller *caller,
                         const uint8_t *report, size_t len, struct qw_contact_answer *answer)
{
    struct qw_deed deed = { .caller = caller, .verb = "contact", .object = "card" };
    struct contact contact = { .caller = caller, .data = report, .len = len };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_ACCESS_POINT)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    qw_centre_enter(centre);
    err = make_contact(centre, &contact);
    qw_centre_leave(centre);
    if (err == QW_OK || (err == QW_ERR_STATE && contact.order_len > 0)) {
        memcpy(answer->session_id, contact.session.id, sizeof contact.session.id);
        memcpy(answer->grant, contact.grant, sizeof contact.grant);
        memcpy(answer->order, contact.order, contact.order_len);
        answer->order_len = contact.order_len;
    }
    qw_wipe(&contact, sizeof contact);
    return err;
}
