/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_URL_H
#define QW_API_URL_H

#include "base/error.h"

#include <stddef.h>

/* Paths and queries as they stand in a request line (RFC 3986). Both are split first and decoded
 * afterwards, once, so "%2F" stays inside its element [ETSI 014 5.1]. Decoded text is UTF-8 without
 * control characters. */
enum { QW_URL_SEGMENTS_MAX = 8 };

struct qw_url_path {
    struct {
        const char *text; /* borrowed from the path, still encoded, not NUL-terminated */
        size_t len;       /* >= 1 */
    } segment[QW_URL_SEGMENTS_MAX];
    size_t count;
};

/* Splits "/a/b" or "/a/b/" into two segments; "/" has none. QW_ERR_FORMAT: does not start with '/',
 * an empty segment in the middle, a character that may not stand in a path; QW_ERR_SPACE: too
 * many. */
qw_err qw_url_path_split(const char *path, struct qw_url_path *out) QW_MUST_USE;

/* Decodes len bytes once. QW_ERR_FORMAT: '%' without two hex digits, control characters, invalid
 * UTF-8; QW_ERR_SPACE: does not fit with its NUL. out is untouched on failure. */
qw_err qw_url_decode(const char *text, size_t len, char *out, size_t cap) QW_MUST_USE;

/* Value of the one parameter called name in "a=1&b=2". QW_ERR_NOT_FOUND; QW_ERR_FORMAT when the
 * name comes twice or the value is malformed; QW_ERR_SPACE. '+' stands for itself. */
qw_err qw_url_query_find(const char *query, const char *name, char *value, size_t cap) QW_MUST_USE;

/* The same for a name that may come several times: its first value at or behind *at (0 for the
 * first); moves *at behind it. QW_ERR_NOT_FOUND: no further one. *at and value are untouched on
 * failure. */
qw_err qw_url_query_next(const char *query, const char *name, size_t *at, char *value,
                         size_t cap) QW_MUST_USE;

/* Encodes text as one path element or query value: all but unreserved characters become %XX.
 * QW_ERR_SPACE. */
qw_err qw_url_encode(const char *text, char *out, size_t cap) QW_MUST_USE;

#endif
