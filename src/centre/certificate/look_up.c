/* SPDX-License-Identifier: Apache-2.0 */
/* What the register says to officers [C4]. */
#include "base/hex.h"
#include "centre/certificate/register.h"
#include "centre/people/officer_record.h"
#include "centre/people/right.h"

#include <string.h>

static const char prefix[] = "crt:";
enum { PREFIX_LEN = sizeof prefix - 1 };

qw_err qw_centre_certificate_find(struct qw_centre *centre, const struct qw_caller *caller,
                                  const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN],
                                  struct qw_certificate_entry *entry)
{
    char hex[2 * QW_CERTIFICATE_SERIAL_LEN + 1];
    struct qw_deed deed = { .caller = caller, .verb = "certificate-find", .object = hex };
    struct qw_officer_record self;
    struct qw_certificate_record record;
    qw_err err;

    qw_hex_encode(serial, QW_CERTIFICATE_SERIAL_LEN, hex);
    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_CERTIFICATE_READ, &self);
    if (err == QW_OK) {
        err = qw_certificate_record_load(centre, serial, &record);
    }
    if (err == QW_OK && !qw_unit_contains(self.officer.unit, record.entry.unit)) {
        err = QW_ERR_NOT_FOUND; /* as if it were not there */
    }
    if (err == QW_OK) {
        *entry = record.entry;
    }
    qw_centre_leave(centre);
    return err;
}

struct walk {
    struct qw_centre *centre;
    const char *unit;
    struct qw_certificate_entry *entries;
    size_t cap, count;
    qw_err err;
};

/* In id order, so the first with another beginning is the end. */
static int visit(void *self, const struct qw_store_record *record)
{
    struct walk *walk = self;
    struct qw_certificate_entry *entry = &walk->entries[walk->count];

    if (record->id_len != PREFIX_LEN + QW_CERTIFICATE_SERIAL_LEN ||
        strncmp((const char *)record->id, prefix, PREFIX_LEN) != 0) {
        return 0;
    }
    walk->err = qw_certificate_record_open(walk->centre, record, entry);
    if (walk->err == QW_OK && qw_unit_contains(walk->unit, entry->unit)) {
        walk->count++;
    }
    return walk->err == QW_OK && walk->count < walk->cap;
}

qw_err qw_centre_certificate_list(struct qw_centre *centre, const struct qw_caller *caller,
                                  const uint8_t *after, struct qw_certificate_entry *entries,
                                  size_t cap, size_t *count)
{
    const struct qw_store *store = centre->config.store;
    struct qw_deed deed = { .caller = caller, .verb = "certificate-list", .object = "" };
    struct qw_officer_record self;
    uint8_t place[PREFIX_LEN + QW_CERTIFICATE_SERIAL_LEN];
    struct walk walk = { .centre = centre, .entries = entries, .cap = cap };
    qw_err err;

    if (cap == 0) {
        return QW_ERR_ARG;
    }
    memcpy(place, prefix, PREFIX_LEN);
    if (after != NULL) {
        memcpy(place + PREFIX_LEN, after, QW_CERTIFICATE_SERIAL_LEN);
    }
    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_CERTIFICATE_READ, &self);
    if (err == QW_OK) {
        walk.unit = self.officer.unit;
        err = store->scan(store->self, QW_STORE_META, QW_STORE_ANY_TAG, place,
                          after == NULL ? (size_t)PREFIX_LEN : sizeof place, SIZE_MAX >> 1, visit,
                          &walk);
    }
    qw_centre_leave(centre);
    if (err == QW_OK) {
        err = walk.err;
    }
    if (err == QW_OK) {
        *count = walk.count;
    }
    return err;
}
