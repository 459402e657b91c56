/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: radio */
/* A stream of samples as a device may give it: byte 0 the carrier, then blocks of
 *   kind u8 (bit 0: what came before is broken off, bit 1: samples are floats of any bits, else
 *   two s8 each), count u8 (times 8 samples), time ahead of where the stream was s16 us, samples.
 * Whatever it holds, frames are finite, of the carrier's shape and as many as were counted. */
#include "base/error.h"
#include "radio/capture/load.h"
#include "radio/sdr/sounding_receiver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 4, SAMPLES_MAX = 255 * 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct qw_sounding_receiver *receiver, const struct qw_carrier *carrier,
                  uint64_t *frames)
{
    static struct qw_csi_frame frame;

    while (qw_sounding_receiver_next(receiver, &frame)) {
        ++*frames;
        qw_assert(frame.format == carrier->format && qw_csi_frame_tones_fit(&frame));
        qw_assert(frame.sequence < 4096);
        for (size_t k = 0; k < frame.tone_count; k++) {
            qw_assert(isfinite(crealf(frame.value[k])) && isfinite(cimagf(frame.value[k])));
        }
    }
}

/* Bytes taken; 0: the block is cut. */
static size_t push(struct qw_sounding_receiver *receiver, const uint8_t *data, size_t size)
{
    float complex sample[SAMPLES_MAX];
    bool is_float = size >= HEAD && (data[0] & 2) != 0;
    size_t count = size >= HEAD ? 8 * (size_t)data[1] : 0;
    size_t len = count * (is_float ? 8 : 2);

    if (size < HEAD || size - HEAD < len) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *from = data + HEAD + i * (is_float ? 8 : 2);
        float part[2] = { (float)(int8_t)from[0] / 128.0f, (float)(int8_t)from[1] / 128.0f };

        memcpy(&sample[i], is_float ? (const void *)from : (const void *)part, sizeof sample[i]);
    }
    if ((data[0] & 1) != 0) {
        qw_sounding_receiver_break(receiver);
    }
    qw_sounding_receiver_push(receiver, sample, count,
                              qw_sounding_receiver_time_ns(receiver) +
                                  (int16_t)qw_load_u16le(data + 2) * INT64_C(1000));
    return HEAD + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_sounding_receiver_config config = { .own_station = QW_SOUNDING_ANY_STATION,
                                                  .peer_station = QW_SOUNDING_ANY_STATION };
    struct qw_sounding_receiver *receiver;
    size_t at = 1;
    size_t took = 1;
    uint64_t frames = 0;

    if (size == 0) {
        return 0;
    }
    config.carrier = &qw_carriers[data[0] % 3];
    config.rate_hz = data[0] % 3 == 0 ? 20e6 : data[0] % 3 == 1 ? 40e6 : 80e6;
    if (qw_sounding_receiver_new(&config, &receiver) != QW_OK) {
        abort();
    }
    while (took > 0) {
        took = push(receiver, data + at, size - at);
        at += took;
        check(receiver, config.carrier, &frames);
    }
    qw_assert(qw_sounding_receiver_counters(receiver).frames == frames);
    qw_sounding_receiver_free(receiver);
    return 0;
}
