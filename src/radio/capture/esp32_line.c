/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the ESP32 CSI tool. The tones of each training field follow the table of the ESP-IDF
 * documentation; those of 40 MHz with space-time coding are not verified on a device. */
#include "radio/capture/esp32.h"

#include <stdbool.h>
#include <string.h>

enum {
    FIELDS = 25, /* before the numbers */
    F_MAC = 2,
    F_RSSI = 3,
    F_SIG_MODE = 5,
    F_BANDWIDTH = 7,
    F_STBC = 11,
    F_NOISE = 14,
    F_CHANNEL = 16,
    F_SECONDARY = 17,
    F_TIME = 18,
    F_REAL_TIME = 23, /* a decimal; not read */
    F_LEN = 24,
    LEGACY_PAIRS = 64, /* words of the legacy training field, which comes first */
    HT_PAIRS_20 = 64,
    HT_PAIRS_40 = 128,
    HT_PAIRS_STBC = 121,
    CHANNEL_MAX = 14,
    SECONDARY_ABOVE = 1
};

static const char mark[] = "CSI_DATA,";

struct cursor {
    const char *at, *end;
    bool failed;
};

/* A decimal integer of at most ten digits. */
static int64_t read_number(struct cursor *c)
{
    bool is_negative = c->at < c->end && *c->at == '-';
    const char *start = c->at + (is_negative ? 1 : 0);
    const char *at = start;
    int64_t value = 0;

    while (at < c->end && *at >= '0' && *at <= '9' && at - start < 10) {
        value = 10 * value + (*at - '0');
        at++;
    }
    c->failed = c->failed || at == start;
    c->at = at;
    return is_negative ? -value : value;
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static void read_source(struct cursor *c, uint8_t source[static QW_CSI_SOURCE_LEN])
{
    if (c->end - c->at < 3 * QW_CSI_SOURCE_LEN - 1) {
        c->failed = true;
        return;
    }
    for (size_t i = 0; i < QW_CSI_SOURCE_LEN; i++, c->at += 3) {
        int high = hex_digit(c->at[0]);
        int low = hex_digit(c->at[1]);

        c->failed =
            c->failed || high < 0 || low < 0 || (i + 1 < QW_CSI_SOURCE_LEN && c->at[2] != ':');
        source[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    c->at--; /* the last one has no colon */
}

struct fields {
    int64_t number[FIELDS];
    uint8_t source[QW_CSI_SOURCE_LEN];
};

static void read_fields(struct cursor *c, struct fields *fields)
{
    for (size_t i = 0; !c->failed && i < FIELDS; i++) {
        if (i < 2 || i == F_REAL_TIME) {
            const char *comma = memchr(c->at, ',', (size_t)(c->end - c->at));

            c->at = comma != NULL ? comma : c->end;
        } else if (i == F_MAC) {
            read_source(c, fields->source);
        } else {
            fields->number[i] = read_number(c);
        }
        c->failed = c->failed || c->at >= c->end || *c->at != ',';
        c->at += c->failed ? 0 : 1;
    }
}

/* "[1 -2 3]"; gives how many, 0 for anything else. */
static size_t read_array(struct cursor *c, int8_t number[static QW_ESP32_NUMBERS_MAX])
{
    size_t count = 0;

    c->failed = c->failed || c->at >= c->end || *c->at != '[';
    c->at++;
    while (!c->failed) {
        int64_t value;

        while (c->at < c->end && *c->at == ' ') {
            c->at++;
        }
        if (c->at < c->end && *c->at == ']') {
            c->at++;
            break;
        }
        value = read_number(c);
        c->failed = c->failed || value < INT8_MIN || value > INT8_MAX ||
                    count == QW_ESP32_NUMBERS_MAX || c->at >= c->end ||
                    (*c->at != ' ' && *c->at != ']');
        if (!c->failed) {
            number[count++] = (int8_t)value;
        }
    }
    while (!c->failed && c->at < c->end) { /* blanks and a return may follow */
        c->failed = *c->at != ' ' && *c->at != '\r';
        c->at++;
    }
    return c->failed ? 0 : count;
}

struct field_layout { /* where a training field lies among the pairs of a line */
    enum qw_csi_format format;
    size_t first, count;
    bool from_middle; /* numbers begin at -count/2, not at 0 */
};

/* Which training field to take: the widest. false: no such combination is known. */
static bool layout_of(const struct fields *fields, size_t pair_count, struct field_layout *layout)
{
    bool is_ht = fields->number[F_SIG_MODE] == 1;
    bool is_40 = fields->number[F_BANDWIDTH] == 1;
    bool is_stbc = fields->number[F_STBC] == 1;
    bool from_middle = fields->number[F_SECONDARY] != 0; /* half of a 40 MHz channel */

    if (pair_count == LEGACY_PAIRS) {
        *layout = (struct field_layout){ QW_CSI_LEGACY_20, 0, LEGACY_PAIRS, from_middle };
        return true;
    }
    if (pair_count == 2 * LEGACY_PAIRS && is_ht && !is_40) {
        *layout = (struct field_layout){ QW_CSI_HT_20, LEGACY_PAIRS, HT_PAIRS_20, from_middle };
        return true;
    }
    if (pair_count == 3 * LEGACY_PAIRS && is_ht && !is_40 && is_stbc && !from_middle) {
        *layout = (struct field_layout){ QW_CSI_HT_20, LEGACY_PAIRS, HT_PAIRS_20, false };
        return true;
    }
    if (pair_count == LEGACY_PAIRS + HT_PAIRS_40 && is_ht && is_40 && !is_stbc) {
        *layout = (struct field_layout){ QW_CSI_HT_40, LEGACY_PAIRS, HT_PAIRS_40, false };
        return true;
    }
    *layout = (struct field_layout){ QW_CSI_HT_40, LEGACY_PAIRS, HT_PAIRS_STBC, false };
    return pair_count == LEGACY_PAIRS + 2 * HT_PAIRS_STBC && is_ht && is_40 && is_stbc;
}

/* Imaginary before real. The first two pairs of a line can be invalid and are left out. */
static void set_values(const int8_t *number, const struct field_layout *layout,
                       struct qw_csi_frame *frame)
{
    const int16_t *tones;
    size_t count = qw_csi_format_tones(layout->format, &tones);
    size_t kept = 0;

    for (size_t k = 0; k < count; k++) {
        int place = layout->from_middle ? (int)layout->count / 2 + tones[k]
                    : tones[k] < 0      ? (int)layout->count + tones[k]
                                        : tones[k];
        size_t pair = layout->first + (size_t)place;

        if (pair >= 2) {
            frame->tone_index[kept] = tones[k];
            frame->value[kept] = (float)number[2 * pair + 1] + I * (float)number[2 * pair];
            kept++;
        }
    }
    frame->format = layout->format;
    frame->tone_count = (uint16_t)kept;
}

static bool is_level(int64_t level)
{
    return level > -128 && level < 128;
}

/* The channel field names the 20 MHz half that frames of 20 MHz use. */
static uint16_t centre_of(int64_t channel, int64_t secondary, enum qw_csi_format format)
{
    int64_t shift_mhz = format != QW_CSI_HT_40 ? 0 : secondary == SECONDARY_ABOVE ? 10 : -10;

    if (channel == 0) {
        return 0;
    }
    return (uint16_t)((channel == CHANNEL_MAX ? 2484 : 2407 + 5 * channel) + shift_mhz);
}

static bool set_fields(const struct fields *fields, enum qw_csi_format format,
                       struct qw_capture_clock *clock, struct qw_csi_frame *frame)
{
    int64_t channel = fields->number[F_CHANNEL];

    if (!is_level(fields->number[F_RSSI]) || !is_level(fields->number[F_NOISE]) ||
        fields->number[F_TIME] < 0 || fields->number[F_TIME] > UINT32_MAX || channel < 0 ||
        channel > CHANNEL_MAX) {
        return false;
    }
    memcpy(frame->source, fields->source, sizeof frame->source);
    frame->rssi_dbm = (float)fields->number[F_RSSI];
    frame->chain_rssi_dbm[0] = frame->rssi_dbm;
    frame->noise_dbm = (float)fields->number[F_NOISE];
    frame->centre_mhz = centre_of(channel, fields->number[F_SECONDARY], format);
    frame->time_ns = qw_capture_clock_at(clock, (uint32_t)fields->number[F_TIME]);
    frame->flags = QW_CSI_HAS_SOURCE | QW_CSI_HAS_TIME | QW_CSI_HAS_RSSI | QW_CSI_HAS_NOISE;
    return true;
}

enum qw_capture_outcome qw_esp32_line_to_frame(const char *line, size_t len,
                                               struct qw_capture_clock *clock,
                                               struct qw_csi_frame *frame)
{
    struct cursor c = { line, line + len, false };
    struct fields fields = { 0 };
    struct field_layout layout;
    int8_t number[QW_ESP32_NUMBERS_MAX];
    size_t count;

    for (size_t i = 0; i < sizeof mark - 1; i++) {
        if (i >= len || line[i] != mark[i]) {
            return QW_CAPTURE_OTHER;
        }
    }
    read_fields(&c, &fields);
    count = c.failed ? 0 : read_array(&c, number);
    if (c.failed) {
        return QW_CAPTURE_TEXT;
    }
    if (fields.number[F_LEN] != (int64_t)count || count % 2 != 0) {
        return QW_CAPTURE_LENGTH;
    }
    if (!layout_of(&fields, count / 2, &layout)) {
        return QW_CAPTURE_SHAPE;
    }
    qw_csi_frame_clear(frame);
    if (!set_fields(&fields, layout.format, clock, frame)) {
        return QW_CAPTURE_TEXT;
    }
    set_values(number, &layout, frame);
    return QW_CAPTURE_FRAME;
}
