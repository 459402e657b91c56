/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/link/clicks.h"

#include "base/bytes.h"
#include "qkd/link/message.h"

#include <stdbool.h>

enum { RICE_MAX = 40, ESCAPE = 32, BASIS_MAX = 1 };

/* Bits into bytes through a word: the loop over 10^6 clicks of a block must not go bit by bit. */
struct bit_writer {
    uint8_t *out;
    size_t cap, len;
    uint64_t word; /* its low `held` bits are not written yet */
    unsigned held; /* < 32 between calls */
    bool failed;
};

static inline void put(struct bit_writer *w, uint64_t value, unsigned count) /* count <= 32 */
{
    w->word = w->word << count | value;
    w->held += count;
    if (w->held >= 32) {
        w->held -= 32;
        if (w->cap - w->len < 4) {
            w->failed = true;
            return;
        }
        qw_store_u32be(w->out + w->len, (uint32_t)(w->word >> w->held));
        w->len += 4;
    }
}

static inline void put_click(struct bit_writer *w, uint8_t basis, uint64_t gap, unsigned k)
{
    uint64_t ones = gap >> k;
    uint64_t low = gap & (((uint64_t)1 << k) - 1);

    if (ones + k + 2 <= 32) { /* nearly always: all of it at once */
        uint64_t head = (uint64_t)basis << (ones + 1) | (((uint64_t)2 << ones) - 2);

        put(w, head << k | low, (unsigned)ones + k + 2);
        return;
    }
    put(w, basis, 1);
    if (ones >= ESCAPE) {
        put(w, 0xffffffffu, ESCAPE);
        put(w, gap >> 32, 32);
        put(w, gap & 0xffffffffu, 32);
        return;
    }
    put(w, ((uint64_t)2 << ones) - 2, (unsigned)ones + 1);
    put(w, low >> k / 2, k - k / 2);
    put(w, low & (((uint64_t)1 << k / 2) - 1), k / 2);
}

/* The last bits, zero behind them. */
static void put_rest(struct bit_writer *w)
{
    size_t rest = (w->held + 7) / 8;

    if (w->failed || w->cap - w->len < rest) {
        w->failed = true;
        return;
    }
    for (size_t i = 0; i < rest; i++) {
        w->out[w->len++] = (uint8_t)(w->word << (32 - w->held) >> (24 - 8 * i));
    }
}

/* The k for which 2^k is about ln 2 times the mean gap. */
static uint8_t rice_for(const struct qw_qkd_click *clicks, size_t count)
{
    uint64_t mean = (clicks[count - 1].pulse - clicks[0].pulse) / count;
    uint8_t k = 0;

    while (k < RICE_MAX && (uint64_t)3 << k < 2 * mean) {
        k++;
    }
    return k;
}

qw_err qw_qkd_clicks_encode(uint32_t block, uint16_t part, const struct qw_qkd_click *clicks,
                            size_t count, uint8_t *out, size_t cap, size_t *len)
{
    struct qw_writer header = qw_writer_on(out, cap);
    struct bit_writer w;
    uint8_t k;

    qw_assert(count >= 1 && count <= QW_QKD_PART_MAX);
    k = rice_for(clicks, count);
    qw_write_u8(&header, QW_QKD_TYPE_CLICKS);
    qw_write_u32be(&header, block);
    qw_write_u16be(&header, part);
    qw_write_u32be(&header, (uint32_t)count);
    qw_write_u8(&header, k);
    qw_write_u64be(&header, clicks[0].pulse);
    w = (struct bit_writer){ .out = out, .cap = cap, .len = header.len, .failed = header.failed };
    put(&w, clicks[0].basis & BASIS_MAX, 1);
    for (size_t i = 1; i < count && !w.failed; i++) {
        qw_assert(clicks[i].pulse > clicks[i - 1].pulse);
        put_click(&w, clicks[i].basis & BASIS_MAX, clicks[i].pulse - clicks[i - 1].pulse - 1, k);
    }
    put_rest(&w);
    if (w.failed) {
        return QW_ERR_SPACE;
    }
    *len = w.len;
    return QW_OK;
}

struct bit_reader {
    const uint8_t *data;
    size_t len, at;
    uint64_t word; /* next bits at the top; zeros below the `held` ones */
    unsigned held;
    bool failed;
};

/* Here, so that the compiler makes one load of it. */
static inline uint64_t load_u64be(const uint8_t *p)
{
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
           (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
           (uint64_t)p[6] << 8 | p[7];
}

static inline void fill(struct bit_reader *r)
{
    if (r->len - r->at >=
        8) { /* bits behind those that count are set early, and again to the same */
        unsigned bytes = (63 - r->held) / 8;

        if (r->held < 57) {
            r->word |= load_u64be(r->data + r->at) >> r->held;
            r->at += bytes;
            r->held += 8 * bytes;
        }
        return;
    }
    while (r->held <= 56 && r->at < r->len) {
        r->word |= (uint64_t)r->data[r->at++] << (56 - r->held);
        r->held += 8;
    }
}

static uint64_t get(struct bit_reader *r, unsigned count) /* count <= 40 */
{
    uint64_t value;

    if (count == 0) {
        return 0;
    }
    fill(r);
    value = r->word >> (64 - count);
    r->failed = r->failed || r->held < count;
    r->word <<= count;
    r->held = r->held < count ? 0 : r->held - count;
    return value;
}

static uint64_t get_gap(struct bit_reader *r, unsigned k)
{
    unsigned ones;
    uint64_t gap;

    fill(r);
    ones = r->word == UINT64_MAX ? 64 : (unsigned)__builtin_clzll(~r->word);
    if (ones < ESCAPE) {
        (void)get(r, ones + 1);
        return (uint64_t)ones << k | get(r, k);
    }
    (void)get(r, ESCAPE);
    gap = get(r, 32) << 32;
    gap |= get(r, 32);
    r->failed = r->failed || gap >> k < ESCAPE; /* the short form would have done */
    return gap;
}

/* Basis and gap of one click; nearly always all of their bits are at hand. */
static inline uint64_t get_click(struct bit_reader *r, unsigned k, uint8_t *basis)
{
    uint64_t word;
    uint64_t low;
    unsigned ones;

    fill(r);
    word = r->word << 1; /* its lowest bit is 0: there is an end to the ones */
    ones = (unsigned)__builtin_clzll(~word);
    if (ones >= ESCAPE || ones + k + 2 > r->held) {
        *basis = (uint8_t)get(r, 1);
        return get_gap(r, k);
    }
    *basis = (uint8_t)(r->word >> 63);
    low = k == 0 ? 0 : (word << (ones + 1)) >> (64 - k);
    r->word = word << (ones + 1) << k;
    r->held -= ones + k + 2;
    return (uint64_t)ones << k | low;
}

static bool read_header(struct qw_reader *r, struct qw_qkd_clicks_header *h)
{
    bool ok = qw_read_u8(r) == QW_QKD_TYPE_CLICKS;

    h->block = qw_read_u32be(r);
    h->part = qw_read_u16be(r);
    h->count = qw_read_u32be(r);
    h->rice = qw_read_u8(r);
    h->first_pulse = qw_read_u64be(r);
    return ok && !r->failed && h->count >= 1 && h->count <= QW_QKD_PART_MAX && h->rice <= RICE_MAX;
}

qw_err qw_qkd_clicks_decode(const uint8_t *message, size_t len, struct qw_qkd_clicks_header *header,
                            struct qw_qkd_click *clicks)
{
    struct qw_reader fields = qw_reader_on(message, len);
    struct qw_qkd_clicks_header h;
    struct bit_reader r = { .data = message, .len = len, .at = QW_QKD_CLICKS_HEADER_LEN };
    uint64_t pulse;

    if (!read_header(&fields, &h)) { /* and so len >= the header's */
        return QW_ERR_FORMAT;
    }
    pulse = h.first_pulse;
    clicks[0] = (struct qw_qkd_click){ .pulse = pulse, .basis = (uint8_t)get(&r, 1) };
    for (size_t i = 1; i < h.count && !r.failed; i++) {
        uint8_t basis;
        uint64_t gap = get_click(&r, h.rice, &basis);

        r.failed = r.failed || gap >= UINT64_MAX - pulse;
        pulse += gap + 1;
        clicks[i] = (struct qw_qkd_click){ .pulse = pulse, .basis = basis };
    }
    fill(&r);
    if (r.failed || r.at != r.len || r.held >= 8 || r.word != 0) {
        return QW_ERR_FORMAT;
    }
    *header = h;
    return QW_OK;
}
