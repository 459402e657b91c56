/* SPDX-License-Identifier: Apache-2.0 */
/* What access points show of simulated sessions (docs/protocol/radio-view.md) [W10]. Read whole,
 * written anew: nothing of a body reaches a page that is not a field here. A measurement of a real
 * channel has no way in. */
#include "base/base64.h"
#include "events.h"
#include "routes.h"

#include <math.h>
#include <string.h>

enum {
    FRAMES_MAX = 4,
    LEVELS_MAX = 256,
    TONE_MAX = 4096,
    DROPPED_MAX = 1000000,
    ONSET_MAX = 2, /* not made, passed, found */
    SESSION_HEX_LEN = 16,
    LABEL_CAP = 96,
    TEXT_CAP = EVENT_TEXT_MAX + 1
};

/* Levels by end: of the access point, the terminal, the eavesdropper. */
static const char *const level_names[] = { "levels", "terminal", "eavesdropper" };
static const char *const counts[] = { "probes",
                                      "pairs",
                                      "disclosed_pairs",
                                      "coefficients",
                                      "compared_bits",
                                      "different_bits",
                                      "raw_bits",
                                      "reconciliation_bits",
                                      "verification_bits",
                                      "selection_bits",
                                      "secret_bits",
                                      "auth_bits",
                                      "messages",
                                      "refusal" };
static const char *const reals[] = { "snr_db",          "entropy_bits",       "finite_size_bits",
                                     "eve_correlation", "amplification_bits", "channel_time_s",
                                     "onset_deviations" };

struct heading { /* of both kinds of event */
    const char *access_point;
    uint8_t session_id[SESSION_HEX_LEN];
    char radio[LABEL_CAP];
    uint64_t dropped; /* moments, by the access point, since the last event that says so */
};

static void write_heading(struct qw_json_writer *w, const struct heading *heading)
{
    qw_json_name(w, "access_point");
    qw_json_text(w, heading->access_point);
    qw_json_name(w, "session_id");
    qw_json_hex(w, heading->session_id, sizeof heading->session_id);
    qw_json_name(w, "radio");
    qw_json_text(w, heading->radio);
    qw_json_name(w, "simulated");
    qw_json_bool(w, true);
    qw_json_name(w, "dropped");
    qw_json_uint(w, heading->dropped);
}

static void copy_tone(struct qw_json_reader *r, const struct qw_json_node *frame, const char *name,
                      struct qw_json_writer *w)
{
    double tone = 0;

    qw_json_get_real(r, frame, name, &tone);
    if (!(fabs(tone) <= TONE_MAX) || trunc(tone) != tone) {
        r->failed = true;
        return;
    }
    qw_json_name(w, name);
    qw_json_int(w, (int64_t)tone);
}

/* Of one end; the first one must be there, and all have as many. */
static void copy_levels(struct qw_json_reader *r, const struct qw_json_node *frame,
                        const char *name, bool is_first, size_t *tones, struct qw_json_writer *w)
{
    uint8_t levels[LEVELS_MAX];
    size_t count = 0;

    if (!is_first && qw_json_find(frame, name) == NULL) {
        return;
    }
    qw_json_get_base64(r, frame, name, levels, 1, sizeof levels, &count);
    if (is_first) {
        *tones = count;
    } else if (count != *tones) {
        r->failed = true;
    }
    qw_json_name(w, name);
    qw_json_base64(w, levels, count);
}

static void copy_frame(struct qw_json_reader *r, const struct qw_json_node *frame,
                       struct qw_json_writer *w)
{
    uint64_t sequence = 0;
    size_t tones = 0;

    qw_json_get_uint(r, frame, "sequence", 0, QW_JSON_UINT_MAX - 1, &sequence);
    qw_json_object_begin(w);
    qw_json_name(w, "sequence");
    qw_json_uint(w, sequence);
    copy_tone(r, frame, "first_tone", w);
    copy_tone(r, frame, "last_tone", w);
    for (size_t end = 0; end < sizeof level_names / sizeof level_names[0]; end++) {
        copy_levels(r, frame, level_names[end], end == 0, &tones, w);
    }
    qw_json_object_end(w);
}

static void copy_frames(struct qw_json_reader *r, const struct qw_json_node *object,
                        const struct heading *heading, struct qw_json_writer *w)
{
    size_t count = 0;
    const struct qw_json_node *frames =
        qw_json_get_array(r, object, "frames", 1, FRAMES_MAX, &count);

    qw_json_object_begin(w);
    write_heading(w, heading);
    qw_json_name(w, "frames");
    qw_json_array_begin(w);
    for (size_t i = 0; qw_json_ok(r) && i < count; i++) {
        copy_frame(r, qw_json_item(frames, i), w);
    }
    qw_json_array_end(w);
    qw_json_object_end(w);
}

static void copy_ledger(struct qw_json_reader *r, const struct qw_json_node *ledger,
                        const struct heading *heading, struct qw_json_writer *w)
{
    uint64_t onset = 0;

    qw_json_object_begin(w);
    write_heading(w, heading);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        uint64_t value = 0;

        qw_json_get_uint(r, ledger, counts[i], 0, QW_JSON_UINT_MAX - 1, &value);
        qw_json_name(w, counts[i]);
        qw_json_uint(w, value);
    }
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        double value = 0;

        qw_json_get_real(r, ledger, reals[i], &value);
        qw_json_name(w, reals[i]);
        qw_json_real(w, value);
    }
    qw_json_get_uint(r, ledger, "onset", 0, ONSET_MAX, &onset);
    qw_json_name(w, "onset");
    qw_json_uint(w, onset);
    qw_json_object_end(w);
}

/* The event called name out of its member of the body, when it has one. */
static void publish(struct call *call, struct qw_json_reader *r, const struct qw_json_node *object,
                    const struct heading *heading, const char *name)
{
    char text[TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    bool is_ledger = strcmp(name, "session") == 0;
    const struct qw_json_node *ledger = qw_json_find(object, "ledger");

    if (is_ledger && ledger != NULL) {
        copy_ledger(r, ledger, heading, &w);
    } else if (!is_ledger && qw_json_find(object, "frames") != NULL) {
        copy_frames(r, object, heading, &w);
    } else {
        return;
    }
    if (qw_json_ok(r) && qw_json_done(&w)) {
        events_publish(call->service->events, name, text, w.len);
    } else {
        r->failed = true;
    }
}

/* Also while nobody looks any more: the access point learns that from the answer. */
static void count_moments(struct call *call, const struct qw_json_node *object, uint64_t dropped)
{
    const struct qw_json_node *frames = qw_json_find(object, "frames");
    struct events_losses losses = { .moments_dropped = dropped, .moments_seen = dropped };

    for (size_t i = 0; i < FRAMES_MAX && frames != NULL && qw_json_item(frames, i) != NULL; i++) {
        losses.moments_seen++;
    }
    events_add_losses(call->service->events, &losses);
}

static qw_err read_body(struct call *call, struct qw_json_reader *r,
                        const struct qw_json_node *object)
{
    struct heading heading = { .access_point = call->caller.id };
    bool is_simulated = false;

    if (qw_json_find(object, "frames") == NULL && qw_json_find(object, "ledger") == NULL) {
        return QW_OK; /* it only asks whether somebody looks */
    }
    qw_json_get_bool(r, object, "simulated", &is_simulated);
    qw_json_get_hex(r, object, "session_id", heading.session_id, sizeof heading.session_id);
    qw_json_get_text(r, object, "radio", heading.radio, 1, sizeof heading.radio);
    qw_json_get_uint(r, object, "dropped", 0, DROPPED_MAX, &heading.dropped);
    if (!qw_json_ok(r)) {
        return QW_ERR_FORMAT;
    }
    if (!is_simulated) {
        return QW_ERR_REFUSED; /* what was measured on a real channel is a secret */
    }
    publish(call, r, object, &heading, "radio");
    if (!qw_json_ok(r)) {
        return QW_ERR_FORMAT;
    }
    count_moments(call, object, heading.dropped);
    heading.dropped = qw_json_find(object, "frames") == NULL ? heading.dropped : 0; /* said once */
    publish(call, r, object, &heading, "session");
    return qw_json_ok(r) ? QW_OK : QW_ERR_FORMAT;
}

void route_radio_view(struct call *call)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    char text[64];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = call->service->events == NULL
                     ? QW_ERR_UNAVAILABLE
                     : qw_centre_access_point_serves(call->service->centre, &call->caller);

    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    if (!call_open_body(call, true, &r, &object)) {
        return;
    }
    err = read_body(call, &r, object);
    qw_json_close(&r);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, "is_watched");
    qw_json_bool(&w, events_is_watched(call->service->events));
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}
