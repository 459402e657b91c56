/* SPDX-License-Identifier: Apache-2.0 */
/* Other shares, of another master key, over the same KEK [C6]; X1 to X5 of
 * docs/protocol/ceremony.md, ADR 0099. */
#include "base/clock.h"
#include "base/secret.h"
#include "centre/approval/approval.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"
#include "centre/share/share_desk_inside.h"
#include "centre/unseal.h"
#include "crypto/share/custody_quorum.h"

#include <stdio.h>
#include <string.h>

static bool numbers_are_fine(unsigned threshold, unsigned officers)
{
    return threshold >= QW_QUORUM_MIN && threshold <= officers && officers <= QW_OFFICERS_MAX;
}

bool qw_share_change_parse(const char *text, uint8_t *threshold, uint8_t *officers)
{
    char again[32];
    unsigned t = 0;
    unsigned n = 0;

    /* One spelling each, so the same wish is the same request: read, and compared as written. */
    if (strlen(text) > 8 || sscanf(text, "%2u-of-%2u", &t, &n) != 2 || !numbers_are_fine(t, n)) {
        return false;
    }
    (void)snprintf(again, sizeof again, "%u-of-%u", t, n);
    if (strcmp(again, text) != 0) {
        return false;
    }
    *threshold = (uint8_t)t;
    *officers = (uint8_t)n;
    return true;
}

/* X1. approved: what becomes durable with it, or NULL. */
static qw_err begin(struct qw_centre *centre, const struct qw_deed *deed, uint8_t threshold,
                    uint8_t officers, const struct qw_request_record *approved)
{
    struct qw_share_desk *desk = centre->shares;
    struct qw_group group;
    char detail[QW_AUDIT_TEXT_CAP];
    qw_err err;

    if (desk->step != QW_SHARE_IDLE) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "something is under way");
    }
    err = qw_share_set_read(&desk->now, centre->config.store);
    if (err == QW_ERR_STATE) {
        return qw_centre_refuse(centre, deed, err, "no quorum keeps the master key");
    }
    if (err != QW_OK) {
        return err;
    }
    (void)snprintf(detail, sizeof detail, "begun: %u of %u instead of %u of %u", threshold,
                   officers, desk->now.ceremony.threshold, desk->now.ceremony.officers);
    qw_group_begin(centre, &group);
    if (approved != NULL) {
        qw_request_put(centre, &group, approved);
    }
    err = qw_group_commit(centre, &group, deed, detail);
    if (err == QW_OK) {
        desk->step = QW_SHARE_ENTERING;
        desk->last_ms = qw_clock_monotonic_ms();
        desk->next.threshold = threshold;
        desk->next.officers = officers;
    }
    return err;
}

qw_err qw_centre_share_begin(struct qw_centre *centre, const struct qw_caller *caller,
                             uint8_t threshold, uint8_t officers)
{
    struct qw_deed deed = { .caller = caller,
                            .verb = "share-change",
                            .object = centre->config.centre_id };
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_SHARE_CHANGE, QW_UNIT_ROOT);
    if (err == QW_OK && !numbers_are_fine(threshold, officers)) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK && qw_approval_is_needed(centre, QW_REQUEST_SHARE_CHANGE)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, "needs two officers");
    }
    if (err == QW_OK) {
        err = begin(centre, &deed, threshold, officers, NULL);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_share_change_approved(struct qw_centre *centre, const struct qw_deed *deed,
                                const struct qw_request_record *request)
{
    uint8_t threshold;
    uint8_t officers;

    return qw_share_change_parse(request->request.object, &threshold, &officers)
               ? begin(centre, deed, threshold, officers, request)
               : QW_ERR_IO; /* it was looked at when it was asked */
}

qw_err qw_share_change_draw(struct qw_share_desk *desk, const uint8_t kek[static QW_KEK_LEN])
{
    uint8_t *master = qw_secret_new(QW_MASTER_KEY_LEN);
    struct qw_custody custody = { 0 };
    qw_err err = master == NULL ? QW_ERR_NOMEM : QW_OK;

    if (err == QW_OK) {
        err = qw_ceremony_hold(desk->next.threshold, desk->next.officers, &desk->next, desk->share,
                               master);
    }
    if (err == QW_OK) {
        err = qw_custody_quorum(&desk->next, master, &custody);
    }
    if (err == QW_OK) {
        err = custody.wrap(custody.self, kek, desk->wrapped, sizeof desk->wrapped,
                           &desk->wrapped_len);
    }
    qw_custody_close(&custody);
    qw_secret_free(master);
    return err;
}

/* The caller's place, else the first that is nobody's, else QW_OFFICERS_MAX. */
static size_t place_of(const struct qw_share_desk *desk, const struct qw_caller *caller,
                       bool or_free)
{
    size_t free = QW_OFFICERS_MAX;

    for (size_t i = desk->next.officers; i-- > 0;) {
        if (strcmp(desk->place[i].holder, caller->id) == 0) {
            return i;
        }
        if (desk->place[i].holder[0] == '\0') {
            free = i;
        }
    }
    return or_free ? free : QW_OFFICERS_MAX;
}

/* The right, the step, and the caller's place. */
static qw_err reach_place(struct qw_centre *centre, const struct qw_deed *deed, bool or_free,
                          size_t *place)
{
    struct qw_share_desk *desk = centre->shares;
    qw_err err = qw_right_check(centre, deed, QW_RIGHT_SHARE_HOLD, QW_UNIT_ROOT);

    if (err != QW_OK) {
        return err;
    }
    if (desk->step != QW_SHARE_HANDING) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "no shares are given out");
    }
    *place = place_of(desk, deed->caller, or_free);
    if (*place == QW_OFFICERS_MAX) {
        return qw_centre_refuse(centre, deed, or_free ? QW_ERR_CONFLICT : QW_ERR_STATE,
                                or_free ? "all are taken" : "he has taken none");
    }
    if (desk->place[*place].is_confirmed) {
        return qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "confirmed already");
    }
    return QW_OK;
}

qw_err qw_centre_share_take(struct qw_centre *centre, const struct qw_caller *caller,
                            uint8_t out[static QW_SHARE_LEN])
{
    struct qw_deed deed = { .caller = caller,
                            .verb = "share-take",
                            .object = centre->config.centre_id };
    struct qw_share_desk *desk = centre->shares;
    struct qw_group group;
    char detail[QW_AUDIT_TEXT_CAP];
    size_t place = 0;
    qw_err err;

    qw_centre_enter(centre);
    err = reach_place(centre, &deed, true, &place);
    if (err == QW_OK) {
        (void)snprintf(detail, sizeof detail, "share %zu of %u", place + 1, desk->next.officers);
        qw_group_begin(centre, &group);
        err = qw_group_commit(centre, &group, &deed, detail);
    }
    if (err == QW_OK) {
        memcpy(desk->place[place].holder, caller->id, sizeof desk->place[place].holder);
        desk->last_ms = qw_clock_monotonic_ms();
        qw_share_encode(&desk->share[place], out);
    }
    qw_centre_leave(centre);
    return err;
}

/* X5: from here on the shares of now are worth nothing. */
static qw_err replace(struct qw_centre *centre, const struct qw_deed *confirm, const char *detail)
{
    const struct qw_store *store = centre->config.store;
    struct qw_share_desk *desk = centre->shares;
    struct qw_deed change = { .caller = confirm->caller,
                              .verb = "share-change",
                              .object = confirm->object };
    struct qw_store_record there = { 0 };
    struct qw_group group;
    char done[QW_AUDIT_TEXT_CAP];
    qw_err err = store->get(store->self, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, &there);

    if (err != QW_OK) {
        return QW_ERR_IO;
    }
    if (there.len == desk->wrapped_len &&
        qw_equal_ct(there.blob, desk->wrapped, desk->wrapped_len)) {
        err = QW_OK; /* durable before, and nobody could say so then */
    } else if (there.len != desk->now.wrapped_len ||
               !qw_equal_ct(there.blob, desk->now.wrapped, there.len)) {
        qw_share_desk_clear(desk);
        err = qw_centre_refuse(centre, confirm, QW_ERR_STATE, "the custody changed meanwhile");
    } else {
        (void)snprintf(done, sizeof done, "done: %u of %u instead of %u of %u",
                       desk->next.threshold, desk->next.officers, desk->now.ceremony.threshold,
                       desk->now.ceremony.officers);
        qw_group_begin(centre, &group);
        qw_group_replace_plain(&group, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, there.version,
                               desk->wrapped, desk->wrapped_len);
        qw_group_note(&group, confirm, detail);
        err = qw_group_commit(centre, &group, &change, done);
    }
    qw_store_record_free(&there);
    return err;
}

static qw_err confirm(struct qw_centre *centre, const struct qw_deed *deed, size_t place,
                      bool *is_done)
{
    struct qw_share_desk *desk = centre->shares;
    struct qw_group group;
    char detail[QW_AUDIT_TEXT_CAP];
    unsigned confirmed = 1;
    qw_err err;

    for (size_t i = 0; i < QW_OFFICERS_MAX; i++) {
        confirmed += desk->place[i].is_confirmed ? 1 : 0;
    }
    (void)snprintf(detail, sizeof detail, "share %zu, %u of %u", place + 1, confirmed,
                   desk->next.officers);
    if (confirmed == desk->next.officers) {
        err = replace(centre, deed, detail);
        *is_done = err == QW_OK;
        if (err == QW_OK) {
            qw_share_desk_clear(desk);
        }
        return err;
    }
    qw_group_begin(centre, &group);
    err = qw_group_commit(centre, &group, deed, detail);
    if (err == QW_OK) {
        desk->place[place].is_confirmed = true;
        desk->last_ms = qw_clock_monotonic_ms();
    }
    return err;
}

/* Whether the bytes are the share that stands at the place. */
static bool is_share(const struct qw_share *share, const uint8_t *bytes, size_t len)
{
    uint8_t *right = qw_secret_new(QW_SHARE_LEN);
    bool is = false;

    if (right != NULL) {
        qw_share_encode(share, right);
        is = len == QW_SHARE_LEN && qw_equal_ct(right, bytes, QW_SHARE_LEN);
    }
    qw_secret_free(right);
    return is;
}

qw_err qw_centre_share_confirm(struct qw_centre *centre, const struct qw_caller *caller,
                               const uint8_t *bytes, size_t len, bool *is_done)
{
    struct qw_deed deed = { .caller = caller,
                            .verb = "share-confirm",
                            .object = centre->config.centre_id };
    size_t place = 0;
    bool done = false;
    qw_err err;

    qw_centre_enter(centre);
    err = reach_place(centre, &deed, false, &place);
    if (err == QW_OK && !is_share(&centre->shares->share[place], bytes, len)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_AUTH, "not the share that he was given");
    }
    if (err == QW_OK) {
        err = confirm(centre, &deed, place, &done);
    }
    qw_centre_leave(centre);
    if (err == QW_OK) {
        *is_done = done;
    }
    return err;
}
