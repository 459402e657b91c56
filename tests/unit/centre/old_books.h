/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_OLD_BOOKS_H
#define QW_TESTS_OLD_BOOKS_H

#include "base/bytes.h"
#include "centre/books.h"

/* Wants the headers of cmocka before it. */
/* The books as layout 3 had them. */
__attribute__((unused)) static size_t old_books(const struct qw_books *b, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u8(&w, 3);
    qw_write_u64be(&w, b->starts);
    qw_write_u64be(&w, b->ingested);
    qw_write_u64be(&w, b->stored);
    qw_write_u64be(&w, b->leased);
    qw_write_u64be(&w, b->destroyed);
    qw_write_u64be(&w, b->next_block);
    qw_write_u64be(&w, b->next_device);
    qw_write_u64be(&w, b->paired);
    qw_write_u64be(&w, (uint64_t)b->swept_s);
    qw_write_u64be(&w, b->registry);
    qw_write_string8(&w, b->first_station);
    assert_false(w.failed);
    return w.len;
}

#endif
