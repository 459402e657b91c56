/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_TRACE_LAB_ANTENNAS_H
#define QWAVE_LAB_TRACE_LAB_ANTENNAS_H

#include "base/prng.h"
#include "lab/trace/lab_channel.h"
#include "radio/air/view.h"
#include "radio/csi_frame.h"

#include <complex.h>

/* The receivers of access point, terminal and eavesdropper, and the waves between them. */
struct lab_antennas;

/* From start_s of the channel's clock on. noise_stream: another one gives other noise on the same
 * fading. Borrows channel. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err lab_antennas_new(const struct lab_channel *channel, double start_s, uint64_t noise_stream,
                        struct lab_antennas **antennas) QW_MUST_USE;
void lab_antennas_free(struct lab_antennas *antennas); /* NULL is fine */

/* One draw of whether a frame with this share of losses is lost. */
bool lab_antennas_lose(struct lab_antennas *antennas, double loss);

/* What one antenna makes of a frame that left at time_s: one antenna and band at each end. False:
 * not found in the noise. */
bool lab_antennas_measure(struct lab_antennas *antennas, enum qw_air_view view, double time_s,
                          uint32_t probe, struct qw_csi_frame *frame);

/* All antennas and bands. First the waves of one direction of a probe, with what a surface and an
 * attacker add; then what either receiver of it makes of them, frame having its shape. */
void lab_antennas_sweep(struct lab_antennas *antennas, double time_s, bool is_down, uint32_t probe);
void lab_antennas_measure_sweep(struct lab_antennas *antennas, enum qw_air_view view,
                                struct qw_csi_frame *frame);

/* A medium's pilot, and then its answer. Whoever is near hears nothing but the access point.
 * False: the record has no such pilot. */
bool lab_antennas_replay(struct lab_antennas *antennas, double time_s, bool is_down);
void lab_antennas_measure_replay(struct lab_antennas *antennas, enum qw_air_view view,
                                 struct qw_csi_frame *frame);

#endif
