/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "capture/record_soapy.h"

#include "lab/options/lab_option_value.h"
#include "option_value.h"
#include "radio/carrier/sounding.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    KEY_FREQUENCY = 0x400,
    KEY_RATE,
    KEY_GAIN,
    KEY_ANTENNA,
    KEY_CHANNEL,
    KEY_CARRIER,
    KEY_STATION,
    KEY_PEER,
    KEY_ROLE,
    KEY_INTERVAL,
    KEY_GAP,
    KEY_SEND_GAIN,
    KEY_SEND_ANTENNA
};

enum { CHANNEL_MAX = 63, TIME_MAX_MS = 3600000 };
static const double FREQUENCY_MIN_HZ = 1e4;
static const double FREQUENCY_MAX_HZ = 1e11;
static const double GAIN_MAX_DB = 200.0;

static const struct argp_option options[] = {
    { NULL, 0, NULL, 0, "A software radio (soapy:):", 1 },
    { "frequency-hz", KEY_FREQUENCY, "HZ", 0, "middle of the channel", 1 },
    { "rate-hz", KEY_RATE, "HZ", 0, "samples a second (default: the carrier's own)", 1 },
    { "gain-db", KEY_GAIN, "DB", 0, "of the receiver, as the device counts it", 1 },
    { "antenna", KEY_ANTENNA, "NAME", 0, "of the receiver (default: as the device stands)", 1 },
    { "channel", KEY_CHANNEL, "N", 0, "of the device (default: 0)", 1 },
    { "carrier", KEY_CARRIER, "NAME", 0, "waveform: wifi20 (default), wifi40, wifi80", 1 },
    { "station", KEY_STATION, "N", 0, "own number in what is sent, 0..15", 1 },
    { "peer", KEY_PEER, "N", 0, "the only station that is listened to (default: any other)", 1 },
    { "role", KEY_ROLE, "NAME", 0, "listen (default), or send pilots as first or second", 1 },
    { "interval-ms", KEY_INTERVAL, "N", 0, "first: between pilots (default: 100)", 1 },
    { "gap-ms", KEY_GAP, "N", 0, "from a pilot to its reply, over the way of samples (10)", 1 },
    { "send-gain-db", KEY_SEND_GAIN, "DB", 0, "of the transmitter; must be given to send", 1 },
    { "send-antenna", KEY_SEND_ANTENNA, "NAME", 0, "of the transmitter", 1 },
    { 0 },
};

static const char *const roles[] = { "listen", "first", "second", NULL };

static void set_carrier(const char *value, struct record_soapy_options *soapy,
                        struct argp_state *state)
{
    const struct qw_carrier *carrier = qw_carrier_find(value);

    if (carrier == NULL || carrier->is_cellular) {
        argp_error(state, "a carrier is wifi20, wifi40 or wifi80, not '%s'", value);
    }
    soapy->carrier = carrier;
}

/* Settings of the radio itself. */
static error_t parse_radio(int key, char *value, struct argp_state *state)
{
    struct record_soapy_options *soapy = state->input;

    switch (key) {
    case KEY_FREQUENCY:
        soapy->frequency_hz = lab_option_real(value, FREQUENCY_MIN_HZ, FREQUENCY_MAX_HZ, state);
        soapy->has_frequency = true;
        return 0;
    case KEY_RATE:
        soapy->rate_hz =
            lab_option_real(value, QW_SOUNDING_RATE_MIN_HZ, QW_SOUNDING_RATE_MAX_HZ, state);
        soapy->has_rate = true;
        return 0;
    case KEY_GAIN:
        soapy->gain_db = lab_option_real(value, -GAIN_MAX_DB, GAIN_MAX_DB, state);
        soapy->has_gain = true;
        return 0;
    case KEY_SEND_GAIN:
        soapy->send_gain_db = lab_option_real(value, -GAIN_MAX_DB, GAIN_MAX_DB, state);
        soapy->has_send_gain = true;
        return 0;
    case KEY_ANTENNA:
        soapy->antenna = value;
        return 0;
    case KEY_SEND_ANTENNA:
        soapy->send_antenna = value;
        return 0;
    case KEY_CHANNEL:
        soapy->channel = option_number(value, 0, CHANNEL_MAX, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct record_soapy_options *soapy = state->input;

    switch (key) {
    case KEY_CARRIER:
        set_carrier(value, soapy, state);
        return 0;
    case KEY_ROLE:
        soapy->role = (enum qw_soapy_role)lab_option_word(value, roles, state);
        return 0;
    case KEY_STATION:
        soapy->station = option_number(value, 0, 15, state);
        return 0;
    case KEY_PEER:
        soapy->peer = option_number(value, 0, 15, state);
        return 0;
    case KEY_INTERVAL:
        soapy->interval_ms = option_number(value, 1, TIME_MAX_MS, state);
        return 0;
    case KEY_GAP:
        soapy->gap_ms = option_number(value, 1, TIME_MAX_MS, state);
        return 0;
    default:
        return parse_radio(key, value, state);
    }
}

const struct argp record_soapy_argp = { options, parse, NULL, NULL, NULL, NULL, NULL };

const char *record_soapy_missing(const struct record_soapy_options *soapy)
{
    if (!soapy->has_frequency || !soapy->has_gain) {
        return "a software radio needs --frequency-hz and --gain-db";
    }
    if (soapy->role == QW_SOAPY_LISTEN) {
        return NULL;
    }
    if (!soapy->has_send_gain || soapy->station < 0) {
        return "to send needs --send-gain-db and --station";
    }
    return soapy->role == QW_SOAPY_FIRST && soapy->interval_ms <= soapy->gap_ms
               ? "--interval-ms must be over --gap-ms"
               : NULL;
}

/* The rate at which a carrier's tones are as far apart as they should be. */
static double own_rate_hz(const struct qw_carrier *carrier)
{
    struct qw_sounding sounding;

    qw_sounding_of(carrier, &sounding);
    return sounding.rate_hz;
}

qw_err record_soapy_open(const char *args, const struct record_soapy_options *soapy_options,
                         struct qw_soapy *soapy, struct qw_soapy_prober **prober)
{
    const struct record_soapy_options *o = soapy_options;
    struct qw_soapy_prober_config config = {
        .radio = { .args = args,
                   .channel = (size_t)o->channel,
                   .frequency_hz = o->frequency_hz,
                   .rate_hz = o->has_rate ? o->rate_hz : own_rate_hz(o->carrier),
                   .gain_db = o->gain_db,
                   .antenna = o->antenna,
                   .send_gain_db = o->send_gain_db,
                   .send_antenna = o->send_antenna },
        .carrier = o->carrier,
        .station = o->station < 0 ? QW_SOUNDING_ANY_STATION : (int)o->station,
        .peer = o->peer < 0 ? QW_SOUNDING_ANY_STATION : (int)o->peer,
        .role = o->role,
        .interval_ns = o->interval_ms * INT64_C(1000000),
        .gap_ns = o->gap_ms * INT64_C(1000000),
    };
    char text[QW_SOAPY_TEXT_CAP] = "";
    qw_err err = qw_soapy_load(QW_SOAPY_LIBRARY, soapy);

    if (err != QW_OK) {
        fprintf(stderr, "qwave capture record: %s is not installed (Debian: libsoapysdr0.8)\n",
                QW_SOAPY_LIBRARY);
        return err;
    }
    err = qw_soapy_prober_open(soapy, &config, prober, text);
    if (err != QW_OK) {
        fprintf(stderr, "qwave capture record: soapy:%s: %s\n", args,
                text[0] != '\0' ? text : qw_err_text(err));
        qw_soapy_unload(soapy);
        return err;
    }
    fprintf(stderr, "qwave capture record: %s at %.0f Hz, %.0f samples a second\n",
            o->role == QW_SOAPY_LISTEN ? "listening" : "sending and listening", o->frequency_hz,
            config.radio.rate_hz);
    return QW_OK;
}

static const struct {
    const char *name;
    size_t offset;
} rows[] = {
    { "samples", offsetof(struct qw_soapy_counters, sounding.samples) },
    { "samples_lost", offsetof(struct qw_soapy_counters, sounding.samples_lost) },
    { "wild_samples", offsetof(struct qw_soapy_counters, sounding.wild_samples) },
    { "clock_jumps", offsetof(struct qw_soapy_counters, sounding.clock_jumps) },
    { "no_label", offsetof(struct qw_soapy_counters, sounding.no_label) },
    { "foreign", offsetof(struct qw_soapy_counters, sounding.foreign) },
    { "overruns", offsetof(struct qw_soapy_counters, overruns) },
    { "corrupt_packets", offsetof(struct qw_soapy_counters, corrupt) },
    { "sends", offsetof(struct qw_soapy_counters, sends) },
    { "sends_late", offsetof(struct qw_soapy_counters, sends_late) },
};

static uint64_t value_of(const struct qw_soapy_counters *counters, size_t row)
{
    uint64_t value;

    memcpy(&value, (const char *)counters + rows[row].offset, sizeof value);
    return value;
}

void record_soapy_print(const struct qw_soapy_counters *counters)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        printf("%s%s %" PRIu64, i == 0 ? "" : ", ", rows[i].name, value_of(counters, i));
    }
    printf("\n");
}

void record_soapy_write(const struct qw_soapy_counters *counters, struct qw_json_writer *writer)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        qw_json_name(writer, rows[i].name);
        qw_json_uint(writer, value_of(counters, i));
    }
}
