/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_BYTES_H
#define QW_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Cursor over a received message. A read past the end yields 0 and the reader stays failed, so a
 * decoder is a list of fields and one question at the end. Check a count against its maximum before
 * it becomes an index. */
struct qw_reader {
    const uint8_t *data; /* borrowed; must outlive the reader */
    size_t len;
    size_t at; /* <= len */
    bool failed;
};

struct qw_reader qw_reader_on(const void *data, size_t len);
uint8_t qw_read_u8(struct qw_reader *r);
uint16_t qw_read_u16be(struct qw_reader *r);
uint32_t qw_read_u32be(struct qw_reader *r);
uint64_t qw_read_u64be(struct qw_reader *r);
uint16_t qw_read_u16le(struct qw_reader *r);
uint32_t qw_read_u32le(struct qw_reader *r);
uint64_t qw_read_u64le(struct qw_reader *r);

/* Copies len bytes to out; on failure out is zeroed. */
void qw_read_bytes(struct qw_reader *r, void *out, size_t len);

/* Borrows len bytes of the message; NULL when they are not there (or len is 0 and nothing is left
 * to point at). */
const uint8_t *qw_read_view(struct qw_reader *r, size_t len);

/* Reads a u8 length and that many bytes into a NUL-terminated string of capacity cap (with NUL).
 * Fails on a length >= cap and on a NUL inside. */
void qw_read_string8(struct qw_reader *r, char *out, size_t cap);

size_t qw_reader_left(const struct qw_reader *r);

/* True when nothing failed and nothing is left over. */
bool qw_reader_done(const struct qw_reader *r);

/* Cursor over a buffer that is being filled. A write that does not fit writes nothing and the
 * writer stays failed. */
struct qw_writer {
    uint8_t *data; /* borrowed */
    size_t cap;
    size_t len; /* <= cap */
    bool failed;
};

struct qw_writer qw_writer_on(void *data, size_t cap);
void qw_write_u8(struct qw_writer *w, uint8_t value);
void qw_write_u16be(struct qw_writer *w, uint16_t value);
void qw_write_u32be(struct qw_writer *w, uint32_t value);
void qw_write_u64be(struct qw_writer *w, uint64_t value);
void qw_write_u16le(struct qw_writer *w, uint16_t value);
void qw_write_u32le(struct qw_writer *w, uint32_t value);
void qw_write_u64le(struct qw_writer *w, uint64_t value);
void qw_write_bytes(struct qw_writer *w, const void *data, size_t len);

/* u8 length and the bytes of a NUL-terminated string of at most 255 bytes; longer fails the writer.
 */
void qw_write_string8(struct qw_writer *w, const char *text);

/* Single values at a place the caller has already checked. */
uint64_t qw_load_u64be(const uint8_t *p);
void qw_store_u64be(uint8_t *p, uint64_t value);
uint64_t qw_load_u64le(const uint8_t *p);
void qw_store_u64le(uint8_t *p, uint64_t value);
void qw_store_u32be(uint8_t *p, uint32_t value);
uint32_t qw_load_u32be(const uint8_t *p);

#endif
