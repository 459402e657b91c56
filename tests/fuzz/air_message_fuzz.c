/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: radio */
/* Whatever a decoder takes must encode to exactly the bytes it took. */
#include "radio/air/moment.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *data, size_t size, const uint8_t *out, size_t len)
{
    if (len != size || memcmp(data, out, len) != 0) {
        abort();
    }
}

static void try_small(const uint8_t *data, size_t size)
{
    uint8_t out[256];
    enum qw_air_role role;
    struct qw_air_ready ready;
    struct qw_air_pilot pilot;
    struct qw_tuning tuning;
    bool is_tuned;
    uint64_t sequence;

    if (qw_air_hello_decode(data, size, &role) == QW_OK) {
        check(data, size, out, qw_air_hello_encode(role, out, sizeof out));
    }
    if (qw_air_ready_decode(data, size, &ready) == QW_OK) {
        check(data, size, out, qw_air_ready_encode(&ready, out, sizeof out));
    }
    if (qw_air_pilot_decode(data, size, &pilot) == QW_OK) {
        check(data, size, out, qw_air_pilot_encode(&pilot, out, sizeof out));
    }
    if (qw_air_silence_decode(data, size, &sequence) == QW_OK) {
        check(data, size, out, qw_air_silence_encode(sequence, out, sizeof out));
    }
    if (qw_air_tune_decode(data, size, &tuning) == QW_OK) {
        check(data, size, out, qw_air_tune_encode(&tuning, out, sizeof out));
    }
    if (qw_air_tuned_decode(data, size, &is_tuned) == QW_OK) {
        check(data, size, out, qw_air_tuned_encode(is_tuned, out, sizeof out));
    }
}

static void try_moment(const uint8_t *data, size_t size)
{
    struct qw_air_moment *moment = malloc(sizeof *moment);
    uint8_t *out = malloc(QW_AIR_MOMENT_MAX);

    if (moment != NULL && out != NULL && qw_air_moment_decode(data, size, moment) == QW_OK) {
        size_t len = qw_air_moment_begin(moment->sequence, out, QW_AIR_MOMENT_MAX);

        for (int end = 0; end < QW_AIR_ENDS; end++) {
            if (moment->is_heard[end]) {
                len = qw_air_moment_add((enum qw_air_end)end, &moment->frame[end], out, len,
                                        QW_AIR_MOMENT_MAX);
            }
        }
        check(data, size, out, len);
    }
    free(moment);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_csi_frame *frame = malloc(sizeof *frame);
    uint8_t *out = malloc(QW_AIR_MESSAGE_MAX);

    if (frame != NULL && out != NULL) {
        try_small(data, size);
        try_moment(data, size);
        if (qw_air_csi_decode(data, size, frame) == QW_OK) {
            check(data, size, out, qw_air_csi_encode(frame, out, QW_AIR_MESSAGE_MAX));
        }
    }
    free(frame);
    free(out);
    return 0;
}
