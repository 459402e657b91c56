/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/clock_watch.h"

#include "base/clock.h"
#include "centre/books.h"

#include <inttypes.h>
#include <stdio.h>

static qw_err journal(struct qw_centre *centre, const char *what, int64_t by_ms)
{
    struct qw_deed deed = { .verb = "clock", .object = centre->config.centre_id };
    char cause[64];
    qw_err err;

    (void)snprintf(cause, sizeof cause, "%s by %" PRId64 " s", what, by_ms / 1000);
    err = qw_centre_refuse(centre, &deed, QW_ERR_CONFLICT, cause);
    return err == QW_ERR_CONFLICT ? QW_OK : err;
}

/* utc runs ahead of the other clock by offset; a jump is a change of that. */
static qw_err compare(struct qw_centre *centre, int64_t utc_ms, int64_t offset_ms)
{
    int64_t moved_ms = offset_ms - centre->clock_offset_ms;
    int64_t behind_ms = centre->books.swept_s * 1000 - utc_ms;

    if (!centre->has_clock_offset) {
        return behind_ms >= QW_CLOCK_JUMP_MS ? journal(centre, "behind the store", behind_ms)
                                             : QW_OK;
    }
    if (moved_ms > -QW_CLOCK_JUMP_MS && moved_ms < QW_CLOCK_JUMP_MS) {
        return QW_OK;
    }
    return moved_ms < 0 ? journal(centre, "went back", -moved_ms)
                        : journal(centre, "went ahead", moved_ms);
}

qw_err qw_centre_clock_watch(struct qw_centre *centre)
{
    int64_t utc_ms, offset_ms;
    qw_err err;

    qw_centre_enter(centre);
    utc_ms = qw_clock_utc_ms();
    offset_ms = utc_ms - qw_clock_monotonic_ms();
    err = compare(centre, utc_ms, offset_ms);
    if (err == QW_OK) {
        centre->clock_offset_ms = offset_ms;
        centre->has_clock_offset = true;
    }
    qw_centre_leave(centre);
    return err;
}
