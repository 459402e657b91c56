/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/certificate/subject.h"

#include "centre/device/card_book.h"
#include "centre/device/reach.h"
#include "centre/people/officer_record.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *prefix;
    const char *name; /* as it stands in the register */
    enum qw_certificate_subject_kind kind;
    enum qw_device_kind device;
    enum qw_role role;
} rows[] = {
    { "urn:qwave:ap:", "ap", QW_SUBJECT_DEVICE, QW_DEVICE_ACCESS_POINT, QW_ROLE_ACCESS_POINT },
    { "urn:qwave:sae:", "sae", QW_SUBJECT_DEVICE, QW_DEVICE_APPLICATION, QW_ROLE_SAE },
    { "urn:qwave:kme:", "kme", QW_SUBJECT_DEVICE, QW_DEVICE_KME, QW_ROLE_KME },
    { "urn:qwave:node:", "node", QW_SUBJECT_DEVICE, QW_DEVICE_NODE, QW_ROLE_NODE },
    { "urn:qwave:terminal:", "terminal", QW_SUBJECT_DEVICE, QW_DEVICE_TERMINAL, QW_ROLE_COUNT },
    { "urn:qwave:officer:", "officer", QW_SUBJECT_OFFICER, QW_DEVICE_KIND_COUNT, QW_ROLE_OPERATOR },
    { "urn:qwave:operator:", "officer", QW_SUBJECT_OFFICER, QW_DEVICE_KIND_COUNT,
      QW_ROLE_OPERATOR },
    { "urn:qwave:centre:", "centre", QW_SUBJECT_CENTRE, QW_DEVICE_KIND_COUNT, QW_ROLE_COUNT },
};

/* As what its certificate names a device. */
static enum qw_device_kind named_as(enum qw_device_kind kind)
{
    return qw_device_is_carrier(kind) ? QW_DEVICE_TERMINAL : kind;
}

bool qw_certificate_subject_is(const struct qw_certificate_subject *subject,
                               enum qw_device_kind kind)
{
    return subject->kind == QW_SUBJECT_DEVICE && subject->device == named_as(kind);
}

const char *qw_certificate_prefix_of_device(enum qw_device_kind kind)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].kind == QW_SUBJECT_DEVICE && rows[i].device == named_as(kind)) {
            return rows[i].prefix;
        }
    }
    return NULL;
}

static bool id_ok(const struct qw_centre *centre, enum qw_certificate_subject_kind kind,
                  const char *id)
{
    switch (kind) {
    case QW_SUBJECT_DEVICE:
        return qw_device_id_ok(id);
    case QW_SUBJECT_OFFICER:
        return qw_officer_id_ok(id);
    default:
        return strcmp(id, centre->config.centre_id) == 0;
    }
}

qw_err qw_certificate_subject_parse(const struct qw_centre *centre, const char *uri,
                                    struct qw_certificate_subject *out)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].prefix);
        struct qw_certificate_subject subject = { .kind = rows[i].kind,
                                                  .device = rows[i].device,
                                                  .role = rows[i].role };

        if (strncmp(uri, rows[i].prefix, len) != 0) {
            continue;
        }
        if (!id_ok(centre, subject.kind, uri + len)) {
            return QW_ERR_ARG;
        }
        memcpy(subject.id, uri + len, strlen(uri + len) + 1);
        (void)snprintf(subject.name, sizeof subject.name, "urn:qwave:%s:%s", rows[i].name,
                       subject.id);
        *out = subject;
        return QW_OK;
    }
    return QW_ERR_ARG;
}

/* An officer who is not written down yet stands nowhere: only who has the whole tree names him. */
static qw_err officer_reach(struct qw_centre *centre, const struct qw_deed *deed, const char *id,
                            char unit[static QW_UNIT_CAP])
{
    struct qw_officer_record officer;
    qw_err err = qw_officer_load(centre, id, &officer);

    memcpy(unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
    if (err == QW_OK) {
        memcpy(unit, officer.officer.unit, QW_UNIT_CAP);
    } else if (err != QW_ERR_NOT_FOUND) {
        return err;
    }
    return qw_right_check(centre, deed, QW_RIGHT_CERTIFICATE_OFFICER, unit);
}

/* An application that is not registered is only the peer of a terminal: it stands nowhere either.
 */
static qw_err device_reach(struct qw_centre *centre, const struct qw_deed *deed,
                           const struct qw_certificate_subject *subject, enum qw_right right,
                           char unit[static QW_UNIT_CAP])
{
    struct qw_deed device_deed = *deed;
    struct qw_officer_record self;
    qw_err err;

    if (subject->device == QW_DEVICE_APPLICATION) {
        err = qw_card_book_load(centre, subject->id, &centre->card);
        if (err == QW_ERR_NOT_FOUND) {
            memcpy(unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
            return qw_right_check(centre, deed, right, unit);
        }
        if (err != QW_OK) {
            return err;
        }
    }
    device_deed.object = subject->id;
    err = qw_device_reach(centre, &device_deed, right, &self);
    if (err == QW_OK) {
        memcpy(unit, centre->card.device.unit, QW_UNIT_CAP);
    }
    return err;
}

qw_err qw_certificate_subject_reach(struct qw_centre *centre, const struct qw_deed *deed,
                                    const struct qw_certificate_subject *subject,
                                    enum qw_right right, char unit[static QW_UNIT_CAP])
{
    if (subject->kind == QW_SUBJECT_OFFICER) {
        return officer_reach(centre, deed, subject->id, unit);
    }
    if (subject->kind == QW_SUBJECT_CENTRE) {
        memcpy(unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
        return qw_right_check(centre, deed, QW_RIGHT_CERTIFICATE_OFFICER, unit);
    }
    return device_reach(centre, deed, subject, right, unit);
}

static qw_err device_stands(struct qw_centre *centre, const struct qw_deed *deed,
                            const struct qw_certificate_subject *subject,
                            char unit[static QW_UNIT_CAP])
{
    const struct qw_device *device = &centre->card.device;
    qw_err err = qw_card_book_load(centre, subject->id, &centre->card);

    if (err == QW_ERR_NOT_FOUND && subject->device == QW_DEVICE_APPLICATION) {
        return QW_OK;
    }
    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "no such device");
    }
    if (err != QW_OK) {
        return err;
    }
    memcpy(unit, device->unit, QW_UNIT_CAP);
    if (!qw_certificate_subject_is(subject, device->kind)) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "the device is of another kind");
    }
    if (device->state == QW_DEVICE_SUSPENDED || device->state == QW_DEVICE_DESTROYED) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "the device is not in service");
    }
    return QW_OK;
}

qw_err qw_certificate_subject_stands(struct qw_centre *centre, const struct qw_deed *deed,
                                     const struct qw_certificate_subject *subject,
                                     char unit[static QW_UNIT_CAP])
{
    struct qw_officer_record officer;
    qw_err err;

    memcpy(unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
    if (subject->kind == QW_SUBJECT_DEVICE) {
        return device_stands(centre, deed, subject, unit);
    }
    if (subject->kind == QW_SUBJECT_CENTRE) {
        return QW_OK;
    }
    err = qw_officer_load(centre, subject->id, &officer);
    if (err == QW_ERR_NOT_FOUND) { /* he will be written down, or is the founder */
        return QW_OK;
    }
    if (err == QW_OK) {
        memcpy(unit, officer.officer.unit, QW_UNIT_CAP);
    }
    if (err == QW_OK && officer.officer.state != QW_OFFICER_ACTIVE) {
        err = qw_centre_refuse(centre, deed, QW_ERR_STATE, "the officer is not in service");
    }
    return err;
}
