/* SPDX-License-Identifier: Apache-2.0 */
#include "api/csv.h"

#include <stdbool.h>
#include <string.h>

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* What stands between quotes, from behind the first one, to *out. *at is then behind the last. */
static bool take_quoted(char **at, char **out)
{
    while (**at != '\0') {
        if (**at == '"' && (*at)[1] != '"') {
            (*at)++;
            return true;
        }
        *at += **at == '"' ? 1 : 0;
        if (is_control(**at)) {
            return false;
        }
        *(*out)++ = *(*at)++;
    }
    return false;
}

static bool take_bare(char **at, char **out)
{
    while (**at != '\0' && **at != ',') {
        if (**at == '"' || is_control(**at)) {
            return false;
        }
        *(*out)++ = *(*at)++;
    }
    return true;
}

qw_err qw_csv_split(char *line, struct qw_csv_fields *fields)
{
    struct qw_csv_fields found = { .count = 0 };
    size_t len = strlen(line);
    char *at = line;
    char *out = line; /* never before at: unquoting only shortens */

    if (len > 0 && line[len - 1] == '\r') {
        line[len - 1] = '\0';
    }
    for (;;) {
        bool is_quoted = *at == '"';
        bool is_last;

        if (found.count == QW_CSV_FIELDS_MAX) {
            return QW_ERR_SPACE;
        }
        found.text[found.count++] = out;
        at += is_quoted ? 1 : 0;
        if (!(is_quoted ? take_quoted(&at, &out) : take_bare(&at, &out)) ||
            (*at != ',' && *at != '\0')) {
            return QW_ERR_FORMAT;
        }
        is_last = *at == '\0';
        at++;
        *out++ = '\0';
        if (is_last) {
            *fields = found;
            return QW_OK;
        }
    }
}

qw_err qw_csv_field(const char *text, char *out, size_t cap)
{
    bool is_quoted = text[strcspn(text, "\",\r\n")] != '\0' || text[0] == ' ';
    size_t len = 0;

    for (const char *at = text; *at != '\0'; at++) {
        len += *at == '"' ? 2 : 1;
    }
    if (len + (is_quoted ? 2 : 0) >= cap) {
        return QW_ERR_SPACE;
    }
    if (is_quoted) {
        *out++ = '"';
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"') {
            *out++ = '"';
        }
        *out++ = *at;
    }
    if (is_quoted) {
        *out++ = '"';
    }
    *out = '\0';
    return QW_OK;
}
