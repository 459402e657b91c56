/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key/releases.h"

#include <string.h>

void qw_key_releases_note(struct qw_key_releases *releases, const struct qw_key_charge *charge,
                          uint64_t keys)
{
    struct qw_key_release *last = releases->count > 0 ? &releases->list[releases->count - 1] : NULL;

    if (charge->unit[0] == '\0' || keys == 0) {
        return;
    }
    if (last != NULL && last->charge.seq == charge->seq &&
        strcmp(last->charge.unit, charge->unit) == 0) {
        last->keys += keys;
        return;
    }
    qw_assert(releases->count < releases->cap);
    releases->list[releases->count++] = (struct qw_key_release){ .charge = *charge, .keys = keys };
}
