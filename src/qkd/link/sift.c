/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/link/sift.h"

#include "base/bits.h"
#include "base/bytes.h"
#include "base/secret.h"
#include "qkd/link/message.h"

#include <stdlib.h>
#include <string.h>

qw_err qw_qkd_sifted_new(size_t x_max, size_t z_max, struct qw_qkd_sifted **sifted)
{
    struct qw_qkd_sifted *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return QW_ERR_NOMEM;
    }
    s->x_max = x_max;
    s->z_max = z_max;
    s->x_bits = calloc(x_max / 8 + 1, 1); /* one more, for what is not kept */
    s->x_intensity = calloc(x_max + 1, 1);
    s->z_bits = calloc(z_max / 8 + 1, 1);
    s->z_intensity = calloc(z_max + 1, 1);
    if (s->x_bits == NULL || s->x_intensity == NULL || s->z_bits == NULL ||
        s->z_intensity == NULL) {
        qw_qkd_sifted_free(s);
        return QW_ERR_NOMEM;
    }
    *sifted = s;
    return QW_OK;
}

void qw_qkd_sifted_clear(struct qw_qkd_sifted *s)
{
    if (s->x_bits != NULL) {
        qw_wipe(s->x_bits, QW_BITS_TO_BYTES(s->x_max));
    }
    if (s->z_bits != NULL) {
        memset(s->z_bits, 0, QW_BITS_TO_BYTES(s->z_max));
    }
    s->x_count = 0;
    s->z_count = 0;
    s->clicks = 0;
}

void qw_qkd_sifted_free(struct qw_qkd_sifted *s)
{
    if (s == NULL) {
        return;
    }
    qw_qkd_sifted_clear(s);
    free(s->x_bits);
    free(s->x_intensity);
    free(s->z_bits);
    free(s->z_intensity);
    free(s);
}

/* Bits that are appended to an array, in a word until there are 64. */
struct bit_queue {
    uint8_t *next; /* where the word will go */
    uint64_t word; /* its low `held` bits */
    unsigned held; /* < 64 */
};

/* Goes on behind the first `count` bits of an array. */
static struct bit_queue queue_behind(uint8_t *bits, size_t count)
{
    unsigned held = count % 8;

    return (struct bit_queue){ bits + count / 8,
                               held == 0 ? 0 : (uint64_t)bits[count / 8] >> (8 - held), held };
}

/* Without a branch on is_kept: whether bases are equal is as good as a coin, and a processor that
 * guesses wrong loses more time than all of this takes. */
static inline void push(struct bit_queue *q, unsigned bit, unsigned is_kept)
{
    q->word = q->word << is_kept | (bit & is_kept);
    q->held += is_kept;
    if (q->held == 64) {
        qw_store_u64be(q->next, q->word);
        q->next += 8;
        q->held = 0;
    }
}

/* Writes what is left, zero behind the last bit. */
static void flush(const struct bit_queue *q)
{
    uint64_t word = q->held == 0 ? 0 : q->word << (64 - q->held);

    for (unsigned i = 0; 8 * i < q->held; i++) {
        q->next[i] = (uint8_t)(word >> (56 - 8 * i));
    }
}

/* The clicks of a part on their way into a block. */
struct keeper {
    struct bit_queue x, z;
    uint8_t *x_intensity, *z_intensity; /* of the next one */
};

static struct keeper keeper_of(struct qw_qkd_sifted *s)
{
    return (struct keeper){ queue_behind(s->x_bits, s->x_count),
                            queue_behind(s->z_bits, s->z_count), s->x_intensity + s->x_count,
                            s->z_intensity + s->z_count };
}

/* An intensity that is not kept is overwritten by what comes next. */
static inline void keep(struct keeper *k, unsigned is_equal, uint8_t basis, uint8_t bit,
                        uint8_t intensity)
{
    unsigned is_x = is_equal & (basis == QW_BASIS_X);
    unsigned is_z = is_equal & (basis != QW_BASIS_X);

    push(&k->x, bit, is_x);
    *k->x_intensity = intensity;
    k->x_intensity += is_x;
    push(&k->z, bit, is_z);
    *k->z_intensity = intensity;
    k->z_intensity += is_z;
}

static void keep_done(struct keeper *k, struct qw_qkd_sifted *s)
{
    flush(&k->x);
    flush(&k->z);
    s->x_count = (size_t)(k->x_intensity - s->x_intensity);
    s->z_count = (size_t)(k->z_intensity - s->z_intensity);
    qw_wipe(k, sizeof *k);
}

static bool has_room(const struct qw_qkd_sifted *s, size_t count)
{
    return count <= s->x_max - s->x_count && count <= s->z_max - s->z_count;
}

static void count_clicks(struct qw_qkd_sifted *s, const struct qw_qkd_click *clicks, size_t count)
{
    if (s->clicks == 0) {
        s->first_pulse = clicks[0].pulse;
    }
    s->last_pulse = clicks[count - 1].pulse;
    s->clicks += count;
}

static void write_header(const struct qw_qkd_clicks_header *header, uint8_t *out)
{
    out[0] = QW_QKD_TYPE_SIFT;
    qw_store_u32be(out + 1, header->block);
    out[5] = (uint8_t)(header->part >> 8);
    out[6] = (uint8_t)header->part;
    qw_store_u32be(out + 7, header->count);
}

/* Two runs over the part, one for each half of the message: the second half begins within a byte
 * of the first. */
qw_err qw_qkd_sift_encode(const struct qw_qkd_clicks_header *header,
                          const struct qw_qkd_click *clicks, const struct qw_pulse *pulses,
                          size_t intensities, struct qw_qkd_sifted *sifted, uint8_t *out,
                          size_t *len)
{
    unsigned is_wide = intensities > 2;
    struct bit_queue bits = queue_behind(out + QW_QKD_SIFT_HEADER_LEN, 0);
    struct keeper keeper = keeper_of(sifted);
    size_t equal = 0;

    if (!has_room(sifted, header->count)) {
        return QW_ERR_SPACE;
    }
    write_header(header, out);
    for (size_t i = 0; i < header->count; i++) {
        push(&bits, clicks[i].basis == pulses[i].basis, 1);
    }
    for (size_t i = 0; i < header->count; i++) {
        unsigned is_equal = clicks[i].basis == pulses[i].basis;

        push(&bits, pulses[i].intensity >> 1, is_equal & is_wide);
        push(&bits, pulses[i].intensity & 1, is_equal);
        keep(&keeper, is_equal, pulses[i].basis, pulses[i].bit, pulses[i].intensity);
        equal += is_equal;
    }
    flush(&bits);
    keep_done(&keeper, sifted);
    count_clicks(sifted, clicks, header->count);
    *len = QW_QKD_SIFT_HEADER_LEN + QW_BITS_TO_BYTES(header->count + equal * (1 + is_wide));
    return QW_OK;
}

static bool header_fits(struct qw_reader *r, uint32_t block, uint16_t part, size_t count)
{
    bool ok = qw_read_u8(r) == QW_QKD_TYPE_SIFT;

    ok = qw_read_u32be(r) == block && ok;
    ok = qw_read_u16be(r) == part && ok;
    ok = qw_read_u32be(r) == count && ok;
    return ok && !r->failed;
}

static size_t ones_of(const uint8_t *bits, size_t count)
{
    size_t ones = 0;

    for (size_t i = 0; i < count / 8; i++) {
        ones += (size_t)__builtin_popcount(bits[i]);
    }
    for (size_t i = count & ~(size_t)7; i < count; i++) {
        ones += qw_bit_get(bits, i);
    }
    return ones;
}

/* 0 from the end on: where nothing is equal any more, nothing is left to read. */
static inline unsigned bit_before(const uint8_t *bits, size_t at, size_t end)
{
    size_t place = at < end ? at : 0;

    return qw_bit_get(bits, place) & (at < end);
}

qw_err qw_qkd_sift_decode(const uint8_t *message, size_t len, uint32_t block, uint16_t part,
                          const struct qw_qkd_click *clicks, size_t count, size_t intensities,
                          struct qw_qkd_sifted *sifted)
{
    struct qw_reader r = qw_reader_on(message, len);
    unsigned width = intensities > 2 ? 2 : 1;
    size_t at = count;
    bool too_bright = false;
    struct keeper keeper;
    const uint8_t *bits = message + QW_QKD_SIFT_HEADER_LEN;
    size_t total;

    if (!header_fits(&r, block, part, count) || qw_reader_left(&r) < QW_BITS_TO_BYTES(count)) {
        return QW_ERR_FORMAT;
    }
    total = count + width * ones_of(bits, count);
    if (qw_reader_left(&r) != QW_BITS_TO_BYTES(total) || !qw_bits_tail_clear(bits, total)) {
        return QW_ERR_FORMAT;
    }
    if (!has_room(sifted, count)) {
        return QW_ERR_SPACE;
    }
    keeper = keeper_of(sifted);
    for (size_t i = 0; i < count; i++) {
        unsigned is_equal = qw_bit_get(bits, i);
        unsigned intensity = 0;

        if (width == 2) {
            intensity = bit_before(bits, at, total) << 1;
            at += is_equal;
        }
        intensity |= bit_before(bits, at, total);
        at += is_equal;
        too_bright = too_bright || (is_equal && intensity >= intensities);
        keep(&keeper, is_equal, clicks[i].basis, clicks[i].bit, (uint8_t)intensity);
    }
    keep_done(&keeper, sifted);
    if (too_bright) {
        return QW_ERR_FORMAT;
    }
    count_clicks(sifted, clicks, count);
    return QW_OK;
}
