/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_SDR_SOUNDING_LABEL_H
#define QW_RADIO_SDR_SOUNDING_LABEL_H

#include "base/error.h"
#include "radio/carrier/dft.h"
#include "radio/carrier/sounding.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which frame a sounding is: number and station in two symbols behind its training, each bit on
 * several tones. Bits and check: docs/design/sdr.md. */
enum {
    QW_SOUNDING_NUMBERS = 1 << 12, /* numbers wrap here, as those of Wi-Fi frames do */
    QW_SOUNDING_STATIONS = 16,
    QW_SOUNDING_LABEL_SYMBOLS = 2
};

struct qw_sounding_label {
    uint16_t number; /* below QW_SOUNDING_NUMBERS */
    uint8_t station; /* below QW_SOUNDING_STATIONS */
};

/* The 32 bits, bit 0 lowest, and back; false: the check is wrong, *label is untouched. */
uint32_t qw_sounding_label_encode(const struct qw_sounding_label *label);
bool qw_sounding_label_decode(uint32_t bits, struct qw_sounding_label *label);

/* Samples of training and label together. */
size_t qw_sounding_labelled_samples(const struct qw_sounding *sounding);

/* The whole frame as it is sent, mean power 1 over its training  [qw_sounding_labelled_samples].
 * dft is of sounding.size. work [sounding.size] is overwritten. */
void qw_sounding_frame_make(const struct qw_sounding *sounding, const struct qw_dft *dft,
                            const struct qw_sounding_label *label, double complex *work,
                            float complex *sample);

/* Reads the label of a frame whose channel is known: start, offset_hz and tone are those of
 * rf_receiver.h, sample[0..] begins at start. work as above. */
bool qw_sounding_label_read(const struct qw_sounding *sounding, const struct qw_dft *dft,
                            const float complex *sample, double offset_hz,
                            const double complex *tone, double complex *work,
                            struct qw_sounding_label *label);

#endif
