/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: store */
#define _POSIX_C_SOURCE 200809L
#include "store/store_dump.h"

#include "store/store_kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t blob[QW_STORE_BLOB_MAX];
    struct qw_store_record record = { .blob = blob };
    enum qw_store_kind kind;
    bool is_end = false;
    FILE *from = size == 0 ? NULL : fmemopen((void *)(uintptr_t)data, size, "r");
    qw_err err = from == NULL ? QW_ERR_IO : qw_store_dump_open(from);

    while (err == QW_OK && !is_end) {
        err = qw_store_dump_next(from, &kind, &record, &is_end);
        qw_assert(err != QW_OK || is_end ||
                  (qw_store_kind_ok(kind) && qw_store_id_ok(record.id, record.id_len) &&
                   record.len <= sizeof blob && record.version > 0));
    }
    if (from != NULL) {
        fclose(from);
    }
    return 0;
}
