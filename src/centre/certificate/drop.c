/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/certificate/drop.h"

#include "base/clock.h"
#include "centre/certificate/register.h"
#include "centre/certificate/subject.h"

#include <stdio.h>
#include <string.h>

static void drop_one(struct qw_centre *centre, struct qw_group *group, const uint8_t *serial)
{
    struct qw_certificate_record record;
    qw_err err = qw_certificate_record_load(centre, serial, &record);

    if (err != QW_OK) {
        qw_group_fail(group, err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err);
    } else if (!record.entry.is_revoked && record.entry.made.not_after_ms > qw_clock_utc_ms()) {
        record.entry.is_revoked = true;
        record.entry.revoked_ms = qw_clock_utc_ms();
        record.entry.reason = QW_REVOKED_CESSATION;
        qw_certificate_record_put(centre, group, &record);
    }
}

static void move_one(struct qw_centre *centre, struct qw_group *group, const uint8_t *serial,
                     const char *unit)
{
    struct qw_certificate_record record;
    qw_err err = qw_certificate_record_load(centre, serial, &record);

    if (err != QW_OK) {
        qw_group_fail(group, err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err);
        return;
    }
    memset(record.entry.unit, 0, sizeof record.entry.unit);
    memcpy(record.entry.unit, unit, strlen(unit));
    qw_certificate_record_put(centre, group, &record);
}

/* unit: where they stand from now on; NULL: they are taken back. */
static void change_all(struct qw_centre *centre, struct qw_group *group, const char *name,
                       const char *unit)
{
    struct qw_certificate_name record = { .count = 0 };
    qw_err err = qw_certificate_name_load(centre, name, &record);

    if (err != QW_OK) {
        qw_group_fail(group, err);
    }
    for (size_t i = 0; i < record.count; i++) {
        if (unit != NULL) {
            move_one(centre, group, record.serials[i], unit);
        } else {
            drop_one(centre, group, record.serials[i]);
        }
    }
}

static void change_device(struct qw_centre *centre, struct qw_group *group,
                          const struct qw_device *device, const char *unit)
{
    const char *prefix = qw_certificate_prefix_of_device(device->kind);
    char name[QW_CERTIFICATE_URI_CAP];

    if (prefix != NULL) {
        (void)snprintf(name, sizeof name, "%s%s", prefix, device->id);
        change_all(centre, group, name, unit);
    }
}

void qw_certificates_drop_device(struct qw_centre *centre, struct qw_group *group,
                                 const struct qw_device *device)
{
    change_device(centre, group, device, NULL);
}

void qw_certificates_move_device(struct qw_centre *centre, struct qw_group *group,
                                 const struct qw_device *device)
{
    change_device(centre, group, device, device->unit);
}

void qw_certificates_drop_officer(struct qw_centre *centre, struct qw_group *group, const char *id)
{
    char name[QW_CERTIFICATE_URI_CAP];

    (void)snprintf(name, sizeof name, "urn:qwave:officer:%s", id); /* an operator's is the same */
    change_all(centre, group, name, NULL);
}
