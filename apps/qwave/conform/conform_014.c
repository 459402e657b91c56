/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the checks of ETSI GS QKD 014 V1.1.1 in order; they stand in check_014_*.c. */
#include "conform/check_014.h"

void conform_014(const struct conform_server *server, struct conform_report *report)
{
    static const struct conform_check *const groups[] = { conform_status_checks, conform_enc_checks,
                                                          conform_dec_checks };

    *report = (struct conform_report){ .count = 0 };
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        for (const struct conform_check *check = groups[i]; check->run != NULL; check++) {
            struct conform_run run = { .server = server,
                                       .row = conform_report_begin(report, &check->title) };

            conform_report_end(report, run.row, check->run(&run));
        }
    }
}
