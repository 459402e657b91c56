/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 */
/* Messages of docs/protocol/air.md: the examples of that page, every truncation, one byte too many,
 * every bit flip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/air/message.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Decodes one kind of message and encodes what came out; 0: refused. */
typedef size_t recode_fn(const uint8_t *data, size_t len, uint8_t *out, size_t cap);

static size_t recode_hello(const uint8_t *data, size_t len, uint8_t *out, size_t cap)
{
    enum qw_air_role role;

    return qw_air_hello_decode(data, len, &role) == QW_OK ? qw_air_hello_encode(role, out, cap) : 0;
}

static size_t recode_ready(const uint8_t *data, size_t len, uint8_t *out, size_t cap)
{
    struct qw_air_ready ready;

    return qw_air_ready_decode(data, len, &ready) == QW_OK ? qw_air_ready_encode(&ready, out, cap)
                                                           : 0;
}

static size_t recode_pilot(const uint8_t *data, size_t len, uint8_t *out, size_t cap)
{
    struct qw_air_pilot pilot;

    return qw_air_pilot_decode(data, len, &pilot) == QW_OK ? qw_air_pilot_encode(&pilot, out, cap)
                                                           : 0;
}

static size_t recode_csi(const uint8_t *data, size_t len, uint8_t *out, size_t cap)
{
    struct qw_csi_frame *frame = malloc(sizeof *frame);
    size_t written = 0;

    assert_non_null(frame);
    if (qw_air_csi_decode(data, len, frame) == QW_OK) {
        written = qw_air_csi_encode(frame, out, cap);
    }
    free(frame);
    return written;
}

static size_t recode_silence(const uint8_t *data, size_t len, uint8_t *out, size_t cap)
{
    uint64_t sequence;

    return qw_air_silence_decode(data, len, &sequence) == QW_OK
               ? qw_air_silence_encode(sequence, out, cap)
               : 0;
}

static size_t recode_tune(const uint8_t *data, size_t len, uint8_t *out, size_t cap)
{
    struct qw_tuning tuning;

    return qw_air_tune_decode(data, len, &tuning) == QW_OK ? qw_air_tune_encode(&tuning, out, cap)
                                                           : 0;
}

static size_t recode_tuned(const uint8_t *data, size_t len, uint8_t *out, size_t cap)
{
    bool is_tuned;

    return qw_air_tuned_decode(data, len, &is_tuned) == QW_OK
               ? qw_air_tuned_encode(is_tuned, out, cap)
               : 0;
}

static recode_fn *const kinds[] = { recode_hello,   recode_ready, recode_pilot, recode_csi,
                                    recode_silence, recode_tune,  recode_tuned };

enum { KINDS = sizeof kinds / sizeof kinds[0], BUFFER = QW_AIR_MESSAGE_MAX };

static struct qw_csi_frame *sample_frame(void)
{
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);

    assert_non_null(frame);
    *frame = (struct qw_csi_frame){ .time_ns = 15060000,
                                    .sequence = 1,
                                    .format = QW_CSI_LEGACY_20,
                                    .rx_count = 1,
                                    .tx_count = 2,
                                    .band_count = 1,
                                    .tone_count = 2,
                                    .rssi_dbm = -50.0f,
                                    .noise_dbm = -75.0f,
                                    .agc_db = 1.0f,
                                    .tone_index = { -1, 1 },
                                    .value = { 1.0f, -1.0f, 0.5f * I, -0.5f * I } };
    return frame;
}

/* A good message of the given kind. */
static size_t good(size_t kind, uint8_t *out, size_t cap)
{
    struct qw_csi_frame *frame;
    size_t len;

    switch (kind) {
    case 0:
        return qw_air_hello_encode(QW_AIR_TERMINAL, out, cap);
    case 1:
        return qw_air_ready_encode(&(struct qw_air_ready){ .label = "simulated",
                                                           .is_simulated = true,
                                                           .has_phase = false },
                                   out, cap);
    case 2:
        return qw_air_pilot_encode(&(struct qw_air_pilot){ 1, 15000000 }, out, cap);
    case 3:
        frame = sample_frame();
        len = qw_air_csi_encode(frame, out, cap);
        free(frame);
        return len;
    case 4:
        return qw_air_silence_encode(258, out, cap);
    case 5:
        return qw_air_tune_encode(&(struct qw_tuning){ qw_carrier_find("wifi40"), 1, 2, 1 }, out,
                                  cap);
    default:
        return qw_air_tuned_encode(true, out, cap);
    }
}

static void the_examples_of_the_page_are_right(void **state)
{
    static const uint8_t hello[] = { 1, 4, 1 };
    static const uint8_t ready[] = { 2, 1, 0, 9, 's', 'i', 'm', 'u', 'l', 'a', 't', 'e', 'd' };
    static const uint8_t probe[] = { 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0xe4, 0xe1, 0xc0 };
    static const uint8_t csi[] = { 4, 0,    0,    0,    0,    0,    0,    0,    1, 0,    0,
                                   0, 0,    0,    0xe5, 0xcc, 0x20, 0,    1,    2, 1,    0,
                                   2, 0xc2, 0x48, 0,    0,    0xc2, 0x96, 0,    0, 0x3f, 0x80,
                                   0, 0,    0xff, 0xff, 0,    1,    0x3f, 0x80, 0, 0,    0,
                                   0, 0,    0,    0xbf, 0x80, 0,    0,    0,    0, 0,    0,
                                   0, 0,    0,    0,    0x3f, 0,    0,    0 };
    static const uint8_t silence[] = { 5, 0, 0, 0, 0, 0, 0, 1, 2 };
    static const uint8_t tune[] = { 6, 2, 1, 2, 1 };
    static const uint8_t tuned[] = { 7, 1 };
    static const struct {
        const uint8_t *data;
        size_t len;
    } examples[KINDS] = { { hello, sizeof hello },     { ready, sizeof ready },
                          { probe, sizeof probe },     { csi, sizeof csi },
                          { silence, sizeof silence }, { tune, sizeof tune },
                          { tuned, sizeof tuned } };

    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        uint8_t message[256];
        size_t len = good(i, message, sizeof message);

        assert_true(len >= examples[i].len);
        assert_memory_equal(message, examples[i].data, examples[i].len);
        assert_int_equal(qw_air_message_type(message, len), i + 1);
    }
    assert_int_equal(qw_air_message_type(NULL, 0), 0);
}

static void every_field_survives_the_way(void **state)
{
    struct qw_csi_frame *in = sample_frame();
    struct qw_csi_frame *out = calloc(1, sizeof *out);
    struct qw_air_ready ready;
    struct qw_air_pilot pilot;
    uint8_t message[256];
    size_t len = qw_air_csi_encode(in, message, sizeof message);

    (void)state;
    assert_non_null(out);
    assert_int_equal(qw_air_csi_decode(message, len, out), QW_OK);
    assert_memory_equal(in->tone_index, out->tone_index, sizeof in->tone_index);
    assert_memory_equal(in->value, out->value, sizeof in->value);
    assert_true(out->time_ns == in->time_ns && out->sequence == 1 && out->tx_count == 2 &&
                out->rx_count == 1 && out->tone_count == 2 && out->rssi_dbm == -50.0f &&
                out->noise_dbm == -75.0f && out->agc_db == 1.0f);
    len = good(1, message, sizeof message);
    assert_int_equal(qw_air_ready_decode(message, len, &ready), QW_OK);
    assert_string_equal(ready.label, "simulated");
    assert_true(ready.is_simulated && !ready.is_one_sided && !ready.has_phase);
    message[1] = 2;
    assert_int_equal(qw_air_ready_decode(message, len, &ready), QW_OK);
    assert_true(ready.is_simulated && ready.is_one_sided);
    assert_int_equal(qw_air_ready_encode(&ready, message, sizeof message), len);
    assert_int_equal(message[1], 2);
    message[1] = 3;
    assert_int_equal(qw_air_ready_decode(message, len, &ready), QW_ERR_FORMAT);
    len = good(2, message, sizeof message);
    assert_int_equal(qw_air_pilot_decode(message, len, &pilot), QW_OK);
    assert_true(pilot.sequence == 1 && pilot.time_ns == 15000000);
    free(in);
    free(out);
}

/* A sweep over bands with several antennas: the number of values follows from all of them. */
static void bands_and_antennas_survive_the_way(void **state)
{
    struct qw_csi_frame *in = calloc(1, sizeof *in);
    struct qw_csi_frame *out = calloc(1, sizeof *out);
    uint8_t *message = malloc(BUFFER);
    size_t len;

    (void)state;
    assert_non_null(in);
    assert_non_null(out);
    assert_non_null(message);
    qw_csi_frame_set_tones(in, QW_CSI_VHT_80);
    in->rx_count = 1;
    in->tx_count = 2;
    in->band_count = 2;
    for (size_t i = 0; i < qw_csi_frame_value_count(in); i++) {
        in->value[i] = (float)i;
    }
    len = qw_air_csi_encode(in, message, BUFFER);
    assert_int_equal(len, QW_AIR_CSI_HEAD_LEN + 242 * (2 + 8 * 4) + 1);
    assert_int_equal(qw_air_csi_decode(message, len, out), QW_OK);
    assert_int_equal(out->band_count, 2);
    assert_int_equal(out->format, QW_CSI_VHT_80);
    assert_memory_equal(in->value, out->value, sizeof in->value);
    free(in);
    free(out);
    free(message);
}

static struct qw_csi_frame *frame_with_beginning(enum qw_csi_format format, uint8_t antennas)
{
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);

    assert_non_null(frame);
    qw_csi_frame_set_tones(frame, format);
    frame->rx_count = antennas;
    frame->tx_count = 1;
    frame->band_count = 1;
    frame->has_early = true;
    for (size_t k = 0; k < qw_csi_frame_value_count(frame); k++) {
        frame->value[k] = 1.0f - (float)k * I;
    }
    for (size_t k = 0; k < qw_csi_frame_half_count(frame); k++) {
        frame->half[k] = 0.5f * (float)k;
    }
    for (size_t k = 0; k < qw_csi_frame_early_count(frame); k++) {
        frame->early[k] = (float)k * I;
    }
    return frame;
}

/* It survives; cut anywhere it is refused, and so is one of a frame that can have none. */
static void the_beginning_of_a_frame_survives_the_way(void **state)
{
    enum { LEN = QW_AIR_CSI_HEAD_LEN + 10 * QW_CSI_HALF_TONES + 1 + QW_AIR_BEGINNING_LEN };
    struct qw_csi_frame *in = frame_with_beginning(QW_CSI_LEGACY_20, 1);
    struct qw_csi_frame *out = calloc(1, sizeof *out);
    uint8_t message[LEN + 1] = { 0 };
    size_t at = LEN - QW_AIR_BEGINNING_LEN - 1; /* of the byte that says that there is one */

    (void)state;
    assert_non_null(out);
    assert_int_equal(qw_air_csi_encode(in, message, LEN - 1), 0);
    assert_int_equal(qw_air_csi_encode(in, message, LEN), LEN);
    assert_int_equal(message[at], 1);
    assert_int_equal(qw_air_csi_decode(message, LEN, out), QW_OK);
    assert_true(out->has_early);
    assert_memory_equal(in->early, out->early, sizeof in->early);
    assert_memory_equal(in->half, out->half, sizeof in->half);
    for (size_t cut = at; cut < LEN; cut++) {
        assert_int_equal(qw_air_csi_decode(message, cut, out), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_air_csi_decode(message, LEN + 1, out), QW_ERR_FORMAT);
    for (unsigned value = 0; value < 256; value++) {
        message[at] = (uint8_t)value;
        assert_int_equal(qw_air_csi_decode(message, LEN, out), value == 1 ? QW_OK : QW_ERR_FORMAT);
    }
    message[at] = 1;
    message[17] = 1; /* HT 20 MHz */
    assert_int_equal(qw_air_csi_decode(message, LEN, out), QW_ERR_FORMAT);
    message[17] = 0;
    memset(message + LEN - 4, 0x7f, 4);
    message[LEN - 3] = 0xc0; /* not a number */
    assert_int_equal(qw_air_csi_decode(message, LEN, out), QW_ERR_FORMAT);
    in->has_early = false;
    assert_int_equal(qw_air_csi_encode(in, message, LEN), at + 1);
    assert_int_equal(qw_air_csi_decode(message, at + 1, out), QW_OK);
    assert_false(out->has_early);
    free(in);
    free(out);
}

/* Wide frames and several receive antennas; several that send, or bands, have none. */
static void beginnings_of_other_shapes_survive_too(void **state)
{
    static const struct {
        enum qw_csi_format format;
        uint8_t antennas;
        size_t early, half;
    } shapes[] = { { QW_CSI_LEGACY_20, 4, 48, 208 },
                   { QW_CSI_HT_40, 1, 24, 0 },
                   { QW_CSI_VHT_80, 4, 192, 0 } };
    struct qw_csi_frame *out = calloc(1, sizeof *out);
    uint8_t *message = malloc(BUFFER);

    (void)state;
    assert_true(out != NULL && message != NULL);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct qw_csi_frame *in = frame_with_beginning(shapes[i].format, shapes[i].antennas);
        size_t beginning = 8 * (shapes[i].early + shapes[i].half);
        size_t len = qw_air_csi_encode(in, message, BUFFER);
        size_t at = len - beginning - 1;

        assert_int_equal(len, QW_AIR_CSI_HEAD_LEN + 2u * in->tone_count +
                                  8 * qw_csi_frame_value_count(in) + 1 + beginning);
        memset(out, 0, sizeof *out);
        assert_int_equal(qw_air_csi_decode(message, len, out), QW_OK);
        assert_true(out->has_early);
        assert_memory_equal(in->early, out->early, sizeof in->early);
        assert_memory_equal(in->half, out->half, sizeof in->half);
        assert_int_equal(qw_air_csi_decode(message, len - 8, out), QW_ERR_FORMAT);
        len = qw_air_csi_encode_chain(in, message, BUFFER); /* what is shown has none of many */
        assert_int_equal(message[len - 1 - (in->rx_count == 1 ? beginning : 0)],
                         in->rx_count == 1 ? 1 : 0);
        in->tx_count = in->rx_count;
        in->rx_count = 1;
        len = qw_air_csi_encode(in, message, BUFFER);
        assert_int_equal(message[at], in->tx_count == 1 ? 1 : 0);
        free(in);
    }
    free(out);
    free(message);
}

static void the_largest_frame_fits_exactly(void **state)
{
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    uint8_t *message = malloc(BUFFER);

    (void)state;
    assert_non_null(frame);
    assert_non_null(message);
    frame->rx_count = 3;
    frame->tx_count = 3;
    frame->tone_count = QW_AIR_TONES_MAX;
    for (size_t k = 0; k < QW_AIR_TONES_MAX; k++) {
        frame->tone_index[k] = (int16_t)((int)k - 512);
    }
    assert_int_equal(qw_air_csi_encode(frame, message, BUFFER), BUFFER);
    assert_int_equal(qw_air_csi_decode(message, BUFFER, frame), QW_OK);
    assert_int_equal(qw_air_csi_encode(frame, message, BUFFER - 1), 0);
    free(frame);
    free(message);
}

static void refuses_every_truncation_and_one_byte_too_many(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        uint8_t message[256] = { 0 };
        uint8_t out[256];
        size_t len = good(i, message, sizeof message - 1);

        assert_int_equal(kinds[i](message, len, out, sizeof out), len);
        assert_int_equal(kinds[i](message, len + 1, out, sizeof out), 0);
        for (size_t cut = 0; cut < len; cut++) {
            assert_int_equal(kinds[i](message, cut, out, sizeof out), 0);
            assert_int_equal(good(i, out, cut), 0); /* nor does an encoder write half a message */
        }
    }
}

static void a_flipped_bit_is_refused_or_means_exactly_these_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        uint8_t message[256];
        size_t len = good(i, message, sizeof message);

        for (size_t bit = 0; bit < 8 * len; bit++) {
            uint8_t out[256];
            size_t got;

            message[bit / 8] ^= (uint8_t)(1 << bit % 8);
            got = kinds[i](message, len, out, sizeof out);
            if (got != 0) {
                assert_int_equal(got, len);
                assert_memory_equal(out, message, len);
            }
            for (size_t j = 0; j < KINDS; j++) { /* no message is taken for one of another kind */
                assert_true(j == i || kinds[j](message, len, out, sizeof out) == 0 ||
                            message[0] == j + 1);
            }
            message[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void refuses_frames_that_make_no_sense(void **state)
{
    enum {
        AT_TIME = 9,
        AT_FORMAT = 17,
        AT_RX = 18,
        AT_TX = 19,
        AT_BANDS = 20,
        AT_COUNT = 21,
        AT_RSSI = 23
    };
    static const struct {
        size_t at;
        uint8_t value[4];
        size_t len;
    } bad[] = {
        { AT_TIME, { 0x80 }, 1 }, /* negative */
        { AT_FORMAT, { 5 }, 1 },  /* of no carrier */
        { AT_FORMAT, { 10 }, 1 },
        { AT_FORMAT, { 13 }, 1 }, /* unknown */
        { AT_RX, { 0 }, 1 },
        { AT_RX, { 5 }, 1 },
        { AT_TX, { 0 }, 1 },
        { AT_TX, { 5 }, 1 },
        { AT_BANDS, { 0 }, 1 },
        { AT_BANDS, { 5 }, 1 },
        { AT_RX, { 4, 3 }, 2 }, /* more chains than a frame has room for */
        { AT_COUNT, { 0, 0 }, 2 },
        { AT_COUNT, { 4, 1 }, 2 },                /* 1025 */
        { AT_RSSI, { 0x7f, 0x80, 0, 0 }, 4 },     /* infinity */
        { AT_RSSI + 4, { 0x7f, 0xc0, 0, 0 }, 4 }, /* not a number */
        { AT_RSSI + 8, { 0xff, 0x80, 0, 0 }, 4 },
        { QW_AIR_CSI_HEAD_LEN, { 0, 1 }, 2 }, /* the same tone twice */
        { QW_AIR_CSI_HEAD_LEN, { 0, 2 }, 2 }, /* descending */
        { QW_AIR_CSI_HEAD_LEN + 4, { 0x7f, 0xc0, 0, 0 }, 4 },
        { QW_AIR_CSI_HEAD_LEN + 8, { 0x7f, 0x80, 0, 0 }, 4 },
    };
    struct qw_csi_frame *frame = sample_frame();
    struct qw_csi_frame *before = sample_frame();

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t message[256];
        size_t len = good(3, message, sizeof message);

        memcpy(message + bad[i].at, bad[i].value, bad[i].len);
        assert_int_equal(qw_air_csi_decode(message, len, frame), QW_ERR_FORMAT);
        assert_memory_equal(frame, before, sizeof *frame); /* untouched */
    }
    free(frame);
    free(before);
}

static void refuses_labels_that_people_should_not_see(void **state)
{
    struct qw_air_ready ready;
    uint8_t message[256];
    char longer[QW_AIR_LABEL_CAP + 1];

    (void)state;
    for (uint8_t byte = 0; byte < 32; byte++) {
        size_t len = good(1, message, sizeof message);

        message[5] = byte; /* a NUL or a control character */
        assert_int_equal(qw_air_ready_decode(message, len, &ready), QW_ERR_FORMAT);
    }
    memset(longer, 'x', sizeof longer);
    message[0] = QW_AIR_READY;
    message[1] = message[2] = 0;
    message[3] = sizeof longer;
    memcpy(message + 4, longer, sizeof longer);
    assert_int_equal(qw_air_ready_decode(message, 4 + sizeof longer, &ready), QW_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_page_are_right),
        cmocka_unit_test(every_field_survives_the_way),
        cmocka_unit_test(bands_and_antennas_survive_the_way),
        cmocka_unit_test(the_beginning_of_a_frame_survives_the_way),
        cmocka_unit_test(beginnings_of_other_shapes_survive_too),
        cmocka_unit_test(the_largest_frame_fits_exactly),
        cmocka_unit_test(refuses_every_truncation_and_one_byte_too_many),
        cmocka_unit_test(a_flipped_bit_is_refused_or_means_exactly_these_bytes),
        cmocka_unit_test(refuses_frames_that_make_no_sense),
        cmocka_unit_test(refuses_labels_that_people_should_not_see),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
