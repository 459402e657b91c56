/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "http_form.h"

#include "api/url.h"
#include "base/base64.h"
#include "base/hex.h"

#include <stdlib.h>
#include <string.h>

static bool is_among(unsigned status, const unsigned *known, size_t count)
{
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        found = found || known[i] == status;
    }
    return found;
}

static void check_status(const struct http_asked *asked, unsigned status)
{
    static const unsigned etsi014[] = { 200, 400, 401, 404, 405, 503 };
    static const unsigned skip[] = { 200, 400, 401, 404, 405, 500, 503 };
    static const unsigned rest[] = { 200, 201, 400, 401, 403, 404, 405, 409, 503 };

    if (strncmp(asked->path, "/api/", 5) == 0) {
        qw_assert(is_among(status, etsi014, sizeof etsi014 / sizeof etsi014[0]));
    } else if (strncmp(asked->path, "/v1/", 4) == 0) {
        qw_assert(is_among(status, rest, sizeof rest / sizeof rest[0]));
    } else {
        qw_assert(is_among(status, skip, sizeof skip / sizeof skip[0]) || status == 403);
    }
}

/* {"message": text, "details"?: [{name: text}]}, and nothing else. */
static void check_error(const cJSON *body)
{
    qw_assert(http_form_text(body, "message")[0] != '\0');
    for (const cJSON *member = body->child; member != NULL; member = member->next) {
        bool is_details = strcmp(member->string, "details") == 0;

        qw_assert(is_details || strcmp(member->string, "message") == 0);
        qw_assert(!is_details || cJSON_IsArray(member));
        for (const cJSON *item = member->child; item != NULL; item = item->next) {
            qw_assert(cJSON_IsObject(item) && cJSON_IsString(item->child));
        }
    }
}

/* The text from at to the next end; at is then behind it. NULL: there is no end. */
static char *cut(char **at, const char *end)
{
    char *begin = *at;
    char *found = strstr(begin, end);

    if (found == NULL) {
        return NULL;
    }
    *found = '\0';
    *at = found + strlen(end);
    return begin;
}

/* "id: 7\nevent: radio\ndata: {...}": one line of JSON, and of radio only what is simulated. */
static void check_event(char *event)
{
    char *data = strstr(event, "data: ");
    cJSON *object = data == NULL ? NULL : cJSON_Parse(data + strlen("data: "));
    bool is_radio =
        strstr(event, "event: radio\n") != NULL || strstr(event, "event: session\n") != NULL;

    qw_assert(cJSON_IsObject(object) && strchr(data, '\n') == NULL);
    qw_assert(!is_radio || cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "simulated")));
    cJSON_Delete(object);
}

/* [docs/protocol/events.md] */
static void check_events(const struct qw_http_answer *answer)
{
    char *text = strndup(answer->body, answer->body_len);
    char *at = text;

    qw_assert(text != NULL && strcmp(answer->content_type, "text/event-stream") == 0);
    qw_assert(strcmp(cut(&at, "\n\n"), "retry: 10") == 0);
    while (*at != '\0') {
        char *event = cut(&at, "\n\n");

        qw_assert(event != NULL);
        check_event(event);
    }
    free(text);
}

cJSON *http_form_check(const struct http_asked *asked, const struct qw_http_answer *answer)
{
    cJSON *body = cJSON_ParseWithLength(answer->body, answer->body_len);
    char none[2][64];

    check_status(asked, answer->status);
    if (answer->status == 200 && http_form_is(asked, "GET", "/metrics", none)) {
        cJSON_Delete(body);
        qw_assert(strncmp(answer->content_type, "text/plain; version=0.0.4", 25) == 0);
        return cJSON_CreateObject();
    }
    if (answer->status == 200 && http_form_is(asked, "GET", "/v1/events", none)) {
        cJSON_Delete(body);
        check_events(answer);
        return cJSON_CreateObject();
    }
    qw_assert(strcmp(answer->content_type, "application/json") == 0);
    qw_assert(cJSON_IsObject(body));
    qw_assert((answer->status == 405) == (answer->allow != NULL));
    qw_assert(answer->status != 503 || answer->retry_after_s > 0);
    if (answer->status >= 400) {
        check_error(body);
    }
    return body;
}

const char *http_form_text(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

    qw_assert(cJSON_IsString(member));
    return member->valuestring;
}

void http_form_key(const cJSON *object, bool is_hex, struct ledger_key *key)
{
    const char *id = http_form_text(object, is_hex ? "keyId" : "key_ID");
    const char *text = http_form_text(object, "key");
    size_t len = strlen(text);

    *key = (struct ledger_key){ .len = len / 2 };
    if (is_hex) {
        qw_assert(len % 2 == 0 && key->len <= sizeof key->bytes);
        qw_assert(qw_hex_decode(id, key->id, sizeof key->id) == QW_OK);
        qw_assert(qw_hex_decode(text, key->bytes, key->len) == QW_OK);
    } else {
        qw_assert(qw_uuid_decode(id, key->id) == QW_OK);
        qw_assert(qw_base64_decode(text, len, key->bytes, sizeof key->bytes, &key->len) == QW_OK);
    }
    qw_assert(key->len > 0);
}

bool http_form_is(const struct http_asked *asked, const char *method, const char *pattern,
                  char parameter[2][64])
{
    struct qw_url_path path;
    size_t found = 0;

    if ((method != NULL && strcmp(method, asked->method) != 0) ||
        qw_url_path_split(asked->path, &path) != QW_OK) {
        return false;
    }
    for (size_t i = 0; i < path.count; i++) {
        size_t len = *pattern == '/' ? strcspn(++pattern, "/") : 0;

        if (len == 2 && pattern[0] == '{') {
            if (qw_url_decode(path.segment[i].text, path.segment[i].len, parameter[found++], 64) !=
                QW_OK) {
                return false;
            }
        } else if (len != path.segment[i].len || strncmp(pattern, path.segment[i].text, len) != 0) {
            return false;
        }
        pattern += len;
    }
    return *pattern == '\0';
}
