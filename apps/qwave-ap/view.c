/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include "api/json_writer.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>

void view_batch_begin(struct view_batch *batch, const char *radio, const char *session_id)
{
    view_batch_clear(batch);
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

void view_batch_add(struct view_batch *batch, const struct qw_csi_frame *frame)
{
    struct view_frame *f = &batch->frame[batch->count];
    size_t tones = frame->tone_count;
    double mean = 0;

    if (batch->count == VIEW_FRAMES_MAX || tones == 0) {
        return;
    }
    for (size_t i = 0; i < tones; i++) {
        mean += power_of(frame->value[i]) / (double)tones;
    }
    if (!(mean > 0) || isinf(mean)) {
        return;
    }
    f->sequence = frame->sequence;
    f->first_tone = frame->tone_index[0];
    f->last_tone = frame->tone_index[tones - 1];
    f->count = tones < VIEW_LEVELS_MAX ? tones : VIEW_LEVELS_MAX;
    for (size_t i = 0; i < f->count; i++) {
        f->level[i] = level_of(power_of(frame->value[i * tones / f->count]), mean);
    }
    batch->count++;
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
    batch->has_ledger = false;
}

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
        qw_json_name(w, "levels");
        qw_json_base64(w, f->level, f->count);
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
        { "raw_bits", l->raw_bits },
        { "reconciliation_bits", l->reconciliation_bits },
        { "verification_bits", l->verification_bits },
        { "selection_bits", l->selection_bits },
        { "secret_bits", l->secret_bits },
        { "auth_bits", l->auth_bits },
        { "messages", l->messages },
        { "refusal", l->refusal },
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
