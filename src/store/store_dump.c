/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_dump.h"

#include "base/bytes.h"
#include "store/store_kind.h"

#include <string.h>

enum {
    MAGIC = 0x51575201, /* "QWR", version 1 */
    MAGIC_LEN = 4,
    KIND_LEN = 1,
    HEAD_LEN = 1 + 1 + 8 + 8 + 4, /* kind, length of the id, version, tag, length of the blob */
    END = 0xff                    /* in the place of a kind */
};

qw_err qw_store_dump_begin(FILE *to)
{
    uint8_t head[MAGIC_LEN];

    qw_store_u32be(head, MAGIC);
    return fwrite(head, sizeof head, 1, to) == 1 ? QW_OK : QW_ERR_IO;
}

qw_err qw_store_dump_put(FILE *to, enum qw_store_kind kind, const struct qw_store_record *record)
{
    uint8_t head[HEAD_LEN];
    struct qw_writer w = qw_writer_on(head, sizeof head);

    qw_write_u8(&w, (uint8_t)kind);
    qw_write_u8(&w, (uint8_t)record->id_len);
    qw_write_u64be(&w, record->version);
    qw_write_u64be(&w, (uint64_t)record->tag);
    qw_write_u32be(&w, (uint32_t)record->len);
    return fwrite(head, sizeof head, 1, to) == 1 &&
                   fwrite(record->id, record->id_len, 1, to) == 1 &&
                   (record->len == 0 || fwrite(record->blob, record->len, 1, to) == 1)
               ? QW_OK
               : QW_ERR_IO;
}

qw_err qw_store_dump_end(FILE *to)
{
    return putc(END, to) != EOF && fflush(to) == 0 ? QW_OK : QW_ERR_IO;
}

/* QW_ERR_FORMAT when they are not all there. */
static qw_err take(FILE *from, void *out, size_t len)
{
    if (len == 0 || fread(out, len, 1, from) == 1) {
        return QW_OK;
    }
    return ferror(from) ? QW_ERR_IO : QW_ERR_FORMAT;
}

qw_err qw_store_dump_open(FILE *from)
{
    uint8_t head[MAGIC_LEN];
    qw_err err = take(from, head, sizeof head);

    return err == QW_OK && qw_load_u32be(head) != MAGIC ? QW_ERR_FORMAT : err;
}

static qw_err take_end(FILE *from, bool *is_end)
{
    if (getc(from) != EOF) {
        return QW_ERR_FORMAT;
    }
    *is_end = true;
    return ferror(from) ? QW_ERR_IO : QW_OK;
}

qw_err qw_store_dump_next(FILE *from, enum qw_store_kind *kind, struct qw_store_record *record,
                          bool *is_end)
{
    uint8_t head[HEAD_LEN] = { 0 };
    struct qw_reader r = qw_reader_on(head, sizeof head);
    qw_err err = take(from, head, KIND_LEN);

    if (err == QW_OK && head[0] == END) {
        return take_end(from, is_end);
    }
    if (err == QW_OK) {
        err = take(from, head + KIND_LEN, sizeof head - KIND_LEN);
    }
    if (err != QW_OK) {
        return err;
    }
    *kind = (enum qw_store_kind)qw_read_u8(&r);
    record->id_len = qw_read_u8(&r);
    record->version = qw_read_u64be(&r);
    record->tag = (int64_t)qw_read_u64be(&r);
    record->len = qw_read_u32be(&r);
    if (!qw_store_kind_ok(*kind) || !qw_store_id_ok(record->id, record->id_len) ||
        record->len > QW_STORE_BLOB_MAX || record->version == 0 || record->version > INT64_MAX) {
        return QW_ERR_FORMAT;
    }
    err = take(from, record->id, record->id_len);
    *is_end = false;
    return err == QW_OK ? take(from, record->blob, record->len) : err;
}
