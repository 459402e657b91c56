/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/air/message.h"

#include "base/bytes.h"

#include <math.h>
#include <string.h>

enum { ONE_SIDED = 2 /* of READY's is_simulated */, BANDS_MAX = 4 };

uint8_t qw_air_message_type(const uint8_t *data, size_t len)
{
    return (uint8_t)(len == 0 ? 0 : data[0]);
}

static size_t written(const struct qw_writer *w)
{
    return w->failed ? 0 : w->len;
}

size_t qw_air_hello_encode(enum qw_air_role role, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u8(&w, QW_AIR_HELLO);
    qw_write_u8(&w, QW_AIR_VERSION);
    qw_write_u8(&w, (uint8_t)role);
    return written(&w);
}

qw_err qw_air_hello_decode(const uint8_t *data, size_t len, enum qw_air_role *role)
{
    struct qw_reader r = qw_reader_on(data, len);
    bool ok = qw_read_u8(&r) == QW_AIR_HELLO;
    uint8_t value;

    ok = qw_read_u8(&r) == QW_AIR_VERSION && ok;
    value = qw_read_u8(&r);
    if (!ok || value > QW_AIR_VIEWER || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *role = (enum qw_air_role)value;
    return QW_OK;
}

size_t qw_air_ready_encode(const struct qw_air_ready *ready, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u8(&w, QW_AIR_READY);
    qw_write_u8(&w, ready->is_one_sided ? ONE_SIDED : ready->is_simulated);
    qw_write_u8(&w, ready->has_phase);
    qw_write_string8(&w, ready->label);
    return written(&w);
}

/* Shown to people: printable ASCII only. */
static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

qw_err qw_air_ready_decode(const uint8_t *data, size_t len, struct qw_air_ready *ready)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_air_ready made = { 0 };
    bool ok = qw_read_u8(&r) == QW_AIR_READY;
    uint8_t simulated = qw_read_u8(&r);
    uint8_t phase = qw_read_u8(&r);

    qw_read_string8(&r, made.label, sizeof made.label);
    if (!ok || simulated > ONE_SIDED || phase > 1 || !qw_reader_done(&r) ||
        !is_printable(made.label)) {
        return QW_ERR_FORMAT;
    }
    made.is_simulated = simulated >= 1;
    made.is_one_sided = simulated == ONE_SIDED;
    made.has_phase = phase == 1;
    *ready = made;
    return QW_OK;
}

size_t qw_air_pilot_encode(const struct qw_air_pilot *pilot, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u8(&w, QW_AIR_PROBE);
    qw_write_u64be(&w, pilot->sequence);
    qw_write_u64be(&w, (uint64_t)pilot->time_ns);
    return written(&w);
}

qw_err qw_air_pilot_decode(const uint8_t *data, size_t len, struct qw_air_pilot *pilot)
{
    struct qw_reader r = qw_reader_on(data, len);
    bool ok = qw_read_u8(&r) == QW_AIR_PROBE;
    uint64_t sequence = qw_read_u64be(&r);
    uint64_t time_ns = qw_read_u64be(&r);

    if (!ok || time_ns > INT64_MAX || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    pilot->sequence = sequence;
    pilot->time_ns = (int64_t)time_ns;
    return QW_OK;
}

size_t qw_air_silence_encode(uint64_t sequence, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u8(&w, QW_AIR_SILENCE);
    qw_write_u64be(&w, sequence);
    return written(&w);
}

qw_err qw_air_silence_decode(const uint8_t *data, size_t len, uint64_t *sequence)
{
    struct qw_reader r = qw_reader_on(data, len);
    bool ok = qw_read_u8(&r) == QW_AIR_SILENCE;
    uint64_t value = qw_read_u64be(&r);

    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *sequence = value;
    return QW_OK;
}

size_t qw_air_tune_encode(const struct qw_tuning *tuning, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);
    uint8_t bytes[QW_TUNING_LEN];

    qw_tuning_encode(tuning, bytes);
    qw_write_u8(&w, QW_AIR_TUNE);
    qw_write_bytes(&w, bytes, sizeof bytes);
    return written(&w);
}

qw_err qw_air_tune_decode(const uint8_t *data, size_t len, struct qw_tuning *tuning)
{
    struct qw_reader r = qw_reader_on(data, len);
    bool ok = qw_read_u8(&r) == QW_AIR_TUNE;
    uint8_t bytes[QW_TUNING_LEN] = { 0 };

    qw_read_bytes(&r, bytes, sizeof bytes);
    return ok && qw_reader_done(&r) ? qw_tuning_decode(bytes, tuning) : QW_ERR_FORMAT;
}

size_t qw_air_tuned_encode(bool is_tuned, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u8(&w, QW_AIR_TUNED);
    qw_write_u8(&w, is_tuned);
    return written(&w);
}

qw_err qw_air_tuned_decode(const uint8_t *data, size_t len, bool *is_tuned)
{
    struct qw_reader r = qw_reader_on(data, len);
    bool ok = qw_read_u8(&r) == QW_AIR_TUNED;
    uint8_t value = qw_read_u8(&r);

    if (!ok || value > 1 || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *is_tuned = value == 1;
    return QW_OK;
}

static void write_float(struct qw_writer *w, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    qw_write_u32be(w, bits);
}

/* *ok turns false for an infinity or a NaN. */
static float read_float(struct qw_reader *r, bool *ok)
{
    uint32_t bits = qw_read_u32be(r);
    float value;

    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) {
        *ok = false;
        return 0.0f;
    }
    return value;
}

static void write_complex(struct qw_writer *w, const float complex *value, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        write_float(w, crealf(value[i]));
        write_float(w, cimagf(value[i]));
    }
}

/* As complex numbers are laid out; re + I * im would lose a -0. value may be NULL: then they are
 * only checked. */
static void read_complex(struct qw_reader *r, size_t count, float complex *value, bool *ok)
{
    for (size_t i = 0; i < count; i++) {
        float part[2];

        part[0] = read_float(r, ok);
        part[1] = read_float(r, ok);
        if (value != NULL) {
            memcpy(&value[i], part, sizeof part);
        }
    }
}

/* A chain is all tones of one pair of antennas in one band. */
static size_t encode_csi(const struct qw_csi_frame *frame, uint8_t rx, uint8_t tx, uint8_t bands,
                         uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);
    size_t value_count = (size_t)rx * tx * bands * frame->tone_count;
    bool has_early =
        frame->has_early && rx == frame->rx_count && qw_csi_frame_early_count(frame) > 0;

    qw_write_u8(&w, QW_AIR_CSI);
    qw_write_u64be(&w, frame->sequence);
    qw_write_u64be(&w, (uint64_t)frame->time_ns);
    qw_write_u8(&w, (uint8_t)frame->format);
    qw_write_u8(&w, rx);
    qw_write_u8(&w, tx);
    qw_write_u8(&w, bands);
    qw_write_u16be(&w, frame->tone_count);
    write_float(&w, frame->rssi_dbm);
    write_float(&w, frame->noise_dbm);
    write_float(&w, frame->agc_db);
    for (size_t k = 0; k < frame->tone_count; k++) {
        qw_write_u16be(&w, (uint16_t)frame->tone_index[k]);
    }
    write_complex(&w, frame->value, value_count);
    qw_write_u8(&w, has_early);
    if (has_early) {
        write_complex(&w, frame->early, qw_csi_frame_early_count(frame));
        write_complex(&w, frame->half, qw_csi_frame_half_count(frame));
    }
    return written(&w);
}

size_t qw_air_csi_encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    return encode_csi(frame, frame->rx_count, frame->tx_count,
                      (uint8_t)(frame->band_count > 1 ? frame->band_count : 1), out, cap);
}

size_t qw_air_csi_encode_chain(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    return encode_csi(frame, 1, 1, 1, out, cap);
}

struct csi_head { /* the fields before the arrays */
    uint64_t sequence;
    uint64_t time_ns;
    uint8_t format;
    uint8_t rx_count;
    uint8_t tx_count;
    uint8_t band_count;
    uint16_t tone_count;
    float rssi_dbm;
    float noise_dbm;
    float agc_db;
};

static size_t head_values(const struct csi_head *head)
{
    return (size_t)head->band_count * head->rx_count * head->tx_count * head->tone_count;
}

/* Of the carriers, and what captures of 20 MHz have. */
static bool format_ok(uint8_t format)
{
    return format <= QW_CSI_VHT_80 || format == QW_CSI_LTE_20 || format == QW_CSI_NR_40;
}

/* Each of a number that has room, and all of them together. */
static bool shape_ok(const struct csi_head *head)
{
    return head->rx_count >= 1 && head->rx_count <= QW_CSI_ANTENNAS_MAX && head->tx_count >= 1 &&
           head->tx_count <= QW_CSI_ANTENNAS_MAX && head->band_count >= 1 &&
           head->band_count <= BANDS_MAX && head->tone_count >= 1 &&
           head->tone_count <= QW_AIR_TONES_MAX &&
           (size_t)head->band_count * head->rx_count * head->tx_count <= QW_CSI_CHAINS_MAX &&
           head_values(head) <= QW_CSI_VALUES_MAX;
}

static bool read_head(struct qw_reader *r, struct csi_head *head)
{
    bool ok = qw_read_u8(r) == QW_AIR_CSI;

    head->sequence = qw_read_u64be(r);
    head->time_ns = qw_read_u64be(r);
    head->format = qw_read_u8(r);
    head->rx_count = qw_read_u8(r);
    head->tx_count = qw_read_u8(r);
    head->band_count = qw_read_u8(r);
    head->tone_count = qw_read_u16be(r);
    head->rssi_dbm = read_float(r, &ok);
    head->noise_dbm = read_float(r, &ok);
    head->agc_db = read_float(r, &ok);
    return ok && head->time_ns <= INT64_MAX && format_ok(head->format) && shape_ok(head);
}

/* How many values the beginning of such a frame has; 0: none can be known. */
static size_t early_values(const struct csi_head *head)
{
    const int16_t *tones;

    return head->tone_count == qw_csi_format_tones((enum qw_csi_format)head->format, &tones)
               ? qw_csi_early_count((enum qw_csi_format)head->format, head->rx_count,
                                    head->tx_count, head->band_count)
               : 0;
}

static bool read_beginning(struct qw_reader *r, const struct csi_head *head,
                           struct qw_csi_frame *frame)
{
    uint8_t has_early = qw_read_u8(r);
    size_t count = early_values(head);
    bool ok = has_early == 0 || (has_early == 1 && count > 0);

    if (frame != NULL) {
        frame->has_early = has_early == 1;
    }
    if (ok && has_early == 1) {
        read_complex(r, count, frame != NULL ? frame->early : NULL, &ok);
        read_complex(r, head->format == QW_CSI_LEGACY_20 ? head_values(head) : 0,
                     frame != NULL ? frame->half : NULL, &ok);
    }
    return ok;
}

/* Reads the arrays; frame may be NULL: then they are only checked. */
static bool read_arrays(struct qw_reader *r, const struct csi_head *head,
                        struct qw_csi_frame *frame)
{
    size_t value_count = head_values(head);
    bool ok = true;
    int previous = INT16_MIN - 1;

    for (size_t k = 0; k < head->tone_count; k++) {
        int tone = (int16_t)qw_read_u16be(r);

        ok = ok && tone > previous;
        previous = tone;
        if (frame != NULL) {
            frame->tone_index[k] = (int16_t)tone;
        }
    }
    read_complex(r, value_count, frame != NULL ? frame->value : NULL, &ok);
    ok = read_beginning(r, head, frame) && ok;
    return ok && qw_reader_done(r);
}

qw_err qw_air_csi_decode(const uint8_t *data, size_t len, struct qw_csi_frame *frame)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_reader arrays;
    struct csi_head head;

    if (!read_head(&r, &head)) {
        return QW_ERR_FORMAT;
    }
    arrays = r; /* once to check, once to fill: a frame is too large for a copy on the stack */
    if (!read_arrays(&r, &head, NULL)) {
        return QW_ERR_FORMAT;
    }
    frame->sequence = head.sequence;
    frame->time_ns = (int64_t)head.time_ns;
    frame->format = (enum qw_csi_format)head.format;
    frame->rx_count = head.rx_count;
    frame->tx_count = head.tx_count;
    frame->band_count = head.band_count;
    frame->tone_count = head.tone_count;
    frame->rssi_dbm = head.rssi_dbm;
    frame->noise_dbm = head.noise_dbm;
    frame->agc_db = head.agc_db;
    return read_arrays(&arrays, &head, frame) ? QW_OK : QW_ERR_FORMAT;
}
