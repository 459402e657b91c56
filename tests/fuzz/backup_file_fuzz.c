/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: store */
#define _POSIX_C_SOURCE 200809L
/* Only the cheapest passphrase cost: the rest of a run would be scrypt. */
#include "store/backup_file.h"

#include <stdlib.h>

enum { COST_AT = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct qw_backup_lock lock = { .passphrase = (const uint8_t *)"twelve bytes",
                                                .passphrase_len = 12 };
    struct qw_backup_head head;
    FILE *from;
    FILE *to;

    if (size < COST_AT + 3 || data[COST_AT] != 10 || data[COST_AT + 1] != 1 ||
        data[COST_AT + 2] != 1) {
        return 0;
    }
    from = fmemopen((void *)(uintptr_t)data, size, "r");
    to = fopen("/dev/null", "w");
    if (from != NULL && to != NULL) {
        (void)!qw_backup_open(&lock, from, to, &head);
    }
    if (from != NULL) {
        fclose(from);
    }
    if (to != NULL) {
        fclose(to);
    }
    return 0;
}
