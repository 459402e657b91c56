/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/journal/deed.h"

#include <stdio.h>
#include <string.h>

static const char *const role_names[QW_ROLE_COUNT] = { "operator", "access-point", "sae", "kme",
                                                       "node" };

static void put_text(char *out, size_t cap, const char *text)
{
    size_t i;

    for (i = 0; text[i] != '\0' && i + 1 < cap; i++) {
        out[i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
    }
    out[i] = '\0';
}

struct qw_audit_event qw_deed_event(const struct qw_deed *deed, qw_err result, const char *detail)
{
    struct qw_audit_event event = { .actor = "centre", .result = result };
    char actor[QW_AUDIT_TEXT_CAP];

    if (deed->caller != NULL) {
        bool known = deed->caller->role >= 0 && deed->caller->role < QW_ROLE_COUNT;

        (void)snprintf(actor, sizeof actor, "%s:%.64s",
                       known ? role_names[deed->caller->role] : "unknown", deed->caller->id);
        put_text(event.actor, sizeof event.actor, actor);
        memcpy(event.certificate_hash, deed->caller->certificate_hash,
               sizeof event.certificate_hash);
    }
    put_text(event.verb, sizeof event.verb, deed->verb);
    put_text(event.object, sizeof event.object, deed->object);
    put_text(event.detail, sizeof event.detail, detail);
    return event;
}
