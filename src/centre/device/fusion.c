/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/device/fusion.h"

#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/device/reach.h"

#include <string.h>

qw_err qw_fusion_keys(const struct qw_card_book *book, struct qw_card_keys *keys)
{
    qw_err err = qw_card_keys_derive(book->card_key, keys);

    if (err == QW_OK && book->device.epoch >= 2) {
        memcpy(keys->id, book->id_key, sizeof keys->id);
    }
    return err;
}

qw_err qw_fusion_next_keys(const struct qw_card_book *book, struct qw_card_keys *keys)
{
    return book->device.fusion == QW_FUSION_PENDING ? qw_card_keys_derive(book->next_card_key, keys)
                                                    : QW_ERR_STATE;
}

qw_err qw_fusion_begin(struct qw_card_book *book, const uint8_t quantum[static QW_CARD_KEY_LEN])
{
    book->device.fusion = QW_FUSION_PENDING;
    return qw_card_key_fuse(book->card_key, quantum, book->device.epoch + 1, book->next_card_key);
}

qw_err qw_fusion_end(struct qw_card_book *book)
{
    struct qw_card_keys keys = { 0 };
    qw_err err = qw_fusion_keys(book, &keys);

    if (err == QW_OK) {
        memcpy(book->id_key, keys.id, sizeof book->id_key);
        memcpy(book->card_key, book->next_card_key, sizeof book->card_key);
        qw_wipe(book->next_card_key, sizeof book->next_card_key);
        book->device.epoch++;
        book->device.fusion = QW_FUSION_NONE;
    }
    qw_wipe(&keys, sizeof keys);
    return err;
}

/* The device is in centre->card. */
static qw_err ask(struct qw_centre *centre, const struct qw_deed *deed)
{
    struct qw_card_book *book = &centre->card;
    struct qw_group group;

    if (!qw_device_is_carrier(book->device.kind) || book->device.state != QW_DEVICE_ACTIVE ||
        !book->is_confirmed) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "no card with keys in service");
    }
    if (book->device.fusion == QW_FUSION_PENDING) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "one is on its way");
    }
    book->device.fusion = QW_FUSION_ASKED;
    qw_group_begin(centre, &group);
    qw_card_book_put(centre, &group, book);
    return qw_group_commit(centre, &group, deed, "with the next refill");
}

qw_err qw_centre_card_fuse(struct qw_centre *centre, const struct qw_caller *caller, const char *id)
{
    struct qw_deed deed = { .caller = caller, .verb = "card-fuse", .object = id };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_DEVICE_CHARGE, &self);
    if (err == QW_OK) {
        err = ask(centre, &deed);
    }
    qw_centre_leave(centre);
    return err;
}
