/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_ONSET_H
#define QW_RADIO_ONSET_H

#include "base/error.h"
#include "radio/csi_frame.h"

#include <stdbool.h>
#include <stdint.h>

/* Who reacts comes late [W9]. Somebody who adds a signal to each frame after he has heard it begin
 * is not in its beginning. This looks whether what moves in the long training, of which the key is
 * made, was already there in the short training before it, over all frames of a session at one end.
 *
 * Of a frame: E what its beginning says (12 tones), L1 and L2 what its two long symbols say, and f
 * what moves in L2 within the delays of the key's numbers, that is without its mean over the
 * session. The sum p = Re sum over tones of (L1 - E) conj(f) has mean 0 when nothing was added, for
 * the noises of E, L1 and L2 are not the same; who adds a wave w to L1 and L2 alone puts |w|^2 into
 * it. Given L2 and the channel, p is as likely as -p, so sum(p) exceeds x sqrt(sum(p^2)) with a
 * probability of at most exp(-x^2 / 2), whatever the noise's power and shape (Hoeffding). A share
 * QW_ONSET_TOLERANCE of what moves is allowed for: in 12 us an honest channel moves too, and its
 * last echoes come when the beginning is over. With amplitudes only, p is the sum of (|L1| - |E|)
 * (|L2| - mean |L2|). Derivation, and what it does not see: docs/adr/0144-who-reacts-comes-late.md.
 */
#define QW_ONSET_LIMIT 5.4       /* deviations: exp(-5.4^2 / 2) = 2^-21, of each end */
#define QW_ONSET_TOLERANCE 0.004 /* of the power that moves */
enum { QW_ONSET_FRAMES_MIN = 256 };

struct qw_onset;

/* Room for so many probes. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_onset_new(uint32_t probes, struct qw_onset **onset) QW_MUST_USE;
void qw_onset_free(struct qw_onset *onset); /* wipes; NULL is fine */

/* A frame that was heard, of probe number index < probes; a second one of the same probe is
 * dropped. One that does not know its beginning is counted. */
void qw_onset_put(struct qw_onset *onset, uint32_t index, const struct qw_csi_frame *frame);

struct qw_onset_verdict {
    bool is_made;      /* every frame knew its beginning, and there were enough */
    bool is_found;     /* somebody came late, or hides that he did; only when is_made */
    double deviations; /* of the sum; found above QW_ONSET_LIMIT */
    double late_db;    /* what was added late over the noise, per tone; NaN: nothing above it */
};

void qw_onset_judge(const struct qw_onset *onset, bool has_phase, struct qw_onset_verdict *verdict);

#endif
