/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/device/describe.h"

#include "centre/certificate/drop.h"
#include "centre/device/card_book.h"
#include "centre/device/entry.h"
#include "centre/device/reach.h"
#include "centre/people/unit_use.h"

#include <stdio.h>
#include <string.h>

static bool note_ok(const struct qw_device_note *note)
{
    return (note->owner == NULL || qw_entry_text_ok(note->owner)) &&
           (note->firmware == NULL || qw_entry_text_ok(note->firmware)) &&
           (note->certificate_serial == NULL || qw_entry_serial_ok(note->certificate_serial));
}

static void set_text(char *out, size_t cap, const char *text)
{
    if (text != NULL) {
        memset(out, 0, cap);
        memcpy(out, text, strlen(text));
    }
}

static qw_err write_down(struct qw_centre *centre, const struct qw_deed *deed,
                         const struct qw_device_note *note)
{
    struct qw_device *device = &centre->card.device;
    struct qw_group group;
    char detail[256];

    if (device->state == QW_DEVICE_DESTROYED) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "it is destroyed");
    }
    set_text(device->owner, sizeof device->owner, note->owner);
    set_text(device->firmware, sizeof device->firmware, note->firmware);
    set_text(device->certificate_serial, sizeof device->certificate_serial,
             note->certificate_serial);
    if (note->certificate_hash != NULL) {
        memcpy(device->certificate_hash, note->certificate_hash, sizeof device->certificate_hash);
    }
    (void)snprintf(detail, sizeof detail, "firmware %s, owner %s, certificate %s", device->firmware,
                   device->owner, device->certificate_serial);
    qw_group_begin(centre, &group);
    group.books.registry++;
    qw_card_book_put(centre, &group, &centre->card);
    return qw_group_commit(centre, &group, deed, detail);
}

qw_err qw_centre_device_describe(struct qw_centre *centre, const struct qw_caller *caller,
                                 const char *id, const struct qw_device_note *note)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-describe", .object = id };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_DEVICE_REGISTER, &self);
    if (err == QW_OK) {
        err = note_ok(note) ? write_down(centre, &deed, note) : QW_ERR_ARG;
    }
    qw_centre_leave(centre);
    return err;
}

/* What it uses of quotas moves with it. */
static qw_err move_to(struct qw_centre *centre, const struct qw_deed *deed, const char *unit)
{
    struct qw_device *device = &centre->card.device;
    char from[QW_UNIT_CAP];
    const struct qw_unit_change changes[] = { { .unit = from, .devices = -1 },
                                              { .unit = unit, .devices = 1 } };
    struct qw_group group;
    size_t which;
    qw_err err;

    memcpy(from, device->unit, sizeof from);
    set_text(device->unit, sizeof device->unit, unit);
    qw_group_begin(centre, &group);
    group.books.registry++;
    err = qw_unit_change_devices(centre, &group, changes, 2, &which);
    if (err != QW_OK) {
        qw_group_drop(&group);
        return err == QW_ERR_LIMIT
                   ? qw_centre_refuse(centre, deed, err, "the quota of that unit is used up")
                   : err;
    }
    qw_certificates_move_device(centre, &group, device);
    qw_card_book_put(centre, &group, &centre->card);
    return qw_group_commit(centre, &group, deed, unit);
}

static qw_err move(struct qw_centre *centre, const struct qw_deed *deed,
                   const struct qw_officer *self, const char *unit)
{
    struct qw_device *device = &centre->card.device;

    if (!qw_unit_ok(unit)) {
        return QW_ERR_ARG;
    }
    if (!qw_unit_contains(self->unit, unit)) {
        return qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "outside his part of the tree");
    }
    if (device->state == QW_DEVICE_DESTROYED || device->kind == QW_DEVICE_KME) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "it stays where it is");
    }
    if (strcmp(device->unit, unit) == 0) {
        return QW_OK;
    }
    return move_to(centre, deed, unit);
}

qw_err qw_centre_device_move(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *id, const char *unit)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-move", .object = id };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_DEVICE_MOVE, &self);
    if (err == QW_OK) {
        err = move(centre, &deed, &self.officer, unit);
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    qw_centre_leave(centre);
    return err;
}
