/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_CARD_BOOK_H
#define QW_CENTRE_DEVICE_CARD_BOOK_H

#include "centre/group.h"

/* The record of a device with everything about its card, in QW_STORE_DEVICE under the device id;
 * and the way from a card's serial number to its device, in QW_STORE_META. */

bool qw_device_id_ok(const char *id); /* 1..63 visible ASCII characters */

/* QW_ERR_NOT_FOUND (also for an id that cannot exist), QW_ERR_IO. */
qw_err qw_card_book_load(struct qw_centre *centre, const char *device_id,
                         struct qw_card_book *book) QW_MUST_USE;
qw_err qw_card_book_load_by_serial(struct qw_centre *centre, const uint8_t serial[static 16],
                                   struct qw_card_book *book) QW_MUST_USE;
/* The device alone: what is staged of it before it is there. cap: at least QW_DEVICE_ENCODED_MAX.
 * QW_ERR_IO: not a good one. */
enum { QW_DEVICE_ENCODED_MAX = 1024 };
size_t qw_device_encode(const struct qw_device *device, uint8_t *out, size_t cap);
qw_err qw_device_decode(const uint8_t *plain, size_t len, struct qw_device *device) QW_MUST_USE;

/* Tag of a device that is suspended because of a copied card; of others it is the state. */
#define QW_TAG_DEVICE_CLONED ((int64_t)100)
/* Adds the record, new or changed, under its tag, and what moves with it in the index of the
 * registry. */
void qw_card_book_put(struct qw_centre *centre, struct qw_group *group, struct qw_card_book *book);
/* From the bytes of a record. QW_ERR_IO: not a good one. */
qw_err qw_card_book_decode(const uint8_t *plain, size_t len, struct qw_card_book *book) QW_MUST_USE;

void qw_serial_put(struct qw_centre *centre, struct qw_group *group,
                   const struct qw_card_book *book);
/* Takes a card's serial out of service. */
void qw_serial_remove(struct qw_centre *centre, struct qw_group *group,
                      const struct qw_card_book *book);

#endif
