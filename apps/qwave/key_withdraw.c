/* SPDX-License-Identifier: Apache-2.0 */
#include "key_withdraw.h"

#include "api/json_writer.h"
#include "command.h"
#include "operator.h"

#include <stdio.h>

enum { BODY_CAP = 64 + KEY_WITHDRAW_IDS_MAX * 64, PATH_CAP = 64 };

static qw_err write_body(char body[static BODY_CAP], const char *const *ids, size_t count)
{
    struct qw_json_writer w = qw_json_writer_on(body, BODY_CAP);

    qw_json_object_begin(&w);
    qw_json_name(&w, "key_IDs");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < count; i++) {
        qw_json_object_begin(&w);
        qw_json_name(&w, "key_ID");
        qw_json_text(&w, ids[i]);
        qw_json_object_end(&w);
    }
    qw_json_array_end(&w);
    qw_json_object_end(&w);
    return qw_json_done(&w) ? QW_OK : QW_ERR_SPACE;
}

int key_withdraw(const char *identity, const char *url, const char *verb, const char *const *ids,
                 size_t count, bool as_json)
{
    char error[OPERATOR_ERROR_CAP] = "";
    char body[BODY_CAP];
    char path[PATH_CAP];
    struct operator_desk *desk = NULL;
    const char *answer = NULL;
    qw_err err = operator_open(identity, url, &desk, error);

    if (err != QW_OK) {
        fprintf(stderr, "qwave key: %s\n", error);
        return qw_exit_of_command(err);
    }
    (void)snprintf(path, sizeof path, "/v1/keys/%s", verb);
    err = write_body(body, ids, count);
    if (err == QW_OK) {
        err = operator_call(desk, "POST", path, body, &answer);
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave key: %s\n", operator_message(desk));
    } else if (as_json) {
        printf("%s\n", answer);
    } else {
        printf("taken back: %zu keys\n", count);
    }
    operator_close(desk);
    return err == QW_OK ? EXIT_DONE : qw_exit_of(err);
}
