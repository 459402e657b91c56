/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/air/moment.h"

#include "base/bytes.h"

#include <string.h>

size_t qw_air_look_encode(uint8_t *out, size_t cap)
{
    if (cap == 0) {
        return 0;
    }
    out[0] = QW_AIR_LOOK;
    return 1;
}

qw_err qw_air_look_decode(const uint8_t *data, size_t len)
{
    return len == 1 && data[0] == QW_AIR_LOOK ? QW_OK : QW_ERR_FORMAT;
}

size_t qw_air_moment_begin(uint64_t sequence, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u8(&w, QW_AIR_MOMENT);
    qw_write_u64be(&w, sequence);
    return w.failed ? 0 : w.len;
}

size_t qw_air_moment_add(enum qw_air_end end, const struct qw_csi_frame *frame, uint8_t *out,
                         size_t len, size_t cap)
{
    enum { PREFIX_LEN = 1 + 4 };
    struct qw_writer w;
    size_t csi_len;

    if (len == 0 || cap - len < PREFIX_LEN) {
        return len;
    }
    csi_len = qw_air_csi_encode_chain(frame, out + len + PREFIX_LEN, cap - len - PREFIX_LEN);
    if (csi_len == 0) {
        return len;
    }
    w = qw_writer_on(out + len, PREFIX_LEN);
    qw_write_u8(&w, (uint8_t)end);
    qw_write_u32be(&w, (uint32_t)csi_len);
    return len + PREFIX_LEN + csi_len;
}

/* One end's part; its CSI is of one chain and of the moment's probe. */
static bool read_part(struct qw_reader *r, struct qw_air_moment *moment, int *last)
{
    int end = qw_read_u8(r);
    size_t len = qw_read_u32be(r);
    const uint8_t *csi;
    struct qw_csi_frame *frame;

    if (r->failed || end >= QW_AIR_ENDS || end <= *last || len > qw_reader_left(r)) {
        return false;
    }
    frame = &moment->frame[end];
    csi = qw_read_view(r, len);
    if (qw_air_csi_decode(csi, len, frame) != QW_OK || qw_csi_frame_chain_count(frame) != 1 ||
        frame->sequence != moment->sequence) {
        return false;
    }
    moment->is_heard[end] = true;
    *last = end;
    return true;
}

qw_err qw_air_moment_decode(const uint8_t *data, size_t len, struct qw_air_moment *moment)
{
    struct qw_reader r = qw_reader_on(data, len);
    bool ok = qw_read_u8(&r) == QW_AIR_MOMENT;
    int last = -1;

    moment->sequence = qw_read_u64be(&r);
    memset(moment->is_heard, 0, sizeof moment->is_heard);
    while (ok && !r.failed && qw_reader_left(&r) > 0) {
        ok = read_part(&r, moment, &last);
    }
    return ok && qw_reader_done(&r) ? QW_OK : QW_ERR_FORMAT;
}
