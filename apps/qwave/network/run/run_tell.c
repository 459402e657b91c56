/* SPDX-License-Identifier: Apache-2.0 */
#include "network/run/run_tell.h"

#include "network/run/run.h"
#include "node/node_control.h"

#include <stdlib.h>
#include <string.h>

enum { TELL_MS = 10000, ANSWER_CAP = 256 };

qw_err run_tell(size_t node, const struct qw_node_command *command, size_t *number)
{
    char path[RUN_FILE_CAP];
    char answer[ANSWER_CAP] = "";
    qw_err err;

    run_file(node, "control", path);
    err = node_tell(path, command, TELL_MS, answer, sizeof answer);
    if (err == QW_OK && number != NULL) {
        *number = strtoul(answer + strlen("ok"), NULL, 10);
    }
    return err;
}
