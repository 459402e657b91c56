/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_ONSET_H
#define QW_RADIO_ONSET_H

#include "base/error.h"
#include "radio/csi_frame.h"

#include <stdbool.h>
#include <stdint.h>

/* Who reacts comes late [W9]. Somebody who adds a signal to each frame after he has heard it begin
 * is not in its beginning. This looks whether what moves in the training that the key is made of
 * was already there in the short training before it, over all frames of a session at one end.
 *
 * Of a frame: E what its beginning says (12 tones of each 20 MHz), L what the training says there,
 * f what moves in it, that is without its mean over the session, seen by noise that is not L's. The
 * sum p = Re sum over tones of (L - E) conj(f) has mean 0 when nothing was added; who adds a wave w
 * to the training alone puts |w|^2 into it. Given f and the channel, p is as likely as -p, so
 * sum(p) exceeds x sqrt(sum(p^2)) with a probability of at most exp(-x^2 / 2), whatever the noise's
 * power and shape (Hoeffding). A share QW_ONSET_TOLERANCE of what moves is allowed for: an honest
 * channel moves within a frame too, and its last echoes come when the beginning is over. 20 MHz L
 * is the first long symbol, f the second one within the delays of the key's numbers 40, 80 MHz one
 * symbol: L its tones, f what those between them say within these delays Who leaves out the tones
 * of the beginning is not in p. So a second sum, that what moves at these tones is at least half of
 * what moves between them: q = Re sum (b/2 - L) conj(c), all without their means, b and c what the
 * tones between say, with noise that is neither the other's nor L's: of both symbols, or of two
 * halves of these tones. With amplitudes only, both sums are of amplitudes. Derivation, and what it
 * does not see: docs/adr/0144-who-reacts-comes-late.md, 0153-wide-frames-and-tones-left-out.md. */
#define QW_ONSET_LIMIT 5.4       /* deviations: exp(-5.4^2 / 2) = 2^-21, of each sum at each end */
#define QW_ONSET_TOLERANCE 0.004 /* of the power that moves */
enum { QW_ONSET_FRAMES_MIN = 256 };

struct qw_onset;

/* What the frames of a session are like at one end. */
struct qw_onset_shape {
    enum qw_csi_format format;
    size_t chains; /* receive antennas; 0: frames of this session cannot know their beginning */
    bool has_phase;
};

/* Room for so many probes. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_onset_new(uint32_t probes, const struct qw_onset_shape *shape,
                    struct qw_onset **onset) QW_MUST_USE;
void qw_onset_free(struct qw_onset *onset); /* wipes; NULL is fine */

/* A frame that was heard, of probe number index < probes; a second one of the same probe is
 * dropped. One that does not know its beginning, or has another shape, is counted. */
void qw_onset_put(struct qw_onset *onset, uint32_t index, const struct qw_csi_frame *frame);

struct qw_onset_verdict {
    bool is_made;      /* every frame knew its beginning, and there were enough */
    bool is_found;     /* somebody came late, or hides that he did; only when is_made */
    double deviations; /* of the sum that has more; found above QW_ONSET_LIMIT */
    double late_db;    /* what was added late over the noise, per tone; NaN: nothing above it */
};

void qw_onset_judge(const struct qw_onset *onset, struct qw_onset_verdict *verdict);

#endif
