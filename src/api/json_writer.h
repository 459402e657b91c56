/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_JSON_WRITER_H
#define QW_API_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes one JSON text (RFC 8259) into a buffer, in order; commas, quoting and escaping are its
 * business, nesting is checked. A writer that ran out of space stays failed. */
enum { QW_JSON_DEPTH_MAX = 8 };
struct qw_json_writer {
    char *out;       /* borrowed */
    size_t cap, len; /* len < cap; always NUL-terminated */
    bool failed;
    unsigned depth;
    char open[QW_JSON_DEPTH_MAX]; /* '{' or '[' */
    bool has_items[QW_JSON_DEPTH_MAX];
    bool after_name;
};
struct qw_json_writer qw_json_writer_on(char *out, size_t cap);
void qw_json_object_begin(struct qw_json_writer *w);
void qw_json_object_end(struct qw_json_writer *w);
void qw_json_array_begin(struct qw_json_writer *w);
void qw_json_array_end(struct qw_json_writer *w);
void qw_json_name(struct qw_json_writer *w, const char *name);
void qw_json_text(struct qw_json_writer *w, const char *text); /* invalid UTF-8 fails the writer */
void qw_json_int(struct qw_json_writer *w, int64_t value);
void qw_json_uint(struct qw_json_writer *w, uint64_t value);
void qw_json_real(struct qw_json_writer *w, double value); /* not finite: null */
void qw_json_bool(struct qw_json_writer *w, bool value);
void qw_json_null(struct qw_json_writer *w);
void qw_json_base64(struct qw_json_writer *w, const uint8_t *data,
                    size_t len); /* constant time in the contents */
/* Lower-case hex in quotes; constant time in the contents. */
void qw_json_hex(struct qw_json_writer *w, const uint8_t *data, size_t len);
bool qw_json_done(const struct qw_json_writer *w); /* nothing failed and everything is closed */

#endif
