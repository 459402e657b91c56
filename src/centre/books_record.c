/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/books_record.h"

#include "base/bytes.h"
#include "centre/key/stock_part.h"

enum { LAYOUT = 5 };

const char qw_books_id[] = "books";
_Static_assert(QW_BOOKS_ID_LEN == sizeof qw_books_id - 1, "its id");

/* Those that hold a key: part 0 first, which has no name. */
static void write_parts(struct qw_writer *w, const struct qw_books *b)
{
    uint8_t count = 0;

    for (size_t i = 1; i < QW_STOCK_PARTS; i++) {
        count = (uint8_t)(count + (b->parts[i].keys > 0));
    }
    qw_write_u64be(w, b->divided_from);
    qw_write_u64be(w, b->parts[0].keys);
    qw_write_u8(w, count);
    for (size_t i = 1; i < QW_STOCK_PARTS; i++) {
        const struct qw_stock_part *part = &b->parts[i];

        if (part->keys > 0) {
            qw_write_string8(w, part->source);
            qw_write_u8(w, (uint8_t)((part->is_quantum ? 1 : 0) | (part->is_simulated ? 2 : 0)));
            qw_write_u64be(w, part->keys);
        }
    }
}

size_t qw_books_encode(const struct qw_books *books, uint8_t out[static QW_BOOKS_CAP])
{
    struct qw_writer w = qw_writer_on(out, QW_BOOKS_CAP);

    qw_write_u8(&w, LAYOUT);
    qw_write_u64be(&w, books->starts);
    qw_write_u64be(&w, books->ingested);
    qw_write_u64be(&w, books->stored);
    qw_write_u64be(&w, books->leased);
    qw_write_u64be(&w, books->destroyed);
    qw_write_u64be(&w, books->next_block);
    qw_write_u64be(&w, books->next_device);
    qw_write_u64be(&w, books->paired);
    qw_write_u64be(&w, (uint64_t)books->swept_s);
    qw_write_u64be(&w, books->registry);
    qw_write_u8(&w, books->is_indexed ? 1 : 0);
    qw_write_string8(&w, books->first_station);
    write_parts(&w, books);
    qw_assert(!w.failed);
    return w.len;
}

static bool read_parts(struct qw_reader *r, struct qw_books *b)
{
    uint8_t count, flags;

    b->divided_from = qw_read_u64be(r);
    b->parts[0].keys = qw_read_u64be(r);
    count = qw_read_u8(r);
    for (size_t i = 1; i <= count && i < QW_STOCK_PARTS; i++) {
        qw_read_string8(r, b->parts[i].source, sizeof b->parts[i].source);
        flags = qw_read_u8(r);
        b->parts[i].is_quantum = (flags & 1) != 0;
        b->parts[i].is_simulated = (flags & 2) != 0;
        b->parts[i].keys = qw_read_u64be(r);
    }
    return count < QW_STOCK_PARTS;
}

qw_err qw_books_decode(const uint8_t *bytes, size_t len, int64_t now_ms, struct qw_books *books)
{
    struct qw_reader r = qw_reader_on(bytes, len);
    struct qw_books b = { 0 };
    uint8_t layout = qw_read_u8(&r);

    b.starts = qw_read_u64be(&r);
    b.ingested = qw_read_u64be(&r);
    b.stored = qw_read_u64be(&r);
    b.leased = qw_read_u64be(&r);
    b.destroyed = qw_read_u64be(&r);
    b.next_block = qw_read_u64be(&r);
    b.next_device = qw_read_u64be(&r);
    if (layout >= 2) { /* 1: before there were pairs */
        b.paired = qw_read_u64be(&r);
        b.swept_s = (int64_t)qw_read_u64be(&r);
        b.registry = layout == 2 ? 0 : qw_read_u64be(&r);
        b.is_indexed = layout >= 4 && qw_read_u8(&r) == 1; /* 3: before there was an index */
    } else {
        b.swept_s = now_ms / 1000 - 1;
    }
    qw_read_string8(&r, b.first_station, sizeof b.first_station);
    if (layout < 1 || layout > LAYOUT || (layout >= 5 && !read_parts(&r, &b)) ||
        !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    if (layout < 5) { /* before the stock was divided */
        qw_stock_part_begin(&b);
    }
    *books = b;
    return QW_OK;
}
