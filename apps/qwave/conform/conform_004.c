/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the checks of ETSI GS QKD 004 V2.1.1 in order; they stand in check_004_*.c. */
#include "base/secret.h"
#include "conform/check_004.h"

static void run_check(const struct conform_streams *server, const struct conform_check_004 *check,
                      struct conform_report *report)
{
    struct conform_play play = { .server = server,
                                 .row = conform_report_begin(report, &check->title) };
    bool has_passed = check->run(&play);

    conform_play_finish(&play);
    conform_report_end(report, play.row, has_passed);
    qw_wipe(&play, sizeof play);
}

void conform_004(const struct conform_streams *server, struct conform_report *report)
{
    static const struct conform_check_004 *const groups[] = {
        conform_frame_checks, conform_open_checks, conform_get_checks, conform_wait_checks,
        conform_close_checks
    };

    *report = (struct conform_report){ .count = 0 };
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        for (const struct conform_check_004 *check = groups[i]; check->run != NULL; check++) {
            run_check(server, check, report);
        }
    }
}
