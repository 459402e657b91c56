/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/partner/check.h"

#include "centre/device/card_book.h"

qw_err qw_partner_check(struct qw_centre *centre, const struct qw_deed *deed)
{
    const struct qw_device *device = &centre->card.device;
    qw_err err = qw_card_book_load(centre, deed->caller->id, &centre->card);

    if (err == QW_ERR_NOT_FOUND ||
        (err == QW_OK && (device->kind != QW_DEVICE_KME || device->state != QW_DEVICE_ACTIVE))) {
        return qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "no partner in service");
    }
    return err;
}
