/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_HTTP_PAGE_H
#define QW_API_HTTP_PAGE_H

#include "api/http_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The files of a web page, in the program itself: what is not in the table cannot be served, and no
 * file is opened for a caller [docs/adr/0101]. console/embed.mjs writes tables. */
struct qw_http_page_file {
    const char *path; /* "index.html", "assets/index-4f1c.js" */
    const char *content_type;
    const char *entity_tag;    /* of the bytes, with quotes */
    const char *entity_tag_gz; /* of the packed bytes */
    bool is_named_by_hash;     /* other bytes will have another path */
    const uint8_t *bytes;
    size_t len;
    const uint8_t *gzip; /* the same bytes, packed */
    size_t gzip_len;
};
struct qw_http_page { /* without a file when the program was built without Node.js */
    const struct qw_http_page_file *files;
    size_t count;
};

/* Fills the answer with the file of this path, packed where the browser takes that, or with 304
 * when it has it; with a policy of no inline script or style, nothing from elsewhere and no frame.
 * False: there is no such file, and the answer is as it was. */
bool qw_http_page_send(const struct qw_http_page *page, const char *path,
                       const struct qw_http_request *request, struct qw_http_answer *answer);

/* A browser adds certificate and cookies to whatever a page of anybody asks, and says whose page
 * that is: true when it is another site's. Other programs say nothing of it [H9]. */
bool qw_http_page_is_of_another_site(const struct qw_http_request *request);

#endif
