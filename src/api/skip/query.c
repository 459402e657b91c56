/* SPDX-License-Identifier: Apache-2.0 */
#include "api/skip/query.h"

#include "api/url.h"

#include <string.h>

enum { NUMBER_CAP = 8 };

/* A whole number of the query; standard when it is not there. */
static qw_err get_number(const char *query, const char *name, uint32_t standard, uint32_t *number)
{
    char text[NUMBER_CAP];
    uint32_t value = 0;
    qw_err err = qw_url_query_find(query, name, text, sizeof text);

    if (err == QW_ERR_NOT_FOUND) {
        *number = standard;
        return QW_OK;
    }
    if (err != QW_OK || text[0] == '\0' || strspn(text, "0123456789") != strlen(text)) {
        return QW_ERR_FORMAT;
    }
    for (const char *digit = text; *digit != '\0'; digit++) { /* at most 7 of them */
        value = value * 10 + (uint32_t)(*digit - '0');
    }
    *number = value;
    return QW_OK;
}

qw_err qw_skip_remote_decode(const char *query, char remote[static QW_SKIP_SYSTEM_CAP])
{
    char text[QW_SKIP_SYSTEM_CAP];
    qw_err err = qw_url_query_find(query, "remoteSystemID", text, sizeof text);

    if (err != QW_OK || text[0] == '\0') {
        return QW_ERR_FORMAT;
    }
    memcpy(remote, text, strlen(text) + 1);
    return QW_OK;
}

qw_err qw_skip_key_query_decode(const char *query, const struct qw_skip_limits *limits,
                                struct qw_skip_key_query *out)
{
    struct qw_skip_key_query q = { .bits = 0 };
    qw_err err = qw_skip_remote_decode(query, q.remote);

    if (err == QW_OK) {
        err = get_number(query, "size", QW_SKIP_BITS_STANDARD, &q.bits);
    }
    if (err != QW_OK) {
        return err;
    }
    if (q.bits % 8 != 0 || q.bits < limits->bits_min || q.bits > limits->bits_max) {
        return QW_ERR_FORMAT;
    }
    *out = q;
    return QW_OK;
}

qw_err qw_skip_entropy_query_decode(const char *query, uint32_t *bits)
{
    uint32_t asked;
    qw_err err = get_number(query, "minentropy", QW_SKIP_BITS_STANDARD, &asked);

    if (err == QW_OK && (asked < 1 || asked > QW_SKIP_ENTROPY_BITS_MAX)) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        *bits = asked;
    }
    return err;
}
