/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/certificate/register.h"

#include "base/bytes.h"
#include "centre/record.h"
#include "crypto/hash.h"

#include <string.h>

enum {
    LAYOUT = 1,
    PREFIX_LEN = 4,
    SERIAL_LEN = QW_CERTIFICATE_SERIAL_LEN,
    RECORD_ID_LEN = PREFIX_LEN + SERIAL_LEN,
    NAME_ID_LEN = PREFIX_LEN + 32,
    PLAIN_CAP = QW_CERTIFICATE_DER_CAP + 1024
};

static void record_id(const uint8_t *serial, uint8_t out[static RECORD_ID_LEN])
{
    memcpy(out, "crt:", PREFIX_LEN);
    memcpy(out + PREFIX_LEN, serial, SERIAL_LEN);
}

static bool decode(const uint8_t *plain, size_t len, struct qw_certificate_entry *entry)
{
    struct qw_reader r = qw_reader_on(plain, len);
    struct qw_certificate_entry e = { .name = "" };
    uint8_t layout = qw_read_u8(&r);
    uint8_t profile = qw_read_u8(&r);

    qw_read_string8(&r, e.name, sizeof e.name);
    qw_read_string8(&r, e.unit, sizeof e.unit);
    qw_read_string8(&r, e.issued_by, sizeof e.issued_by);
    e.issued_ms = (int64_t)qw_read_u64be(&r);
    e.is_revoked = qw_read_u8(&r) != 0;
    e.revoked_ms = (int64_t)qw_read_u64be(&r);
    e.reason = qw_read_u8(&r);
    qw_read_bytes(&r, e.made.serial, sizeof e.made.serial);
    qw_read_bytes(&r, e.made.hash, sizeof e.made.hash);
    e.made.not_before_ms = (int64_t)qw_read_u64be(&r);
    e.made.not_after_ms = (int64_t)qw_read_u64be(&r);
    e.made.len = qw_read_u16be(&r);
    if (layout != LAYOUT || profile >= QW_CERTIFICATE_PROFILE_COUNT ||
        e.made.len > sizeof e.made.der) {
        return false;
    }
    e.profile = (enum qw_certificate_profile)profile;
    qw_read_bytes(&r, e.made.der, e.made.len);
    if (!qw_reader_done(&r)) {
        return false;
    }
    *entry = e;
    return true;
}

qw_err qw_certificate_record_load(struct qw_centre *centre,
                                  const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN],
                                  struct qw_certificate_record *record)
{
    uint8_t id[RECORD_ID_LEN];
    size_t len;
    qw_err err;

    record_id(serial, id);
    err = qw_record_load(centre, QW_STORE_META, id, sizeof id, &record->version, &len);
    return err == QW_OK && !decode(centre->scratch, len, &record->entry) ? QW_ERR_IO : err;
}

bool qw_certificate_record_is(const struct qw_store_record *record)
{
    return record->id_len == RECORD_ID_LEN &&
           strncmp((const char *)record->id, "crt:", PREFIX_LEN) == 0;
}

qw_err qw_certificate_record_open(struct qw_centre *centre, const struct qw_store_record *record,
                                  struct qw_certificate_entry *entry)
{
    qw_err err;

    if (record->len < QW_RECORD_OVERHEAD ||
        record->len - QW_RECORD_OVERHEAD > sizeof centre->scratch) {
        return QW_ERR_IO;
    }
    err = qw_record_open(centre, QW_STORE_META, record, record->len, centre->scratch);
    return err == QW_OK && !decode(centre->scratch, record->len - QW_RECORD_OVERHEAD, entry)
               ? QW_ERR_IO
               : err;
}

void qw_certificate_record_put(struct qw_centre *centre, struct qw_group *group,
                               const struct qw_certificate_record *record)
{
    const struct qw_certificate_entry *e = &record->entry;
    uint8_t id[RECORD_ID_LEN];
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);
    struct qw_store_op op = { .kind = QW_STORE_META,
                              .id = id,
                              .id_len = sizeof id,
                              .expected_version = record->version,
                              .tag =
                                  e->is_revoked ? QW_TAG_CERTIFICATE_REVOKED : QW_TAG_CERTIFICATE };

    record_id(e->made.serial, id);
    qw_write_u8(&w, LAYOUT);
    qw_write_u8(&w, (uint8_t)e->profile);
    qw_write_string8(&w, e->name);
    qw_write_string8(&w, e->unit);
    qw_write_string8(&w, e->issued_by);
    qw_write_u64be(&w, (uint64_t)e->issued_ms);
    qw_write_u8(&w, e->is_revoked ? 1 : 0);
    qw_write_u64be(&w, (uint64_t)e->revoked_ms);
    qw_write_u8(&w, (uint8_t)e->reason);
    qw_write_bytes(&w, e->made.serial, sizeof e->made.serial);
    qw_write_bytes(&w, e->made.hash, sizeof e->made.hash);
    qw_write_u64be(&w, (uint64_t)e->made.not_before_ms);
    qw_write_u64be(&w, (uint64_t)e->made.not_after_ms);
    qw_write_u16be(&w, (uint16_t)e->made.len);
    qw_write_bytes(&w, e->made.der, e->made.len);
    qw_assert(!w.failed); /* texts and certificate have bounds */
    qw_group_add(centre, group, record->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, op, plain,
                 w.len);
}

void qw_certificate_record_remove(struct qw_centre *centre, struct qw_group *group,
                                  const struct qw_certificate_record *record)
{
    uint8_t id[RECORD_ID_LEN];
    struct qw_store_op op = {
        .kind = QW_STORE_META, .id = id, .id_len = sizeof id, .expected_version = record->version
    };

    record_id(record->entry.made.serial, id);
    qw_group_add(centre, group, QW_STORE_REMOVE, op, NULL, 0);
}

/* A name may be longer than an id of the store: what stands there is its hash. */
static qw_err name_id(const char *name, uint8_t out[static NAME_ID_LEN])
{
    struct qw_bytes text = { name, strlen(name) };

    memcpy(out, "crn:", PREFIX_LEN);
    return qw_hash_of(QW_HASH_SHA256, &text, 1, out + PREFIX_LEN);
}

qw_err qw_certificate_name_load(struct qw_centre *centre, const char *name,
                                struct qw_certificate_name *out)
{
    struct qw_certificate_name record = { .version = 0 };
    uint8_t id[NAME_ID_LEN];
    struct qw_reader r;
    size_t len = 0;
    uint8_t layout;
    qw_err err = name_id(name, id);

    if (err == QW_OK) {
        err = qw_record_load(centre, QW_STORE_META, id, sizeof id, &record.version, &len);
    }
    if (err == QW_ERR_NOT_FOUND) {
        memcpy(record.name, name, strlen(name) + 1);
        *out = record;
        return QW_OK;
    }
    if (err != QW_OK) {
        return err;
    }
    r = qw_reader_on(centre->scratch, len);
    layout = qw_read_u8(&r);
    qw_read_string8(&r, record.name, sizeof record.name);
    record.count = qw_read_u8(&r);
    if (layout != LAYOUT || record.count > QW_CERTIFICATES_OF_A_NAME) {
        return QW_ERR_IO;
    }
    qw_read_bytes(&r, record.serials, record.count * SERIAL_LEN);
    if (!qw_reader_done(&r) || strcmp(record.name, name) != 0) {
        return QW_ERR_IO;
    }
    *out = record;
    return QW_OK;
}

void qw_certificate_name_put(struct qw_centre *centre, struct qw_group *group,
                             const struct qw_certificate_name *record)
{
    uint8_t id[NAME_ID_LEN];
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);
    struct qw_store_op op = {
        .kind = QW_STORE_META, .id = id, .id_len = sizeof id, .expected_version = record->version
    };
    qw_err err = name_id(record->name, id);

    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    qw_write_u8(&w, LAYOUT);
    qw_write_string8(&w, record->name);
    qw_write_u8(&w, (uint8_t)record->count);
    qw_write_bytes(&w, record->serials, record->count * SERIAL_LEN);
    qw_assert(!w.failed);
    qw_group_add(centre, group, record->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, op, plain,
                 w.len);
}
