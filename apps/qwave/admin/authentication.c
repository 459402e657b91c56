/* SPDX-License-Identifier: Apache-2.0 */
/* qwave admin authentication: locks of names that failed too often [C11]. */
#include "admin/admin.h"

#include "api/json_writer.h"

#include <stdio.h>

static qw_err run_unlock(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char body[1024];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    const char *answer = NULL;
    qw_err err;

    qw_json_object_begin(&w);
    qw_json_name(&w, "name");
    qw_json_text(&w, arguments->word[2]);
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return QW_ERR_ARG;
    }
    err = operator_call(desk, "POST", "/v1/authentication/unlock", body, &answer);
    if (err == QW_OK) {
        printf(arguments->as_json ? "{\"unlocked\":\"%s\"}\n" : "%s may try again\n",
               arguments->word[2]);
    }
    return err;
}

const struct admin_action admin_authentication_actions[ADMIN_AUTHENTICATION_ACTIONS] = {
    { "authentication", "unlock", 3, "NAME", "lifts the lock of a name that failed too often",
      run_unlock },
};
