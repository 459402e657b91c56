/* SPDX-License-Identifier: Apache-2.0 */
#include "store/journal/export.h"

#include "base/bytes.h"
#include "base/secret.h"

#include <string.h>

static const uint8_t magic[8] = { 'Q', 'W', 'J', 'O', 'U', 'R', 'N', '1' };
enum {
    FRONT_REST = 8 + QW_AUDIT_HASH_LEN + 1 + QW_SIGNATURE_LEN, /* behind the centre's name */
    FRONT_CAP = sizeof magic + 1 + QW_AUDIT_NAME_CAP + FRONT_REST
};

static qw_err write_all(FILE *file, const void *data, size_t len)
{
    return fwrite(data, 1, len, file) == len ? QW_OK : QW_ERR_IO;
}

/* QW_ERR_NOT_FOUND: there is nothing; QW_ERR_FORMAT: there is less. */
static qw_err read_all(FILE *file, void *out, size_t len)
{
    size_t got = fread(out, 1, len, file);

    if (got == len) {
        return QW_OK;
    }
    return ferror(file) != 0 ? QW_ERR_IO : got == 0 ? QW_ERR_NOT_FOUND : QW_ERR_FORMAT;
}

qw_err qw_journal_export_begin(FILE *file, const struct qw_signed_head *front)
{
    uint8_t bytes[FRONT_CAP];
    struct qw_writer w = qw_writer_on(bytes, sizeof bytes);

    qw_write_bytes(&w, magic, sizeof magic);
    qw_write_string8(&w, front->centre);
    qw_write_u64be(&w, front->seq);
    qw_write_bytes(&w, front->hash, sizeof front->hash);
    qw_write_u8(&w, (uint8_t)front->algorithm);
    qw_write_bytes(&w, front->signature, sizeof front->signature);
    qw_assert(!w.failed);
    return write_all(file, bytes, w.len);
}

qw_err qw_journal_export_put(FILE *file, const uint8_t *blob, size_t len)
{
    uint8_t length[2] = { (uint8_t)(len >> 8), (uint8_t)len };
    qw_err err;

    if (len == 0 || len > QW_AUDIT_BLOB_CAP) {
        return QW_ERR_FORMAT;
    }
    err = write_all(file, length, sizeof length);
    return err == QW_OK ? write_all(file, blob, len) : err;
}

static bool is_name(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

qw_err qw_journal_export_open(FILE *file, struct qw_signed_head *front)
{
    uint8_t bytes[FRONT_CAP];
    size_t name_at = sizeof magic + 1;
    struct qw_signed_head h = { .seq = 0 };
    struct qw_reader r;
    qw_err err = read_all(file, bytes, name_at);

    if (err == QW_OK && (!qw_equal_ct(bytes, magic, sizeof magic) || bytes[sizeof magic] == 0 ||
                         bytes[sizeof magic] >= QW_AUDIT_NAME_CAP)) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        err = read_all(file, bytes + name_at, bytes[sizeof magic] + (size_t)FRONT_REST);
    }
    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_FORMAT : err;
    }
    r = qw_reader_on(bytes + sizeof magic, 1 + bytes[sizeof magic] + (size_t)FRONT_REST);
    qw_read_string8(&r, h.centre, sizeof h.centre);
    h.seq = qw_read_u64be(&r);
    qw_read_bytes(&r, h.hash, sizeof h.hash);
    h.algorithm = (enum qw_signature_algorithm)qw_read_u8(&r);
    qw_read_bytes(&r, h.signature, sizeof h.signature);
    if (!qw_reader_done(&r) || h.seq == 0 || !is_name(h.centre) ||
        (h.algorithm != QW_SIGNATURE_P256 && h.algorithm != QW_SIGNATURE_SM2)) {
        return QW_ERR_FORMAT;
    }
    *front = h;
    return QW_OK;
}

qw_err qw_journal_export_next(FILE *file, uint8_t blob[static QW_AUDIT_BLOB_CAP], size_t *len)
{
    uint8_t length[2];
    size_t wanted;
    qw_err err = read_all(file, length, sizeof length);

    if (err != QW_OK) {
        return err;
    }
    wanted = (size_t)length[0] << 8 | length[1];
    if (wanted == 0 || wanted > QW_AUDIT_BLOB_CAP) {
        return QW_ERR_FORMAT;
    }
    err = read_all(file, blob, wanted);
    if (err == QW_OK) {
        *len = wanted;
    }
    return err == QW_ERR_NOT_FOUND ? QW_ERR_FORMAT : err;
}

qw_err qw_journal_export_check(FILE *file, struct qw_journal_check *check)
{
    struct qw_signed_head front;
    uint8_t blob[QW_AUDIT_BLOB_CAP];
    size_t len = 0;
    bool is_good = true;
    qw_err err = qw_journal_export_open(file, &front);

    if (err != QW_OK) {
        return err;
    }
    while (is_good && err == QW_OK) {
        err = qw_journal_export_next(file, blob, &len);
        if (err == QW_OK) {
            is_good = qw_journal_check_record(check, blob, len);
        }
    }
    if (err == QW_ERR_IO) {
        return err;
    }
    if (err == QW_ERR_FORMAT) {
        qw_journal_check_fail(check, QW_JOURNAL_CUT);
    }
    (void)qw_journal_check_front(check, &front);
    qw_journal_check_end(check);
    return QW_OK;
}
