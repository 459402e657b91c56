/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/refill.h"

#include "api/contact.h"
#include "api/package.h"
#include "base/secret.h"

#include <stdlib.h>

enum {
    PACKAGE_TIMEOUT_MS = 60000, /* the access point asks its centre meanwhile */
    DONE_TIMEOUT_MS = 60000,
    /* Pool bytes per direction that the centre may put into the same package; a wrong guess only
     * makes a session a little too long or a package a little smaller. */
    POOL_ALLOWANCE_LEN = 256,
    WANTED_BITS_MIN = 256
};

/* What the callbacks of the radio session see. */
struct contact {
    struct qw_card *card;
    const struct qw_log *log;
    bool is_destroyed;
};

static qw_err take_auth(void *self, uint64_t up_position, uint64_t down_position,
                        uint8_t up[static QW_PLKG_AUTH_LEN], uint8_t down[static QW_PLKG_AUTH_LEN])
{
    struct contact *contact = self;
    qw_err err = qw_card_take_auth(contact->card, up_position, down_position, up, down); /* R4 */

    if (err == QW_OK) {
        qw_log_write(contact->log, QW_LOG_INFO, "R4 pool bytes up to %llu and %llu are given up",
                     (unsigned long long)up_position + QW_PLKG_AUTH_LEN,
                     (unsigned long long)down_position + QW_PLKG_AUTH_LEN);
    }
    return err;
}

/* K2-K5 of docs/protocol/card-destroy.md. */
static void take_order(void *self, const uint8_t *order, size_t len)
{
    struct contact *contact = self;
    uint8_t report[QW_CONTACT_REPORT_LEN];
    qw_err err = qw_card_destroy(contact->card, order, len);

    /* After a failure on the way the card may be gone all the same: it says so itself. */
    contact->is_destroyed =
        err == QW_OK || qw_card_report(contact->card, false, 1, report) == QW_ERR_STATE;
    qw_log_write(contact->log, QW_LOG_WARNING,
                 contact->is_destroyed ? "K5 the card is destroyed by order of its centre"
                                       : "an order that is not for this card, or not of its "
                                         "centre, is ignored");
}

/* Key bits that carry a package of so many keys. */
static uint32_t wanted_bits(const struct qw_card_info *info, uint32_t keys)
{
    size_t len = qw_package_sealed_len(QW_PACKAGE_REFILL, info->owner, keys, POOL_ALLOWANCE_LEN,
                                       POOL_ALLOWANCE_LEN);
    uint32_t bits = (uint32_t)(8 * len);

    return bits < WANTED_BITS_MIN ? WANTED_BITS_MIN : bits;
}

/* R5: the distilled key. */
static qw_err distil(const struct qw_refill *refill, uint32_t wanted_keys,
                     struct qw_plkg_session **session, struct qw_refill_result *result)
{
    uint8_t report[QW_CONTACT_REPORT_LEN];
    struct contact contact = { .card = refill->card, .log = refill->log };
    struct qw_plkg_terminal terminal = {
        .party = { .policy = refill->policy,
                   .radio = refill->radio,
                   .wire = refill->wire,
                   .log = refill->log,
                   .replay_guard = refill->replay_guard,
                   .self = &contact },
        .terminal_id = refill->terminal_id,
        .contact = report,
        .contact_len = sizeof report,
        .tuning = refill->tuning,
        .take_auth = take_auth,
        .take_order = take_order,
    };
    struct qw_card_info info;
    qw_err err = qw_card_report(refill->card, refill->wants_fresh, wanted_keys, report); /* R1 */

    if (err != QW_OK) {
        return err;
    }
    qw_log_write(refill->log, QW_LOG_INFO, "R1 contact report made, %s",
                 refill->wants_fresh ? "a fresh key is wanted" : "a refill is wanted");
    qw_card_info(refill->card, &info);
    terminal.party.policy.wanted_bits = wanted_bits(&info, wanted_keys);
    err = qw_plkg_run_terminal(&terminal, session, &result->ledger);
    if (err == QW_OK) {
        qw_log_write(refill->log, QW_LOG_INFO, "R5 distilled %llu secret bits",
                     (unsigned long long)result->ledger.secret_bits);
    }
    result->is_destroyed = contact.is_destroyed;
    return contact.is_destroyed ? QW_ERR_STATE : err;
}

/* R7, R8: the package arrives and the card takes it. */
static qw_err take_package(const struct qw_refill *refill, struct qw_plkg_session *session,
                           uint8_t receipt[static QW_RECEIPT_LEN], struct qw_refill_result *result)
{
    static const uint8_t no_id[16];
    uint8_t *package = malloc(QW_PLKG_DATA_MAX); /* sealed under the card's wrap key */
    struct qw_card_info before, after;
    size_t len = 0;
    qw_err err;

    if (package == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_card_info(refill->card, &before);
    err = qw_plkg_receive(session, refill->wire, package, QW_PLKG_DATA_MAX, &len,
                          PACKAGE_TIMEOUT_MS); /* R7 */
    if (err == QW_OK) {
        err = qw_card_take_package(refill->card, package, len, receipt,
                                   refill->wants_fresh ? result->fresh_id : NULL,
                                   refill->wants_fresh ? result->fresh_key : NULL); /* R8 */
    }
    free(package);
    if (err != QW_OK) {
        return err;
    }
    qw_card_info(refill->card, &after);
    result->has_stored = true;
    result->has_fresh = refill->wants_fresh && !qw_equal_ct(result->fresh_id, no_id, sizeof no_id);
    /* Keys may have been used meanwhile: what came is what the index says. */
    result->added_keys =
        (uint32_t)(after.next_index - before.next_index) - (result->has_fresh ? 1 : 0);
    qw_log_write(refill->log, QW_LOG_INFO, "R8 package stored: %u keys for the stock%s",
                 result->added_keys, result->has_fresh ? ", one fresh key handed out" : "");
    return QW_OK;
}

/* R9, R11. Failing here loses nothing: the next report carries the new token. */
static void acknowledge(const struct qw_refill *refill, struct qw_plkg_session *session,
                        const uint8_t receipt[static QW_RECEIPT_LEN])
{
    uint8_t done[1];
    size_t len = 0;
    qw_err err = qw_plkg_send(session, refill->wire, receipt, QW_RECEIPT_LEN, true); /* R9 */

    if (err == QW_OK) {
        qw_log_write(refill->log, QW_LOG_INFO, "R9 receipt sent");
        err = qw_plkg_receive(session, refill->wire, done, sizeof done, &len,
                              DONE_TIMEOUT_MS); /* R11 */
    }
    if (err == QW_OK && len == 1 && done[0] == 0) {
        qw_log_write(refill->log, QW_LOG_INFO, "R11 the centre has the receipt");
    } else {
        qw_log_write(refill->log, QW_LOG_WARNING,
                     "no word that the receipt arrived (%s): the next contact tells the centre",
                     qw_err_text(err == QW_OK ? QW_ERR_FORMAT : err));
    }
}

qw_err qw_refill_run(const struct qw_refill *refill, struct qw_refill_result *result)
{
    uint32_t wanted_keys = refill->wants_fresh ? 1 : refill->wanted_keys;
    struct qw_plkg_session *session = NULL;
    uint8_t receipt[QW_RECEIPT_LEN];
    qw_err err;

    qw_assert(wanted_keys >= 1);
    if (wanted_keys > QW_PACKAGE_KEYS_MAX) {
        wanted_keys = QW_PACKAGE_KEYS_MAX;
    }
    *result = (struct qw_refill_result){ 0 };
    err = distil(refill, wanted_keys, &session, result);
    if (err == QW_OK) {
        err = take_package(refill, session, receipt, result);
    }
    if (err == QW_OK) {
        acknowledge(refill, session, receipt);
    }
    qw_plkg_session_free(session);
    return err;
}
