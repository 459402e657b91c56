/* SPDX-License-Identifier: Apache-2.0 */
#include "link/vici/vici_message.h"

#include <string.h>

static void named(struct qw_writer *w, enum qw_vici_kind kind, const char *name)
{
    qw_write_u8(w, (uint8_t)kind);
    qw_write_string8(w, name);
}

static void put_value(struct qw_writer *w, const void *value, size_t len)
{
    if (len > UINT16_MAX) {
        w->failed = true;
        return;
    }
    qw_write_u16be(w, (uint16_t)len);
    qw_write_bytes(w, value, len);
}

void qw_vici_section(struct qw_writer *w, const char *name)
{
    named(w, QW_VICI_SECTION_START, name);
}

void qw_vici_section_end(struct qw_writer *w)
{
    qw_write_u8(w, QW_VICI_SECTION_END);
}

void qw_vici_value(struct qw_writer *w, const char *name, const void *value, size_t len)
{
    named(w, QW_VICI_KEY_VALUE, name);
    put_value(w, value, len);
}

void qw_vici_text(struct qw_writer *w, const char *name, const char *text)
{
    qw_vici_value(w, name, text, strlen(text));
}

void qw_vici_list(struct qw_writer *w, const char *name)
{
    named(w, QW_VICI_LIST_START, name);
}

void qw_vici_item(struct qw_writer *w, const void *value, size_t len)
{
    qw_write_u8(w, QW_VICI_LIST_ITEM);
    put_value(w, value, len);
}

void qw_vici_list_end(struct qw_writer *w)
{
    qw_write_u8(w, QW_VICI_LIST_END);
}

struct qw_vici_reader qw_vici_reader_on(const void *body, size_t len)
{
    return (struct qw_vici_reader){ .in = qw_reader_on(body, len) };
}

/* May an element of this kind stand here? */
static bool may_stand(const struct qw_vici_reader *r, unsigned kind)
{
    switch (kind) {
    case QW_VICI_SECTION_START:
        return !r->is_in_list && r->depth < QW_VICI_DEPTH_MAX;
    case QW_VICI_SECTION_END:
        return !r->is_in_list && r->depth > 0;
    case QW_VICI_KEY_VALUE:
    case QW_VICI_LIST_START:
        return !r->is_in_list;
    case QW_VICI_LIST_ITEM:
    case QW_VICI_LIST_END:
        return r->is_in_list;
    default:
        return false;
    }
}

static bool has_name(enum qw_vici_kind kind)
{
    return kind == QW_VICI_SECTION_START || kind == QW_VICI_KEY_VALUE || kind == QW_VICI_LIST_START;
}

static bool has_value(enum qw_vici_kind kind)
{
    return kind == QW_VICI_KEY_VALUE || kind == QW_VICI_LIST_ITEM;
}

static void walk(struct qw_vici_reader *r, enum qw_vici_kind kind)
{
    if (kind == QW_VICI_SECTION_START) {
        r->depth++;
    } else if (kind == QW_VICI_SECTION_END) {
        r->depth--;
    } else if (kind == QW_VICI_LIST_START || kind == QW_VICI_LIST_END) {
        r->is_in_list = kind == QW_VICI_LIST_START;
    }
}

qw_err qw_vici_next(struct qw_vici_reader *r, struct qw_vici_element *element)
{
    struct qw_vici_reader next = *r;
    struct qw_vici_element found = { .kind = QW_VICI_END };
    unsigned kind;

    if (qw_reader_left(&next.in) == 0) {
        if (next.depth > 0 || next.is_in_list || next.in.failed) {
            return QW_ERR_FORMAT;
        }
        *element = found;
        return QW_OK;
    }
    kind = qw_read_u8(&next.in);
    if (!may_stand(&next, kind)) {
        return QW_ERR_FORMAT;
    }
    found.kind = (enum qw_vici_kind)kind;
    if (has_name(found.kind)) {
        qw_read_string8(&next.in, found.name, sizeof found.name);
        next.in.failed = next.in.failed || found.name[0] == '\0';
    }
    if (has_value(found.kind)) {
        found.len = qw_read_u16be(&next.in);
        found.value = found.len == 0 ? NULL : qw_read_view(&next.in, found.len);
    }
    if (next.in.failed) {
        return QW_ERR_FORMAT;
    }
    walk(&next, found.kind);
    *r = next;
    *element = found;
    return QW_OK;
}

bool qw_vici_is(const struct qw_vici_element *element, const char *text)
{
    return element->len == strlen(text) &&
           (element->len == 0 || strncmp((const char *)element->value, text, element->len) == 0);
}
