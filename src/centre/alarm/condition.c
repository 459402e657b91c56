/* SPDX-License-Identifier: Apache-2.0 */
/* What is the case inside a centre: the states behind GET /v1/ready and /metrics, once more. */
#include "base/clock.h"
#include "centre/alarm/alarm.h"
#include "centre/books.h"
#include "centre/device/card_book.h"
#include "centre/key/source_watch.h"

#include <stdio.h>
#include <string.h>

enum { CARDS_MAX = 16, LOW_PART = 4, ENOUGH_PART = 2 }; /* of stock_keys */

struct list {
    struct qw_alarm_condition *at;
    size_t count, cap;
};

static void put(struct list *list, enum qw_alarm_kind kind, enum qw_alarm_severity severity,
                const char *subject, const char *text)
{
    if (list->count < list->cap) {
        struct qw_alarm_condition *condition = &list->at[list->count++];

        *condition = (struct qw_alarm_condition){ .kind = kind, .severity = severity };
        (void)snprintf(condition->subject, sizeof condition->subject, "%s", subject);
        (void)snprintf(condition->text, sizeof condition->text, "%s", text);
    }
}

static void look_at_sources(struct qw_centre *centre, struct list *list)
{
    for (size_t i = 0; i < qw_sources_count(centre); i++) {
        struct qw_key_source_health health = qw_source_health(centre, i);

        if (!health.is_running) {
            put(list, QW_ALARM_SOURCE, QW_ALARM_MINOR, qw_source_at(centre, i)->name,
                health.reason);
        }
    }
}

/* Low is a quarter of what there should be; enough again is half, so that one key more or less is
 * no alarm. */
static void look_at_stock(struct qw_centre *centre, struct list *list)
{
    const char *id = centre->config.centre_id;
    const struct qw_alarm *alarm = qw_alarm_book_find(&centre->alarms, QW_ALARM_STOCK, id);
    bool is_low = alarm != NULL && alarm->state != QW_ALARM_CLEARED;
    uint64_t stored = centre->books.stored;

    if (stored == 0) {
        put(list, QW_ALARM_STOCK, QW_ALARM_MAJOR, id, "no key is left in stock");
    } else if (stored < centre->config.stock_keys / (is_low ? ENOUGH_PART : LOW_PART)) {
        put(list, QW_ALARM_STOCK, QW_ALARM_MINOR, id, "few keys are left in stock");
    }
}

static void look_at_store(struct qw_centre *centre, struct list *list)
{
    const char *id = centre->config.centre_id;

    if (atomic_load(&centre->write_failed)) {
        put(list, QW_ALARM_STORE, QW_ALARM_MAJOR, id,
            "the store or the journal cannot be written: a full or read-only disk, or a database "
            "that is away");
    }
    if (atomic_load(&centre->is_set_back)) {
        put(list, QW_ALARM_SET_BACK, QW_ALARM_MAJOR, id,
            "the store is an older copy of itself: no keys are given");
    }
}

static int put_card(void *self, const struct qw_store_record *record)
{
    char id[QW_ALARM_SUBJECT_CAP];
    struct list *list = self;

    (void)snprintf(id, sizeof id, "%.*s", (int)record->id_len, (const char *)record->id);
    put(list, QW_ALARM_CARD, QW_ALARM_MAJOR, id,
        "two copies of its card are at work, or an old one: the device is suspended");
    return 1;
}

/* False: the store does not answer, so nobody knows. */
static bool look_at_cards(struct qw_centre *centre, struct list *list)
{
    const struct qw_store *store = centre->config.store;

    return centre->turn_err == QW_OK &&
           store->scan(store->self, QW_STORE_DEVICE, QW_TAG_DEVICE_CLONED, NULL, 0, CARDS_MAX,
                       put_card, list) == QW_OK;
}

/* As they were. */
static void keep_cards(const struct qw_centre *centre, struct list *list)
{
    for (size_t i = 0; i < centre->alarms.count; i++) {
        const struct qw_alarm *alarm = &centre->alarms.alarm[i];

        if (alarm->kind == QW_ALARM_CARD &&
            (alarm->state == QW_ALARM_ACTIVE || alarm->state == QW_ALARM_ACKNOWLEDGED)) {
            put(list, alarm->kind, alarm->severity, alarm->subject, alarm->text);
        }
    }
}

static void look_at_locks(const struct qw_centre *centre, int64_t now_ms, struct list *list)
{
    for (size_t i = 0; i < QW_ALARM_LOCKS_MAX; i++) {
        if (centre->alarm_locks[i].until_ms > now_ms) {
            put(list, QW_ALARM_AUTHENTICATION, QW_ALARM_MINOR, centre->alarm_locks[i].name,
                "locked after failures: somebody has half of what it takes");
        }
    }
}

size_t qw_alarm_conditions(struct qw_centre *centre, int64_t now_ms,
                           struct qw_alarm_condition *conditions, size_t cap)
{
    struct list list = { .at = conditions, .cap = cap };
    size_t before;

    look_at_store(centre, &list);
    look_at_stock(centre, &list);
    look_at_sources(centre, &list);
    look_at_locks(centre, now_ms, &list);
    before = list.count;
    if (!look_at_cards(centre, &list)) {
        list.count = before;
        keep_cards(centre, &list);
    }
    return list.count;
}

/* The one of that name, a free one, or the one that ends first. */
static struct qw_alarm_lock *place_for(struct qw_centre *centre, const char *name)
{
    struct qw_alarm_lock *best = &centre->alarm_locks[0];

    for (size_t i = 0; i < QW_ALARM_LOCKS_MAX; i++) {
        struct qw_alarm_lock *lock = &centre->alarm_locks[i];

        if (strcmp(lock->name, name) == 0) {
            return lock;
        }
        if (lock->until_ms < best->until_ms) {
            best = lock;
        }
    }
    return best;
}

void qw_alarm_note_lock(struct qw_centre *centre, const char *name, int64_t until_ms)
{
    struct qw_alarm_lock *lock = place_for(centre, name);

    if (until_ms > 0 || strcmp(lock->name, name) == 0) {
        (void)snprintf(lock->name, sizeof lock->name, "%s", name);
        lock->until_ms = until_ms;
    }
}
