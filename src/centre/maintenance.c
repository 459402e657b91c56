/* SPDX-License-Identifier: Apache-2.0 */
/* A record of its own, so that the books stay as they are; the counter of the registry tells other
 * processes to look at it again. */
#include "centre/maintenance.h"
#include "centre/maintenance_restored.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "centre/group.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"
#include "centre/record.h"

#include <stdio.h>
#include <string.h>

static const char record_id[] = "maintenance";
enum { ID_LEN = sizeof record_id - 1, LAYOUT = 1, PLAIN_CAP = 256 };

static bool reason_ok(const char *reason)
{
    size_t len = 0;

    while (reason[len] != '\0') {
        if (reason[len] < ' ' || reason[len] > '~' || len == QW_MAINTENANCE_REASON_CAP - 1) {
            return false;
        }
        len++;
    }
    return true;
}

static qw_err decode(const uint8_t *plain, size_t len, struct qw_maintenance *maintenance)
{
    struct qw_maintenance m = { .is_on = false };
    struct qw_reader r = qw_reader_on(plain, len);
    uint8_t layout = qw_read_u8(&r);
    uint8_t is_on = qw_read_u8(&r);

    m.is_on = is_on == 1;
    m.since_ms = (int64_t)qw_read_u64be(&r);
    qw_read_string8(&r, m.by, sizeof m.by);
    qw_read_string8(&r, m.reason, sizeof m.reason);
    if (layout != LAYOUT || is_on > 1 || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *maintenance = m;
    return QW_OK;
}

static void take(struct qw_centre *centre, const struct qw_maintenance *maintenance)
{
    centre->maintenance = *maintenance;
    atomic_store(&centre->is_paused, maintenance->is_on);
}

/* version: 0 when there is no record yet. */
static qw_err load(struct qw_centre *centre, struct qw_maintenance *maintenance, uint64_t *version)
{
    size_t len;
    qw_err err = qw_record_load(centre, QW_STORE_META, record_id, ID_LEN, version, &len);

    if (err == QW_ERR_NOT_FOUND) {
        *maintenance = (struct qw_maintenance){ .is_on = false };
        *version = 0;
        return QW_OK;
    }
    return err == QW_OK ? decode(centre->scratch, len, maintenance) : err;
}

qw_err qw_maintenance_load(struct qw_centre *centre)
{
    struct qw_maintenance maintenance;
    uint64_t version;
    qw_err err = load(centre, &maintenance, &version);

    if (err == QW_OK) {
        take(centre, &maintenance);
    }
    return err;
}

static void put(struct qw_centre *centre, struct qw_group *group,
                const struct qw_maintenance *maintenance, uint64_t version)
{
    struct qw_store_op record = {
        .kind = QW_STORE_META, .id = record_id, .id_len = ID_LEN, .expected_version = version
    };
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    qw_write_u8(&w, LAYOUT);
    qw_write_u8(&w, maintenance->is_on ? 1 : 0);
    qw_write_u64be(&w, (uint64_t)maintenance->since_ms);
    qw_write_string8(&w, maintenance->by);
    qw_write_string8(&w, maintenance->reason);
    qw_assert(!w.failed);
    qw_group_add(centre, group, version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, record, plain,
                 w.len);
}

/* Nobody has switched it on: the store came out of a backup. */
static bool is_of_restore(const struct qw_maintenance *maintenance)
{
    return maintenance->is_on && maintenance->by[0] == '\0';
}

/* Under the mutex, by somebody who may; request: what becomes durable with it, or NULL. */
static qw_err change(struct qw_centre *centre, const struct qw_deed *deed, bool is_on,
                     const char *reason, const struct qw_request_record *request)
{
    struct qw_maintenance before, after = { .is_on = is_on };
    struct qw_group group;
    uint64_t version;
    qw_err err = load(centre, &before, &version);

    if (err != QW_OK) {
        return err;
    }
    if (before.is_on == is_on) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, is_on ? "on already" : "off already");
    }
    if (is_of_restore(&before) && request == NULL &&
        qw_approval_is_needed(centre, QW_REQUEST_RESTORE_END)) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "needs two officers");
    }
    if (is_on) {
        after.since_ms = qw_clock_utc_ms();
        (void)snprintf(after.by, sizeof after.by, "%s", deed->caller->id);
        (void)snprintf(after.reason, sizeof after.reason, "%s", reason);
    }
    qw_group_begin(centre, &group);
    if (request != NULL) {
        qw_request_put(centre, &group, request);
    }
    put(centre, &group, &after, version);
    group.books.registry++; /* other processes look again */
    err = qw_group_commit(centre, &group, deed,
                          request != NULL ? "the end of a restore" : after.reason);
    if (err == QW_OK) {
        take(centre, &after);
    }
    return err;
}

qw_err qw_maintenance_restore_end_approved(struct qw_centre *centre, const struct qw_deed *deed,
                                           const struct qw_request_record *request)
{
    if (!is_of_restore(&centre->maintenance)) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "not in the maintenance of a restore");
    }
    return change(centre, deed, false, "", request);
}

qw_err qw_maintenance_put_restored(struct qw_centre *centre, struct qw_group *group)
{
    struct qw_maintenance before;
    struct qw_maintenance after = { .is_on = true, .since_ms = qw_clock_utc_ms() };
    uint64_t version;
    qw_err err = load(centre, &before, &version);

    (void)snprintf(after.reason, sizeof after.reason,
                   "restored from a backup: two officers say when it serves");
    if (err == QW_OK) {
        put(centre, group, &after, version);
        group->books.registry++;
    }
    return err;
}

qw_err qw_centre_maintenance_set(struct qw_centre *centre, const struct qw_caller *caller,
                                 bool is_on, const char *reason)
{
    struct qw_deed deed = { .caller = caller,
                            .verb = is_on ? "maintenance-on" : "maintenance-off",
                            .object = centre->config.centre_id };
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_MAINTENANCE, QW_UNIT_ROOT);
    if (err == QW_OK) {
        err = is_on && !reason_ok(reason) ? QW_ERR_ARG : change(centre, &deed, is_on, reason, NULL);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_maintenance_look(struct qw_centre *centre, const struct qw_caller *caller,
                                  struct qw_maintenance *maintenance)
{
    struct qw_deed deed = { .caller = caller, .verb = "maintenance", .object = "" };
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_STATUS_READ, QW_UNIT_ROOT);
    if (err == QW_OK) {
        *maintenance = centre->maintenance;
    }
    qw_centre_leave(centre);
    return err;
}

bool qw_centre_is_paused(struct qw_centre *centre)
{
    return atomic_load(&centre->is_paused);
}

void qw_centre_pause_reason(struct qw_centre *centre, char reason[static QW_MAINTENANCE_REASON_CAP])
{
    pthread_mutex_lock(&centre->mutex); /* not _enter: the store is not asked */
    memcpy(reason, centre->maintenance.reason, QW_MAINTENANCE_REASON_CAP);
    pthread_mutex_unlock(&centre->mutex);
}
