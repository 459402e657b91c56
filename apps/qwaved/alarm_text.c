/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm_text.h"

#include "events.h"

void alarm_text_write(struct qw_json_writer *w, const struct qw_alarm *alarm)
{
    qw_json_object_begin(w);
    qw_json_name(w, "number");
    qw_json_uint(w, alarm->number);
    qw_json_name(w, "kind");
    qw_json_text(w, qw_alarm_kind_names[alarm->kind]);
    qw_json_name(w, "subject");
    qw_json_text(w, alarm->subject);
    qw_json_name(w, "severity");
    qw_json_text(w, qw_alarm_severity_names[alarm->severity]);
    qw_json_name(w, "state");
    qw_json_text(w, qw_alarm_state_names[alarm->state]);
    qw_json_name(w, "text");
    qw_json_text(w, alarm->text);
    qw_json_name(w, "first_ms");
    qw_json_int(w, alarm->first_ms);
    qw_json_name(w, "last_ms");
    qw_json_int(w, alarm->last_ms);
    qw_json_name(w, "count");
    qw_json_uint(w, alarm->count);
    if (alarm->cleared_ms != 0) {
        qw_json_name(w, "cleared_ms");
        qw_json_int(w, alarm->cleared_ms);
    }
    if (alarm->acknowledged_ms != 0) {
        qw_json_name(w, "acknowledged_ms");
        qw_json_int(w, alarm->acknowledged_ms);
        qw_json_name(w, "acknowledged_by");
        qw_json_text(w, alarm->acknowledged_by);
    }
    qw_json_object_end(w);
}

void alarm_text_publish(struct events *events, const struct qw_alarm *alarm)
{
    char text[ALARM_TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    alarm_text_write(&w, alarm);
    if (qw_json_done(&w)) {
        events_publish(events, "alarm", text, w.len);
    }
}
