/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_ALARM_TEXT_H
#define QWAVED_ALARM_TEXT_H

#include "api/json_writer.h"
#include "centre/alarm/alarm.h"

/* An alarm as JSON: the schema Alarm of docs/openapi.yaml. */
enum { ALARM_TEXT_MAX = 2048 }; /* also when every character of its texts is escaped */
struct events;                  /* events.h */

void alarm_text_write(struct qw_json_writer *w, const struct qw_alarm *alarm);
/* To those who look, as the event called alarm. */
void alarm_text_publish(struct events *events, const struct qw_alarm *alarm);

#endif
