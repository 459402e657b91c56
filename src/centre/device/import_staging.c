/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a list before they are devices [C8]: read, checked, given their places. */
#include "centre/device/import_staging.h"

#include "base/clock.h"
#include "centre/device/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_fault(struct qw_import_staging *staging, uint64_t line, const char *why)
{
    staging->fault = (struct qw_import_fault){ .line = line, .why = why };
}

static qw_err read_lines(const struct qw_import_chunk *from, struct qw_import_staging *staging)
{
    struct qw_import_columns columns;
    const char *why = NULL;

    staging->first_line = from->first_line;
    if (qw_import_columns_read(from->header, strlen(from->header), &columns, &why) != QW_OK) {
        set_fault(staging, 1, why);
        return QW_OK;
    }
    for (const char *at = from->lines; *at != '\0' && staging->fault.why == NULL;) {
        size_t len = strcspn(at, "\n");

        if (staging->count == QW_IMPORT_LINES_MAX) {
            return QW_ERR_ARG;
        }
        if (qw_import_line_read(&columns, at, len, &staging->lines[staging->count], &why) !=
            QW_OK) {
            set_fault(staging, staging->first_line + staging->count, why);
        } else {
            staging->count++;
        }
        at += len + (at[len] == '\n' ? 1 : 0);
    }
    return QW_OK;
}

qw_err qw_import_staging_read(const struct qw_import_chunk *chunk,
                              struct qw_import_staging *staging)
{
    *staging = (struct qw_import_staging){
        .lines = calloc(QW_IMPORT_LINES_MAX, sizeof *staging->lines),
        .devices = calloc(QW_IMPORT_LINES_MAX, sizeof *staging->devices),
        .comings = calloc(QW_IMPORT_LINES_MAX, sizeof *staging->comings),
    };
    if (staging->lines == NULL || staging->devices == NULL || staging->comings == NULL) {
        return QW_ERR_NOMEM;
    }
    return read_lines(chunk, staging);
}

void qw_import_staging_wipe(struct qw_import_staging *staging)
{
    free(staging->lines);
    free(staging->devices);
    free(staging->comings);
    *staging = (struct qw_import_staging){ 0 };
}

static bool is_twice(const struct qw_import_staging *staging, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(staging->devices[i].id, staging->lines[index].entry.id) == 0) {
            return true;
        }
    }
    return false;
}

/* The first line that cannot be registered is the fault. */
static qw_err check_lines(struct qw_centre *centre, const struct qw_officer *self,
                          struct qw_import_staging *staging)
{
    for (size_t i = 0; i < staging->count; i++) {
        const char *why = "twice in the list";
        qw_err err = is_twice(staging, i) ? QW_ERR_CONFLICT
                                          : qw_entry_check(centre, &staging->lines[i].entry, self,
                                                           &staging->devices[i], &why);

        if (err == QW_ERR_ARG || err == QW_ERR_REFUSED || err == QW_ERR_CONFLICT) {
            staging->count = i;
            set_fault(staging, staging->first_line + i, why);
            return QW_OK;
        }
        if (err != QW_OK) {
            return err;
        }
    }
    return QW_OK;
}

/* Nothing of an import with a bad line becomes anything. */
static qw_err refuse_list(struct qw_centre *centre, const struct qw_deed *deed,
                          struct qw_import_record *import, const struct qw_import_fault *fault,
                          qw_err result)
{
    char cause[128];
    struct qw_group group;

    (void)snprintf(cause, sizeof cause, "line %llu: %s", (unsigned long long)fault->line,
                   fault->why);
    import->state = QW_IMPORT_DROPPING;
    import->done = 0;
    qw_group_begin(centre, &group);
    qw_import_put(centre, &group, import);
    return qw_group_commit_refusal(centre, &group, deed, result, cause);
}

/* What is staged has its place in the quotas already: a list that is decided always fits. */
static qw_err use_places(struct qw_centre *centre, struct qw_group *group,
                         struct qw_import_staging *staging)
{
    size_t which;
    qw_err err;

    for (size_t i = 0; i < staging->count; i++) {
        staging->comings[i] = (struct qw_unit_change){ staging->devices[i].unit, 1 };
    }
    err = qw_unit_change_devices(centre, group, staging->comings, staging->count, &which);
    if (err == QW_ERR_LIMIT) {
        set_fault(staging, staging->first_line + which, "the quota of its unit is used up");
    }
    return err;
}

qw_err qw_import_staging_put(struct qw_centre *centre, const struct qw_deed *deed,
                             struct qw_import_record *import, struct qw_import_staging *staging)
{
    struct qw_officer self = { .roles = 0 };
    struct qw_group group;
    char detail[96];
    qw_err err;

    memcpy(self.unit, import->unit, sizeof self.unit);
    err = check_lines(centre, &self, staging); /* also of lines before one that could not be read */
    if (err != QW_OK) {
        return err;
    }
    if (staging->fault.why == NULL && import->staged + staging->count > QW_IMPORT_DEVICES_MAX) {
        set_fault(staging, staging->first_line, "too many devices");
        return refuse_list(centre, deed, import, &staging->fault, QW_ERR_LIMIT);
    }
    if (staging->fault.why != NULL) {
        return refuse_list(centre, deed, import, &staging->fault, QW_ERR_FORMAT);
    }
    qw_group_begin(centre, &group);
    err = use_places(centre, &group, staging);
    if (err != QW_OK) {
        qw_group_drop(&group);
        return err == QW_ERR_LIMIT ? refuse_list(centre, deed, import, &staging->fault, err) : err;
    }
    for (size_t i = 0; i < staging->count; i++) {
        qw_import_stage(centre, &group, &staging->devices[i]);
    }
    import->staged += staging->count;
    import->touched_ms = qw_clock_utc_ms();
    qw_import_put(centre, &group, import);
    (void)snprintf(detail, sizeof detail, "%zu lines from line %llu", staging->count,
                   (unsigned long long)staging->first_line);
    return qw_group_commit(centre, &group, deed, detail);
}
