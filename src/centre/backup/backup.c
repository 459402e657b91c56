/* SPDX-License-Identifier: Apache-2.0 */
/* Approval comes before the copy, which is too long for one group: what was approved is a record,
 * used up by the next backup of that lock [docs/adr/0086]. */
#include "centre/backup/backup.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "centre/approval/request_record.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"
#include "centre/record.h"

#include <stdio.h>
#include <string.h>

static const char order_id[] = "backup-order";
static const char to_recipient[] = "recipient-";
enum { ID_LEN = sizeof order_id - 1, LAYOUT = 1, PLAIN_CAP = 256 };

struct order { /* that two officers gave */
    char lock[QW_BACKUP_LOCK_CAP];
    char asked_by[QW_OFFICER_ID_CAP], approved_by[QW_OFFICER_ID_CAP];
    int64_t since_ms, until_ms; /* UTC */
    uint64_t version;           /* 0: there is none */
};

bool qw_backup_lock_ok(const char *lock)
{
    size_t prefix_len = sizeof to_recipient - 1;

    if (strcmp(lock, "passphrase") == 0) {
        return true;
    }
    return strncmp(lock, to_recipient, prefix_len) == 0 &&
           strlen(lock) == prefix_len + QW_BACKUP_RECIPIENT_DIGITS &&
           strspn(lock + prefix_len, "0123456789abcdef") == QW_BACKUP_RECIPIENT_DIGITS;
}

static qw_err load(struct qw_centre *centre, struct order *order)
{
    struct qw_reader r;
    uint8_t layout;
    size_t len;
    qw_err err = qw_record_load(centre, QW_STORE_META, order_id, ID_LEN, &order->version, &len);

    if (err != QW_OK) {
        order->version = 0;
        return err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    r = qw_reader_on(centre->scratch, len);
    layout = qw_read_u8(&r);
    qw_read_string8(&r, order->lock, sizeof order->lock);
    qw_read_string8(&r, order->asked_by, sizeof order->asked_by);
    qw_read_string8(&r, order->approved_by, sizeof order->approved_by);
    order->since_ms = (int64_t)qw_read_u64be(&r);
    order->until_ms = (int64_t)qw_read_u64be(&r);
    return layout == LAYOUT && qw_reader_done(&r) ? QW_OK : QW_ERR_IO;
}

static void put(struct qw_centre *centre, struct qw_group *group, const struct order *order)
{
    struct qw_store_op op = {
        .kind = QW_STORE_META, .id = order_id, .id_len = ID_LEN, .expected_version = order->version
    };
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    qw_write_u8(&w, LAYOUT);
    qw_write_string8(&w, order->lock);
    qw_write_string8(&w, order->asked_by);
    qw_write_string8(&w, order->approved_by);
    qw_write_u64be(&w, (uint64_t)order->since_ms);
    qw_write_u64be(&w, (uint64_t)order->until_ms);
    qw_assert(!w.failed);
    qw_group_add(centre, group, order->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, op, plain,
                 w.len);
}

/* One at a time: the newest counts. */
qw_err qw_backup_approved(struct qw_centre *centre, const struct qw_deed *deed,
                          const struct qw_request_record *request)
{
    struct order order = { .version = 0 };
    struct qw_group group;
    qw_err err = load(centre, &order);

    if (err != QW_OK) {
        return err;
    }
    qw_assert(qw_backup_lock_ok(request->request.object)); /* or it had not been asked */
    memcpy(order.lock, request->request.object, strlen(request->request.object) + 1);
    memcpy(order.asked_by, request->request.asked_by, sizeof order.asked_by);
    memcpy(order.approved_by, request->request.decided_by, sizeof order.approved_by);
    order.since_ms = qw_clock_utc_ms();
    order.until_ms = order.since_ms + 1000 * (int64_t)centre->config.approval_s;
    qw_group_begin(centre, &group);
    qw_request_put(centre, &group, request);
    put(centre, &group, &order);
    return qw_group_commit(centre, &group, deed, "a backup may be made");
}

/* A clock that went back gives it no longer life. */
static bool is_in_time(const struct order *order, int64_t now_ms)
{
    return now_ms >= order->since_ms && now_ms < order->until_ms;
}

static qw_err begin_with_order(struct qw_centre *centre, const struct qw_deed *deed,
                               const char *lock)
{
    struct order order = { .version = 0 };
    struct qw_store_op op = { .kind = QW_STORE_META, .id = order_id, .id_len = ID_LEN };
    char detail[QW_AUDIT_TEXT_CAP];
    struct qw_group group;
    qw_err err = load(centre, &order);

    if (err != QW_OK) {
        return err;
    }
    if (order.version == 0 || strcmp(order.lock, lock) != 0) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "needs two officers");
    }
    if (!is_in_time(&order, qw_clock_utc_ms())) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "what two officers said is over");
    }
    (void)snprintf(detail, sizeof detail, "asked by %.40s, approved by %.40s", order.asked_by,
                   order.approved_by);
    op.expected_version = order.version;
    qw_group_begin(centre, &group);
    qw_group_add(centre, &group, QW_STORE_REMOVE, op, NULL, 0);
    return qw_group_commit(centre, &group, deed, detail);
}

qw_err qw_centre_backup_begin(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *lock)
{
    struct qw_deed deed = { .caller = caller, .verb = "backup", .object = lock };
    struct qw_group group;
    qw_err err;

    if (!qw_backup_lock_ok(lock)) {
        return QW_ERR_ARG;
    }
    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_BACKUP, QW_UNIT_ROOT);
    if (err == QW_OK && qw_approval_is_needed(centre, QW_REQUEST_BACKUP)) {
        err = begin_with_order(centre, &deed, lock);
    } else if (err == QW_OK) {
        qw_group_begin(centre, &group);
        err = qw_group_commit(centre, &group, &deed, "");
    }
    qw_centre_leave(centre);
    return err;
}
