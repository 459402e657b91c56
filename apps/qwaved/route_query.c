/* SPDX-License-Identifier: Apache-2.0 */
#include "route_query.h"

#include "api/url.h"

#include <string.h>

enum { DIGITS_MAX = 18 }; /* below 2^63 whatever they are */

qw_err query_number(const char *query, const char *name, uint64_t min, uint64_t max,
                    uint64_t *value)
{
    char text[DIGITS_MAX + 1];
    uint64_t number = 0;
    qw_err err = qw_url_query_find(query, name, text, sizeof text);

    if (err == QW_ERR_NOT_FOUND) {
        return QW_OK;
    }
    if (err != QW_OK || text[0] == '\0' || strspn(text, "0123456789") != strlen(text)) {
        return QW_ERR_FORMAT;
    }
    for (const char *digit = text; *digit != '\0'; digit++) {
        number = number * 10 + (uint64_t)(*digit - '0');
    }
    if (number < min || number > max) {
        return QW_ERR_FORMAT;
    }
    *value = number;
    return QW_OK;
}
