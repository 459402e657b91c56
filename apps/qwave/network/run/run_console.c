/* SPDX-License-Identifier: Apache-2.0 */
/* The running nodes in the console of a centre. */
#define _XOPEN_SOURCE 700
#include "network/run/run.h"

#include "network/report/reporter.h"

#include <stdlib.h>

bool run_console_resolve(struct run *run)
{
    const char **file[RUN_CONSOLE_FILES] = { &run->options.console.certificate,
                                             &run->options.console.key, &run->options.console.ca };

    for (size_t i = 0; run->options.console.url != NULL && i < RUN_CONSOLE_FILES; i++) {
        if (realpath(*file[i], run->console_file[i]) == NULL) {
            fprintf(stderr, "qwave network: %s: not found\n", *file[i]);
            return false;
        }
        *file[i] = run->console_file[i];
    }
    return true;
}

qw_err run_console_open(struct run *run)
{
    struct status_ask *ask;
    size_t count = 0;
    qw_err err;

    if (run->options.console.url == NULL) {
        return QW_OK;
    }
    ask = calloc(run->graph->node_count, sizeof *ask);
    if (ask == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < run->graph->node_count; i++) {
        char path[RUN_FILE_CAP];

        if (run->node[i].is_on) {
            run_file(i, "control", path);
            ask[count] = (struct status_ask){ .node = (uint32_t)i, .fd = -1 };
            (void)snprintf(ask[count++].path, sizeof ask->path, "%s", path);
        }
    }
    run->log = (struct qw_log){ .stream = stderr, .component = "network", .level = QW_LOG_INFO };
    err = reporter_new(&run->options.console, run->topology, run->graph, ask, count, &run->log,
                       &run->reporter);
    if (err != QW_OK) {
        fprintf(stderr, "qwave network: --console: %s\n",
                err == QW_ERR_SPACE ? "the topology is too large to be shown" : qw_err_text(err));
        free(ask);
    }
    return err;
}

void run_console_close(struct run *run)
{
    reporter_free(run->reporter);
    run->reporter = NULL;
}
