/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_REPLAY_GUARD_H
#define QW_RADIO_REPLAY_GUARD_H

#include "base/error.h"
#include "radio/feature.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Has this channel been here before? A simulator with a fixed seed, a recording that is played
 * again, a channel sounder in the wrong hands: the fading of an earlier session comes back, and
 * whoever recorded it knows the key. The guard of one end remembers what that end disclosed in its
 * last sessions, which is public anyway, and looks for it in the measurements of a new one, from
 * any probe on. No secret is kept. One thread at a time. */
struct qw_replay_guard;

enum {
    QW_REPLAY_GUARD_SESSIONS_MAX = 64,
    QW_REPLAY_GUARD_NUMBERS = 8, /* of each probe: the first ones, in which the channel is strong */
    QW_REPLAY_GUARD_PROBES_MAX = 192 /* of a session */
};

/* Remembers the last sessions sessions, 1..QW_REPLAY_GUARD_SESSIONS_MAX. QW_ERR_ARG,
 * QW_ERR_NOMEM. */
qw_err qw_replay_guard_new(size_t sessions, struct qw_replay_guard **guard) QW_MUST_USE;
void qw_replay_guard_free(struct qw_replay_guard *guard); /* NULL is fine */

/* index [count] ascending probe numbers, value [count * stride] this end's numbers on them. Fewer
 * than 40 probes are not worth remembering. */
void qw_replay_guard_remember(struct qw_replay_guard *guard, const uint32_t *index, size_t count,
                              const int32_t *value, size_t stride, size_t group);

/* Whether set (after qw_feature_set_fix) follows an earlier session: correlation of at least 0.7 at
 * some shift, whatever gain and phase the repetition has, over the disclosed probes that were
 * heard, two fifths of them or more (the new session may be the shorter one). Fading that is
 * independent comes so close in less than one of 10^9 sessions when those probes hold 50
 * independent values; in a channel so slow that they hold few, an honest session may be refused. A
 * replay at 10 dB has 0.9. Where a wave that turns steadily holds half of the power of a mode, in
 * the old session or the new one (line of sight, somebody walks), all modes are compared without
 * their strongest line: two walks of one pace share that line and nothing else. A replay under such
 * a wave is found when what fades is 6 dB above the noise. */
bool qw_replay_guard_knows(const struct qw_replay_guard *guard, const struct qw_feature_set *set);

/* Whether one session repeats itself: the disclosed probes of it come again more than
 * QW_REPLAY_GUARD_NEAR probes earlier or later, with correlation of at least 0.9. A reflector that
 * somebody switches by a schedule does that; the account's prediction looks back over a few probes
 * only and would take a longer schedule for fresh fading. A repetition below about 10 dB escapes,
 * and so does a schedule as long as the session, which nothing in it tells from chance. Fewer than
 * 40 disclosed probes tell nothing. A single line does not count: the account predicts it. */
enum { QW_REPLAY_GUARD_NEAR = 24 };
bool qw_replay_guard_repeats(const struct qw_feature_set *set, const uint32_t *index, size_t count,
                             const int32_t *value);

#endif
