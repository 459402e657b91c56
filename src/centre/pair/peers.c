/* SPDX-License-Identifier: Apache-2.0 */
/* What an application may know about itself: whom it may ask keys for. */
#include "centre/device/card_book.h"

#include <string.h>

qw_err qw_centre_peers(struct qw_centre *centre, const struct qw_caller *caller,
                       char peers[static QW_DEVICE_PEERS_CAP])
{
    struct qw_deed deed = { .caller = caller, .verb = "peers", .object = caller->id };
    const struct qw_device *device = &centre->card.device;
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    qw_centre_enter(centre);
    err = qw_card_book_load(centre, caller->id, &centre->card);
    if (err == QW_ERR_NOT_FOUND ||
        (err == QW_OK && (device->kind != QW_DEVICE_APPLICATION ||
                          device->state != QW_DEVICE_ACTIVE || device->home[0] != '\0'))) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_REFUSED,
                               "the caller is no application in service");
    }
    if (err == QW_OK) {
        memcpy(peers, device->peers, sizeof device->peers);
    }
    qw_centre_leave(centre);
    return err;
}
