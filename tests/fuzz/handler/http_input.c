/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "http_input.h"

#include "base/base64.h"
#include "base/hex.h"

#include <string.h>

_Static_assert((int)QW_RECEIPT_LEN <= (int)QW_CONTACT_REPORT_LEN, "a receipt fits too");

enum { WAIT_MS_MAX = 2 * 3600 * 1000 };

/* The text of $<letter><digit>; its length in the input, 0: no word. */
static size_t word(const struct http_known *known, const uint8_t *at, size_t len,
                   char out[static 512])
{
    const struct ledger_key *key = NULL;
    uint8_t bytes[QW_CONTACT_REPORT_LEN]; /* the longer of the two */
    bool has_digit = len >= 3 && at[2] >= '0' && at[2] <= '9';

    if (len < 2 || at[0] != '$') {
        return 0;
    }
    if (has_digit && (at[1] == 'k' || at[1] == 'h')) {
        key = ledger_at(known->ledger, (size_t)(at[2] - '0'));
    }
    if (key != NULL && at[1] == 'k') {
        qw_uuid_encode(key->id, out);
        return 3;
    }
    if (key != NULL) {
        qw_hex_encode(key->id, sizeof key->id, out);
        return 3;
    }
    switch (at[1]) {
    case 's':
        memcpy(out, known->session, sizeof known->session);
        return 2;
    case 'o':
        memcpy(out, known->offer, sizeof known->offer);
        return 2;
    case 'r':
        site_card_report(&known->site->phone, bytes);
        qw_base64_encode(bytes, QW_CONTACT_REPORT_LEN, out);
        return 2;
    case 'c':
        site_card_receipt(&known->site->phone, bytes);
        qw_base64_encode(bytes, QW_RECEIPT_LEN, out);
        return 2;
    default:
        return 0;
    }
}

/* Copies with the words replaced; what does not fit is cut. */
static size_t expand(const struct http_known *known, const uint8_t *text, size_t len, uint8_t *out,
                     size_t cap)
{
    size_t at = 0;
    size_t used = 0;

    while (at < len && used < cap) {
        char text_of_word[512];
        size_t passed = word(known, text + at, len - at, text_of_word);

        if (passed == 0) {
            out[used++] = text[at++];
            continue;
        }
        for (size_t i = 0; text_of_word[i] != '\0' && used < cap; i++) {
            out[used++] = (uint8_t)text_of_word[i];
        }
        at += passed;
    }
    return used;
}

/* The next piece of the line up to a space, as text without NUL inside; false: it is empty or does
 * not fit. */
static bool take_piece(const uint8_t **line, size_t *len, char *out, size_t cap)
{
    size_t end = 0;

    while (end < *len && (*line)[end] != ' ') {
        end++;
    }
    if (end == 0 || end >= cap || memchr(*line, '\0', end) != NULL) {
        return false;
    }
    memcpy(out, *line, end);
    out[end] = '\0';
    end += end < *len ? 1 : 0;
    *line += end;
    *len -= end;
    return true;
}

/* "wait 1000" or "pause 1000". */
static bool read_wait(const uint8_t *line, size_t len, struct http_asked *asked)
{
    static const char *const words[] = { "pause ", "wait " };
    int64_t ms = 0;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t at = strlen(words[i]);

        if (len <= at || memcmp(line, words[i], at) != 0) {
            continue;
        }
        for (; at < len && line[at] >= '0' && line[at] <= '9' && ms <= WAIT_MS_MAX; at++) {
            ms = 10 * ms + (line[at] - '0');
        }
        asked->has_sweep = i == 1;
        asked->wait_ms = ms < WAIT_MS_MAX ? ms : WAIT_MS_MAX;
        return at == len;
    }
    return false;
}

static bool read_line(const struct http_known *known, const uint8_t *line, size_t len,
                      struct http_asked *asked)
{
    char target[2048];
    char *query;
    size_t used;

    asked->is_wait = read_wait(line, len, asked);
    if (asked->is_wait) {
        return true;
    }
    if (!take_piece(&line, &len, asked->identity, sizeof asked->identity) ||
        !take_piece(&line, &len, asked->method, sizeof asked->method) ||
        !take_piece(&line, &len, target, sizeof target) || len >= sizeof asked->content_type ||
        memchr(line, '\0', len) != NULL) {
        return false;
    }
    if (strcmp(asked->identity, "-") == 0) {
        asked->identity[0] = '\0';
    }
    memcpy(asked->content_type, line, len);
    asked->content_type[len] = '\0';
    used = expand(known, (const uint8_t *)target, strlen(target), (uint8_t *)asked->path,
                  sizeof asked->path - 1);
    asked->path[used] = '\0';
    query = strchr(asked->path, '?');
    asked->query = query == NULL ? "" : query + 1;
    if (query != NULL) {
        *query = '\0';
    }
    return true;
}

bool http_input_next(struct http_input *input, const struct http_known *known,
                     struct http_asked *asked)
{
    static const char between[] = "\n--\n";

    while (input->len > 0 && input->requests < HTTP_INPUT_REQUESTS_MAX) {
        const uint8_t *request = input->data;
        const uint8_t *end = memmem(request, input->len, between, sizeof between - 1);
        size_t len = end == NULL ? input->len : (size_t)(end - request);
        size_t passed = len + (end == NULL ? 0 : sizeof between - 1);
        const uint8_t *newline = memchr(request, '\n', len);
        size_t line_len = newline == NULL ? len : (size_t)(newline - request);

        input->requests++;
        input->data += passed;
        input->len -= passed;
        if (read_line(known, request, line_len, asked)) {
            asked->body_len = newline == NULL ? 0
                                              : expand(known, newline + 1, len - line_len - 1,
                                                       asked->body, sizeof asked->body);
            return true;
        }
    }
    return false;
}
