/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured, for Prometheus, and whether keys can be given now. No id of a key, a device or
 * a caller is a label: the number of series follows from the program alone, and from how many
 * units have a quota (256 at most). */
#include "api/metrics_text.h"
#include "base/clock.h"
#include "centre/alarm/alarm.h"
#include "centre/authentication/authentication.h"
#include "centre/key/key_life.h"
#include "centre/maintenance.h"
#include "centre/people/unit_quota.h"
#include "centre/ready.h"
#include "events.h"
#include "metrics/request_log.h"
#include "metrics/tls_counts.h"
#include "routes.h"
#include "seal/seal_switch.h"
#include "shipping/shipper.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
enum { LABELS_CAP = 256, SOURCE_NAME_CAP = 64, RETRY_AFTER_S = 5 };

static void write_keys(struct qw_metrics_text *text, const struct qw_centre_status *status)
{
    char labels[LABELS_CAP];

    qw_metrics_family(text, "qwave_keys", "gauge", "Keys of the centre by state.");
    for (int i = 0; i < QW_KEY_STATE_COUNT; i++) {
        (void)snprintf(labels, sizeof labels, "state=\"%s\"", qw_key_state_names[i]);
        qw_metrics_sample(text, "qwave_keys", labels, (double)status->keys_in_state[i]);
    }
    qw_metrics_single(text, "qwave_keys_ingested_total", "counter", "Keys taken from the source.",
                      (double)status->keys_ingested);
}

/* The source's name may have the path of a device in it. */
static void write_source_up(struct qw_metrics_text *text, const char *name, bool is_quantum,
                            bool is_simulated, bool is_running)
{
    char labels[LABELS_CAP], source[2 * SOURCE_NAME_CAP];

    qw_metrics_label(name, source, sizeof source);
    (void)snprintf(labels, sizeof labels, "source=\"%s\",quantum=\"%s\",simulated=\"%s\"", source,
                   is_quantum ? "true" : "false", is_simulated ? "true" : "false");
    qw_metrics_sample(text, "qwave_source_up", labels, is_running ? 1 : 0);
}

static void write_source(struct qw_metrics_text *text, const struct qw_centre_status *status)
{
    qw_metrics_family(text, "qwave_source_up", "gauge", "Whether the source of keys runs.");
    write_source_up(text, status->source, status->source_is_quantum, status->source_is_simulated,
                    status->source_health.is_running);
    for (size_t i = 0; i < status->more_count; i++) {
        const struct qw_source_status *more = &status->more_source[i];

        write_source_up(text, more->name, more->is_quantum, more->is_simulated,
                        more->health.is_running);
    }
    if (status->source_health.error_rate >= 0) {
        qw_metrics_single(text, "qwave_source_error_ratio", "gauge",
                          "Share of wrong bits of a link.", status->source_health.error_rate);
    }
}

static void write_authentications(struct qw_metrics_text *text, const struct service *service)
{
    struct qw_auth_counts counts;

    qw_centre_auth_counts(service->centre, &counts);
    qw_metrics_family(text, "qwave_authentications_total", "counter",
                      "Proofs of certificate and quantum key, since the start.");
    qw_metrics_sample(text, "qwave_authentications_total", "result=\"succeeded\"",
                      (double)counts.succeeded);
    qw_metrics_sample(text, "qwave_authentications_total", "result=\"refused\"",
                      (double)counts.refused);
    qw_metrics_single(text, "qwave_authentication_locks_total", "counter",
                      "Names that were locked after failures, since the start.",
                      (double)counts.locked);
}

static void write_journal(struct qw_metrics_text *text, const struct service *service,
                          const struct qw_centre_status *status)
{
    struct shipper_state shipped;

    qw_metrics_single(text, "qwave_journal_records_total", "counter", "Records of the journal.",
                      (double)status->audit_records);
    if (service->shipper == NULL) {
        return;
    }
    shipped = shipper_look(service->shipper);
    qw_metrics_single(text, "qwave_journal_sink_up", "gauge", "Whether the collector is there.",
                      shipped.is_down ? 0 : 1);
    qw_metrics_single(text, "qwave_journal_unshipped_records", "gauge",
                      "Records that the collector has not been sent.",
                      status->audit_records > shipped.shipped_seq
                          ? (double)(status->audit_records - shipped.shipped_seq)
                          : 0);
}

static void write_alarms(struct qw_metrics_text *text, const struct service *service)
{
    struct qw_alarm_counts counts;
    char labels[LABELS_CAP];

    qw_centre_alarm_counts(service->centre, &counts);
    qw_metrics_family(text, "qwave_alarms", "gauge", "Alarms that are listed, by severity.");
    for (int i = 0; i < QW_ALARM_SEVERITIES; i++) {
        (void)snprintf(labels, sizeof labels, "severity=\"%s\"", qw_alarm_severity_names[i]);
        qw_metrics_sample(text, "qwave_alarms", labels, (double)counts.listed[i]);
    }
    qw_metrics_family(text, "qwave_alarms_unacknowledged", "gauge",
                      "Of these, those that no officer has acknowledged.");
    for (int i = 0; i < QW_ALARM_SEVERITIES; i++) {
        (void)snprintf(labels, sizeof labels, "severity=\"%s\"", qw_alarm_severity_names[i]);
        qw_metrics_sample(text, "qwave_alarms_unacknowledged", labels,
                          (double)counts.unacknowledged[i]);
    }
}

/* What was lost on its way to those who look at the console. */
static void write_losses(struct qw_metrics_text *text, const struct service *service)
{
    const struct events_losses losses = events_losses(service->events);

    qw_metrics_single(text, "qwave_events_lost_total", "counter",
                      "Events that were gone when a slow viewer asked for them.",
                      (double)losses.events);
    qw_metrics_single(text, "qwave_radio_moments_total", "counter",
                      "Moments of simulated sessions that access points saw for viewers.",
                      (double)losses.moments_seen);
    qw_metrics_single(text, "qwave_radio_moments_dropped_total", "counter",
                      "Of these, those that they could not send.", (double)losses.moments_dropped);
}

static const struct route *route_at(const struct route_table *table, size_t index)
{
    static const struct route none = { .method = "any", .pattern = "none" };

    return index < table->count ? &table->routes[index] : &none;
}

static void write_counts(struct qw_metrics_text *text, const struct service *service)
{
    qw_metrics_family(text, "qwave_requests_total", "counter", "Requests by route and status.");
    for (size_t i = 0; i < REQUEST_ROUTES_MAX; i++) {
        const struct route *route = route_at(service->table, i);
        struct request_counts counts;

        request_log_look(service->requests, i, &counts);
        for (size_t s = 0; s < REQUEST_STATUSES; s++) {
            char labels[LABELS_CAP];

            if (counts.status[s] > 0) {
                (void)snprintf(labels, sizeof labels, "route=\"%s\",method=\"%s\",status=\"%u\"",
                               route->pattern, route->method, request_statuses[s]);
                qw_metrics_sample(text, "qwave_requests_total", labels, (double)counts.status[s]);
            }
        }
    }
}

static void write_histogram(struct qw_metrics_text *text, const struct route *route,
                            const struct request_counts *counts)
{
    char labels[LABELS_CAP], end[32];
    uint64_t sum = 0;

    for (size_t b = 0; b < REQUEST_BUCKETS; b++) {
        sum += counts->bucket[b];
        if (b < REQUEST_BUCKETS - 1) {
            (void)snprintf(end, sizeof end, "%g", request_buckets_s[b]);
        } else {
            memcpy(end, "+Inf", sizeof "+Inf");
        }
        (void)snprintf(labels, sizeof labels, "route=\"%s\",method=\"%s\",le=\"%s\"",
                       route->pattern, route->method, end);
        qw_metrics_sample(text, "qwave_request_duration_seconds_bucket", labels, (double)sum);
    }
    (void)snprintf(labels, sizeof labels, "route=\"%s\",method=\"%s\"", route->pattern,
                   route->method);
    qw_metrics_sample(text, "qwave_request_duration_seconds_sum", labels,
                      (double)counts->sum_us / 1e6);
    qw_metrics_sample(text, "qwave_request_duration_seconds_count", labels, (double)counts->total);
}

static void write_durations(struct qw_metrics_text *text, const struct service *service)
{
    qw_metrics_family(text, "qwave_request_duration_seconds", "histogram",
                      "From the request to its answer, by route.");
    for (size_t i = 0; i < REQUEST_ROUTES_MAX; i++) {
        struct request_counts counts;

        request_log_look(service->requests, i, &counts);
        if (counts.total > 0) {
            write_histogram(text, route_at(service->table, i), &counts);
        }
    }
}

static void write_service(struct qw_metrics_text *text, const struct service *service)
{
    char labels[LABELS_CAP];
    int64_t ends_s =
        service->certificate_ends_s == NULL ? 0 : atomic_load(service->certificate_ends_s);

    (void)snprintf(labels, sizeof labels, "version=\"%s\"", service->version);
    qw_metrics_family(text, "qwave_build_info", "gauge", "Which program answers.");
    qw_metrics_sample(text, "qwave_build_info", labels, 1);
    qw_metrics_single(text, "qwave_uptime_seconds", "gauge", "Since the start of the centre.",
                      (double)(qw_clock_monotonic_ms() - service->started_ms) / 1000);
    qw_metrics_single(text, "qwave_ready", "gauge", "Whether keys can be given now.",
                      qw_centre_obstacle(service->centre)[0] == '\0' ? 1 : 0);
    qw_metrics_single(text, "qwave_maintenance", "gauge", "Whether an officer has paused new keys.",
                      qw_centre_is_paused(service->centre) ? 1 : 0);
    qw_metrics_single(text, "qwave_sealed", "gauge", "Whether the centre waits for its officers.",
                      0);
    if (ends_s != 0) {
        qw_metrics_single(text, "qwave_certificate_expiry_seconds", "gauge",
                          "Until the centre's own certificate ends.",
                          (double)(ends_s - qw_clock_utc_ms() / 1000));
    }
}

/* Of those with a quota; a limit that is not set has no sample. */
static qw_err write_units(struct qw_metrics_text *text, const struct call *call)
{
    static const struct {
        const char *name, *help;
        size_t offset;
        bool is_limit;
    } families[] = {
        { "qwave_unit_devices", "Devices of a unit and beneath it.",
          offsetof(struct qw_unit_quota, devices), false },
        { "qwave_unit_devices_max", "That it may have.",
          offsetof(struct qw_unit_quota, devices_max), true },
        { "qwave_unit_keys_today", "Keys that it took since midnight UTC.",
          offsetof(struct qw_unit_quota, keys_today), false },
        { "qwave_unit_keys_per_day", "That it may take.",
          offsetof(struct qw_unit_quota, keys_per_day), true },
        { "qwave_unit_keys_stored", "Keys taken for it whose material is still here.",
          offsetof(struct qw_unit_quota, stored), false },
        { "qwave_unit_keys_stored_max", "That may be.", offsetof(struct qw_unit_quota, stored_max),
          true },
    };
    struct qw_unit_quota *quotas = calloc(QW_UNITS_MAX, sizeof *quotas);
    size_t count = 0;
    qw_err err = quotas == NULL ? QW_ERR_NOMEM
                                : qw_centre_unit_list(call->service->centre, &call->caller, quotas,
                                                      QW_UNITS_MAX, &count);

    for (size_t f = 0; err == QW_OK && count > 0 && f < sizeof families / sizeof families[0]; f++) {
        qw_metrics_family(text, families[f].name, "gauge", families[f].help);
        for (size_t i = 0; i < count; i++) {
            char labels[LABELS_CAP];
            uint64_t value;

            memcpy(&value, (const char *)&quotas[i] + families[f].offset, sizeof value);
            (void)snprintf(labels, sizeof labels, "unit=\"%s\"", quotas[i].unit);
            if (value > 0 || !families[f].is_limit) {
                qw_metrics_sample(text, families[f].name, labels, (double)value);
            }
        }
    }
    free(quotas);
    return err;
}

static void write_failures(struct qw_metrics_text *text, const struct tls_counts *counts)
{
    static const char *const names[TLS_LISTENER_COUNT] = { "clients", "partners", "streams", "psk",
                                                           "console-login" };
    char labels[LABELS_CAP];

    qw_metrics_family(text, "qwave_tls_failures_total", "counter",
                      "Connections that ended before anybody was proved to be at the other end.");
    for (int i = 0; i < TLS_LISTENER_COUNT; i++) {
        (void)snprintf(labels, sizeof labels, "listener=\"%s\",cause=\"refused\"", names[i]);
        qw_metrics_sample(text, "qwave_tls_failures_total", labels,
                          (double)atomic_load(&counts->listener[i].refused));
        (void)snprintf(labels, sizeof labels, "listener=\"%s\",cause=\"broken\"", names[i]);
        qw_metrics_sample(text, "qwave_tls_failures_total", labels,
                          (double)atomic_load(&counts->listener[i].broken));
    }
}

void route_metrics(struct call *call)
{
    const struct service *service = call->service;
    struct qw_metrics_text text = { .answer = call->answer, .err = QW_OK };
    struct qw_centre_status status;
    qw_err err = qw_centre_status(service->centre, &call->caller, &status);

    if (err == QW_OK) {
        write_service(&text, service);
        write_keys(&text, &status);
        write_source(&text, &status);
        qw_metrics_single(&text, "qwave_devices", "gauge", "Registered devices.",
                          (double)status.devices);
        qw_metrics_single(&text, "qwave_cards_cloned", "gauge",
                          "Devices suspended because of a copied card.",
                          (double)status.cards_cloned);
        qw_metrics_single(&text, "qwave_offers_open", "gauge",
                          "Offers that partners have to answer.", (double)status.offers_open);
        write_journal(&text, service, &status);
        write_authentications(&text, call->service);
        write_alarms(&text, service);
        if (service->events != NULL) {
            write_losses(&text, service);
        }
        if (service->failures != NULL) {
            write_failures(&text, service->failures);
        }
        err = write_units(&text, call);
    }
    if (err == QW_OK) {
        if (service->requests != NULL) {
            write_counts(&text, service);
            write_durations(&text, service);
        }
        err = text.err;
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call->answer->status = 200;
    call->answer->content_type = METRICS_TYPE;
}

/* While the centre is sealed, its books are shut: this is what can be said. */
void route_metrics_sealed(struct call *call)
{
    const struct service *service = call->service;
    struct qw_metrics_text text = { .answer = call->answer, .err = QW_OK };
    struct qw_seal_state state;

    qw_seal_look(service->seal->sealed, &state);
    qw_metrics_single(&text, "qwave_ready", "gauge", "Whether keys can be given now.", 0);
    qw_metrics_single(&text, "qwave_sealed", "gauge", "Whether the centre waits for its officers.",
                      1);
    qw_metrics_single(&text, "qwave_seal_shares_entered", "gauge", "Shares that are there.",
                      state.entered);
    qw_metrics_single(&text, "qwave_seal_shares_needed", "gauge", "Shares that open it.",
                      state.threshold);
    if (service->failures != NULL) {
        write_failures(&text, service->failures);
    }
    if (text.err != QW_OK) {
        call_refuse(call, text.err);
        return;
    }
    call->answer->status = 200;
    call->answer->content_type = METRICS_TYPE;
}

/* The reason goes to anybody with a certificate: it names no key and no device. */
void route_ready(struct call *call)
{
    const char *obstacle = qw_centre_obstacle(call->service->centre);
    char text[64];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    if (obstacle[0] != '\0') {
        call_refuse_with(call, 503, obstacle);
        call->answer->retry_after_s = RETRY_AFTER_S;
        return;
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, "status");
    qw_json_text(&w, "ready");
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}
