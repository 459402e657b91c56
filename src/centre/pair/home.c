/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/pair/home.h"

#include "centre/device/card_book.h"

static qw_err check_home(struct qw_centre *centre, const char *id)
{
    qw_err err = qw_card_book_load(centre, id, &centre->card);

    if (err == QW_ERR_NOT_FOUND) {
        return QW_OK; /* the peer of a terminal need not be registered */
    }
    return err == QW_OK && centre->card.device.home[0] != '\0' ? QW_ERR_UNAVAILABLE : err;
}

qw_err qw_key_check_homes(struct qw_centre *centre, const struct qw_key_record *key)
{
    qw_err err = check_home(centre, key->master);

    if (err == QW_OK) {
        err = check_home(centre, key->peer);
    }
    for (uint8_t i = 0; i < key->other_count && err == QW_OK; i++) {
        err = check_home(centre, key->others[i].id);
    }
    return err;
}
