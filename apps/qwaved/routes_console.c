/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's page [W10 C10]: its files, from the table that is in the program. The page itself
 * is no secret; what it asks for is answered to officers only, by the other routes. */
#include "console/console.h"
#include "routes.h"

#include <stdio.h>
#include <string.h>

enum { FILE_PATH_CAP = CALL_PARAMETER_CAP + 16 };

/* Nothing from elsewhere, nothing inline, in nobody's frame. */
static const struct qw_http_header headers[] = {
    { "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
      "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
    { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Vary", "Accept-Encoding" },
    { NULL, NULL },
};

/* A token of a comma-separated list, without parameters: "gzip;q=0" is a no that nobody sends. */
static bool list_has(const char *list, const char *token)
{
    size_t len = strlen(token);

    while (list != NULL && *list != '\0') {
        list += strspn(list, " \t,");
        if (strncmp(list, token, len) == 0 && strchr(" \t,", list[len]) != NULL) {
            return true; /* strchr finds the NUL too */
        }
        list += strcspn(list, ",");
    }
    return false;
}

static const struct console_file *find(const struct console *console, const char *path)
{
    for (size_t i = 0; i < console->count; i++) {
        if (strcmp(console->files[i].path, path) == 0) {
            return &console->files[i];
        }
    }
    return NULL;
}

static void send_file(struct call *call, const struct console_file *file)
{
    bool is_packed = list_has(call->request->accept_encoding, "gzip");
    const char *tag = is_packed ? file->entity_tag_gz : file->entity_tag;
    struct qw_http_answer *answer = call->answer;

    answer->cache_control =
        file->is_named_by_hash ? "private, max-age=31536000, immutable" : "no-cache";
    answer->entity_tag = tag;
    answer->headers = headers;
    if (list_has(call->request->if_none_match, tag)) {
        answer->status = 304;
        return;
    }
    answer->status = 200;
    answer->content_type = file->content_type;
    answer->content_encoding = is_packed ? "gzip" : NULL;
    answer->lent = is_packed ? file->gzip : file->bytes;
    answer->lent_len = is_packed ? file->gzip_len : file->len;
}

static void send_path(struct call *call, const char *folder, const char *name)
{
    const struct console_file *file;
    char path[FILE_PATH_CAP];

    if (call->service->console == NULL) {
        call_refuse_with(call, 404, "this qwaved was built without its console");
        return;
    }
    (void)snprintf(path, sizeof path, "%s%s", folder, name);
    file = strchr(name, '/') == NULL ? find(call->service->console, path) : NULL;
    if (file == NULL) {
        call_refuse(call, QW_ERR_NOT_FOUND);
        return;
    }
    send_file(call, file);
}

void route_console(struct call *call)
{
    send_path(call, "", "index.html");
}

void route_console_file(struct call *call)
{
    send_path(call, "", call->parameter[0]);
}

void route_console_asset(struct call *call)
{
    send_path(call, "assets/", call->parameter[0]);
}
