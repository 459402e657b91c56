/* SPDX-License-Identifier: Apache-2.0 */
#include "api/url.h"

#include "api/utf8.h"

#include <stdbool.h>
#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

/* pchar of [RFC 3986 3.3]; '/' is the caller's business. */
static bool is_path_character(char c)
{
    return is_unreserved(c) || (c != '\0' && strchr("%!$&'()*+,;=:@", c) != NULL);
}

qw_err qw_url_path_split(const char *path, struct qw_url_path *out)
{
    struct qw_url_path split = { .count = 0 };

    if (path[0] != '/') {
        return QW_ERR_FORMAT;
    }
    for (const char *at = path + 1; *at != '\0';) {
        size_t len = 0;

        while (at[len] != '\0' && at[len] != '/') {
            if (!is_path_character(at[len])) {
                return QW_ERR_FORMAT;
            }
            len++;
        }
        if (len == 0) {
            return QW_ERR_FORMAT;
        }
        if (split.count == QW_URL_SEGMENTS_MAX) {
            return QW_ERR_SPACE;
        }
        split.segment[split.count].text = at;
        split.segment[split.count].len = len;
        split.count++;
        at += len;
        at += *at == '/'; /* the last one may be a trailing slash */
    }
    *out = split;
    return QW_OK;
}

/* One character from text; its encoded length, or 0 when malformed. */
static size_t decode_character(const char *text, size_t len, char *c)
{
    int high = len >= 3 ? hex_value(text[1]) : -1;
    int low = len >= 3 ? hex_value(text[2]) : -1;
    unsigned char value = (unsigned char)text[0];

    if (text[0] == '%') {
        if (high < 0 || low < 0) {
            return 0;
        }
        value = (unsigned char)(high << 4 | low);
    }
    if (value < 0x20 || value == 0x7F) {
        return 0;
    }
    *c = (char)value;
    return text[0] == '%' ? 3 : 1;
}

qw_err qw_url_decode(const char *text, size_t len, char *out, size_t cap)
{
    char decoded[1024] = "";
    size_t n = 0;

    for (size_t at = 0; at < len;) {
        char c = '\0';
        size_t step = decode_character(text + at, len - at, &c);

        if (step == 0) {
            return QW_ERR_FORMAT;
        }
        if (n + 1 >= cap || n + 1 >= sizeof decoded) {
            return QW_ERR_SPACE;
        }
        decoded[n++] = c;
        at += step;
    }
    if (!qw_utf8_is_valid(decoded, n)) {
        return QW_ERR_FORMAT;
    }
    if (cap == 0) {
        return QW_ERR_SPACE;
    }
    memcpy(out, decoded, n);
    out[n] = '\0';
    return QW_OK;
}

/* True when the raw name decodes to name; a malformed one is nobody's. */
static bool name_is(const char *raw, size_t len, const char *name)
{
    char decoded[64];

    return qw_url_decode(raw, len, decoded, sizeof decoded) == QW_OK && strcmp(decoded, name) == 0;
}

qw_err qw_url_query_next(const char *query, const char *name, size_t *at, char *value, size_t cap)
{
    const char *item = query + *at;

    while (*item != '\0') {
        size_t len = strcspn(item, "&");
        size_t name_len = strcspn(item, "=&");
        const char *next = item + len + (item[len] == '&' ? 1 : 0);

        if (name_is(item, name_len, name)) {
            size_t skip = name_len < len ? name_len + 1 : name_len;
            qw_err err = qw_url_decode(item + skip, len - skip, value, cap);

            *at = err == QW_OK ? (size_t)(next - query) : *at;
            return err;
        }
        item = next;
    }
    return QW_ERR_NOT_FOUND;
}

qw_err qw_url_query_find(const char *query, const char *name, char *value, size_t cap)
{
    const char *found = NULL;
    size_t found_len = 0;

    for (const char *at = query; *at != '\0';) {
        size_t len = strcspn(at, "&");
        size_t name_len = strcspn(at, "=&");

        if (name_is(at, name_len, name)) {
            if (found != NULL) {
                return QW_ERR_FORMAT; /* which one was meant is not ours to guess */
            }
            found = name_len < len ? at + name_len + 1 : at + name_len;
            found_len = name_len < len ? len - name_len - 1 : 0;
        }
        at += len;
        at += *at == '&';
    }
    return found == NULL ? QW_ERR_NOT_FOUND : qw_url_decode(found, found_len, value, cap);
}

qw_err qw_url_encode(const char *text, char *out, size_t cap)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t need = 1;

    for (const char *c = text; *c != '\0'; c++) {
        need += is_unreserved(*c) ? 1 : 3;
    }
    if (need > cap) {
        return QW_ERR_SPACE;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (is_unreserved(*c)) {
            *out++ = *c;
        } else {
            *out++ = '%';
            *out++ = digits[(unsigned char)*c >> 4];
            *out++ = digits[(unsigned char)*c & 15];
        }
    }
    *out = '\0';
    return QW_OK;
}
