/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms and their acknowledgement [docs/protocol/centre-rest.md]. */
#include "alarm_text.h"
#include "centre/alarm/alarm.h"
#include "events.h"
#include "route_list.h"
#include "routes.h"

#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 15 };

void route_alarm_list(struct call *call)
{
    struct qw_alarm *alarms = calloc(QW_ALARMS_MAX, sizeof *alarms);
    struct qw_json_writer w;
    size_t count = 0;
    qw_err err = alarms == NULL
                     ? QW_ERR_NOMEM
                     : qw_centre_alarm_list(call->service->centre, &call->caller, alarms, &count);

    if (err != QW_OK) {
        call_refuse(call, err);
    } else if (list_begin(call, "alarms", count * ALARM_TEXT_MAX, &w)) {
        for (size_t i = 0; i < count; i++) {
            alarm_text_write(&w, &alarms[i]);
        }
        list_send(call, &w);
    }
    free(alarms);
}

/* The number in the path; what is none is not there. */
static bool take_number(struct call *call, uint64_t *number)
{
    const char *text = call->parameter[0];

    if (text[0] == '\0' || strlen(text) > DIGITS_MAX ||
        strspn(text, "0123456789") != strlen(text)) {
        call_refuse(call, QW_ERR_NOT_FOUND);
        return false;
    }
    for (*number = 0; *text != '\0'; text++) {
        *number = *number * 10 + (uint64_t)(*text - '0');
    }
    return true;
}

void route_alarm_acknowledge(struct call *call)
{
    char text[ALARM_TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    struct qw_alarm alarm;
    uint64_t number = 0;
    qw_err err;

    if (!take_number(call, &number) || !call_check_body(call)) {
        return;
    }
    err = qw_centre_alarm_acknowledge(call->service->centre, &call->caller, number, &alarm);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    if (call->service->events != NULL) {
        alarm_text_publish(call->service->events, &alarm);
    }
    alarm_text_write(&w, &alarm);
    call_send(call, 200, &w, NULL);
}
