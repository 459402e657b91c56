/* SPDX-License-Identifier: Apache-2.0 */
/* qwave admin officer: the people who manage a centre [C10]. */
#include "admin/admin.h"

#include "api/json_writer.h"
#include "api/url.h"
#include "base/passphrase_file.h"
#include "base/secret.h"

#include <stdio.h>
#include <string.h>

enum { BODY_CAP = 1024, PATH_TEXT_CAP = 512, OWN_CAP = 8192 };

static qw_err run_add(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    const char *answer = NULL;
    qw_err err;

    qw_json_object_begin(&w);
    qw_json_name(&w, "id");
    qw_json_text(&w, arguments->word[2]);
    qw_json_name(&w, "role");
    qw_json_text(&w, arguments->role);
    qw_json_name(&w, "unit");
    qw_json_text(&w, arguments->unit != NULL ? arguments->unit : QW_UNIT_ROOT);
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return QW_ERR_SPACE;
    }
    err = operator_call(desk, "POST", "/v1/officers", body, &answer);
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_list(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    return admin_show_list(desk, "officers", "", arguments);
}

/* The verb is a word of the table of actions, not of the user's. */
static qw_err run_change(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char id[PATH_TEXT_CAP / 2];
    char path[PATH_TEXT_CAP];
    const char *answer = NULL;
    qw_err err = qw_url_encode(arguments->word[2], id, sizeof id);

    if (err != QW_OK) {
        return err;
    }
    (void)snprintf(path, sizeof path, "/v1/officers/%s/%s", id, arguments->word[1]);
    err = operator_call(desk, "POST", path, NULL, &answer);
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

/* Another's first one; shows it, this once. */
static qw_err run_password(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char id[PATH_TEXT_CAP / 2];
    char path[PATH_TEXT_CAP];
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    const char *answer = NULL;
    qw_err err = qw_url_encode(arguments->word[2], id, sizeof id);

    qw_json_object_begin(&w);
    qw_json_name(&w, "card");
    qw_json_text(&w, arguments->card);
    qw_json_object_end(&w);
    if (err == QW_OK && !qw_json_done(&w)) {
        err = QW_ERR_SPACE;
    }
    if (err != QW_OK) {
        return err;
    }
    (void)snprintf(path, sizeof path, "/v1/officers/%s/password", id);
    err = operator_call(desk, "POST", path, body, &answer);
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err send_own(struct operator_desk *desk, const struct admin_arguments *arguments,
                       const uint8_t *password, size_t len)
{
    char *body = qw_secret_new(OWN_CAP);
    char text[QW_PASSPHRASE_MAX + 1];
    const char *answer = NULL;
    struct qw_json_writer w;
    qw_err err = QW_ERR_NOMEM;

    memcpy(text, password, len);
    text[len] = '\0';
    if (body != NULL) {
        w = qw_json_writer_on(body, OWN_CAP);
        qw_json_object_begin(&w);
        qw_json_name(&w, "password");
        qw_json_text(&w, text);
        if (arguments->card != NULL) {
            qw_json_name(&w, "card");
            qw_json_text(&w, arguments->card);
        }
        qw_json_object_end(&w);
        err = qw_json_done(&w) ? operator_call(desk, "POST", "/v1/self/password", body, &answer)
                               : QW_ERR_SPACE;
    }
    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    qw_wipe(text, sizeof text);
    qw_secret_free(body);
    return err;
}

/* One's own, by the certificate that one comes with. */
static qw_err run_own_password(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    uint8_t *password = NULL;
    size_t len = 0;
    qw_err err = qw_passphrase_file_read(arguments->word[2], &password, &len);

    if (err == QW_OK) {
        err = send_own(desk, arguments, password, len);
    } else {
        operator_explain(desk, "%s: %s", arguments->word[2], qw_err_text(err));
    }
    qw_secret_free(password);
    return err;
}

const struct admin_action admin_officer_actions[ADMIN_OFFICER_ACTIONS] = {
    { "officer", "add", 3, "ID --role ROLE [--unit UNIT]", "what a person may do, and where",
      run_add },
    { "officer", "list", 2, "", "those in one's own part of the tree", run_list },
    { "officer", "suspend", 3, "ID", "refused until resumed, at once", run_change },
    { "officer", "resume", 3, "ID", "", run_change },
    { "officer", "remove", 3, "ID", "for good", run_change },
    { "officer", "password", 3, "ID --card DEVICE",
      "a first password for the console; shown this once", run_password },
    { "officer", "own-password", 3, "FILE [--card DEVICE]",
      "one's own, the first line of a file that only its owner may read", run_own_password },
};
