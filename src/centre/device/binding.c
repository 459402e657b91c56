/* SPDX-License-Identifier: Apache-2.0 */
/* Whose card it is: U1 to U5 of docs/design/card-binding.md [A4 C8]. */
#include "centre/device/binding.h"
#include "base/clock.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/device/reach.h"
#include "centre/device/session.h"

#include "base/hex.h"

#include <stdio.h>
#include <string.h>

bool qw_card_may_work(const struct qw_centre *centre, const struct qw_device *device)
{
    return device->state == QW_DEVICE_ACTIVE &&
           (!centre->config.cards_need_user || !qw_device_is_carrier(device->kind) ||
            device->user[0] != '\0');
}

void qw_card_end_session(struct qw_centre *centre, struct qw_group *group,
                         struct qw_card_book *book)
{
    struct qw_session session;
    qw_err err;

    if (!book->has_session) {
        return;
    }
    err = qw_session_load(centre, book->session_id, &session);
    if (err == QW_OK) {
        qw_session_remove(centre, group, &session);
    } else if (err != QW_ERR_NOT_FOUND) {
        qw_group_fail(group, err);
    }
    book->has_session = false;
}

/* The device is in centre->card; user "": nobody's from now on. */
static qw_err change_user(struct qw_centre *centre, const struct qw_deed *deed, const char *user)
{
    struct qw_card_book *book = &centre->card;
    struct qw_device *device = &book->device;
    struct qw_group group;
    char serial[2 * sizeof device->serial + 1];
    char detail[128];

    qw_hex_encode(device->serial, sizeof device->serial, serial);
    (void)snprintf(detail, sizeof detail, "card %s, user %s", serial,
                   user[0] != '\0' ? user : device->user);
    qw_group_begin(centre, &group);
    group.books.registry++;
    memset(device->user, 0, sizeof device->user);
    memcpy(device->user, user, strlen(user));
    device->bound_ms = user[0] != '\0' ? qw_clock_utc_ms() : 0;
    if (user[0] == '\0') {
        qw_card_end_session(centre, &group, book);
    }
    qw_card_book_put(centre, &group, book);
    return qw_group_commit(centre, &group, deed, detail);
}

static qw_err bind_card(struct qw_centre *centre, const struct qw_deed *deed, const char *user)
{
    const struct qw_card_book *book = &centre->card;

    if (book->device.state == QW_DEVICE_DESTROYED || !book->is_confirmed) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "it has no card");
    }
    if (book->device.user[0] != '\0' && strcmp(book->device.user, user) != 0) {
        return qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "the card is somebody else's");
    }
    return change_user(centre, deed, user);
}

static qw_err unbind_card(struct qw_centre *centre, const struct qw_deed *deed)
{
    const struct qw_device *device = &centre->card.device;

    if (device->state == QW_DEVICE_DESTROYED || device->user[0] == '\0') {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "the card is nobody's");
    }
    return change_user(centre, deed, "");
}

qw_err qw_centre_card_bind(struct qw_centre *centre, const struct qw_caller *caller, const char *id,
                           const char *user)
{
    struct qw_deed deed = { .caller = caller, .verb = "card-bind", .object = id };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_CARD_BIND, &self);
    if (err == QW_OK && !qw_device_id_ok(user)) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK) {
        err = bind_card(centre, &deed, user);
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_card_unbind(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *id)
{
    struct qw_deed deed = { .caller = caller, .verb = "card-unbind", .object = id };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_CARD_UNBIND, &self);
    if (err == QW_OK) {
        err = unbind_card(centre, &deed);
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    qw_centre_leave(centre);
    return err;
}
