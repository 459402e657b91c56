/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/device/session.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"
#include "centre/device/binding.h"
#include "centre/device/card_book.h"
#include "centre/record.h"

#include <stdio.h>
#include <string.h>

enum { RECORD_CAP = 192, SWEEP_MAX = 256 /* in one group */ };

static qw_err decode(const uint8_t *plain, size_t len, struct qw_session *session)
{
    struct qw_reader r = qw_reader_on(plain, len);
    bool ok = qw_read_u8(&r) == 1;

    qw_read_string8(&r, session->device, sizeof session->device);
    qw_read_string8(&r, session->access_point, sizeof session->access_point);
    session->wants_fresh = qw_read_u8(&r) == 1;
    session->wanted_keys = qw_read_u32be(&r);
    session->created_ms = (int64_t)qw_read_u64be(&r);
    return ok && qw_reader_done(&r) ? QW_OK : QW_ERR_IO;
}

qw_err qw_session_load(struct qw_centre *centre, const uint8_t id[static 16],
                       struct qw_session *session)
{
    struct qw_session s = { 0 };
    size_t len;
    qw_err err = qw_record_load(centre, QW_STORE_SESSION, id, 16, &s.version, &len);

    if (err == QW_OK) {
        err = decode(centre->scratch, len, &s);
    }
    if (err == QW_OK) {
        memcpy(s.id, id, sizeof s.id);
        *session = s;
    }
    return err;
}

qw_err qw_session_open(struct qw_centre *centre, const struct qw_store_record *record,
                       struct qw_session *session)
{
    struct qw_session s = { .version = record->version };
    qw_err err;

    if (record->id_len != sizeof s.id || record->len < QW_RECORD_OVERHEAD ||
        record->len > RECORD_CAP + QW_RECORD_OVERHEAD) {
        return QW_ERR_IO;
    }
    err = qw_record_open(centre, QW_STORE_SESSION, record, record->len, centre->scratch);
    if (err == QW_OK) {
        err = decode(centre->scratch, record->len - QW_RECORD_OVERHEAD, &s);
    }
    if (err == QW_OK) {
        memcpy(s.id, record->id, sizeof s.id);
        *session = s;
    }
    return err;
}

static struct qw_store_op record_of(const struct qw_session *session)
{
    return (struct qw_store_op){ .kind = QW_STORE_SESSION,
                                 .id = session->id,
                                 .id_len = sizeof session->id,
                                 .expected_version = session->version };
}

void qw_session_put(struct qw_centre *centre, struct qw_group *group,
                    const struct qw_session *session)
{
    uint8_t plain[RECORD_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    qw_write_u8(&w, 1);
    qw_write_string8(&w, session->device);
    qw_write_string8(&w, session->access_point);
    qw_write_u8(&w, session->wants_fresh ? 1 : 0);
    qw_write_u32be(&w, session->wanted_keys);
    qw_write_u64be(&w, (uint64_t)session->created_ms);
    qw_assert(!w.failed);
    qw_group_add(centre, group, session->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE,
                 record_of(session), plain, w.len);
}

void qw_session_remove(struct qw_centre *centre, struct qw_group *group,
                       const struct qw_session *session)
{
    qw_group_add(centre, group, QW_STORE_REMOVE, record_of(session), NULL, 0);
}

qw_err qw_access_point_load(struct qw_centre *centre, const char *id)
{
    const struct qw_card_book *book = &centre->holder;
    qw_err err = qw_card_book_load(centre, id, &centre->holder);

    if (err == QW_ERR_NOT_FOUND) {
        return QW_ERR_REFUSED;
    }
    if (err != QW_OK) {
        return err;
    }
    return book->device.kind == QW_DEVICE_ACCESS_POINT && book->device.state == QW_DEVICE_ACTIVE &&
                   book->is_confirmed
               ? QW_OK
               : QW_ERR_REFUSED;
}

qw_err qw_centre_access_point_serves(struct qw_centre *centre, const struct qw_caller *caller)
{
    const struct qw_deed deed = { .caller = caller, .verb = "radio-view", .object = "" };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_ACCESS_POINT)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    qw_centre_enter(centre);
    err = qw_access_point_load(centre, caller->id);
    if (err == QW_ERR_REFUSED) {
        err = qw_centre_refuse(centre, &deed, err, "the access point is not in service");
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_session_enter(struct qw_centre *centre, const struct qw_caller *caller,
                        const uint8_t id[static 16], struct qw_session *session, const char **cause)
{
    const struct qw_card_book *card = &centre->card;
    int64_t age_ms;
    qw_err err = qw_session_load(centre, id, session);

    *cause = "no such session";
    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_REFUSED : err;
    }
    if (strcmp(session->access_point, caller->id) != 0) {
        *cause = "the session of another access point";
        return QW_ERR_REFUSED;
    }
    age_ms = qw_clock_utc_ms() - session->created_ms;
    if (age_ms < 0 || age_ms > QW_SESSION_LIFE_MS) {
        *cause = "the session is over";
        return QW_ERR_REFUSED;
    }
    *cause = "the access point is not in service";
    err = qw_access_point_load(centre, caller->id);
    if (err != QW_OK) {
        return err;
    }
    *cause = "the card is not in service";
    err = qw_card_book_load(centre, session->device, &centre->card);
    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_REFUSED : err;
    }
    if (!qw_card_may_work(centre, &card->device)) {
        return QW_ERR_REFUSED;
    }
    if (!card->has_session || !qw_equal_ct(card->session_id, id, sizeof card->session_id)) {
        *cause = "the card has begun another session";
        return QW_ERR_REFUSED;
    }
    return QW_OK;
}

struct expired_sessions {
    struct qw_centre *centre;
    struct qw_group *group;
    int64_t now_ms;
    size_t count;
};

static int end_old_session(void *self, const struct qw_store_record *record)
{
    struct expired_sessions *expired = self;
    struct qw_session session;
    qw_err err = qw_session_open(expired->centre, record, &session);
    int64_t age_ms = err == QW_OK ? expired->now_ms - session.created_ms : 0;

    if (err != QW_OK) {
        qw_group_fail(expired->group, err);
    } else if (age_ms < 0 || age_ms > QW_SESSION_LIFE_MS) {
        qw_session_remove(expired->centre, expired->group, &session);
        expired->count++;
    }
    return err == QW_OK && expired->count < SWEEP_MAX;
}

qw_err qw_session_sweep(struct qw_centre *centre)
{
    struct qw_deed deed = { .verb = "session-expire", .object = "sessions" };
    const struct qw_store *store = centre->config.store;
    struct qw_group group;
    struct expired_sessions expired = { .centre = centre, .group = &group };
    char detail[64];
    qw_err err;

    expired.now_ms = qw_clock_utc_ms();
    qw_group_begin(centre, &group);
    err = store->scan(store->self, QW_STORE_SESSION, QW_STORE_ANY_TAG, NULL, 0, SIZE_MAX,
                      end_old_session, &expired);
    qw_group_fail(&group, err);
    err = group.err;
    if (err == QW_OK && expired.count > 0) {
        (void)snprintf(detail, sizeof detail, "%zu sessions", expired.count);
        err = qw_group_commit(centre, &group, &deed, detail);
    } else {
        qw_group_drop(&group);
    }
    return err;
}
