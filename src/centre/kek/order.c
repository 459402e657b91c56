/* SPDX-License-Identifier: Apache-2.0 */
/* R1: who orders a new KEK, and how far it has come. The order is durable before anything else
 * happens, so two persons' approval and one person's word lead to the same place. */
#include "centre/kek/order.h"

#include "base/secret.h"
#include "centre/approval/approval.h"
#include "centre/kek/kek_life.h"
#include "centre/people/officer_record.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"

#include <stdio.h>
#include <string.h>

const char *const qw_kek_phase_names[QW_KEK_PHASE_COUNT] = { "idle", "ordered", "turning" };

/* request: what becomes durable with the order, or NULL. */
static qw_err order(struct qw_centre *centre, const struct qw_deed *deed,
                    const struct qw_request_record *request)
{
    struct qw_kek_life life = centre->kek_life;
    char detail[QW_AUDIT_TEXT_CAP];
    struct qw_group group;
    qw_err err;

    if (life.phase != QW_KEK_IDLE) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "one is under way");
    }
    life.phase = QW_KEK_ORDERED;
    life.why[0] = '\0';
    (void)snprintf(detail, sizeof detail, "after generation %llu",
                   (unsigned long long)life.generation);
    qw_group_begin(centre, &group);
    if (request != NULL) {
        qw_request_put(centre, &group, request);
    }
    qw_kek_life_put(centre, &group, &life);
    err = qw_group_commit(centre, &group, deed, detail);
    if (err == QW_OK) {
        life.version++;
        centre->kek_life = life;
    }
    return err;
}

qw_err qw_kek_order_drop(struct qw_centre *centre, const struct qw_deed *deed)
{
    struct qw_kek_life life = centre->kek_life;
    struct qw_group group;
    qw_err err;

    life.phase = QW_KEK_IDLE;
    (void)snprintf(life.why, sizeof life.why, "dropped by %s", deed->caller->id);
    qw_group_begin(centre, &group);
    qw_kek_life_put(centre, &group, &life);
    err = qw_group_commit(centre, &group, deed, "the order of a KEK");
    if (err == QW_OK) {
        life.version++;
        centre->kek_life = life;
    }
    return err;
}

qw_err qw_kek_order_approved(struct qw_centre *centre, const struct qw_deed *deed,
                             const struct qw_request_record *request)
{
    return order(centre, deed, request);
}

qw_err qw_centre_kek_rotate(struct qw_centre *centre, const struct qw_caller *caller)
{
    struct qw_deed deed = { .caller = caller,
                            .verb = "kek-rotate",
                            .object = centre->config.centre_id };
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_KEK_ROTATE, QW_UNIT_ROOT);
    if (err == QW_OK && qw_approval_is_needed(centre, QW_REQUEST_KEK_ROTATE)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, "needs two officers");
    }
    if (err == QW_OK) {
        err = order(centre, &deed, NULL);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_kek_look(struct qw_centre *centre, const struct qw_caller *caller,
                          struct qw_kek_state *state)
{
    struct qw_deed deed = { .caller = caller, .verb = "kek-look", .object = "" };
    const struct qw_kek_life *life = &centre->kek_life;
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_STATUS_READ, &self);
    if (err == QW_OK) {
        *state = (struct qw_kek_state){ .phase = life->phase,
                                        .generation = life->generation,
                                        .made_ms = life->made_ms,
                                        .records = life->total,
                                        .done = life->seen < life->total ? life->seen : life->total,
                                        .rewrapped = life->rewrapped };
        memcpy(state->why, life->why, sizeof state->why);
    }
    qw_centre_leave(centre);
    return err;
}
