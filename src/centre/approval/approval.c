/* SPDX-License-Identifier: Apache-2.0 */
/* Two persons for one deed [C10]; the steps D1 to D7 are those of docs/design/people.md. */
#include "centre/approval/approval.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/approval/request_record.h"
#include "centre/backup/backup.h"
#include "centre/device/change.h"
#include "centre/device/charge_order_change.h"
#include "centre/device/reach.h"
#include "centre/kek/order.h"
#include "centre/maintenance_restored.h"
#include "centre/pair/key_change.h"
#include "centre/people/officer_change.h"
#include "centre/people/unit.h"
#include "centre/people/unit_quota_change.h"
#include "centre/share/share_desk_inside.h"
#include "crypto/random.h"

#include <stdlib.h>
#include <string.h>

const char *const qw_request_verb_names[QW_REQUEST_VERB_COUNT] = {
    "device-destroy", "officer-add", "share-change", "kek-rotate",  "unit-quota",  "backup",
    "restore-end",    "key-resume",  "key-recover",  "key-destroy", "key-suspend", "charge-order"
};
const char *const qw_request_state_names[QW_REQUEST_STATE_COUNT] = { "pending", "done", "denied",
                                                                     "expired" };

static const struct {
    enum qw_right right;        /* that asker and approver both need, over the object */
    enum qw_dual_control since; /* the setting from which on it takes two */
} deeds[QW_REQUEST_VERB_COUNT] = {
    [QW_REQUEST_DEVICE_DESTROY] = { QW_RIGHT_DEVICE_DESTROY, QW_DUAL_CONTROL_DESTROY },
    [QW_REQUEST_OFFICER_ADD] = { QW_RIGHT_OFFICER_CHANGE, QW_DUAL_CONTROL_ALL },
    [QW_REQUEST_SHARE_CHANGE] = { QW_RIGHT_SHARE_CHANGE, QW_DUAL_CONTROL_ALL },
    [QW_REQUEST_KEK_ROTATE] = { QW_RIGHT_KEK_ROTATE, QW_DUAL_CONTROL_ALL },
    [QW_REQUEST_UNIT_QUOTA] = { QW_RIGHT_UNIT_QUOTA, QW_DUAL_CONTROL_ALL },
    [QW_REQUEST_BACKUP] = { QW_RIGHT_BACKUP, QW_DUAL_CONTROL_ALL },
    [QW_REQUEST_RESTORE_END] = { QW_RIGHT_BACKUP, QW_DUAL_CONTROL_ALL },
    [QW_REQUEST_KEY_RESUME] = { QW_RIGHT_KEY_RESUME, QW_DUAL_CONTROL_ALL },
    [QW_REQUEST_KEY_RECOVER] = { QW_RIGHT_KEY_RESUME, QW_DUAL_CONTROL_ALL },
    [QW_REQUEST_KEY_DESTROY] = { QW_RIGHT_KEY_RESUME, QW_DUAL_CONTROL_DESTROY },
    [QW_REQUEST_KEY_SUSPEND] = { QW_RIGHT_KEY_SUSPEND, QW_DUAL_CONTROL_ALL },
    [QW_REQUEST_CHARGE_ORDER] = { QW_RIGHT_DEVICE_CHARGE, QW_DUAL_CONTROL_ALL },
};

bool qw_approval_is_needed(const struct qw_centre *centre, enum qw_request_verb verb)
{
    return centre->config.dual_control >= deeds[verb].since;
}

bool qw_request_is_of_centre(enum qw_request_verb verb)
{
    return verb == QW_REQUEST_KEK_ROTATE || verb == QW_REQUEST_RESTORE_END;
}

/* Clocks of several processes differ; one that went back further would make a request live longer.
 */
enum { CLOCK_SLACK_MS = 60000, ONE_NAME_CAP = 64 };

static bool is_over(const struct qw_request *request, int64_t now_ms)
{
    return now_ms >= request->until_ms || now_ms + CLOCK_SLACK_MS < request->asked_ms;
}

/* The quota of another unit is another object. */
static bool is_same_deed(const struct qw_request *a, const struct qw_request *b)
{
    return a->verb == b->verb && strcmp(a->object, b->object) == 0 &&
           (a->verb != QW_REQUEST_UNIT_QUOTA || strcmp(a->unit, b->unit) == 0);
}

/* Whether a deed on the unit is within an officer's part of the tree; nobody sets his own quota. */
static bool is_within(const struct qw_officer *officer, const struct qw_request *request)
{
    return qw_unit_contains(officer->unit, request->unit) &&
           (request->verb != QW_REQUEST_UNIT_QUOTA || strcmp(officer->unit, request->unit) != 0);
}

/* Pending ones that are over get their last state in a group that is written anyway. */
static qw_err settle(struct qw_centre *centre, struct qw_group *group, const struct qw_request *new)
{
    struct qw_request_record *pending = calloc(QW_REQUESTS_PENDING_MAX, sizeof *pending);
    size_t count = 0;
    size_t left = 0;
    bool is_asked = false;
    qw_err err = pending == NULL
                     ? QW_ERR_NOMEM
                     : qw_request_walk(centre, pending, QW_REQUESTS_PENDING_MAX, &count);

    for (size_t i = 0; err == QW_OK && i < count; i++) {
        struct qw_request *request = &pending[i].request;

        if (is_over(request, new->asked_ms)) {
            request->state = QW_REQUEST_EXPIRED;
            qw_request_put(centre, group, &pending[i]);
        } else {
            left++;
            is_asked = is_asked || is_same_deed(request, new);
        }
    }
    free(pending);
    if (err == QW_OK && is_asked) {
        err = QW_ERR_CONFLICT;
    } else if (err == QW_OK && left == QW_REQUESTS_PENDING_MAX) {
        err = QW_ERR_LIMIT;
    }
    return err;
}

/* Whether who is in self may have the request's deed done; then its unit is known. A device goes to
 * centre->card. */
static qw_err reach_object(struct qw_centre *centre, const struct qw_deed *deed,
                           struct qw_request *request, struct qw_officer_record *self)
{
    qw_err err;

    if (request->verb == QW_REQUEST_DEVICE_DESTROY) {
        err = qw_device_reach(centre, deed, deeds[request->verb].right, self);
        if (err == QW_OK) {
            memcpy(request->unit, centre->card.device.unit, sizeof request->unit);
        }
        return err;
    }
    if (qw_key_change_is_asked(request->verb)) {
        return qw_key_change_reach(centre, deed, request, deeds[request->verb].right, self);
    }
    if (request->verb == QW_REQUEST_CHARGE_ORDER) {
        return qw_charge_order_reach(centre, deed, request, deeds[request->verb].right, self);
    }
    err = qw_right_find(centre, deed, deeds[request->verb].right, self);
    if (err == QW_OK && !is_within(&self->officer, request)) {
        err = qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "outside his part of the tree");
    }
    return err;
}

/* D1, D2 */
static qw_err ask(struct qw_centre *centre, const struct qw_deed *deed,
                  struct qw_request_record *record)
{
    struct qw_group group;
    qw_err err;

    memcpy(record->request.asked_certificate, deed->caller->certificate_hash,
           sizeof record->request.asked_certificate);
    err = qw_request_digest(&record->request, record->request.digest);
    if (err != QW_OK) {
        return err;
    }
    qw_group_begin(centre, &group);
    err = settle(centre, &group, &record->request);
    if (err != QW_OK) {
        qw_group_drop(&group);
        return err == QW_ERR_CONFLICT ? qw_centre_refuse(centre, deed, err, "asked already")
               : err == QW_ERR_LIMIT  ? qw_centre_refuse(centre, deed, err, "too many are pending")
                                      : err;
    }
    qw_request_put(centre, &group, record);
    return qw_group_commit(centre, &group, deed, qw_request_verb_names[record->request.verb]);
}

static bool wish_ok(const struct qw_request_wish *wish)
{
    uint8_t threshold, officers;
    struct qw_unit_quota quota;
    struct qw_charge_order order;

    return wish->verb >= 0 && wish->verb < QW_REQUEST_VERB_COUNT &&
           strlen(wish->object) < (wish->verb == QW_REQUEST_CHARGE_ORDER
                                       ? sizeof((struct qw_request *)0)->object
                                       : ONE_NAME_CAP) &&
           (wish->verb != QW_REQUEST_OFFICER_ADD ||
            (qw_officer_id_ok(wish->object) && wish->role >= 0 &&
             wish->role < QW_OFFICER_ROLE_COUNT && qw_unit_ok(wish->unit))) &&
           (wish->verb != QW_REQUEST_SHARE_CHANGE ||
            qw_share_change_parse(wish->object, &threshold, &officers)) &&
           (wish->verb != QW_REQUEST_BACKUP || qw_backup_lock_ok(wish->object)) &&
           (wish->verb != QW_REQUEST_UNIT_QUOTA ||
            qw_unit_quota_parse(wish->unit, wish->object, &quota)) &&
           (wish->verb != QW_REQUEST_CHARGE_ORDER || qw_charge_order_parse(wish->object, &order));
}

static void fill(const struct qw_centre *centre, const struct qw_request_wish *wish,
                 struct qw_request *request)
{
    request->verb = wish->verb;
    request->asked_ms = qw_clock_utc_ms();
    request->until_ms = request->asked_ms + 1000 * (int64_t)centre->config.approval_s;
    if (qw_request_is_of_centre(wish->verb)) {
        memcpy(request->object, centre->config.centre_id, strlen(centre->config.centre_id));
        memcpy(request->unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
    } else {
        memcpy(request->object, wish->object, strlen(wish->object));
    }
    if (wish->verb == QW_REQUEST_OFFICER_ADD) {
        memcpy(request->unit, wish->unit, strlen(wish->unit));
        request->role = wish->role;
    } else if (wish->verb == QW_REQUEST_UNIT_QUOTA) {
        memcpy(request->unit, wish->unit, strlen(wish->unit));
    } else if (wish->verb == QW_REQUEST_SHARE_CHANGE ||
               wish->verb == QW_REQUEST_BACKUP) { /* the whole centre's */
        memcpy(request->unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
    }
}

qw_err qw_centre_request_ask(struct qw_centre *centre, const struct qw_caller *caller,
                             const struct qw_request_wish *wish, struct qw_request *request)
{
    struct qw_deed deed = { .caller = caller, .verb = "request", .object = wish->object };
    struct qw_request_record record = { .request = { .state = QW_REQUEST_PENDING } };
    struct qw_officer_record self;
    qw_err err;

    if (!wish_ok(wish)) {
        return QW_ERR_ARG;
    }
    fill(centre, wish, &record.request);
    err = qw_random_bytes(record.request.id, sizeof record.request.id);
    if (err != QW_OK) {
        return err;
    }
    qw_centre_enter(centre);
    err = reach_object(centre, &deed, &record.request, &self);
    if (err == QW_OK && !qw_approval_is_needed(centre, wish->verb)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, "one officer does it alone");
    }
    if (err == QW_OK) {
        memcpy(record.request.asked_by, self.officer.id, sizeof record.request.asked_by);
        err = ask(centre, &deed, &record);
    }
    qw_centre_leave(centre);
    if (err == QW_OK) {
        *request = record.request;
    }
    return err;
}

/* The request, if the caller has the right to its verb over its object; else it is not there. */
static qw_err reach(struct qw_centre *centre, struct qw_deed *deed, const uint8_t id[static 16],
                    struct qw_request_record *record, struct qw_officer_record *self)
{
    qw_err err = qw_request_load(centre, id, record);

    if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
        return err;
    }
    if (err == QW_ERR_NOT_FOUND) { /* the security administrators' deeds, but for quotas */
        err = qw_right_find(centre, deed, QW_RIGHT_DEVICE_DESTROY, self);
        return err == QW_OK ? qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "no such request")
                            : err;
    }
    deed->object = record->request.object;
    err = reach_object(centre, deed, &record->request, self);
    if (err == QW_OK && record->request.state != QW_REQUEST_PENDING) {
        err = qw_centre_refuse(centre, deed, QW_ERR_STATE,
                               qw_request_state_names[record->request.state]);
    }
    return err;
}

/* Too late is too late for ever, whatever the clock says next. */
static qw_err expire(struct qw_centre *centre, const struct qw_deed *deed,
                     struct qw_request_record *record)
{
    struct qw_group group;

    record->request.state = QW_REQUEST_EXPIRED;
    qw_group_begin(centre, &group);
    qw_request_put(centre, &group, record);
    return qw_group_commit_refusal(centre, &group, deed, QW_ERR_STATE, "expired");
}

/* D5: the asker still is who could do it. */
static qw_err check_asker(struct qw_centre *centre, const struct qw_request *request, bool *is_fine)
{
    struct qw_officer_record asker;
    qw_err err = qw_officer_load(centre, request->asked_by, &asker);

    if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
        return err;
    }
    *is_fine = err == QW_OK && asker.officer.state == QW_OFFICER_ACTIVE &&
               qw_roles_have(asker.officer.roles, deeds[request->verb].right) &&
               is_within(&asker.officer, request);
    return QW_OK;
}

/* D3 to D5. NULL: nothing speaks against it. */
static const char *objection(const struct qw_request *request, const struct qw_caller *caller,
                             const struct qw_officer *self, const uint8_t digest[static 32])
{
    if (strcmp(request->asked_by, self->id) == 0) {
        return "he asked himself";
    }
    if (qw_equal_ct(request->asked_certificate, caller->certificate_hash,
                    sizeof request->asked_certificate)) {
        return "the certificate of who asked";
    }
    if (!qw_equal_ct(request->digest, digest, sizeof request->digest)) {
        return "another digest";
    }
    return NULL;
}

/* D6 */
static qw_err approve(struct qw_centre *centre, const struct qw_deed *deed,
                      struct qw_request_record *record, const struct qw_officer *self)
{
    record->request.state = QW_REQUEST_DONE;
    memcpy(record->request.decided_by, self->id, sizeof record->request.decided_by);
    switch (record->request.verb) {
    case QW_REQUEST_DEVICE_DESTROY:
        return qw_device_destroy_approved(centre, deed, record);
    case QW_REQUEST_OFFICER_ADD:
        return qw_officer_add_approved(centre, deed, record);
    case QW_REQUEST_SHARE_CHANGE:
        return qw_share_change_approved(centre, deed, record);
    case QW_REQUEST_KEK_ROTATE:
        return qw_kek_order_approved(centre, deed, record);
    case QW_REQUEST_UNIT_QUOTA:
        return qw_unit_quota_approved(centre, deed, record);
    case QW_REQUEST_BACKUP:
        return qw_backup_approved(centre, deed, record);
    case QW_REQUEST_RESTORE_END:
        return qw_maintenance_restore_end_approved(centre, deed, record);
    case QW_REQUEST_KEY_RESUME:
    case QW_REQUEST_KEY_RECOVER:
    case QW_REQUEST_KEY_DESTROY:
    case QW_REQUEST_KEY_SUSPEND:
        return qw_key_change_approved(centre, deed, record);
    case QW_REQUEST_CHARGE_ORDER:
        return qw_charge_order_approved(centre, deed, record);
    case QW_REQUEST_VERB_COUNT:
        break;
    }
    return QW_ERR_IO; /* the decoder lets none through */
}

qw_err qw_centre_request_approve(struct qw_centre *centre, const struct qw_caller *caller,
                                 const uint8_t id[static 16], const uint8_t digest[static 32])
{
    struct qw_deed deed = { .caller = caller, .verb = "request-approve", .object = "" };
    struct qw_request_record record;
    struct qw_officer_record self;
    bool asker_is_fine = false;
    const char *cause = NULL;
    qw_err err;

    qw_centre_enter(centre);
    err = reach(centre, &deed, id, &record, &self);
    if (err == QW_OK && is_over(&record.request, qw_clock_utc_ms())) {
        err = expire(centre, &deed, &record);
    }
    if (err == QW_OK) {
        err = check_asker(centre, &record.request, &asker_is_fine);
    }
    if (err == QW_OK) {
        cause = asker_is_fine ? objection(&record.request, caller, &self.officer, digest)
                              : "who asked has the right no more";
    }
    if (err == QW_OK && cause != NULL) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_REFUSED, cause);
    }
    if (err == QW_OK) {
        err = approve(centre, &deed, &record, &self.officer);
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_request_deny(struct qw_centre *centre, const struct qw_caller *caller,
                              const uint8_t id[static 16])
{
    struct qw_deed deed = { .caller = caller, .verb = "request-deny", .object = "" };
    struct qw_request_record record;
    struct qw_officer_record self;
    struct qw_group group;
    qw_err err;

    qw_centre_enter(centre);
    err = reach(centre, &deed, id, &record, &self);
    if (err == QW_OK && is_over(&record.request, qw_clock_utc_ms())) {
        err = expire(centre, &deed, &record);
    }
    if (err == QW_OK) {
        record.request.state = QW_REQUEST_DENIED;
        memcpy(record.request.decided_by, self.officer.id, sizeof record.request.decided_by);
        qw_group_begin(centre, &group);
        qw_request_put(centre, &group, &record);
        err = qw_group_commit(centre, &group, &deed, "");
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_request_list(struct qw_centre *centre, const struct qw_caller *caller,
                              struct qw_request *requests, size_t cap, size_t *count)
{
    struct qw_deed deed = { .caller = caller, .verb = "request-list", .object = "" };
    struct qw_request_record *pending = calloc(QW_REQUESTS_PENDING_MAX, sizeof *pending);
    struct qw_officer_record self;
    int64_t now_ms = qw_clock_utc_ms();
    size_t found = 0;
    size_t shown = 0;
    qw_err err;

    if (pending == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_REQUEST_READ, &self);
    if (err == QW_OK) {
        err = qw_request_walk(centre, pending, QW_REQUESTS_PENDING_MAX, &found);
    }
    qw_centre_leave(centre);
    for (size_t i = 0; err == QW_OK && i < found && shown < cap; i++) {
        const struct qw_request *request = &pending[i].request;

        if (!is_over(request, now_ms) && qw_unit_contains(self.officer.unit, request->unit)) {
            requests[shown++] = *request;
        }
    }
    free(pending);
    if (err == QW_OK) {
        *count = shown;
    }
    return err;
}
