/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/estimate.h"

#include "base/bytes.h"

enum { NUMBER_LEN = 3 }; /* 24 bits, two's complement, big-endian */

static void write_number(struct qw_writer *w, int32_t value)
{
    uint32_t bits = (uint32_t)value;

    qw_write_u8(w, (uint8_t)(bits >> 16));
    qw_write_u16be(w, (uint16_t)bits);
}

static int32_t read_number(struct qw_reader *r)
{
    uint32_t bits = (uint32_t)qw_read_u8(r) << 16;

    bits |= qw_read_u16be(r);
    return (int32_t)(bits ^ 0x800000u) - 0x800000;
}

size_t qw_plkg_estimate_encode(const struct qw_plkg_estimate *estimate,
                               uint8_t out[static QW_PLKG_ESTIMATE_LEN_MAX])
{
    struct qw_writer w = qw_writer_on(out, QW_PLKG_ESTIMATE_LEN_MAX);

    qw_write_u16be(&w, estimate->count);
    qw_write_u8(&w, estimate->stride);
    for (size_t i = 0; i < (size_t)estimate->count * estimate->stride; i++) {
        write_number(&w, estimate->value[i]);
    }
    qw_assert(!w.failed);
    return w.len;
}

/* The length is right before the first number is written: the structure is too large for a copy. */
qw_err qw_plkg_estimate_decode(const uint8_t *body, size_t len, struct qw_plkg_estimate *estimate)
{
    struct qw_reader r = qw_reader_on(body, len);
    uint16_t count = qw_read_u16be(&r);
    uint8_t stride = qw_read_u8(&r);
    size_t numbers = (size_t)count * stride;

    if (r.failed || count > QW_PLKG_DISCLOSED_MAX || stride < QW_FEATURE_MODES ||
        stride > QW_FEATURE_MAX || stride % QW_FEATURE_MODES != 0 ||
        qw_reader_left(&r) != numbers * NUMBER_LEN) {
        return QW_ERR_FORMAT;
    }
    estimate->count = count;
    estimate->stride = stride;
    for (size_t i = 0; i < numbers; i++) {
        estimate->value[i] = read_number(&r);
    }
    return QW_OK;
}
