/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_VICI_VICI_MESSAGE_H
#define QW_LINK_VICI_VICI_MESSAGE_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What strongSwan's control socket speaks [docs/protocol/vici.md]: a message is a row of elements;
 * sections nest, lists do not. */
enum {
    QW_VICI_NAME_MAX = 255,
    QW_VICI_DEPTH_MAX = 16,
    QW_VICI_BODY_MAX = 512 * 1024 /* of a frame, as in the daemon */
};

enum qw_vici_kind {
    QW_VICI_END, /* of the message; not on the wire */
    QW_VICI_SECTION_START,
    QW_VICI_SECTION_END,
    QW_VICI_KEY_VALUE,
    QW_VICI_LIST_START,
    QW_VICI_LIST_ITEM,
    QW_VICI_LIST_END,
    QW_VICI_KIND_COUNT
};

/* Writing: a value longer than 65535 or a name longer than QW_VICI_NAME_MAX fails the writer. */
void qw_vici_section(struct qw_writer *w, const char *name);
void qw_vici_section_end(struct qw_writer *w);
void qw_vici_value(struct qw_writer *w, const char *name, const void *value, size_t len);
void qw_vici_text(struct qw_writer *w, const char *name, const char *text);
void qw_vici_list(struct qw_writer *w, const char *name);
void qw_vici_item(struct qw_writer *w, const void *value, size_t len);
void qw_vici_list_end(struct qw_writer *w);

struct qw_vici_reader {
    struct qw_reader in; /* borrows the message */
    size_t depth;        /* sections that are open */
    bool is_in_list;
};

struct qw_vici_element {
    enum qw_vici_kind kind;
    char name[QW_VICI_NAME_MAX + 1]; /* of a section, a list, a value; else "" */
    const uint8_t *value;            /* borrowed from the message; NULL when len is 0 */
    size_t len;
};

struct qw_vici_reader qw_vici_reader_on(const void *body, size_t len);

/* The next element; QW_VICI_END again and again behind the last one. QW_ERR_FORMAT: cut, an unknown
 * kind, an empty name or one with a NUL, an end without a start, a start without an end, deeper
 * than QW_VICI_DEPTH_MAX, something else than items in a list; element is untouched, and the reader
 * stays there. */
qw_err qw_vici_next(struct qw_vici_reader *r, struct qw_vici_element *element) QW_MUST_USE;

/* A value or an item that is this text. */
bool qw_vici_is(const struct qw_vici_element *element, const char *text);

#endif
