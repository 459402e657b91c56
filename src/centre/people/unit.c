/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/people/unit.h"

#include <string.h>

/* Not isalnum: a locale's letters are no names. */
static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

bool qw_unit_ok(const char *unit)
{
    size_t len = strlen(unit);

    if (strcmp(unit, QW_UNIT_ROOT) == 0) {
        return true;
    }
    if (len == 0 || len >= QW_UNIT_CAP || unit[0] != '/' || unit[len - 1] == '/') {
        return false;
    }
    for (size_t i = 1; i < len; i++) {
        if (unit[i] == '/' ? unit[i - 1] == '/' : !is_name_character(unit[i])) {
            return false;
        }
    }
    return true;
}

bool qw_unit_contains(const char *unit, const char *place)
{
    size_t len = strlen(unit);

    if (strcmp(unit, QW_UNIT_ROOT) == 0) {
        return true;
    }
    /* The whole name: "/north" is not above "/northern". */
    return strncmp(unit, place, len) == 0 && (place[len] == '\0' || place[len] == '/');
}

bool qw_unit_share_tenant(const char *a, const char *b)
{
    size_t len = 1 + strcspn(a + 1, "/");

    return len == 1 + strcspn(b + 1, "/") && strncmp(a, b, len) == 0;
}
