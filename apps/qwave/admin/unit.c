/* SPDX-License-Identifier: Apache-2.0 */
/* qwave admin unit: quotas of parts of the tree [C16]. */
#include "admin/admin.h"

#include "api/json_writer.h"
#include "api/url.h"

#include <stdio.h>

enum { BODY_CAP = 512, PATH_TEXT_CAP = 256 };

static qw_err get(struct operator_desk *desk, const struct admin_arguments *arguments,
                  const char *path)
{
    const char *answer = NULL;
    qw_err err = operator_call(desk, "GET", path, NULL, &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_list(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    return get(desk, arguments, "/v1/units");
}

static qw_err run_show(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char unit[PATH_TEXT_CAP / 2 + 64];
    char path[PATH_TEXT_CAP];
    qw_err err = qw_url_encode(arguments->word[2], unit, sizeof unit);

    if (err != QW_OK) {
        return QW_ERR_ARG;
    }
    (void)snprintf(path, sizeof path, "/v1/units?unit=%.190s", unit);
    return get(desk, arguments, path);
}

static qw_err run_quota(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    const char *answer = NULL;
    qw_err err;

    qw_json_object_begin(&w);
    qw_json_name(&w, "unit");
    qw_json_text(&w, arguments->word[2]);
    qw_json_name(&w, "devices_max");
    qw_json_uint(&w, arguments->devices_max);
    qw_json_name(&w, "keys_per_day");
    qw_json_uint(&w, arguments->keys_per_day);
    qw_json_name(&w, "keys_stored_max");
    qw_json_uint(&w, arguments->keys_stored);
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return QW_ERR_ARG;
    }
    err = operator_call(desk, "POST", "/v1/units", body, &answer);
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

const struct admin_action admin_unit_actions[ADMIN_UNIT_ACTIONS] = {
    { "unit", "list", 2, "", "quotas in one's own part of the tree, and what is used", run_list },
    { "unit", "show", 3, "UNIT", "one of them", run_show },
    { "unit", "quota", 3, "UNIT [--devices-max N] [--keys-per-day N] [--keys-stored N]",
      "of a unit beneath one's own; what is not given has no limit", run_quota },
};
