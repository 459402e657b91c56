/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key/source_watch.h"

#include "centre/group.h"

#include <stdio.h>
#include <string.h>

size_t qw_sources_count(const struct qw_centre *centre)
{
    return 1 + centre->config.more_count;
}

const struct qw_key_source *qw_source_at(const struct qw_centre *centre, size_t number)
{
    return number == 0 ? centre->config.source : centre->config.more_sources[number - 1];
}

struct qw_key_source_health qw_source_health(const struct qw_centre *centre, size_t number)
{
    const struct qw_key_source *source = qw_source_at(centre, number);
    qw_err err = centre->source_state[number].err;
    struct qw_key_source_health health = { .is_running = err == QW_OK, .error_rate = -1 };

    if (source->health != NULL) {
        source->health(source->self, &health);
    } else if (!health.is_running) {
        (void)snprintf(health.reason, sizeof health.reason, "%s", qw_err_text(err));
    }
    return health;
}

static qw_err journal(struct qw_centre *centre, const struct qw_key_source *source,
                      const struct qw_key_source_health *health)
{
    struct qw_deed deed = { .verb = "source", .object = source->name };
    struct qw_group group;
    qw_err err;

    if (!health->is_running) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_UNAVAILABLE, health->reason);
        return err == QW_ERR_UNAVAILABLE ? QW_OK : err;
    }
    qw_group_begin(centre, &group);
    return qw_group_commit(centre, &group, &deed, "runs again");
}

static bool has_changed(const struct qw_source_state *state,
                        const struct qw_key_source_health *health)
{
    return state->is_down == health->is_running ||
           (!health->is_running && strcmp(state->reason, health->reason) != 0);
}

static qw_err watch(struct qw_centre *centre, size_t number)
{
    const struct qw_key_source *source = qw_source_at(centre, number);
    struct qw_source_state *state = &centre->source_state[number];
    struct qw_key_source_health health;
    qw_err err = QW_OK;

    if (source->health == NULL) {
        return QW_OK;
    }
    qw_centre_enter(centre);
    health = qw_source_health(centre, number);
    if (has_changed(state, &health)) {
        err = journal(centre, source, &health);
    }
    if (err == QW_OK) {
        state->is_down = !health.is_running;
        memcpy(state->reason, health.reason, sizeof state->reason);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_source_watch(struct qw_centre *centre)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < qw_sources_count(centre); i++) {
        err = watch(centre, i);
    }
    return err;
}

qw_err qw_source_note_failure(struct qw_centre *centre, size_t number, qw_err err)
{
    struct qw_deed deed = { .verb = "ingest", .object = qw_source_at(centre, number)->name };

    if (centre->source_state[number].err == err) {
        return err;
    }
    centre->source_state[number].err = err;
    return qw_centre_refuse(centre, &deed, err, "the source gives nothing");
}
