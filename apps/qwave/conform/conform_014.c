/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the checks of ETSI GS QKD 014 V1.1.1 in order; they stand in check_014_*.c. */
#include "base/error.h"
#include "conform/check_014.h"

static void run_check(const struct conform_server *server, const struct conform_check *check,
                      struct conform_report *report)
{
    struct conform_row *row = &report->rows[report->count];
    struct conform_run run = { .server = server, .row = row };

    qw_assert(report->count < CONFORM_CHECKS_MAX);
    *row = (struct conform_row){ .id = check->id,
                                 .clause = check->clause,
                                 .text = check->text,
                                 .is_mandatory = check->is_mandatory,
                                 .result = CONFORM_PASSED };
    if (!check->run(&run) && row->result == CONFORM_PASSED) {
        row->result = CONFORM_FAILED;
    }
    report->count++;
    report->passed += row->result == CONFORM_PASSED ? 1 : 0;
    report->failed += row->result == CONFORM_FAILED ? 1 : 0;
    report->skipped += row->result == CONFORM_SKIPPED ? 1 : 0;
    report->mandatory_failed += row->result == CONFORM_FAILED && row->is_mandatory ? 1 : 0;
}

void conform_014(const struct conform_server *server, struct conform_report *report)
{
    static const struct conform_check *const groups[] = { conform_status_checks, conform_enc_checks,
                                                          conform_dec_checks };

    *report = (struct conform_report){ .count = 0 };
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        for (const struct conform_check *check = groups[i]; check->id != NULL; check++) {
            run_check(server, check, report);
        }
    }
}
