/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key/source_watch.h"

#include "centre/group.h"

#include <stdio.h>
#include <string.h>

struct qw_key_source_health qw_source_health(const struct qw_centre *centre)
{
    const struct qw_key_source *source = centre->config.source;
    struct qw_key_source_health health = { .is_running = centre->source_err == QW_OK,
                                           .error_rate = -1 };

    if (source->health != NULL) {
        source->health(source->self, &health);
    } else if (!health.is_running) {
        (void)snprintf(health.reason, sizeof health.reason, "%s", qw_err_text(centre->source_err));
    }
    return health;
}

static qw_err journal(struct qw_centre *centre, const struct qw_key_source_health *health)
{
    struct qw_deed deed = { .verb = "source", .object = centre->config.source->name };
    struct qw_group group;
    qw_err err;

    if (!health->is_running) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_UNAVAILABLE, health->reason);
        return err == QW_ERR_UNAVAILABLE ? QW_OK : err;
    }
    qw_group_begin(centre, &group);
    return qw_group_commit(centre, &group, &deed, "runs again");
}

static bool has_changed(const struct qw_centre *centre, const struct qw_key_source_health *health)
{
    return centre->source_is_down == health->is_running ||
           (!health->is_running && strcmp(centre->source_reason, health->reason) != 0);
}

qw_err qw_source_watch(struct qw_centre *centre)
{
    struct qw_key_source_health health;
    qw_err err = QW_OK;

    if (centre->config.source->health == NULL) {
        return QW_OK;
    }
    qw_centre_enter(centre);
    health = qw_source_health(centre);
    if (has_changed(centre, &health)) {
        err = journal(centre, &health);
    }
    if (err == QW_OK) {
        centre->source_is_down = !health.is_running;
        memcpy(centre->source_reason, health.reason, sizeof centre->source_reason);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_source_note_failure(struct qw_centre *centre, qw_err err)
{
    struct qw_deed deed = { .verb = "ingest", .object = centre->config.source->name };

    if (centre->source_err == err) {
        return err;
    }
    centre->source_err = err;
    return qw_centre_refuse(centre, &deed, err, "the source gives nothing");
}
