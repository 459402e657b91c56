/* SPDX-License-Identifier: Apache-2.0 */
/* qwave admin kek: the key that the centre's store is sealed under [C6]. */
#include "admin/admin.h"

static qw_err call(struct operator_desk *desk, const struct admin_arguments *arguments,
                   const char *method, const char *path)
{
    const char *answer = NULL;
    qw_err err = operator_call(desk, method, path, NULL, &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_status(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    return call(desk, arguments, "GET", "/v1/kek");
}

static qw_err run_rotate(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    return call(desk, arguments, "POST", "/v1/kek/rotate");
}

const struct admin_action admin_kek_actions[ADMIN_KEK_ACTIONS] = {
    { "kek", "rotate", 2, "", "seals everything under a new key, while the centre serves",
      run_rotate },
    { "kek", "status", 2, "", "which key it is, and how far a rotation has come", run_status },
};
