/* SPDX-License-Identifier: Apache-2.0 */
/* A record of its own, written when an alarm begins, ends or is acknowledged. While the store
 * cannot be written the alarms are in memory, that about the store among them. */
#include "centre/alarm/alarm.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "centre/group.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"
#include "centre/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LAYOUT = 1,
    ID_CAP = 96,
    ALARM_LEN_MAX = 8 + 3 + QW_ALARM_SUBJECT_CAP + QW_ALARM_TEXT_CAP + 5 * 8 + 64,
    OBJECT_CAP = 192, /* the journal cuts what it does not take */
    DETAIL_CAP = 256
};
_Static_assert(16 + QW_ALARMS_MAX * ALARM_LEN_MAX <= QW_SCRATCH_LEN, "all fit the scratch");

static size_t id_of(const struct qw_centre *centre, char id[static ID_CAP])
{
    const char *process = centre->config.process;

    (void)snprintf(id, ID_CAP, process == NULL || process[0] == '\0' ? "alarms" : "alarms:%s",
                   process);
    return strlen(id);
}

static void write_alarm(struct qw_writer *w, const struct qw_alarm *alarm)
{
    qw_write_u64be(w, alarm->number);
    qw_write_u8(w, (uint8_t)alarm->kind);
    qw_write_u8(w, (uint8_t)alarm->severity);
    qw_write_u8(w, (uint8_t)alarm->state);
    qw_write_string8(w, alarm->subject);
    qw_write_string8(w, alarm->text);
    qw_write_u64be(w, (uint64_t)alarm->first_ms);
    qw_write_u64be(w, (uint64_t)alarm->last_ms);
    qw_write_u64be(w, (uint64_t)alarm->cleared_ms);
    qw_write_u64be(w, alarm->count);
    qw_write_u64be(w, (uint64_t)alarm->acknowledged_ms);
    qw_write_string8(w, alarm->acknowledged_by);
}

static bool read_alarm(struct qw_reader *r, struct qw_alarm *alarm)
{
    uint8_t kind, severity, state;

    alarm->number = qw_read_u64be(r);
    kind = qw_read_u8(r);
    severity = qw_read_u8(r);
    state = qw_read_u8(r);
    qw_read_string8(r, alarm->subject, sizeof alarm->subject);
    qw_read_string8(r, alarm->text, sizeof alarm->text);
    alarm->first_ms = (int64_t)qw_read_u64be(r);
    alarm->last_ms = (int64_t)qw_read_u64be(r);
    alarm->cleared_ms = (int64_t)qw_read_u64be(r);
    alarm->count = qw_read_u64be(r);
    alarm->acknowledged_ms = (int64_t)qw_read_u64be(r);
    qw_read_string8(r, alarm->acknowledged_by, sizeof alarm->acknowledged_by);
    if (kind >= QW_ALARM_KINDS || severity >= QW_ALARM_SEVERITIES || state >= QW_ALARM_GONE) {
        return false;
    }
    alarm->kind = (enum qw_alarm_kind)kind;
    alarm->severity = (enum qw_alarm_severity)severity;
    alarm->state = (enum qw_alarm_state)state;
    return true;
}

static qw_err decode(const uint8_t *plain, size_t len, struct qw_alarm_book *book)
{
    struct qw_reader r = qw_reader_on(plain, len);
    bool ok = qw_read_u8(&r) == LAYOUT;

    memset(book, 0, sizeof *book);
    book->next_number = qw_read_u64be(&r);
    book->count = qw_read_u8(&r);
    ok = ok && book->count <= QW_ALARMS_MAX;
    for (size_t i = 0; ok && i < book->count; i++) {
        ok = read_alarm(&r, &book->alarm[i]);
    }
    if (!ok || !qw_reader_done(&r)) {
        memset(book, 0, sizeof *book);
        return QW_ERR_FORMAT;
    }
    return QW_OK;
}

qw_err qw_alarm_load(struct qw_centre *centre)
{
    char id[ID_CAP];
    size_t id_len = id_of(centre, id), len = 0;
    uint64_t version;
    qw_err err = qw_record_load(centre, QW_STORE_META, id, id_len, &version, &len);

    if (err == QW_ERR_NOT_FOUND) {
        return QW_OK;
    }
    return err == QW_OK ? decode(centre->scratch, len, &centre->alarms) : err;
}

/* Through the scratch. */
static void put_record(struct qw_centre *centre, struct qw_group *group, const char *id,
                       uint64_t version)
{
    const struct qw_alarm_book *book = &centre->alarms;
    struct qw_store_op op = {
        .kind = QW_STORE_META, .id = id, .id_len = strlen(id), .expected_version = version
    };
    struct qw_writer w = qw_writer_on(centre->scratch, sizeof centre->scratch);
    uint8_t count = 0;

    for (size_t i = 0; i < book->count; i++) {
        count = (uint8_t)(count + (book->alarm[i].state != QW_ALARM_GONE));
    }
    qw_write_u8(&w, LAYOUT);
    qw_write_u64be(&w, book->next_number);
    qw_write_u8(&w, count);
    for (size_t i = 0; i < book->count; i++) {
        if (book->alarm[i].state != QW_ALARM_GONE) {
            write_alarm(&w, &book->alarm[i]);
        }
    }
    qw_assert(!w.failed);
    qw_group_add(centre, group, version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, op,
                 centre->scratch, w.len);
}

/* "card phone-1" */
static void object_of(const struct qw_alarm *alarm, char object[static OBJECT_CAP])
{
    (void)snprintf(object, OBJECT_CAP, "%s %s", qw_alarm_kind_names[alarm->kind], alarm->subject);
}

/* Its beginning or end, for the journal; an acknowledgement is a deed of its own, which may come
 * before the beginning could be written. */
static void note(struct qw_group *group, const struct qw_alarm *alarm)
{
    bool is_on = alarm->state == QW_ALARM_ACTIVE || alarm->state == QW_ALARM_ACKNOWLEDGED;
    char object[OBJECT_CAP], detail[DETAIL_CAP];
    struct qw_deed deed = { .verb = is_on ? "alarm" : "alarm-over", .object = object };

    object_of(alarm, object);
    (void)snprintf(detail, sizeof detail, "%" PRIu64 ", %s: %s", alarm->number,
                   qw_alarm_severity_names[alarm->severity], alarm->text);
    qw_group_note(group, &deed, detail);
}

/* deed: of the officer who acknowledged the alarm `known`; NULL: none did. The version is looked up
 * each time: after a group whose end nobody knows it may be either. */
static qw_err keep(struct qw_centre *centre, const struct qw_deed *deed,
                   const struct qw_alarm *known, const char *detail)
{
    char id[ID_CAP];
    size_t id_len = id_of(centre, id), len = 0;
    struct qw_group group;
    uint64_t version = 0;
    qw_err err = qw_record_load(centre, QW_STORE_META, id, id_len, &version, &len);

    if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
        return err;
    }
    qw_group_begin(centre, &group);
    for (size_t i = 0; i < centre->alarms.count; i++) {
        const struct qw_alarm *alarm = &centre->alarms.alarm[i];

        if (alarm->is_unkept && alarm != known) {
            note(&group, alarm);
        }
    }
    put_record(centre, &group, id, err == QW_OK ? version : 0);
    err = deed == NULL ? qw_group_commit_noted(centre, &group)
                       : qw_group_commit(centre, &group, deed, detail);
    if (err == QW_OK) {
        qw_alarm_book_settle(&centre->alarms);
    }
    return err;
}

/* Writes nothing while the sweep has not found the store writable again. */
static void keep_if_due(struct qw_centre *centre)
{
    bool is_due = false;

    for (size_t i = 0; i < centre->alarms.count; i++) {
        is_due = is_due || centre->alarms.alarm[i].is_unkept;
    }
    if (is_due && centre->turn_err == QW_OK && !atomic_load(&centre->write_failed)) {
        (void)!keep(centre, NULL, NULL, ""); /* again in a second */
    }
}

void qw_centre_alarm_watch(struct qw_centre *centre, const struct qw_alarm_condition *outside,
                           size_t count, struct qw_alarm *changed, size_t *changed_count)
{
    struct qw_alarm_condition conditions[QW_ALARMS_MAX];
    int64_t now_ms = qw_clock_utc_ms();
    struct qw_alarm_book *book = &centre->alarms;
    size_t all;

    *changed_count = 0;
    qw_centre_enter(centre);
    all = qw_alarm_conditions(centre, now_ms, conditions, QW_ALARMS_MAX);
    for (size_t i = 0; i < count && all < QW_ALARMS_MAX; i++) {
        conditions[all++] = outside[i];
    }
    qw_alarm_book_update(book, conditions, all, now_ms);
    for (size_t i = 0; i < book->count; i++) {
        if (book->alarm[i].is_changed) {
            book->alarm[i].is_changed = false;
            changed[(*changed_count)++] = book->alarm[i];
        }
    }
    keep_if_due(centre);
    qw_centre_leave(centre);
}

qw_err qw_centre_alarm_list(struct qw_centre *centre, const struct qw_caller *caller,
                            struct qw_alarm *alarms, size_t *count)
{
    struct qw_deed deed = { .caller = caller, .verb = "alarm-list", .object = "" };
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_STATUS_READ, QW_UNIT_ROOT);
    for (size_t i = *count = 0; err == QW_OK && i < centre->alarms.count; i++) {
        if (centre->alarms.alarm[i].state != QW_ALARM_GONE) {
            alarms[(*count)++] = centre->alarms.alarm[i];
        }
    }
    qw_centre_leave(centre);
    return err;
}

/* Under the mutex, by somebody who may. What is not durable has not happened. */
static qw_err acknowledge(struct qw_centre *centre, const struct qw_deed *deed, uint64_t number,
                          struct qw_alarm *out)
{
    struct qw_alarm *alarm = NULL;
    char object[OBJECT_CAP], detail[DETAIL_CAP];
    struct qw_deed named = { .caller = deed->caller, .verb = deed->verb, .object = object };
    struct qw_alarm before = { .number = 0 };
    qw_err err;

    for (size_t i = 0; i < centre->alarms.count; i++) {
        alarm = centre->alarms.alarm[i].number == number ? &centre->alarms.alarm[i] : alarm;
    }
    if (alarm != NULL) {
        before = *alarm;
    }
    err = qw_alarm_book_acknowledge(&centre->alarms, number, deed->caller->id, qw_clock_utc_ms());
    if (err != QW_OK) {
        return qw_centre_refuse(centre, deed, err,
                                err == QW_ERR_STATE ? "acknowledged already" : "no such alarm");
    }
    object_of(alarm, object);
    (void)snprintf(detail, sizeof detail, "%" PRIu64 ", %s: %s", number,
                   qw_alarm_severity_names[alarm->severity], alarm->text);
    alarm->is_changed = false; /* the caller tells */
    *out = *alarm;
    out->is_unkept = false;
    err = keep(centre, &named, before.is_unkept ? NULL : alarm, detail);
    if (err != QW_OK) {
        *alarm = before;
    }
    return err;
}

qw_err qw_centre_alarm_acknowledge(struct qw_centre *centre, const struct qw_caller *caller,
                                   uint64_t number, struct qw_alarm *out)
{
    char object[24];
    struct qw_deed deed = { .caller = caller, .verb = "alarm-acknowledge", .object = object };
    qw_err err;

    (void)snprintf(object, sizeof object, "%" PRIu64, number);
    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_ALARM_ACKNOWLEDGE, QW_UNIT_ROOT);
    if (err == QW_OK) {
        err = acknowledge(centre, &deed, number, out);
    }
    qw_centre_leave(centre);
    return err;
}

void qw_centre_alarm_counts(struct qw_centre *centre, struct qw_alarm_counts *counts)
{
    memset(counts, 0, sizeof *counts);
    pthread_mutex_lock(&centre->mutex); /* not _enter: the store is not asked */
    for (size_t i = 0; i < centre->alarms.count; i++) {
        const struct qw_alarm *alarm = &centre->alarms.alarm[i];

        if (alarm->state != QW_ALARM_GONE) {
            counts->listed[alarm->severity]++;
            counts->unacknowledged[alarm->severity] += alarm->state != QW_ALARM_ACKNOWLEDGED;
        }
    }
    pthread_mutex_unlock(&centre->mutex);
}
