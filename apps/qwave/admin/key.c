/* SPDX-License-Identifier: Apache-2.0 */
/* qwave admin key: one key's life by its id [C7]. */
#include "admin/admin.h"

#include "api/url.h"

#include <stdio.h>
#include <string.h>

enum { ID_CAP = 128, PATH_CAP = ID_CAP + 64 };

static qw_err call(struct operator_desk *desk, const struct admin_arguments *arguments,
                   const char *method, const char *action)
{
    char id[ID_CAP];
    char path[PATH_CAP];
    const char *answer = NULL;
    qw_err err = qw_url_encode(arguments->word[2], id, sizeof id);

    if (err != QW_OK) {
        return err;
    }
    (void)snprintf(path, sizeof path, "/v1/keys/%s%s%s", id, action[0] != '\0' ? "/" : "", action);
    err = operator_call(desk, method, path, NULL, &answer);
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_show(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    return call(desk, arguments, "GET", "");
}

/* The verb is a word of the table of actions, not of the user's. */
static qw_err run_change(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    return call(desk, arguments, "POST", arguments->word[1]);
}

const struct admin_action admin_key_actions[ADMIN_KEY_ACTIONS] = {
    { "key", "show", 3, "ID", "whose it is and what became of it; never the key", run_show },
    { "key", "suspend", 3, "ID",
      "nobody fetches it, and it does not expire, until resume; of two where dual_control is all",
      run_change },
    { "key", "resume", 3, "ID", "of two where dual_control is all", run_change },
    { "key", "archive", 3, "ID", "a pair's that its peer has not fetched: kept until recover",
      run_change },
    { "key", "recover", 3, "ID", "can be fetched again; of two where dual_control is all",
      run_change },
    { "key", "destroy", 3, "ID", "an archived one; of two where dual_control is on", run_change },
    { "key", "void", 3, "ID", "takes back any other", run_change },
    { "key", "compromised", 3, "ID", "others may know it: never given again, also noted if gone",
      run_change },
};
