/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: store */
/* An export of the journal and its check: whatever it is, there is an answer, and nothing that the
 * key did not sign is whole. */
#define _POSIX_C_SOURCE 200809L
#include "store/journal/export.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct qw_public_key key = { .algorithm = QW_SIGNATURE_P256 }; /* no point */
    struct qw_journal_check check;
    FILE *file = size == 0 ? NULL : fmemopen((void *)(uintptr_t)data, size, "r");
    qw_err err;

    if (file == NULL) {
        return 0;
    }
    qw_journal_check_begin(&check, &key, NULL);
    err = qw_journal_export_check(file, &check);
    fclose(file);
    if (err == QW_OK && check.report.fault == QW_JOURNAL_WHOLE) {
        abort();
    }
    if (err == QW_OK &&
        (check.report.fault_seq == 0 || check.report.fault_seq > check.report.records + 1)) {
        abort();
    }
    return 0;
}
