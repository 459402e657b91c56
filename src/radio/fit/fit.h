/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_FIT_FIT_H
#define QW_RADIO_FIT_FIT_H

#include "radio/channel/profile.h"
#include "radio/fit/estimate.h"

/* A simulated channel with the statistics of a measured one [W9]: what a capture tells about delay,
 * movement, noise and antennas, how sure each is, and what it cannot tell. The capture itself is
 * one-sided and gives no key; the channel made from it has its own fading. */
#define QW_FIT_REMARK_TABLE(X) \
    X(NO_PHASE, "no_phase", "phases are drawn anew for each frame: amplitudes only") \
    X(PHASE_UNTOLD, "phase_untold", \
      "frames too far apart to tell whether their phases hang together") \
    X(STILL, "nothing_moves", "nothing moves that is not noise") \
    X(JITTER, "frame_jitter", \
      "frames differ without memory: the receiver's gain, or a channel too fast for them; left " \
      "out") \
    X(SHORT, "too_short", \
      "the channel moves slower than the capture lasts: no Doppler spectrum, its speed is a " \
      "guess") \
    X(ROUGH_SPEED, "speed_is_rough", "the limits of its correlation time reach zero") \
    X(FEW_FADES, "few_fades", "fewer than ten independent fades: shares are rough") \
    X(NO_NOISE, "noise_untold", "noise and movement cannot be told apart") \
    X(ROUNDING, "noise_is_rounding", "most of the noise is the rounding of the values") \
    X(NO_LEVEL, "level_untold", \
      "no level, or one that hardly moves: what fades at all tones and antennas alike is missing") \
    X(FLAT, "band_too_narrow", "the delay spread is below what this band resolves") \
    X(STANDING, "delay_of_one_pattern", "the delay spread is that of one standing pattern")
#define QW_FIT_REMARK_ENUM(name, json, text) QW_FIT_REMARK_##name,
enum qw_fit_remark { QW_FIT_REMARK_TABLE(QW_FIT_REMARK_ENUM) QW_FIT_REMARKS };
#undef QW_FIT_REMARK_ENUM

struct qw_fit_value {
    double value;     /* NaN: cannot be told */
    double low, high; /* 95 % limits from eight parts of the capture; NaN: not told */
};

struct qw_fit {
    struct qw_fit_value parameter[QW_FIT_PARAMETERS];
    bool remark[QW_FIT_REMARKS];
    enum qw_csi_format format;
    uint16_t measured_tones;
    size_t frames, chains, tones; /* used */
    uint64_t other_frames, skipped_records, clock_steps;
    double duration_s, interval_s;
    double tone_spacing_hz;
    int tone_first, tone_last;
    double fades;              /* independent ones in this time; 0: nothing moves */
    double channel_doppler_hz; /* of the channel made from it; 0: nothing moves */
    double phase_resultant;    /* of the phase from one frame to the next, 0..1; NaN: not told */
    double phase_pairs;        /* that went into it */
    double rounding_snr_db;    /* of whole numbers; NaN: values are none */
    uint64_t gain_changes;     /* of the reported gain, from frame to frame */
    double gain_min_db, gain_max_db; /* NaN: not reported */
    size_t time_lags;
    struct qw_fit_lag time[QW_FIT_LAGS_MAX]; /* correlation of the powers over time: covariance is
                                                relative to that at 0 */
    size_t tone_lags;
    struct qw_fit_lag tone[QW_FIT_TONES_MAX]; /* the same over tones */
};

extern const char *const qw_fit_parameter_names[QW_FIT_PARAMETERS];
extern const char *const qw_fit_parameter_texts[QW_FIT_PARAMETERS];
extern const char *const qw_fit_remark_names[QW_FIT_REMARKS];
extern const char *const qw_fit_remark_texts[QW_FIT_REMARKS];

/* QW_ERR_NOMEM. */
qw_err qw_fit_series(const struct qw_fit_series *series, struct qw_fit *fit) QW_MUST_USE;

/* The same from a file; error as of qw_fit_series_load. */
qw_err qw_fit_file(const char *path, struct qw_fit *fit, char error[static 256]) QW_MUST_USE;

/* The channel of these parameters, for radio/channel.h: an exponential profile whose power moves,
 * stands still, or is one steady wave, as measured. *speed_m_per_s gives channel_doppler_hz. */
void qw_fit_channel(const struct qw_fit *fit, struct qw_channel_profile *profile,
                    double *speed_m_per_s);

/* True: phases of neighbouring frames hang together, so that more than amplitudes can be used. */
bool qw_fit_has_phase(const struct qw_fit *fit);

/* Signal to noise of a receiver like that of the capture, 0..50 dB; otherwise when it was not told.
 */
double qw_fit_snr_db(const struct qw_fit *fit, double otherwise_db);

#endif
