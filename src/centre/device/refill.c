/* SPDX-License-Identifier: Apache-2.0 */
/* R6 and R10 of docs/protocol/refill.md: the package of a radio session, its receipt, its end. How
 * much of a package is pool and how much is keys: docs/adr/0008-pool-top-up-in-package.md. */
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/device/issue.h"
#include "centre/device/package_record.h"
#include "centre/device/session.h"
#include "centre/key/stock.h"
#include "centre/pair/fresh.h"
#include "centre/people/unit_use.h"
#include "crypto/aead.h"

#include <stdio.h>
#include <string.h>

enum { AAD_LEN = 13 + 16, SESSION_COST = 2 * QW_LINK_GRANT_AUTH_LEN };

struct refill { /* one call of qw_centre_package */
    const struct qw_caller *caller;
    const uint8_t *session_id;
    size_t pad_len;
    const uint8_t *fresh_key; /* NULL: none was taken from the source */
    uint8_t *out;
    size_t cap;
    size_t *len;
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t whole_keys(size_t bytes)
{
    return bytes / QW_KEY_LEN * QW_KEY_LEN;
}

static size_t pool_gap(const struct qw_centre *centre, const struct qw_pool *pool)
{
    size_t full = centre->config.pool_bytes;

    return pool->len >= full ? 0 : whole_keys(full - pool->len);
}

/* Divides the room between pools and keys: the pools get back at least what the session has cost,
 * at most half of the room; keys get the rest. False when not even that much fits, so that a
 * session is never a loss. A FRESH key goes first: it was asked for now. */
static bool divide(const struct qw_centre *centre, const struct qw_session *session, size_t pad_len,
                   struct qw_issue *issue)
{
    const struct qw_card_book *card = &centre->card;
    size_t up = pool_gap(centre, &card->up);
    size_t down = pool_gap(centre, &card->down);
    size_t fixed = qw_package_sealed_len(issue->kind, card->device.id, 0, 0, 0);
    size_t room = pad_len < fixed ? 0 : pad_len - fixed;
    bool is_fresh = issue->kind == QW_PACKAGE_FRESH;
    size_t pools;

    if (room < QW_KEY_LEN || (!is_fresh && room < SESSION_COST + QW_KEY_LEN)) {
        return false;
    }
    pools =
        is_fresh || room / 2 < SESSION_COST ? smaller(room - QW_KEY_LEN, SESSION_COST) : room / 2;
    issue->pool_up = (uint16_t)smaller(up, whole_keys(pools / 2));
    issue->pool_down = (uint16_t)smaller(down, whole_keys(pools - issue->pool_up));
    issue->pool_up = (uint16_t)smaller(up, whole_keys(pools - issue->pool_down));
    room -= (size_t)issue->pool_up + issue->pool_down;
    issue->keys = (uint16_t)(is_fresh ? 1
                                      : smaller(smaller(room / QW_KEY_LEN, session->wanted_keys),
                                                QW_PACKAGE_KEYS_MAX));
    return issue->keys > 0;
}

/* Less in stock than fits: pools first, then keys, but at least one key. */
static bool cut_to_stock(const struct qw_centre *centre, struct qw_issue *issue)
{
    size_t have = (size_t)smaller(qw_stock_free(centre), QW_CARVE_MAX);
    size_t wanted = qw_issue_keys_from_stock(issue);
    size_t pools = wanted - (issue->kind == QW_PACKAGE_FRESH ? 0 : issue->keys);

    if (wanted <= have) {
        return true;
    }
    if (issue->kind == QW_PACKAGE_FRESH) { /* its key is not from stock */
        issue->pool_up = 0;
        issue->pool_down = 0;
        return true;
    }
    if (have <= pools) {
        return false;
    }
    issue->keys = (uint16_t)(have - pools);
    return true;
}

/* Seals what is in centre->package for the access point and gives it to the caller. */
static qw_err wrap_for_access_point(struct qw_centre *centre, const struct refill *refill,
                                    size_t sealed_len)
{
    struct qw_card_keys keys;
    uint8_t aad[AAD_LEN];
    qw_err err = qw_card_keys_derive(centre->holder.card_key, &keys);

    memcpy(aad, "qwave package", 13);
    memcpy(aad + 13, refill->session_id, 16);
    if (err == QW_OK) {
        err = qw_aead_seal(QW_AEAD_AES256_GCM, keys.wrap, (struct qw_bytes){ aad, sizeof aad },
                           centre->package, sealed_len, refill->out);
    }
    qw_wipe(&keys, sizeof keys);
    if (err == QW_OK) {
        *refill->len = sealed_len + QW_AEAD_OVERHEAD;
    }
    return err;
}

static qw_err give_pending(struct qw_centre *centre, const struct qw_deed *deed,
                           const struct refill *refill)
{
    struct qw_package_record package;
    struct qw_group group;
    qw_err err = qw_package_record_load(centre, centre->card.pending_id, &package, NULL);

    if (err != QW_OK) {
        return err;
    }
    if (package.sealed_len == 0) {
        return QW_ERR_IO; /* what is pending for a card in service was sealed for it */
    }
    /* It may be on the card already, so no other package can take its place (S2). */
    if (package.sealed_len > refill->pad_len) {
        return qw_centre_refuse(centre, deed, QW_ERR_EXHAUSTED,
                                "the pending package is longer than the pad");
    }
    if (package.sealed_len + QW_AEAD_OVERHEAD > refill->cap) {
        return QW_ERR_SPACE;
    }
    qw_group_begin(centre, &group);
    err = qw_group_commit(centre, &group, deed, "the pending package again");
    return err == QW_OK ? wrap_for_access_point(centre, refill, package.sealed_len) : err;
}

static qw_err make_package(struct qw_centre *centre, const struct qw_deed *deed,
                           const struct refill *refill, struct qw_session *session,
                           struct qw_issue *issue)
{
    struct qw_card_book *card = &centre->card;
    struct qw_group group;
    size_t sealed_len = 0;
    char detail[96];
    qw_err err;

    qw_group_begin(centre, &group);
    err = qw_unit_use_keys(centre, &group, card->device.unit, issue->keys, &issue->charge);
    if (err != QW_OK) {
        qw_group_drop(&group);
        return err == QW_ERR_LIMIT || err == QW_ERR_FULL
                   ? qw_centre_refuse(centre, deed, err, qw_unit_use_cause(err))
                   : err;
    }
    qw_issue_package(centre, &group, card, issue, &sealed_len);
    if (issue->kind == QW_PACKAGE_FRESH) {
        session->wants_fresh = false;
        qw_session_put(centre, &group, session);
    }
    qw_card_book_put(centre, &group, card);
    (void)snprintf(detail, sizeof detail, "%s, %u keys, pools %u+%u bytes",
                   issue->kind == QW_PACKAGE_FRESH  ? "fresh"
                   : issue->kind == QW_PACKAGE_FUSE ? "fusion"
                                                    : "refill",
                   (unsigned)issue->keys, (unsigned)issue->pool_up, (unsigned)issue->pool_down);
    err = qw_group_commit(centre, &group, deed, detail);
    return err == QW_OK ? wrap_for_access_point(centre, refill, sealed_len) : err;
}

static qw_err new_package(struct qw_centre *centre, const struct qw_deed *deed,
                          const struct refill *refill, struct qw_session *session)
{
    struct qw_issue issue = { .kind = session->wants_fresh ? QW_PACKAGE_FRESH
                                      : centre->card.device.fusion == QW_FUSION_ASKED
                                          ? QW_PACKAGE_FUSE
                                          : QW_PACKAGE_REFILL,
                              .fresh_key = refill->fresh_key };
    struct qw_card_keys keys;
    qw_err err;

    if (issue.kind == QW_PACKAGE_FRESH && issue.fresh_key == NULL) {
        return qw_centre_refuse(centre, deed, QW_ERR_EXHAUSTED, "the source gives nothing now");
    }
    if (!divide(centre, session, refill->pad_len, &issue)) {
        return qw_centre_refuse(centre, deed, QW_ERR_EXHAUSTED, "the pad is too short for a gain");
    }
    if (!cut_to_stock(centre, &issue)) {
        return qw_centre_refuse(centre, deed, QW_ERR_EXHAUSTED, "not enough keys in stock");
    }
    if (refill->cap < QW_AEAD_OVERHEAD + qw_package_sealed_len(issue.kind, centre->card.device.id,
                                                               issue.keys, issue.pool_up,
                                                               issue.pool_down)) {
        return QW_ERR_SPACE;
    }
    err = qw_stock_lease(centre, qw_issue_keys_from_stock(&issue));
    if (err == QW_OK) {
        err = qw_card_keys_derive(centre->card.card_key, &keys);
    }
    if (err == QW_OK) {
        issue.wrap_key = keys.wrap;
        err = make_package(centre, deed, refill, session, &issue);
        qw_wipe(&keys, sizeof keys);
    }
    return err;
}

static qw_err give_package(struct qw_centre *centre, const struct qw_deed *deed,
                           const struct refill *refill)
{
    struct qw_session session;
    struct qw_deed known = *deed;
    const char *cause;
    qw_err err = qw_session_enter(centre, refill->caller, refill->session_id, &session, &cause);

    if (err == QW_ERR_REFUSED) {
        return qw_centre_refuse(centre, deed, err, cause);
    }
    if (err != QW_OK) {
        return err;
    }
    known.object = session.device;
    return centre->card.has_pending ? give_pending(centre, &known, refill)
                                    : new_package(centre, &known, refill, &session);
}

/* The source may be slow or far away: it is asked before the mutex is taken, and only when the
 * session is waiting for a fresh key. */
static qw_err needs_fresh_key(struct qw_centre *centre, const struct qw_caller *caller,
                              const uint8_t session_id[static 16], bool *needed)
{
    struct qw_session session;
    const char *cause;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_session_enter(centre, caller, session_id, &session, &cause);
    *needed = err == QW_OK && session.wants_fresh && !centre->card.has_pending;
    qw_centre_leave(centre);
    return err == QW_ERR_REFUSED ? QW_OK : err; /* refused, and written down, a moment later */
}

qw_err qw_centre_package(struct qw_centre *centre, const struct qw_caller *caller,
                         const uint8_t session_id[static 16], size_t pad_len, uint8_t *out,
                         size_t cap, size_t *len)
{
    struct qw_deed deed = { .caller = caller, .verb = "package", .object = "session" };
    struct refill refill = { .caller = caller,
                             .session_id = session_id,
                             .pad_len = pad_len,
                             .out = out,
                             .cap = cap,
                             .len = len };
    uint8_t fresh[QW_KEY_LEN];
    bool needed;
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_ACCESS_POINT)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (qw_centre_is_paused(centre)) {
        return QW_ERR_PAUSED;
    }
    err = needs_fresh_key(centre, caller, session_id, &needed);
    if (err != QW_OK) {
        return err;
    }
    if (needed) {
        refill.fresh_key = qw_fresh_take(centre, fresh, sizeof fresh) == QW_OK ? fresh : NULL;
    }
    qw_centre_enter(centre);
    err = give_package(centre, &deed, &refill);
    qw_centre_leave(centre);
    qw_wipe(fresh, sizeof fresh);
    return err;
}

static qw_err take_receipt(struct qw_centre *centre, const struct qw_deed *deed,
                           const uint8_t session_id[static 16], const uint8_t *receipt, size_t len)
{
    struct qw_session session;
    struct qw_deed known = *deed;
    struct qw_group group;
    const char *cause;
    bool is_repeat = false;
    qw_err err = qw_session_enter(centre, deed->caller, session_id, &session, &cause);

    if (err == QW_ERR_REFUSED) {
        return qw_centre_refuse(centre, deed, err, cause);
    }
    if (err != QW_OK) {
        return err;
    }
    known.object = session.device;
    qw_group_begin(centre, &group);
    err = qw_take_receipt(centre, &group, &centre->card, receipt, len, &is_repeat);
    if (err != QW_OK) {
        qw_group_drop(&group);
        return qw_centre_refuse(centre, &known, err, "the receipt is not for the pending package");
    }
    if (!is_repeat) {
        qw_card_book_put(centre, &group, &centre->card);
    }
    return qw_group_commit(centre, &group, &known, is_repeat ? "the receipt again" : "");
}

qw_err qw_centre_receipt(struct qw_centre *centre, const struct qw_caller *caller,
                         const uint8_t session_id[static 16], const uint8_t *receipt, size_t len)
{
    struct qw_deed deed = { .caller = caller, .verb = "receipt", .object = "session" };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_ACCESS_POINT)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    qw_centre_enter(centre);
    err = take_receipt(centre, &deed, session_id, receipt, len);
    qw_centre_leave(centre);
    return err;
}

static qw_err end_session(struct qw_centre *centre, const struct qw_deed *deed,
                          const uint8_t session_id[static 16], unsigned refusal)
{
    struct qw_session session;
    struct qw_deed known = *deed;
    struct qw_group group;
    char detail[32];
    qw_err err = qw_session_load(centre, session_id, &session);

    if (err == QW_ERR_NOT_FOUND ||
        (err == QW_OK && strcmp(session.access_point, deed->caller->id) != 0)) {
        return qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "no such session");
    }
    if (err != QW_OK) {
        return err;
    }
    known.object = session.device;
    (void)snprintf(detail, sizeof detail, "refusal %u", refusal);
    qw_group_begin(centre, &group);
    qw_session_remove(centre, &group, &session);
    return qw_group_commit(centre, &group, &known, refusal == 0 ? "" : detail);
}

qw_err qw_centre_session_end(struct qw_centre *centre, const struct qw_caller *caller,
                             const uint8_t session_id[static 16], unsigned refusal)
{
    struct qw_deed deed = { .caller = caller, .verb = "session-end", .object = "session" };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_ACCESS_POINT)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    qw_centre_enter(centre);
    err = end_session(centre, &deed, session_id, refusal);
    qw_centre_leave(centre);
    return err;
}
