/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_output.h"

#include "api/json_writer.h"
#include "lab/lab_measured.h"
#include "ledger_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { ROW_CAP = 4096, VALUES_MAX = 40 };

struct value {
    const char *name;
    double number;
    bool is_whole;
};

/* The same list for JSON and CSV. Values [VALUES_MAX]; their count. */
static size_t list_values(const struct lab_row *row, struct value *values)
{
    const struct lab_plkg_config *c = &row->config;
    const struct lab_plkg_result *r = &row->result;
    const struct value all[] = {
        { "snr_db", c->is_two_sided ? (double)NAN : c->channel.snr_db, false },
        { "speed_mps", c->channel.medium == NULL ? c->channel.speed_m_per_s : (double)NAN, false },
        { "delay_spread_ns",
          c->channel.medium == NULL ? 1e9 * qw_channel_profile_delay_spread_s(&c->channel.profile)
                                    : (double)NAN,
          false },
        { "interval_ms", 1e3 * r->interval_s, false },
        { "seconds", c->seconds, false },
        { "channel_time_s", r->channel_time_s, false },
        { "eve_correlation", c->channel.medium == NULL ? c->eve_correlation : (double)NAN, false },
        { "credited_correlation", r->credited, false },
        { "eve_distance_m", c->channel.medium == NULL ? c->channel.eve_distance_m : (double)NAN,
          false },
        { "sessions", r->sessions, true },
        { "refused", r->refused, true },
        { "probes", (double)r->probes, true },
        { "coefficients", (double)r->coefficients, true },
        { "secret_bits", (double)r->secret_bits, true },
        { "one_sided_bits", (double)r->one_sided_bits, true },
        { "secret_bits_per_probe", r->secret_bits_per_probe, false },
        { "capacity_bits_per_probe", r->capacity_bits_per_probe, false },
        { "capacity_share", r->capacity_share, false },
        { "net_rate_bps", r->net_rate_bps, false },
        { "airtime_share", r->airtime_share, false },
        { "reconciliation_beta", r->reconciliation_beta, false },
        { "frame_error_rate", (double)r->undecoded / r->sessions, false },
        { "keys", (double)r->keys, true },
        { "wrong_keys", (double)r->wrong_keys, true },
        { "raw_disagreement", r->raw_disagreement, false },
        { "leaked_bits", (double)r->leaked_bits, true },
        { "auth_bits_spent", (double)r->auth_bits, true },
        { "eve_key_agreement", r->eve_key_agreement, false },
        { "eve_keys", r->eve_keys, true },
        { "cpu_ms_per_key", r->cpu_ms_per_key, false },
        { "onset_deviations", r->onset_deviations, false },
    };
    size_t count = sizeof all / sizeof all[0];

    qw_assert(count <= VALUES_MAX);
    for (size_t i = 0; i < count; i++) {
        values[i] = all[i];
    }
    return count;
}

/* In files, where a table wants a word. */
static const char *channel_name(const struct lab_row *row)
{
    const struct lab_channel *channel = &row->config.channel;

    if (channel->medium != NULL) {
        return row->config.is_two_sided ? "measured" : "replayed";
    }
    return channel->kind != NULL ? channel->kind->name : "fitted";
}

/* What airtime_share is a share of. */
static const char *cost_of(const struct lab_row *row)
{
    return row->config.channel.carrier->is_cellular ? "resource elements" : "airtime";
}

static void write_reason(const struct lab_row *row, struct qw_json_writer *w)
{
    const struct lab_plkg_result *r = &row->result;

    qw_json_name(w, "reason");
    if (row->config.channel.medium != NULL && !row->config.is_two_sided) {
        qw_json_text(w, lab_measured_one_sided);
    } else if (r->refused > 0) {
        qw_json_text(w, qw_plkg_refusal_text(r->refusal));
    } else {
        qw_json_null(w);
    }
}

static void write_row(const struct lab_row *row, struct qw_json_writer *w)
{
    struct value values[VALUES_MAX];
    size_t count = list_values(row, values);

    qw_json_object_begin(w);
    qw_json_name(w, "channel");
    qw_json_text(w, channel_name(row));
    qw_json_name(w, "label");
    qw_json_text(w, row->config.channel.label);
    qw_json_name(w, "carrier");
    qw_json_text(w, row->config.channel.carrier->name);
    qw_json_name(w, "probing");
    qw_json_text(w, row->config.channel.is_sampled ? "samples" : "tones");
    qw_json_name(w, "cost_is");
    qw_json_text(w, cost_of(row));
    qw_json_name(w, "features");
    qw_json_text(w, row->config.channel.front_end.has_phase ? "complex" : "amplitude");
    qw_json_name(w, "seed");
    qw_json_uint(w, row->config.channel.seed);
    for (size_t i = 0; i < count; i++) {
        qw_json_name(w, values[i].name);
        if (values[i].is_whole) {
            qw_json_uint(w, (uint64_t)values[i].number);
        } else {
            qw_json_real(w, values[i].number);
        }
    }
    qw_json_name(w, "onset");
    qw_json_text(w, qw_plkg_onset_name(row->result.onset));
    qw_json_name(w, "refusal");
    qw_json_text(w, qw_plkg_refusal_name(row->result.refusal));
    write_reason(row, w);
    qw_json_name(w, "simulated");
    qw_json_bool(w, !row->config.is_two_sided);
    qw_json_object_end(w);
}

qw_err lab_output_json(const struct lab_row *rows, size_t count, FILE *stream)
{
    size_t cap = (count + 1) * ROW_CAP;
    char *text = malloc(cap);
    struct qw_json_writer w;
    qw_err err;

    if (text == NULL) {
        return QW_ERR_NOMEM;
    }
    w = qw_json_writer_on(text, cap);
    if (count != 1) {
        qw_json_object_begin(&w);
        qw_json_name(&w, "rows");
        qw_json_array_begin(&w);
    }
    for (size_t i = 0; i < count; i++) {
        write_row(&rows[i], &w);
    }
    if (count != 1) {
        qw_json_array_end(&w);
        qw_json_object_end(&w);
    }
    qw_assert(qw_json_done(&w));
    err = fprintf(stream, "%s\n", text) > 0 && fflush(stream) == 0 ? QW_OK : QW_ERR_IO;
    free(text);
    return err;
}

qw_err lab_output_csv(const struct lab_row *rows, size_t count, const char *path)
{
    FILE *stream = fopen(path, "we");
    bool done;

    if (stream == NULL) {
        return QW_ERR_IO;
    }
    for (size_t i = 0; i < count; i++) {
        struct value values[VALUES_MAX];
        size_t columns = list_values(&rows[i], values);

        if (i == 0) {
            fprintf(stream, "channel,seed");
            for (size_t k = 0; k < columns; k++) {
                fprintf(stream, ",%s", values[k].name);
            }
            fprintf(stream, ",refusal\n");
        }
        fprintf(stream, "%s,%" PRIu64, channel_name(&rows[i]), rows[i].config.channel.seed);
        for (size_t k = 0; k < columns; k++) {
            fprintf(stream, isnan(values[k].number) ? "," : ",%.9g", values[k].number);
        }
        fprintf(stream, ",%s\n", qw_plkg_refusal_name(rows[i].result.refusal));
    }
    done = ferror(stream) == 0;
    return fclose(stream) == 0 && done ? QW_OK : QW_ERR_IO;
}

static void line(FILE *stream, const char *name, double value, int digits, const char *unit)
{
    if (isnan(value)) {
        fprintf(stream, "  %-36s          -\n", name);
    } else {
        fprintf(stream, "  %-36s %12.*f %s\n", name, digits, value, unit);
    }
}

void lab_output_text(const struct lab_row *row, FILE *stream)
{
    const struct lab_plkg_result *r = &row->result;

    const struct qw_channel_kind *kind = row->config.channel.kind;

    fprintf(stream, "%s%s%s%s, %u sessions, %u refused\n", row->config.channel.label,
            kind != NULL ? " (" : "", kind != NULL ? kind->text : "", kind != NULL ? ")" : "",
            r->sessions, r->refused);
    if (row->config.channel.medium != NULL && !row->config.is_two_sided) {
        fprintf(stream, "  %s\n", lab_measured_one_sided);
        line(stream, "bits its session came to, no key", (double)r->one_sided_bits, 0, "bit");
    }
    line(stream, "secret bits per probe", r->secret_bits_per_probe, 2, "bit");
    line(stream, "capacity of a probe", r->capacity_bits_per_probe, 2, "bit");
    line(stream, "share of the capacity", 100.0 * r->capacity_share, 1, "%");
    line(stream, "net rate", r->net_rate_bps, 1, "bit/s");
    line(stream, cost_of(row), 100.0 * r->airtime_share, 2, "%");
    line(stream, "efficiency of reconciliation", r->reconciliation_beta, 3, "");
    line(stream, "raw disagreement of sign bits", 100.0 * r->raw_disagreement, 2, "%");
    line(stream, "keys of 256 bits compared", (double)r->keys, 0, "");
    line(stream, "wrong keys", (double)r->wrong_keys, 0, "");
    line(stream, "eavesdropper's agreement with the key", 100.0 * r->eve_key_agreement, 2, "%");
    line(stream, "processor time per key, both ends", r->cpu_ms_per_key, 2, "ms");
    fprintf(stream, "  %-36s %12s\n", "beginnings of frames against the rest",
            qw_plkg_onset_name(r->onset));
    fprintf(stream, "account of the last session:\n");
    ledger_print(stream, &r->ledger);
}
