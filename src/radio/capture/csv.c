/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/csv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PREFIX_CAP = 256, LEVEL_CAP = 16 };

static const char heading[] =
    "time_ns,sequence,source,format,rssi_dbm,noise_dbm,agc_db,rx,tx,tone,re,im\n";

static size_t head(uint8_t *out, size_t cap)
{
    if (cap < sizeof heading - 1) {
        return 0;
    }
    memcpy(out, heading, sizeof heading - 1);
    return sizeof heading - 1;
}

static void level_text(bool is_known, float level, char text[static LEVEL_CAP])
{
    text[0] = '\0';
    if (is_known) {
        snprintf(text, LEVEL_CAP, "%.2f", (double)level);
    }
}

/* The columns that all lines of a frame share; false when they do not fit. */
static bool make_prefix(const struct qw_csi_frame *frame, char prefix[static PREFIX_CAP])
{
    char level[3][LEVEL_CAP];
    char source[3 * QW_CSI_SOURCE_LEN] = "";
    int len;

    level_text((frame->flags & QW_CSI_HAS_RSSI) != 0, frame->rssi_dbm, level[0]);
    level_text((frame->flags & QW_CSI_HAS_NOISE) != 0, frame->noise_dbm, level[1]);
    level_text((frame->flags & QW_CSI_HAS_AGC) != 0, frame->agc_db, level[2]);
    if ((frame->flags & QW_CSI_HAS_SOURCE) != 0) {
        const uint8_t *s = frame->source;

        snprintf(source, sizeof source, "%02x:%02x:%02x:%02x:%02x:%02x", s[0], s[1], s[2], s[3],
                 s[4], s[5]);
    }
    len = snprintf(prefix, PREFIX_CAP, "%" PRId64 ",%" PRIu64 ",%s,%s,%s,%s,%s", frame->time_ns,
                   frame->sequence, source, qw_csi_format_name(frame->format), level[0], level[1],
                   level[2]);
    return len > 0 && len < PREFIX_CAP;
}

static size_t encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    char prefix[PREFIX_CAP];
    size_t count = qw_csi_frame_value_count(frame);
    size_t len = 0;

    if (!make_prefix(frame, prefix)) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        size_t chain = i / frame->tone_count;
        int made = snprintf((char *)out + len, cap - len, "%s,%zu,%zu,%d,%.9g,%.9g\n", prefix,
                            frame->rx_first + chain / frame->tx_count,
                            frame->tx_first + chain % frame->tx_count,
                            frame->tone_index[i % frame->tone_count],
                            (double)crealf(frame->value[i]), (double)cimagf(frame->value[i]));

        if (made < 0 || (size_t)made >= cap - len) {
            return 0;
        }
        len += (size_t)made;
    }
    return len;
}

const struct qw_capture_importer qw_capture_csv = {
    .name = "csv",
    .text = "table for other tools, one line per tone and chain (written only)",
    .head = head,
    .encode = encode,
};
