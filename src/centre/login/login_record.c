/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/login/login_record.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/people/officer_record.h"
#include "centre/record.h"
#include "crypto/random.h"

#include <stdio.h>
#include <string.h>

static const char prefix[] = "login:";
static const char name_prefix[] = "urn:qwave:officer:";
enum { LAYOUT = 1, PREFIX_LEN = sizeof prefix - 1, ID_CAP = PREFIX_LEN + QW_OFFICER_ID_CAP };
enum { PLAIN_CAP = 256 };

static size_t record_id(const char *officer, char out[static ID_CAP])
{
    size_t len = strlen(officer);

    memcpy(out, prefix, PREFIX_LEN);
    memcpy(out + PREFIX_LEN, officer, len);
    return PREFIX_LEN + len;
}

qw_err qw_login_load(struct qw_centre *centre, const char *officer, struct qw_login_record *out)
{
    struct qw_login_record found = { .version = 0 };
    char place[ID_CAP];
    struct qw_reader r;
    uint8_t layout;
    size_t len = 0;
    qw_err err;

    if (!qw_officer_id_ok(officer)) {
        return QW_ERR_NOT_FOUND;
    }
    err = qw_record_load(centre, QW_STORE_META, place, record_id(officer, place), &found.version,
                         &len);
    if (err != QW_OK) {
        return err;
    }
    r = qw_reader_on(centre->scratch, len);
    layout = qw_read_u8(&r);
    qw_read_string8(&r, found.officer, sizeof found.officer);
    qw_read_string8(&r, found.card, sizeof found.card);
    qw_read_bytes(&r, found.stamp, sizeof found.stamp);
    found.cost.log2_n = qw_read_u8(&r);
    found.cost.r = qw_read_u8(&r);
    found.cost.p = qw_read_u8(&r);
    qw_read_bytes(&r, found.salt, sizeof found.salt);
    qw_read_bytes(&r, found.hash, sizeof found.hash);
    found.set_ms = (int64_t)qw_read_u64be(&r);
    found.until_ms = (int64_t)qw_read_u64be(&r);
    if (layout == LAYOUT && qw_reader_done(&r) && strcmp(found.officer, officer) == 0) {
        *out = found;
    } else {
        err = QW_ERR_IO;
    }
    qw_wipe(&found, sizeof found);
    qw_wipe(centre->scratch, len);
    return err;
}

void qw_login_put(struct qw_centre *centre, struct qw_group *group,
                  const struct qw_login_record *record)
{
    char place[ID_CAP];
    struct qw_store_op op = { .kind = QW_STORE_META,
                              .id = place,
                              .id_len = record_id(record->officer, place),
                              .expected_version = record->version };
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    qw_write_u8(&w, LAYOUT);
    qw_write_string8(&w, record->officer);
    qw_write_string8(&w, record->card);
    qw_write_bytes(&w, record->stamp, sizeof record->stamp);
    qw_write_u8(&w, record->cost.log2_n);
    qw_write_u8(&w, record->cost.r);
    qw_write_u8(&w, record->cost.p);
    qw_write_bytes(&w, record->salt, sizeof record->salt);
    qw_write_bytes(&w, record->hash, sizeof record->hash);
    qw_write_u64be(&w, (uint64_t)record->set_ms);
    qw_write_u64be(&w, (uint64_t)record->until_ms);
    qw_assert(!w.failed); /* two texts with a bound */
    qw_group_add(centre, group, record->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, op, plain,
                 w.len);
    qw_wipe(plain, sizeof plain);
}

void qw_login_drop(struct qw_centre *centre, struct qw_group *group, const char *officer)
{
    struct qw_login_record record;
    char place[ID_CAP];
    struct qw_store_op op = { .kind = QW_STORE_META, .id = place };
    qw_err err = qw_login_load(centre, officer, &record);

    if (err == QW_OK) {
        op.id_len = record_id(officer, place);
        op.expected_version = record.version;
        qw_group_add(centre, group, QW_STORE_REMOVE, op, NULL, 0);
        qw_wipe(&record, sizeof record);
    } else if (err != QW_ERR_NOT_FOUND) {
        qw_group_fail(group, err);
    }
}

qw_err qw_login_card(struct qw_centre *centre, const char *officer, const char *device)
{
    const struct qw_card_book *book = &centre->card;
    size_t prefix_len = sizeof name_prefix - 1;
    const char *user;
    qw_err err = qw_card_book_load(centre, device, &centre->card);

    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_STATE : err;
    }
    user = book->device.user;
    if (strncmp(user, name_prefix, prefix_len) == 0) {
        user += prefix_len;
    }
    return qw_device_is_carrier(book->device.kind) && book->is_confirmed &&
                   (book->device.state == QW_DEVICE_ACTIVE ||
                    book->device.state == QW_DEVICE_CHARGED) &&
                   strcmp(user, officer) == 0
               ? QW_OK
               : QW_ERR_STATE;
}

qw_err qw_login_hash(struct qw_centre *centre, const struct qw_login_record *record,
                     const char *password, uint8_t hash[static 32])
{
    qw_err err;

    pthread_mutex_lock(&centre->login_mutex); /* its memory is wanted once */
    err = qw_password_key(record->cost, record->salt, (const uint8_t *)password, strlen(password),
                          hash, 32);
    pthread_mutex_unlock(&centre->login_mutex);
    return err;
}

qw_err qw_login_set(struct qw_centre *centre, struct qw_login_record *record, const char *password)
{
    qw_err err = qw_random_bytes(record->stamp, sizeof record->stamp);

    record->cost = centre->config.login_cost.log2_n != 0 ? centre->config.login_cost
                                                         : qw_password_cost_standard;
    record->set_ms = qw_clock_utc_ms();
    if (err == QW_OK) {
        err = qw_random_bytes(record->salt, sizeof record->salt);
    }
    return err == QW_OK ? qw_login_hash(centre, record, password, record->hash) : err;
}

qw_err qw_login_party(struct qw_centre *centre, const char *officer, struct qw_auth_party *party)
{
    char name[sizeof name_prefix + QW_OFFICER_ID_CAP];

    (void)snprintf(name, sizeof name, "%s%s", name_prefix, officer);
    return qw_auth_party_load(centre, name, party);
}
