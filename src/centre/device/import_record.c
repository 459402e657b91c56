/* SPDX-License-Identifier: Apache-2.0 */
/* The record of an import, and the way from what is staged to devices, or to nothing. */
#include "centre/device/import_record.h"

#include "base/bytes.h"
#include "base/hex.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/device/import.h"
#include "centre/people/unit_use.h"
#include "centre/record.h"

#include <stdio.h>
#include <stdlib.h>
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

struct goings { /* whose places in the quotas are free again */
    char units[STEP_DEVICES][QW_UNIT_CAP];
    struct qw_unit_change changes[STEP_DEVICES];
};

struct stepping {
    struct qw_centre *centre;
    struct qw_group group;
    bool makes_devices;
    struct goings *goings; /* when it makes none */
    uint64_t count;
    char first[64], last[64];
    qw_err err;
};

/* What is staged, to centre->card.device. */
static qw_err open_staged(struct qw_centre *centre, const struct qw_store_record *record)
{
    size_t len = record->len - QW_RECORD_OVERHEAD;
    qw_err err =
        record->len < QW_RECORD_OVERHEAD || len > sizeof centre->scratch
            ? QW_ERR_IO
            : qw_record_open(centre, QW_STORE_STAGED, record, record->len, centre->scratch);

    if (err == QW_OK) {
        qw_wipe(&centre->card, sizeof centre->card);
        err = qw_device_decode(centre->scratch, len, &centre->card.device);
    }
    return err;
}

/* It is in the registry with the group. */
static void make_device(struct stepping *step)
{
    struct qw_card_book *book = &step->centre->card;

    book->number = step->group.books.next_device++;
    qw_card_book_put(step->centre, &step->group, book);
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
    step->err = open_staged(step->centre, record);
    if (step->err != QW_OK) {
        return 0;
    }
    if (step->makes_devices) {
        make_device(step);
    } else {
        char *unit = step->goings->units[step->count];

        memcpy(unit, step->centre->card.device.unit, QW_UNIT_CAP);
        step->goings->changes[step->count] = (struct qw_unit_change){ unit, -1 };
    }
    step->count++;
    qw_group_add(step->centre, &step->group, QW_STORE_REMOVE, op, NULL, 0);
    return 1;
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

static qw_err take_some(struct stepping *step)
{
    const struct qw_store *store = step->centre->config.store;
    size_t which;
    qw_err err = store->scan(store->self, QW_STORE_STAGED, QW_STORE_ANY_TAG, NULL, 0, STEP_DEVICES,
                             take_one, step);

    err = err == QW_OK ? step->err : err;
    if (err == QW_OK && !step->makes_devices) {
        err = qw_unit_change_devices(step->centre, &step->group, step->goings->changes, step->count,
                                     &which);
    }
    return err;
}

qw_err qw_import_step(struct qw_centre *centre, struct qw_import_record *import)
{
    struct stepping step = { .centre = centre,
                             .makes_devices = import->state == QW_IMPORT_DECIDED };
    struct qw_import_record next = *import;
    qw_err err;

    qw_assert(step.makes_devices || import->state == QW_IMPORT_DROPPING);
    step.goings = step.makes_devices ? NULL : malloc(sizeof *step.goings);
    if (!step.makes_devices && step.goings == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_group_begin(centre, &step.group);
    qw_group_fail(&step.group, take_some(&step));
    next.done += step.count;
    if (step.count < STEP_DEVICES) { /* these were the last */
        next.state = step.makes_devices ? QW_IMPORT_DONE : QW_IMPORT_DROPPED;
    }
    step.group.books.registry += step.makes_devices ? 1 : 0;
    qw_import_put(centre, &step.group, &next);
    err = commit(&step, import);
    free(step.goings);
    if (err == QW_OK) {
        next.version++;
        *import = next;
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    return err;
}
