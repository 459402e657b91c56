/* SPDX-License-Identifier: Apache-2.0 */
#include "link/report.h"

#include "api/json_writer.h"
#include "base/hex.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const qw_link_report_form_names[QW_LINK_REPORT_FORM_COUNT] = { "text", "json",
                                                                           "prometheus" };
static const char *const role_names[] = { "initiator", "responder" };

struct sheet { /* a text that is being written */
    char *out;
    size_t cap, len;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void put(struct sheet *s, const char *format, ...)
{
    va_list arguments;
    int more;

    if (s->failed) {
        return;
    }
    va_start(arguments, format);
    more = vsnprintf(s->out + s->len, s->cap - s->len, format, arguments);
    va_end(arguments);
    s->failed = more < 0 || (size_t)more >= s->cap - s->len;
    s->len += s->failed ? 0 : (size_t)more;
}

static void put_text_row(struct sheet *s, const struct qw_link_report_row *row)
{
    const struct qw_link_status *status = &row->status;
    char id[QW_UUID_TEXT_CAP] = "-";

    if (status->has_key) {
        qw_uuid_encode(status->key_id, id);
    }
    put(s, "%-20s %-10s %-9s %-36s %8.1f ", row->peer, row->link,
        qw_link_state_names[status->state], id, (double)status->age_ms / 1000);
    if (status->proof_ms < 0) {
        put(s, "%8s ", "-");
    } else {
        put(s, "%8.1f ", (double)status->proof_ms / 1000);
    }
    if (status->bytes == UINT64_MAX) {
        put(s, "%12s ", "-");
    } else {
        put(s, "%12" PRIu64 " ", status->bytes);
    }
    put(s, "%9" PRIu64 "  %s%s%s\n", status->rotations, status->is_blocked ? "BLOCKED " : "",
        status->is_in_touch ? "" : "no contact ", status->alarm);
}

static void put_text(struct sheet *s, const struct qw_link_report_agent *agent,
                     const struct qw_link_report_row *rows, size_t count)
{
    put(s, "%s, keys from %s\n", agent->name, agent->key_server);
    put(s, "%-20s %-10s %-9s %-36s %8s %8s %12s %9s\n", "PEER", "LINK", "STATE", "KEY IN USE",
        "AGE s", "PROOF s", "BYTES", "ROTATIONS");
    for (size_t i = 0; i < count; i++) {
        put_text_row(s, &rows[i]);
    }
}

/* A number that may be unknown. */
static void json_seconds(struct qw_json_writer *w, const char *name, int64_t ms)
{
    qw_json_name(w, name);
    if (ms < 0) {
        qw_json_null(w);
    } else {
        qw_json_real(w, (double)ms / 1000);
    }
}

static void json_text(struct qw_json_writer *w, const char *name, const char *text)
{
    qw_json_name(w, name);
    qw_json_text(w, text);
}

static void json_count(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    if (value == UINT64_MAX) {
        qw_json_null(w);
    } else {
        qw_json_uint(w, value);
    }
}

static void json_row(struct qw_json_writer *w, const struct qw_link_report_row *row)
{
    const struct qw_link_status *status = &row->status;
    char id[QW_UUID_TEXT_CAP];

    qw_json_object_begin(w);
    json_text(w, "peer", row->peer);
    json_text(w, "link", row->link);
    json_text(w, "sink", row->sink);
    json_text(w, "role", role_names[status->role]);
    json_text(w, "fail", row->fails_open ? "open" : "closed");
    json_text(w, "state", qw_link_state_names[status->state]);
    if (status->has_key) {
        qw_uuid_encode(status->key_id, id);
        json_text(w, "key_ID", id);
    } else {
        qw_json_name(w, "key_ID");
        qw_json_null(w);
    }
    json_seconds(w, "key_age_s", status->has_key ? status->age_ms : -1);
    json_count(w, "bytes", status->bytes);
    json_seconds(w, "proof_age_s", status->proof_ms);
    json_count(w, "turn", status->turn);
    json_count(w, "rotations", status->rotations);
    json_count(w, "rotation_ms",
               status->rotation_ms < 0 ? UINT64_MAX : (uint64_t)status->rotation_ms);
    qw_json_name(w, "in_touch");
    qw_json_bool(w, status->is_in_touch);
    qw_json_name(w, "blocked");
    qw_json_bool(w, status->is_blocked);
    json_count(w, "alarms", status->alarms);
    json_text(w, "alarm", status->alarm);
    qw_json_object_end(w);
}

static qw_err write_json(const struct qw_link_report_agent *agent,
                         const struct qw_link_report_row *rows, size_t count, char *out, size_t cap,
                         size_t *len)
{
    struct qw_json_writer w = qw_json_writer_on(out, cap);

    qw_json_object_begin(&w);
    json_text(&w, "agent", agent->name);
    json_text(&w, "key_server", agent->key_server);
    qw_json_name(&w, "links");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < count; i++) {
        json_row(&w, &rows[i]);
    }
    qw_json_array_end(&w);
    qw_json_object_end(&w);
    *len = w.len;
    return qw_json_done(&w) ? QW_OK : QW_ERR_SPACE;
}

/* What Prometheus is told of each link; ages in seconds. A value that is not known has no line. */
static const struct {
    const char *name, *type, *help;
} metrics[] = {
    { "steady", "gauge", "1 when one key is in use both ways and nothing is wrong" },
    { "blocked", "gauge", "1 when nothing passes" },
    { "in_touch", "gauge", "1 when the agent of the peer answers" },
    { "key_age_seconds", "gauge", "age of the key in use" },
    { "proof_age_seconds", "gauge", "since the peer last proved that it uses the key" },
    { "key_bytes", "gauge", "bytes protected under the key in use, both ways" },
    { "rotations_total", "counter", "keys put to use since the start" },
    { "alarms_total", "counter", "alarms since the start" },
};

static double metric_of(size_t metric, const struct qw_link_status *s)
{
    const double values[] = { s->state == QW_LINK_STEADY && s->alarm[0] == '\0' ? 1 : 0,
                              s->is_blocked ? 1 : 0,
                              s->is_in_touch ? 1 : 0,
                              s->has_key ? (double)s->age_ms / 1000 : NAN,
                              s->proof_ms < 0 ? NAN : (double)s->proof_ms / 1000,
                              s->bytes == UINT64_MAX ? NAN : (double)s->bytes,
                              (double)s->rotations,
                              (double)s->alarms };

    _Static_assert(sizeof values / sizeof values[0] == sizeof metrics / sizeof metrics[0],
                   "a value for each metric");
    return values[metric];
}

/* A label's value: backslash, quote and newline are escaped; names have no others. */
static void put_label(struct sheet *s, const char *text)
{
    for (; *text != '\0'; text++) {
        put(s, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
}

/* qwave_link_NAME{agent="...",peer="...",link="..." */
static void put_labels(struct sheet *s, const char *name, const struct qw_link_report_agent *agent,
                       const struct qw_link_report_row *row)
{
    put(s, "qwave_link_%s{agent=\"", name);
    put_label(s, agent->name);
    put(s, "\",peer=\"");
    put_label(s, row->peer);
    put(s, "\",link=\"");
    put_label(s, row->link);
    put(s, "\"");
}

static void put_head(struct sheet *s, const char *name, const char *help, const char *type)
{
    put(s, "# HELP qwave_link_%s %s\n# TYPE qwave_link_%s %s\n", name, help, name, type);
}

/* Texts travel as labels of a constant. */
static void put_key_info(struct sheet *s, const struct qw_link_report_agent *agent,
                         const struct qw_link_report_row *rows, size_t count)
{
    char id[QW_UUID_TEXT_CAP];

    put_head(s, "key_info", "the key in use and where it comes from", "gauge");
    for (size_t i = 0; i < count; i++) {
        if (rows[i].status.has_key) {
            qw_uuid_encode(rows[i].status.key_id, id);
            put_labels(s, "key_info", agent, &rows[i]);
            put(s, ",sink=\"%s\",key_id=\"%s\",key_server=\"", rows[i].sink, id);
            put_label(s, agent->key_server);
            put(s, "\"} 1\n");
        }
    }
}

static void put_prometheus(struct sheet *s, const struct qw_link_report_agent *agent,
                           const struct qw_link_report_row *rows, size_t count)
{
    for (size_t m = 0; m < sizeof metrics / sizeof metrics[0]; m++) {
        put_head(s, metrics[m].name, metrics[m].help, metrics[m].type);
        for (size_t i = 0; i < count; i++) {
            double value = metric_of(m, &rows[i].status);

            if (!isnan(value)) {
                put_labels(s, metrics[m].name, agent, &rows[i]);
                put(s, "} %.15g\n", value);
            }
        }
    }
    put_key_info(s, agent, rows, count);
}

qw_err qw_link_report(enum qw_link_report_form form, const struct qw_link_report_agent *agent,
                      const struct qw_link_report_row *rows, size_t count, char *out, size_t cap,
                      size_t *len)
{
    struct sheet sheet = { .out = out, .cap = cap };

    if (form == QW_LINK_REPORT_JSON) {
        return write_json(agent, rows, count, out, cap, len);
    }
    if (form == QW_LINK_REPORT_TEXT) {
        put_text(&sheet, agent, rows, count);
    } else {
        put_prometheus(&sheet, agent, rows, count);
    }
    *len = sheet.len;
    return sheet.failed ? QW_ERR_SPACE : QW_OK;
}
