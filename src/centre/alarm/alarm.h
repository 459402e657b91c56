/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_ALARM_ALARM_H
#define QW_CENTRE_ALARM_ALARM_H

#include "centre/alarm/alarm_life.h"
#include "centre/centre.h"

/* Alarms of a centre [C10; docs/adr/0114]. Found are the states that health and metrics know
 * already; what happened to an alarm is in the journal, and what was acknowledged is acknowledged
 * after a restart. Each process of a centre has its own. */

/* The thread that looks once a second. outside [count]: what the program knows and the centre does
 * not. changed [QW_ALARMS_MAX] gets every alarm that has begun, got worse or ended since the last
 * call, those that are gone as well. Never fails: what the store does not take is tried again with
 * the next call. */
void qw_centre_alarm_watch(struct qw_centre *centre, const struct qw_alarm_condition *outside,
                           size_t count, struct qw_alarm *changed, size_t *changed_count);

/* For officers of the whole centre who may read its status: all that are listed, newest last;
 * alarms [QW_ALARMS_MAX]. QW_ERR_REFUSED. */
qw_err qw_centre_alarm_list(struct qw_centre *centre, const struct qw_caller *caller,
                            struct qw_alarm *alarms, size_t *count) QW_MUST_USE;
/* An officer says that he knows; durable, in the journal. *alarm is as it is then. QW_ERR_REFUSED;
 * QW_ERR_NOT_FOUND; QW_ERR_STATE: somebody has said so already. */
qw_err qw_centre_alarm_acknowledge(struct qw_centre *centre, const struct qw_caller *caller,
                                   uint64_t number, struct qw_alarm *alarm) QW_MUST_USE;

struct qw_alarm_counts { /* by severity */
    uint64_t listed[QW_ALARM_SEVERITIES], unacknowledged[QW_ALARM_SEVERITIES];
};
/* Does not wait for the store. */
void qw_centre_alarm_counts(struct qw_centre *centre, struct qw_alarm_counts *counts);

/* Inside the centre, under the mutex. */
struct qw_alarm_lock { /* of a name that failed to authenticate too often */
    char name[QW_ALARM_SUBJECT_CAP];
    int64_t until_ms;
};
enum { QW_ALARM_LOCKS_MAX = 16 };
/* until_ms in the past: it is lifted. */
void qw_alarm_note_lock(struct qw_centre *centre, const char *name, int64_t until_ms);
/* What is the case inside the centre; at most cap. */
size_t qw_alarm_conditions(struct qw_centre *centre, int64_t now_ms,
                           struct qw_alarm_condition *conditions, size_t cap);
/* At the start: what the store says. */
qw_err qw_alarm_load(struct qw_centre *centre) QW_MUST_USE;

#endif
