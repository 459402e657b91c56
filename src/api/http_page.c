/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http_page.h"

#include <string.h>

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

static const struct qw_http_page_file *find(const struct qw_http_page *page, const char *path)
{
    for (size_t i = 0; i < page->count; i++) {
        if (strcmp(page->files[i].path, path) == 0) {
            return &page->files[i];
        }
    }
    return NULL;
}

bool qw_http_page_send(const struct qw_http_page *page, const char *path,
                       const struct qw_http_request *request, struct qw_http_answer *answer)
{
    const struct qw_http_page_file *file = find(page, path);
    bool is_packed = list_has(request->accept_encoding, "gzip");
    const char *tag;

    if (file == NULL) {
        return false;
    }
    tag = is_packed ? file->entity_tag_gz : file->entity_tag;
    answer->cache_control =
        file->is_named_by_hash ? "private, max-age=31536000, immutable" : "no-cache";
    answer->entity_tag = tag;
    answer->headers = headers;
    if (list_has(request->if_none_match, tag)) {
        answer->status = 304;
        return true;
    }
    answer->status = 200;
    answer->content_type = file->content_type;
    answer->content_encoding = is_packed ? "gzip" : NULL;
    answer->lent = is_packed ? file->gzip : file->bytes;
    answer->lent_len = is_packed ? file->gzip_len : file->len;
    return true;
}

bool qw_http_page_is_of_another_site(const struct qw_http_request *request)
{
    static const char scheme[] = "https://";

    if (request->fetch_site != NULL && strcmp(request->fetch_site, "same-origin") != 0 &&
        strcmp(request->fetch_site, "none") != 0) {
        return true;
    }
    return request->origin != NULL &&
           (request->host == NULL || strncmp(request->origin, scheme, sizeof scheme - 1) != 0 ||
            strcmp(request->origin + sizeof scheme - 1, request->host) != 0);
}
