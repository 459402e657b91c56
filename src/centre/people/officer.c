/* SPDX-License-Identifier: Apache-2.0 */
/* Officers: added, suspended, removed, looked up [C10]. */
#include "centre/people/officer.h"

#include "base/clock.h"
#include "centre/certificate/drop.h"
#include "centre/login/login_record.h"
#include "centre/people/officer_change.h"
#include "centre/people/officer_record.h"

#include <string.h>

const char *const qw_officer_state_names[QW_OFFICER_STATE_COUNT] = { "active", "suspended",
                                                                     "gone" };

/* The founder is written down with the first officer, or he would have locked himself out. */
static void put_founder(struct qw_centre *centre, struct qw_group *group,
                        const struct qw_caller *caller, struct qw_officer_record *founder)
{
    struct qw_officer *officer = &founder->officer;
    struct qw_deed deed = { .caller = caller, .verb = "officer-found", .object = officer->id };

    officer->added_ms = qw_clock_utc_ms();
    memcpy(officer->added_by, officer->id, sizeof officer->added_by);
    qw_officer_put(centre, group, founder);
    qw_group_note(group, &deed, officer->unit);
}

/* approved: what becomes durable with him, or NULL. */
static qw_err add(struct qw_centre *centre, const struct qw_deed *deed,
                  struct qw_officer_record *self, struct qw_officer_record *added,
                  const struct qw_request_record *approved)
{
    struct qw_officer_record there;
    struct qw_group group;
    qw_err err;

    if (self->officer.id[0] == '\0') {
        return qw_centre_refuse(centre, deed, QW_ERR_ARG, "the founder's own id is too long");
    }
    if (strcmp(self->officer.id, added->officer.id) == 0) {
        return qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "himself");
    }
    err = qw_officer_load(centre, added->officer.id, &there);
    if (err == QW_OK) {
        return qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "the officer exists, or did once");
    }
    if (err != QW_ERR_NOT_FOUND) {
        return err;
    }
    memcpy(added->officer.added_by, self->officer.id, sizeof added->officer.added_by);
    qw_group_begin(centre, &group);
    if (self->version == 0) {
        put_founder(centre, &group, deed->caller, self);
    }
    if (approved != NULL) {
        qw_request_put(centre, &group, approved);
    }
    qw_officer_put(centre, &group, added);
    return qw_group_commit(centre, &group, deed, added->officer.unit);
}

static struct qw_officer_record new_officer(const char *id, enum qw_officer_role role,
                                            const char *unit)
{
    struct qw_officer_record record = { .officer = { .state = QW_OFFICER_ACTIVE,
                                                     .roles = 1U << role,
                                                     .added_ms = qw_clock_utc_ms() } };

    memcpy(record.officer.id, id, strlen(id));
    memcpy(record.officer.unit, unit, strlen(unit));
    return record;
}

qw_err qw_officer_add_approved(struct qw_centre *centre, const struct qw_deed *deed,
                               const struct qw_request_record *request)
{
    const struct qw_request *asked = &request->request;
    struct qw_officer_record added = new_officer(asked->object, asked->role, asked->unit);
    struct qw_officer_record self;
    qw_err err = qw_officer_standing(centre, deed->caller, &self);

    return err == QW_OK ? add(centre, deed, &self, &added, request) : err;
}

qw_err qw_centre_officer_add(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *id, enum qw_officer_role role, const char *unit)
{
    struct qw_deed deed = { .caller = caller, .verb = "officer-add", .object = id };
    struct qw_officer_record added;
    struct qw_officer_record self;
    bool is_fine =
        role >= 0 && role < QW_OFFICER_ROLE_COUNT && qw_officer_id_ok(id) && qw_unit_ok(unit);
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_OFFICER_CHANGE, &self);
    if (err == QW_OK && !is_fine) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK && !qw_unit_contains(self.officer.unit, unit)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_REFUSED, "outside his part of the tree");
    }
    if (err == QW_OK && qw_approval_is_needed(centre, QW_REQUEST_OFFICER_ADD)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, "needs two officers");
    }
    if (err == QW_OK) {
        added = new_officer(id, role, unit);
        err = add(centre, &deed, &self, &added, NULL);
    }
    qw_centre_leave(centre);
    return err;
}

/* clang-format off */
static const int next_state[QW_OFFICER_STATE_COUNT][3] = { /* -1: no */
    /*                         SUSPEND               RESUME             REMOVE */
    [QW_OFFICER_ACTIVE]    = { QW_OFFICER_SUSPENDED, -1,                QW_OFFICER_GONE },
    [QW_OFFICER_SUSPENDED] = { -1,                   QW_OFFICER_ACTIVE, QW_OFFICER_GONE },
    [QW_OFFICER_GONE]      = { -1,                   -1,                -1 },
};
/* clang-format on */

/* The officer, if he is within the caller's part of the tree: to others he is not there. */
static qw_err load_within(struct qw_centre *centre, const struct qw_deed *deed,
                          const struct qw_officer *self, struct qw_officer_record *found)
{
    qw_err err = qw_officer_load(centre, deed->object, found);

    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "no such officer");
    }
    if (err == QW_OK && !qw_unit_contains(self->unit, found->officer.unit)) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "outside his part of the tree");
    }
    return err;
}

static qw_err change(struct qw_centre *centre, const struct qw_deed *deed,
                     const struct qw_officer *self, enum qw_officer_event event)
{
    struct qw_officer_record record;
    struct qw_group group;
    int next;
    qw_err err = load_within(centre, deed, self, &record);

    if (err != QW_OK) {
        return err;
    }
    if (strcmp(record.officer.id, self->id) == 0) {
        return qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "himself");
    }
    next = next_state[record.officer.state][event];
    if (next < 0) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE,
                                qw_officer_state_names[record.officer.state]);
    }
    record.officer.state = (enum qw_officer_state)next;
    qw_group_begin(centre, &group);
    qw_officer_put(centre, &group, &record);
    if (event == QW_OFFICER_REMOVE) {
        qw_certificates_drop_officer(centre, &group, record.officer.id);
        qw_login_drop(centre, &group, record.officer.id);
    }
    return qw_group_commit(centre, &group, deed, qw_officer_state_names[next]);
}

qw_err qw_centre_officer_change(struct qw_centre *centre, const struct qw_caller *caller,
                                const char *id, enum qw_officer_event event)
{
    static const char *const verbs[] = { [QW_OFFICER_SUSPEND] = "officer-suspend",
                                         [QW_OFFICER_RESUME] = "officer-resume",
                                         [QW_OFFICER_REMOVE] = "officer-remove" };
    struct qw_deed deed = { .caller = caller, .object = id };
    struct qw_officer_record self;
    qw_err err;

    qw_assert(event >= 0 && (size_t)event < sizeof verbs / sizeof verbs[0]);
    deed.verb = verbs[event];
    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_OFFICER_CHANGE, &self);
    if (err == QW_OK) {
        err = change(centre, &deed, &self.officer, event);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_officer_find(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *id, struct qw_officer *officer)
{
    struct qw_deed deed = { .caller = caller, .verb = "officer-find", .object = id };
    struct qw_officer_record self;
    struct qw_officer_record found;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_OFFICER_READ, &self);
    if (err == QW_OK) {
        err = load_within(centre, &deed, &self.officer, &found);
    }
    qw_centre_leave(centre);
    if (err == QW_OK) {
        *officer = found.officer;
    }
    return err;
}

qw_err qw_centre_officer_self(struct qw_centre *centre, const struct qw_caller *caller,
                              struct qw_officer *officer)
{
    struct qw_officer_record found;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_officer_standing(centre, caller, &found);
    qw_centre_leave(centre);
    if (err == QW_OK) {
        *officer = found.officer;
    }
    return err;
}

qw_err qw_centre_officer_list(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *after, struct qw_officer *officers, size_t cap,
                              size_t *count)
{
    struct qw_deed deed = { .caller = caller, .verb = "officer-list", .object = after };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_OFFICER_READ, &self);
    if (err == QW_OK && (strlen(after) >= QW_OFFICER_ID_CAP || cap == 0)) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK) {
        err = qw_officer_walk(centre, self.officer.unit, after, officers, cap, count);
    }
    qw_centre_leave(centre);
    return err;
}
