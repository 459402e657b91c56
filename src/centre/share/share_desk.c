/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of the master key while the centre is open: looking, entering for one of three purposes
 * [C6]; the steps
 * are those of docs/protocol/ceremony.md. */
#include "centre/share/share_desk.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/kek/order.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"
#include "centre/share/share_desk_inside.h"

#include <stdio.h>
#include <string.h>

enum { CALLERS = 64 };
static const double wrong_per_s = 0.5; /* and five at once, as at a sealed centre (C2) */

const char *const qw_share_step_names[QW_SHARE_STEP_COUNT] = { "idle", "rehearsing", "entering",
                                                               "handing", "rotating" };

static const struct purpose {
    const char *verb;        /* in the journal */
    enum qw_share_step step; /* in which shares come in */
    const char *under_way;   /* why no other share is taken then */
    const char *done;        /* with the last share */
} purposes[QW_SHARE_PURPOSE_COUNT] = {
    [QW_SHARE_TO_REHEARSE] = { "share-rehearse", QW_SHARE_REHEARSING, "a rehearsal is under way",
                               "rehearsed: these shares open this store" },
    [QW_SHARE_TO_CHANGE] = { "share-enter", QW_SHARE_ENTERING, "a change is under way",
                             "the shares open this store, others are made" },
    [QW_SHARE_TO_ROTATE] = { "share-rotate", QW_SHARE_ROTATING, "a rotation is under way",
                             "the shares open this store, its KEK is changed" },
};

qw_err qw_share_desk_new(struct qw_share_desk **desk)
{
    struct qw_share_desk *d = qw_secret_new(sizeof *d);
    qw_err err = d == NULL ? QW_ERR_NOMEM : qw_rate_limit_new(CALLERS, &d->wrong);

    if (err != QW_OK) {
        qw_secret_free(d);
        return err;
    }
    *desk = d;
    return QW_OK;
}

void qw_share_desk_free(struct qw_share_desk *desk)
{
    if (desk != NULL) {
        qw_custody_close(&desk->custody);
        qw_rate_limit_free(desk->wrong);
        qw_secret_free(desk);
    }
}

void qw_share_desk_clear(struct qw_share_desk *desk)
{
    qw_share_set_forget(&desk->now);
    qw_custody_close(&desk->custody);
    qw_wipe(&desk->next, sizeof desk->next);
    qw_wipe(desk->share, sizeof desk->share);
    qw_wipe(desk->place, sizeof desk->place);
    qw_wipe(desk->wrapped, sizeof desk->wrapped);
    desk->wrapped_len = 0;
    desk->step = QW_SHARE_IDLE;
}

bool qw_share_desk_lend(struct qw_share_desk *desk, struct qw_custody *custody)
{
    if (desk->custody.self == NULL) {
        return false;
    }
    *custody = desk->custody;
    desk->custody = (struct qw_custody){ 0 };
    qw_share_desk_clear(desk);
    return true;
}

static void fill(const struct qw_share_desk *desk, struct qw_share_state *state)
{
    *state = (struct qw_share_state){ .step = desk->step,
                                      .threshold = desk->now.ceremony.threshold,
                                      .officers = desk->now.ceremony.officers,
                                      .entered = desk->now.entered,
                                      .next_threshold = desk->next.threshold,
                                      .next_officers = desk->next.officers };
    memcpy(state->ceremony, desk->now.ceremony.id, sizeof state->ceremony);
    for (size_t i = 0; i < QW_OFFICERS_MAX; i++) {
        state->handed = (uint8_t)(state->handed + (desk->place[i].holder[0] != '\0' ? 1 : 0));
        state->confirmed = (uint8_t)(state->confirmed + (desk->place[i].is_confirmed ? 1 : 0));
    }
}

/* Between two exercises the record may have changed: by another process, or another custody. */
static qw_err look_again(struct qw_centre *centre)
{
    struct qw_share_desk *desk = centre->shares;

    return desk->step == QW_SHARE_IDLE ? qw_share_set_read(&desk->now, centre->config.store)
                                       : QW_OK;
}

qw_err qw_centre_share_look(struct qw_centre *centre, const struct qw_caller *caller,
                            struct qw_share_state *state)
{
    struct qw_deed deed = { .caller = caller,
                            .verb = "share-show",
                            .object = centre->config.centre_id };
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_SHARE_READ, QW_UNIT_ROOT);
    if (err == QW_OK) {
        err = look_again(centre);
    }
    if (err == QW_OK) {
        fill(centre->shares, state);
    }
    qw_centre_leave(centre);
    return err;
}

/* E2, X2, K2 with the last share. QW_ERR_AUTH: the key is not this store's. */
static qw_err open_all(struct qw_share_desk *desk, enum qw_share_purpose purpose)
{
    uint8_t *kek = qw_secret_new(QW_KEK_LEN);
    struct qw_custody custody = { 0 };
    qw_err err = kek == NULL ? QW_ERR_NOMEM : qw_share_set_open(&desk->now, &custody, kek);

    if (err == QW_OK && purpose == QW_SHARE_TO_CHANGE) {
        err = qw_share_change_draw(desk, kek);
    }
    if (err == QW_OK && purpose == QW_SHARE_TO_ROTATE) {
        desk->custody = custody;
        custody = (struct qw_custody){ 0 };
    }
    qw_custody_close(&custody);
    qw_secret_free(kek);
    return err;
}

static qw_err note(struct qw_centre *centre, const struct qw_deed *deed, const char *detail)
{
    struct qw_group group;

    qw_group_begin(centre, &group);
    return qw_group_commit(centre, &group, deed, detail);
}

/* A verdict that is none of the good ones: QW_OK once it is in the journal. */
static qw_err refuse(struct qw_centre *centre, const struct qw_deed *deed,
                     enum qw_seal_verdict verdict)
{
    qw_err err;

    qw_rate_limit_spend(centre->shares->wrong, deed->caller->id, wrong_per_s, 1,
                        qw_clock_monotonic_ms());
    err = qw_centre_refuse(centre, deed, QW_ERR_REFUSED, qw_seal_verdict_texts[verdict]);
    return err == QW_ERR_REFUSED ? QW_OK : err;
}

/* Who entered which is in the records before; this one says what came of it. */
static qw_err finish(struct qw_centre *centre, const struct qw_deed *deed,
                     enum qw_share_purpose purpose, enum qw_seal_verdict *verdict)
{
    struct qw_share_desk *desk = centre->shares;
    qw_err err = open_all(desk, purpose);

    if (err == QW_ERR_AUTH) {
        *verdict = QW_SEAL_NO_KEY;
        qw_share_desk_clear(desk);
        return refuse(centre, deed, *verdict);
    }
    if (err == QW_OK) {
        *verdict = QW_SEAL_OPENED;
        err = note(centre, deed, purposes[purpose].done);
    }
    if (err != QW_OK || purpose == QW_SHARE_TO_REHEARSE) {
        qw_share_desk_clear(desk);
        return err;
    }
    qw_share_set_forget(&desk->now);
    if (purpose == QW_SHARE_TO_CHANGE) {
        desk->step = QW_SHARE_HANDING;
    }
    return QW_OK;
}

static qw_err take(struct qw_centre *centre, const struct qw_deed *deed,
                   enum qw_share_purpose purpose, enum qw_seal_verdict *verdict)
{
    struct qw_share_desk *desk = centre->shares;
    char detail[QW_AUDIT_TEXT_CAP];
    qw_err err;

    (void)snprintf(detail, sizeof detail, "share %u, %u of %u", desk->now.incoming.index,
                   desk->now.entered + 1u, desk->now.ceremony.threshold);
    err = note(centre, deed, detail);
    if (err != QW_OK) {
        return err;
    }
    desk->step = purposes[purpose].step;
    desk->last_ms = qw_clock_monotonic_ms();
    return qw_share_set_add(&desk->now) ? finish(centre, deed, purpose, verdict) : QW_OK;
}

static qw_err enter(struct qw_centre *centre, const struct qw_deed *deed,
                    enum qw_share_purpose purpose, struct qw_bytes share,
                    enum qw_seal_verdict *verdict)
{
    struct qw_share_desk *desk = centre->shares;
    qw_err err;

    if (!qw_rate_limit_has(desk->wrong, deed->caller->id, wrong_per_s, qw_clock_monotonic_ms())) {
        return QW_ERR_LIMIT;
    }
    err = qw_share_set_judge(&desk->now, share.data, share.len, verdict);
    if (err == QW_OK && *verdict == QW_SEAL_TAKEN) {
        return take(centre, deed, purpose, verdict);
    }
    return err == QW_OK ? refuse(centre, deed, *verdict) : err;
}

/* What the officer means is said, so that nobody changes shares who came to rehearse. NULL: fine.
 */
static const char *objection(const struct qw_centre *centre, enum qw_share_purpose purpose)
{
    const struct qw_share_desk *desk = centre->shares;

    if (desk->step == QW_SHARE_HANDING || desk->custody.self != NULL) {
        return "enough shares are entered already";
    }
    for (int other = 0; other < QW_SHARE_PURPOSE_COUNT; other++) {
        if (desk->step == purposes[other].step && other != (int)purpose) {
            return purposes[other].under_way;
        }
    }
    if (purpose == QW_SHARE_TO_CHANGE && desk->step == QW_SHARE_IDLE) {
        return "no change was begun";
    }
    return purpose == QW_SHARE_TO_ROTATE && centre->kek_life.phase != QW_KEK_ORDERED
               ? "no KEK was ordered"
               : NULL;
}

qw_err qw_centre_share_enter(struct qw_centre *centre, const struct qw_caller *caller,
                             enum qw_share_purpose purpose, const uint8_t *bytes, size_t len,
                             enum qw_seal_verdict *verdict)
{
    struct qw_deed deed = { .caller = caller,
                            .verb = purposes[purpose].verb,
                            .object = centre->config.centre_id };
    enum qw_seal_verdict found = QW_SEAL_MALFORMED;
    const char *cause;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_SHARE_HOLD, QW_UNIT_ROOT);
    if (err == QW_OK) {
        err = look_again(centre);
    }
    cause = err == QW_OK ? objection(centre, purpose) : NULL;
    if (cause != NULL) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, cause);
    }
    if (err == QW_OK) {
        err = enter(centre, &deed, purpose, (struct qw_bytes){ bytes, len }, &found);
        qw_wipe(&centre->shares->now.incoming, sizeof centre->shares->now.incoming);
    }
    qw_centre_leave(centre);
    if (err == QW_OK) {
        *verdict = found;
    }
    return err;
}

qw_err qw_centre_share_cancel(struct qw_centre *centre, const struct qw_caller *caller)
{
    struct qw_deed deed = { .caller = caller,
                            .verb = "share-cancel",
                            .object = centre->config.centre_id };
    struct qw_share_desk *desk = centre->shares;
    bool is_ordered;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_SHARE_CANCEL, QW_UNIT_ROOT);
    is_ordered = (desk->step == QW_SHARE_IDLE || desk->step == QW_SHARE_ROTATING) &&
                 centre->kek_life.phase == QW_KEK_ORDERED;
    if (err == QW_OK && desk->step == QW_SHARE_IDLE && !is_ordered) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, "nothing is under way");
    }
    if (err == QW_OK) {
        err = is_ordered ? qw_kek_order_drop(centre, &deed)
                         : note(centre, &deed, qw_share_step_names[desk->step]);
        qw_share_desk_clear(desk); /* written or not: nothing goes on */
    }
    qw_centre_leave(centre);
    return err;
}

void qw_share_desk_sweep(struct qw_centre *centre)
{
    struct qw_share_desk *desk = centre->shares;
    struct qw_deed deed = { .verb = "share-cancel", .object = centre->config.centre_id };

    if (desk->step != QW_SHARE_IDLE &&
        qw_clock_monotonic_ms() - desk->last_ms >= (int64_t)centre->config.share_timeout_s * 1000) {
        (void)!note(centre, &deed, "no further step came in time"); /* the log says if unwritten */
        qw_share_desk_clear(desk);
    }
}
