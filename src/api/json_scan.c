/* SPDX-License-Identifier: Apache-2.0 */
/* cJSON takes leading zeros, raw control characters, a byte-order mark and "\u0000" (which cuts its
 * strings short), and recurses up to a thousand levels. This scan refuses all that beforehand, in
 * one pass, without recursion or allocation. */
#include "api/json_scan.h"

#include "api/json_writer.h"
#include "api/utf8.h"

#include <string.h>

enum { NUMBER_LEN_MAX = 60 };

enum expect { VALUE, VALUE_OR_END, NAME, NAME_OR_END, COLON, COMMA_OR_END, NOTHING };

struct scan {
    const char *text;
    size_t len, at; /* at <= len */
    enum expect expect;
    unsigned depth;
    char open[QW_JSON_DEPTH_MAX];
};

static char peek(const struct scan *s)
{
    return s->at < s->len ? s->text[s->at] : '\0'; /* a NUL inside is refused like an end */
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool digits(struct scan *s)
{
    size_t from = s->at;

    while (is_digit(peek(s))) {
        s->at++;
    }
    return s->at > from;
}

/* [RFC 8259 6], of a length that the parser takes whole. */
static bool number(struct scan *s)
{
    size_t from = s->at;

    s->at += peek(s) == '-';
    if (peek(s) == '0') {
        s->at++;
    } else if (!digits(s)) {
        return false;
    }
    if (peek(s) == '.') {
        s->at++;
        if (!digits(s)) {
            return false;
        }
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        s->at += peek(s) == '+' || peek(s) == '-';
        if (!digits(s)) {
            return false;
        }
    }
    return s->at - from <= NUMBER_LEN_MAX;
}

/* Four hex digits; -1 when they are not. */
static long hex4(struct scan *s)
{
    long value = 0;

    for (int i = 0; i < 4; i++) {
        char c = peek(s);
        const char *all = "0123456789abcdefABCDEF";
        const char *found = c == '\0' ? NULL : strchr(all, c);

        if (found == NULL) {
            return -1;
        }
        value = value * 16 + (found - all < 16 ? found - all : found - all - 6);
        s->at++;
    }
    return value;
}

/* Behind the backslash [RFC 8259 7]. */
static bool escape(struct scan *s)
{
    char c = peek(s);
    long unit;

    s->at++;
    if (c != 'u') {
        return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
    }
    unit = hex4(s);
    if (unit < 0xD800 || unit > 0xDFFF) {
        return unit > 0;
    }
    if (unit > 0xDBFF || peek(s) != '\\') {
        return false;
    }
    s->at++;
    if (peek(s) != 'u') {
        return false;
    }
    s->at++;
    unit = hex4(s);
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

static bool string(struct scan *s)
{
    s->at++;
    while (s->at < s->len && peek(s) != '"') {
        if ((unsigned char)peek(s) < 0x20) {
            return false;
        }
        if (s->text[s->at++] == '\\' && !escape(s)) {
            return false;
        }
    }
    if (s->at >= s->len) {
        return false;
    }
    s->at++;
    return true;
}

static bool literal(struct scan *s)
{
    static const char *const known[] = { "true", "false", "null" };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t n = strlen(known[i]);

        if (s->len - s->at >= n && strncmp(s->text + s->at, known[i], n) == 0) {
            s->at += n;
            return true;
        }
    }
    return false;
}

static void value_done(struct scan *s)
{
    s->expect = s->depth == 0 ? NOTHING : COMMA_OR_END;
}

static bool container_begin(struct scan *s, char kind)
{
    if (s->depth == QW_JSON_DEPTH_MAX) {
        return false;
    }
    s->open[s->depth++] = kind;
    s->at++;
    s->expect = kind == '{' ? NAME_OR_END : VALUE_OR_END;
    return true;
}

static bool container_end(struct scan *s)
{
    char end = s->depth == 0 ? '\0' : s->open[s->depth - 1] == '{' ? '}' : ']';

    if (end == '\0' || peek(s) != end) {
        return false;
    }
    s->depth--;
    s->at++;
    value_done(s);
    return true;
}

static bool value(struct scan *s)
{
    char c = peek(s);
    bool ok;

    if (c == '{' || c == '[') {
        return container_begin(s, c);
    }
    ok = c == '"' ? string(s) : c == '-' || is_digit(c) ? number(s) : literal(s);
    value_done(s);
    return ok;
}

static bool comma(struct scan *s)
{
    s->at++;
    s->expect = s->open[s->depth - 1] == '{' ? NAME : VALUE;
    return true;
}

static bool token(struct scan *s)
{
    char c = peek(s);

    switch (s->expect) {
    case VALUE:
        return value(s);
    case VALUE_OR_END:
        return c == ']' ? container_end(s) : value(s);
    case NAME_OR_END:
        if (c == '}') {
            return container_end(s);
        }
        /* fall through */
    case NAME:
        s->expect = COLON;
        return c == '"' && string(s);
    case COLON:
        s->at++;
        s->expect = VALUE;
        return c == ':';
    case COMMA_OR_END:
        return c == ',' ? comma(s) : container_end(s);
    case NOTHING:
        break;
    }
    return false;
}

static void skip_white_space(struct scan *s)
{
    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r') {
        s->at++;
    }
}

bool qw_json_scan(const char *text, size_t len)
{
    struct scan s = { .text = text, .len = len, .expect = VALUE };

    if (!qw_utf8_is_valid(text, len)) {
        return false;
    }
    for (skip_white_space(&s); s.at < s.len; skip_white_space(&s)) {
        if (!token(&s)) {
            return false;
        }
    }
    return s.expect == NOTHING;
}
