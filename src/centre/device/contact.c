/* SPDX-License-Identifier: Apache-2.0 */
/* R3 of docs/protocol/refill.md: a card reports, through an access point, and the centre judges
 * (device/report.h) and answers. */
#include "base/clock.h"
#include "base/secret.h"
#include "centre/authentication/inside.h"
#include "centre/device/binding.h"
#include "centre/device/card_book.h"
#include "centre/device/destruction.h"
#include "centre/device/fusion.h"
#include "centre/device/grant.h"
#include "centre/device/issue.h"
#include "centre/device/report.h"
#include "centre/device/session.h"
#include "crypto/random.h"

#include <string.h>

struct contact { /* one call */
    const struct qw_caller *caller;
    const uint8_t *data;
    size_t len;
    struct qw_report report;
    struct qw_session session;
    uint8_t grant[QW_LINK_GRANT_LEN];
    uint8_t order[QW_CONTACT_ORDER_MAX];
    size_t order_len;
};

/* The card may contact at all. QW_ERR_STATE: it is to be destroyed. */
static qw_err check_card(const struct qw_centre *centre, const struct contact *contact,
                         const char **cause)
{
    const struct qw_card_book *card = &centre->card;
    uint32_t epoch = card->device.epoch + (contact->report.is_of_next ? 1 : 0);

    *cause = qw_device_state_names[card->device.state];
    if (card->device.destruction == QW_DESTRUCTION_ORDERED &&
        qw_device_is_carrier(card->device.kind) && contact->report.said.epoch == epoch) {
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
    return contact->report.said.epoch == epoch ? QW_OK : QW_ERR_REFUSED;
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
    contact->session.wants_fresh = contact->report.said.wants_fresh;
    contact->session.wanted_keys = contact->report.said.wanted_keys;
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
    const struct qw_contact_report *report = &contact->report.said;
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
        err = qw_random_bytes(contact->session.id, sizeof contact->session.id);
    }
    if (err == QW_OK) {
        err = qw_grant_make(centre, contact->session.id, report, contact->grant);
        cause = err == QW_ERR_EXHAUSTED ? "authentication pool used up" : NULL;
    }
    if (err != QW_OK) {
        qw_group_drop(&group);
        return cause == NULL ? err : qw_centre_refuse(centre, deed, err, cause);
    }
    qw_report_note(card, &contact->report, qw_clock_utc_ms());
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
    qw_err err =
        contact->report.is_of_next ? qw_fusion_end(card) : QW_OK; /* the order has to fit it */

    if (err == QW_OK) {
        err = qw_destruction_order(card, contact->order);
    }
    if (err != QW_OK) {
        return err;
    }
    contact->order_len = QW_ORDER_LEN;
    qw_group_begin(centre, &group);
    if (contact->report.is_of_next) {
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
    enum qw_report_verdict verdict;
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
        err = qw_report_open(centre, contact->data, contact->len, &contact->report, &cause);
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
    verdict = qw_report_judge(&centre->card, &contact->report, &cause);
    if (verdict == QW_REPORT_CLONED) {
        return suspend(centre, &deed, cause); /* S6 */
    }
    if (verdict == QW_REPORT_REFUSED) {
        return qw_centre_refuse(centre, &deed, QW_ERR_REFUSED, cause);
    }
    if (qw_centre_is_paused(centre)) { /* orders go out all the same; nothing is spent yet */
        return QW_ERR_PAUSED;
    }
    return accept_report(centre, &deed, contact, verdict == QW_REPORT_IS_RECEIPT);
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
