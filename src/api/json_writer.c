/* SPDX-License-Identifier: Apache-2.0 */
#include "api/json_writer.h"

#include "api/utf8.h"
#include "base/base64.h"
#include "base/error.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct qw_json_writer qw_json_writer_on(char *out, size_t cap)
{
    qw_assert(cap > 0);
    out[0] = '\0';
    return (struct qw_json_writer){ .out = out, .cap = cap };
}

static void put(struct qw_json_writer *w, const char *text, size_t len)
{
    if (w->failed || len >= w->cap - w->len) {
        w->failed = true;
        return;
    }
    memcpy(w->out + w->len, text, len);
    w->len += len;
    w->out[w->len] = '\0';
}

/* Before every value: the comma, and the check that a value may stand here. */
static void value_begin(struct qw_json_writer *w)
{
    if (w->depth == 0) {
        w->failed = w->failed || w->len > 0; /* one text has one value */
        return;
    }
    if (w->open[w->depth - 1] == '{') {
        w->failed = w->failed || !w->after_name;
        w->after_name = false;
        return;
    }
    if (w->has_items[w->depth - 1]) {
        put(w, ",", 1);
    }
    w->has_items[w->depth - 1] = true;
}

static void container_begin(struct qw_json_writer *w, char kind)
{
    value_begin(w);
    if (w->depth == QW_JSON_DEPTH_MAX) {
        w->failed = true;
        return;
    }
    put(w, &kind, 1);
    w->open[w->depth] = kind;
    w->has_items[w->depth] = false;
    w->depth++;
}

static void container_end(struct qw_json_writer *w, char kind, char end)
{
    if (w->depth == 0 || w->open[w->depth - 1] != kind || w->after_name) {
        w->failed = true;
        return;
    }
    put(w, &end, 1);
    w->depth--;
}

void qw_json_object_begin(struct qw_json_writer *w)
{
    container_begin(w, '{');
}

void qw_json_object_end(struct qw_json_writer *w)
{
    container_end(w, '{', '}');
}

void qw_json_array_begin(struct qw_json_writer *w)
{
    container_begin(w, '[');
}

void qw_json_array_end(struct qw_json_writer *w)
{
    container_end(w, '[', ']');
}

/* Shortest escape of one character that must not stand for itself [RFC 8259 7]. */
static void put_escape(struct qw_json_writer *w, unsigned char c)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* character, letter, … */
    char text[8];

    for (size_t i = 0; i + 1 < sizeof named; i += 2) {
        if ((unsigned char)named[i] == c) {
            text[0] = '\\';
            text[1] = named[i + 1];
            put(w, text, 2);
            return;
        }
    }
    put(w, text, (size_t)snprintf(text, sizeof text, "\\u%04x", c));
}

static void put_quoted(struct qw_json_writer *w, const char *text)
{
    size_t len = strlen(text);

    if (!qw_utf8_is_valid(text, len)) {
        w->failed = true;
        return;
    }
    put(w, "\"", 1);
    for (size_t at = 0; at < len;) {
        size_t run = 0;

        while (at + run < len && (unsigned char)text[at + run] >= 0x20 && text[at + run] != '"' &&
               text[at + run] != '\\') {
            run++;
        }
        put(w, text + at, run);
        at += run;
        if (at < len) {
            put_escape(w, (unsigned char)text[at++]);
        }
    }
    put(w, "\"", 1);
}

void qw_json_name(struct qw_json_writer *w, const char *name)
{
    if (w->depth == 0 || w->open[w->depth - 1] != '{' || w->after_name) {
        w->failed = true;
        return;
    }
    if (w->has_items[w->depth - 1]) {
        put(w, ",", 1);
    }
    w->has_items[w->depth - 1] = true;
    put_quoted(w, name);
    put(w, ":", 1);
    w->after_name = true;
}

void qw_json_text(struct qw_json_writer *w, const char *text)
{
    value_begin(w);
    put_quoted(w, text);
}

void qw_json_int(struct qw_json_writer *w, int64_t value)
{
    char text[24];

    value_begin(w);
    put(w, text, (size_t)snprintf(text, sizeof text, "%" PRId64, value));
}

void qw_json_uint(struct qw_json_writer *w, uint64_t value)
{
    char text[24];

    value_begin(w);
    put(w, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, value));
}

void qw_json_real(struct qw_json_writer *w, double value)
{
    char text[32];
    int len;

    if (!isfinite(value)) {
        qw_json_null(w);
        return;
    }
    value_begin(w);
    len = snprintf(text, sizeof text, "%.12g", value);
    for (int i = 0; i < len; i++) {
        if (text[i] == ',') {
            text[i] = '.'; /* a caller's locale may have another decimal sign; JSON has one */
        }
    }
    put(w, text, (size_t)len);
}

void qw_json_bool(struct qw_json_writer *w, bool value)
{
    value_begin(w);
    put(w, value ? "true" : "false", value ? 4 : 5);
}

void qw_json_null(struct qw_json_writer *w)
{
    value_begin(w);
    put(w, "null", 4);
}

void qw_json_base64(struct qw_json_writer *w, const uint8_t *data, size_t len)
{
    size_t text_len = QW_BASE64_LEN(len);

    value_begin(w);
    put(w, "\"", 1);
    if (w->failed || len > w->cap || text_len >= w->cap - w->len) {
        w->failed = true;
        return;
    }
    qw_base64_encode(data, len, w->out + w->len); /* straight into the answer: no copy to wipe */
    w->len += text_len;
    put(w, "\"", 1);
}

/* Without a table: keys pass here. */
static char hex_digit(unsigned nibble)
{
    unsigned is_letter = (9 - nibble) >> 31; /* 1 for 10..15 */

    return (char)('0' + nibble + is_letter * ('a' - '0' - 10));
}

void qw_json_hex(struct qw_json_writer *w, const uint8_t *data, size_t len)
{
    value_begin(w);
    put(w, "\"", 1);
    if (w->failed || len > w->cap || 2 * len >= w->cap - w->len) {
        w->failed = true;
        return;
    }
    for (size_t i = 0; i < len; i++) {
        w->out[w->len++] = hex_digit(data[i] >> 4);
        w->out[w->len++] = hex_digit(data[i] & 15u);
    }
    w->out[w->len] = '\0';
    put(w, "\"", 1);
}

bool qw_json_done(const struct qw_json_writer *w)
{
    return !w->failed && w->depth == 0 && w->len > 0;
}
