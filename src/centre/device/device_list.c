/* SPDX-License-Identifier: Apache-2.0 */
/* The devices within an officer's part of the tree, page by page [C8 C16]. */
#include "centre/device/card_book.h"
#include "centre/people/officer_record.h"
#include "centre/record.h"

#include <string.h>

/* Records that are looked at under one lock: an officer of a small unit may have to walk past a
 * million of others, and nobody waits for him. */
enum { LOOK_MAX = 256 };

struct listing {
    struct qw_centre *centre;
    const char *unit;                             /* who is not within it is not listed */
    char last[sizeof((struct qw_device *)0)->id]; /* looked at */
    size_t looked;
    struct qw_device *devices;
    size_t cap, count;
    qw_err err;
};

static int list_device(void *self, const struct qw_store_record *record)
{
    struct listing *listing = self;
    struct qw_centre *centre = listing->centre;
    const struct qw_device *device = &centre->card.device;
    size_t len = record->len - QW_RECORD_OVERHEAD;

    if (record->len < QW_RECORD_OVERHEAD || len > sizeof centre->scratch) {
        listing->err = QW_ERR_IO;
        return 0;
    }
    listing->err = qw_record_open(centre, QW_STORE_DEVICE, record, record->len, centre->scratch);
    if (listing->err == QW_OK) {
        listing->err = qw_card_book_decode(centre->scratch, len, &centre->card);
    }
    if (listing->err != QW_OK) {
        return 0;
    }
    memcpy(listing->last, device->id, sizeof listing->last);
    listing->looked++;
    if (qw_unit_contains(listing->unit, device->unit)) {
        listing->devices[listing->count++] = *device;
    }
    return listing->count < listing->cap;
}

static qw_err look(struct qw_centre *centre, const struct qw_deed *deed, struct listing *listing)
{
    const struct qw_store *store = centre->config.store;
    struct qw_officer_record self;
    qw_err err = qw_right_find(centre, deed, QW_RIGHT_DEVICE_READ, &self);

    if (err == QW_OK && listing->cap == 0) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK) {
        listing->unit = self.officer.unit;
        listing->looked = 0;
        err = store->scan(store->self, QW_STORE_DEVICE, QW_STORE_ANY_TAG, listing->last,
                          strlen(listing->last), LOOK_MAX, list_device, listing);
    }
    return err == QW_OK ? listing->err : err;
}

qw_err qw_centre_device_list(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *after, struct qw_device *devices, size_t cap,
                             size_t *count)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-list", .object = after };
    struct listing listing = { .centre = centre, .devices = devices, .cap = cap, .err = QW_OK };
    qw_err err;

    if (strlen(after) >= sizeof listing.last) {
        return QW_ERR_ARG;
    }
    memcpy(listing.last, after, strlen(after));
    do {
        qw_centre_enter(centre);
        err = look(centre, &deed, &listing);
        qw_centre_leave(centre);
    } while (err == QW_OK && listing.looked == LOOK_MAX && listing.count < listing.cap);
    if (err == QW_OK) {
        *count = listing.count;
    }
    return err;
}
