/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key_group/key_group.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/record.h"

#include <stdio.h>
#include <string.h>

enum { RECORD_VERSION = 1, ID_CAP = 64, PLAIN_MAX = 8192 };

_Static_assert(2 * (QW_KEY_GROUP_MEMBERS_MAX * 64 + 32) + 256 <= (int)PLAIN_MAX, "two epochs fit");
_Static_assert((int)PLAIN_MAX <= (int)QW_SCRATCH_LEN, "and so they do when they are read");

bool qw_key_group_name_ok(const char *name)
{
    return strlen(name) < QW_KEY_GROUP_NAME_CAP && qw_device_id_ok(name);
}

/* Not a place where a name of a device stands: META ids of devices begin with "card". */
static size_t id_of(const char *name, char id[static ID_CAP])
{
    return (size_t)snprintf(id, ID_CAP, "key-group:%s", name);
}

bool qw_key_epoch_has(const struct qw_key_epoch *epoch, const char *who)
{
    for (uint8_t i = 0; i < epoch->member_count; i++) {
        if (strcmp(epoch->members[i], who) == 0) {
            return true;
        }
    }
    return false;
}

static bool names(const char *const *list, size_t count, const char *who)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], who) == 0) {
            return true;
        }
    }
    return false;
}

static qw_err add_member(struct qw_key_epoch *epoch, const char *owner, const char *who)
{
    if (epoch->member_count == QW_KEY_GROUP_MEMBERS_MAX || strcmp(who, owner) == 0 ||
        qw_key_epoch_has(epoch, who) || !qw_device_id_ok(who)) {
        return QW_ERR_ARG;
    }
    (void)snprintf(epoch->members[epoch->member_count++], sizeof epoch->members[0], "%s", who);
    return QW_OK;
}

qw_err qw_key_epoch_members(const struct qw_key_group *key_group,
                            const struct qw_key_group_change *change, struct qw_key_epoch *next)
{
    const struct qw_key_epoch *old = &key_group->newest;
    struct qw_key_epoch epoch = { .member_count = 0 };
    size_t removed = 0;
    qw_err err = QW_OK;

    for (uint8_t i = 0; i < old->member_count && err == QW_OK; i++) {
        if (names(change->remove, change->remove_count, old->members[i])) {
            removed++;
        } else {
            err = add_member(&epoch, key_group->owner, old->members[i]);
        }
    }
    for (size_t i = 0; i < change->add_count && err == QW_OK; i++) {
        err = qw_key_epoch_has(old, change->add[i])
                  ? QW_ERR_ARG
                  : add_member(&epoch, key_group->owner, change->add[i]);
    }
    if (err != QW_OK || removed != change->remove_count || epoch.member_count == 0) {
        return QW_ERR_ARG;
    }
    *next = epoch;
    return QW_OK;
}

static void write_epoch(struct qw_writer *w, const struct qw_key_epoch *epoch)
{
    qw_write_u32be(w, epoch->number);
    qw_write_bytes(w, epoch->key_id, sizeof epoch->key_id);
    qw_write_u64be(w, (uint64_t)epoch->activates_ms);
    qw_write_u8(w, epoch->member_count);
    for (uint8_t i = 0; i < epoch->member_count; i++) {
        qw_write_string8(w, epoch->members[i]);
    }
}

static void read_epoch(struct qw_reader *r, struct qw_key_epoch *epoch)
{
    epoch->number = qw_read_u32be(r);
    qw_read_bytes(r, epoch->key_id, sizeof epoch->key_id);
    epoch->activates_ms = (int64_t)qw_read_u64be(r);
    epoch->member_count = qw_read_u8(r);
    if (epoch->member_count > QW_KEY_GROUP_MEMBERS_MAX) {
        epoch->member_count = 0;
        r->failed = true;
    }
    for (uint8_t i = 0; i < epoch->member_count; i++) {
        qw_read_string8(r, epoch->members[i], sizeof epoch->members[i]);
    }
}

void qw_key_group_put(struct qw_centre *centre, struct qw_group *group,
                      const struct qw_key_group *key_group)
{
    char id[ID_CAP];
    struct qw_store_op record = { .kind = QW_STORE_META,
                                  .id = id,
                                  .id_len = id_of(key_group->name, id),
                                  .expected_version = key_group->version };
    struct qw_writer w = qw_writer_on(centre->scratch, PLAIN_MAX);

    qw_write_u8(&w, RECORD_VERSION);
    qw_write_string8(&w, key_group->owner);
    qw_write_u8(&w, key_group->is_ended ? 1 : 0);
    write_epoch(&w, &key_group->newest);
    write_epoch(&w, &key_group->before);
    qw_assert(!w.failed);
    qw_group_add(centre, group, key_group->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, record,
                 centre->scratch, w.len);
    qw_wipe(centre->scratch, w.len);
}

qw_err qw_key_group_load(struct qw_centre *centre, const char *name, struct qw_key_group *key_group)
{
    char id[ID_CAP];
    struct qw_key_group found = { .version = 0 };
    struct qw_reader r;
    size_t len;
    qw_err err = qw_record_load(centre, QW_STORE_META, id, id_of(name, id), &found.version, &len);

    if (err != QW_OK) {
        return err;
    }
    r = qw_reader_on(centre->scratch, len);
    if (qw_read_u8(&r) != RECORD_VERSION) {
        return QW_ERR_IO;
    }
    (void)snprintf(found.name, sizeof found.name, "%s", name);
    qw_read_string8(&r, found.owner, sizeof found.owner);
    found.is_ended = qw_read_u8(&r) == 1;
    read_epoch(&r, &found.newest);
    read_epoch(&r, &found.before);
    if (!qw_reader_done(&r)) {
        return QW_ERR_IO;
    }
    *key_group = found;
    return QW_OK;
}

bool qw_key_group_in_service(struct qw_centre *centre, const char *who, qw_err *err)
{
    const struct qw_device *device = &centre->card.device;

    *err = qw_card_book_load(centre, who, &centre->card);
    if (*err == QW_ERR_NOT_FOUND) {
        *err = QW_OK;
        return false;
    }
    return *err == QW_OK && device->kind == QW_DEVICE_APPLICATION &&
           device->state == QW_DEVICE_ACTIVE && device->home[0] == '\0';
}
