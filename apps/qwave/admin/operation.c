/* SPDX-License-Identifier: Apache-2.0 */
/* qwave admin reload, maintenance, alarm: what keeps a centre going [C10]. */
#include "admin/admin.h"

#include "api/json_writer.h"
#include "api/url.h"

#include <stdio.h>
#include <string.h>

enum { BODY_CAP = 1024, PATH_TEXT_CAP = 512 };

static qw_err run_reload(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *answer = NULL;
    qw_err err = operator_call(desk, "POST", "/v1/reload", NULL, &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_maintenance_status(struct operator_desk *desk,
                                     const struct admin_arguments *arguments)
{
    const char *answer = NULL;
    qw_err err = operator_call(desk, "GET", "/v1/maintenance", NULL, &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_maintenance(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    const char *answer = NULL;
    qw_err err;

    qw_json_object_begin(&w);
    qw_json_name(&w, "on");
    qw_json_bool(&w, strcmp(arguments->word[1], "on") == 0);
    qw_json_name(&w, "reason");
    qw_json_text(&w, arguments->reason);
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return QW_ERR_SPACE;
    }
    err = operator_call(desk, "POST", "/v1/maintenance", body, &answer);
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_alarm_list(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *answer = NULL;
    qw_err err = operator_call(desk, "GET", "/v1/alarms", NULL, &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_alarm_acknowledge(struct operator_desk *desk,
                                    const struct admin_arguments *arguments)
{
    char number[PATH_TEXT_CAP / 2], path[PATH_TEXT_CAP];
    const char *answer = NULL;
    qw_err err = qw_url_encode(arguments->word[2], number, sizeof number);

    if (err == QW_OK) {
        (void)snprintf(path, sizeof path, "/v1/alarms/%s/acknowledge", number);
        err = operator_call(desk, "POST", path, NULL, &answer);
    }
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_pair_list(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *answer = NULL;
    qw_err err = operator_call(desk, "GET", "/v1/pairs", NULL, &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

const struct admin_action admin_operation_actions[ADMIN_OPERATION_ACTIONS] = {
    { "reload", NULL, 1, "", "the centre reads its settings and certificates again", run_reload },
    { "maintenance", "on", 2, "[--reason TEXT]", "no new keys until it is off; all else goes on",
      run_maintenance },
    { "maintenance", "off", 2, "", "", run_maintenance },
    { "maintenance", "status", 2, "", "whether it is on, since when, by whom and why",
      run_maintenance_status },
    { "alarm", "list", 2, "", "what is wrong, and what was and nobody has acknowledged",
      run_alarm_list },
    { "alarm", "acknowledge", 3, "NUMBER", "you know of it; it goes from the list when it is over",
      run_alarm_acknowledge },
    { "pair", "list", 2, "", "pairs of applications: keys leased to them, and what they were given",
      run_pair_list },
};
