/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "centre/key/key_life.h"
#include "routes.h"
#include "shipping/shipper.h"

enum { STATUS_TEXT_CAP = 6144 };

static void write_health(struct qw_json_writer *w, const struct qw_key_source_health *health)
{
    qw_json_name(w, "source_is_running");
    qw_json_bool(w, health->is_running);
    if (health->error_rate >= 0) {
        qw_json_name(w, "source_error_rate");
        qw_json_real(w, health->error_rate);
    }
    if (health->reason[0] != '\0') {
        qw_json_name(w, "source_reason");
        qw_json_text(w, health->reason);
    }
}

static void write_source(struct qw_json_writer *w, const char *name, bool is_quantum,
                         bool is_simulated, const struct qw_key_source_health *health)
{
    qw_json_name(w, "source");
    qw_json_text(w, name);
    qw_json_name(w, "source_is_quantum");
    qw_json_bool(w, is_quantum);
    qw_json_name(w, "source_is_simulated");
    qw_json_bool(w, is_simulated);
    write_health(w, health);
}

static void write_more_sources(struct qw_json_writer *w, const struct qw_centre_status *status)
{
    if (status->more_count == 0) {
        return;
    }
    qw_json_name(w, "more_sources");
    qw_json_array_begin(w);
    for (size_t i = 0; i < status->more_count; i++) {
        const struct qw_source_status *more = &status->more_source[i];

        qw_json_object_begin(w);
        write_source(w, more->name, more->is_quantum, more->is_simulated, &more->health);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

static void write_stock(struct qw_json_writer *w, const struct qw_centre_status *status)
{
    qw_json_name(w, "stock");
    qw_json_array_begin(w);
    for (size_t i = 0; i < status->stock_count; i++) {
        stock_part_write(w, &status->stock[i]);
    }
    qw_json_array_end(w);
}

void stock_part_write(struct qw_json_writer *w, const struct qw_stock_part *part)
{
    qw_json_object_begin(w);
    qw_json_name(w, "source");
    qw_json_text(w, part->source);
    qw_json_name(w, "source_is_quantum");
    qw_json_bool(w, part->is_quantum);
    qw_json_name(w, "source_is_simulated");
    qw_json_bool(w, part->is_simulated);
    qw_json_name(w, "keys");
    qw_json_uint(w, part->keys);
    qw_json_object_end(w);
}

void status_write(struct qw_json_writer *w, const struct service *service,
                  const struct qw_centre_status *status)
{
    qw_json_object_begin(w);
    qw_json_name(w, "centre_id");
    qw_json_text(w, service->centre_id);
    qw_json_name(w, "version");
    qw_json_text(w, service->version);
    qw_json_name(w, "uptime_s");
    qw_json_int(w, (qw_clock_monotonic_ms() - service->started_ms) / 1000);
    qw_json_name(w, "custody");
    qw_json_text(w, status->custody);
    write_source(w, status->source, status->source_is_quantum, status->source_is_simulated,
                 &status->source_health);
    write_more_sources(w, status);
    qw_json_name(w, "keys");
    qw_json_object_begin(w);
    for (int i = 0; i < QW_KEY_STATE_COUNT; i++) {
        qw_json_name(w, qw_key_state_names[i]);
        qw_json_uint(w, status->keys_in_state[i]);
    }
    qw_json_object_end(w);
    write_stock(w, status);
    qw_json_name(w, "keys_ingested");
    qw_json_uint(w, status->keys_ingested);
    qw_json_name(w, "devices");
    qw_json_uint(w, status->devices);
    qw_json_name(w, "audit_records");
    qw_json_uint(w, status->audit_records);
    qw_json_name(w, "offers_open");
    qw_json_uint(w, status->offers_open);
    qw_json_name(w, "cards_cloned");
    qw_json_uint(w, status->cards_cloned);
    qw_json_name(w, "offers_void");
    qw_json_uint(w, status->offers_void);
    if (service->shipper != NULL) {
        struct shipper_state shipped = shipper_look(service->shipper);

        qw_json_name(w, "audit_shipped_seq");
        qw_json_uint(w, shipped.shipped_seq);
        qw_json_name(w, "audit_sink_is_down");
        qw_json_bool(w, shipped.is_down);
    }
    qw_json_object_end(w);
}

void route_status(struct call *call)
{
    struct qw_centre_status status;
    char text[STATUS_TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = qw_centre_status(call->service->centre, &call->caller, &status);

    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    status_write(&w, call->service, &status);
    call_send(call, 200, &w, NULL);
}

void route_health(struct call *call)
{
    char text[64];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "status");
    qw_json_text(&w, "ok");
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}
