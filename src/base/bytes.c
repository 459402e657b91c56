/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include "base/error.h"

#include <string.h>

struct qw_reader qw_reader_on(const void *data, size_t len)
{
    return (struct qw_reader){ .data = data, .len = len };
}

/* The next len bytes, or NULL with the reader failed. */
static const uint8_t *take(struct qw_reader *r, size_t len)
{
    const uint8_t *p;

    if (r->failed || len > r->len - r->at) {
        r->failed = true;
        return NULL;
    }
    p = r->data + r->at;
    r->at += len;
    return p;
}

static uint64_t read_be(struct qw_reader *r, size_t len)
{
    const uint8_t *p = take(r, len);
    uint64_t value = 0;

    for (size_t i = 0; p != NULL && i < len; i++) {
        value = value << 8 | p[i];
    }
    return value;
}

static uint64_t read_le(struct qw_reader *r, size_t len)
{
    const uint8_t *p = take(r, len);
    uint64_t value = 0;

    for (size_t i = len; p != NULL && i > 0; i--) {
        value = value << 8 | p[i - 1];
    }
    return value;
}

uint8_t qw_read_u8(struct qw_reader *r)
{
    return (uint8_t)read_be(r, 1);
}

uint16_t qw_read_u16be(struct qw_reader *r)
{
    return (uint16_t)read_be(r, 2);
}

uint32_t qw_read_u32be(struct qw_reader *r)
{
    return (uint32_t)read_be(r, 4);
}

uint64_t qw_read_u64be(struct qw_reader *r)
{
    return (uint64_t)read_be(r, 8);
}

uint16_t qw_read_u16le(struct qw_reader *r)
{
    return (uint16_t)read_le(r, 2);
}

uint32_t qw_read_u32le(struct qw_reader *r)
{
    return (uint32_t)read_le(r, 4);
}

uint64_t qw_read_u64le(struct qw_reader *r)
{
    return (uint64_t)read_le(r, 8);
}

void qw_read_bytes(struct qw_reader *r, void *out, size_t len)
{
    const uint8_t *p = take(r, len);

    if (len == 0) {
        return;
    }
    if (p == NULL) {
        memset(out, 0, len);
        return;
    }
    memcpy(out, p, len);
}

const uint8_t *qw_read_view(struct qw_reader *r, size_t len)
{
    return take(r, len);
}

void qw_read_string8(struct qw_reader *r, char *out, size_t cap)
{
    size_t len = qw_read_u8(r);
    const uint8_t *p;

    qw_assert(cap > 0);
    out[0] = '\0';
    if (len >= cap) {
        r->failed = true;
        return;
    }
    p = take(r, len);
    if (p == NULL) {
        return;
    }
    if (len > 0 && memchr(p, 0, len) != NULL) {
        r->failed = true;
        return;
    }
    if (len > 0) {
        memcpy(out, p, len);
    }
    out[len] = '\0';
}

size_t qw_reader_left(const struct qw_reader *r)
{
    return r->failed ? 0 : r->len - r->at;
}

bool qw_reader_done(const struct qw_reader *r)
{
    return !r->failed && r->at == r->len;
}

struct qw_writer qw_writer_on(void *data, size_t cap)
{
    return (struct qw_writer){ .data = data, .cap = cap };
}

static uint8_t *claim(struct qw_writer *w, size_t len)
{
    uint8_t *p;

    if (w->failed || len > w->cap - w->len) {
        w->failed = true;
        return NULL;
    }
    p = w->data + w->len;
    w->len += len;
    return p;
}

static void write_be(struct qw_writer *w, uint64_t value, size_t len)
{
    uint8_t *p = claim(w, len);

    for (size_t i = len; p != NULL && i > 0; i--) {
        p[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

static void write_le(struct qw_writer *w, uint64_t value, size_t len)
{
    uint8_t *p = claim(w, len);

    for (size_t i = 0; p != NULL && i < len; i++) {
        p[i] = (uint8_t)value;
        value >>= 8;
    }
}

void qw_write_u8(struct qw_writer *w, uint8_t value)
{
    write_be(w, value, 1);
}

void qw_write_u16be(struct qw_writer *w, uint16_t value)
{
    write_be(w, value, 2);
}

void qw_write_u32be(struct qw_writer *w, uint32_t value)
{
    write_be(w, value, 4);
}

void qw_write_u64be(struct qw_writer *w, uint64_t value)
{
    write_be(w, value, 8);
}

void qw_write_u16le(struct qw_writer *w, uint16_t value)
{
    write_le(w, value, 2);
}

void qw_write_u32le(struct qw_writer *w, uint32_t value)
{
    write_le(w, value, 4);
}

void qw_write_u64le(struct qw_writer *w, uint64_t value)
{
    write_le(w, value, 8);
}

void qw_write_bytes(struct qw_writer *w, const void *data, size_t len)
{
    uint8_t *p = claim(w, len);

    if (p != NULL && len > 0) {
        memcpy(p, data, len);
    }
}

void qw_write_string8(struct qw_writer *w, const char *text)
{
    size_t len = strlen(text);

    if (len > UINT8_MAX) {
        w->failed = true;
        return;
    }
    qw_write_u8(w, (uint8_t)len);
    qw_write_bytes(w, text, len);
}

uint64_t qw_load_u64be(const uint8_t *p)
{
    struct qw_reader r = qw_reader_on(p, 8);

    return qw_read_u64be(&r);
}

void qw_store_u64be(uint8_t *p, uint64_t value)
{
    struct qw_writer w = qw_writer_on(p, 8);

    qw_write_u64be(&w, value);
}

uint64_t qw_load_u64le(const uint8_t *p)
{
    struct qw_reader r = qw_reader_on(p, 8);

    return qw_read_u64le(&r);
}

void qw_store_u64le(uint8_t *p, uint64_t value)
{
    struct qw_writer w = qw_writer_on(p, 8);

    qw_write_u64le(&w, value);
}

uint32_t qw_load_u32be(const uint8_t *p)
{
    struct qw_reader r = qw_reader_on(p, 4);

    return qw_read_u32be(&r);
}

void qw_store_u32be(uint8_t *p, uint32_t value)
{
    struct qw_writer w = qw_writer_on(p, 4);

    qw_write_u32be(&w, value);
}
