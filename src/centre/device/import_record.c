/* SPDX-License-Identifier: Apache-2.0 */
/* The record of an import, and the way from what is staged to devices, or to nothing. */
#include "centre/device/import_record.h"

#include "base/bytes.h"
#include "base/hex.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/device/import.h"
#include "centre/record.h"

#include <stdio.h>
#include <string.h>

static const char record_id[] = "import";
enum { LAYOUT = 1, STEP_DEVICES = 512 };

static bool decode(const uint8_t *plain, size_t len, struct qw_import_record *import)
{
    struct qw_reader r = qw_reader_on(plain, len);
    uint8_t layout = qw_read_u8(&r);
    uint8_t state = qw_read_u8(&r);

    qw_read_bytes(&r, import->id, sizeof import->id);
    qw_read_string8(&r, import->officer, sizeof import->officer);
    qw_read_bytes(&r, import->certificate_hash, sizeof import->certificate_hash);
    qw_read_string8(&r, import->unit, sizeof import->unit);
    import->touched_ms = (int64_t)qw_read_u64be(&r);
    import->staged = qw_read_u64be(&r);
    import->done = qw_read_u64be(&r);
    if (layout != LAYOUT || state >= QW_IMPORT_STATE_COUNT || !qw_reader_done(&r)) {
        return false;
    }
    import->state = (enum qw_import_state)state;
    return true;
}

qw_err qw_import_load(struct qw_centre *centre, struct qw_import_record *import)
{
    struct qw_import_record found = { .version = 0 };
    size_t len;
    qw_err err = qw_record_load(centre, QW_STORE_META, record_id, sizeof record_id - 1,
                                &found.version, &len);

    if (err != QW_OK) {
        return err;
    }
    if (!decode(centre->scratch, len, &found)) {
        return QW_ERR_IO;
    }
    *import = found;
    return QW_OK;
}

void qw_import_put(struct qw_centre *centre, struct qw_group *group,
                   const struct qw_import_record *import)
{
    struct qw_store_op op = { .kind = QW_STORE_META,
                              .id = record_id,
                              .id_len = sizeof record_id - 1,
                              .expected_version = import->version };
    uint8_t plain[256];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    qw_write_u8(&w, LAYOUT);
    qw_write_u8(&w, (uint8_t)import->state);
    qw_write_bytes(&w, import->id, sizeof import->id);
    qw_write_string8(&w, import->officer);
    qw_write_bytes(&w, import->certificate_hash, sizeof import->certificate_hash);
    qw_write_string8(&w, import->unit);
    qw_write_u64be(&w, (uint64_t)import->touched_ms);
    qw_write_u64be(&w, import->staged);
    qw_write_u64be(&w, import->done);
    qw_assert(!w.failed); /* texts with a bound */
    qw_group_add(centre, group, import->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, op, plain,
                 w.len);
}

void qw_import_stage(struct qw_centre *centre, struct qw_group *group,
                     const struct qw_device *device)
{
    struct qw_store_op op = { .kind = QW_STORE_STAGED,
                              .id = device->id,
                              .id_len = strlen(device->id) };
    uint8_t plain[QW_DEVICE_ENCODED_MAX];
    size_t len = qw_device_encode(device, plain, sizeof plain);

    qw_group_add(centre, group, QW_STORE_INSERT, op, plain, len);
}

struct stepping {
    struct qw_centre *centre;
    struct qw_group group;
    bool makes_devices;
    uint64_t count;
    char first[64], last[64];
    qw_err err;
};

/* From a staged record to a device that is in the registry with the group. */
static qw_err make_device(struct stepping *step, const struct qw_store_record *record)
{
    struct qw_centre *centre = step->centre;
    struct qw_card_book *book = &centre->card;
    size_t len = record->len - QW_RECORD_OVERHEAD;
    qw_err err =
        record->len < QW_RECORD_OVERHEAD || len > sizeof centre->scratch
            ? QW_ERR_IO
            : qw_record_open(centre, QW_STORE_STAGED, record, record->len, centre->scratch);

    if (err == QW_OK) {
        qw_wipe(book, sizeof *book);
        err = qw_device_decode(centre->scratch, len, &book->device);
    }
    if (err == QW_OK) {
        book->number = step->group.books.next_device++;
        qw_card_book_put(centre, &step->group, book);
    }
    return err;
}

static int take_one(void *self, const struct qw_store_record *record)
{
    struct stepping *step = self;
    struct qw_store_op op = { .kind = QW_STORE_STAGED,
                              .id = record->id,
                              .id_len = record->id_len,
                              .expected_version = record->version };

    if (record->id_len >= sizeof step->last) {
        step->err = QW_ERR_IO;
        return 0;
    }
    memset(step->last, 0, sizeof step->last);
    memcpy(step->last, record->id, record->id_len);
    if (step->count == 0) {
        memcpy(step->first, step->last, sizeof step->first);
    }
    step->count++;
    step->err = step->makes_devices ? make_device(step, record) : QW_OK;
    qw_group_add(step->centre, &step->group, QW_STORE_REMOVE, op, NULL, 0);
    return step->err == QW_OK;
}

/* What the journal says: whoever began the import has done it. */
static qw_err commit(struct stepping *step, const struct qw_import_record *import)
{
    struct qw_caller officer = { .role = QW_ROLE_OPERATOR };
    char object[2 * sizeof import->id + 1];
    char detail[192];
    struct qw_deed deed = { .caller = &officer,
                            .verb = step->makes_devices ? "device-import" : "device-import-drop",
                            .object = object };

    memcpy(officer.id, import->officer, sizeof officer.id);
    memcpy(officer.certificate_hash, import->certificate_hash, sizeof officer.certificate_hash);
    qw_hex_encode(import->id, sizeof import->id, object);
    (void)snprintf(detail, sizeof detail, "%llu of %llu, %s to %s", (unsigned long long)step->count,
                   (unsigned long long)import->staged, step->count > 0 ? step->first : "nothing",
                   step->count > 0 ? step->last : "nothing");
    return qw_group_commit(step->centre, &step->group, &deed, detail);
}

qw_err qw_import_step(struct qw_centre *centre, struct qw_import_record *import)
{
    const struct qw_store *store = centre->config.store;
    struct stepping step = { .centre = centre,
                             .makes_devices = import->state == QW_IMPORT_DECIDED };
    struct qw_import_record next = *import;
    qw_err err;

    qw_assert(step.makes_devices || import->state == QW_IMPORT_DROPPING);
    qw_group_begin(centre, &step.group);
    err = store->scan(store->self, QW_STORE_STAGED, QW_STORE_ANY_TAG, NULL, 0, STEP_DEVICES,
                      take_one, &step);
    next.done += step.count;
    if (step.count < STEP_DEVICES) { /* these were the last */
        next.state = step.makes_devices ? QW_IMPORT_DONE : QW_IMPORT_DROPPED;
    }
    step.group.books.registry += step.makes_devices ? 1 : 0;
    qw_group_fail(&step.group, err != QW_OK ? err : step.err);
    qw_import_put(centre, &step.group, &next);
    err = commit(&step, import);
    if (err == QW_OK) {
        next.version++;
        *import = next;
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    return err;
}
