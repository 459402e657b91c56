/* SPDX-License-Identifier: Apache-2.0 */
/* From a right to the one device it is used on [C10 C16]. */
#include "centre/device/reach.h"

#include "centre/device/card_book.h"

qw_err qw_device_reach(struct qw_centre *centre, const struct qw_deed *deed, enum qw_right right,
                       struct qw_officer_record *self)
{
    struct qw_officer_record found;
    qw_err err = qw_right_find(centre, deed, right, &found);

    if (err != QW_OK) {
        return err;
    }
    err = qw_card_book_load(centre, deed->object, &centre->card);
    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "no such device");
    }
    if (err == QW_OK && !qw_unit_contains(found.officer.unit, centre->card.device.unit)) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "outside his part of the tree");
    }
    if (err == QW_OK) {
        *self = found;
    }
    return err;
}
