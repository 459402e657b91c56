/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/charon_line.h"

#include "base/hex.h"

#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Length of "NN[GRP] " at p, 0 when it is none. */
static size_t mark_len(const char *p)
{
    size_t len = 6;

    if (!is_digit(p[0]) || !is_digit(p[1]) || p[2] != '[' || !is_capital(p[3]) ||
        !is_capital(p[4]) || !is_capital(p[5])) {
        return 0;
    }
    len += is_digit(p[len]) ? 1 : 0;
    return p[len] == ']' && p[len + 1] == ' ' ? len + 2 : 0;
}

/* Decimal digits up to end, at most 10 of them and below 2^32. */
static bool read_number(const char *digits, const char *end, uint32_t *number)
{
    uint64_t value = 0;

    if (digits == end || end - digits > 10) {
        return false;
    }
    for (; digits < end; digits++) {
        if (!is_digit(*digits)) {
            return false;
        }
        value = value * 10 + (uint64_t)(*digits - '0');
    }
    *number = (uint32_t)value;
    return value <= UINT32_MAX;
}

/* "<name|id> " or, before the connection is known, "<id> ". */
static const char *read_ike(const char *text, struct qw_charon_line *line)
{
    const char *end = text[0] == '<' ? strchr(text, '>') : NULL;
    const char *digits = end;

    if (end == NULL || end[1] != ' ') {
        return text;
    }
    while (is_digit(digits[-1])) {
        digits--;
    }
    if ((digits[-1] != '|' && digits[-1] != '<') || !read_number(digits, end, &line->ike)) {
        return text;
    }
    line->has_ike = true;
    return end + 2;
}

bool qw_charon_line_parse(const char *text, struct qw_charon_line *out)
{
    struct qw_charon_line line = { 0 };
    size_t len = 0;

    while (*text != '\0' && (len = mark_len(text)) == 0) {
        text++;
    }
    if (len == 0) {
        return false;
    }
    line.thread = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
    memcpy(line.group, text + 3, 3);
    line.text = read_ike(text + len, &line);
    *out = line;
    return true;
}

bool qw_charon_message_parse(const char *text, struct qw_charon_message *out)
{
    static const char parsed[] = "parsed ";
    static const char create[] = "CREATE_CHILD_SA ";
    static const char *const words[] = { " request ", " response " };
    struct qw_charon_message message = { 0 };
    const char *kind = text + sizeof parsed - 1;
    const char *space;
    const char *digits;

    if (strncmp(text, parsed, sizeof parsed - 1) != 0 || (space = strchr(kind, ' ')) == NULL) {
        return false;
    }
    message.is_response = strncmp(space, words[1], strlen(words[1])) == 0;
    if (!message.is_response && strncmp(space, words[0], strlen(words[0])) != 0) {
        return false;
    }
    digits = space + strlen(words[message.is_response]);
    if (!read_number(digits, digits + strspn(digits, "0123456789"), &message.id)) {
        return false;
    }
    message.is_create = strncmp(kind, create, sizeof create - 1) == 0;
    *out = message;
    return true;
}

bool qw_charon_dump_begins(const char *text, const char *name, size_t max, size_t *len)
{
    size_t name_len = strlen(name);
    const char *digits = text + name_len + 4;
    const char *end;
    uint32_t value = 0;

    if (strncmp(text, name, name_len) != 0 || strncmp(text + name_len, " => ", 4) != 0) {
        return false;
    }
    end = strchr(digits, ' ');
    if (end == NULL || strncmp(end, " bytes @ ", 9) != 0 || !read_number(digits, end, &value) ||
        value == 0 || value > max) {
        return false;
    }
    *len = value;
    return true;
}

bool qw_charon_dump_row(const char *text, size_t at, size_t count, uint8_t *out)
{
    uint8_t row[QW_CHARON_ROW_BYTES];
    const char *digits = text + strspn(text, " ");
    const char *end = strchr(digits, ':');
    uint32_t value = 0;

    if (digits == text || end == NULL || !read_number(digits, end, &value) || value != at) {
        return false;
    }
    end++;
    for (size_t i = 0; i < count; i++, end += 3) {
        const char pair[3] = { end[0] == ' ' ? end[1] : '\0',
                               end[0] == ' ' && end[1] ? end[2] : 0 };

        if (qw_hex_decode(pair, &row[i], 1) != QW_OK) {
            return false;
        }
    }
    memcpy(out, row, count);
    return true;
}

bool qw_charon_number_between(const char *text, char begin, char end, uint32_t *number)
{
    const char *first = strchr(text, begin);
    const char *last = first == NULL ? NULL : strchr(first, end);

    return last != NULL && read_number(first + 1, last, number);
}
