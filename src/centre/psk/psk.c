/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/psk/psk.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/device/reach.h"
#include "centre/record.h"
#include "crypto/hash.h"
#include "crypto/random.h"

#include <stdio.h>
#include <string.h>

enum { LAYOUT = 1, NUMBER_LEN = 16, PREFIX_LEN = 3, ID_LEN = PREFIX_LEN + 32, PLAIN_CAP = 128 };

struct psk_record { /* a secret */
    uint64_t version;
    char id[64];
    uint8_t number[NUMBER_LEN];
    uint8_t key[QW_PSK_LEN];
    int64_t made_ms;
};

/* A device's id may be as long as an id of the store: what stands there is its hash. */
static qw_err record_id(const char *id, uint8_t out[static ID_LEN])
{
    struct qw_bytes text = { id, strlen(id) };

    memcpy(out, "psk", PREFIX_LEN);
    return qw_hash_of(QW_HASH_SHA256, &text, 1, out + PREFIX_LEN);
}

/* S3 */
static qw_err name_of(const struct psk_record *r, uint8_t name[static 32])
{
    uint8_t len = (uint8_t)strlen(r->id);
    struct qw_bytes parts[] = {
        { "qwave psk", 9 }, { &len, 1 }, { r->id, len }, { r->number, sizeof r->number }
    };

    return qw_hash_of(QW_HASH_SHA256, parts, sizeof parts / sizeof parts[0], name);
}

static qw_err load(struct qw_centre *centre, const char *id, struct psk_record *out)
{
    struct psk_record found = { .version = 0 };
    uint8_t place[ID_LEN];
    struct qw_reader r;
    size_t len;
    uint8_t layout;
    qw_err err = record_id(id, place);

    if (err == QW_OK) {
        err = qw_record_load(centre, QW_STORE_META, place, sizeof place, &found.version, &len);
    }
    if (err != QW_OK) {
        return err;
    }
    r = qw_reader_on(centre->scratch, len);
    layout = qw_read_u8(&r);
    qw_read_string8(&r, found.id, sizeof found.id);
    qw_read_bytes(&r, found.number, sizeof found.number);
    qw_read_bytes(&r, found.key, sizeof found.key);
    found.made_ms = (int64_t)qw_read_u64be(&r);
    if (layout == LAYOUT && qw_reader_done(&r) && strcmp(found.id, id) == 0) {
        *out = found;
    } else {
        err = QW_ERR_IO;
    }
    qw_wipe(&found, sizeof found);
    qw_wipe(centre->scratch, len);
    return err;
}

static void put(struct qw_centre *centre, struct qw_group *group, const struct psk_record *r)
{
    uint8_t plain[PLAIN_CAP];
    uint8_t place[ID_LEN];
    struct qw_store_op record = { .kind = QW_STORE_META, .id = place, .id_len = sizeof place };
    struct qw_writer w = qw_writer_on(plain, sizeof plain);
    qw_err err = record_id(r->id, place);

    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    qw_write_u8(&w, LAYOUT);
    qw_write_string8(&w, r->id);
    qw_write_bytes(&w, r->number, sizeof r->number);
    qw_write_bytes(&w, r->key, sizeof r->key);
    qw_write_u64be(&w, (uint64_t)r->made_ms);
    qw_assert(!w.failed);
    qw_group_add(centre, group, QW_STORE_INSERT, record, plain, w.len);
    qw_wipe(plain, sizeof plain);
}

static void take_out(struct qw_centre *centre, struct qw_group *group, const struct psk_record *r)
{
    uint8_t place[ID_LEN];
    struct qw_store_op record = {
        .kind = QW_STORE_META, .id = place, .id_len = sizeof place, .expected_version = r->version
    };
    qw_err err = record_id(r->id, place);

    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    qw_group_add(centre, group, QW_STORE_REMOVE, record, NULL, 0);
}

void qw_psk_drop(struct qw_centre *centre, struct qw_group *group, const char *id)
{
    struct psk_record record;
    qw_err err = load(centre, id, &record);

    if (err == QW_OK) {
        take_out(centre, group, &record);
        qw_wipe(&record, sizeof record);
    } else if (err != QW_ERR_NOT_FOUND) {
        qw_group_fail(group, err);
    }
}

/* The device is in centre->card. */
static qw_err create(struct qw_centre *centre, const struct qw_deed *deed,
                     struct psk_record *record)
{
    const struct qw_device *device = &centre->card.device;
    struct psk_record before;
    struct qw_group group;
    qw_err err;

    if (device->kind != QW_DEVICE_APPLICATION || device->state == QW_DEVICE_DESTROYED) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "no application in service");
    }
    err = load(centre, device->id, &before);
    if (err == QW_OK) {
        qw_wipe(&before, sizeof before);
        return qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "it has a pre-shared key");
    }
    if (err != QW_ERR_NOT_FOUND) {
        return err;
    }
    memcpy(record->id, device->id, sizeof record->id);
    qw_group_begin(centre, &group);
    put(centre, &group, record);
    return qw_group_commit(centre, &group, deed, "");
}

qw_err qw_centre_psk_create(struct qw_centre *centre, const struct qw_caller *caller,
                            const char *id, uint8_t key[static QW_PSK_LEN])
{
    struct qw_deed deed = { .caller = caller, .verb = "psk-create", .object = id };
    struct psk_record record = { .made_ms = qw_clock_utc_ms() };
    struct qw_officer_record self;
    qw_err err;

    err = qw_random_bytes(record.key, sizeof record.key);
    if (err == QW_OK) {
        err = qw_random_bytes(record.number, sizeof record.number);
    }
    if (err == QW_OK) {
        qw_centre_enter(centre);
        err = qw_device_reach(centre, &deed, QW_RIGHT_PSK_CREATE, &self);
        if (err == QW_OK) {
            err = create(centre, &deed, &record);
        }
        qw_centre_leave(centre);
    }
    if (err == QW_OK) {
        memcpy(key, record.key, sizeof record.key);
    }
    qw_wipe(&record, sizeof record);
    return err;
}

/* Counts as a change of the registry, so that other processes on the store look again as well. */
static qw_err revoke(struct qw_centre *centre, const struct qw_deed *deed)
{
    struct psk_record record;
    struct qw_group group;
    qw_err err = load(centre, deed->object, &record);

    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "no pre-shared key");
    }
    if (err != QW_OK) {
        return err;
    }
    qw_group_begin(centre, &group);
    group.books.registry++;
    take_out(centre, &group, &record);
    qw_wipe(&record, sizeof record);
    return qw_group_commit(centre, &group, deed, "");
}

qw_err qw_centre_psk_revoke(struct qw_centre *centre, const struct qw_caller *caller,
                            const char *id)
{
    struct qw_deed deed = { .caller = caller, .verb = "psk-revoke", .object = id };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_PSK_REVOKE, &self);
    if (err == QW_OK) {
        err = revoke(centre, &deed);
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_psk_find(struct qw_centre *centre, const char *id, struct qw_psk *psk)
{
    struct qw_psk found;
    struct psk_record record;
    qw_err err;

    qw_centre_enter(centre);
    err = load(centre, id, &record);
    qw_centre_leave(centre);
    if (err != QW_OK) {
        return err;
    }
    memcpy(found.key, record.key, sizeof found.key);
    err = name_of(&record, found.name);
    if (err == QW_OK) {
        *psk = found;
    }
    qw_wipe(&found, sizeof found);
    qw_wipe(&record, sizeof record);
    return err;
}

qw_err qw_centre_psk_note(struct qw_centre *centre, const char *id, const uint8_t name[static 32],
                          const char *address)
{
    struct qw_caller caller = { .role = QW_ROLE_SAE };
    struct qw_deed deed = { .caller = &caller, .verb = "psk-use", .object = id };
    struct qw_group group;
    qw_err err;

    if (!qw_device_id_ok(id)) {
        return QW_ERR_ARG;
    }
    memcpy(caller.id, id, strlen(id) + 1);
    memcpy(caller.certificate_hash, name, sizeof caller.certificate_hash);
    qw_centre_enter(centre);
    qw_group_begin(centre, &group);
    err = qw_group_commit(centre, &group, &deed, address);
    qw_centre_leave(centre);
    return err;
}

uint64_t qw_centre_psk_changes(struct qw_centre *centre)
{
    return atomic_load(&centre->registry_changes);
}
