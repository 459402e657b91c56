/* SPDX-License-Identifier: Apache-2.0 */
/* qwave admin request: deeds that need two officers [C10]. */
#include "admin/admin.h"

#include "api/json_writer.h"
#include "api/url.h"

#include <stdio.h>

enum { BODY_CAP = 1024, PATH_TEXT_CAP = 512 };

/* POST path {"name": value, "name": value}. */
static qw_err post(struct operator_desk *desk, const struct admin_arguments *arguments,
                   const char *path, const char *const (*members)[2], size_t count)
{
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    const char *answer = NULL;
    qw_err err;

    qw_json_object_begin(&w);
    for (size_t i = 0; i < count; i++) {
        qw_json_name(&w, members[i][0]);
        qw_json_text(&w, members[i][1]);
    }
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return QW_ERR_SPACE;
    }
    err = operator_call(desk, "POST", path, body, &answer);
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_destroy(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *const members[][2] = { { "verb", "device-destroy" },
                                       { "object", arguments->word[2] } };

    return post(desk, arguments, "/v1/requests", members, 2);
}

static qw_err run_officer(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *const members[][2] = { { "verb", "officer-add" },
                                       { "object", arguments->word[2] },
                                       { "role", arguments->role },
                                       { "unit", arguments->unit != NULL ? arguments->unit
                                                                         : QW_UNIT_ROOT } };

    return post(desk, arguments, "/v1/requests", members, 4);
}

static qw_err run_backup(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *const members[][2] = { { "verb", "backup" }, { "object", arguments->word[2] } };

    return post(desk, arguments, "/v1/requests", members, 2);
}

/* "key-resume" of the action's own word. */
static qw_err run_key(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *const members[][2] = { { "verb", arguments->word[1] },
                                       { "object", arguments->word[2] } };

    return post(desk, arguments, "/v1/requests", members, 2);
}

static qw_err run_charge_order(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char object[BODY_CAP / 4];
    const char *const members[][2] = { { "verb", "charge-order" }, { "object", object } };
    int len = snprintf(object, sizeof object, "%s %s %s", arguments->word[2], arguments->word[3],
                       arguments->word[4]);

    return len >= (int)sizeof object ? QW_ERR_ARG
                                     : post(desk, arguments, "/v1/requests", members, 2);
}

static qw_err run_restore_end(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *const members[][2] = { { "verb", "restore-end" } };

    return post(desk, arguments, "/v1/requests", members, 1);
}

static qw_err run_shares(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *const members[][2] = { { "verb", "share-change" },
                                       { "object", arguments->word[2] } };

    return post(desk, arguments, "/v1/requests", members, 2);
}

static qw_err run_kek(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *const members[][2] = { { "verb", "kek-rotate" } };

    return post(desk, arguments, "/v1/requests", members, 1);
}

static qw_err run_quota(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char object[64];
    const char *const members[][2] = { { "verb", "unit-quota" },
                                       { "object", object },
                                       { "unit", arguments->word[2] } };

    (void)snprintf(object, sizeof object,
                   arguments->keys_stored > 0 ? "%llu,%llu,%llu" : "%llu,%llu",
                   arguments->devices_max, arguments->keys_per_day, arguments->keys_stored);
    return post(desk, arguments, "/v1/requests", members, 3);
}

static qw_err run_list(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *answer = NULL;
    qw_err err = operator_call(desk, "GET", "/v1/requests", NULL, &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

/* The verb is a word of the table of actions, not of the user's. */
static qw_err decide(struct operator_desk *desk, const struct admin_arguments *arguments,
                     const char *digest)
{
    const char *const members[][2] = { { "digest", digest } };
    char id[PATH_TEXT_CAP / 2];
    char path[PATH_TEXT_CAP];
    qw_err err = qw_url_encode(arguments->word[2], id, sizeof id);

    if (err != QW_OK) {
        return err;
    }
    (void)snprintf(path, sizeof path, "/v1/requests/%s/%s", id, arguments->word[1]);
    return post(desk, arguments, path, members, digest != NULL ? 1 : 0);
}

static qw_err run_approve(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    return decide(desk, arguments, arguments->word[3]);
}

static qw_err run_deny(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    return decide(desk, arguments, NULL);
}

const struct admin_action admin_request_actions[ADMIN_REQUEST_ACTIONS] = {
    { "request", "destroy", 3, "DEVICE", "asks a second officer, where dual_control is on",
      run_destroy },
    { "request", "officer", 3, "ID --role ROLE [--unit UNIT]", "the same, for a new officer",
      run_officer },
    { "request", "shares", 3, "T-of-N", "the same, for other shares of the master key",
      run_shares },
    { "request", "kek", 2, "", "the same, for another key of the store", run_kek },
    { "request", "backup", 3, "LOCK",
      "the same, for a backup that opens with it: as `qwave backup` names it", run_backup },
    { "request", "restore-end", 2, "", "the same, so that a restored centre serves",
      run_restore_end },
    { "request", "key-suspend", 3, "ID", "the same, for one key", run_key },
    { "request", "key-resume", 3, "ID", "", run_key },
    { "request", "key-recover", 3, "ID", "", run_key },
    { "request", "key-destroy", 3, "ID", "", run_key },
    { "request", "charge-order", 5, "DEVICE STATION KEYS",
      "the same, for an order to charge at a station", run_charge_order },
    { "request", "quota", 3, "UNIT [--devices-max N] [--keys-per-day N] [--keys-stored N]",
      "the same, for the quota of a unit", run_quota },
    { "request", "list", 2, "", "what waits for a second officer", run_list },
    { "request", "approve", 4, "ID DIGEST", "the digest as both officers were shown it: does it",
      run_approve },
    { "request", "deny", 3, "ID", "", run_deny },
};
