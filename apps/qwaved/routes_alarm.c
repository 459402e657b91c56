/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms and their acknowledgement [docs/protocol/centre-rest.md]. */
#include "alarm_text.h"
#include "centre/alarm/alarm.h"
#include "events.h"
#include "routes.h"

#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 15 };

void route_alarm_list(struct call *call)
{
    struct qw_alarm *alarms = calloc(QW_ALARMS_MAX, sizeof *alarms);
    size_t cap, count = 0;
    struct qw_json_writer w;
    char *text = NULL;
    qw_err err = alarms == NULL
                     ? QW_ERR_NOMEM
                     : qw_centre_alarm_list(call->service->centre, &call->caller, alarms, &count);

    if (err != QW_OK) {
        free(alarms);
        call_refuse(call, err);
        return;
    }
    cap = 64 + count * ALARM_TEXT_MAX;
    text = call_text_new(call, cap);
    if (text != NULL) {
        w = qw_json_writer_on(text, cap);
        qw_json_object_begin(&w);
        qw_json_name(&w, "alarms");
        qw_json_array_begin(&w);
        for (size_t i = 0; i < count; i++) {
            alarm_text_write(&w, &alarms[i]);
        }
        qw_json_array_end(&w);
        qw_json_object_end(&w);
        call_send(call, 200, &w, text);
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
