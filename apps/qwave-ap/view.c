/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include "api/json_writer.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>

void view_batch_begin(struct view_batch *batch, const char *radio, const char *session_id)
{
    uint64_t dropped = batch->dropped + batch->count;

    view_batch_clear(batch);
    batch->dropped = dropped;
    (void)snprintf(batch->radio, sizeof batch->radio, "%s", radio);
    (void)snprintf(batch->session_id, sizeof batch->session_id, "%s", session_id);
}

static double power_of(float complex value)
{
    double re = (double)crealf(value), im = (double)cimagf(value);

    return re * re + im * im;
}

static uint8_t level_of(double power, double mean)
{
    double level = VIEW_LEVEL_MEAN + 20 * log10(power / mean); /* half decibels */

    return (uint8_t)(level > 255 ? 255 : level >= 0 ? round(level) : 0); /* no power: 0 */
}

/* False: there is no power in it. */
static bool read_levels(const struct qw_csi_frame *frame, size_t count, uint8_t *level)
{
    size_t tones = frame->tone_count;
    double mean = 0;

    for (size_t i = 0; i < tones; i++) {
        mean += power_of(frame->value[i]) / (double)tones;
    }
    if (!(mean > 0) || isinf(mean)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        level[i] = level_of(power_of(frame->value[i * tones / count]), mean);
    }
    return true;
}

void view_batch_add(struct view_batch *batch, const struct qw_air_moment *moment)
{
    const struct qw_csi_frame *own = &moment->frame[QW_AIR_END_ACCESS_POINT];
    size_t tones = own->tone_count;
    struct view_frame f = { .sequence = moment->sequence };

    if (!moment->is_heard[QW_AIR_END_ACCESS_POINT] || tones == 0) {
        return;
    }
    f.first_tone = own->tone_index[0];
    f.last_tone = own->tone_index[tones - 1];
    f.count = tones < VIEW_LEVELS_MAX ? tones : VIEW_LEVELS_MAX;
    for (size_t end = 0; end < QW_AIR_ENDS; end++) {
        const struct qw_csi_frame *frame = &moment->frame[end];

        f.is_heard[end] = moment->is_heard[end] && frame->tone_count == tones &&
                          read_levels(frame, f.count, f.level[end]);
    }
    if (!f.is_heard[QW_AIR_END_ACCESS_POINT]) {
        return;
    }
    if (batch->count == VIEW_FRAMES_MAX) {
        batch->dropped++;
        return;
    }
    batch->frame[batch->count++] = f;
}

void view_batch_lose(struct view_batch *batch, const struct view_batch *lost)
{
    batch->dropped += lost->dropped + lost->count;
}

void view_batch_end(struct view_batch *batch, const struct qw_plkg_ledger *ledger)
{
    batch->ledger = *ledger;
    batch->has_ledger = true;
}

bool view_batch_is_empty(const struct view_batch *batch)
{
    return batch->count == 0 && !batch->has_ledger;
}

void view_batch_clear(struct view_batch *batch)
{
    batch->count = 0;
    batch->dropped = 0;
    batch->has_ledger = false;
}

/* The members of a frame that hold levels, by end. */
static const char *const level_names[QW_AIR_ENDS] = { "levels", "terminal", "eavesdropper" };

static void write_frames(struct qw_json_writer *w, const struct view_batch *batch)
{
    qw_json_name(w, "frames");
    qw_json_array_begin(w);
    for (size_t i = 0; i < batch->count; i++) {
        const struct view_frame *f = &batch->frame[i];

        qw_json_object_begin(w);
        qw_json_name(w, "sequence");
        qw_json_uint(w, f->sequence);
        qw_json_name(w, "first_tone");
        qw_json_int(w, f->first_tone);
        qw_json_name(w, "last_tone");
        qw_json_int(w, f->last_tone);
        for (size_t end = 0; end < QW_AIR_ENDS; end++) {
            if (f->is_heard[end]) {
                qw_json_name(w, level_names[end]);
                qw_json_base64(w, f->level[end], f->count);
            }
        }
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

static void write_ledger(struct qw_json_writer *w, const struct qw_plkg_ledger *l)
{
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        { "probes", l->probes },
        { "pairs", l->pairs },
        { "disclosed_pairs", l->disclosed_pairs },
        { "coefficients", l->coefficients },
        { "compared_bits", l->compared_bits },
        { "different_bits", l->different_bits },
        { "raw_bits", l->raw_bits },
        { "reconciliation_bits", l->reconciliation_bits },
        { "verification_bits", l->verification_bits },
        { "selection_bits", l->selection_bits },
        { "secret_bits", l->secret_bits },
        { "auth_bits", l->auth_bits },
        { "messages", l->messages },
        { "refusal", l->refusal },
        { "onset", l->onset },
    };
    const struct {
        const char *name;
        double value;
    } reals[] = {
        { "snr_db", l->snr_db },
        { "entropy_bits", l->entropy_bits },
        { "finite_size_bits", l->finite_size_bits },
        { "eve_correlation", l->eve_correlation },
        { "amplification_bits", l->amplification_bits },
        { "channel_time_s", l->channel_time_s },
        { "onset_deviations", l->onset_deviations },
    };

    qw_json_name(w, "ledger");
    qw_json_object_begin(w);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        qw_json_name(w, counts[i].name);
        qw_json_uint(w, counts[i].value);
    }
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        qw_json_name(w, reals[i].name);
        qw_json_real(w, reals[i].value);
    }
    qw_json_object_end(w);
}

bool view_batch_write(const struct view_batch *batch, char *body, size_t cap)
{
    struct qw_json_writer w = qw_json_writer_on(body, cap);

    qw_json_object_begin(&w);
    if (!view_batch_is_empty(batch)) {
        qw_json_name(&w, "simulated");
        qw_json_bool(&w, true);
        qw_json_name(&w, "radio");
        qw_json_text(&w, batch->radio);
        qw_json_name(&w, "session_id");
        qw_json_text(&w, batch->session_id);
        qw_json_name(&w, "dropped");
        qw_json_uint(&w, batch->dropped);
    }
    if (batch->count > 0) {
        write_frames(&w, batch);
    }
    if (batch->has_ledger) {
        write_ledger(&w, &batch->ledger);
    }
    qw_json_object_end(&w);
    return qw_json_done(&w);
}
