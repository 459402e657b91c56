/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* What the header of a measured frame tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/capture/mpdu.h"

#include <stdlib.h>
#include <string.h>

static struct qw_csi_frame *frame_new(void)
{
    struct qw_csi_frame *frame = malloc(sizeof *frame);

    assert_non_null(frame);
    qw_csi_frame_clear(frame);
    return frame;
}

static void transmitter_number_and_retry_come_back(void **state)
{
    struct qw_csi_frame *in = frame_new();
    struct qw_csi_frame *out = frame_new();
    uint8_t mpdu[QW_MPDU_HEAD_LEN];

    (void)state;
    memcpy(in->source, "\x02\x01\x02\x03\x04\x05", 6);
    for (int retry = 0; retry < 2; retry++) {
        in->sequence = retry == 0 ? 4095 : 4096; /* twelve bits */
        in->flags = retry == 0 ? 0 : QW_CSI_IS_RETRY;
        qw_csi_frame_clear(out);
        qw_mpdu_from_frame(in, mpdu);
        qw_mpdu_to_frame(mpdu, sizeof mpdu, out);
        assert_memory_equal(out->source, in->source, 6);
        assert_int_equal(out->sequence, retry == 0 ? 4095 : 0);
        assert_int_equal(out->flags, in->flags | QW_CSI_HAS_SOURCE | QW_CSI_HAS_SEQUENCE);
    }
    free(in);
    free(out);
}

static void short_and_control_frames_tell_nothing(void **state)
{
    static const uint8_t controls[] = { 0x94, 0xd4, 0x89,
                                        0x8c }; /* BlockAck, ACK, version, reserved */
    struct qw_csi_frame *frame = frame_new();
    uint8_t mpdu[QW_MPDU_HEAD_LEN];

    (void)state;
    qw_mpdu_from_frame(frame, mpdu);
    for (size_t len = 0; len < sizeof mpdu; len++) {
        qw_mpdu_to_frame(mpdu, len, frame);
        assert_int_equal(frame->flags, 0);
    }
    for (size_t i = 0; i < sizeof controls; i++) {
        mpdu[0] = controls[i];
        qw_mpdu_to_frame(mpdu, sizeof mpdu, frame);
        assert_int_equal(frame->flags, 0);
    }
    free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transmitter_number_and_retry_come_back),
        cmocka_unit_test(short_and_control_frames_tell_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
