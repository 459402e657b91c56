/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/certificate/authority.h"

#include "api/certificate.h"
#include "api/certificate/authority.h"
#include "base/bytes.h"
#include "base/secret.h"
#include "centre/certificate/certificate.h"
#include "centre/people/right.h"
#include "centre/record.h"

#include <stdio.h>
#include <string.h>

enum {
    LAYOUT = 1,
    ID_CAP = 16,
    PLAIN_CAP = 8 + QW_CERTIFICATE_DER_CAP + QW_CERTIFICATE_KEY_DER_CAP
};

static size_t record_id(enum qw_certificate_profile profile, char out[static ID_CAP])
{
    return (size_t)snprintf(out, ID_CAP, "ca:%s", qw_certificate_profile_names[profile]);
}

static qw_err load(struct qw_centre *centre, enum qw_certificate_profile profile)
{
    struct qw_certificate_authority_pack pack = { .key_len = 0 };
    struct qw_certificate_authority *authority = NULL;
    char id[ID_CAP];
    struct qw_reader r;
    uint64_t version;
    size_t len;
    uint8_t layout;
    qw_err err = qw_record_load(centre, QW_STORE_META, id, record_id(profile, id), &version, &len);

    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    r = qw_reader_on(centre->scratch, len);
    layout = qw_read_u8(&r);
    pack.certificate_len = qw_read_u16be(&r);
    pack.key_len = qw_read_u16be(&r);
    if (layout != LAYOUT || pack.certificate_len > sizeof pack.certificate ||
        pack.key_len > sizeof pack.key) {
        return QW_ERR_IO;
    }
    qw_read_bytes(&r, pack.certificate, pack.certificate_len);
    qw_read_bytes(&r, pack.key, pack.key_len);
    err = qw_reader_done(&r) ? qw_certificate_authority_unpack(&pack, &authority) : QW_ERR_FORMAT;
    qw_wipe(&pack, sizeof pack);
    qw_wipe(centre->scratch, len);
    if (err == QW_OK && authority->profile != profile) {
        qw_certificate_authority_free(authority);
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        qw_certificate_authority_free(centre->authorities[profile]);
        centre->authorities[profile] = authority;
    }
    return err == QW_ERR_FORMAT || err == QW_ERR_AUTH ? QW_ERR_IO : err;
}

qw_err qw_authorities_open(struct qw_centre *centre)
{
    qw_err err = QW_OK;

    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT && err == QW_OK; i++) {
        err = load(centre, (enum qw_certificate_profile)i);
    }
    return err;
}

void qw_authorities_close(struct qw_centre *centre)
{
    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT; i++) {
        qw_certificate_authority_free(centre->authorities[i]);
        centre->authorities[i] = NULL;
        qw_certificate_list_free(&centre->lists[i].list);
    }
}

static qw_err put(struct qw_centre *centre, const struct qw_deed *deed,
                  const struct qw_certificate_authority *authority)
{
    struct qw_certificate_authority_pack pack;
    char id[ID_CAP];
    struct qw_store_op record = { .kind = QW_STORE_META,
                                  .id = id,
                                  .id_len = record_id(authority->profile, id) };
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);
    struct qw_group group;
    qw_err err = qw_certificate_authority_pack(authority, &pack);

    if (err != QW_OK) {
        return err;
    }
    qw_write_u8(&w, LAYOUT);
    qw_write_u16be(&w, (uint16_t)pack.certificate_len);
    qw_write_u16be(&w, (uint16_t)pack.key_len);
    qw_write_bytes(&w, pack.certificate, pack.certificate_len);
    qw_write_bytes(&w, pack.key, pack.key_len);
    qw_assert(!w.failed);
    qw_group_begin(centre, &group);
    qw_group_add(centre, &group, QW_STORE_INSERT, record, plain, w.len);
    err = qw_group_commit(centre, &group, deed, "");
    qw_wipe(plain, sizeof plain);
    qw_wipe(&pack, sizeof pack);
    return err;
}

static qw_err found(struct qw_centre *centre, const struct qw_deed *deed,
                    enum qw_certificate_profile profile)
{
    struct qw_certificate_authority *authority = NULL;
    char name[64];
    qw_err err = qw_authorities_open(centre); /* another process may have founded it */

    if (err == QW_OK && centre->authorities[profile] != NULL) {
        err = qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "there is one");
    }
    if (err == QW_OK) {
        (void)snprintf(name, sizeof name, "%.50s %s", centre->config.centre_id,
                       qw_certificate_profile_names[profile]);
        err = qw_certificate_authority_new(name, profile, 0, &authority);
    }
    if (err == QW_OK) {
        err = put(centre, deed, authority);
    }
    if (err == QW_OK) {
        centre->authorities[profile] = authority;
        authority = NULL;
    }
    qw_certificate_authority_free(authority);
    return err;
}

qw_err qw_centre_authority_found(struct qw_centre *centre, const struct qw_caller *caller,
                                 enum qw_certificate_profile profile)
{
    struct qw_deed deed = { .caller = caller, .verb = "authority-found" };
    qw_err err;

    if (profile < 0 || profile >= QW_CERTIFICATE_PROFILE_COUNT) {
        return QW_ERR_ARG;
    }
    deed.object = qw_certificate_profile_names[profile];
    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_CERTIFICATE_OFFICER, "/");
    if (err == QW_OK) {
        err = found(centre, &deed, profile);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_authority_pem(struct qw_centre *centre, enum qw_certificate_profile profile,
                               char pem[static QW_CERTIFICATE_PEM_CAP])
{
    struct qw_certificate_made made;
    qw_err err = QW_ERR_NOT_FOUND;

    qw_centre_enter(centre);
    if (profile >= 0 && profile < QW_CERTIFICATE_PROFILE_COUNT &&
        centre->authorities[profile] != NULL) {
        err = qw_certificate_describe(centre->authorities[profile]->certificate, &made);
    }
    qw_centre_leave(centre);
    return err == QW_OK ? qw_certificate_pem(made.der, made.len, pem) : err;
}
