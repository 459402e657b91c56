/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "conform/options.h"
#include "conform/probe.h"
#include "conform/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* qwave conform: checks any server of ETSI GS QKD 014 or 004 from outside [C14]. */
static const struct {
    const char *name, *text;
    qw_err (*run)(const struct conform_arguments *arguments, struct conform_report *report);
} standards[] = {
    { "014", "ETSI GS QKD 014 V1.1.1", conform_probe_014 },
    { "004", "ETSI GS QKD 004 V2.1.1", conform_probe_004 },
};

static int show(const struct conform_arguments *arguments, const struct conform_report *report,
                const char *standard)
{
    if (!arguments->as_json) {
        conform_report_print(report);
    } else if (!conform_report_print_json(report, standard)) {
        return EXIT_FAILED;
    }
    return report->mandatory_failed == 0 ? EXIT_DONE : EXIT_FAILED;
}

int cmd_conform(int argc, char **argv)
{
    struct conform_arguments arguments;
    struct conform_report *report = malloc(sizeof *report);
    int status = EXIT_FAILED;
    qw_err err = QW_ERR_NOMEM;
    size_t which = 0;

    conform_options_parse(argc, argv, &arguments);
    while (strcmp(standards[which].name, arguments.standard) != 0) {
        which++; /* the options name one of them */
    }
    if (report != NULL) {
        err = standards[which].run(&arguments, report);
    }
    if (err == QW_OK) {
        status = show(&arguments, report, standards[which].text);
    } else {
        fprintf(stderr, "qwave conform: %s: %s\n", arguments.url, qw_err_text(err));
    }
    free(report);
    return status;
}
