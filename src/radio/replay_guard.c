/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/replay_guard.h"

#include "base/secret.h"
#include "radio/steady/line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PROBES_MIN = 40, MODES_MAX = QW_REPLAY_GUARD_NUMBERS, REPEATED_MODES = 2 };

static const double LIKENESS = 0.7;
/* Blocks of one session are fewer independent values than another whole session. */
static const double SELF_LIKENESS = 0.9;
/* Share of a session's disclosed probes that must be heard: the new session may be shorter. */
static const double PRESENT = 0.4;

/* Of a mode's power: a wave that turns steadily is then most of it, and is taken out before two
 * sessions are compared. */
static const double LINE_SHARE = 0.5;

/* Complex where the numbers come in pairs; means removed, each mode of power 1. */
struct session {
    size_t count;
    size_t modes;
    uint32_t index[QW_REPLAY_GUARD_PROBES_MAX];
    bool has_line;
    float complex value[QW_REPLAY_GUARD_PROBES_MAX * MODES_MAX];
    float complex rest[QW_REPLAY_GUARD_PROBES_MAX * MODES_MAX]; /* without the lines */
};

struct qw_replay_guard {
    size_t sessions;
    size_t count; /* remembered so far, at most sessions */
    size_t next;
    struct session session[];
};

qw_err qw_replay_guard_new(size_t sessions, struct qw_replay_guard **guard)
{
    struct qw_replay_guard *made;

    if (sessions == 0 || sessions > QW_REPLAY_GUARD_SESSIONS_MAX) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made + sessions * sizeof made->session[0]);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->sessions = sessions;
    *guard = made;
    return QW_OK;
}

void qw_replay_guard_free(struct qw_replay_guard *guard)
{
    free(guard);
}

static size_t modes_of(size_t stride, size_t group)
{
    size_t numbers = stride < QW_REPLAY_GUARD_NUMBERS ? stride : QW_REPLAY_GUARD_NUMBERS;

    return numbers / group;
}

static float complex mode_of(const int32_t *row, size_t mode, size_t group)
{
    return group == 2 ? (float)row[2 * mode] + I * (float)row[2 * mode + 1] : (float)row[mode];
}

/* Removes the mean and scales to mean square 1, mode by mode; value [count * modes]. */
static void normalise(float complex *value, size_t count, size_t modes)
{
    for (size_t m = 0; m < modes; m++) {
        double complex mean = 0.0;
        double power = 0.0;

        for (size_t i = 0; i < count; i++) {
            mean += (double complex)value[i * modes + m] / (double)count;
        }
        for (size_t i = 0; i < count; i++) {
            double complex rest = (double complex)value[i * modes + m] - mean;

            power += creal(rest * conj(rest)) / (double)count;
            value[i * modes + m] = (float complex)rest;
        }
        for (size_t i = 0; power > 0.0 && i < count; i++) {
            value[i * modes + m] /= (float)sqrt(power);
        }
    }
}

/* Takes the strongest line out of each mode, and scales to mean square 1 again; whether one held
 * most of its mode. */
static bool remove_lines(const uint32_t *index, float complex *value, size_t count, size_t modes)
{
    bool has_line = false;

    for (size_t m = 0; m < modes && count > 0; m++) {
        struct qw_line_series series = { index, &value[m], count, modes };
        struct qw_line line;

        qw_line_find(&series, &line);
        has_line = has_line || line.share >= LINE_SHARE;
        qw_line_remove(&series, &line);
    }
    normalise(value, count, modes);
    return has_line;
}

/* The first numbers of the disclosed probes of one end. */
static void keep(struct session *session, const uint32_t *index, size_t count, const int32_t *value,
                 size_t stride, size_t group, size_t modes_max)
{
    size_t modes = modes_of(stride, group);

    session->count = count < QW_REPLAY_GUARD_PROBES_MAX ? count : QW_REPLAY_GUARD_PROBES_MAX;
    session->modes = modes < modes_max ? modes : modes_max;
    for (size_t i = 0; i < session->count; i++) {
        session->index[i] = index[i];
        for (size_t m = 0; m < session->modes; m++) {
            session->value[i * session->modes + m] = mode_of(&value[i * stride], m, group);
        }
    }
    normalise(session->value, session->count, session->modes);
    memcpy(session->rest, session->value, sizeof session->rest);
    session->has_line = remove_lines(session->index, session->rest, session->count, session->modes);
}

void qw_replay_guard_remember(struct qw_replay_guard *guard, const uint32_t *index, size_t count,
                              const int32_t *value, size_t stride, size_t group)
{
    if (count < PROBES_MIN) {
        return;
    }
    keep(&guard->session[guard->next], index, count, value, stride, group, MODES_MAX);
    guard->next = (guard->next + 1) % guard->sessions;
    guard->count += guard->count < guard->sessions ? 1 : 0;
}

/* All probes of a session, with its steady waves and without them. */
struct whole {
    size_t modes;
    size_t numbers;
    float complex *value, *rest; /* [probes * modes] */
    bool has_line;
};

/* Likeness of the session to the probes from shift on; 0 when too few of them were heard. Every
 * mode may have a phase of its own: a repetition at another delay turns them apart. Both as they
 * are, or both without their lines when either has one: a line comes again in every walk of the
 * same pace, and would hide the fading that comes again under it. */
static double likeness(const struct session *session, const struct qw_feature_set *set,
                       const struct whole *whole, int64_t shift)
{
    bool has_line = session->has_line || whole->has_line;
    const float complex *old = has_line ? session->rest : session->value;
    const float complex *value = has_line ? whole->rest : whole->value;
    double complex cross[MODES_MAX] = { 0.0 };
    double power[2] = { 0.0, 0.0 };
    size_t heard = 0;
    double sum = 0.0;

    for (size_t i = 0; i < session->count; i++) {
        int64_t at = session->index[i] + shift;

        if (at < 0 || at >= set->probes || !qw_feature_set_has(set, (uint32_t)at)) {
            continue;
        }
        heard++;
        for (size_t m = 0; m < session->modes; m++) {
            double complex a = old[i * session->modes + m];
            double complex b = value[(size_t)at * session->modes + m];

            cross[m] += a * conj(b);
            power[0] += creal(a * conj(a));
            power[1] += creal(b * conj(b));
        }
    }
    if ((double)heard < PRESENT * (double)session->count || power[0] * power[1] <= 0.0) {
        return 0.0;
    }
    for (size_t m = 0; m < session->modes; m++) {
        sum += cabs(cross[m]);
    }
    return sum / sqrt(power[0] * power[1]);
}

static bool is_repeated(const struct session *session, const struct qw_feature_set *set,
                        const struct whole *whole)
{
    int64_t probes = set->probes;

    for (int64_t shift = -probes; shift < probes; shift++) {
        if (likeness(session, set, whole, shift) >= LIKENESS) {
            return true;
        }
    }
    return false;
}

/* All probes of the set as the sessions are kept; those not heard count as the mean. */
static void fill(const struct qw_feature_set *set, size_t modes, float complex *value)
{
    for (size_t m = 0; m < modes; m++) {
        double complex sum = 0.0;
        double heard = 0.0;

        for (uint32_t i = 0; i < set->probes; i++) {
            if (qw_feature_set_has(set, i)) {
                value[i * modes + m] = mode_of(qw_feature_set_row(set, i), m, set->plan.group);
                sum += (double complex)value[i * modes + m];
                heard += 1.0;
            }
        }
        for (uint32_t i = 0; heard > 0.0 && i < set->probes; i++) {
            if (!qw_feature_set_has(set, i)) {
                value[i * modes + m] = (float complex)(sum / heard);
            }
        }
    }
    normalise(value, set->probes, modes);
}

static void close_whole(struct whole *whole)
{
    if (whole->value != NULL) {
        qw_wipe(whole->value, whole->numbers * sizeof *whole->value);
    }
    if (whole->rest != NULL) {
        qw_wipe(whole->rest, whole->numbers * sizeof *whole->rest);
    }
    free(whole->value);
    free(whole->rest);
}

static bool open_whole(const struct qw_feature_set *set, size_t modes, struct whole *whole)
{
    *whole = (struct whole){ .modes = modes, .numbers = (size_t)set->probes * modes };
    whole->value = calloc(whole->numbers + 1, sizeof *whole->value);
    whole->rest = calloc(whole->numbers + 1, sizeof *whole->rest);
    if (whole->value == NULL || whole->rest == NULL) {
        close_whole(whole);
        return false;
    }
    fill(set, modes, whole->value);
    memcpy(whole->rest, whole->value, whole->numbers * sizeof *whole->rest);
    whole->has_line = remove_lines(NULL, whole->rest, set->probes, modes);
    return true;
}

/* Short of memory it answers yes: a session less, not a guard less. */
bool qw_replay_guard_knows(const struct qw_replay_guard *guard, const struct qw_feature_set *set)
{
    size_t modes = modes_of(set->stride, set->plan.group);
    struct whole whole;
    bool is_known = false;

    if (!open_whole(set, modes, &whole)) {
        return true;
    }
    for (size_t i = 0; i < guard->count && !is_known; i++) {
        is_known = guard->session[i].modes == modes && is_repeated(&guard->session[i], set, &whole);
    }
    close_whole(&whole);
    return is_known;
}

/* Short of memory it answers yes, as above. */
bool qw_replay_guard_repeats(const struct qw_feature_set *set, const uint32_t *index, size_t count,
                             const int32_t *value)
{
    size_t modes = modes_of(set->stride, set->plan.group);
    struct session own;
    struct whole whole;
    int64_t probes = set->probes;
    bool is_repeated_here = false;

    if (count < PROBES_MIN) {
        return false;
    }
    if (!open_whole(set, modes < REPEATED_MODES ? modes : REPEATED_MODES, &whole)) {
        return true;
    }
    keep(&own, index, count, value, set->stride, set->plan.group, REPEATED_MODES);
    for (int64_t shift = -probes; shift < probes && !is_repeated_here; shift++) {
        is_repeated_here = llabs(shift) > QW_REPLAY_GUARD_NEAR &&
                           likeness(&own, set, &whole, shift) >= SELF_LIKENESS;
    }
    close_whole(&whole);
    return is_repeated_here;
}
