/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/alarm/alarm_life.h"

#include <stdio.h>
#include <string.h>

#define NAME(name, text) [QW_ALARM_##name] = text,
const char *const qw_alarm_kind_names[QW_ALARM_KINDS] = { QW_ALARM_KIND_TABLE(NAME) };
#undef NAME
const char *const qw_alarm_severity_names[QW_ALARM_SEVERITIES] = { "minor", "major" };
const char *const qw_alarm_state_names[QW_ALARM_STATES] = { "active", "acknowledged", "cleared",
                                                            "gone" };

enum { NO = QW_ALARM_STATES };

/* clang-format off */
static const uint8_t steps[QW_ALARM_STATES][QW_ALARM_EVENTS] = {
    /*                          RAISE             CLEAR             ACKNOWLEDGE */
    [QW_ALARM_ACTIVE]       = { QW_ALARM_ACTIVE,  QW_ALARM_CLEARED, QW_ALARM_ACKNOWLEDGED }, /* RAISE: worse */
    [QW_ALARM_ACKNOWLEDGED] = { QW_ALARM_ACTIVE,  QW_ALARM_GONE,    NO },                    /* likewise */
    [QW_ALARM_CLEARED]      = { QW_ALARM_ACTIVE,  NO,               QW_ALARM_GONE },
    [QW_ALARM_GONE]         = { NO,               NO,               NO },
};
/* clang-format on */

qw_err qw_alarm_next(enum qw_alarm_state state, enum qw_alarm_event event,
                     enum qw_alarm_state *next)
{
    uint8_t to = steps[state][event];

    if (to == NO) {
        return QW_ERR_STATE;
    }
    *next = (enum qw_alarm_state)to;
    return QW_OK;
}

/* True: there is such a step, and the alarm has made it. */
static bool step(struct qw_alarm *alarm, enum qw_alarm_event event)
{
    if (qw_alarm_next(alarm->state, event, &alarm->state) != QW_OK) {
        return false;
    }
    alarm->is_changed = true;
    alarm->is_unkept = true;
    return true;
}

static bool is_over(const struct qw_alarm *alarm)
{
    return alarm->state == QW_ALARM_CLEARED || alarm->state == QW_ALARM_GONE;
}

static struct qw_alarm *find(struct qw_alarm_book *book, enum qw_alarm_kind kind,
                             const char *subject)
{
    for (size_t i = 0; i < book->count; i++) {
        struct qw_alarm *alarm = &book->alarm[i];

        if (alarm->kind == kind && alarm->state != QW_ALARM_GONE &&
            strcmp(alarm->subject, subject) == 0) {
            return alarm;
        }
    }
    return NULL;
}

const struct qw_alarm *qw_alarm_book_find(const struct qw_alarm_book *book, enum qw_alarm_kind kind,
                                          const char *subject)
{
    return find((struct qw_alarm_book *)book, kind, subject);
}

static void take_out(struct qw_alarm_book *book, size_t index)
{
    book->count--;
    memmove(&book->alarm[index], &book->alarm[index + 1],
            (book->count - index) * sizeof book->alarm[0]);
}

/* One that is gone and only waits for the store makes room. */
static struct qw_alarm *add(struct qw_alarm_book *book)
{
    for (size_t i = 0; book->count == QW_ALARMS_MAX && i < book->count; i++) {
        if (book->alarm[i].state == QW_ALARM_GONE) {
            take_out(book, i);
        }
    }
    return book->count == QW_ALARMS_MAX ? NULL : &book->alarm[book->count++];
}

static void describe(struct qw_alarm *alarm, const struct qw_alarm_condition *condition)
{
    alarm->severity = condition->severity;
    (void)snprintf(alarm->text, sizeof alarm->text, "%s", condition->text);
}

/* The same one again: new for whoever had acknowledged it. */
static void raise_again(struct qw_alarm *alarm, const struct qw_alarm_condition *condition,
                        int64_t now_ms)
{
    if (step(alarm, QW_ALARM_RAISE)) {
        describe(alarm, condition);
        alarm->last_ms = now_ms;
        alarm->count++;
        alarm->acknowledged_ms = 0;
        alarm->acknowledged_by[0] = '\0';
    }
}

static void raise_new(struct qw_alarm_book *book, const struct qw_alarm_condition *condition,
                      int64_t now_ms)
{
    struct qw_alarm *alarm = add(book);

    if (alarm == NULL) {
        return;
    }
    *alarm = (struct qw_alarm){ .number = ++book->next_number,
                                .kind = condition->kind,
                                .state = QW_ALARM_ACTIVE,
                                .first_ms = now_ms,
                                .last_ms = now_ms,
                                .count = 1,
                                .is_changed = true,
                                .is_unkept = true };
    (void)snprintf(alarm->subject, sizeof alarm->subject, "%s", condition->subject);
    describe(alarm, condition);
}

static bool is_the_case(const struct qw_alarm *alarm, const struct qw_alarm_condition *conditions,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (conditions[i].kind == alarm->kind &&
            strcmp(conditions[i].subject, alarm->subject) == 0) {
            return true;
        }
    }
    return false;
}

void qw_alarm_book_update(struct qw_alarm_book *book, const struct qw_alarm_condition *conditions,
                          size_t count, int64_t now_ms)
{
    for (size_t i = 0; i < book->count; i++) {
        struct qw_alarm *alarm = &book->alarm[i];

        if (!is_the_case(alarm, conditions, count) && step(alarm, QW_ALARM_CLEAR)) {
            alarm->cleared_ms = now_ms;
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct qw_alarm *alarm = find(book, conditions[i].kind, conditions[i].subject);

        if (alarm == NULL) {
            raise_new(book, &conditions[i], now_ms);
        } else if (is_over(alarm) || conditions[i].severity > alarm->severity) {
            raise_again(alarm, &conditions[i], now_ms);
        }
    }
}

qw_err qw_alarm_book_acknowledge(struct qw_alarm_book *book, uint64_t number, const char *officer,
                                 int64_t now_ms)
{
    struct qw_alarm *alarm = NULL;

    for (size_t i = 0; i < book->count; i++) {
        if (book->alarm[i].number == number && book->alarm[i].state != QW_ALARM_GONE) {
            alarm = &book->alarm[i];
        }
    }
    if (alarm == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    if (!step(alarm, QW_ALARM_ACKNOWLEDGE)) {
        return QW_ERR_STATE;
    }
    alarm->acknowledged_ms = now_ms;
    (void)snprintf(alarm->acknowledged_by, sizeof alarm->acknowledged_by, "%s", officer);
    return QW_OK;
}

void qw_alarm_book_settle(struct qw_alarm_book *book)
{
    for (size_t i = book->count; i > 0; i--) {
        book->alarm[i - 1].is_unkept = false;
        if (book->alarm[i - 1].state == QW_ALARM_GONE && !book->alarm[i - 1].is_changed) {
            take_out(book, i - 1);
        }
    }
}
