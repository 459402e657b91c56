/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_plkg.h"

#include "lab/lab_pace.h"
#include "lab/trace/lab_listen.h"
#include "radio/antenna/matrix_capacity.h"
#include "radio/capacity.h"
#include "radio/plkg/message.h"

#include <math.h>

/* Sums over the sessions of a run. */
struct tally {
    double mutual_bits, string_bits, reconciled_bits;
    double airtime_s;
    double disagreement, disagreement_count;
    double agreement, agreement_count;
    double cpu_s;
};

enum { GUARDED_SESSIONS = 64 };

static const double CREDIT_MAX = 0.99; /* of a policy */
static const double EVE_NOISE = 1e-4;  /* 40 dB */
enum { SURFACE_ELEMENTS = 64 };
static const double SURFACE_DELAY_S = 50e-9;
static const double SURFACE_WIDTH_RAD = M_PI / 3.0; /* half as far away as it is wide */

double lab_plkg_eve_distance_m(double correlation, double carrier_hz)
{
    double low = 0.0;
    double high = 2.404825557695773; /* the first zero of J0 */

    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);

        if (j0(middle) > correlation) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low / (2.0 * M_PI) * QW_CHANNEL_LIGHT_M_PER_S / carrier_hz;
}

/* The bands of a sweep are one list of tones: what neighbours have in common is in it. */
static size_t list_tones(const struct lab_channel *channel, int16_t *list)
{
    const int16_t *tones;
    size_t count = qw_csi_format_tones(QW_CSI_LEGACY_20, &tones);

    for (size_t band = 0; band < channel->bands; band++) {
        double offset = (double)band * channel->band_spacing_hz / QW_CHANNEL_TONE_SPACING_HZ;

        for (size_t k = 0; k < count; k++) {
            list[band * count + k] = (int16_t)(lrint(offset) + tones[k]);
        }
    }
    return channel->bands * count;
}

static qw_err find_row_capacity(const struct lab_plkg_config *config,
                                const struct qw_capacity_probing *probing, double noise,
                                double *bits)
{
    struct qw_matrix_capacity link = { .probing = *probing,
                                       .access_point_antennas =
                                           config->channel.access_point_antennas,
                                       .terminal_antennas = config->channel.terminal_antennas,
                                       .antenna_spacing_m = config->channel.antenna_spacing_m,
                                       .noise = noise,
                                       .has_eve = config->eve_correlation > 0.0,
                                       .eve_distance_m = config->channel.eve_distance_m,
                                       .eve_noise = EVE_NOISE };

    return qw_matrix_capacity_probe_bits(&link, bits);
}

static size_t chains_of(const struct lab_channel *channel)
{
    return channel->access_point_antennas * channel->terminal_antennas * channel->bands;
}

/* Several antennas or bands, of Wi-Fi 20 MHz. */
static qw_err find_chains_capacity(const struct lab_plkg_config *config,
                                   const struct qw_capacity_probing *single,
                                   const struct qw_capacity_noise *noise, double *bits)
{
    struct qw_capacity_probing probing = *single;
    int16_t tones[QW_FEATURE_CHAINS_MAX * QW_CHANNEL_TONES_MAX];

    probing.tones = tones;
    probing.tone_count = list_tones(&config->channel, tones);
    return config->channel.access_point_antennas * config->channel.terminal_antennas > 1
               ? find_row_capacity(config, &probing, noise->noise, bits)
               : qw_capacity_probe_bits(&probing, noise, bits);
}

/* A cell measures each period, whatever is made of it: the capacity is that of all of them. Above
 * twice the Doppler frequency the gap between the directions takes nothing of it, below it is an
 * upper limit. */
static qw_err find_capacity(const struct lab_plkg_config *config, double *bits)
{
    const struct qw_carrier *carrier = config->channel.carrier;
    double measured_s = carrier->period_s > 0.0 ? carrier->period_s : config->channel.interval_s;
    struct qw_capacity_probing probing = { .profile = &config->channel.profile,
                                           .spacing_hz = carrier->spacing_hz,
                                           .carrier_hz = carrier->carrier_hz,
                                           .speed_m_per_s = config->channel.speed_m_per_s,
                                           .interval_s = measured_s };
    struct qw_capacity_noise noise = { .noise = pow(10.0, -config->channel.snr_db / 10.0),
                                       .eve_correlation = config->eve_correlation,
                                       .eve_noise = EVE_NOISE };
    double measured_bits = 0.0;
    qw_err err;

    if (config->channel.medium != NULL || config->channel.attack != LAB_ATTACK_NONE) {
        *bits =
            NAN; /* what a measured channel holds is not known; an attacked one has no formula */
        return QW_OK;
    }
    if (chains_of(&config->channel) > 1) {
        return find_chains_capacity(config, &probing, &noise, bits);
    }
    probing.tone_count = qw_csi_format_tones(carrier->format, &probing.tones);
    err = qw_capacity_probe_bits(&probing, &noise, &measured_bits);
    if (err == QW_OK) {
        *bits = measured_bits * config->channel.interval_s / measured_s;
    }
    return err;
}

/* One path, fresh at every probe unless somebody has a schedule: one mode of all tones. */
static void find_surface_capacity(const struct lab_plkg_config *config,
                                  const struct qw_surface *surface, double *bits)
{
    struct qw_capacity_noise noise = { .noise = pow(10.0, -config->channel.snr_db / 10.0),
                                       .eve_correlation = qw_surface_eve_correlation(surface),
                                       .eve_noise = EVE_NOISE };
    const int16_t *tones;
    size_t count = qw_csi_format_tones(QW_CSI_LEGACY_20, &tones);

    *bits = config->surface_period > 0
                ? 0.0
                : qw_capacity_mode_bits(config->surface_power * (double)count, &noise);
}

static qw_err open_surface(const struct lab_plkg_config *config, struct qw_surface **surface)
{
    double wavelength_m = QW_CHANNEL_LIGHT_M_PER_S / QW_CHANNEL_CARRIER_HZ;
    struct qw_surface_config made = { .seed = config->channel.seed ^ UINT64_C(0x5f1ec7),
                                      .elements = SURFACE_ELEMENTS,
                                      .power = config->surface_power,
                                      .delay_s = SURFACE_DELAY_S,
                                      .width_rad = SURFACE_WIDTH_RAD,
                                      .eve_distance_wavelengths =
                                          config->channel.eve_distance_m / wavelength_m,
                                      .spacing_hz = QW_CHANNEL_TONE_SPACING_HZ,
                                      .period = config->surface_period };

    if (config->channel.speed_m_per_s > 0.0 || config->channel.bands > 1 ||
        config->channel.access_point_antennas * config->channel.terminal_antennas > 1) {
        return QW_ERR_ARG;
    }
    return qw_surface_new(&made, surface);
}

/* What the channel holds; with a surface in place, and what it shows credited. */
static qw_err set_up(struct lab_plkg_config *own, struct qw_surface **surface, double *bits)
{
    qw_err err;

    if (own->surface_power == 0.0) {
        return find_capacity(own, bits);
    }
    err = open_surface(own, surface);
    if (err != QW_OK) {
        return err;
    }
    own->channel.surface = *surface;
    if (!own->is_credit_given) {
        own->credited = fmin(fmax(own->credited, qw_surface_eve_correlation(*surface)), CREDIT_MAX);
    }
    find_surface_capacity(own, *surface, bits);
    return QW_OK;
}

static void add_refusal(const struct qw_plkg_ledger *ledger, struct lab_plkg_result *result)
{
    result->refused++;
    result->refusal = (enum qw_plkg_refusal)ledger->refusal;
    if (ledger->refusal == QW_PLKG_DECODE || ledger->refusal == QW_PLKG_VERIFY) {
        result->undecoded++;
    }
}

static void add_session(const struct lab_session_report *report, struct tally *tally,
                        struct lab_plkg_result *result)
{
    const struct qw_plkg_ledger *ledger = &report->ledger;

    if (report->onset == QW_PLKG_ONSET_FOUND || result->onset == QW_PLKG_ONSET_PASSED) {
        result->onset = report->onset;
    }
    result->onset_deviations = fmax(result->onset_deviations, report->onset_deviations);
    result->sessions++;
    result->ledger = *ledger;
    result->probes += ledger->probes;
    result->coefficients += ledger->coefficients;
    result->auth_bits += ledger->auth_bits;
    result->leaked_bits +=
        ledger->reconciliation_bits + ledger->verification_bits + ledger->selection_bits;
    tally->airtime_s += ledger->airtime_share * ledger->channel_time_s;
    tally->cpu_s += report->cpu_s;
    if (!isnan(report->raw_disagreement)) {
        tally->disagreement += report->raw_disagreement;
        tally->disagreement_count += 1.0;
    }
    if (!report->has_key) {
        add_refusal(ledger, result);
        return;
    }
    result->key_ledger = *ledger;
    result->secret_bits += ledger->secret_bits;
    result->keys += report->keys;
    result->wrong_keys += report->wrong_keys;
    result->eve_keys += report->eve_verified ? 1 : 0;
    tally->mutual_bits += report->mutual_bits;
    tally->string_bits += report->string_bits;
    tally->reconciled_bits += (double)ledger->reconciliation_bits;
    if (!isnan(report->eve_key_agreement)) {
        tally->agreement += report->eve_key_agreement;
        tally->agreement_count += 1.0;
    }
}

/* Lost blocks count as bits lost. */
static double find_beta(const struct tally *tally, const struct lab_plkg_result *result)
{
    double made = (double)(result->sessions - result->refused);
    double tried = made + (double)result->undecoded;

    return (tally->string_bits - tally->reconciled_bits) / tally->mutual_bits * made / tried;
}

static void finish(const struct tally *tally, struct lab_plkg_result *result)
{
    double probes = (double)result->probes;
    double net_bits = (double)result->secret_bits - (double)result->auth_bits;

    result->net_rate_bps = fmax(net_bits, 0.0) / result->channel_time_s;
    result->airtime_share = tally->airtime_s / result->channel_time_s;
    result->secret_bits_per_probe = (double)result->secret_bits / probes;
    result->capacity_share = result->capacity_bits_per_probe > 0.0
                                 ? result->secret_bits_per_probe / result->capacity_bits_per_probe
                                 : NAN;
    result->reconciliation_beta = find_beta(tally, result);
    result->raw_disagreement = tally->disagreement / tally->disagreement_count;
    result->eve_key_agreement = tally->agreement / tally->agreement_count;
    result->cpu_ms_per_key =
        result->secret_bits > 0 ? 1e3 * tally->cpu_s / ((double)result->secret_bits / 256.0) : NAN;
}

/* Both ends of a replay are given the same record: what they share is the receiver's as much as the
 * channel's. A key made of it would be none. */
static void withhold(struct lab_plkg_result *result)
{
    result->one_sided_bits = result->secret_bits;
    result->secret_bits = 0;
    result->keys = 0;
    result->key_ledger = (struct qw_plkg_ledger){ 0 };
}

/* What the eavesdropper learnt in one session must be old in the next one: ten wavelengths of
 * movement, a second at least. */
static double pause_s(const struct lab_channel *channel)
{
    double wavelength_m = QW_CHANNEL_LIGHT_M_PER_S / channel->carrier->carrier_hz;

    return channel->speed_m_per_s > 0.0 ? fmax(10.0 * wavelength_m / channel->speed_m_per_s, 1.0)
                                        : 1.0;
}

static struct qw_plkg_policy policy_of(const struct lab_plkg_config *config, uint32_t probes)
{
    struct qw_plkg_policy policy = qw_plkg_policy_standard;

    policy.eve_correlation = config->credited;
    policy.injected_ratio = config->credited_injection;
    policy.probes_max = probes;
    policy.probe_interval_ms = 1e3 * config->channel.interval_s;
    policy.wanted_bits = 1u << 20; /* as long as may be */
    return policy;
}

struct run {
    const struct lab_plkg_config *config;
    struct qw_replay_guard *guard;
    uint32_t sessions, probes;
    double start_s;
};

static qw_err run_session(const struct run *run, uint32_t index, uint64_t noise_stream,
                          struct lab_session_report *report)
{
    const struct lab_plkg_config *config = run->config;
    double length_s = run->probes * config->channel.interval_s + pause_s(&config->channel);
    struct qw_plkg_policy policy = policy_of(config, run->probes);
    struct lab_trace *trace;
    qw_err err = lab_listen(&config->channel, run->start_s + index * length_s, run->probes,
                            noise_stream, &trace);

    if (err != QW_OK) {
        return err;
    }
    err = lab_session_run(trace, &policy, run->guard, config->has_eve, report);
    lab_trace_free(trace);
    return err;
}

/* Another time's noise on the same fading. */
static qw_err rehearse(const struct run *run)
{
    qw_err err = QW_OK;

    for (uint32_t i = 0; err == QW_OK && run->config->is_replayed && i < run->sessions; i++) {
        struct lab_session_report unused;

        err = run_session(run, i, run->sessions + i, &unused);
    }
    return err;
}

static qw_err run_sessions(const struct run *run,
                           void (*progress)(void *self, uint32_t done, uint32_t total), void *self,
                           struct tally *tally, struct lab_plkg_result *made)
{
    qw_err err = rehearse(run);

    for (uint32_t i = 0; err == QW_OK && i < run->sessions; i++) {
        struct lab_session_report report;

        err = run_session(run, i, i, &report);
        if (err == QW_OK) {
            add_session(&report, tally, made);
        }
        if (progress != NULL) {
            progress(self, i + 1, run->sessions);
        }
    }
    return err;
}

/* How far apart, how many sessions and how long; the looks are over and old before the first. */
static qw_err plan(struct lab_plkg_config *own, struct run *run)
{
    double wanted;

    if (own->is_paced) {
        qw_err err = lab_pace_find(&own->channel, &own->channel.interval_s, &run->start_s);

        if (err != QW_OK) {
            return err;
        }
        run->start_s += pause_s(&own->channel);
    }
    wanted = floor(own->seconds / own->channel.interval_s + 1e-9);
    run->sessions = (uint32_t)ceil(wanted / own->session_probes);
    run->probes = run->sessions > 0 ? (uint32_t)(wanted / run->sessions) : 0;
    return run->probes < QW_PLKG_PROBES_MIN ? QW_ERR_ARG : QW_OK;
}

qw_err lab_plkg_run(const struct lab_plkg_config *config,
                    void (*progress)(void *self, uint32_t done, uint32_t total), void *self,
                    struct lab_plkg_result *result)
{
    struct lab_plkg_config own = *config;
    struct qw_surface *surface = NULL;
    struct run run = { .config = &own };
    struct lab_plkg_result made = { .onset = QW_PLKG_ONSET_PASSED, .onset_deviations = NAN };
    struct tally tally = { 0 };
    qw_err err = plan(&own, &run);

    if (err != QW_OK) {
        return err;
    }
    err = qw_replay_guard_new(GUARDED_SESSIONS, &run.guard);
    if (err == QW_OK) {
        err = set_up(&own, &surface, &made.capacity_bits_per_probe);
    }
    if (err == QW_OK) {
        err = run_sessions(&run, progress, self, &tally, &made);
    }
    qw_surface_free(surface);
    qw_replay_guard_free(run.guard);
    if (err != QW_OK) {
        return err;
    }
    made.channel_time_s = run.start_s + run.sessions * run.probes * own.channel.interval_s +
                          (run.sessions - 1) * pause_s(&config->channel);
    made.credited = own.credited;
    made.interval_s = own.channel.interval_s;
    if (config->channel.medium != NULL && !config->is_two_sided) {
        withhold(&made);
    }
    finish(&tally, &made);
    *result = made;
    return QW_OK;
}
