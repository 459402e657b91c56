/* SPDX-License-Identifier: Apache-2.0 */
/* What a device has to be before it is in the registry [C8]. */
#include "centre/device/entry.h"

#include "base/secret.h"
#include "centre/device/card_book.h"

#include <string.h>

bool qw_entry_text_ok(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            return false;
        }
    }
    return len < 64;
}

bool qw_entry_peers_ok(const char *id, enum qw_device_kind kind, const char *peers)
{
    char name[64];

    if (kind != QW_DEVICE_APPLICATION || peers[0] == '\0') {
        return qw_entry_text_ok(peers);
    }
    if (strlen(peers) >= QW_DEVICE_PEERS_CAP) {
        return false;
    }
    for (const char *at = peers;;) {
        size_t len = strcspn(at, ",");

        if (len >= sizeof name) {
            return false;
        }
        memcpy(name, at, len);
        name[len] = '\0';
        if (!qw_device_peer_ok(name) || strcmp(name, id) == 0) {
            return false;
        }
        if (at[len] == '\0') {
            return true;
        }
        at += len + 1;
    }
}

static bool id_ok(const char *id, enum qw_device_kind kind)
{
    return qw_device_id_ok(id) && !qw_device_is_pattern(id) &&
           (kind != QW_DEVICE_KME || (strlen(id) <= QW_KME_ID_MAX && strchr(id, '/') == NULL));
}

bool qw_entry_serial_ok(const char *serial)
{
    size_t len = strlen(serial);

    return len < QW_DEVICE_CERTIFICATE_SERIAL_CAP && strspn(serial, "0123456789abcdef") == len;
}

/* NULL: it makes sense. */
static const char *fault_of(const struct qw_device_entry *entry, const char *unit)
{
    if (entry->kind < 0 || entry->kind >= QW_DEVICE_KIND_COUNT) {
        return "no such kind";
    }
    if (!id_ok(entry->id, entry->kind)) {
        return "not an id";
    }
    if (!qw_entry_text_ok(entry->owner)) {
        return "not an owner";
    }
    if (!qw_entry_peers_ok(entry->id, entry->kind, entry->peers)) {
        return "not peers of such a device";
    }
    if (!qw_unit_ok(unit)) {
        return "not a unit";
    }
    if (entry->kind == QW_DEVICE_KME && strcmp(unit, QW_UNIT_ROOT) != 0) {
        return "a partner stands at the root";
    }
    if (entry->firmware != NULL && !qw_entry_text_ok(entry->firmware)) {
        return "not a firmware";
    }
    if (entry->certificate_serial != NULL && !qw_entry_serial_ok(entry->certificate_serial)) {
        return "not a certificate's serial number";
    }
    return NULL;
}

static void copy_text(char *out, size_t cap, const char *text)
{
    memset(out, 0, cap);
    if (text != NULL) {
        memcpy(out, text, strlen(text));
    }
}

static struct qw_device device_of(const struct qw_device_entry *entry, const char *unit,
                                  const struct qw_officer *self)
{
    struct qw_device device = { .kind = entry->kind, .state = QW_DEVICE_REGISTERED, .weight = 1 };

    copy_text(device.id, sizeof device.id, entry->id);
    copy_text(device.owner, sizeof device.owner, entry->owner);
    copy_text(device.peers, sizeof device.peers, entry->peers);
    copy_text(device.unit, sizeof device.unit, unit);
    copy_text(device.peers_unit, sizeof device.peers_unit, self->unit);
    copy_text(device.firmware, sizeof device.firmware, entry->firmware);
    copy_text(device.certificate_serial, sizeof device.certificate_serial,
              entry->certificate_serial);
    if (entry->certificate_hash != NULL) {
        memcpy(device.certificate_hash, entry->certificate_hash, sizeof device.certificate_hash);
    }
    if (qw_device_is_cardless(device.kind)) {
        device.state = QW_DEVICE_ACTIVE;
    }
    return device;
}

/* A carrier's keys go to its peer by name alone, so the name is looked at here: ids are never used
 * again, and who moves the peer away from here stands above both. Who is only staged is not there.
 */
static qw_err check_peer(struct qw_centre *centre, const struct qw_device *device,
                         const char **cause)
{
    qw_err err;

    if (!qw_device_is_carrier(device->kind) || device->peers[0] == '\0' ||
        strcmp(device->peers_unit, QW_UNIT_ROOT) == 0) {
        return QW_OK;
    }
    err = qw_card_book_load(centre, device->peers, &centre->holder);
    if (err == QW_ERR_NOT_FOUND ||
        (err == QW_OK && !qw_unit_contains(device->peers_unit, centre->holder.device.unit))) {
        *cause = "its peer is not in his part";
        return QW_ERR_REFUSED;
    }
    return err;
}

static qw_err is_absent(struct qw_centre *centre, enum qw_store_kind kind, const char *id)
{
    const struct qw_store *store = centre->config.store;
    struct qw_store_record record = { 0 };
    qw_err err = store->get(store->self, kind, id, strlen(id), &record);

    qw_store_record_free(&record);
    return err == QW_ERR_NOT_FOUND ? QW_OK : err == QW_OK ? QW_ERR_CONFLICT : err;
}

qw_err qw_entry_id_is_free(struct qw_centre *centre, const char *id, const char **cause)
{
    qw_err err = is_absent(centre, QW_STORE_DEVICE, id);

    *cause = "the device exists";
    if (err == QW_OK) {
        *cause = "an import is bringing it";
        err = is_absent(centre, QW_STORE_STAGED, id);
    }
    return err;
}

qw_err qw_entry_check(struct qw_centre *centre, const struct qw_device_entry *entry,
                      const struct qw_officer *self, struct qw_device *device, const char **cause)
{
    const char *unit = entry->unit != NULL ? entry->unit : self->unit;
    struct qw_device checked;
    qw_err err;

    *cause = fault_of(entry, unit);
    if (*cause != NULL) {
        return QW_ERR_ARG;
    }
    *cause = "outside his part of the tree";
    if (!qw_unit_contains(self->unit, unit)) {
        return QW_ERR_REFUSED;
    }
    checked = device_of(entry, unit, self);
    err = check_peer(centre, &checked, cause);
    if (err == QW_OK) {
        err = qw_entry_id_is_free(centre, entry->id, cause);
    }
    if (err == QW_OK) {
        *device = checked;
    }
    return err;
}
