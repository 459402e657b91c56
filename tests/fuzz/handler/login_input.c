/* SPDX-License-Identifier: Apache-2.0 */
#include "login_input.h"

#include <string.h>

/* The text of a word; its length in the input, 0: no word. */
static size_t word(const struct login_judge *judge, const uint8_t *at, size_t len,
                   char out[static SESSION_TOKEN_CAP])
{
    size_t n = len >= 3 && at[2] >= '0' && at[2] <= '9' ? (size_t)(at[2] - '0') : SIZE_MAX;

    if (len < 2 || at[0] != '$') {
        return 0;
    }
    if (at[1] == 'p' && judge->initial[0] != '\0') {
        memcpy(out, judge->initial, sizeof judge->initial);
        return 2;
    }
    if (at[1] == 'n' && n < SITE_PHONE_KEYS_MAX) {
        login_judge_code(judge, n, "bob", out);
        return 3;
    }
    if ((at[1] == 'b' || at[1] == 't') && n < judge->session_count) {
        const struct login_session *session = &judge->sessions[n];

        memcpy(out, at[1] == 'b' ? session->cookie : session->token, SESSION_TOKEN_CAP);
        return 3;
    }
    return 0;
}

/* In place; what does not fit is cut. */
static void expand(const struct login_judge *judge, struct http_asked *asked)
{
    static uint8_t text[sizeof asked->body];
    size_t len = asked->body_len;
    size_t at = 0;
    size_t used = 0;

    memcpy(text, asked->body, len);
    while (at < len && used < sizeof asked->body) {
        char text_of_word[SESSION_TOKEN_CAP];
        size_t passed = word(judge, text + at, len - at, text_of_word);

        if (passed == 0) {
            asked->body[used++] = text[at++];
            continue;
        }
        for (size_t i = 0; text_of_word[i] != '\0' && used < sizeof asked->body; i++) {
            asked->body[used++] = (uint8_t)text_of_word[i];
        }
        at += passed;
    }
    asked->body_len = used;
}

/* Where the value of that line is kept; NULL: it is no field. */
static const char **place_of(const char *line, struct login_fields *fields, size_t *name_len)
{
    const struct {
        const char *name;
        const char **place;
    } known[] = { { "cookie: ", &fields->cookie }, { "token: ", &fields->token },
                  { "origin: ", &fields->origin }, { "host: ", &fields->host },
                  { "site: ", &fields->site },     { "from: ", &fields->address } };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        *name_len = strlen(known[i].name);
        if (strncmp(line, known[i].name, *name_len) == 0) {
            return known[i].place;
        }
    }
    return NULL;
}

void login_input_fields(const struct login_judge *judge, struct http_asked *asked,
                        struct login_fields *fields)
{
    static char lines[sizeof asked->body + 1];
    size_t at = 0;

    *fields = (struct login_fields){ .cookie = NULL };
    expand(judge, asked);
    memcpy(lines, asked->body, asked->body_len);
    lines[asked->body_len] = '\0';
    while (at < asked->body_len) {
        size_t len = strcspn(lines + at, "\n");
        size_t name_len;
        const char **place = place_of(lines + at, fields, &name_len);
        bool is_last = lines[at] == '\n';

        if ((place == NULL && !is_last) ||
            (at + len < asked->body_len && lines[at + len] == '\0')) {
            break;
        }
        lines[at + len] = '\0';
        if (place != NULL) {
            *place = lines + at + name_len;
        }
        at += len;
        at += at < asked->body_len ? 1 : 0;
        if (is_last) {
            break;
        }
    }
    asked->body_len -= at;
    memmove(asked->body, asked->body + at, asked->body_len);
}
