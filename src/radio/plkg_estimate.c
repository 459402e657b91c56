/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg_estimate.h"

#include "base/bytes.h"

enum { VALUE_MAX = 1 << 26 };

size_t qw_plkg_estimate_encode(const struct qw_plkg_estimate *estimate,
                               uint8_t out[static QW_PLKG_ESTIMATE_LEN_MAX])
{
    struct qw_writer w = qw_writer_on(out, QW_PLKG_ESTIMATE_LEN_MAX);

    qw_write_u16be(&w, estimate->count);
    qw_write_u8(&w, estimate->stride);
    for (size_t i = 0; i < (size_t)estimate->count * estimate->stride; i++) {
        qw_write_u32be(&w, (uint32_t)estimate->value[i]);
    }
    qw_assert(!w.failed);
    return w.len;
}

/* Looks at all numbers before the first is written: the structure is too large for a copy. */
qw_err qw_plkg_estimate_decode(const uint8_t *body, size_t len, struct qw_plkg_estimate *estimate)
{
    struct qw_reader r = qw_reader_on(body, len);
    uint16_t count = qw_read_u16be(&r);
    uint8_t stride = qw_read_u8(&r);
    size_t numbers = (size_t)count * stride;

    if (count > QW_PLKG_DISCLOSED_MAX || (stride != QW_FEATURE_MODES && stride != QW_FEATURE_MAX) ||
        qw_reader_left(&r) != numbers * 4) {
        return QW_ERR_FORMAT;
    }
    for (size_t i = 0; i < numbers; i++) {
        int32_t value = (int32_t)qw_load_u32be(&body[3 + 4 * i]);

        if (value < -VALUE_MAX || value > VALUE_MAX) {
            return QW_ERR_FORMAT;
        }
    }
    estimate->count = count;
    estimate->stride = stride;
    for (size_t i = 0; i < numbers; i++) {
        estimate->value[i] = (int32_t)qw_read_u32be(&r);
    }
    return QW_OK;
}
