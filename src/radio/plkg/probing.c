/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/plkg/probing.h"

#include "base/clock.h"
#include "crypto/random.h"
#include "radio/pace/interval.h"

#include <math.h>
#include <stdlib.h>

enum { ANSWER_TIMEOUT_MS = 500, SILENCE_MS = 2, LATE_ANSWERS_MAX = 16, PROGRESS_EVERY = 16 };
/* Longest time by which a pilot comes after its slot, in nanoseconds and as a part of the interval.
 */
enum { LATER_MAX_NS = 50000, LATER_PART = 100 };

struct asking {
    struct qw_csi_frame *frame; /* the answer, when is_heard */
    bool is_heard;
    int64_t answered_ms; /* when something last came */
};

static qw_err open_asking(struct asking *asking)
{
    *asking = (struct asking){ .frame = calloc(1, sizeof *asking->frame),
                               .answered_ms = qw_clock_monotonic_ms() };
    return asking->frame == NULL ? QW_ERR_NOMEM : QW_OK;
}

/* Longest time without an answer: a radio that keeps the time of its channel may be slow. */
static int64_t patience_ms(const struct qw_plkg_run *run)
{
    return run->link->timeout_ms + 3 * (int64_t)(run->terms.interval_us / 1000);
}

/* One pilot and its answer. A pilot without answer is lost, unless the access point says on the
 * wire that it has given up; nothing else is due there before PAIRS. */
static qw_err ask(struct qw_plkg_run *run, uint64_t number, int64_t time_ns, struct asking *asking)
{
    struct qw_csi_source *radio = run->party->radio;
    const uint8_t *body;
    size_t len;
    qw_err err = radio->transmit(radio->self, number, time_ns);

    asking->is_heard = false;
    for (int tries = 0; err == QW_OK && tries < LATE_ANSWERS_MAX; tries++) {
        err = radio->next(radio->self, asking->frame, ANSWER_TIMEOUT_MS);
        if (err != QW_OK || asking->frame->sequence >= number) {
            break; /* else the late answer to an earlier pilot: this one's is still to come */
        }
    }
    if (err == QW_OK) {
        asking->answered_ms = qw_clock_monotonic_ms();
        asking->is_heard = asking->frame->sequence == number;
        return QW_OK;
    }
    if (err != QW_ERR_TIMEOUT) {
        return err;
    }
    err = qw_plkg_link_receive(run->link, QW_PLKG_REFUSE, NULL, &body, &len, 0);
    if (err != QW_ERR_TIMEOUT) {
        return err;
    }
    return qw_clock_monotonic_ms() - asking->answered_ms > patience_ms(run) ? QW_ERR_TIMEOUT
                                                                            : QW_OK;
}

/* Nothing is sent, so nothing is due but the late answer to an earlier pilot. A radio that is in
 * the air listens for as long as to an answer. */
static qw_err keep_silent(struct qw_plkg_run *run, uint32_t index, int64_t time_ns,
                          struct qw_csi_frame *frame)
{
    struct qw_csi_source *radio = run->party->radio;
    int timeout_ms = radio->stay_silent != NULL ? ANSWER_TIMEOUT_MS : SILENCE_MS;
    qw_err err =
        radio->stay_silent != NULL ? radio->stay_silent(radio->self, index, time_ns) : QW_OK;

    for (int tries = 0; err == QW_OK && tries < LATE_ANSWERS_MAX; tries++) {
        err = radio->next(radio->self, frame, timeout_ms);
        if (err == QW_OK && frame->sequence == index) {
            qw_plkg_run_hear(run, frame); /* T4 finds it */
            break;
        }
    }
    return err == QW_ERR_TIMEOUT ? QW_OK : err;
}

/* One look: *interval_s is 0 when it was too short. The measurements go no further. */
static qw_err look(struct qw_plkg_run *run, unsigned number, double interval_s, double *found_s)
{
    struct qw_feature_set *set = NULL;
    struct asking asking;
    qw_err err = open_asking(&asking);

    if (err == QW_OK) {
        err = qw_feature_set_new(QW_PACE_PROBES, &set);
    }
    for (uint32_t i = 0; err == QW_OK && i < QW_PACE_PROBES; i++) {
        uint64_t at = (uint64_t)number * QW_PACE_PROBES + i;
        int64_t time_ns = run->start_ns + llround(1e9 * i * interval_s);

        set->is_transposed = true;
        err = ask(run, QW_PLKG_LOOK_FIRST + at, time_ns, &asking);
        if (err == QW_OK && asking.is_heard &&
            qw_tuning_fits(&run->tuning, asking.frame, run->is_terminal)) {
            err = qw_feature_set_put(set, i, asking.frame, run->has_phase);
        }
        if (i % PROGRESS_EVERY == 0) {
            qw_plkg_run_progress(run, QW_PLKG_STAGE_PROBE, 0, run->probes);
        }
    }
    if (err == QW_OK) {
        qw_feature_set_fix(set);
        *found_s = qw_pace_interval_s(set, interval_s);
        run->start_ns += llround(1e9 * QW_PACE_PROBES * interval_s);
    }
    qw_feature_set_free(set);
    free(asking.frame);
    return err;
}

qw_err qw_plkg_probing_look(struct qw_plkg_run *run)
{
    double shortest_s = run->terms.interval_us * 1e-6;
    double longest_s = QW_PLKG_INTERVAL_US_MAX * 1e-6;
    struct qw_plkg_pace pace = { 0 };
    uint8_t body[QW_PLKG_PACE_LEN];
    double interval_s = shortest_s;
    double found_s = 0.0;
    qw_err err = QW_OK;

    while (err == QW_OK && found_s == 0.0 && interval_s <= longest_s) {
        err = look(run, pace.looks, interval_s, &found_s);
        pace.looks++;
        interval_s *= QW_PACE_STEP;
    }
    if (err != QW_OK) {
        return err;
    }
    found_s = found_s == 0.0 ? longest_s : fmin(fmax(found_s, shortest_s), longest_s);
    pace.interval_us = qw_tuning_interval_us(&run->tuning, (uint32_t)floor(found_s * 1e6 + 0.5));
    qw_plkg_pace_encode(&pace, body);
    qw_plkg_run_pace(run, &pace);
    qw_log_write(run->party->log, QW_LOG_INFO, "a probe each %.0f ms, after %u looks",
                 pace.interval_us * 1e-3, pace.looks);
    return qw_plkg_link_send(run->link, QW_PLKG_PACE, &(struct qw_bytes){ body, sizeof body }, 1,
                             NULL);
}

/* Nobody can be there when a pilot begins without being told by the pilot itself: its moment is
 * drawn, and known when it is there. A cell's signals have their own times. */
static qw_err draw_later(const struct qw_plkg_run *run, int64_t interval_ns, int64_t *later_ns)
{
    int64_t longest_ns =
        interval_ns / LATER_PART < LATER_MAX_NS ? interval_ns / LATER_PART : LATER_MAX_NS;
    uint32_t drawn = 0;
    qw_err err = run->tuning.carrier->is_cellular ? QW_OK : qw_random_bytes(&drawn, sizeof drawn);

    *later_ns = (int64_t)((uint64_t)longest_ns * drawn >> 32);
    return err;
}

/* T3: probe i goes out at i times the interval and a little later; the answer is due at once. */
qw_err qw_plkg_probing_run(struct qw_plkg_run *run)
{
    int64_t interval_ns = (int64_t)run->terms.interval_us * 1000;
    struct asking asking;
    qw_err err = open_asking(&asking);

    if (err == QW_OK) {
        err = qw_plkg_silence_draw(run->probes, &run->silence);
    }
    for (uint32_t i = 0; err == QW_OK && i < run->probes; i++) {
        int64_t later_ns = 0;
        int64_t time_ns;

        err = draw_later(run, interval_ns, &later_ns);
        time_ns = run->start_ns + i * interval_ns + later_ns;
        if (err != QW_OK) {
            break;
        }
        if (qw_plkg_silence_at(&run->silence, i)) {
            err = keep_silent(run, i, time_ns, asking.frame);
        } else {
            err = ask(run, i, time_ns, &asking);
            if (err == QW_OK && asking.is_heard) {
                qw_plkg_run_hear(run, asking.frame);
            }
        }
        if (i % PROGRESS_EVERY == 0) {
            qw_plkg_run_progress(run, QW_PLKG_STAGE_PROBE, i, run->probes);
        }
    }
    free(asking.frame);
    return err;
}
