/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm_watch.h"

#include "alarm_text.h"
#include "base/clock.h"
#include "centre/journal/journal.h"
#include "partners.h"
#include "router.h"
#include "shipping/shipper.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SOON_S = 14 * 86400, /* as in share/prometheus/qwave-alerts.yaml */
    VERY_SOON_S = 2 * 86400,
    BEHIND_RECORDS = 10000
};

struct alarm_watch {
    const struct service *service;
    const struct partners *partners;
    struct qw_alarm_condition conditions[QW_ALARMS_MAX];
    size_t count;
    struct qw_alarm changed[QW_ALARMS_MAX];
};

static void put(struct alarm_watch *watch, enum qw_alarm_kind kind, enum qw_alarm_severity severity,
                const char *subject, const char *text)
{
    if (watch->count < QW_ALARMS_MAX) {
        struct qw_alarm_condition *condition = &watch->conditions[watch->count++];

        *condition = (struct qw_alarm_condition){ .kind = kind, .severity = severity };
        (void)snprintf(condition->subject, sizeof condition->subject, "%s", subject);
        (void)snprintf(condition->text, sizeof condition->text, "%s", text);
    }
}

static void look_at_certificate(struct alarm_watch *watch)
{
    int64_t ends_s = atomic_load(watch->service->certificate_ends_s);
    int64_t left_s = ends_s - qw_clock_utc_ms() / 1000;

    if (ends_s != 0 && left_s < SOON_S) {
        put(watch, QW_ALARM_CERTIFICATE, left_s < VERY_SOON_S ? QW_ALARM_MAJOR : QW_ALARM_MINOR,
            watch->service->centre_id,
            left_s < VERY_SOON_S ? "the centre's certificate ends within two days, or has ended"
                                 : "the centre's certificate ends within two weeks");
    }
}

/* An alarm from before a restart is not over because nobody has tried the collector again yet. */
static bool is_early(const struct service *service)
{
    return service->shipper != NULL && !shipper_look(service->shipper).has_tried;
}

/* The journal grows while nobody takes it; it is its own spool. */
static void look_at_journal(struct alarm_watch *watch)
{
    struct shipper_state state;
    uint64_t records;
    bool is_behind;

    if (watch->service->shipper == NULL) {
        return;
    }
    state = shipper_look(watch->service->shipper);
    records = qw_centre_journal_length(watch->service->centre);
    is_behind = records > state.shipped_seq + BEHIND_RECORDS;
    if (state.is_down || is_behind) {
        put(watch, QW_ALARM_JOURNAL, is_behind ? QW_ALARM_MAJOR : QW_ALARM_MINOR,
            watch->service->centre_id,
            is_behind ? "more than 10000 records of the journal have not been shipped"
                      : "the collector of the journal is away");
    }
}

static void look_at_partners(struct alarm_watch *watch)
{
    const char *id;
    bool is_away;

    for (size_t i = 0; partners_look(watch->partners, i, &id, &is_away); i++) {
        if (is_away) {
            put(watch, QW_ALARM_PARTNER, QW_ALARM_MINOR, id,
                "the partner did not answer when it was sent something last");
        }
    }
}

qw_err alarm_watch_new(const struct service *service, const struct partners *partners,
                       struct alarm_watch **out)
{
    struct alarm_watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL) {
        return QW_ERR_NOMEM;
    }
    watch->service = service;
    watch->partners = partners;
    *out = watch;
    return QW_OK;
}

void alarm_watch_free(struct alarm_watch *watch)
{
    free(watch);
}

void alarm_watch_look(struct alarm_watch *watch)
{
    size_t changed = 0;

    if (watch == NULL || is_early(watch->service)) {
        return;
    }
    watch->count = 0;
    look_at_certificate(watch);
    look_at_journal(watch);
    look_at_partners(watch);
    qw_centre_alarm_watch(watch->service->centre, watch->conditions, watch->count, watch->changed,
                          &changed);
    for (size_t i = 0; i < changed; i++) {
        const struct qw_alarm *alarm = &watch->changed[i];
        bool is_on = alarm->state == QW_ALARM_ACTIVE;

        qw_log_write(watch->service->log, is_on ? QW_LOG_WARNING : QW_LOG_INFO,
                     "alarm %llu %s: %s %s, %s: %s", (unsigned long long)alarm->number,
                     is_on ? "is on" : "is over", qw_alarm_kind_names[alarm->kind], alarm->subject,
                     qw_alarm_severity_names[alarm->severity], alarm->text);
        alarm_text_publish(watch->service->events, alarm);
    }
}
