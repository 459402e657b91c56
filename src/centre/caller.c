/* SPDX-License-Identifier: Apache-2.0 */
/* From the identity in a certificate to a role [C10]. */
#include "centre/centre.h"

#include <string.h>

qw_err qw_caller_parse(const char *identity, struct qw_caller *caller)
{
    static const struct {
        const char *prefix;
        enum qw_role role;
    } rows[] = {
        { "urn:qwave:operator:", QW_ROLE_OPERATOR },
        { "urn:qwave:officer:", QW_ROLE_OPERATOR },
        { "urn:qwave:ap:", QW_ROLE_ACCESS_POINT },
        { "urn:qwave:sae:", QW_ROLE_SAE },
        { "urn:qwave:kme:", QW_ROLE_KME },
        { "urn:qwave:node:", QW_ROLE_NODE },
        { "", QW_ROLE_SAE }, /* a foreign name is an application's, as a whole */
    };
    struct qw_caller c = { .role = QW_ROLE_COUNT };
    size_t len;

    for (size_t i = 0; c.role == QW_ROLE_COUNT; i++) {
        size_t prefix_len = strlen(rows[i].prefix);

        if (strncmp(identity, rows[i].prefix, prefix_len) == 0) {
            c.role = rows[i].role;
            identity += prefix_len;
        }
    }
    len = strlen(identity);
    if (len == 0 || len >= sizeof c.id) {
        return QW_ERR_FORMAT;
    }
    for (size_t i = 0; i < len; i++) {
        if (identity[i] <= ' ' || identity[i] > '~') {
            return QW_ERR_FORMAT;
        }
    }
    memcpy(c.id, identity, len);
    *caller = c;
    return QW_OK;
}
