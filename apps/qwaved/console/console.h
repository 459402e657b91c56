/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_CONSOLE_CONSOLE_H
#define QWAVED_CONSOLE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The files of the operator's page, in the program itself: what is not in this table cannot be
 * served, and no file is opened for a caller [docs/adr/0101]. console/embed.mjs writes it. */
struct console_file {
    const char *path; /* below /console/: "index.html", "assets/index-4f1c.js" */
    const char *content_type;
    const char *entity_tag;    /* of the bytes, with quotes */
    const char *entity_tag_gz; /* of the packed bytes */
    bool is_named_by_hash;     /* other bytes will have another path */
    const uint8_t *bytes;
    size_t len;
    const uint8_t *gzip; /* the same bytes, packed */
    size_t gzip_len;
};
struct console {
    const struct console_file *files;
    size_t count;
};

/* Without a file when the program was built without Node.js. */
extern const struct console console_built;

#endif
