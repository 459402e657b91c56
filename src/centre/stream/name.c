/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/stream/name.h"

#include "api/etsi004/open_connect.h"
#include "centre/centre.h"

#include <stdio.h>
#include <string.h>

bool qw_stream_name_read(const char *uri, char name[static 64])
{
    static const char scheme[] = "qkd://";
    bool has_scheme = strncmp(uri, scheme, sizeof scheme - 1) == 0;
    char text[QW_ETSI004_URI_CAP];
    struct qw_caller caller;

    (void)snprintf(text, sizeof text, "%s", uri + (has_scheme ? sizeof scheme - 1 : 0));
    if (has_scheme) {
        text[strcspn(text, "@/?#")] = '\0';
    }
    if (qw_caller_parse(text, &caller) != QW_OK || caller.role != QW_ROLE_SAE) {
        return false;
    }
    memcpy(name, caller.id, sizeof caller.id);
    return true;
}
