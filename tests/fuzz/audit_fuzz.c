/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: store */
/* A record of the audit journal: whatever decodes has printable, terminated texts. */
#include "store/audit.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t cap)
{
    size_t len = 0;

    while (len < cap && text[len] != '\0') {
        if (text[len] < ' ' || text[len] > '~') {
            abort();
        }
        len++;
    }
    if (len == cap) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_audit_record record;

    if (qw_audit_decode(data, size, &record) == QW_OK) {
        check_text(record.node, sizeof record.node);
        check_text(record.event.actor, sizeof record.event.actor);
        check_text(record.event.verb, sizeof record.event.verb);
        check_text(record.event.object, sizeof record.event.object);
        check_text(record.event.detail, sizeof record.event.detail);
    }
    return 0;
}
